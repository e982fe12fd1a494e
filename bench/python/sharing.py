"""The configuration and the request that are measured: those of bench/authorize.go, 150 bytes of JSON, which three policies permit."""

from __future__ import annotations

import json
from typing import Any, Dict

Request = Dict[str, Any]

# The same request in both of the forms that cedarpy and rune take.
MAPPINGS: Request = {"principal": {"type": "User", "id": "u1"}, "action": {"type": "Action", "id": "read"}, "resource": {"type": "Doc", "id": "d1"},
                     "context": {"level": 5, "mfa": True}}
STRINGS: Request = {"principal": 'User::"u1"', "action": 'Action::"read"', "resource": 'Doc::"d1"', "context": {"level": 5, "mfa": True}}
PLAIN: Request = {key: STRINGS[key] for key in ("principal", "action", "resource")}
JSON = json.dumps(MAPPINGS, separators=(",", ":")).encode()

_KINDS = (
    'permit(principal == User::"u%(k)d", action in [Action::"read", Action::"write"], resource) when { context.level > 3 };',
    'permit(principal in Group::"g%(k)d", action == Action::"read", resource) when { resource.public || context.mfa };',
    'permit(principal, action == Action::"read", resource in Folder::"f%(k)d") unless { resource.owner != principal && context.level < 2 };',
    'forbid(principal in Group::"banned%(k)d", action, resource in Folder::"f%(k)d");',
    'permit(principal in Group::"g%(k)d", action == Action::"delete", resource) when { resource.owner == principal && context.mfa };',
)


def policies(n: int) -> str:
    """Grants to a person, to a group and on a folder, and bans. Three apply to the request, for every n from 10, and hold."""
    return "".join(_KINDS[i % 5] % {"k": i // 5} + "\n" for i in range(n))


def entities() -> str:
    """A hundred users in groups and documents in folders, as Cedar JSON."""
    out = []
    for i in range(100):
        out.append({"uid": {"type": "User", "id": "u%d" % i}, "attrs": {}, "parents": [{"type": "Group", "id": "g%d" % i}]})
        out.append({"uid": {"type": "Doc", "id": "d%d" % i}, "attrs": {"owner": {"__entity": {"type": "User", "id": "u%d" % i}}, "public": False},
                    "parents": [{"type": "Folder", "id": "f%d" % i}]})
    return json.dumps(out)


def configuration(n: int) -> str:
    """The configuration of rune that has the same."""
    return 'version = "rune/1.0"\n[policies]\n%s[entities]\n%s\n' % (policies(n), entities())
