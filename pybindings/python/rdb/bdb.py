"""The debugger framework `bdb`, with its decisions made in Rust.

`Bdb` has the methods and attributes of the standard library's class, and a subclass overrides them in the same way.
Where versions of bdb differ, it does what the bdb of the running Python does. Errors about breakpoints are returned as
text, as bdb does.

Example:
    >>> class Lines(Bdb):
    ...     def user_line(self, frame):
    ...         print(frame.f_lineno)
    ...         self.set_step()
    >>> Lines().run("x = 1")
    1
"""

# ruff: noqa: A002
# The names of arguments are those of bdb.

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from rdb._rdb import _BdbBase, _BreakpointBase, checkfuncname, effective, quit_exceptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from types import CodeType, FrameType, TracebackType
    from typing import TextIO

__all__ = ["Bdb", "BdbQuit", "Breakpoint", "checkfuncname", "effective", "set_trace"]  # noqa: F822 (`__getattr__` has it)

_BACKENDS = ("settrace", "monitoring")


class Bdb(_BdbBase):
    """A debugger without a user interface: subclasses give it one by overriding the ``user_*`` methods.

    Args:
        skip (Iterable[str]): Globs of module names. No step ends in a frame whose ``__name__`` in the globals matches.
        backend (str): ``"settrace"`` or ``"monitoring"``, as bdb has since 3.14. Both trace alike here.

    Raises:
        ValueError: There is no such backend.
    """

    frame_trace_lines_opcodes: dict[FrameType, tuple[bool, bool]]

    def __init__(self, skip: Iterable[str] | None = None, backend: str = "settrace") -> None:
        if backend not in _BACKENDS:
            raise ValueError(f"Invalid backend '{backend}'")
        self.skip = set(skip) if skip else None
        self.breaks = {}
        self.fncache = {}
        self.frame_trace_lines_opcodes = {}
        self.backend = backend
        self._load_breaks()

    def set_enterframe(self, frame: FrameType | None) -> AbstractContextManager[None]:
        """Returns a context in which `enterframe` is this frame, as while an event of it is served."""
        return _Entered(self, frame)

    def set_break(
        self, filename: str, lineno: int, temporary: bool = False, cond: str | None = None, funcname: str | None = None
    ) -> str | None:
        """Sets a breakpoint. Returns None, or why it could not be set."""
        import linecache

        filename = self.canonic(filename)
        if not linecache.getline(filename, lineno):
            return f"Line {filename}:{lineno} does not exist"
        self._add_to_breaks(filename, lineno)
        Breakpoint(filename, lineno, temporary, cond, funcname)
        self._wake_frames(filename, lineno)
        self._follow_breaks()
        return None

    def _wake_frames(self, filename: str, lineno: int) -> None:
        """Makes the frames on the stack that hold a line report their lines."""
        frame = self.enterframe
        while frame is not None:
            code = frame.f_code
            if self.canonic(code.co_filename) == filename and any(line == lineno for _, _, line in code.co_lines()):
                frame.f_trace = self.trace_dispatch
            frame = frame.f_back

    def _add_to_breaks(self, filename: str, lineno: int) -> None:
        lines = self.breaks.setdefault(filename, [])
        if lineno not in lines:
            lines.append(lineno)

    def _load_breaks(self) -> None:
        """Takes over the breakpoints that other instances have set."""
        for filename, lineno in Breakpoint.bplist:
            self._add_to_breaks(filename, lineno)

    def _prune_breaks(self, filename: str, lineno: int) -> None:
        """Forgets a line if no breakpoint is left on it."""
        lines = self.breaks.get(filename)
        if lines is None:
            return
        if (filename, lineno) not in Breakpoint.bplist and lineno in lines:
            lines.remove(lineno)
        if not lines:
            del self.breaks[filename]
        self._follow_breaks()

    def clear_break(self, filename: str, lineno: int) -> str | None:
        """Deletes the breakpoints on a line. Returns None, or why there is nothing to delete."""
        filename = self.canonic(filename)
        if filename not in self.breaks:
            return f"There are no breakpoints in {filename}"
        if lineno not in self.breaks[filename]:
            return f"There is no breakpoint at {filename}:{lineno}"
        self._delete_on(filename, lineno)
        self._prune_breaks(filename, lineno)
        return None

    def clear_bpbynumber(self, arg: int | str) -> str | None:
        """Deletes a breakpoint by its number. Returns None, or what is wrong with the number."""
        try:
            breakpoint_ = self.get_bpbynumber(arg)
        except ValueError as error:
            return str(error)
        breakpoint_.deleteMe()
        self._prune_breaks(breakpoint_.file, breakpoint_.line)
        return None

    def clear_all_file_breaks(self, filename: str) -> str | None:
        """Deletes the breakpoints of a file. Returns None, or why there is nothing to delete."""
        filename = self.canonic(filename)
        if filename not in self.breaks:
            return f"There are no breakpoints in {filename}"
        for lineno in self.breaks.pop(filename):
            self._delete_on(filename, lineno)
        self._follow_breaks()
        return None

    def clear_all_breaks(self) -> str | None:
        """Deletes all breakpoints. Returns None, or why there is nothing to delete."""
        if not self.breaks:
            return "There are no breakpoints"
        for breakpoint_ in Breakpoint.bpbynumber:
            if breakpoint_ is not None:
                breakpoint_.deleteMe()
        self.breaks = {}
        self._follow_breaks()
        return None

    def _delete_on(self, filename: str, lineno: int) -> None:
        for breakpoint_ in Breakpoint.bplist.get((filename, lineno), [])[:]:
            breakpoint_.deleteMe()

    def get_bpbynumber(self, arg: int | str) -> Breakpoint:
        """Returns a breakpoint by its number.

        Raises:
            ValueError: There is no such breakpoint.
        """
        if not arg:
            raise ValueError("Breakpoint number expected")
        try:
            number = int(arg)
        except ValueError:
            raise ValueError(f"Non-numeric breakpoint number {arg}") from None
        try:
            found = Breakpoint.bpbynumber[number]
        except IndexError:
            raise ValueError(f"Breakpoint number {number} out of range") from None
        if found is None:
            raise ValueError(f"Breakpoint {number} already deleted")
        return found

    def get_break(self, filename: str, lineno: int) -> bool:
        """Returns whether there is a breakpoint on a line."""
        return lineno in self.breaks.get(self.canonic(filename), ())

    def get_breaks(self, filename: str, lineno: int) -> list[Breakpoint]:
        """Returns the breakpoints on a line."""
        filename = self.canonic(filename)
        return Breakpoint.bplist.get((filename, lineno), []) if self.get_break(filename, lineno) else []

    def get_file_breaks(self, filename: str) -> list[int]:
        """Returns the lines of a file that have breakpoints."""
        return self.breaks.get(self.canonic(filename), [])

    def get_all_breaks(self) -> dict[str, list[int]]:
        """Returns the lines that have breakpoints, by file."""
        return self.breaks

    def do_clear(self, arg: str) -> object:
        """Is called to delete a temporary breakpoint that was hit, with its number. For subclasses."""
        raise NotImplementedError("subclass of bdb must implement do_clear()")

    def get_stack(self, f: FrameType | None, t: TracebackType | None) -> tuple[list[tuple[FrameType, int]], int]:
        """Returns frames with their lines, the oldest first, and the index of `f` among them.

        The frames from the outermost debugged one to `f` come first, then those of the traceback.
        """
        if t is not None and t.tb_frame is f:
            t = t.tb_next
        stack: list[tuple[FrameType, int]] = []
        while f is not None:
            stack.append((f, f.f_lineno))
            if f is self.botframe:
                break
            f = f.f_back
        stack.reverse()
        index = max(0, len(stack) - 1)
        while t is not None:
            stack.append((t.tb_frame, t.tb_lineno))
            t = t.tb_next
        return stack, max(0, len(stack) - 1) if f is None else index

    def format_stack_entry(self, frame_lineno: tuple[FrameType, int | None], lprefix: str = ": ") -> str:
        """Returns the file, line, function, returned value and source of a frame as text."""
        import linecache
        import reprlib

        frame, lineno = frame_lineno
        filename = self.canonic(frame.f_code.co_filename)
        text = f"{filename}({lineno!r}){frame.f_code.co_name or '<lambda>'}()"
        if "__return__" in frame.f_locals:
            text += f"->{reprlib.repr(frame.f_locals['__return__'])}"
        if lineno is None:
            return f"{text}{lprefix}Warning: lineno is None"
        line = linecache.getline(filename, lineno, frame.f_globals)
        return f"{text}{lprefix}{line.strip()}" if line else text

    def disable_current_event(self) -> None:
        """Does nothing: only what can stop is reported at all."""

    def restart_events(self) -> None:
        """Does nothing: no event is ever lost."""

    def run(
        self, cmd: str | CodeType, globals: dict[str, Any] | None = None, locals: Mapping[str, Any] | None = None
    ) -> None:
        """Debugs a statement, run as `exec` runs it. Without `globals` it runs in ``__main__``."""
        names = _namespaces(globals, locals)
        self.reset()
        if isinstance(cmd, str):
            cmd = compile(cmd, "<string>", "exec")
        self.start_trace()
        try:
            exec(cmd, *names)
        except quit_exceptions():
            pass
        finally:
            self.quitting = True
            self.stop_trace()

    def runeval(
        self, expr: str | CodeType, globals: dict[str, Any] | None = None, locals: Mapping[str, Any] | None = None
    ) -> Any:
        """Debugs an expression and returns its value; None if the user has quit."""
        names = _namespaces(globals, locals)
        self.reset()
        self.start_trace()
        try:
            return eval(expr, *names)
        except quit_exceptions():
            return None
        finally:
            self.quitting = True
            self.stop_trace()

    def runctx(self, cmd: str | CodeType, globals: dict[str, Any] | None, locals: Mapping[str, Any] | None) -> None:
        """Debugs a statement in the given namespaces."""
        self.run(cmd, globals, locals)

    def runcall(self, func: Callable[..., Any], /, *args: Any, **kwds: Any) -> Any:
        """Debugs a call and returns its value; None if the user has quit."""
        self.reset()
        self.start_trace()
        result = None
        try:
            result = func(*args, **kwds)
        except quit_exceptions():
            pass
        finally:
            self.quitting = True
            self.stop_trace()
        return result


