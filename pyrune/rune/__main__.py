"""``python -m rune``: the command line, as the binary ``rune`` has it."""

import sys

from ._command import main

sys.exit(main())
