"""The command line of ``python -m rdb.pdb``."""

from __future__ import annotations

import itertools
import sys

from rdb._pdb.base import MINOR
from rdb._pdb.debugger import Pdb
from rdb._pdb.errors import Restart
from rdb._pdb.targets import ModuleTarget, ScriptTarget, ZipTarget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rdb._pdb.targets import Target

__all__ = ["USAGE", "main", "parse_args"]

USAGE = """\
Debug the Python program given by pyfile. Additional arguments are passed to
the program as sys.argv.

The commands of the .pdbrc files in the home directory and in this one run
first, then those that -c names. To run until a line, say -c 'until 42'.
"""


def parse_args() -> tuple[Any, list[str]]:
    """Returns the options, and what is behind them: the program and its arguments."""
    import argparse

    extra: dict[str, Any] = {"color": True} if MINOR >= 14 else {}
    parser = argparse.ArgumentParser(
        usage="%(prog)s [-h] [-c command] (-m module | pyfile) [args ...]",
        description=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        prog="pdb" if MINOR < 14 else None,
        **extra,
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
    opts, args = parser.parse_known_args()
    if not args:
        parser.add_argument("-m", metavar="module", dest="module")
        parser.print_help()
        sys.exit(2)
    if args[0] == "-m":
        parser.add_argument("-m", metavar="module", dest="module")
        opts.module = parser.parse_args(args[:2]).module
        args = args[2:]
    elif args[0] == "--":
        args.pop(0)
        if not args:
            parser.error("missing script or module to run")
    elif args[0].startswith("-"):
        invalid = itertools.takewhile(lambda word: word.startswith("-"), args)
        parser.error(f"unrecognized arguments: {' '.join(invalid)}")
    return opts, args


def main() -> None:
    """Runs a program again and again, until the user leaves."""
    opts, args = parse_args()
    target: Target
    module = getattr(opts, "module", None)
    if module is not None:
        program, target = module, ModuleTarget(module)
    else:
        program = args.pop(0)
        target = ZipTarget(program) if program.endswith(".pyz") else ScriptTarget(program)
    sys.argv[:] = [program, *args]
    pdb = Pdb(mode="cli", backend="monitoring", colorize=True)
    pdb.rcLines.extend(opts.commands)
    while run_once(pdb, target):
        pass


def run_once(pdb: Pdb, target: Target) -> bool:
    """Runs the program to its end, and returns whether it is to run again."""
    try:
        pdb._run(target)
    except Restart:
        announce(target)
    except SystemExit as status:
        print("The program exited via sys.exit(). Exit status:", end=" ")
        print(status)
    except BaseException as error:
        show_traceback(error)
        print("Uncaught exception. Entering post mortem debugging")
        print("Running 'cont' or 'step' will restart the program")
        try:
            pdb.interaction(None, error if MINOR >= 13 else error.__traceback__)
        except Restart:
            announce(target)
            return True
        if MINOR < 14 and not pdb._user_requested_quit:
            print(f"Post mortem debugger finished. The {target} will be restarted")
            return True
    if pdb._user_requested_quit:
        return False
    print("The program finished and will be restarted")
    return True


def announce(target: Target) -> None:
    """Says that the program starts again."""
    print("Restarting", target, "with arguments:")
    print("\t" + " ".join(sys.argv[1:]))


def show_traceback(error: BaseException) -> None:
    """Shows the exception that ended the program."""
    import traceback

    if MINOR < 13:
        traceback.print_exception(error)
        return
    import _colorize

    traceback.print_exception(error, colorize=_colorize.can_colorize())  # type: ignore[call-overload]
