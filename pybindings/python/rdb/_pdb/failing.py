"""What methods that a derived debugger has added or overridden raise: it is shown, and the session goes on."""

from __future__ import annotations

import os
from contextlib import suppress

from rdb import _rdb
from rdb._pdb.commands import RESUMING_WORDS
from rdb._pdb.errors import Restart
from rdb._pdb.show import Show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

__all__ = ["Failing"]

NAMES = {"_pdbcmd_print_frame_status": "showing the place"}
"""What is said instead of names that nobody types."""
WRITERS = {Show.message.__code__, Show.error.__code__}
"""Where nothing but the stream fails."""


class Failing:
    """The part of `Pdb` that outlives the mistakes of those who derive from it."""

    def _try(self, method: Callable[..., Any], line: str, instead: Any, *args: Any) -> Any:
        """Calls a method on the way of a line. If it fails, says so and returns something else.

        What ends the stop by raising is let through: the commands that let the program go on or leave it (pytest's
        ``do_quit`` raises to end the test run), and the end of the input. So is a stream that cannot be written.
        """
        debugger: Any = self
        try:
            return method(*args)
        except Exception as error:
            command = debugger.parseline(line)[0] if method == debugger._run_line else None
            ends = isinstance(error, (Restart, *_rdb.quit_exceptions())) or line == "EOF" or command in RESUMING_WORDS
            name = str(command or getattr(method, "__name__", method))
            place = origin(error)
            if ends or place.tb_frame.f_code in WRITERS:
                raise
            if not self._say_failure(NAMES.get(name, name), error, place):
                raise
            return instead

    def _say_failure(self, name: str, error: Exception, place: TracebackType) -> bool:
        """Shows what a method has raised, and where. Returns whether that worked: `error` may be what fails."""
        where = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}"
        text = f"{name} failed: {_rdb.pdb_exception_text(error)} ({where})"
        classes: tuple[Any, ...] = (type(self), Show)
        for shows in classes:
            with suppress(Exception):
                shows.error(self, text)
                return True
        return False


def origin(error: Exception) -> TracebackType:
    """Returns where an exception was raised."""
    traceback: Any = error.__traceback__
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    found: TracebackType = traceback
    return found
