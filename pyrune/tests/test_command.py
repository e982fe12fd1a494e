"""``python -m rune``: as the scripts of the binary want it, and as the binary does it where there is one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Optional

import pytest

import rune
from conftest import ROLES, ROOT
from rune._command import _duration, _json
from rune._command._latency import Latencies, short
from scripts import Done, Script, in_process

SCRIPTS = ROOT / "cmd/rune/testdata/script"
NAMES = {"check": 18, "eval": 25, "eval-host": 8, "eval-requests": 8, "query": 15, "test": 12, "bench": 12, "usage": 25, "version": 2}  # commands at least
BINARY = os.environ.get("RUNE_BINARY")


def run(*args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "rune", *args], capture_output=True, text=True, timeout=120)


def beside(args: List[str], stdin: bytes, folder: Path, done: Done) -> None:
    """Runs the binary, and wants the same of it, byte for byte, but for figures and for what is wrong with JSON."""
    if "--help" in args or "help" in args or "-h" in args or args[0] == "version":
        return
    assert BINARY is not None
    ran = subprocess.run([os.path.join(ROOT, BINARY), *args], cwd=folder, input=stdin, capture_output=True, timeout=120)
    theirs = Done(ran.returncode, ran.stdout.decode("utf-8", "surrogateescape"), ran.stderr.decode("utf-8", "surrogateescape"))
    same = [re.sub(r"(it isn't JSON: at byte).*", r"\1", str(text)) for text in (*theirs, *done)]
    if args[0] == "bench":
        same = [re.sub(r"\d[\d .]*|#+| (ns|µs|ms|s)\b", "", re.sub(r"(?ms)^.* … .*$|\"histogram.*", "", text)) for text in same]
        same = [re.sub(r"\s+", " ", text) for text in same]
    assert same[3:] == same[:3], "beside the binary: %r" % (theirs,)


@pytest.mark.parametrize("name", NAMES)
def test_script(name: str, tmp_path: Path) -> None:
    """What the scripts ask of the binary; with RUNE_BINARY, beside it."""
    script = Script(SCRIPTS / (name + ".txtar"), tmp_path, ROOT / "testdata/examples/agents", beside if BINARY else None)
    script.run()
    assert script.commands >= NAMES[name]


def test_no_configuration_is_left_out(tmp_path: Path) -> None:
    """All scripts but those of commands that the package doesn't have are run."""
    assert {p.stem for p in SCRIPTS.glob("*.txtar")} - set(NAMES) <= {"completion", "health", "init", "terminal", "explain", "fmt", "serve"}


def test_process(tmp_path: Path) -> None:
    """The module is run by the interpreter, with the status and the outputs of a process."""
    (tmp_path / "config.rune").write_text(ROLES, "utf-8")
    config = str(tmp_path / "config.rune")
    done = run("eval", config, "--principal", "bob", "--action", "write", "--resource", "plan", "--exit-status")
    assert done.returncode == 1 and json.loads(done.stdout)["decision"] == "deny" and done.stderr == ""
    done = run("--version")
    assert done.returncode == 0 and done.stdout == "rune %s\n" % rune.__version__
    done = run()
    assert done.returncode == 0 and "python -m rune check config.rune" in done.stdout
    done = run("serve")
    assert done.returncode == 2 and done.stderr == "python -m rune: unknown command \"serve\"\nSee 'python -m rune --help'.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals and pipes as POSIX has them")
def test_interrupt_and_closed_pipe(tmp_path: Path) -> None:
    (tmp_path / "config.rune").write_text(ROLES, "utf-8")
    flags = ["--principal", "bob", "--action", "read", "--resource", "plan"]
    command = [sys.executable, "-m", "rune", "bench", str(tmp_path / "config.rune"), "--duration", "1h", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith(b": 1 request, for 1h0m0s\n")
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and out.startswith(b"interrupted after ") and b" requests/s\n" in out and err == b""
    requests = tmp_path / "requests.jsonl"
    requests.write_text('{"principal":"bob","action":"read","resource":"plan"}\n' * 20_000)
    with subprocess.Popen([sys.executable, "-m", "rune", "eval", str(tmp_path / "config.rune"), "--requests", str(requests)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 2 and err == b"python -m rune: write the result: broken pipe\n"


@pytest.mark.parametrize("text, ns, written", [
    ("50ms", 50_000_000, "50ms"), ("1h", 3600 * 10**9, "1h0m0s"), ("1m1.5s", 61_500_000_000, "1m1.5s"), ("0", 0, "0s"), ("-1.5µs", -1500, "-1.5µs"),
    (".5s", 500_000_000, "500ms"), ("+3ns", 3, "3ns"), ("2562047h", 2562047 * 3600 * 10**9, "2562047h0m0s"),
])
def test_duration(text: str, ns: int, written: str) -> None:
    assert _duration.read(text) == ns and _duration.write(ns) == written


@pytest.mark.parametrize("text, message", [
    ("", "invalid duration"), ("long", "invalid duration"), ("1", "missing unit"), ("1d", 'unknown unit "d"'), ("s", "invalid duration"), ("1e3s", "unknown unit"),
    ("2562048h", "invalid duration"), ("-", "invalid duration"),
])
def test_bad_duration(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _duration.read(text)


@pytest.mark.parametrize("text, names", [
    ("{}", []), (' {"a" : 1 , "a":{"b":[1,"}"]}} ', ["a", "a"]), ('{"n":%s}' % ("9" * 5000), ["n"]), ("[1]", None), ("", None), ("{", None), ('{"a":1', None), ('{"a":1,}', None),
    ('{"a":NaN}', None), ("{}{}", None), ('{"a" 1}', None), ("{1:2}", None), ('{"a":' + "[" * 100_000, None), ('{"a":"\x01"}', None),
])
def test_fields(text: str, names: Optional[List[str]]) -> None:
    """Objects are taken apart without loss, and what isn't one is refused."""
    if names is None:
        with pytest.raises(_json.BadJSON):
            _json.object_fields(text)
    else:
        fields = _json.object_fields(text)
        assert [f.name for f in fields] == names
        assert "".join(_json.object_text(fields).split()) == "".join(text.split())


def test_latencies() -> None:
    """The distribution has all that was counted, and percentiles are right to a part in a thousand."""
    latencies = Latencies()
    for ns in range(1, 100_001):
        latencies.add(ns)
    for name, ns in latencies.summary():
        want = {"min": 1, "mean": 50_000, "p50": 50_000, "p90": 90_000, "p99": 99_000, "p99.9": 99_900, "max": 100_000}[name]
        assert abs(ns - want) <= max(want / 1000, 1), name
    buckets = latencies.buckets()
    assert sum(b.filled for b in buckets) == 100_000 and all(a.end == b.start for a, b in zip(buckets, buckets[1:]))
    assert [short(n) for n in (999, 1000, 12_345, 123_456, 1_500_000, 3 * 10**9)] == ["999 ns", "1.00 µs", "12.3 µs", "123 µs", "1.50 ms", "3.00 s"]
