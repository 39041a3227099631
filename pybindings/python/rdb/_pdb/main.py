"""The command line of ``python -m rdb.pdb``."""

from __future__ import annotations

import sys

from rdb._pdb import quirks
from rdb._pdb.debugger import Pdb
from rdb._pdb.errors import Restart
from rdb._pdb.options import parse_args
from rdb._pdb.targets import ModuleTarget, ScriptTarget, ZipTarget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rdb._pdb.targets import Target

__all__ = ["main"]


def main() -> None:
    """Runs a program again and again, until the user leaves."""
    options = parse_args()
    if options.pid is not None:
        from rdb._pdb import remote

        remote.main(options.pid, options.commands)
        return
    target: Target
    if options.module is not None:
        program, target = options.module, ModuleTarget(options.module)
    else:
        program = options.args.pop(0)
        target = ZipTarget(program) if program.endswith(".pyz") else ScriptTarget(program)
    sys.argv[:] = [program, *options.args]
    pdb = Pdb(mode="cli", backend="monitoring", colorize=True)
    pdb.rcLines.extend(options.commands)
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
        if quirks.SYNTAX_ERRORS_LEAVE and isinstance(error, SyntaxError):
            show_traceback(error)
            sys.exit(1)
        show_traceback(error)
        print("Uncaught exception. Entering post mortem debugging")
        print("Running 'cont' or 'step' will restart the program")
        try:
            pdb.interaction(None, error if quirks.HAS_CHAINS else error.__traceback__)
        except Restart:
            announce(target)
            return True
        if quirks.ANNOUNCES_END_OF_POST_MORTEM and not pdb._user_requested_quit:
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

    if not quirks.TRACEBACKS_HAVE_COLOURS:
        traceback.print_exception(error)
        return
    import _colorize  # type: ignore[import-not-found]

    traceback.print_exception(error, colorize=_colorize.can_colorize())  # type: ignore[call-overload]
