"""Holds a server to its own description: schemathesis makes requests from it, good and bad, and checks the answers.

usage: check.py RUNE, the binary, with the Python that schemathesis is installed for. Exits with 0 if nothing is found.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))

CONFIG = """version = "rune/1.0"
[data]
member = [["ann", "staff"]]
[rules]
decl member(User, Group).
permit(P, "read", _) :- member(P, Group::"staff").
"""


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret):
    """A token with all scopes, for an hour."""
    scopes = "rune:authorize rune:explain rune:query rune:facts rune:entities rune:admin"
    claims = {"iss": "check", "aud": "rune", "sub": "check", "exp": int(time.time()) + 3600, "scope": scopes}
    text = encode(b'{"alg":"HS256","kid":"s"}') + "." + encode(json.dumps(claims).encode())
    return text + "." + encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def serve(rune, config, *options):
    """Starts a server at a free port, and gives its process and its address."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("RUNE_")}
    command = [rune, "serve", config, "--listen=127.0.0.1:0", "--log-format=json", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ)
    for line in process.stderr:
        entry = json.loads(line)
        if entry["msg"] == "serving":
            return process, entry["address"]
    raise SystemExit("the server doesn't start")


def check(rune, folder, options, headers):
    config = os.path.join(folder, "config.rune")
    with open(config, "w") as f:
        f.write(CONFIG)
    process, address = serve(rune, config, *options)
    try:
        found = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "--config-file", os.path.join(HERE, "schemathesis.toml"), "--no-color", "run",
             f"http://{address}/openapi.json", "--generation-deterministic", "--continue-on-failure", "--max-examples=40",
             *[a for h in headers for a in ("--header", h)]],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
    finally:
        process.terminate()
        process.stderr.read()
        ended = process.wait()
    good = found.returncode == 0 and ended == 0
    summary = [line.strip() for line in found.stdout.splitlines() if " generated, " in line]
    print("schemathesis:", *summary if good else [found.stdout])
    return good and bool(summary)


def main():
    rune = os.path.abspath(sys.argv[1])
    secret = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory() as folder:
        keys = os.path.join(folder, "keys.json")
        with open(keys, "w") as f:
            json.dump({"keys": [{"kty": "oct", "kid": "s", "k": encode(secret)}]}, f)
        tokens = [f"--jwt-keys={keys}", "--jwt-algorithms=HS256", "--jwt-issuer=check", "--jwt-audience=rune"]
        good = check(rune, folder, [], []) and check(rune, folder, tokens, [f"Authorization: Bearer {token(secret)}"])
    raise SystemExit(not good)


if __name__ == "__main__":
    main()
