"""The module ``rune.wasm``: compiled once a process, its machine code kept in the user's cache folder.

The file in the cache holds machine code, so it is only read if it and its folder belong to this user and nobody else may write them. Its name holds
all that the code depends on: the module, wasmtime's version and settings, and the CPU. ``RUNE_CACHE_DIR`` names another folder; if it is empty
nothing is kept.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import stat
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Optional

if TYPE_CHECKING:
    import wasmtime

MODULE = Path(__file__).with_name("rune.wasm")
OLD = 90 * 86400
RESERVATION = 1 << 32  # all that 32 bits address: memory never moves when it grows

_lock = threading.Lock()
_compiled: "Optional[Compiled]" = None


class Compiled:
    """wasmtime's engine, the module compiled for it, and what instances are linked with."""

    def __init__(self, on_text: Callable[..., int]) -> None:
        import wasmtime

        code = MODULE.read_bytes()
        self.sha256 = hashlib.sha256(code).hexdigest()
        self.engine = wasmtime.Engine(_config())
        self.module = self._cached(code)
        memory: Any = next(e.type for e in self.module.exports if e.name == "memory")
        self.least_memory = memory.limits.min << 16
        self.linker = wasmtime.Linker(self.engine)
        self.linker.define_wasi()
        self.linker.allow_shadowing = True
        i32 = wasmtime.ValType.i32
        self.linker.define_func("wasi_snapshot_preview1", "fd_write", wasmtime.FuncType([i32()] * 4, [i32()]), on_text, access_caller=True)

    def _cached(self, code: bytes) -> wasmtime.Module:
        import wasmtime

        folder = _cache_folder()
        if folder is None:
            return wasmtime.Module(self.engine, code)
        path = folder / ("%s-%s.cwasm" % (self.sha256[:32], _host_key()))
        if _is_ours(path):
            try:
                return wasmtime.Module.deserialize_file(self.engine, str(path))
            except wasmtime.WasmtimeError:
                pass  # of another build of the same version, or cut off: made anew
        module = wasmtime.Module(self.engine, code)
        _write(path, bytes(module.serialize()))
        _forget_old(folder)
        return module


def module_sha256() -> str:
    """The SHA-256 of the module, which identifies the engine: equal modules give equal replies."""
    return hashlib.sha256(MODULE.read_bytes()).hexdigest()


def compiled(on_text: Callable[..., int]) -> Compiled:
    """The module, compiled or read from the cache by the first call of the process. ``on_text`` is WASI's fd_write."""
    global _compiled
    if _compiled is None:
        with _lock:
            if _compiled is None:
                _compiled = Compiled(on_text)
                atexit.register(_let_go)
    return _compiled


def _let_go() -> None:
    """Frees the module while wasmtime is whole: when the interpreter ends it takes modules apart, those imported last first."""
    global _compiled
    _compiled = None


def _config() -> wasmtime.Config:
    import wasmtime

    config = wasmtime.Config()
    for name, value in (("memory_may_move", False), ("memory_reservation", RESERVATION)):
        try:
            setattr(config, name, value)  # older ones have no such setting, and reserve as much by default
        except AttributeError:
            pass
    return config


def _host_key() -> str:
    """What machine code depends on beside the module: wasmtime, told by its files as its version is slow to ask for, settings and CPU."""
    import wasmtime

    installed = os.stat(wasmtime.__file__)
    facts = [wasmtime.__file__, str(installed.st_size), str(installed.st_mtime_ns), sys.platform, platform.machine(), str(RESERVATION)]
    try:
        with open("/proc/cpuinfo", "rb") as f:
            facts += sorted({line.decode("ascii", "replace") for line in f if line.startswith((b"flags", b"Features", b"model name"))})
    except OSError:
        facts.append(platform.processor())
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _cache_folder() -> Optional[Path]:
    """The folder of this user for machine code, made if need be; None if there can be none that nobody else may write."""
    chosen = os.environ.get("RUNE_CACHE_DIR")
    if chosen == "":
        return None
    if chosen:
        folder = Path(chosen)
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local", "rune", "cache").expanduser()
    elif sys.platform == "darwin":
        folder = Path("~/Library/Caches/rune").expanduser()
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "rune"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if _is_ours(folder) else None


def _is_ours(path: Path) -> bool:
    """Whether path is there, is no link, belongs to this user, and nobody else may write it."""
    try:
        info = os.lstat(path)
    except OSError:
        return False
    if stat.S_ISLNK(info.st_mode):
        return False
    return sys.platform == "win32" or (info.st_uid == os.getuid() and not info.st_mode & 0o022)


def _forget_old(folder: Path) -> None:
    """Removes what was made more than OLD seconds ago, as for a wasmtime that isn't installed any more."""
    try:
        for path in folder.glob("*.cwasm*"):
            if time.time() - path.lstat().st_mtime > OLD:
                path.unlink()
    except OSError:
        pass


def _write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all; a cache that can't be written is no error."""
    import tempfile
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made with mode 0600
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
        os.replace(name, path)
    except OSError:
        try:
            os.unlink(name)
        except OSError:
            pass
