"""Calls of exports without wasmtime-py's conversions, which cost forty times what the call does.

``wasmtime_func_call_unchecked`` of wasmtime's C API takes the parameters of a call, and leaves its result, in an array of 16-byte slots. wasmtime-py
loads the library and knows the addresses, but has no public way to them: this file alone uses what isn't public, tries it out when an instance
starts, and goes the public way where it doesn't work.
"""

from __future__ import annotations

import ctypes
from functools import partial
from typing import Any, Callable, NamedTuple, Optional

SLOTS = 3  # of a verb: request, its length, host block; the result is in the first


class Bound(NamedTuple):
    """A call whose parameters lie in words. It failed if ``call()`` gives something true, or ``trap`` is true then."""

    call: Callable[[], Any]
    trap: Any
    failure: Callable[[Any], BaseException]  # what went wrong, of what call gave


Way = Callable[[Any, Any, Any], Bound]


def new_words() -> Any:
    """The slots of a call, as words of 64 bits: those with even numbers are in use."""
    return (ctypes.c_uint64 * (2 * SLOTS))()


def unchecked(store: Any, function: Any, words: Any) -> Bound:
    """Binds a call of function with the parameters that words hold, which have to live as long as it is called.

    Raises whatever shows that this wasmtime-py has no such way.
    """
    import wasmtime
    from wasmtime import _ffi as ffi

    loaded: Any = ffi.dll
    library = ctypes.CDLL(loaded._name)
    raw = library["wasmtime_func_call_unchecked"]  # a function object of our own, whose types are ours to set
    raw.restype = ctypes.c_void_p
    # Made once, as ctypes has arguments after converting them: half of what a call costs is to convert five.
    argument: Any = ctypes.c_void_p.from_param
    trap = ctypes.c_void_p()
    call = partial(raw, argument(ctypes.cast(store._context(), ctypes.c_void_p).value), argument(ctypes.addressof(function._func)),
                   argument(ctypes.addressof(words)), argument(SLOTS), argument(ctypes.addressof(trap)))

    def failure(error: Optional[int]) -> BaseException:
        if error:
            return wasmtime.WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t)))
        pointer = ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t))
        trap.value = None
        return wasmtime.Trap._from_ptr(pointer)

    failure.keeps = (store, function, words, library)  # type: ignore[attr-defined]  # what the addresses are of
    return Bound(call, trap, failure)


def checked(store: Any, function: Any, words: Any) -> Bound:
    """The same by wasmtime-py's public way."""
    import wasmtime

    count = len(function.type(store).params)

    def call() -> Optional[BaseException]:
        arguments = (words[2 * n] & 0xFFFFFFFF for n in range(count))
        try:
            result = function(store, *[a - (1 << 32) if a >> 31 else a for a in arguments])
        except (wasmtime.WasmtimeError, wasmtime.Trap) as e:
            return e
        words[0] = result & 0xFFFFFFFFFFFFFFFF
        return None

    return Bound(call, None, lambda error: error)


def way(store: Any, version: Any) -> Way:
    """The way to call: unchecked, if by it the module's version is what it is by the public one."""
    words = new_words()
    try:
        bound = unchecked(store, version, words)
        if not bound.call() and not bound.trap and words[0] & 0xFFFFFFFF == version(store):
            return unchecked
    except Exception:  # whatever another wasmtime-py has not, or has under another name
        pass
    return checked
