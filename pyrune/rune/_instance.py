"""One instance of the module: its memory, its exports, and the load conversation. It answers one call at a time."""

from __future__ import annotations

import ctypes
import json
import struct
import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Protocol, Tuple

from . import _binding
from ._errors import ABIError, EngineTrap, LimitError, RuneError, error_from
from ._kept import Kept
from ._module import Compiled
from ._observe import Timing
from ._statistics import Statistics

ABI = 1
ABSENT = 0xFFFFFFFF
PAGE = 1 << 16
BLOCK = struct.Struct("<IIqIIQII8Q2QQ")  # the host block of wasm/README.md
STATS = struct.Struct("<IIIIQIIIIIIIIQQQQQQIIIIQ")
TIMING = struct.Struct("<Q6QII")
NOW, NOW_FLAG, PHASES_FLAG = struct.Struct("<q"), 4, 2
VERBS = ("authorize", "batch", "query", "update", "facts", "describe", "test", "overlay", "evaluation", "evaluations")
FIRST_BUFFER = 1 << 12
LARGEST_BUFFER = 1 << 20  # what a request needs beyond that is given back after the call
BLOCKS = 256  # host blocks that are kept

if TYPE_CHECKING:
    import wasmtime

_panic = threading.local()
Verb = Callable[[bytes, int], bytes]
Snapshot = Tuple[Kept, Tuple[int, ...]]


class Files(Protocol):
    """Where the files of a configuration are."""

    def read(self, name: str) -> Optional[bytes]: ...

    def list(self, folder: str) -> Optional[List[str]]: ...


class Host(NamedTuple):
    """What the host adds to a call, but for the time: the fields of a host block."""

    entities: int = 0
    limits: Tuple[int, ...] = (0,) * 8
    overlay: int = 0
    context: bytes = b""
    timed: bool = False  # the time is given
    phases: bool = False


class Died(Exception):
    """The instance is in no defined state any more: it is to be thrown away. ``error`` is what its user is to get."""

    def __init__(self, error: RuneError) -> None:
        super().__init__(str(error))
        self.error = error


