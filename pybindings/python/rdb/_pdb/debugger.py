"""The class `Pdb`: the state that users and derived classes see, and what happens at a stop."""

from __future__ import annotations

import os
import signal
import sys

from rdb import _rdb
from rdb._pdb import quirks
from rdb._pdb.awaiting import Awaiting
from rdb._pdb.chain import Chain
from rdb._pdb.commands import RESUMING, add_commands
from rdb._pdb.completing import Completing, MultiLine, PythonCompletion, prepare_readline, python_completer
from rdb._pdb.errors import Restart, Text
from rdb._pdb.evaluating import Evaluating
from rdb._pdb.failing import Failing
from rdb._pdb.help import Help
from rdb._pdb.loop import Loop
from rdb._pdb.places import Places
from rdb._pdb.pyrepl import open_input
from rdb._pdb.show import Show
from rdb.bdb import Bdb, Breakpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType, TracebackType
    from typing import Any, TextIO

    from rdb._pdb.targets import Target

__all__ = ["Pdb"]

STATUS = "_pdbcmd_print_frame_status"


class Pdb(Failing, Chain, Evaluating, Show, Places, Help, Completing, Awaiting, Bdb, Loop):
    """A debugger with the commands and the interface of ``pdb.Pdb``.

    Args:
        completekey: The readline name of the key that completes.
        stdin: Where lines come from; None: ``sys.stdin``.
        stdout: Where text goes; None: ``sys.stdout``.
        skip: Globs of the names of modules that are not stepped into.
        nosigint: Leaves Ctrl-C to the program.
        readrc: Reads the ``.pdbrc`` files.
        mode: ``cli`` or ``inline``, where it was started so.
        backend: ``settrace`` or ``monitoring``.
        colorize: Shows source text in colours, where the stream can.

    Example:
        >>> Pdb(skip=["django.*"]).set_trace()
    """

    MAX_CHAINED_EXCEPTION_DEPTH = 999
    commands_resuming = RESUMING
    _previous_sigint_handler: Any = None
    _last_pdb_instance: Pdb | None = None
    _breakpoint_class = Breakpoint
    _recursive_class: type[Pdb]
    """The class of the debugger that `debug` makes."""

    def __init__(
        self,
        completekey: str = "tab",
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        skip: Iterable[str] | None = None,
        nosigint: bool = False,
        readrc: bool = True,
        mode: str | None = None,
        backend: str | None = None,
        colorize: bool = False,
    ) -> None:
        Bdb.__init__(self, skip, backend or default_backend())
        Loop.__init__(self, completekey, stdin, stdout)
        sys.audit("pdb.Pdb")
        foreign = bool(stdout) if quirks.STDOUT_IS_NO_TERMINAL else stdin is not None and stdin is not sys.stdin
        if foreign:
            self.use_rawinput = 0
        self.prompt = "(Pdb) "
        self._prepare_input()
        self.mode = mode
        self.nosigint = nosigint
        self.colorize = colorize and can_colorize(stdout or sys.stdout)
        self.aliases: dict[str, str] = {}
        self.displaying: dict[FrameType, dict[str, Any]] = {}
        self.commands: dict[int, list[str]] = {}
        self.commands_defining = False
        self.commands_bnum: int | None = None
        self.mainpyfile = ""
        self.allow_kbdint = False
        self.tb_lineno: dict[FrameType, int] = {}
        self.curframe: Any = None
        self.rcLines: list[str] = read_rc() if readrc else []
        self.async_shim_frame: FrameType | None = None
        self.async_awaitable: Any = None
        self._wait_for_mainpyfile = False
        self._user_requested_quit = False
        self._chained_exceptions: tuple[BaseException, ...] = ()
        self._chained_exception_index = 0
        self._current_task: Any = None
        self.forget()

    def _prepare_input(self) -> None:
        """Makes the terminal ready for lines to be edited on it."""
        prepare_readline()
        self.pyrepl_input = open_input(self)

    # What the stops call.

    def set_trace(self, frame: FrameType | None = None, *, commands: Iterable[str] | None = None) -> None:
        """Stops in a frame; None: in the caller's. The commands run before the prompt."""
        Pdb._last_pdb_instance = self
        if commands is not None:
            self.rcLines.extend(commands)
        super().set_trace(sys._getframe().f_back if frame is None else frame)

    def user_call(self, frame: FrameType, argument_list: Any) -> None:  # noqa: ARG002 - bdb's interface
        """Stops where a function begins."""
        if not self._wait_for_mainpyfile and self.stop_here(frame):
            self.message("--Call--")
            self.interaction(frame, None)

    def user_line(self, frame: FrameType) -> None:
        """Stops where a line begins."""
        if self._wait_for_mainpyfile:
            if self.mainpyfile != self.canonic(frame.f_code.co_filename):
                return
            self._wait_for_mainpyfile = False
        if getattr(self, "trace_opcodes", False) and frame.f_lineno is None:
            self.set_stepinstr()  # an instruction without a line is no place to stop
            return
        self.bp_commands(frame)
        self.interaction(frame, None)

    if quirks.HAS_OPCODES:
        user_opcode = user_line

    def user_return(self, frame: FrameType, return_value: Any) -> None:
        """Stops where a function returns."""
        if self._wait_for_mainpyfile:
            return
        frame.f_locals["__return__"] = return_value
        self.set_convenience_variable(frame, "_retval", return_value)
        self.message("--Return--")
        self.interaction(frame, None)

    def user_exception(self, frame: FrameType, exc_info: tuple[Any, Any, Any]) -> None:
        """Stops where an exception passes."""
        if self._wait_for_mainpyfile:
            return
        kind, error, traceback = exc_info
        frame.f_locals["__exception__"] = kind, error
        self.set_convenience_variable(frame, "_exception", error)
        # Without a traceback nothing was raised: the interpreter ends a loop over a generator.
        internal = "Internal " if traceback is None and kind is StopIteration else ""
        self.message(internal + self._format_exc(error))
        self.interaction(frame, traceback)

    def bp_commands(self, frame: FrameType) -> bool:  # noqa: ARG002 - pdb's interface
        """Queues the commands of the breakpoint that was hit. Returns whether the user is to be asked: always."""
        number = getattr(self, "currentbp", 0)
        if not number or number not in self.commands:
            return True
        self.currentbp = 0
        self.cmdqueue.extend(self.commands[number])
        self.cmdqueue.append(f"_pdbcmd_restore_lastcmd {self.lastcmd}")
        return True

    def interaction(self, frame: FrameType | None, tb_or_exc: TracebackType | BaseException | None) -> None:
        """Talks to the user about a frame, a traceback or an exception, until the program is to go on."""
        restore_sigint()
        self._current_task = current_task()
        if isinstance(tb_or_exc, BaseException) or quirks.HAS_CHAINS:
            exceptions, traceback = self._get_tb_and_exceptions(tb_or_exc)
            with self._hold_exceptions(exceptions):
                self._converse(frame, traceback)
        else:
            # A derived debugger may hold the exceptions itself, which pdb did not yet.
            self._converse(frame, tb_or_exc)

    def _converse(self, frame: FrameType | None, traceback: TracebackType | None) -> None:
        self.setup(frame, traceback)
        # The place is shown if the user is asked at all, and right before that.
        self.cmdqueue.append(STATUS)
        self._cmdloop()
        if self.cmdqueue and self.cmdqueue[-1] == STATUS:
            self.cmdqueue.pop()
        self.forget()

    def _cmdloop(self) -> None:
        while True:
            try:
                self.allow_kbdint = True
                self.cmdloop()
                self.allow_kbdint = False
                return
            except KeyboardInterrupt:
                self.message("--KeyboardInterrupt--")

    def reset(self) -> None:
        """Forgets the stop."""
        Bdb.reset(self)
        self.forget()

    def forget(self) -> None:
        """Lets go of the frames of a stop."""
        if self.curframe is not None:
            self.curframe.f_globals.pop("__pdb_convenience_variables", None)
        self.lineno: int | None = None
        self.stack: list[tuple[FrameType, int]] = []
        self.curindex = 0
        self.curframe = None
        self.tb_lineno.clear()

    def setup(self, frame: FrameType | None, tb: TracebackType | None) -> None:
        """Looks at the stack of a stop."""
        self.forget()
        self.stack, self.curindex = self.get_stack(frame, tb)
        while tb is not None:
            self.tb_lineno[tb.tb_frame] = tb.tb_lineno
            tb = tb.tb_next
        self.curframe = self.stack[self.curindex][0]
        if quirks.CACHES_LOCALS:
            self.curframe_locals = self.curframe.f_locals
        self._note_conveniences()
        self._save_initial_file_mtime(self.curframe)
        if self.rcLines:
            lines = [line.rstrip("\r\n") for line in self.rcLines]
            self.cmdqueue = [line for line in lines if line.strip() and not line.strip().startswith("#")]
            self.rcLines = []

    def _note_conveniences(self) -> None:
        self.set_convenience_variable(self.curframe, "_frame", self.curframe)
        if self._current_task is not None:
            self.set_convenience_variable(self.curframe, "_asynctask", self._current_task)
        if self._chained_exceptions:
            exception = self._chained_exceptions[self._chained_exception_index]
            self.set_convenience_variable(self.curframe, "_exception", exception)

    def set_convenience_variable(self, frame: FrameType, name: str, value: Any) -> None:
        """Sets what ``$name`` stands for."""
        frame.f_globals.setdefault("__pdb_convenience_variables", {})[name] = value

    # How lines are run.

    def precmd(self, line: str) -> str:
        """Expands aliases, keeps what follows ``;;`` for later, and reads ``$name``."""
        if not line.strip():
            return line
        try:
            line, rest = _rdb.pdb_expand(line, self.aliases)
        except ValueError as error:
            self.error(str(error))
            return "!"
        if rest is not None:
            self.cmdqueue.insert(0, rest)
        return _rdb.pdb_dollars(line) if "$" in line and quirks.HAS_CONVENIENCE_VARIABLES else line

    def onecmd(self, line: str) -> Any:
        """Runs a line as if it was typed, and returns whether the loop ends."""
        return self._try(self._run_line, line, None, line)

    def _run_line(self, line: str) -> Any:
        if line.startswith("_pdbcmd"):
            command, argument, _ = self.parseline(line)
            if hasattr(self, command or ""):
                return getattr(self, command or "")(argument)
        return Loop.onecmd(self, line)

    def default(self, line: str) -> Any:
        """Runs a statement in the frame that is looked at."""
        return _rdb.pdb_statement(self, line[1:].strip() if line.startswith("!") else line)

    def _run_command(self, name: str, argument: str) -> Any:
        return _rdb.pdb_command(self, name, argument)

    def _pdbcmd_print_frame_status(self, _argument: str) -> None:
        if quirks.STATUS_IS_A_TRACE:
            self.print_stack_trace(0)
        else:
            self.print_stack_entry(self.stack[self.curindex])
        self._validate_file_mtime()
        self._show_display()

    def _pdbcmd_silence_frame_status(self, _argument: str) -> None:
        if self.cmdqueue and self.cmdqueue[-1] == STATUS:
            self.cmdqueue.pop()

    def _pdbcmd_restore_lastcmd(self, argument: str) -> None:
        self.lastcmd = argument

    # What the commands in Rust ask for.

    def _ask(self, prompt: str, kind: str) -> str | None:
        """Returns a line that a command wants; None: there are no more."""
        if kind == "commands" and self.cmdqueue:
            return self.cmdqueue.pop(0)
        if kind == "interact":
            return self._ask_python(prompt)
        if kind == "confirm":
            return read_raw(prompt)
        with MultiLine(self):
            return self._read(prompt)

    def _ask_python(self, prompt: str) -> str | None:
        """Returns a line for the interactive interpreter."""
        if self.pyrepl_input is not None:
            return self.pyrepl_input.python(prompt, python_completer(self))
        with PythonCompletion(self):
            return read_raw(prompt)

    def _read(self, prompt: str) -> str | None:
        if self.pyrepl_input is not None:
            return self.pyrepl_input.command(prompt)
        return Loop._read(self, prompt)

    def _look_at(self, number: int) -> None:
        """Looks at another frame of the stack."""
        self.curindex = number
        self.curframe = self.stack[number][0]
        if quirks.CACHES_LOCALS:
            self.curframe_locals = self.curframe.f_locals
        self.set_convenience_variable(self.curframe, "_frame", self.curframe)
        self.lineno = None

    def _jumped(self, number: int, line: int) -> None:
        self.stack[number] = self.stack[number][0], line

    def _go_on(self, how: str, detail: Any) -> None:
        """Lets the program go on."""
        if how == "continue":
            self._hear_sigint()
            self.set_continue()
        elif how == "quit":
            self._quit()
        elif how == "restart":
            if detail is not None:
                sys.argv = sys.argv[:1] + detail
            raise Restart
        elif how in ("step", "stepinstr"):
            getattr(self, "set_" + how)()
        elif how == "until":
            self.set_until(self.curframe, detail)
        else:
            getattr(self, "set_" + how)(self.curframe)

    def do_EOF(self, arg: str) -> Any:  # noqa: N802 - the name of the command
        if not quirks.EOF_IS_QUIT:
            return self._run_command("EOF", arg)
        self.message("")
        return self.do_quit(arg)  # type: ignore[attr-defined]

    def _quit(self) -> None:
        if self.mode == "inline" and not hasattr(sys, "ps1"):
            sys.exit(1)
        self._user_requested_quit = True
        self.set_quit()

    def do_break(self, arg: str, temporary: bool = False) -> Any:
        return self._run_command("tbreak" if temporary else "break", arg)

    def do_tbreak(self, arg: str) -> Any:
        return self.do_break(arg, True)

    def do_debug(self, arg: str) -> Any:  # its docstring is in the table of commands
        # Others run this code with globals in which `Pdb` is a class of theirs: it must not be a closure.
        self._recursive_class = Pdb
        return self._run_command("debug", arg)

    def _debug(self, source: str, frame: FrameType) -> None:
        """Runs a statement in a debugger inside this one."""
        self.stop_trace()
        inner = self._create_recursive_debugger()
        inner.prompt = f"({self.prompt.strip()}) "
        try:
            sys.call_tracing(inner.run, (source, frame.f_globals, frame.f_locals))
        finally:
            self.start_trace()
            self.lastcmd = inner.lastcmd

    def _create_recursive_debugger(self) -> Pdb:
        return self._recursive_class(self.completekey, self.stdin, self.stdout)

    def _show_value(self, value: object) -> None:
        """Shows the value of a statement; that of one that was awaited is not shown, as in pdb."""
        if self.async_awaitable is None:
            self.displayhook(value)

    def _text(self, text: str) -> Text:
        return Text(text)

    # Ctrl-C.

    def sigint_handler(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's interface
        """Stops a program that runs."""
        if self.allow_kbdint:
            raise KeyboardInterrupt
        self.message("\nProgram interrupted. (Use 'cont' to resume).")
        self.set_step()
        self.set_trace(frame)

    def _hear_sigint(self) -> None:
        if self.nosigint:
            return
        try:
            Pdb._previous_sigint_handler = signal.signal(signal.SIGINT, self.sigint_handler)
        except ValueError:
            return  # only the main thread may

    # A program of its own.

    def _run(self, target: Target) -> None:
        """Runs a program from its beginning."""
        import __main__

        self._wait_for_mainpyfile = True
        self._user_requested_quit = False
        self.mainpyfile = self.canonic(target.filename)
        __main__.__dict__.clear()
        __main__.__dict__.update(target.namespace)
        self._file_mtime_table.clear()
        self.run(target.code)


Pdb._recursive_class = Pdb
add_commands(Pdb)

# The class is part of `rdb.pdb`. By its name `rdb.bdb` knows this method, which does nothing unless a step ends there.
Pdb.__module__ = Pdb.user_call.__module__ = "rdb.pdb"


def default_backend() -> str:
    """Returns the backend of a `Pdb` that is not told which."""
    from rdb import pdb

    return pdb.get_default_backend()


def read_raw(prompt: str) -> str | None:
    """Returns a line of standard input; None: there are no more."""
    try:
        return input(prompt)
    except EOFError:
        return None


def read_rc() -> list[str]:
    """Returns the lines of the start-up files."""
    lines: list[str] = []
    paths = [os.path.expanduser("~/.pdbrc"), os.path.abspath(".pdbrc")]
    if quirks.ASKS_ONCE_FOR_RC and paths[0] == paths[1]:
        del paths[1]
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                lines.extend(file)
        except OSError:
            continue
    return lines


def restore_sigint() -> None:
    """Gives Ctrl-C back to whom it belonged before the program went on."""
    if Pdb._previous_sigint_handler:
        try:
            signal.signal(signal.SIGINT, Pdb._previous_sigint_handler)
        except ValueError:
            return  # only the main thread may
        Pdb._previous_sigint_handler = None


def current_task() -> Any:
    """Returns the running asyncio task, if there is one; does not import asyncio."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def can_colorize(stream: TextIO) -> bool:
    """Returns whether a stream shows colours."""
    if not quirks.HAS_COLOURS:
        return False
    import _colorize  # type: ignore[import-not-found]

    return bool(_colorize.can_colorize(file=stream))
