"""What readline completes at the prompt."""

from __future__ import annotations

import os
import sys

from rdb import _rdb
from rdb._pdb.quirks import READS_STATEMENTS
from rdb.bdb import Breakpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["DELIMITERS", "Completing", "MultiLine", "PythonCompletion", "prepare_readline", "python_completer"]

DELIMITERS = " \t\n`@#%^&*()=+[{]}\\|;:'\",<>?"


def prepare_readline() -> None:
    """Lets words have dots, slashes and dollars in them. Does nothing where there is no readline."""
    try:
        import readline
    except ImportError:
        return
    readline.set_completer_delims(DELIMITERS)


def rlcompleter(names: dict[str, Any]) -> Any:
    """Returns Python's own completer over a namespace; readline goes on with the completer that it has."""
    readline = sys.modules.get("readline")
    before = readline.get_completer() if readline else None
    from rlcompleter import Completer

    if readline:
        readline.set_completer(before)
    return Completer(names)


class Completing:
    """The part of `Pdb` that completes."""

    curframe: Any
    aliases: dict[str, str]

    def completenames(self, text: str, line: str, begidx: int, endidx: int) -> list[str]:
        """Completes the name of a command, else an expression."""
        names = super().completenames(text, line, begidx, endidx)  # type: ignore[misc]
        names += [alias for alias in self.aliases if alias.startswith(text)]
        return names or self._complete_expression(text) or self.completedefault(text, line, begidx, endidx)

    def completedefault(self, text: str, *_place: Any) -> list[str]:
        """Completes a statement."""
        if text.startswith("$"):
            return self._complete_convenience(text)
        complete = rlcompleter({**self.curframe.f_globals, **self.curframe.f_locals}).complete
        matches: list[str] = []
        while (match := complete(text, len(matches))) is not None:
            matches.append(match)
        return matches

    def _complete_expression(self, text: str, *_place: Any) -> list[str]:
        if not self.curframe:
            return []
        if not text.startswith("$"):
            found = _rdb.pdb_complete(self, text)
            # Builtins are completed where nothing else is, and with a parenthesis.
            known = {**self.curframe.f_globals, **self.curframe.f_locals} if "." not in text else found
            return [name for name in found if name in known]
        name, dot, rest = text[1:].partition(".")
        if not dot:
            return self._complete_convenience(text)
        value = self.curframe.f_globals.get("__pdb_convenience_variables", {}).get(name)
        path, _, last = rest.rpartition(".")
        for part in path.split(".") if path else ():
            value = getattr(value, part, None)
        prefix = text[: len(text) - len(last)]
        return [prefix + attribute for attribute in dir(value) if attribute.startswith(last)]

    def _complete_convenience(self, text: str) -> list[str]:
        names = self.curframe.f_globals.get("__pdb_convenience_variables", {})
        return [f"${name}" for name in names if name.startswith(text[1:])]

    def _complete_location(self, text: str, line: str, *_place: Any) -> list[str]:
        if line.strip().endswith((":", ",")):
            return []
        directory, name = os.path.split(text)
        try:
            entries = sorted(os.listdir(directory or "."))
        except OSError:
            entries = []
        found = self._complete_expression(text)
        for path in (os.path.join(directory, entry) for entry in entries if entry.startswith(name)):
            if os.path.isdir(path):
                found.append(path + "/")
            elif path.lower().endswith((".py", ".pyw")):
                found.append(path + ":")
        return found

    def _complete_bpnumber(self, text: str, *_place: Any) -> list[str]:
        numbers = (str(number) for number, one in enumerate(Breakpoint.bpbynumber) if one is not None)
        return [number for number in numbers if number.startswith(text)]

    def _complete_alias(self, text: str, *_place: Any) -> list[str]:
        return [alias for alias in self.aliases if alias.startswith(text)]

    def _complete_displayed(self: Any, text: str, *_place: Any) -> list[str]:
        return [shown for shown in self.displaying.get(self.curframe, {}) if shown.startswith(text)]

    complete_break = complete_b = complete_tbreak = complete_clear = complete_cl = _complete_location
    complete_enable = complete_disable = complete_condition = complete_ignore = complete_commands = _complete_bpnumber
    complete_p = complete_pp = complete_whatis = complete_source = complete_display = _complete_expression
    complete_debug = complete_print = _complete_expression
    complete_undisplay = _complete_displayed
    complete_unalias = _complete_alias


class MultiLine:
    """While it is entered, readline indents the further lines of a statement, and Tab indents at their beginning."""

    def __init__(self, debugger: Any) -> None:
        self.debugger = debugger
        self.readline = sys.modules.get("readline") if debugger.use_rawinput and READS_STATEMENTS else None
        self.before: Any = None

    def __enter__(self) -> None:
        if self.readline:
            self.before = self.readline.get_completer()
            self.readline.set_completer(self.complete)
            self.readline.set_startup_hook(self.indent)

    def __exit__(self, *_error: object) -> None:
        if self.readline:
            self.readline.set_completer(self.before)
            self.readline.set_startup_hook()

    def complete(self, text: str, state: int) -> str | None:
        """Answers readline."""
        matches = self.debugger.completedefault(text) if text.strip() else self.indentation()
        return matches[state] if state < len(matches) else None

    def indentation(self) -> list[str]:
        """Returns the blanks up to the next multiple of four."""
        return [" " * (4 - self.readline.get_begidx() % 4)]  # type: ignore[union-attr]

    def indent(self) -> None:
        """Begins a line below the last one."""
        readline: Any = self.readline
        last = readline.get_history_item(readline.get_current_history_length())
        if not last or last.isspace():
            return
        last = last.rstrip("\r\n")
        width = len(last) - len(last.lstrip()) + (4 if last.endswith(":") else 0)
        readline.insert_text(" " * width)


def python_completer(debugger: Any) -> Any:
    """Returns what completes at the prompt of the interactive interpreter."""
    frame = debugger.curframe
    return rlcompleter({**frame.f_globals, **frame.f_locals}).complete


class PythonCompletion:
    """While it is entered, readline completes as Python's own prompt does."""

    def __init__(self, debugger: Any) -> None:
        self.debugger = debugger
        self.readline = sys.modules.get("readline")
        self.before: Any = None

    def __enter__(self) -> None:
        if self.readline:
            self.before = self.readline.get_completer()
            self.readline.set_completer(python_completer(self.debugger))

    def __exit__(self, *_error: object) -> None:
        if self.readline:
            self.readline.set_completer(self.before)
