"""The commands of ``python -m rune``, with the flags, output and exit statuses of the binary ``rune``."""

from __future__ import annotations

import os
import sys
from typing import List, Optional

from ._flags import PROGRAM, Usage
from ._output import Output, Status


def main(args: Optional[List[str]] = None) -> int:
    """Runs a command line, and gives the exit status: 0 done, 1 what was asked about isn't well, 2 wrong usage or an error."""
    from ._root import command  # after all that could fail early
    out = Output()
    try:
        try:
            status = command(out, sys.argv[1:] if args is None else args)
            out.flush()
        except Status as s:
            status = s.code
            out.flush()
        except Usage as u:
            out.flush()
            out.error("%s: %s\nSee '%s --help'.\n" % (u.command, u, u.command))
            status = 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else the interpreter says it once more when it ends
        out.error("%s: write the result: broken pipe\n" % PROGRAM)
        status = 2
    except KeyboardInterrupt:
        status = 130
    return status
