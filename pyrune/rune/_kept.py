"""Bytes that are seldom needed again: large ones lie in a file that has no name, where no memory is held for them."""

from __future__ import annotations

import mmap
from typing import Any, BinaryIO, Optional

LARGE = 1 << 20


class Kept:
    """A copy of bytes. ``len()`` is how many there are."""

    __slots__ = ("_file", "_bytes", "_size")

    def __init__(self, data: Any) -> None:
        self._size = len(data)
        self._file: Optional[BinaryIO] = None
        self._bytes = b""
        if self._size >= LARGE:
            import tempfile
            try:
                self._file = tempfile.TemporaryFile()
                self._file.write(data)
                self._file.flush()
                return
            except OSError:  # no folder for it, or no room
                self._file = None
        self._bytes = bytes(data)

    def __len__(self) -> int:
        return self._size

    def view(self) -> memoryview:
        """The bytes."""
        if self._file is None:
            return memoryview(self._bytes)
        return memoryview(mmap.mmap(self._file.fileno(), self._size, access=mmap.ACCESS_READ))
