"""Goes into a running process (Python 3.14 and later): has it run a script that connects to us, and waits for it.

What the debugger in there does is not known here; see `rdb.injected` for what it begins with, `rdb.handshake` for how
it is known from anybody else who connects.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys
import time

from rdb import handshake, injected
from rdb.handshake import Hello, StrangerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["AttachError", "Door", "attached", "is_possible", "why_impossible"]

HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds that the process has to come to the script: it does so between two instructions of its main thread."""
HINT_AFTER = 3.0
"""Seconds after which the user is told what is being waited for."""
CROWD = 32
"""How many connections may be open that have not said anything yet."""


class AttachError(RuntimeError):
    """There is no way into the process; the text says why, and what to do."""


def is_possible() -> bool:
    """Returns whether this Python can go into a running process."""
    return hasattr(sys, "remote_exec")


def why_impossible(pid: str | int = "PID") -> str:
    """Returns what to say where it cannot."""
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return (
        f"attaching to a running process needs Python 3.14 or later on both sides; this is {running}.\n"
        f"With {running}, start the program under rdb (python -m rdb script.py), or call breakpoint() in it with "
        "PYTHONBREAKPOINT=rdb.set_trace in its environment;\n"
        "for one that waits for you, have a signal do that: "
        "signal.signal(signal.SIGUSR1, lambda *_: breakpoint()), then kill -USR1 " + str(pid)
    )


@contextlib.contextmanager
def attached(pid: int, entry: str, arguments: dict[str, Any], patience: float = PATIENCE) -> Iterator[socket.socket]:
    """Starts a function of rdb's in a process. The value is the connection to it.

    Args:
        pid: The process.
        entry: The function, as ``module:name``.
        arguments: What it is given besides the frame, the host, the port and the token.
        patience: Seconds that the process has to answer.

    Raises:
        AttachError: It does not answer, or cannot load rdb.
        PermissionError: The system does not allow it.
        RuntimeError: It is no process of this Python version.
    """
    if pid == os.getpid():
        raise AttachError("a debugger cannot attach to its own process")
    token = handshake.new_token()
    location = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with Door(token) as door:
        text = script(host=HOST, port=door.port, token=token, location=location, entry=entry, arguments=arguments)
        with placed(pid, text) as path:
            sys.remote_exec(pid, path)  # type: ignore[attr-defined]
            try:
                connection = door.admit(pid, patience)
            except BaseException:
                call_off(pid)
                raise
        with connection:
            yield connection


def script(**arguments: Any) -> str:
    """Returns the source text that the process is to run."""
    import inspect

    return f"{inspect.getsource(injected)}\n\nattach(**{arguments!r})\n"


def call_off(pid: int) -> None:
    """Has the process run nothing: the script will be gone when it comes to it."""
    with contextlib.suppress(OSError, RuntimeError):
        sys.remote_exec(pid, os.devnull)  # type: ignore[attr-defined]