class Instance:
    """One sandbox: no files, no network, no environment, memory up to ``memory_limit`` bytes (0: 4 GiB)."""

    def __init__(self, compiled: Compiled, memory_limit: int = 0) -> None:
        import wasmtime

        self._store = store = wasmtime.Store(compiled.engine)
        if memory_limit:
            store.set_limits(memory_size=memory_limit)
        store.set_wasi(wasmtime.WasiConfig())
        try:
            exports: Any = compiled.linker.instantiate(store, compiled.module).exports(store)
        except wasmtime.WasmtimeError as e:
            raise LimitError("a sandbox can't be made: " + str(e).partition("\n")[0], code="limit.memory",
                             help="it needs %d MiB at least, and 4 GiB of address space" % (compiled.least_memory >> 20)) from None
        self._exports, self._memory = exports, exports["memory"]
        version = exports["rune_abi_version"]
        if version(store) != ABI:
            raise ABIError("the module speaks version %d of the ABI, this package %d" % (version(store), ABI), code="abi.version")
        self._size = self._memory.data_len(store)
        self._view = _view_of(self._memory, store)
        self._request, self._capacity = 0, 0
        self._blocks: Dict[Host, int] = {}
        self._contexts: List[int] = []
        self.last, self.last_at = Host(phases=True, timed=True), -1  # the block that was used last
        self.applied = 0  # updates of the engine's log
        self.owner = 0  # the thread that uses it
        bind = _binding.way(store, version)
        self.verbs: Dict[str, Verb] = {name: self._bind(bind, exports["rune_" + name]) for name in VERBS if "rune_" + name in exports}
        self._words = _binding.new_words()
        self._statistics = bind(store, exports["rune_stats"], self._words)
        self.unchecked = bind is _binding.unchecked

    def _bind(self, bind: _binding.Way, function: Any) -> Verb:
        slots = _binding.new_words()
        bound, words, view = bind(self._store, function, slots), memoryview(slots).cast("B").cast("Q"), self._view
        call, trap = bound.call, bound.trap

        def verb(request: bytes, block: int) -> bytes:
            """Calls the verb with the bytes of a request and the address of a host block; gives the bytes of the reply."""
            n = len(request)
            if n > self._capacity:
                self._enlarge(n)
            at = self._request
            view[at:at + n] = request
            words[0] = at
            words[2] = n
            words[4] = block
            error = call()
            if error or trap:
                raise self._died(bound.failure(error))
            result = words[0]
            at = result >> 32
            end = at + (result & 0xFFFFFFFF)
            if end > self._size:
                self._resized(end)
            return view[at:end].tobytes()

        return verb

    def _enlarge(self, n: int) -> None:
        if self._request:
            self._call("rune_free", self._request)
            self._request, self._capacity = 0, 0
        n = max(n, FIRST_BUFFER)
        self._request, self._capacity = self._call("rune_alloc", n), n

    def shrink(self) -> None:
        """Gives back the buffer of a very large request."""
        if self._capacity > LARGEST_BUFFER:
            self._call("rune_free", self._request)
            self._request, self._capacity = 0, 0

    def _resized(self, end: int) -> None:
        self._size = self._memory.data_len(self._store)
        if end > self._size:
            raise Died(EngineTrap("the module answered with bytes outside its memory", code="host.trap"))

    def memory_bytes(self) -> int:
        """The size of linear memory, as it was last known."""
        return int(self._size)

    def _call(self, name: str, *args: int) -> int:
        import wasmtime  # where it is needed, so that who only imports this package doesn't wait for it

        _panic.text = b""
        try:
            result = self._exports[name](self._store, *[a - (1 << 32) if a >> 31 else a for a in args])
        except (wasmtime.WasmtimeError, wasmtime.Trap) as e:
            raise self._died(e) from None
        return 0 if result is None else int(result) & 0xFFFFFFFFFFFFFFFF

    def _died(self, error: BaseException) -> Died:
        text = getattr(_panic, "text", b"").decode("utf-8", "replace").strip()
        _panic.text = b""
        if "out of memory" in text or "cannot allocate memory" in text:
            return Died(LimitError("the sandbox may have no more memory", code="limit.memory", help="raise memory_limit"))
        return Died(EngineTrap("the module died: " + (text.partition("\n")[0] or str(error).partition("\n")[0]), code="host.trap"))

    def _reply(self, name: str, *args: int) -> bytes:
        result = self._call(name, *args)
        at, n = result >> 32, result & 0xFFFFFFFF
        if at + n > self._size:
            self._resized(at + n)
        return bytes(self._view[at:at + n])

    def put(self, data: Any) -> int:
        """Copies bytes, or whatever has a buffer of bytes, into a new buffer of the module, and returns its address."""
        at = self._call("rune_alloc", len(data)) & 0xFFFFFFFF
        if at + len(data) > self._size:
            self._resized(at + len(data))
        self._view[at:at + len(data)] = data
        return at

    def call_once(self, verb: str, parts: List[Any], block: int) -> bytes:
        """Calls a verb with a request whose parts, bytes or buffers, are copied into the module one after the other, in a buffer for this call alone."""
        if verb not in self.verbs:
            raise ABIError("the module is older than this package: it has no rune_" + verb, code="abi.version")
        length = sum(len(p) for p in parts)
        at = self._call("rune_alloc", length) & 0xFFFFFFFF
        end = at
        if at + length > self._size:
            self._resized(at + length)
        for part in parts:
            self._view[end:end + len(part)] = part
            end += len(part)
        reply = self._reply("rune_" + verb, at, length, block)
        self._call("rune_free", at)
        return reply

    # -- Host blocks ------------------------------------------------------------------------------------------------

    def block(self, host: Host, now: Optional[int] = None) -> int:
        """The address of a host block. Blocks are made once; the time, which goes with ``host.timed``, is written anew."""
        if host is self.last and not host.timed:
            return self.last_at
        at = self._blocks.get(host)
        if at is None:
            if len(self._blocks) >= BLOCKS:
                self._forget_blocks()
            context_at = self.put(host.context) if host.context else 0
            flags = (NOW_FLAG if host.timed else 0) | (PHASES_FLAG if host.phases else 0)
            at = self.put(BLOCK.pack(128, flags, 0, context_at, len(host.context), host.overlay, host.entities, 0, *host.limits, 0, 0, 0))
            self._blocks[host] = at
            if context_at:
                self._contexts.append(context_at)
        if host.timed:
            NOW.pack_into(self._view, at + 8, now or 0)
        self.last, self.last_at = host, at
        return at

    def _forget_blocks(self) -> None:
        for at in [*self._blocks.values(), *self._contexts]:
            self._call("rune_free", at)
        self._blocks.clear()
        self._contexts.clear()

    # -- Loading ----------------------------------------------------------------------------------------------------

    def load(self, name: str, text: bytes, files: Files, key: Tuple[int, int], limits: Tuple[int, ...]) -> bytes:
        """Has the load conversation, and returns the reply to its end. Raises ConfigError, LimitError."""
        base = name.encode()
        block = self.put(BLOCK.pack(128, 0, 0, 0, 0, 0, 0, 0, *limits, *key, 0))
        self._reply("rune_load_begin", self.put(base), len(base), self.put(text), len(text), block)
        self._call("rune_free", block)
        while True:
            want = json.loads(self._reply("rune_load_next"))
            if "read" in want:
                self._give(want["read"], files.read(want["read"]))
            elif "list" in want:
                names = files.list(want["list"])
                self._give(want["list"], None if names is None else json.dumps(names).encode())
            else:
                break
        reply = self._reply("rune_load_commit")
        if reply.startswith(b'{"error"'):
            raise error_from(reply, loading=True)
        return reply

    def _give(self, name: str, data: Optional[bytes]) -> None:
        at, n = self.put(name.encode()), len(name.encode())
        if data is None:
            reply = self._reply("rune_load_give", at, n, 0, ABSENT)
        else:
            reply = self._reply("rune_load_give", at, n, self.put(data), len(data))
        if reply.startswith(b'{"error"'):
            raise error_from(reply, loading=True)

    # -- State ------------------------------------------------------------------------------------------------------

    def _globals(self) -> List[Any]:
        found: List[Any] = []
        while "rune_global_%d" % len(found) in self._exports:
            found.append(self._exports["rune_global_%d" % len(found)])
        return found

    def snapshot(self) -> Snapshot:
        """All there is: linear memory, and the globals, which hold where Go's stack lies."""
        self._size = self._memory.data_len(self._store)
        return Kept(self._view[:self._size]), tuple(int(g.value(self._store)) for g in self._globals())

    def restore(self, snapshot: Snapshot) -> None:
        """Makes this new instance equal to the one that a snapshot is of."""
        memory, values = snapshot
        self._memory.grow(self._store, (len(memory) - self._memory.data_len(self._store)) // PAGE)
        self._size = self._memory.data_len(self._store)
        self._view[:len(memory)] = memory.view()
        for g, value in zip(self._globals(), values):
            g.set_value(self._store, value)
        self._blocks.clear()  # those of the original, and its request buffer, stay allocated: some kilobytes
        self._contexts.clear()
        self.last_at, self._request, self._capacity = -1, 0, 0
        self.last = Host(phases=True, timed=True)

    def statistics(self) -> Statistics:
        """What the last call did."""
        bound = self._statistics
        error = bound.call()
        if error or bound.trap:
            raise self._died(bound.failure(error))
        return Statistics._make(STATS.unpack_from(self._view, self._words[0] & 0xFFFFFFFF))

    def timings(self, statistics: Statistics) -> Tuple[Timing, ...]:
        """How long each request of the call took that the statistics are of."""
        at = statistics.timings_at
        return tuple(map(Timing._make, TIMING.iter_unpack(self._view[at:at + TIMING.size * statistics.timings])))


def _view_of(memory: Any, store: Any) -> memoryview:
    """All the bytes that linear memory can ever have. Its start doesn't move, since as many are reserved."""
    start = ctypes.cast(memory.data_ptr(store), ctypes.c_void_p).value
    assert start is not None
    return memoryview((ctypes.c_ubyte * (1 << 32)).from_address(start)).cast("B")


def panicked(caller: wasmtime.Caller, fd: int, vectors: int, count: int, written: int) -> int:
    """WASI's fd_write: keeps what a dying module says."""
    import wasmtime

    memory = caller["memory"]
    if fd != 2 or not isinstance(memory, wasmtime.Memory):
        return 8
    total = 0
    for n in range(count):
        at, size = struct.unpack("<II", memory.read(caller, vectors + 8 * n, vectors + 8 * n + 8))
        _panic.text = (getattr(_panic, "text", b"") + bytes(memory.read(caller, at, at + size)))[:4096]
        total += size
    memory.write(caller, struct.pack("<I", total), written)
    return 0
