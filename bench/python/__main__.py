"""Measures the Python package beside others and prints a table of targets: see docs/BENCHMARKS.md."""

from __future__ import annotations

import argparse
import platform
import sys
import traceback

import measure
import parts
import targets


def main() -> int:
    names = [name for name, _ in parts.PARTS]
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="PARTS", help="some of %s, with commas between" % ", ".join(names))
    parser.add_argument("--output", default="bench.txt", help="where all samples go")
    parser.add_argument("--quick", action="store_true", help="next to nothing, to see that everything runs; its figures mean nothing")
    arguments = parser.parse_args()
    chosen = [name for name in arguments.only.split(",") if name] or names
    if unknown := [name for name in chosen if name not in names]:
        parser.error("there is no part %r: there are %s" % (unknown[0], ", ".join(names)))
    failed = False
    with open(arguments.output, "w", encoding="utf-8") as out:
        print("pkg: rune-authz, Python %s" % platform.python_version(), file=out)
        results = measure.Results(out)
        run = parts.Run(results, 2, 1) if arguments.quick else parts.Run(results, 40, measure.SAMPLE)
        for name, part in parts.PARTS:
            if name in chosen:
                try:
                    part(run)
                except Exception:  # the others are measured all the same
                    traceback.print_exc()
                    failed = True
    text, counts = measure.table([t for t in targets.targets() if t.part in chosen], results)
    print(text, end="")
    return 2 if failed else 1 if counts.get("MISSED") else 0


sys.exit(main())
