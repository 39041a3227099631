"""Runs a program under the debugger, again and again, until the user leaves."""

from __future__ import annotations

import os
import sys

from rdb import _rdb
from rdb.exceptions import Quit, Restart
from rdb.targets import Target, TargetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Thread
    from types import CodeType, ModuleType

__all__ = ["debug"]

HERE = os.path.dirname(__file__)
GRACE = 1.0
"""Seconds that each thread has for its clean-up when the user quits."""


def debug(target: Target, args: list[str], backend: str | None, commands: list[str], rc: bool) -> int:
    """Debugs a program, and returns rdb's exit status.

    Args:
        target: The program.
        args: Its ``sys.argv[1:]``.
        backend: ``auto``, ``monitoring`` or ``settrace``; None: what ``RDB_BACKEND`` says, else auto.
        commands: Debugger commands for the first prompt.
        rc: Whether ``.pdbrc`` and ``.rdbrc`` are read.

    Raises:
        TargetError: The program cannot be read, or not be debugged in this way.
        KeyboardInterrupt: The program has ended with it, and so the process is to end as Python ends it then.
    """
    run = Run(target, args)
    run.load()
    if isinstance(run.error, TargetError):
        raise run.error
    try:
        _rdb.start(backend, commands, rc)
    except RuntimeError as error:
        raise TargetError(f"Error: {error}") from None
    try:
        while run.once():
            run.forget()
            _rdb.forget_run()
            run.load()
    finally:
        run.forget()
        _rdb.finish()
    leave_threads(run.status)
    if run.interrupted:
        sys.excepthook = lambda *_: None  # it was shown already
        raise KeyboardInterrupt
    return run.status


class Run:
    """One run of the program after the other."""

    def __init__(self, target: Target, args: list[str]) -> None:
        self.target = target
        self.args = args
        self.status = 0
        """The exit status of the last run that came to its end; 0 once another one is on its way."""
        self.interrupted = False
        """That run has ended with `KeyboardInterrupt`."""
        self.error: BaseException | None = None
        self._program: tuple[CodeType, ModuleType] | None = None

    def load(self) -> None:
        """Reads the program anew, and sets the process up for it as Python does; `error` says if it cannot be run."""
        sys.argv[:] = [self.target.argv0(), *self.args]
        try:
            code, main = self.target.load()
        except Exception as error:  # also what a package raises that is imported on the way
            self.error = strip(error)
            return
        sys.argv[0] = self.target.argv0()  # that of a module is known only now
        sys.modules["__main__"] = main
        self._program = code, main

    def forget(self) -> None:
        """Drops what keeps objects of the last run alive."""
        self.error = self._program = None
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):
            sys.__dict__.pop(name, None)

    def once(self) -> bool:
        """Runs the program to its end, and returns whether it is to be started again."""
        try:
            self._run()
            if _rdb.detached() or (self._program and not _rdb.has_stopped()):
                # A program that never stops would be started again and again.
                self._end_plainly()
                return False
            self._end()
            _rdb.message("The program finished and will be restarted")
        except Restart as restart:
            args: object = restart.code
            if isinstance(args, list):
                self.args = args
            _rdb.restarting(self.target.shown(), self.args)
        except Quit:
            return False
        return True

    def _run(self) -> None:
        if self._program is None:
            return
        code, main = self._program
        try:
            self.error = _rdb.run_program(code, main.__dict__)
            wait_for_threads()
        except Quit:
            if _rdb.progressed():
                self._note(0)  # in mid-run, and not at the first line of a program that was started again
            raise

    def _end(self) -> None:
        """Shows how the program ended."""
        error = self.error
        if error is None:
            self._note(0)
        elif isinstance(error, SystemExit):
            self._note(exit_status(error))
            _rdb.message(f"The program exited via sys.exit(). Exit status: {error}")
        else:
            self._note(1, interrupted=isinstance(error, KeyboardInterrupt))
            self._show(error)
            _rdb.message("Uncaught exception. Entering post mortem debugging")
            _rdb.message("Running 'cont' or 'step' will restart the program")
            _rdb.post_mortem(error)

    def _end_plainly(self) -> None:
        """Ends the program as Python does without a debugger: the user has sent rdb away, or it has failed."""
        error = self.error
        if isinstance(error, SystemExit):
            self._note(exit_status(error))
            if error.code is not None and not isinstance(error.code, int):
                print(error.code, file=sys.stderr)
        elif error is not None:
            self._note(1, interrupted=isinstance(error, KeyboardInterrupt))
            self._show(error)

    def _note(self, status: int, *, interrupted: bool = False) -> None:
        self.status, self.interrupted = status, interrupted

    def _show(self, error: BaseException) -> None:
        if isinstance(error, TargetError):
            _rdb.message(str(error))
        else:
            _rdb.show_traceback(error)


def exit_status(error: SystemExit) -> int:
    """Returns the exit status that Python makes of the exception."""
    if error.code is None:
        return 0
    return error.code if isinstance(error.code, int) else 1


def strip(error: Exception) -> Exception:
    """Takes the frames of rdb and of the import system off the beginning of the traceback."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith((HERE, "<frozen ")):
        traceback = traceback.tb_next
    return error.with_traceback(traceback)


def wait_for_threads() -> None:
    """Waits for what Python waits for at its end: executors, and threads that are not daemons."""
    threading = sys.modules.get("threading")
    if threading is None:
        return
    for call in reversed(getattr(threading, "_threading_atexits", ())):
        call()
    while threads := program_threads():
        join(threads[0])
    # The process goes on, so executors must work again when the program is started again.
    for name, flag in (("concurrent.futures.thread", "_shutdown"), ("concurrent.futures.process", "_global_shutdown")):
        if name in sys.modules:
            setattr(sys.modules[name], flag, False)


def program_threads() -> list[Thread]:
    """Returns the other threads that keep the process alive."""
    threading = sys.modules["threading"]
    me = threading.current_thread()
    return [thread for thread in threading.enumerate() if thread is not me and not thread.daemon]


def join(thread: Thread, timeout: float | None = None) -> None:
    """Waits for a thread. One that is only just being started cannot be joined: waits a moment instead."""
    try:
        thread.join(timeout)
    except RuntimeError:
        import time

        time.sleep(0.01 if timeout is None else timeout)


def leave_threads(status: int) -> None:
    """Ends the process if threads of the program do not end by themselves: the user has quit."""
    if "threading" not in sys.modules:
        return
    for thread in program_threads():
        join(thread, GRACE)
    if not program_threads():
        return
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status & 0xFF)
