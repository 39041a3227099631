"""The native half of the package. `set_trace` is part of rdb's interface; the rest serves the Python half."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import CodeType, FrameType, TracebackType
from typing import Any

__version__: str

def set_trace(
    *,
    header: str | None = None,
    commands: Sequence[str] | None = None,
    condition: object = None,
    frame: FrameType | None = None,
) -> None:
    """Stops the calling thread at the call, with all frames as they are.

    Breakpoints, aliases and displayed expressions live on from one call to the next.

    Args:
        header: Text to show before the prompt.
        commands: Debugger commands to run before the prompt, in order.
        condition: Stops only if this is true: an expression as text, which is evaluated in the frame (one that fails
            stops), a callable without arguments, or any other value. None: always.
        frame: The frame to stop in; None: the caller's.

    Raises:
        TypeError: An argument is of another type.

    Example:
        >>> for item in items:
        ...     rdb.set_trace(condition="item.price < 0", commands=["p item"])
    """

def stop_async(
    frame: FrameType,
    header: str | None,
    commands: Sequence[str] | None,
    condition: object,
) -> Awaitable[object] | None:
    """Stops in a coroutine. Returns what is to be awaited before it stops again; None: the program goes on."""

def post_mortem(error: BaseException | TracebackType) -> None:
    """Looks at the stack of an exception or traceback. Raises `Quit` or `Restart` if the user wants so."""

def start(backend: str | None, commands: Sequence[str], rc: bool) -> None:
    """Starts the session of a command line, with its console."""

def backend_info(backend: str | None) -> tuple[str, str]:
    """Returns the name of the backend that a choice leads to, and why."""

def run_program(code: CodeType, namespace: dict[str, Any]) -> BaseException | None:
    """Runs a program, stopping at its first line, and returns the exception that ended it.

    Raises `Quit` or `Restart` if the user wants so.
    """

def run_code(code: CodeType, globals: dict[str, Any], locals: Mapping[str, Any]) -> Any:  # noqa: A002
    """Runs a code object, stopping at its first line, and returns its value."""

def run_call(function: Callable[..., Any], args: tuple[object, ...], kwargs: dict[str, Any]) -> Any:
    """Calls a function, stopping at its first line, and returns its value."""

def show_traceback(error: BaseException) -> None:
    """Shows an exception and its traceback as Python does at the end of a program."""

def show_error(error: BaseException) -> None:
    """Shows an exception as the error of a statement."""

def message(text: str) -> None:
    """Shows a line of text."""

def restarting(program: str, args: Sequence[str]) -> None:
    """Tells that the program starts again."""

def forget_run() -> None:
    """Forgets what is known of the last run: the program is about to be read anew."""

def session_state() -> dict[str, Any] | None:
    """Returns what rdb asks of the interpreter; None before there is a session.

    The keys: ``backend`` and ``reason`` (str), ``tool`` (the tool id in `sys.monitoring`, or None), ``active`` (bool),
    ``global_events`` (list of str), ``armed_code`` and ``events`` (int), ``watches_new_code`` (bool).
    """

def has_stopped() -> bool:
    """Returns whether the program has stopped at all since it was started."""

def progressed() -> bool:
    """Returns whether the program has come further than its first line."""

def detached() -> bool:
    """Returns whether the program runs without rdb now: the user has sent it away, or it has failed."""

def finish() -> None:
    """Ends the session: the process is as it was without a debugger."""
