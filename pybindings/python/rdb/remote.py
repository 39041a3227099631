"""Debugs a process that runs already (Python 3.14 and later): ``python -m rdb -p PID``.

The console works in the process itself (`serve`), and asks the user, who sits here (`attach`), through a `Channel`.
Both ends speak JSON, one object per line.
"""

from __future__ import annotations

import contextlib
import json
import socket

from rdb import _rdb, attaching, handshake
from rdb.interrupts import Interrupts, Typing, interrupt
from rdb.lines import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType
    from typing import Any

__all__ = ["attach", "serve"]


# In the process.


def serve(
    *,
    frame: FrameType,
    host: str,
    port: int,
    token: str,
    commands: Sequence[str],
    backend: str | None,
    colours: bool,
    size: tuple[int, int] | None,
) -> None:
    """Stops this process in a frame, for a user who waits elsewhere.

    Args:
        frame: The frame.
        host: Where the user's end listens.
        port: Where the user's end listens.
        token: What it has to know.
        commands: Debugger commands to run before the prompt.
        backend: Where events are to come from.
        colours: Whether colours can be shown there.
        size: How many columns and rows there are.
    """
    try:
        connection = handshake.call(host, port, token)
    except (OSError, handshake.StrangerError):
        return  # nobody is there who may talk to this process
    channel = Channel(connection, colours, size)
    if Channel.current is not None and Channel.current.is_deserted():
        _rdb.finish()
    if Channel.current is not None:
        channel.refuse("another rdb is attached to this process already")
        return
    Channel.current = channel
    try:
        _rdb.serve(channel, list(commands), backend, frame)
    except RuntimeError as error:
        channel.refuse(str(error))


