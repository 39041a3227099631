"""A drop-in for the standard library's ``pdb``, over rdb's table of commands.

``python -m rdb.pdb script.py`` is ``python -m pdb script.py``. The class `Pdb` can be derived from; what is overridden
is honoured.
"""

from __future__ import annotations

import sys

from rdb import _rdb
from rdb import bdb as bdb  # programs say `pdb.bdb.BdbQuit`
from rdb._pdb import quirks
from rdb._pdb.debugger import Pdb
from rdb._pdb.errors import Restart as Restart
from rdb._pdb.errors import Text
from rdb._pdb.main import main as main
from rdb._pdb.options import USAGE
from rdb._pdb.places import find_first_executable_line as find_first_executable_line
from rdb._pdb.places import find_function as find_function
from rdb._pdb.pyrepl import is_available
from rdb._pdb.show import LINE_PREFIX
from rdb._pdb.targets import ModuleTarget, ScriptTarget, ZipTarget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import CodeType, TracebackType
    from typing import Any

__all__ = ["Pdb", "help", "pm", "post_mortem", "run", "runcall", "runctx", "runeval", "set_trace"]
if quirks.HAS_BACKENDS:
    __all__ += ["get_default_backend", "set_default_backend"]

line_prefix = LINE_PREFIX
INTRODUCTION = """\
To debug a piece of code:

    >>> import pdb
    >>> pdb.run("a_function()")

To stop a program at a line, write `breakpoint()` there; to look at the
exception that ended one, call `pdb.pm()` in the interactive interpreter.

"""
REMOTE = {"_PdbServer": "PdbServer", "_PdbClient": "PdbClient", "_connect": "connect"}
TESTCMD = "import x; x.main()"

# Names that programs and CPython's own tests know, although they are not documented.
_ScriptTarget, _ModuleTarget, _ZipTarget = ScriptTarget, ModuleTarget, ZipTarget
_usage = USAGE
_pyrepl_available = is_available
_rstr = Text
_default_backend = "settrace"


def set_default_backend(backend: str) -> None:
    """Chooses the backend of each `Pdb` that is not told which: ``settrace`` or ``monitoring``."""
    global _default_backend
    if backend not in ("settrace", "monitoring"):
        raise ValueError(f"Invalid backend: {backend}")
    _default_backend = backend


def get_default_backend() -> str:
    """Returns the backend of each `Pdb` that is not told which."""
    return _default_backend


def run(
    statement: str | CodeType,
    globals: dict[str, Any] | None = None,  # noqa: A002 - pdb's name for it
    locals: Mapping[str, Any] | None = None,  # noqa: A002
) -> None:
    """Runs statements, and stops at the first line of them."""
    Pdb().run(statement, globals, locals)


def runeval(expression: str, globals: dict[str, Any] | None = None, locals: Mapping[str, Any] | None = None) -> Any:  # noqa: A002
    """Evaluates an expression, stops at its beginning, and returns its value."""
    return Pdb().runeval(expression, globals, locals)


def runctx(statement: str | CodeType, globals: dict[str, Any], locals: Mapping[str, Any]) -> None:  # noqa: A002
    """Runs statements in two namespaces, as `run` does."""
    run(statement, globals, locals)


def runcall(*args: Any, **kwds: Any) -> Any:
    """Calls a function, stops where it begins, and returns what it returns."""
    return Pdb().runcall(*args, **kwds)


def _inline() -> Pdb:
    """Returns the debugger of ``breakpoint()``: the one that stopped last, where breakpoints live on between calls."""
    if not quirks.KEEPS_INLINE_DEBUGGER:
        return Pdb()
    return Pdb._last_pdb_instance or Pdb(mode="inline", backend="monitoring", colorize=True)


def set_trace(*, header: str | None = None, commands: Iterable[str] | None = None) -> None:
    """Stops the program at the call.

    Args:
        header: Text to show first.
        commands: Commands to run before the prompt.
    """
    debugger = _inline()
    if header is not None:
        debugger.message(header)
    debugger.set_trace(sys._getframe().f_back, commands=commands)


async def set_trace_async(*, header: str | None = None, commands: Iterable[str] | None = None) -> None:
    """Stops the coroutine at the call; statements with ``await`` work at the prompt."""
    debugger = _inline()
    if header is not None:
        debugger.message(header)
    await debugger.set_trace_async(sys._getframe().f_back, commands=commands)


def post_mortem(t: BaseException | TracebackType | None = None) -> None:
    """Looks at the stack of an exception or traceback; None: of the exception that is being handled."""
    _post_mortem(t, Pdb())


def _post_mortem(t: BaseException | TracebackType | None, pdb_instance: Pdb) -> None:
    if t is None:
        error = sys.exception()
        t = None if error is None else error.__traceback__ if quirks.HANDLED_IS_A_TRACEBACK else error
    if t is None or (isinstance(t, BaseException) and t.__traceback__ is None):
        raise ValueError("A valid traceback must be passed if no exception is being handled")
    pdb_instance.reset()
    pdb_instance.interaction(None, t)


def pm() -> None:
    """Looks at the stack of the exception that an interactive interpreter showed last."""
    last = sys.last_exc if quirks.HAS_LAST_EXCEPTION else sys.last_traceback  # type: ignore[attr-defined]
    post_mortem(last)


def attach(pid: int, commands: Iterable[str] = ()) -> None:
    """Debugs a running process of the same Python version (3.14 and later). When the user leaves, it goes on.

    Args:
        pid: The process.
        commands: Commands to run before the prompt.
    """
    from rdb._pdb import remote

    remote.attach(pid, commands)


def exit_with_permission_help_text() -> None:
    """Says what is missing to attach to a process, and leaves."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    print(
        "Error: The specified process cannot be attached to due to insufficient permissions.\n"
        "Attach as the user that it runs as, or as root; some systems allow only root and its parent to.\n"
        "See the Python documentation for details on required privileges and troubleshooting:\n"
        f"https://docs.python.org/{version}/howto/remote_debugging.html#permission-requirements\n"
    )
    sys.exit(1)


def test() -> None:
    """Debugs a module ``x``."""
    run(TESTCMD)


def help() -> None:  # noqa: A001 - pdb's name
    """Shows the manual."""
    import pydoc

    pydoc.pager(INTRODUCTION + _rdb.pdb_manual())


def __getattr__(name: str) -> Any:
    """Looks up the ends of a remote session, which need modules that nothing else here does."""
    if name in REMOTE and quirks.HAS_REMOTE:
        from rdb._pdb import remote

        return getattr(remote, REMOTE[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    from rdb import pdb

    pdb.main()
