"""The pytest plugin: the ``[tests]`` of each ``*_test.rune`` are tests, and ``rune_engine`` is an engine that has loaded the project's configuration.

The ini option ``rune_config`` names that configuration, as seen from the project's root folder.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Tuple, Union

import pytest

if TYPE_CHECKING:
    from ._command._test import Tested
    from ._engine import Engine


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("rune_config", "the configuration that the fixture rune_engine loads, as seen from the root folder")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Optional[pytest.Collector]:
    if file_path.name.endswith("_test.rune"):
        collector: RuneFile = RuneFile.from_parent(parent, path=file_path)
        return collector
    return None


@pytest.fixture
def rune_engine(request: pytest.FixtureRequest) -> Engine:
    """An engine of this test's own, with the configuration that the ini option rune_config names."""
    from ._engine import Engine

    name = request.config.getini("rune_config")
    if not name:
        raise pytest.UsageError("rune_engine needs the ini option rune_config, the configuration that it is to load")
    return Engine.from_file(Path(request.config.rootpath, name))


class Refused(Exception):
    """A file, or a test's request, that isn't well. It says so as the command line does."""


class RuneFile(pytest.File):
    """A ``*_test.rune``. It is loaded, and its tests are run, when they are collected: the engine runs all at once, in microseconds each."""

    def collect(self) -> Iterator[RuneTest]:
        from ._command._load import Unreadable, load
        from ._command._test import tests_of
        from ._errors import RuneError

        try:
            tests = tests_of(load(self._shown(), None))
        except (RuneError, Unreadable) as e:
            raise Refused(str(e)) from None
        lines = _lines(self.path.read_text("utf-8"), [t.name for t in tests])
        for tested, line in zip(tests, lines):
            item: RuneTest = RuneTest.from_parent(self, name=tested.name)
            item.tested, item.shown, item.line = tested, self._shown(), line
            yield item

    def _shown(self) -> str:
        """The path as diagnostics have it: as seen from where pytest was started, if it lies below."""
        try:
            return str(self.path.relative_to(self.config.invocation_params.dir))
        except ValueError:
            return str(self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Refused):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class RuneTest(pytest.Item):
    """A test of a configuration."""

    tested: Tested
    shown: str  # the file's path
    line: int  # from 1, 0 where it isn't known

    def runtest(self) -> None:
        if not self.tested.ok:
            place = "%s:%d" % (self.shown, self.line) if self.line else self.shown
            raise Refused("FAIL  %s: %s\n%s" % (place, self.name, self.tested.failure().rstrip("\n")))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Refused):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> Tuple[Union[Path, str], Optional[int], str]:
        return self.path, self.line - 1 if self.line else None, self.name


def _lines(text: str, names: List[str]) -> List[int]:
    """The lines on which tests begin, 0 for those that aren't found: a key at the beginning of a line, bare or quoted."""
    keys = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""", line)
        if match:
            quoted, literal, bare = match.groups()
            keys[re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else literal or bare or ""] = number
    return [keys.get(name, 0) for name in names]
