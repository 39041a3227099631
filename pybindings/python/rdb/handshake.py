"""How two ends of a connection know each other: each says its half of a token that nobody else has read.

The process that is attached to speaks first. It talks to nobody who does not know the other half, because whoever it
talks to runs code in it.
"""

from __future__ import annotations

import json
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["LONGEST", "Hello", "StrangerError", "call", "new_token", "read_hello", "welcome"]

LONGEST = 16 * 1024
"""How many bytes the first line of a connection may have."""
PATIENCE = 10.0
"""Seconds that the other end has for its half."""


class StrangerError(Exception):
    """The other end does not know the token; the text says how it shows."""


class Hello:
    """What the process that is attached to says first.

    Attributes:
        refused: Why it does not talk, if it does not.
        prefix: Its ``sys.prefix``, if it cannot even load rdb.
    """

    def __init__(self, words: dict[str, Any]) -> None:
        self.refused = None if words.get("refused") is None else str(words["refused"])
        self.prefix = None if words.get("prefix") is None else str(words["prefix"])


def new_token() -> str:
    """Returns a token that nobody can guess."""
    import secrets

    return secrets.token_hex(32)


def halves(token: str) -> tuple[str, str]:
    """Returns what the process that is attached to says, and what it wants to hear."""
    middle = len(token) // 2
    return token[:middle], token[middle:]


def call(host: str, port: int, token: str) -> socket.socket:
    """Connects the process that is attached to with its debugger.

    Raises:
        StrangerError: Somebody else listens there.
        OSError: Nobody does.
    """
    ours, theirs = halves(token)
    connection = socket.create_connection((host, port), timeout=PATIENCE)
    try:
        connection.sendall(json.dumps({"token": ours}).encode() + b"\n")
        check(read_line(connection), theirs)
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection


def read_hello(line: bytes, token: str) -> Hello:
    """Returns what the process says in its first line.

    Raises:
        StrangerError: It is not the process.
    """
    return Hello(check(line, halves(token)[0]))


def welcome(token: str) -> bytes:
    """Returns the answer to a process that knows the token."""
    return json.dumps({"token": halves(token)[1]}).encode() + b"\n"


def check(line: bytes, wanted: str) -> dict[str, Any]:
    """Returns the words of a line that has the right half of the token.

    Raises:
        StrangerError: It has not.
    """
    import hmac

    try:
        words = json.loads(line)
    except ValueError:
        raise StrangerError("sent no token") from None
    said = words.get("token") if isinstance(words, dict) else None
    if not isinstance(said, str):
        raise StrangerError("sent no token")
    if not hmac.compare_digest(said.encode(errors="replace"), wanted.encode()):
        raise StrangerError("sent a wrong token")
    return words  # type: ignore[no-any-return]


def read_line(connection: socket.socket) -> bytes:
    """Returns the first line, and takes nothing of what follows it.

    Raises:
        StrangerError: There is none.
    """
    line = b""
    while not line.endswith(b"\n") and len(line) < LONGEST:
        byte = connection.recv(1)
        if not byte:
            raise StrangerError("hung up")
        line += byte
    return line
