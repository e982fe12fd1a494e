"""How far facts from a buffer raise the memory of a process, beyond what holds the same facts: python memory.py [MiB]."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Dict, List

import rune

CONFIG = 'version = "rune/1.0"\n[rules]\ndecl has_role(User, string).\npermit(P, _, _) :- has_role(P, "admin").\n'
HEADER = b"user,role\n"


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM"))


def rows(size: int) -> bytes:
    """About that many bytes of CSV, no row twice: 100 roles for each user."""
    out, length, n = bytearray(HEADER), 0, 0
    while len(out) < size:
        out += b"".join(b"user%07d,role of the team %02d\n" % (n, role) for role in range(100))
        n += 1
    return bytes(out)


def grown(size: int, at_once: bool) -> Dict[str, int]:
    """How far the process's peak grows by adding the facts, at once or in pieces of a hundredth. The buffer is there before."""
    csv = rows(size)
    engine = rune.Engine()
    engine.load(CONFIG)
    engine.authorize("user0000000", "read", "x")
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")  # the peak begins anew, from what there is now
    before = peak()
    if at_once:
        engine.add_facts("has_role", csv)
    else:
        start, step = len(HEADER), max(size // 100, 1)
        while start < len(csv):
            end = csv.find(b"\n", min(start + step, len(csv) - 1)) + 1
            engine.add_facts("has_role", HEADER + csv[start:end])
            start = end
    return {"bytes": len(csv), "grown": peak() - before, "sandbox": engine.statistics()["memory_bytes"]}


def main(args: List[str]) -> None:
    if len(args) == 2:
        print(json.dumps(grown(int(args[0]), args[1] == "once")))
        return
    size = int(args[0] if args else 100) << 20
    once, pieces = [json.loads(subprocess.run([sys.executable, __file__, str(size), how], stdout=subprocess.PIPE, check=True).stdout) for how in ("once", "pieces")]
    beyond = once["grown"] - pieces["grown"]
    print("%.0f MiB of CSV: %.0f MiB at once, %.0f MiB in pieces, %.2f of the buffer beyond the relation" % (
        once["bytes"] / 2**20, once["grown"] / 2**20, pieces["grown"] / 2**20, beyond / once["bytes"]))


if __name__ == "__main__":
    main(sys.argv[1:])
