"""The native half of the package.

`set_trace`, `settrace`, `gettrace`, `setprofile` and `getprofile` are part of rdb's interface; the rest serves the
Python half.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import CodeType, FrameType, TracebackType
from typing import Any, TypeAlias

from rdb.bdb import Breakpoint

_TraceFunction: TypeAlias = Callable[[FrameType, str, Any], _TraceFunction | None]
_ProfileFunction: TypeAlias = Callable[[FrameType, str, Any], object]

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

def settrace(function: _TraceFunction | None, /, *, all_threads: bool = False) -> None:
    """Sets the trace function, or takes it away.

    The contract is that of `sys.settrace` of the running Python, to the letter: the function hears `call` for each new
    scope, and what it returns (itself, another function or None) hears that scope's `line`, `return`, `exception` and
    `opcode`. It works with and without a session, on either backend.

    Args:
        function: Called with a frame, the name of the event and its argument. None: no function.
        all_threads: Sets it in every running thread too, and in those that `threading` starts later.

    Raises:
        TypeError: An argument is missing or unknown. What cannot be called fails at the first event, as with `sys`.

    Example:
        >>> def lines(frame, event, arg):
        ...     print(event, frame.f_lineno)
        ...     return lines
        >>> rdb.settrace(lines)
    """

def gettrace() -> _TraceFunction | None:
    """Returns the trace function that the program has set in this thread, or None."""

def setprofile(function: _ProfileFunction | None, /, *, all_threads: bool = False) -> None:
    """Sets the profile function, or takes it away.

    The contract is that of `sys.setprofile` of the running Python: the function hears `call`, `return`, `c_call`,
    `c_return` and `c_exception`, and what it returns is ignored.

    Args:
        function: Called with a frame, the name of the event and its argument. None: no function.
        all_threads: Sets it in every running thread too, and in those that `threading` starts later.

    Raises:
        TypeError: An argument is missing or unknown.

    Example:
        >>> calls = []
        >>> rdb.setprofile(lambda frame, event, arg: calls.append(event))
    """

def getprofile() -> _ProfileFunction | None:
    """Returns the profile function of this thread, or None."""

def stop_async(
    frame: FrameType,
    header: str | None,
    commands: Sequence[str] | None,
    condition: object,
) -> Awaitable[object] | None:
    """Stops in a coroutine. Returns what is to be awaited before it stops again; None: the program goes on."""

def post_mortem(error: BaseException | TracebackType) -> None:
    """Looks at the stack of an exception or traceback. Raises `Quit` or `Restart` if the user wants so."""

def condition_form(frame: FrameType, text: str) -> tuple[str, str]:
    """Returns the form that a condition is evaluated in, and `True`, `False` or the error it raised. For tests."""

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
    ``global_events`` (list of str), ``armed_code`` and ``events`` (int), ``watches_new_code`` (bool), ``calls`` (how
    often the interpreter has called rdb), ``allocations`` (those of Rust code so far; None in a release build).
    """

def has_stopped() -> bool:
    """Returns whether the program has stopped at all since it was started."""

def progressed() -> bool:
    """Returns whether the program has come further than its first line."""

def detached() -> bool:
    """Returns whether the program runs without rdb now: the user has sent it away, or it has failed."""

def finish() -> None:
    """Ends the session: the process is as it was without a debugger."""

def serve(channel: object, commands: Sequence[str], backend: str | None, frame: FrameType) -> None:
    """Stops the program in a frame, for the user at the other end of a channel (`rdb.remote.Channel`).

    Raises `RuntimeError` if rdb is at work here already.
    """

def startup_commands() -> list[str]:
    """Returns the commands of the user's start-up files."""

class Editor:
    """The standard streams as a console has them: with a line editor, where they are a terminal."""

    def __init__(self) -> None: ...
    def read(self, prompt: str, continuation: str, kind: str, assist: object) -> str:
        """Asks the user. `assist` has ``complete(line, cursor)`` and ``is_whole(text)``, with the cursor in bytes.

        Raises `EOFError` at the end of the input, and `KeyboardInterrupt`.
        """

    def write(self, text: str) -> None:
        """Shows text."""

    def size(self) -> tuple[int, int] | None:
        """Returns the columns and rows of the screen; None if there is none."""

    def colours(self) -> bool:
        """Returns whether colours can be shown."""

def pdb_commands() -> list[tuple[list[str], str, str, bool]]:
    """Returns the commands that pdb has too: names, usage, help, whether it makes the program go on."""

def pdb_command(pdb: object, name: str, argument: str) -> bool | None:
    """Runs a command over a debugger object. Returns True if the program is to go on."""

def pdb_statement(pdb: object, line: str) -> bool | None:
    """Runs a statement in the frame that a debugger object looks at. Returns True if it awaits."""

def pdb_read_command_list(pdb: object) -> list[str] | None:
    """Asks for a breakpoint's command list, as a debugger object keeps it. Returns None if the user gives up."""

def pdb_displays(pdb: object) -> None:
    """Shows the displayed expressions of a debugger object whose value has changed."""

