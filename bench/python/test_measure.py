"""Targets are met and missed as they should be, and contenders take turns."""

from __future__ import annotations

import io
import unittest
from typing import Callable, List

from measure import Contender, Results, Target, interleave, readable, table


def results(**samples: float) -> Results:
    made = Results(io.StringIO())
    for name, value in samples.items():
        made.add(name, 1, value)
    return made


class Targets(unittest.TestCase):
    """Each kind of target, at its bound and beyond."""

    def check(self, target: Target, verdict: str, ratio: object, made: Results) -> None:
        got = target.judge(made)
        self.assertEqual((got[0], got[3]), (verdict, ratio))

    def test_ratio(self) -> None:
        target = Target("p", "w", "a", ((1, "b"),), 0.5)
        self.check(target, "ok", 0.5, results(a=1, b=2))
        self.check(target, "MISSED", 0.75, results(a=1.5, b=2))
        self.check(target, "not measured", None, results(a=1))
        self.check(target, "not measured", None, results(b=1))

    def test_faster(self) -> None:
        target = Target("p", "w", "a", ((1, "b"),), 8, faster=True)
        self.check(target, "ok", 8, results(a=1, b=8))
        self.check(target, "MISSED", 7, results(a=1, b=7))

    def test_sum(self) -> None:
        target = Target("p", "w", "a", ((3, "b"), (1, "c")), 1)
        self.check(target, "ok", 1, results(a=8, b=2, c=2))
        self.check(target, "MISSED", 1.125, results(a=9, b=2, c=2))

    def test_alone(self) -> None:
        target = Target("p", "w", "a", (), 10)
        self.check(target, "ok", None, results(a=10))
        self.check(target, "MISSED", None, results(a=11))

    def test_shown(self) -> None:
        self.check(Target("p", "w", "a", ((1, "b"),)), "", 100, results(a=100, b=1))

    def test_smallest(self) -> None:
        made = results(a=3)
        made.add("a", 1, 1)
        made.add("a", 1, 2)
        self.assertEqual(made.best("a"), 1)

    def test_table(self) -> None:
        text, counts = table([Target("p", "good", "a", ((1, "b"),), 1), Target("p", "bad", "b", ((1, "a"),), 1), Target("p", "none", "c", (), 1)],
                             results(a=1000, b=2e6))
        self.assertEqual(counts, {"ok": 1, "MISSED": 1, "not measured": 1})
        self.assertEqual([line.split() for line in text.splitlines()[1:]],
                         [["good", "1", "µs", "2", "ms", "0.0005", "×", "≤", "1", "×", "ok"],
                          ["bad", "2", "ms", "1", "µs", "2e+03", "×", "≤", "1", "×", "MISSED"], ["none", "≤", "1", "ns", "not", "measured"]])

    def test_readable(self) -> None:
        self.assertEqual([readable(v) for v in (None, 999, 1500, 2e6, 3.5e9)], ["", "999 ns", "1.5 µs", "2 ms", "3.5 s"])


class Turns(unittest.TestCase):
    """Contenders, by a clock of the test's own."""

    def test_turns(self) -> None:
        order: List[str] = []

        def run(name: str, cost: int) -> Callable[[int], int]:
            def run(n: int) -> int:
                order.append(name)
                return n * cost
            return run

        out = io.StringIO()
        made = Results(out)
        interleave(made, 3, [Contender("quick", run("quick", 10)), Contender("slow", run("slow", 5000), 10)], 1000)
        self.assertEqual(order[-6:], ["quick", "slow"] * 3)
        self.assertEqual((made.best("quick"), made.best("slow")), (10, 500))
        lines = [line.split() for line in out.getvalue().splitlines()]
        self.assertGreaterEqual(int(lines[0][1]), 100)  # as many as take as long as a sample
        self.assertEqual(lines[1], ["Benchmarkslow", "10", "500.0", "ns/op"])


if __name__ == "__main__":
    unittest.main()
