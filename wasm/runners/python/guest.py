"""The module under wasmtime, with the host's defaults: one instance, its memory, the load conversation, clones."""

import json
import struct

import wasmtime

LIMITS = ("steps", "error_steps", "tuples", "tables", "arena_bytes", "depth", "string_bytes", "collect")
ENTITIES = {"override": 0, "add": 1, "refuse": 2}
ABSENT = 0xFFFFFFFF
PAGE = 1 << 16


def signed(n):
    """The i32 that wasmtime wants for an unsigned 32-bit number."""
    return n - (1 << 32) if n >= 1 << 31 else n


class Runtime:
    """The compiled module."""

    def __init__(self, path):
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module.from_file(self.engine, path)
        self.linker = wasmtime.Linker(self.engine)
        self.linker.define_wasi()

    def instance(self):
        return Instance(self)


class Instance:
    """One instance. It starts ready: nothing is to be called first."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.store = wasmtime.Store(runtime.engine)
        self.store.set_wasi(wasmtime.WasiConfig())
        exports = runtime.linker.instantiate(self.store, runtime.module).exports(self.store)
        self.exports = exports
        self.memory = exports["memory"]
        names = ("rune_global_%d" % n for n in range(len(list(exports))))
        self.globals = [exports[name] for name in names if name in exports]
        if self.call("rune_abi_version") != 1:
            raise SystemExit("the module speaks another version of the ABI")

    def call(self, name, *args):
        return self.exports[name](self.store, *(signed(a) for a in args))

    def reply(self, name, *args):
        """Calls an export that answers address << 32 | length, and returns those bytes."""
        result = self.call(name, *args) & 0xFFFFFFFFFFFFFFFF
        ptr, size = result >> 32, result & 0xFFFFFFFF
        return bytes(self.memory.read(self.store, ptr, ptr + size))

    def put(self, data):
        """Copies data into a new buffer of the module, and returns its address."""
        ptr = self.call("rune_alloc", len(data)) & 0xFFFFFFFF
        self.memory.write(self.store, data, ptr)
        return ptr

    def load(self, name, text, files, key=(0, 0)):
        """Loads a configuration whose further files are a dict of names to bytes. Returns the reply to the commit."""
        block = self.put(host_block(key=key))
        name = name.encode()
        self.reply("rune_load_begin", self.put(name), len(name), self.put(text), len(text), block)
        self.call("rune_free", block)
        while True:
            want = json.loads(self.reply("rune_load_next"))
            if "read" in want:
                self.give(want["read"], files.get(want["read"]))
            elif "list" in want:
                prefix = want["list"] + "/" if want["list"] else ""
                names = [f[len(prefix):] for f in files if f.startswith(prefix) and "/" not in f[len(prefix):]]
                self.give(want["list"], json.dumps(names).encode() if names else None)  # no empty folders
            else:
                return self.reply("rune_load_commit")

    def give(self, name, data):
        name = name.encode()
        if data is None:
            self.reply("rune_load_give", self.put(name), len(name), 0, ABSENT)
        else:
            self.reply("rune_load_give", self.put(name), len(name), self.put(data), len(data))

    def verb(self, verb, request, host=None):
        """Calls a verb with the fields of a host.json, and returns its reply."""
        host = host or {}
        context = json.dumps(host["context"]).encode() if "context" in host else b""
        buffers = [self.put(request), self.put(context)]
        buffers.append(self.put(host_block(host, (buffers[1], len(context)))))
        reply = self.reply("rune_" + verb, buffers[0], len(request), buffers[2])
        for b in buffers:
            self.call("rune_free", b)
        return reply

    def snapshot(self):
        """The whole state: memory, and the mutable globals, without which a clone dies in the garbage collector."""
        memory = bytes(self.memory.read(self.store, 0, self.memory.data_len(self.store)))
        return memory, [g.value(self.store) for g in self.globals]

    def restore(self, snapshot):
        memory, values = snapshot
        self.memory.grow(self.store, (len(memory) - self.memory.data_len(self.store)) // PAGE)
        self.memory.write(self.store, memory, 0)
        for g, value in zip(self.globals, values):
            g.set_value(self.store, value)


def host_block(host=None, context=(0, 0), key=(0, 0)):
    """The host block for the fields of a host.json."""
    host = host or {}
    limits = [host.get("limits", {}).get(name, 0) for name in LIMITS]
    flags = 4 if "now" in host else 0
    return struct.pack("<IIqIIQII8Q2QQ", 128, flags, host.get("now", 0), context[0], context[1], int(host.get("overlay", "0"), 16),
                       ENTITIES[host.get("entities", "override")], 0, *limits, key[0], key[1], 0)
