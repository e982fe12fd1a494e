"""The release workflow: what can be known about it without running it."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Set

import pytest

from conftest import ROOT

yaml = pytest.importorskip("yaml")
WORKFLOW = ROOT / ".github/workflows/release.yml"

if not WORKFLOW.exists():
    pytest.skip("an sdist has no workflow", allow_module_level=True)


@pytest.fixture
def jobs() -> Dict[str, Any]:
    return dict(yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"])


def _steps(jobs: Dict[str, Any]) -> List[Dict[str, Any]]:
    return [step for job in jobs.values() for step in job["steps"]]


def test_targets_exist(jobs: Dict[str, Any]) -> None:
    """Every target of make that a step runs is one of the Makefile's."""
    targets = set(re.findall(r"^([a-z][a-z-]*)(?: [a-z-]+)*:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    run: Set[str] = set()
    for step in _steps(jobs):
        for words in re.findall(r"\bmake ([^\n;&|]*)", step.get("run", "")):
            run |= {w for w in re.sub(r"\$\{\{.*?\}\}", "x", words).split() if "=" not in w}
    assert run == {"wheel", "test-wheel"} and run <= targets


def test_actions_are_pinned(jobs: Dict[str, Any]) -> None:
    used = [step["uses"] for step in _steps(jobs) if "uses" in step]
    assert used and all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", name) for name in used)


def test_matrix_is_what_the_package_supports(jobs: Dict[str, Any]) -> None:
    matrix = jobs["test"]["strategy"]["matrix"]
    supported = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert matrix["python"] == supported and matrix["wasmtime"] == ["oldest", "newest"]


def test_what_is_published_was_tested(jobs: Dict[str, Any]) -> None:
    """There is one build; tests take it, and nothing is published that they didn't pass. Only that job may prove who it is."""
    assert jobs["test"]["needs"] == "build" and jobs["publish"]["needs"] == "test"
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    downloads = [step["with"]["name"] for name in ("test", "publish") for step in jobs[name]["steps"] if "download-artifact" in step.get("uses", "")]
    assert downloads == ["dist", "dist"] and "secrets." not in WORKFLOW.read_text("utf-8")
