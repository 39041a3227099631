"""Lines that are edited as at Python's own prompt, several at once: what pdb does on a terminal since Python 3.15."""

from __future__ import annotations

import codeop
import os

from rdb._pdb.completing import DELIMITERS
from rdb._pdb.quirks import HAS_PYREPL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["PdbPyReplInput", "is_available", "open_input"]


def is_available() -> bool:
    """Returns whether Python's own editor can be used."""
    if not HAS_PYREPL or os.environ.get("PYTHON_BASIC_REPL"):
        return False
    try:
        from _pyrepl.main import CAN_USE_PYREPL  # type: ignore[import-not-found]
    except ModuleNotFoundError:
        return False
    return bool(CAN_USE_PYREPL)


def open_input(debugger: Any) -> PdbPyReplInput | None:
    """Returns an editor for a debugger, if it is on a terminal."""
    if not is_available():
        return None
    try:
        return PdbPyReplInput(debugger) if debugger.stdin.isatty() else None
    except (OSError, ValueError, AttributeError, ImportError):
        return None  # streams without a terminal behind them


class PdbPyReplInput:
    """The editor of a debugger."""

    def __init__(self, debugger: Any) -> None:
        from _pyrepl import readline  # type: ignore[import-not-found]

        self.debugger = debugger
        self.matches: list[str] = []
        self.wrapper = readline._ReadlineWrapper(
            f_in=debugger.stdin.fileno(),
            f_out=debugger.stdout.fileno(),
            config=readline.ReadlineConfig(completer_delims=frozenset(DELIMITERS)),
        )
        self.wrapper.get_reader().gen_colors = self.gen_colors

    def command(self, prompt: str) -> str | None:
        """Returns a command or statement; None: there are no more."""
        return self._read(prompt, self._wants_more, self.complete)

    def python(self, prompt: str, complete: Callable[[str, int], str | None]) -> str | None:
        """Returns a statement for the interactive interpreter; None: there are no more."""
        text = self._read(prompt, is_incomplete, complete)
        # A line that has nothing but the indentation which the editor began it with ends the statement.
        return text and text.rstrip(" \t")

    def _read(
        self, prompt: str, wants_more: Callable[[str], bool], complete: Callable[[str, int], str | None]
    ) -> str | None:
        before = self.wrapper.get_completer()
        self.wrapper.set_completer(complete)
        try:
            text: str = self.wrapper.multiline_input(wants_more, prompt, "... ".ljust(len(prompt)))
        except EOFError:
            return None
        finally:
            self.wrapper.set_completer(before)
        return text

    def _wants_more(self, text: str) -> bool:
        if text.strip() == "\x1a":
            raise EOFError  # Ctrl-Z
        command, _, line = self.debugger.parseline(text)
        if not line or not command or hasattr(self.debugger, "do_" + command):
            return False
        return is_incomplete(text)

    def complete(self, text: str, state: int) -> str | None:
        """Returns the completion number `state` of `text`."""
        if state == 0:
            place = self.wrapper.get_begidx(), self.wrapper.get_endidx()
            self.matches = self.debugger._completions(text, self.wrapper.get_line_buffer(), *place)
        return self.matches[state] if state < len(self.matches) else None

    def gen_colors(self, buffer: str) -> Iterator[Any]:
        """Returns what is coloured: a command as a keyword, what follows it as Python."""
        from _pyrepl.utils import ColorSpan, Span, gen_colors  # type: ignore[import-not-found]

        words = buffer.split(maxsplit=1)
        if not words:
            return
        if hasattr(self.debugger, "do_" + words[0]):
            start = len(buffer) - len(buffer.lstrip())
            end = start + len(words[0])
            yield ColorSpan(Span(start, end - 1), "soft_keyword")
            buffer = " " * end + buffer[end:]
        yield from gen_colors(buffer)


def is_incomplete(text: str) -> bool:
    """Returns whether a statement goes on in a further line."""
    stripped = text.rstrip(" \t")
    if stripped.endswith("\n"):
        text = stripped  # the indentation that the editor has begun a line with
    try:
        return codeop.compile_command(text, "<stdin>", "single") is None
    except (OverflowError, SyntaxError, ValueError):
        lines = text.splitlines(keepends=True)
        # What is wrong is said at the end of the text, not while it is being written.
        return len(lines) > 1 and bool(lines[-1].strip() or lines[-1][:1] in " \t") and not lines[-1].endswith("\n")
