"""What is measured, part by part."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import cedarpy
import native
import sharing
from measure import Contender, Results, interleave, timed

import rune

FEW, MANY = 10, 1000  # policies
BATCH = 1000  # requests of a batch, and concurrent awaits


class Run:
    """A run: how much is measured, and where it goes."""

    def __init__(self, results: Results, rounds: int, sample: int) -> None:
        self.results, self.rounds, self.sample = results, rounds, sample

    def interleave(self, *contenders: Contender) -> None:
        """Measures contenders in turns."""
        interleave(self.results, self.rounds, contenders, self.sample)


def engine(policies: int) -> rune.Engine:
    """An engine with the configuration, which has to permit the request by three policies."""
    e = rune.Engine()
    e.load(sharing.configuration(policies))
    for request in (sharing.MAPPINGS, sharing.STRINGS):
        result = e.authorize(**request)
        if not result or len(result.reasons) != 3:
            raise ValueError("three policies have to permit, rune answers %r" % result)
    return e


def in_module(e: rune.Engine, verb: str, body: bytes) -> Callable[[], object]:
    """The engine's own time: what a call of the module takes, of bytes that are there already. Nobody else may use the engine meanwhile."""
    pool = e._loaded()
    instance = pool.take()
    call, block = instance.verbs[verb], instance.block(e._plain)
    pool.give(instance)
    return lambda: call(body, block)


# -- authorize -------------------------------------------------------------------------------------------------------------


def authorize(run: Run) -> None:
    """Decisions from Python's values to a decision that is looked at, beside cedarpy, and beside the native crate from JSON to JSON."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            program = native.build()
        except (OSError, subprocess.CalledProcessError) as e:
            print("bench: the crate cedar-policy isn't measured:", e, file=sys.stderr)
            program = ""
        for n in (FEW, MANY):
            contenders = [*_ours(n), *_cedarpy(n)]
            if program:
                contenders.append(Contender("Authorize/policies=%d/cedar-policy" % n, stack.enter_context(native.Native(program, n, folder)).run))
            run.interleave(*contenders)


def _ours(n: int) -> List[Contender]:
    e = engine(n)
    return [Contender("Authorize/policies=%d/rune/strings" % n, timed(lambda: e.authorize(**sharing.STRINGS).permitted)),
            Contender("Authorize/policies=%d/rune/mappings" % n, timed(lambda: e.authorize(**sharing.MAPPINGS).permitted)),
            Contender("Authorize/policies=%d/rune/json" % n, timed(lambda: e.authorize_json(sharing.JSON))),
            Contender("Authorize/policies=%d/rune/module" % n, timed(in_module(e, "authorize", sharing.JSON)))]


def _cedarpy(n: int) -> List[Contender]:
    policies, entities = cedarpy.PolicySet.from_str(sharing.policies(n)), cedarpy.Entities.from_json_str(sharing.entities())
    result = cedarpy.is_authorized(sharing.MAPPINGS, policies, entities)
    if not result.allowed or len(result.diagnostics.reasons) != 3:
        raise ValueError("three policies have to permit, cedarpy answers %r" % result.diagnostics.reasons)
    return [Contender("Authorize/policies=%d/cedarpy/%s" % (n, form), timed(lambda request=request: cedarpy.is_authorized(request, policies, entities).allowed))
            for form, request in (("strings", sharing.STRINGS), ("mappings", sharing.MAPPINGS))]


# -- batch -----------------------------------------------------------------------------------------------------------------


def requests(form: str) -> List[Dict[str, Any]]:
    """A thousand requests of different users for different documents."""
    model = {"plain": sharing.PLAIN, "strings": sharing.STRINGS, "mappings": sharing.MAPPINGS}[form]
    text = json.dumps([model] * BATCH)
    parts = text.replace("u1", "u%d").replace("d1", "d%d") % tuple(n % m for n in range(BATCH) for m in (100, 97))
    return list(json.loads(parts))


def batch(run: Run) -> None:
    """Batches of a thousand, beside the module alone and the standard library's JSON of the same requests."""
    e = engine(FEW)
    for form in ("plain", "strings", "mappings"):
        items = requests(form)
        body = json.dumps({"requests": items}, separators=(",", ":")).encode()
        results = e.authorize_batch(items)
        if len(results) != BATCH or not all(isinstance(r, rune.AuthorizationResult) for r in results):
            raise ValueError("not all of the batch was decided")
        name = "Batch/%s/" % form
        run.interleave(Contender(name + "rune", timed(lambda items=items: e.authorize_batch(items)), BATCH),
                       Contender(name + "rune-read", timed(lambda items=items: [r.decision for r in e.authorize_batch(items)]), BATCH),
                       Contender(name + "module", timed(in_module(e, "batch", body)), BATCH),
                       Contender(name + "json.dumps", timed(lambda items=items: json.dumps(items)), BATCH))


# -- awaits ----------------------------------------------------------------------------------------------------------------


async def _nothing() -> None:
    pass


def awaits(run: Run) -> None:
    """A thousand awaits at once, beside as many of nothing and the module alone."""
    e = engine(FEW)

    async def decide() -> bool:
        return bool(await e.authorize_async(**sharing.STRINGS))

    async def rest() -> bool:
        return bool(await _nothing())

    async def all_of(one: Callable[[], Any]) -> List[bool]:
        return list(await asyncio.gather(*[one() for _ in range(BATCH)]))

    loop = asyncio.new_event_loop()
    try:
        if not all(loop.run_until_complete(all_of(decide))):
            raise ValueError("not all were permitted")
        run.interleave(Contender("Awaits/rune", timed(lambda: loop.run_until_complete(all_of(decide))), BATCH),
                       Contender("Awaits/nothing", timed(lambda: loop.run_until_complete(all_of(rest))), BATCH),
                       Contender("Awaits/module", timed(in_module(e, "authorize", sharing.JSON))))
    finally:
        loop.close()


# -- start -----------------------------------------------------------------------------------------------------------------

FIRST = """import rune, sys
engine = rune.Engine.from_file(sys.argv[1])
sys.exit(not engine.authorize(principal='User::"u1"', action='Action::"read"', resource='Doc::"d1"', context={"level": 5, "mfa": True}))
"""


def start(run: Run) -> None:
    """New processes: until the first decision, with the machine code in the cache, and those that only import wasmtime. Times are on the wall."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.rune"
        path.write_text(sharing.configuration(FEW), "utf-8")
        environment = {**os.environ, "RUNE_CACHE_DIR": folder, "PYTHONDONTWRITEBYTECODE": ""}
        os.chmod(folder, 0o700)

        def process(*arguments: str) -> Callable[[int], int]:
            def run(n: int) -> int:
                started = time.perf_counter_ns()
                for _ in range(n):
                    subprocess.run([sys.executable, *arguments], env=environment, check=True)
                return time.perf_counter_ns() - started
            return run

        first = process("-c", FIRST, str(path))
        first(1)  # compiles the module
        interleave(run.results, run.rounds, [Contender("Start/rune", first), Contender("Start/import-wasmtime", process("-c", "import wasmtime")),
                                             Contender("Start/nothing", process("-c", "pass"))], 1)


PARTS: Tuple[Tuple[str, Callable[[Run], None]], ...] = (("authorize", authorize), ("batch", batch), ("awaits", awaits), ("start", start))
