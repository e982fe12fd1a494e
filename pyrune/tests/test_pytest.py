"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

pytest_plugins = ["pytester"]

CONFIG = 'version = "rune/1.0"\n[rules]\npermit(User::"ann", "read", _).\n'
TESTS = """version = "rune/1.0"
include = ["config.rune"]

[tests]
"ann reads" = { principal = "ann", action = "read", resource = "x", expect = "permit" }
"bo reads" = { principal = "bo", action = "read", resource = "x", expect = "permit" }
writes = { principal = "ann", action = "write", resource = "x", expect = "deny" }
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".rune", config=CONFIG, a_test=TESTS, notes_tests="never collected")
    return pytester


def plugin(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    """Runs pytest with the plugin, whether or not the package is installed."""
    return pytester.runpytest_subprocess("-p", "no:rune", "-p", "rune._pytest", *args)


def test_items(project: pytest.Pytester) -> None:
    """Each test is an item; one that fails is shown with its place, and what was wanted and what came, in full."""
    result = plugin(project, "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.re_match_lines([r"a_test\.rune::ann reads PASSED.*", r"a_test\.rune::bo reads FAILED.*", r"a_test\.rune::writes PASSED.*"])
    result.stdout.re_match_lines([r"_+ bo reads _+", r"FAIL  a_test\.rune:6: bo reads", r'      want \{"decision":"permit"\}',
                                  r'      got  \{"decision":"deny","reasons":\[\],"diagnostics":\{"errors":\[\],"revision":"[0-9a-f]{64}"\}\}'])
    assert "Traceback" not in result.stdout.str()


def test_selection(project: pytest.Pytester) -> None:
    plugin(project, "-k", "writes").assert_outcomes(passed=1, deselected=2)
    plugin(project, "a_test.rune::ann reads").assert_outcomes(passed=1)
    listed = plugin(project, "--collect-only", "-q")
    listed.stdout.fnmatch_lines(["a_test.rune::ann reads", "a_test.rune::bo reads", "a_test.rune::writes"])


def test_broken_document(project: pytest.Pytester) -> None:
    """A document that doesn't load is an error of its file, shown as by a compiler, and the others are collected."""
    project.makefile(".rune", **{"sub/b_test": 'version = "rune/1.0"\n[rules]\npermit(_, _, _) :- nothing_there(1).\n'})
    result = plugin(project, "--continue-on-collection-errors")
    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.re_match_lines([r"sub/b_test\.rune:3:\d+: error: .*\[datalog\.unknown_predicate\]", r"  3 \| permit.*"])
    assert "Traceback" not in result.stdout.str()


def test_workers(project: pytest.Pytester) -> None:
    """Under xdist all workers collect the same tests."""
    pytest.importorskip("xdist")
    plugin(project, "-n", "2").assert_outcomes(passed=2, failed=1)


def test_fixture(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nrune_config = config.rune\n")
    project.makepyfile("def test_it(rune_engine):\n    assert rune_engine.authorize('ann', 'read', 'x') and not rune_engine.authorize('bo', 'read', 'x')\n")
    plugin(project, "-k", "test_it").assert_outcomes(passed=1, deselected=3)


def test_fixture_without_configuration(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(rune_engine): ...\n")
    result = plugin(project, "-k", "test_it")
    result.assert_outcomes(errors=1, deselected=3)
    result.stdout.re_match_lines([r".*rune_engine needs the ini option rune_config"])


def test_wasmtime_is_not_imported_in_vain() -> None:
    """Who has the plugin installed and no tests for it doesn't wait for the engine."""
    program = "import sys, rune, rune._pytest\nassert 'wasmtime' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_entry_point() -> None:
    """An installed package has pytest find the plugin by itself."""
    from importlib import metadata
    try:
        points = metadata.distribution("rune-authz").entry_points
    except metadata.PackageNotFoundError:
        pytest.skip("used from a folder, not installed")
    found: Any = [(p.group, p.name, p.value) for p in points]
    assert found == [("pytest11", "rune", "rune._pytest")]  # and no script
