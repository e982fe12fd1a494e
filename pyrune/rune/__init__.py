"""RUNE decides whether a principal may do an action on a resource, from Datalog rules and Cedar policies, in a sandbox in this process.

    import rune

    engine = rune.Engine.from_file("config.rune")
    if engine.authorize("user:alice", "read", "file:/tmp/data.txt"): ...

    @rune.enforce(action="execute", resource_type="function")
    def sensitive_operation(): ...

Errors::

    Exception
    ├── RuneError                what went wrong, with code, place and diagnostics
    │   ├── ConfigError          a configuration or a scope isn't valid
    │   ├── RequestError         a request, an update or a goal isn't valid
    │   ├── LimitError           a query, load or update would take more than it may
    │   ├── EngineTrap           the sandbox died; the next call gets a new one
    │   └── ABIError             nothing is loaded, or module and package don't fit
    └── PermissionError
        └── AuthorizationDenied  raised by enforce
"""

from ._context import bind, principal
from ._enforce import enforce, set_default
from ._engine import Engine, Query
from ._errors import ABIError, AuthorizationDenied, ConfigError, Diagnostic, EngineTrap, LimitError, RequestError, RuneError
from ._observe import Call, Observer, Timing
from ._pending import Pending
from ._request import Request
from ._result import AuthorizationResult, Decision, Diagnostics, Reason
from ._scope import Scope
from ._statistics import Statistics
from ._values import Entity
from ._watch import Watcher

__all__ = [
    "ABIError", "AuthorizationDenied", "AuthorizationResult", "Call", "ConfigError", "Decision", "Diagnostic", "Diagnostics", "Engine", "EngineTrap",
    "Entity", "LimitError", "Observer", "Pending", "Query", "Reason", "Request", "RequestError", "RuneError", "Scope", "Statistics", "Timing", "Watcher", "bind", "enforce",
    "principal", "set_default",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib import metadata  # takes longer than all else here
        try:
            return metadata.version("rune-authz")
        except metadata.PackageNotFoundError:
            return "0"  # used from a folder, not installed
    raise AttributeError("module %r has no attribute %r" % (__name__, name))
