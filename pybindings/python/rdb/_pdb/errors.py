"""What a debugger tells its caller."""

from __future__ import annotations

__all__ = ["Restart", "Text"]


class Restart(Exception):  # noqa: N818 - pdb's name
    """The user wants the program to be started again."""


class Text(str):
    """A text that stands for itself: its `repr` has no quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
