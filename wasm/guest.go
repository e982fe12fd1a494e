package main

import (
	"encoding/binary"
	"runtime"

	"github.com/rune-authz/rune/engine"
)

// collectAt is the size of a file from which on what reading it leaves is collected at once: memory that grew never shrinks.
const collectAt = 1 << 20

// absent as a length says that a file or folder isn't there.
const absent = 0xffffffff

// guest is all the state there is: one engine, the load that may replace it, and what calls leave behind.
type guest struct {
	buffers buffers
	loader  *engine.Loader
	engine  *engine.Engine
	host    hostBlock
	reply   []byte
	stats   [statsSize]byte
	timings []byte

	yield func()       // gives the host's other work a turn
	clock func() int64 // nanoseconds, for phases
}

// Replies to what no engine is there to refuse. Codes start with "abi.".
const (
	replyEmpty    = `{}`
	replyPointer  = `{"error":{"code":"abi.pointer","message":"the bytes don't lie in a buffer from rune_alloc"}}`
	replyUnloaded = `{"error":{"code":"abi.state","message":"no configuration is loaded"}}`
	replyIdle     = `{"error":{"code":"abi.state","message":"no load is in progress"}}`
)

func (g *guest) say(text string) []byte {
	g.reply = append(g.reply[:0], text...)
	return g.reply
}

func (g *guest) unsupported(what string) []byte {
	g.reply = append(g.reply[:0], `{"error":{"code":"abi.unsupported","message":"this version doesn't know `...)
	g.reply = append(append(g.reply, what...), `"}}`...)
	return g.reply
}

// readHost reads the host block at p into g.host, and returns a reply where it can't. 0 is the address of a block of zeros.
func (g *guest) readHost(p uintptr) []byte {
	g.host = hostBlock{}
	if p != 0 {
		head, ok := g.buffers.at(p, 4)
		if !ok {
			return g.say(replyPointer)
		}
		block, ok := g.buffers.at(p, binary.LittleEndian.Uint32(head))
		if !ok {
			return g.say(replyPointer)
		}
		if what := g.host.parse(block); what != "" {
			return g.unsupported(what)
		}
		if g.host.Context, ok = g.buffers.at(uintptr(g.host.context.ptr), g.host.context.len); !ok {
			return g.say(replyPointer)
		}
	}
	g.host.Yield = g.yield
	if g.host.timePhases {
		g.host.Clock = g.clock
	}
	return nil
}

// verb is a method of the engine: it appends the reply to request to dst.
type verb func(e *engine.Engine, dst, request []byte, h *engine.Host) []byte

// call answers a request with a verb.
func (g *guest) call(v verb, p uintptr, n uint32, host uintptr) []byte {
	if g.engine == nil {
		return g.say(replyUnloaded)
	}
	if failed := g.readHost(host); failed != nil {
		return failed
	}
	request, ok := g.buffers.at(p, n)
	if !ok {
		return g.say(replyPointer)
	}
	g.reply = v(g.engine, g.reply[:0], request, &g.host.Host)
	return g.reply
}

// facts answers rows of facts. What reading many leaves is collected at once.
func (g *guest) facts(p uintptr, n uint32, host uintptr) []byte {
	reply := g.call((*engine.Engine).Facts, p, n, host)
	if n >= collectAt {
		runtime.GC()
	}
	return reply
}

// loadBegin starts a load in place of one that may be in progress. The engine that is there answers until it is replaced.
func (g *guest) loadBegin(name uintptr, nameLen uint32, text uintptr, textLen uint32, host uintptr) []byte {
	g.loader = nil
	if failed := g.readHost(host); failed != nil {
		return failed
	}
	n, ok := g.buffers.take(name, nameLen)
	t, ok2 := g.buffers.take(text, textLen)
	if !ok || !ok2 {
		return g.say(replyPointer)
	}
	g.loader = engine.NewLoader(string(n), t, g.host.Host)
	return g.say(replyEmpty)
}

// loadNext says what the load needs.
func (g *guest) loadNext() []byte {
	if g.loader == nil {
		return g.say(replyIdle)
	}
	g.reply = append(g.reply[:0], g.loader.Next()...)
	return g.reply
}

// loadGive gives the load what it asked for.
func (g *guest) loadGive(name uintptr, nameLen uint32, data uintptr, dataLen uint32) []byte {
	if g.loader == nil {
		return g.say(replyIdle)
	}
	missing := dataLen == absent
	if missing {
		dataLen = 0
	}
	n, ok := g.buffers.take(name, nameLen)
	d, ok2 := g.buffers.take(data, dataLen)
	if !ok || !ok2 {
		return g.say(replyPointer)
	}
	g.reply = append(g.reply[:0], g.loader.Give(string(n), d, missing)...)
	if dataLen >= collectAt {
		runtime.GC()
	}
	return g.reply
}

// loadCommit ends the load. Only a good one replaces the engine.
func (g *guest) loadCommit() []byte {
	if g.loader == nil {
		return g.say(replyIdle)
	}
	e, reply := g.loader.Commit()
	g.loader = nil
	if e != nil {
		g.engine = e
	}
	g.reply = append(g.reply[:0], reply...)
	return g.reply
}

// loadAbort forgets the load in progress, if any.
func (g *guest) loadAbort() []byte {
	g.loader = nil
	return g.say(replyEmpty)
}
