"""What `Pdb` shows, through methods that derived debuggers override."""

from __future__ import annotations

import os
from contextlib import suppress

from rdb import _rdb
from rdb._pdb.errors import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

__all__ = ["LINE_PREFIX", "Show"]

LINE_PREFIX = "\n-> "
"""What stands between a frame and its source line, unless ``pdb.line_prefix`` was changed."""


class Show:
    """The part of `Pdb` that shows."""

    curframe: Any
    stack: list[tuple[FrameType, int]]
    stdout: Any
    colorize: bool
    _file_mtime_table: dict[str, float] = {}  # noqa: RUF012 - shared by all debuggers, as in pdb

    def message(self, msg: object, end: str = "\n") -> None:
        """Shows a text."""
        print(msg, end=end, file=self.stdout)

    def error(self, msg: object) -> None:
        """Shows an error."""
        print("***", msg, file=self.stdout)

    def displayhook(self, obj: object) -> None:
        """Shows the value of a statement, unless it is None."""
        if obj is not None:
            self.message(repr(obj))

    def print_stack_trace(self, count: int | None = None) -> None:
        """Shows the stack; with a count, so many of the newest frames; 0: the one that is looked at."""
        self._run_command("where", "" if count is None else str(count))  # type: ignore[attr-defined]

    def print_stack_entry(self, frame_lineno: tuple[FrameType, int], prompt_prefix: str | None = None) -> None:
        """Shows a frame of the stack."""
        mark = "> " if frame_lineno[0] is self.curframe else "  "
        prefix = line_prefix() if prompt_prefix is None else prompt_prefix
        text = self.format_stack_entry(frame_lineno, prefix)  # type: ignore[attr-defined]
        if self.colorize:
            place, separator, source = text.partition(prefix)
            text = place + separator + self._colorize_code(source)
        self.message(mark + text)

    def _colorize_code(self, code: str) -> str:
        return _rdb.pdb_colorize(code) if self.colorize else code

    def _show_display(self) -> None:
        if self.curframe in self.displaying:  # type: ignore[attr-defined]
            _rdb.pdb_displays(self)

    def _write(self, text: str) -> None:
        self.message(text, end="")

    def _save_initial_file_mtime(self, frame: FrameType | None) -> None:
        """Notes when the files of a stack were changed last."""
        while frame is not None:
            path = frame.f_code.co_filename
            if path not in self._file_mtime_table:
                with suppress(OSError, ValueError):
                    self._file_mtime_table[path] = os.path.getmtime(path)
            frame = frame.f_back

    def _validate_file_mtime(self) -> None:
        """Says so if the file of the frame was changed since."""
        path = self.curframe.f_code.co_filename
        try:
            changed = os.path.getmtime(path)
        except (OSError, ValueError):
            return
        if self._file_mtime_table.get(path, changed) != changed:
            self.message(f"*** WARNING: file '{path}' was edited, running stale code until the program is rerun")
            self._file_mtime_table[path] = changed

    def _compile_error_message(self, expression: str) -> str:
        """Returns why an expression is none, or nothing."""
        try:
            compile(expression, "<stdin>", "eval")
        except Exception as error:
            return Text(_rdb.pdb_exception_text(error))
        return ""


def line_prefix() -> str:
    """Returns what the user wants between a frame and its source line."""
    from rdb import pdb

    return pdb.line_prefix
