"""The flags of a command: how they are read and how help shows them.

argparse draws the help. It doesn't read the command line, since it takes a value that begins with - for a flag.
"""

from __future__ import annotations

import argparse
from typing import Callable, Dict, List, NamedTuple, NoReturn, Optional, Tuple

PROGRAM = "python -m rune"
BOOLEANS = {**dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True), **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False)}


class Usage(Exception):
    """A wrong way to call a command, after which its help is worth a look."""

    def __init__(self, message: str, command: str = PROGRAM) -> None:
        super().__init__(message)
        self.command = command


class Flag(NamedTuple):
    """A flag. One without ``metavar`` is a switch; ``check`` refuses values by ValueError."""

    name: str
    help: str
    metavar: str = ""
    default: str = ""
    check: Optional[Callable[[str], object]] = None


class Command(NamedTuple):
    """A command: what its help says, and what it takes."""

    name: str
    usage: str
    short: str
    long: str
    examples: str
    flags: Tuple[Flag, ...] = ()

    @property
    def path(self) -> str:
        return (PROGRAM + " " + self.name).rstrip()

    def help(self) -> str:
        """The text of --help."""
        examples = "\n".join("  %s %s" % (PROGRAM, line) if line else "" for line in self.examples.split("\n"))
        parser = argparse.ArgumentParser(prog=self.path, usage=(self.path + " " + self.usage).rstrip(), description=self.long,
                                         epilog="Examples:\n" + examples, add_help=False, formatter_class=argparse.RawDescriptionHelpFormatter)
        for flag in self.flags:
            text = flag.help.replace("%", "%%") + (" (default %s)" % flag.default if flag.default else "")
            if flag.metavar:
                parser.add_argument("--" + flag.name, metavar=flag.metavar, help=text)
            else:
                parser.add_argument("--" + flag.name, action="store_true", help=text)
        parser.add_argument("-h", "--help", action="store_true", help="show this help")
        return parser.format_help()

    def fail(self, message: str) -> NoReturn:
        raise Usage(message, self.path)

    def read(self, args: List[str]) -> Arguments:
        """Takes flags and arguments apart. Flags may stand anywhere before --."""
        found = Arguments(self)
        rest = list(reversed(args))
        while rest:
            arg = rest.pop()
            if arg == "--":
                found.positional += reversed(rest)
                break
            if not arg.startswith("-") or arg == "-":
                found.positional.append(arg)
            elif not arg.startswith("--"):
                if set(arg[1:]) != {"h"}:
                    self.fail("unknown shorthand flag: %r in %s" % (arg.lstrip("-h")[:1] or arg[1], arg))
                found.help = True
            else:
                self._flag(found, arg, rest)
        return found

    def _flag(self, found: Arguments, arg: str, rest: List[str]) -> None:
        name, equals, value = arg[2:].partition("=")
        if not name or name.startswith("-"):
            self.fail("bad flag syntax: " + arg)
        if name == "help":
            found.help = self._boolean(name, value if equals else "true")
            return
        flag = next((f for f in self.flags if f.name == name), None)
        if flag is None:
            self.fail("unknown flag: --" + name)
        if not flag.metavar:
            found.switches[name] = self._boolean(name, value if equals else "true")
            return
        if not equals:
            if not rest:
                self.fail("flag needs an argument: --" + name)
            value = rest.pop()
        if flag.check is not None:
            try:
                flag.check(value)
            except ValueError as e:
                self.fail("invalid argument %s for \"--%s\" flag: %s" % (go_quote(value), name, e))
        found.values[name] = value

    def _boolean(self, name: str, value: str) -> bool:
        if value not in BOOLEANS:
            self.fail('invalid argument %s for "--%s" flag: strconv.ParseBool: parsing %s: invalid syntax' % (go_quote(value), name, go_quote(value)))
        return BOOLEANS[value]


class Arguments:
    """What a command was given."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.positional: List[str] = []
        self.values: Dict[str, str] = {}  # of flags that were given
        self.switches: Dict[str, bool] = {}
        self.help = False

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __getitem__(self, name: str) -> str:
        """A flag's value, or its default."""
        if name in self.values:
            return self.values[name]
        return next(f.default for f in self.command.flags if f.name == name)

    def exactly(self, *names: str) -> List[str]:
        """The arguments, which are these."""
        given = self.positional
        if len(given) < len(names):
            self.command.fail(names[len(given)] + " is missing")
        if len(given) > len(names):
            self.command.fail("unexpected argument " + go_quote(given[len(names)]))
        return given

    def some(self, name: str) -> List[str]:
        """The arguments, of which there are some."""
        if not self.positional:
            self.command.fail(name + " is missing")
        return self.positional


def go_quote(text: str) -> str:
    """A string as messages quote it."""
    escapes = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", '"': r"\"", "\\": r"\\"}
    return '"%s"' % "".join([escapes.get(c) or (c if c.isprintable() else _escape(ord(c))) for c in text])


def _escape(c: int) -> str:
    if 0xDC80 <= c <= 0xDCFF:  # a byte that isn't UTF-8, as the system's strings have it
        return r"\x%02x" % (c - 0xDC00)
    if c < 0x80:
        return r"\x%02x" % c
    return r"\u%04x" % c if c < 0x10000 else r"\U%08x" % c


def one_of(*choices: str) -> Callable[[str], object]:
    """A check for a flag with a few values."""
    def check(value: str) -> None:
        if value not in choices:
            raise ValueError("it is one of " + ", ".join(choices))
    return check


def format_flag(*choices: str) -> Flag:
    """--format, whose default is the first."""
    return Flag("format", "how the result is written", "|".join(choices), choices[0], one_of(*choices))
