"""The options of ``python -m rdb.pdb``, read as the pdb of the running version reads them."""

from __future__ import annotations

import itertools
import sys

from rdb._pdb.quirks import HAS_REMOTE, OPTIONS, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any

__all__ = ["USAGE", "Options", "parse_args"]

USAGE = """\
Debug the Python program given by pyfile. Additional arguments are passed to
the program as sys.argv. With -m, a module or package is run instead.

The commands of the .pdbrc files in the home directory and in this one run
first, then those that -c names. To run until a line, say -c 'until 42'.
"""

if HAS_REMOTE:
    USAGE += """
With -p, a running process is attached to instead; `quit` leaves it running.
"""

SYNOPSIS = f"[-h] [-c command] (-m module |{' -p pid |' if HAS_REMOTE else ''} pyfile) [args ...]"


class Options:
    """What the command line says."""

    def __init__(self, commands: list[str], module: str | None, args: list[str], pid: int | None = None) -> None:
        self.commands = commands
        self.module = module
        self.args = args
        self.pid = pid


def parse_args() -> Options:
    """Returns the options; leaves if they are none."""
    if not HAS_REMOTE and is_attaching(sys.argv[1:]):
        from rdb.attaching import why_impossible

        print(f"error: {why_impossible()}", file=sys.stderr)
        sys.exit(2)
    if OPTIONS is Reader.GETOPT:
        return parse_getopt()
    if OPTIONS is Reader.ALL_AT_ONCE:
        return parse_all()
    return parse_up_to_program()


def parse_getopt() -> Options:
    """Reads options as pdb did until 3.12: ``-m`` is a flag, and the first word behind the options is the program."""
    import getopt

    opts, args = getopt.getopt(sys.argv[1:], "mhc:", ["help", "command="])
    names = {name for name, _ in opts}
    if not args or names & {"-h", "--help"}:
        print(f"usage: pdb.py {SYNOPSIS}\n\n{USAGE}")
        sys.exit(0 if args else 2)
    commands = [value for name, value in opts if name in ("-c", "--command")]
    return Options(commands, args.pop(0) if "-m" in names else None, args)


def parse_all() -> Options:
    """Reads options as pdb did in 3.13: also behind the program."""
    parser = new_parser(prog="pdb")
    parser.add_argument("-m", metavar="module", dest="module")
    parser.add_argument("args", nargs="*", help="the program and its arguments; with -m, its arguments")
    if len(sys.argv) == 1:
        parser.print_help()
        sys.exit(2)
    opts = parser.parse_args()
    if not (opts.module or opts.args):
        parser.error("no module or script to run")
    return Options(opts.commands, opts.module, opts.args)


def parse_up_to_program() -> Options:
    """Reads options as pdb does since 3.14: what is behind the program belongs to it, but for ``-c``."""
    parser = new_parser(color=True)
    opts, args = parser.parse_known_args()
    if not args:
        parser.add_argument("-m", metavar="module", dest="module")
        add_pid(parser)
        parser.print_help()
        sys.exit(2)
    module = None
    if is_attaching(args):
        add_pid(parser)
        opts, args = parser.parse_known_args()
        if args:
            parser.error(f"unrecognized arguments: {' '.join(args)}")
        return Options(opts.commands, None, [], opts.pid)
    if args[0] == "-m":
        parser.add_argument("-m", metavar="module", dest="module")
        module = parser.parse_args(args[:2]).module
        args = args[2:]
    elif args[0] == "--":
        args.pop(0)
        if not args:
            parser.error("missing script or module to run")
    elif args[0].startswith("-"):
        invalid = itertools.takewhile(lambda word: word.startswith("-"), args)
        parser.error(f"unrecognized arguments: {' '.join(invalid)}")
    return Options(opts.commands, module, args)


def is_attaching(args: list[str]) -> bool:
    """Returns whether the first argument asks for a running process."""
    return bool(args) and (args[0] == "--pid" or args[0].startswith(("-p", "--pid=")))


def add_pid(parser: ArgumentParser) -> None:
    """Makes a parser know ``-p``."""
    parser.add_argument("-p", "--pid", type=int, help="attach to the specified PID")


def new_parser(**keywords: Any) -> ArgumentParser:
    """Returns a parser that knows ``-c``."""
    import argparse

    parser = argparse.ArgumentParser(
        usage=f"%(prog)s {SYNOPSIS}",
        description=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **keywords,
    )
    parser.add_argument(
        "-c",
        "--command",
        action="append",
        default=[],
        metavar="command",
        dest="commands",
        help="pdb commands to execute as if given in a .pdbrc file",
    )
    return parser