@contextlib.contextmanager
def placed(pid: int, text: str) -> Iterator[str]:
    """Writes a file that nobody but the process's user can read, and removes it afterwards.

    Raises:
        PermissionError: The process is another user's.
    """
    import tempfile

    owner = owner_of(pid)
    foreign = owner is not None and owner != os.geteuid()
    descriptor, path = tempfile.mkstemp(prefix="rdb-", suffix=".py", dir=directory(pid, foreign=foreign))
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            if foreign and owner is not None:
                os.fchown(descriptor, owner, -1)
            file.write(text)
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def owner_of(pid: int) -> int | None:
    """Returns the user that a process opens files as; None if that is not known."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
            for line in status:
                if line.startswith("Uid:"):
                    return int(line.split()[-1])
    except OSError:
        pass
    if os.path.exists("/proc/self/status"):
        return None
    import subprocess

    listed = subprocess.run(["ps", "-o", "uid=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return int(listed.stdout) if listed.stdout.strip().isdigit() else None


def directory(pid: int, *, foreign: bool) -> str:
    """Returns a directory that the process sees under the same name as we do, also if its ``/tmp`` is its own."""
    import tempfile

    candidates = [name for name in ("/tmp", "/var/tmp", "/dev/shm") if os.path.isdir(name)]
    if not foreign or not candidates:
        candidates.insert(0, tempfile.gettempdir())  # that of another user may be closed to the process
    for name in candidates:
        try:
            if os.path.samestat(os.stat(name), os.stat(f"/proc/{pid}/root{name}")):
                return name
        except OSError:
            continue
    return candidates[0]


class Door:
    """Listens for the process, and lets nobody else in.

    Args:
        token: What the process knows.
        tell: Is called with each line that the user is to see meanwhile.
    """

    def __init__(self, token: str, tell: Callable[[str], None] | None = None) -> None:
        self.token = token
        self.tell = tell or (lambda text: print(text, file=sys.stderr, flush=True))
        self.listener = socket.create_server((HOST, 0))
        self.port: int = self.listener.getsockname()[1]
        self.guests: dict[socket.socket, bytes] = {}
        """Connections that have not said who they are, and what they have said so far."""
        self.told: set[str] = set()
        """Why connections were refused."""

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_error: object) -> None:
        for connection in (*self.guests, self.listener):
            connection.close()

    def admit(self, pid: int, patience: float) -> socket.socket:
        """Returns the connection of the process.

        Raises:
            AttachError: It does not come in time, or comes to say that it cannot.
        """
        begun = time.monotonic()
        hinted = False
        while True:
            waited = time.monotonic() - begun
            if waited > patience:
                raise AttachError(silent(pid, patience))
            if waited > HINT_AFTER and not hinted:
                hinted = True
                self.tell(f"Waiting for process {pid} to come to its next instruction. Ctrl-C gives up.")
            connection = self.listen(min(1.0, patience - waited))
            if connection is not None:
                return connection
            if not is_alive(pid):
                raise AttachError(f"process {pid} has ended before it answered")

    def listen(self, timeout: float) -> socket.socket | None:
        """Hears what comes within so many seconds. Returns the connection of the process, if it has come."""
        with selectors.DefaultSelector() as selector:
            for place in (self.listener, *self.guests):
                selector.register(place, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select(timeout)}
        if self.listener.fileno() in ready:
            self.greet()
        for guest in [guest for guest in self.guests if guest.fileno() in ready]:
            if self.hear(guest):
                return guest
        return None

    def greet(self) -> None:
        """Takes a connection."""
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return  # gone again
        connection.setblocking(False)
        self.guests[connection] = b""
        if len(self.guests) > CROWD:
            oldest = next(iter(self.guests))
            self.turn_away(oldest, "said nothing")

    def hear(self, guest: socket.socket) -> bool:
        """Takes what a connection says, and returns whether it is that of the process."""
        try:
            said = guest.recv(handshake.LONGEST)
        except BlockingIOError:
            return False
        except OSError:
            said = b""
        self.guests[guest] += said
        line, end, _ = self.guests[guest].partition(b"\n")
        if not said or len(line) > handshake.LONGEST:
            self.turn_away(guest, "sent no token")
        elif end:
            return self.judge(guest, line)
        return False

    def judge(self, guest: socket.socket, line: bytes) -> bool:
        """Returns whether a connection knows the token. One that does not is closed.

        Raises:
            AttachError: It does, and says that it cannot be talked to.
        """
        try:
            hello = handshake.read_hello(line, self.token)
        except StrangerError as error:
            self.turn_away(guest, str(error))
            return False
        del self.guests[guest]
        if hello.refused is not None:
            guest.close()
            raise AttachError(refusal(hello))
        guest.setblocking(True)
        guest.sendall(handshake.welcome(self.token))
        return True

    def turn_away(self, guest: socket.socket, why: str) -> None:
        """Closes a connection that is not the process's."""
        del self.guests[guest]
        with contextlib.suppress(OSError):
            guest.sendall(b'{"message": "Refused: this connection does not know the token.", "type": "error"}\n')
        guest.close()
        if why not in self.told:
            self.told.add(why)
            self.tell(f"*** refused a connection that {why}; still waiting for the process")


def refusal(hello: Hello) -> str:
    """Returns what to say if the process cannot load rdb, or not start it."""
    if hello.prefix is None:
        return (
            f"rdb could not begin in the process ({hello.refused})\n"
            "The process has an rdb of its own, perhaps of another version: install the same on both sides."
        )
    return (
        f"the process cannot load rdb ({hello.refused})\n"
        f"Install rdb into the environment that the process runs in, {hello.prefix}, with the same version of Python. "
        "It goes on meanwhile, and need not be started again."
    )


def silent(pid: int, patience: float) -> str:
    """Returns what to say if the process does not answer."""
    return (
        f"process {pid} has not answered within {patience:.0f} seconds, and goes on as before\n"
        "It answers when its main thread runs Python code: not in a call that waits (for input, a lock, a connection), "
        "nor in a long computation in C. Wake it and try again. One in a container must be attached to from inside."
    )


def explain(pid: int, error: Exception) -> str:
    """Returns what to say if a process cannot be attached to."""
    if isinstance(error, AttachError):
        return str(error)
    if not is_alive(pid):
        return f"there is no process {pid}"
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if isinstance(error, PermissionError):
        owner = owner_of(pid)
        whose = "" if owner is None or owner == os.geteuid() else f", which belongs to the user with the id {owner}"
        return (
            f"the system does not let you attach to process {pid}{whose} ({error.strerror or error})\n"
            "Attach as the user that it runs as, or as root (sudo). Some systems allow only root and the parent of a "
            "process to: on Linux, see /proc/sys/kernel/yama/ptrace_scope; in a container, it takes CAP_SYS_PTRACE.\n"
            f"https://docs.python.org/{running}/howto/remote_debugging.html#permission-requirements"
        )
    if not sys.is_remote_debug_enabled():  # type: ignore[attr-defined]
        return (
            "this Python was told not to attach: start it without PYTHON_DISABLE_REMOTE_DEBUG in its environment, and "
            "without -X disable-remote-debug"
        )
    return (
        f"cannot attach to process {pid}: {error.__cause__ or error}\n"
        f"It has to run Python {running}, as this rdb does, without PYTHON_DISABLE_REMOTE_DEBUG in its environment and "
        "without -X disable-remote-debug."
    )


def is_alive(pid: int) -> bool:
    """Returns whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
