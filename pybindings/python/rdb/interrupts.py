"""Ctrl-C at the user's end of a remote session, which means something else while a line is typed and while none is."""

from __future__ import annotations

import os
import selectors
import signal
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

__all__ = ["Interrupts", "Typing", "interrupt"]


class Interrupts:
    """While it is entered, Ctrl-C ends a wait for the other end, or the line that is being typed.

    It is `KeyboardInterrupt` in either case, and only there: not while something is being shown.
    """

    def __init__(self) -> None:
        self.pending = False
        """A Ctrl-C has come that nobody knows of yet."""
        self.typing = False
        """A line is being typed."""
        self._wakes: socket.socket | None = None
        self._before: Any = None

    def __enter__(self) -> None:
        self._wakes, waker = socket.socketpair()
        self._wakes.setblocking(False)
        waker.setblocking(False)
        handler = signal.signal(signal.SIGINT, self._hear)
        self._before = waker, handler, signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)

    def __exit__(self, *_error: object) -> None:
        waker, handler, descriptor = self._before
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGINT, handler)
        waker.close()
        if self._wakes is not None:
            self._wakes.close()

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.typing:
            self.typing = False  # once
            raise KeyboardInterrupt
        self.pending = True

    def check(self) -> None:
        """Raises `KeyboardInterrupt` if a Ctrl-C has come."""
        if self.pending:
            self.pending = False
            raise KeyboardInterrupt

    def wait_for(self, place: Any) -> None:
        """Waits until something can be read from a socket; raises `KeyboardInterrupt` at Ctrl-C."""
        self.check()
        with selectors.DefaultSelector() as selector:
            selector.register(place, selectors.EVENT_READ, "place")
            if self._wakes is not None:
                selector.register(self._wakes, selectors.EVENT_READ, "signal")
            while True:
                ready = {key.data for key, _ in selector.select()}
                if "signal" in ready and self._wakes is not None:
                    self._wakes.recv(1024)
                self.check()
                if "place" in ready:
                    return


class Typing:
    """While it is entered, a line is typed."""

    def __init__(self, interrupts: Interrupts) -> None:
        self.interrupts = interrupts

    def __enter__(self) -> None:
        self.interrupts.check()
        self.interrupts.typing = True

    def __exit__(self, *_error: object) -> None:
        self.interrupts.typing = False


def interrupt(pid: int) -> str | None:
    """Interrupts a process. Returns None, or why that is not possible."""
    try:
        os.kill(pid, signal.SIGINT)
    except ProcessLookupError:
        return None  # it has just ended
    except PermissionError as error:
        return f"cannot interrupt process {pid}: {error.strerror}"
    return None