class Channel:
    """The user, as the console knows them.

    Args:
        connection: A socket.
        colours: Whether colours can be shown.
        size: How many columns and rows there are.
    """

    current: Channel | None = None
    """The one that a console has."""

    def __init__(self, connection: socket.socket, colours: bool, size: tuple[int, int] | None) -> None:
        self.connection = connection
        self.file = connection.makefile("rwb")
        self.colours = colours
        self.size = size
        self.voice = Voice(self)

    def say(self, **words: Any) -> None:
        """Says something. If the user is gone, that is noticed at the next question."""
        with contextlib.suppress(OSError, ValueError):
            self.file.write(json.dumps(words).encode() + b"\n")
            self.file.flush()

    def write(self, text: str) -> None:
        """Shows text."""
        self.say(write=text)

    def ask(self, prompt: str, continuation: str, kind: str) -> tuple[str, str, int]:
        """Asks the user, and returns what comes next."""
        self.say(ask=prompt, continuation=continuation, kind=kind)
        return self.wait()

    def completions(self, start: int, words: list[str]) -> tuple[str, str, int]:
        """Says what a word can become, and returns what comes next."""
        self.say(start=start, words=words)
        return self.wait()

    def whole(self, whole: bool) -> tuple[str, str, int]:
        """Says whether a text need not go on, and returns what comes next."""
        self.say(whole=whole)
        return self.wait()

    def wait(self) -> tuple[str, str, int]:
        """Returns what comes next: ``text``, ``interrupted``, ``complete``, ``whole`` or ``end``; a text; a number."""
        try:
            words = json.loads(self.file.readline())
            if "size" in words:
                self.size = words["size"] and (int(words["size"][0]), int(words["size"][1]))
            return str(words["what"]), str(words.get("text", "")), int(words.get("cursor", 0))
        except (OSError, ValueError, TypeError, LookupError):
            return "end", "", 0  # it is gone, or does not speak as we do

    def is_deserted(self) -> bool:
        """Returns whether the user's end is gone. That is not noticed while the program runs."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def refuse(self, why: str) -> None:
        """Says why there is no session, and hangs up."""
        self.say(refused=why)
        self.close()

    def close(self) -> None:
        """Hangs up."""
        if Channel.current is self:
            Channel.current = None
        for end in (self.file, self.connection):
            with contextlib.suppress(OSError):
                end.close()


class Voice:
    """A stream whose text the user sees."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def write(self, text: str) -> int:
        """Shows text."""
        self.channel.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Shows several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Does nothing: text is sent at once."""

    def isatty(self) -> bool:
        """Returns that this is no terminal."""
        return False

    def writable(self) -> bool:
        """Returns that this can be written to."""
        return True


# At the user's.


def attach(pid: int, commands: Sequence[str] = (), backend: str | None = None, rc: bool = True) -> str | None:
    """Debugs a running process until the user leaves it, or it ends. Returns None, or why the process refuses.

    Args:
        pid: The process.
        commands: Debugger commands to run before the prompt.
        backend: Where its events are to come from.
        rc: Whether the user's ``.pdbrc`` and ``.rdbrc`` are read.

    Raises:
        AttachError: The process does not answer, or cannot load rdb.
        PermissionError: The system does not allow it.
        RuntimeError: It is no process of this Python version.
    """
    editor = _rdb.Editor()
    first = [*(_rdb.startup_commands() if rc else []), *commands]
    arguments = {"commands": first, "backend": backend, "colours": editor.colours(), "size": editor.size()}
    with attaching.attached(pid, "rdb.remote:serve", arguments) as connection:
        return User(pid, connection, editor).serve()


class User:
    """Serves a `Channel`.

    Args:
        pid: The process, which gets a SIGINT when the user presses Ctrl-C while it runs.
        connection: The connection to it.
        editor: The terminal.
    """

    def __init__(self, pid: int, connection: socket.socket, editor: _rdb.Editor) -> None:
        self.pid = pid
        self.connection = connection
        self.editor = editor
        self.interrupts = Interrupts()
        self.lines = Lines(connection, self.interrupts)

    def serve(self) -> str | None:
        """Does what the process wants until one of the two hangs up. Returns None, or why it refuses."""
        with self.interrupts:
            while True:
                try:
                    words = self.hear()
                except KeyboardInterrupt:
                    failure = interrupt(self.pid)
                    if failure is not None:
                        self.editor.write(f"*** {failure}\n")
                    continue
                if words is None:
                    return None
                if "refused" in words:
                    return str(words["refused"])
                if "write" in words:
                    self.editor.write(str(words["write"]))
                elif "ask" in words:
                    self.answer(str(words["ask"]), str(words["continuation"]), str(words["kind"]))

    def hear(self) -> dict[str, Any] | None:
        """Returns what the process says next; None if it has hung up. Raises `KeyboardInterrupt` at Ctrl-C."""
        line = self.lines.read()
        try:
            words = json.loads(line)
        except ValueError:
            return None
        return words if isinstance(words, dict) else None

    def say(self, what: str, **words: Any) -> None:
        """Says something. If the process is gone, that is noticed when it is heard next."""
        words |= {"what": what, "size": self.editor.size()}
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(words).encode() + b"\n")

    def answer(self, prompt: str, continuation: str, kind: str) -> None:
        """Asks the user a question of the process's."""
        try:
            with Typing(self.interrupts):
                text = self.editor.read(prompt, continuation, kind, self)
        except EOFError:
            self.say("end")
        except KeyboardInterrupt:
            self.say("interrupted")
        else:
            self.say("text", text=text)

    # What helps while a line is edited.

    def complete(self, line: str, cursor: int) -> tuple[int, list[str]]:
        """Returns where the word before a byte of a line begins, and what it can become."""
        self.say("complete", text=line, cursor=cursor)
        words = self.hear() or {}
        return int(words.get("start", 0)), [str(word) for word in words.get("words", ())]

    def is_whole(self, text: str) -> bool:
        """Returns whether a text need not go on in a further line."""
        self.say("whole", text=text)
        return bool((self.hear() or {}).get("whole", True))
