"""What the two ends of a remote session say to each other: one JSON object per line, as pdb's own ends do."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["check_request", "check_speech", "protocol_version"]

Schema = dict[str, "Callable[[Any], bool]"]


def protocol_version() -> int:
    """Returns the version of what is said: that of Python, without its patch level."""
    return sys.version_info[0] << 24 | sys.version_info[1] << 16 | 0xF0


def text(value: Any) -> bool:
    """Returns whether this is a text."""
    return isinstance(value, str)


def texts(value: Any) -> bool:
    """Returns whether this is a list of texts."""
    return isinstance(value, list) and all(map(text, value))


def place(value: Any) -> bool:
    """Returns whether this says which word of a line is to be completed."""
    return (
        isinstance(value, dict)
        and text(value.get("text"))
        and text(value.get("line"))
        and isinstance(value.get("begidx"), int)
        and isinstance(value.get("endidx"), int)
    )


SPEECH: list[Schema] = [
    {"message": text, "type": text},  # `info`, `error`, or what the other end takes for `info`
    {"help": text},  # shown by the other end, which has a pager
    {"prompt": text, "state": text},  # a question; what it asks for
    {"completions": texts},
    {"command_list": texts},
]
"""What the process that is debugged says."""

REQUESTS: list[Schema] = [
    {"reply": text},
    {"signal": lambda value: value in ("EOF", "INT")},
    {"complete": place},
]
"""What the user's end says."""


def check_speech(message: dict[str, Any]) -> None:
    """Raises `AssertionError` if the process that is debugged must not say this."""
    check(message, SPEECH)


def check_request(message: dict[str, Any]) -> None:
    """Raises `AssertionError` if the user's end must not say this."""
    check(message, REQUESTS)


def check(message: dict[str, Any], schemas: list[Schema]) -> None:
    """Raises `AssertionError` if a message is of none of these forms."""
    for schema in schemas:
        if schema.keys() <= message.keys() and all(fits(message[key]) for key, fits in schema.items()):
            return
    raise AssertionError(f"PDB message doesn't follow the schema! {message}")
