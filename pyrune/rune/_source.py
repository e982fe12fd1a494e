"""Where the files of a configuration are: in a folder, or nowhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Dict, List, Optional

from ._errors import ConfigError
from ._instance import Files


class Folder:
    """A folder of files. What leads out of it by symbolic links is refused."""

    def __init__(self, path: Path) -> None:
        # Tests include what they test, which may lie one folder up.
        self._root = os.path.realpath(path.parent.parent if path.name.endswith("_test.rune") else path.parent)
        self._base = os.path.realpath(path.parent)
        self.seen: Dict[str, Optional[str]] = {}  # files and folders that were asked for, by path

    def read(self, name: str) -> Optional[bytes]:
        """The bytes of a file; None where there is none."""
        path = self._path(name)
        try:
            return read_regular(path)
        except FileNotFoundError:
            return None
        except OSError as e:
            raise ConfigError("can't read %r: %s" % (name, e.strerror or e), code="host.read", file=name) from e

    def list(self, folder: str) -> Optional[List[str]]:
        """The names of the files in a folder; None where there is none."""
        path = self._path(folder)
        try:
            return [e.name for e in os.scandir(path) if not e.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as e:
            raise ConfigError("can't read %r: %s" % (folder, e.strerror or e), code="host.read", file=folder) from e

    def _path(self, name: str) -> str:
        path = os.path.join(self._base, *name.split("/"))
        self.seen[path] = None
        real = os.path.realpath(path)
        if os.path.commonpath([real, self._root]) != self._root:
            raise ConfigError("%r leads out of the configuration's folder" % name, code="host.escape", file=name,
                              help="put the file itself in the folder, in place of the symbolic link")
        return real


class Nowhere:
    """No files: for a configuration that is a string."""

    def read(self, name: str) -> Optional[bytes]:
        return None

    def list(self, folder: str) -> Optional[List[str]]:
        return None


class Recorded:
    """The files that a load was given, kept to load them again. Large ones are read again instead."""

    KEPT = 4 << 20  # bytes

    def __init__(self, files: Files) -> None:
        self._files = files
        self.texts: Dict[str, Optional[bytes]] = {}
        self.lists: Dict[str, Optional[List[str]]] = {}

    def read(self, name: str) -> Optional[bytes]:
        if name not in self.texts:
            self.texts[name] = self._files.read(name)
        return self.texts[name]

    def list(self, folder: str) -> Optional[List[str]]:
        if folder not in self.lists:
            self.lists[folder] = self._files.list(folder)
        return self.lists[folder]

    def seal(self) -> None:
        """Forgets the bytes of large files."""
        self.texts = {name: text for name, text in self.texts.items() if text is None or len(text) <= self.KEPT}


def read_regular(path: str) -> bytes:
    """The bytes of a regular file; OSError if it is anything else, so that a pipe or a device doesn't hang a load."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as f:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "not a regular file", path)
        return f.read()
