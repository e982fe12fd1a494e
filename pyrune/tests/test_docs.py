"""The code of the documents runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rune
from conftest import ROOT


@pytest.mark.parametrize("document", ["pyrune/README.md", "docs/PYTHON.md"])
def test_document(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / document).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks
    names = {"__name__": document}
    try:
        for n, block in enumerate(blocks):
            exec(compile(block, "%s, block %d" % (document, n + 1), "exec"), names)
    finally:
        rune.set_default(None)


def test_every_public_name_is_documented() -> None:
    for name in rune.__all__:
        assert getattr(rune, name).__doc__, name
