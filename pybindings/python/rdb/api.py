"""What a program calls to be debugged. Thin: the extension module does the work."""

from __future__ import annotations

import sys

from rdb import _rdb
from rdb.exceptions import Quit, QuitShell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import CodeType, FrameType, TracebackType
    from typing import Any, ParamSpec, TypeVar

    Params = ParamSpec("Params")
    Result = TypeVar("Result")

__all__ = ["pm", "post_mortem", "run", "runcall", "runctx", "runeval", "set_trace_async"]


async def set_trace_async(
    *,
    header: str | None = None,
    commands: Sequence[str] | None = None,
    condition: object = None,
    frame: FrameType | None = None,
) -> None:
    """Stops in the calling coroutine, as `set_trace` does; statements with ``await`` work at the prompt.

    The event loop runs other tasks only while such a statement awaits.

    Args:
        header: Text to show before the prompt.
        commands: Debugger commands to run before the prompt, in order.
        condition: Stops only if this is true: an expression as text, which is evaluated in the frame (one that fails
            stops), a callable without arguments, or any other value. None: always.
        frame: The frame to stop in; None: the caller's.

    Example:
        >>> async def handler(queue):
        ...     item = await queue.get()
        ...     await rdb.set_trace_async()
    """
    frame = frame or sys._getframe(1)
    while (awaitable := _rdb.stop_async(frame, header, commands, condition)) is not None:
        header = commands = condition = None
        try:
            await awaitable
        except Exception as error:
            _rdb.show_error(error)


def post_mortem(error: BaseException | TracebackType | None = None) -> None:
    """Looks at the stack of an exception that was raised.

    Args:
        error: The exception, or a traceback; None: the exception that is being handled.

    Raises:
        ValueError: No exception is being handled.

    Example:
        >>> try:
        ...     1 / 0
        ... except ZeroDivisionError:
        ...     rdb.post_mortem()
    """
    if error is None:
        error = sys.exception()
    if error is None:
        raise ValueError("no exception is being handled: pass one, or its traceback")
    try:
        _rdb.post_mortem(error)
    except (Quit, QuitShell):
        return  # to the caller, as with pdb


def pm() -> None:
    """Looks at the stack of the exception that an interactive interpreter showed last.

    Raises:
        ValueError: There was none.

    Example:
        >>> rdb.pm()
    """
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if error is None:
        raise ValueError("no exception was shown yet")
    post_mortem(error)


def run(
    statement: str | CodeType,
    globals: dict[str, Any] | None = None,  # noqa: A002 - pdb's name for it
    locals: Mapping[str, Any] | None = None,  # noqa: A002
) -> None:
    """Runs statements, and stops at the first line of them.

    Args:
        statement: Source text, or a code object.
        globals: The global namespace; None: that of ``__main__``.
        locals: The local namespace; None: the global one.

    Example:
        >>> rdb.run("import tabnanny; tabnanny.check('.')")
    """
    if isinstance(statement, str):
        statement = compile(statement, "<string>", "exec", dont_inherit=True)
    _run(statement, globals, locals)


def runeval(expression: str, globals: dict[str, Any] | None = None, locals: Mapping[str, Any] | None = None) -> Any:  # noqa: A002
    """Evaluates an expression, stops at its beginning, and returns its value; None if the user quits.

    Args:
        expression: Source text.
        globals: The global namespace; None: that of ``__main__``.
        locals: The local namespace; None: the global one.

    Example:
        >>> rdb.runeval("sum(range(3))")
        3
    """
    return _run(compile(expression, "<string>", "eval", dont_inherit=True), globals, locals)


def runctx(statement: str | CodeType, globals: dict[str, Any], locals: Mapping[str, Any]) -> None:  # noqa: A002
    """Runs statements in two namespaces, as `run` does.

    Example:
        >>> rdb.runctx("print(x)", {"x": 1}, {})
    """
    run(statement, globals, locals)


def runcall(function: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs) -> Result | None:
    """Calls a function, stops at the first line of it, and returns what it returns; None if the user quits.

    Example:
        >>> rdb.runcall(shutil.which, "python")
    """
    try:
        result: Result = _rdb.run_call(function, args, kwargs)
    except Quit:
        return None
    return result


def _run(code: CodeType, global_names: dict[str, Any] | None, local_names: Mapping[str, Any] | None) -> Any:
    if global_names is None:
        global_names = sys.modules["__main__"].__dict__
    if local_names is None:
        local_names = global_names
    try:
        return _rdb.run_code(code, global_names, local_names)
    except Quit:
        return None
