"""Help on commands: those of the table, and those that a derived class adds."""

from __future__ import annotations

import sys

from rdb import _rdb
from rdb._pdb.quirks import EXPLAINS_USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Help"]


class Help:
    """The part of `Pdb` that explains."""

    prompt: str

    def do_help(self, arg: str) -> Any:
        """h(elp) [command]

        Lists the commands, or explains one of them. `help exec` explains how statements are run, `help pdb` shows the
        whole manual.
        """  # noqa: D400 - shown by `help`: the usage comes first
        if not arg:
            self._list_topics()  # type: ignore[attr-defined]
            return None
        topic = getattr(self, "help_" + arg, None)
        if topic is not None:
            return topic()
        command = getattr(self, "do_" + arg, None)
        if command is None:
            self._refuse(f"No help for {arg!r}")
        elif sys.flags.optimize >= 2 and not command.__doc__:
            self._refuse(f"No help for {arg!r}; please do not run Python with -OO if you need command help")
        elif command.__doc__ is None:
            self._refuse(f"No help for {arg!r}; __doc__ string missing")
        else:
            self.message(self._help_message_from_doc(command.__doc__))  # type: ignore[attr-defined]
        return None

    do_h = do_help

    def help_exec(self) -> None:
        """Explains how statements are run."""
        _rdb.pdb_command(self, "help", "exec")

    def help_pdb(self) -> None:
        """Shows the whole manual."""
        from rdb import pdb

        pdb.help()

    def _refuse(self, text: str) -> None:
        self.error(text)  # type: ignore[attr-defined]

    def _help_message_from_doc(self, doc: str, usage_only: bool = False) -> str:
        """Returns the usage and the explanation in a docstring as they are shown."""
        if not EXPLAINS_USAGE and not usage_only:
            return doc.rstrip()
        lines = [line.strip() for line in doc.rstrip().splitlines()]
        if not lines:
            return "No help message found."
        end = lines.index("") if "" in lines else 1
        indent = " " * len(self.prompt)
        usage = [indent + ("       " if number else "Usage: ") + line for number, line in enumerate(lines[:end])]
        rest = [] if usage_only else [indent + line for line in lines[end:]]
        return "\n".join(usage + rest)
