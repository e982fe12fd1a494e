-- Sends the requests of a file in turn: each as its length in a line of its own, then so many bytes.
local list, at = {}, 0

function init(args)
   local file = assert(io.open(args[1], "rb"))
   for line in file:lines() do
      list[#list + 1] = file:read(tonumber(line))
   end
   file:close()
end

function request()
   at = at % #list + 1
   return list[at]
end

function done(summary)
   local e = summary.errors
   io.write(string.format("sum: %d %d %d\n", summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout))
end
