"""The ``do_*`` methods: one for each name in rdb's table of commands. What they do is not here but in the table."""

from __future__ import annotations

from rdb import _rdb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["RESUMING", "RESUMING_WORDS", "add_commands"]

RESUMING: list[str] = []
"""The names of the methods that let the program go on; they end a breakpoint's command list."""

WRITTEN = ("help", "break", "tbreak", "debug", "EOF")
"""Commands that have a method in the class, because more than the table's command is to be done."""
RESUMING_WORDS: set[str | None] = set()
"""What is typed for them."""


def add_commands(cls: type) -> None:
    """Adds the commands that pdb has to a class."""
    for names, _usage, about, resumes in _rdb.pdb_commands():
        method = getattr(cls, "do_" + names[0]) if names[0] in WRITTEN else make(names[0])
        method.__doc__ = method.__doc__ or about
        method.__module__ = "rdb.pdb"
        if resumes:
            RESUMING.append(method.__name__)
            RESUMING_WORDS.update(names)
        for name in names:
            setattr(cls, "do_" + name, method)


def make(name: str) -> Callable[[Any, str], Any]:
    """Returns the method of a command."""

    def run(self: Any, arg: str) -> Any:
        return self._run_command(name, arg)

    run.__name__ = "do_" + name
    run.__qualname__ = "Pdb.do_" + name
    return run
