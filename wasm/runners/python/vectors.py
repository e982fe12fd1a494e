"""Runs the vectors in the module under wasmtime, and compares every reply byte for byte.

    python wasm/runners/python/vectors.py [folder of vectors] [module]

It also clones an instance by its memory and globals, as a pool would, and has the clone do all that the original does.
Needs Python 3.9 or later and what requirements.txt names. The status is 1 if a reply differs, or if there are no vectors.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import wasmtime
from guest import Runtime

ROOT = Path(__file__).resolve().parents[3]
VERBS = {
    "request.json": "authorize",
    "batch.json": "batch",
    "evaluation.json": "evaluation",
    "evaluations.json": "evaluations",
    "query.json": "query",
    "update.json": "update",
    "facts.csv": "facts",
    "describe.json": "describe",
    "test.json": "test",
    "overlay.json": "overlay",
}
STEPS = {"host.json", "want.json"}.union(VERBS)
MARKER = re.compile(rb"^-- *(\S.*?) *--\r?\n", re.MULTILINE)


def parse_txtar(data):
    """The files of a txtar archive, as a list of (name, bytes)."""
    parts = MARKER.split(data)[1:]
    return [(name.decode(), text) for name, text in zip(parts[::2], parts[1::2])]


def run_vector(instance, sections):
    """Runs one vector in an instance, and yields what differs."""
    first = next(n for n, (name, _) in enumerate(sections) if name in STEPS)
    files, steps = sections[:first], sections[first:]
    reply = instance.load(files[0][0], files[0][1], dict(files))
    replied, host = not reply.startswith(b'{"error":'), {}
    for name, data in steps:
        if name == "host.json":
            host = json.loads(data)
        elif name == "want.json":
            replied = True
            if reply + b"\n" != data:
                yield "got\n%s\nwant\n%s" % (reply.decode(), data.decode())
        else:
            reply = instance.verb(VERBS[name], data[:-1] if data.endswith(b"\n") else data, host)
    if not replied:
        yield "the load failed: " + reply.decode()


def run_vectors(folder, instance_for, title):
    """Runs all vectors, each in the instance that instance_for() gives, and returns the number that differ."""
    paths = sorted(folder.rglob("*.txtar"))
    if not paths:
        sys.exit("no vectors in %s" % folder)
    failed = 0
    for path in paths:
        differences = list(run_vector(instance_for(), parse_txtar(path.read_bytes())))
        failed += bool(differences)
        for text in differences:
            print("%s: %s" % (path.relative_to(folder), text))
    print("%s: %d vectors, %d differ" % (title, len(paths), failed))
    return failed


def check_can_fail(folder, runtime):
    """Adds a space to one reply, and sees that the comparison fails."""
    sections = parse_txtar(next(folder.rglob("*.txtar")).read_bytes())
    last = max(n for n, (name, _) in enumerate(sections) if name == "want.json")
    sections[last] = ("want.json", sections[last][1].replace(b":", b": ", 1))
    if not list(run_vector(runtime.instance(), sections)):
        print("a space too many isn't noticed")
        return 1
    return 0


def describe(item):
    """An import's or export's type in the words of abi.txt."""
    if isinstance(item, wasmtime.FuncType):
        return "(%s) -> (%s)" % (" ".join(map(str, item.params)), " ".join(map(str, item.results)))
    if isinstance(item, wasmtime.GlobalType):
        return ("mut " if item.mutable else "const ") + str(item.content)
    return "memory"


def check_abi(module, path):
    """Holds the module to the frozen list of its imports and exports."""
    got = sorted({"import %s.%s %s" % (i.module, i.name, describe(i.type)) for i in module.imports})
    got += sorted("export %s %s" % (e.name, describe(e.type)) for e in module.exports)
    if got != path.read_text().splitlines():
        print("%s isn't what the module imports and exports:\n%s" % (path, "\n".join(got)))
        return 1
    return 0


def summary(reply):
    """A reply's code, or "ok", and its SHA-256."""
    error = re.match(rb'{"error":{"code":"([^"]*)"', reply)
    return "%s %s" % (error.group(1).decode() if error else "ok", hashlib.sha256(reply).hexdigest())


def run_deep(path, runtime):
    """Runs texts that nest to the limit, one further, and a million deep, and returns the number of replies that differ."""
    cases = json.loads(path.read_bytes())
    failed = count = 0
    for c in cases:
        instance = runtime.instance()
        for times, want in c["want"].items():
            n = int(times)
            text = (c["head"] + c["open"] * n + c["middle"] + c["close"] * n + c["tail"]).encode()
            if c["file"] in VERBS:
                instance.load("config.rune", c["config"].encode(), {})
                reply = instance.verb(VERBS[c["file"]], text)
            else:
                reply = instance.load(c["file"], text, {})
            count += 1
            if summary(reply) != want:
                failed += 1
                print("%s, %d times: %s, want %s" % (c["name"], n, summary(reply), want))
    print("deep: %d texts, %d differ" % (count, failed))
    return failed or count == 0


DEPTH = 200
DEEP = """version = "rune/1.0"
[data]
edge = [%s]
[rules]
decl edge(string, string).
path(X, Y) :- edge(X, Y).
path(X, Y) :- edge(X, Z), path(Z, Y).
allowed(P) :- principal(P), %s1 == 1%s.
permit(P, "read", _) :- allowed(P), path("n0", "n40").
""" % (", ".join('["n%d", "n%d"]' % (n, n + 1) for n in range(100)), "(" * (DEPTH - 1), ")" * (DEPTH - 1))
REQUEST = b'{"principal":"alice","action":"read","resource":"x"}'
QUERY = b'{"goal":"path(\\"n3\\", Y)"}'
UPDATE = b'{"insert":{"edge":[["n100","n101"]]},"delete":{"edge":[["n0","n1"]]}}'


def everything(instance):
    """All replies of an update, a reload and 10 000 calls."""
    yield instance.verb("update", UPDATE)
    yield instance.verb("query", QUERY)
    yield instance.load("deep.rune", DEEP.encode(), {})
    for n in range(10_000):
        yield instance.verb("query", QUERY) if n % 100 == 0 else instance.verb("authorize", REQUEST)


def run_clone(runtime, folder):
    """Clones an instance after a deep load, collections and 1000 queries, and has it do all that the original does."""
    original = runtime.instance()
    for _ in range(20):  # garbage enough for several collections
        reply = original.load("deep.rune", DEEP.encode(), {})
    if not reply.startswith(b'{"loaded":'):
        sys.exit("the deep document doesn't load: " + reply.decode())
    for _ in range(1000):
        original.verb("query", QUERY)
    clone = runtime.instance()
    clone.restore(original.snapshot())
    failed = sum(a != b for a, b in zip(everything(original), everything(clone)))
    print("clone: an update, a reload and 10000 calls, %d differ" % failed)
    return failed + run_vectors(folder, lambda: clone, "clone")


def main():
    parser = argparse.ArgumentParser(description="Run the vectors in the module under wasmtime.")
    parser.add_argument("vectors", type=Path, nargs="?", default=ROOT / "testdata" / "vectors")
    parser.add_argument("module", type=Path, nargs="?", default=ROOT / "wasm" / "module" / "rune.wasm")
    args = parser.parse_args()
    runtime = Runtime(str(args.module))
    failed = check_abi(runtime.module, args.module.parent / "abi.txt")
    failed += run_vectors(args.vectors, runtime.instance, "wasmtime")
    failed += check_can_fail(args.vectors, runtime)
    failed += run_deep(args.vectors.parent / "deep.json", runtime)
    failed += run_clone(runtime, args.vectors)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