class _Entered:
    def __init__(self, debugger: Bdb, frame: FrameType | None) -> None:
        self._debugger = debugger
        self._frame = frame

    def __enter__(self) -> None:
        self._debugger.enterframe = self._frame

    def __exit__(self, *error: object) -> None:
        self._debugger.enterframe = None


class Breakpoint(_BreakpointBase):
    """A breakpoint. All debuggers of the process share them.

    Args:
        file (str): The canonical file name.
        line (int): The line.
        temporary (bool): It is to be deleted when it was hit.
        cond (str): It stops only where this expression is true.
        funcname (str): It stops at the first line of the function with this name.

    Attributes:
        next: The number of the next breakpoint.
        bplist: The breakpoints, by file and line.
        bpbynumber: The breakpoints, by number; None: deleted.
    """

    next: ClassVar[int] = 1
    bplist: ClassVar[dict[tuple[str, int], list[Breakpoint]]] = {}
    bpbynumber: ClassVar[list[Breakpoint | None]] = [None]

    def __init__(
        self, file: str, line: int, temporary: bool = False, cond: str | None = None, funcname: str | None = None
    ) -> None:
        self.file = file
        self.line = line
        self.temporary = temporary
        self.cond = cond
        self.funcname = funcname
        self.func_first_executable_line = None
        self.enabled = True
        self.ignore = 0
        self.hits = 0
        self.number = Breakpoint.next
        Breakpoint.next += 1
        self.bpbynumber.append(self)
        self.bplist.setdefault((file, line), []).append(self)

    @staticmethod
    def clearBreakpoints() -> None:  # noqa: N802
        """Forgets all breakpoints; numbers begin at 1 again."""
        Breakpoint.next = 1
        Breakpoint.bplist = {}
        Breakpoint.bpbynumber = [None]

    def deleteMe(self) -> None:  # noqa: N802
        """Deletes the breakpoint. Its number is not given again."""
        place = (self.file, self.line)
        self.bpbynumber[self.number] = None
        self.bplist[place].remove(self)
        if not self.bplist[place]:
            del self.bplist[place]

    def enable(self) -> None:
        """Lets the breakpoint stop again."""
        self.enabled = True

    def disable(self) -> None:
        """Keeps the breakpoint from stopping."""
        self.enabled = False

    def bpprint(self, out: TextIO | None = None) -> None:
        """Prints what `bpformat` returns; to `sys.stdout` unless told otherwise."""
        print(self.bpformat(), file=out or sys.stdout)

    def bpformat(self) -> str:
        """Returns all that is to be known of the breakpoint as text."""
        keep, enabled = "del" if self.temporary else "keep", "yes" if self.enabled else "no"
        text = f"{self.number:<4d}breakpoint   {keep:<5}{enabled:<5}at {self.file}:{self.line}"
        if self.cond:
            text += f"\n\tstop only if {self.cond}"
        if self.ignore:
            text += f"\n\tignore next {self.ignore} hits"
        if self.hits:
            text += f"\n\tbreakpoint already hit {self.hits} time{'s' if self.hits > 1 else ''}"
        return text

    def __str__(self) -> str:
        return f"breakpoint {self.number} at {self.file}:{self.line}"


def set_trace() -> None:
    """Starts debugging from the caller's frame, with a debugger that has no user interface."""
    Bdb().set_trace(sys._getframe(1))


def _namespaces(
    global_names: dict[str, Any] | None, local_names: Mapping[str, Any] | None
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    if global_names is None:
        import __main__

        global_names = __main__.__dict__
    return global_names, global_names if local_names is None else local_names


def __getattr__(name: str) -> Any:
    """Looks up `BdbQuit`: to import the standard library's bdb takes longer than all else here."""
    if name == "BdbQuit":
        return _quit_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _quit_class() -> type[Exception]:
    """Returns the exception by which a program is made to leave, and keeps it as `BdbQuit`.

    It is the standard library's, so that what catches that one catches ours. Where this module has taken the place of
    the standard library's, which then finds what is kept here, or where there is none, it is a class of our own.
    """
    names = globals()
    names["BdbQuit"] = type("BdbQuit", (Exception,), {"__doc__": "The program is made to leave.", "__module__": "bdb"})
    try:
        from bdb import BdbQuit
    except ImportError:
        pass
    else:
        names["BdbQuit"] = BdbQuit
    kept: type[Exception] = names["BdbQuit"]
    return kept