def pdb_expand(line: str, aliases: dict[str, str]) -> tuple[str, str | None]:
    """Returns a line with the alias that it begins with expanded, and what follows its first ``;;``.

    Raises `ValueError` if the alias was given too little or too much.
    """

def pdb_dollars(line: str) -> str:
    """Returns a line with what pdb has for each ``$name``."""

def pdb_evaluate(frame: FrameType, expression: str) -> Any:
    """Returns the value of an expression in a frame."""

def pdb_complete(pdb: object, text: str) -> list[str]:
    """Returns what a name or dotted name can become in the frame that a debugger object looks at."""

def pdb_columns(words: list[str], columns: int) -> str:
    """Returns words in columns, each line ended."""

def pdb_manual() -> str:
    """Returns the manual as plain text."""

def pdb_colorize(source: str) -> str:
    """Returns source text with colours."""

def pdb_find_function(name: str, path: str) -> tuple[list[str], int | None]:
    """Returns the lines of a file as it is now, and the first line of the body of a function in it."""

def pdb_body_line(code: CodeType) -> int:
    """Returns the first line of the body of a code object."""

def pdb_exception_text(error: BaseException) -> str:
    """Returns an exception as pdb shows it."""

def checkfuncname(b: Breakpoint, frame: FrameType) -> bool:
    """Returns whether a breakpoint is meant for the place where the frame is.

    A breakpoint that was set by the name of a function is meant for the first line of it that runs.
    """

def effective(file: str, line: int, frame: FrameType) -> tuple[Breakpoint, bool] | tuple[None, None]:
    """Returns the breakpoint of a line that stops, and whether it may be deleted if it is temporary.

    Counts the hit of each enabled breakpoint on the way.
    """

def quit_exceptions() -> tuple[type[BaseException], ...]:
    """Returns what an ``except`` has to catch so that it catches each ``BdbQuit`` there may be by now."""

class _BreakpointBase:
    """The attributes of a `Breakpoint` that are read at each hit."""

    enabled: bool
    line: int
    func_first_executable_line: int | None
    hits: int
    ignore: int
    cond: str | None
    funcname: str | None

class _BdbState:
    """The attributes of a `Bdb`."""

    botframe: FrameType | None
    stopframe: FrameType | None
    returnframe: FrameType | None
    stoplineno: int
    quitting: bool
    enterframe: FrameType | None
    cmdframe: FrameType | None
    cmdlineno: int | None
    frame_returning: FrameType | None
    trace_opcodes: bool
    skip: set[str] | None
    breaks: dict[str, list[int]]
    fncache: dict[str, str]

class _BdbBase(_BdbState):
    """The methods of a `Bdb` that run at events."""

    def canonic(self, filename: str) -> str: ...
    def start_trace(self) -> None: ...
    def stop_trace(self) -> None: ...
    def reset(self) -> None: ...
    def trace_dispatch(self, frame: FrameType, event: str, arg: Any) -> Any: ...
    def dispatch_line(self, frame: FrameType) -> Any: ...
    def dispatch_call(self, frame: FrameType, arg: Any) -> Any: ...
    def dispatch_return(self, frame: FrameType, arg: Any) -> Any: ...
    def dispatch_exception(self, frame: FrameType, arg: Any) -> Any: ...
    def dispatch_opcode(self, frame: FrameType, arg: Any) -> Any: ...
    def is_skipped_module(self, module_name: str | None) -> bool: ...
    def stop_here(self, frame: FrameType) -> bool: ...
    def break_here(self, frame: FrameType) -> bool: ...
    def break_anywhere(self, frame: FrameType) -> bool: ...
    def user_call(self, frame: FrameType, argument_list: Any) -> None: ...
    def user_line(self, frame: FrameType) -> None: ...
    def user_return(self, frame: FrameType, return_value: Any) -> None: ...
    def user_exception(
        self, frame: FrameType, exc_info: tuple[type[BaseException], BaseException, TracebackType | None]
    ) -> None: ...
    def user_opcode(self, frame: FrameType) -> None: ...
    def set_step(self) -> None: ...
    def set_stepinstr(self) -> None: ...
    def set_next(self, frame: FrameType) -> None: ...
    def set_until(self, frame: FrameType, lineno: int | None = None) -> None: ...
    def set_return(self, frame: FrameType) -> None: ...
    def set_trace(self, frame: FrameType | None = None) -> None: ...
    def set_continue(self) -> None: ...
    def set_quit(self) -> None: ...
    def _set_stopinfo(
        self,
        stopframe: FrameType | None,
        returnframe: FrameType | None,
        stoplineno: int = 0,
        opcode: bool = False,
        cmdframe: FrameType | None = None,
        cmdlineno: int | None = None,
    ) -> None: ...
    def _follow_breaks(self) -> None: ...
    def _set_trace_opcodes(self, trace_opcodes: bool) -> None: ...
    def _set_caller_tracefunc(self, current_frame: FrameType) -> None: ...
