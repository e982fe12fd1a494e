"""Calls of exports without wasmtime-py's conversions, which cost forty times what the call does.

``wasmtime_func_call_unchecked`` of wasmtime's C API takes the parameters of a call, and leaves its result, in an array of 16-byte slots. wasmtime-py
loads the library and knows the addresses, but has no public way to them: this file alone uses what isn't public, tries it out when an instance
starts, and goes the public way where it doesn't work.
"""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Optional

import wasmtime

SLOTS = 3  # of a verb: request, its length, host block; the result is in the first
Call = Callable[[], Optional[BaseException]]
Way = Callable[[Any, Any, Any], Call]


def new_words() -> Any:
    """The slots of a call, as words of 64 bits: those with even numbers are in use."""
    return (ctypes.c_uint64 * (2 * SLOTS))()


def unchecked(store: Any, function: Any, words: Any) -> Call:
    """Binds a call of function with the parameters that words hold. A call returns None, or the error that ended it.

    Raises whatever shows that this wasmtime-py has no such way.
    """
    from wasmtime import _ffi as ffi

    library = ctypes.CDLL(ffi.dll._name)
    raw = library["wasmtime_func_call_unchecked"]  # a function object of our own, whose types are ours to set
    raw.restype = ctypes.c_void_p
    # Made once: ctypes passes these on as they are, which is a quarter cheaper than converting numbers by declared types.
    context = ctypes.c_void_p(ctypes.cast(store._context(), ctypes.c_void_p).value)
    address, slots = ctypes.c_void_p(ctypes.addressof(function._func)), ctypes.c_void_p(ctypes.addressof(words))
    size, trap = ctypes.c_size_t(SLOTS), ctypes.c_void_p()
    trap_at = ctypes.c_void_p(ctypes.addressof(trap))

    def failure(error: Optional[int]) -> BaseException:
        if error:
            return wasmtime.WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t)))
        pointer = ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t))
        trap.value = None
        return wasmtime.Trap._from_ptr(pointer)

    def call() -> Optional[BaseException]:
        error = raw(context, address, slots, size, trap_at)
        return failure(error) if error or trap else None

    call.keeps = (store, function, words, library)  # type: ignore[attr-defined]  # what the addresses are of
    return call


def checked(store: Any, function: Any, words: Any) -> Call:
    """The same by wasmtime-py's public way."""
    count = len(function.type(store).params)

    def call() -> Optional[BaseException]:
        arguments = (words[2 * n] & 0xFFFFFFFF for n in range(count))
        try:
            result = function(store, *[a - (1 << 32) if a >> 31 else a for a in arguments])
        except (wasmtime.WasmtimeError, wasmtime.Trap) as e:
            return e
        words[0] = result & 0xFFFFFFFFFFFFFFFF
        return None

    return call


def way(store: Any, version: Any) -> Way:
    """The way to call: unchecked, if by it the module's version is what it is by the public one."""
    words = new_words()
    try:
        if unchecked(store, version, words)() is None and words[0] & 0xFFFFFFFF == version(store):
            return unchecked
    except Exception:  # whatever another wasmtime-py has not, or has under another name
        pass
    return checked
