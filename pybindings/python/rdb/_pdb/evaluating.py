"""What derived debuggers call to evaluate, to refuse and to ask: pdb's own helpers, under pdb's names."""

from __future__ import annotations

import sys

from rdb import _rdb
from rdb._pdb.errors import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

__all__ = ["Evaluating"]


class Evaluating:
    """The part of `Pdb` that evaluates."""

    curframe: Any

    def _getval(self, arg: str) -> Any:
        """Returns the value of an expression; says why it has none, and raises that."""
        try:
            return _rdb.pdb_evaluate(self.curframe, arg)
        except BaseException:
            self._error_exc()
            raise

    def _getval_except(self, arg: str, frame: FrameType | None = None) -> Any:
        """Returns the value of an expression; a text that says what it raised, if it did."""
        try:
            return _rdb.pdb_evaluate(self.curframe if frame is None else frame, arg)
        except BaseException as error:
            return Text(f"** raised {_rdb.pdb_exception_text(error)} **")

    def _error_exc(self) -> None:
        """Shows the exception that is being handled."""
        error = sys.exception()
        if error is not None:
            self.error(_rdb.pdb_exception_text(error))  # type: ignore[attr-defined]

    def _safe_repr(self, obj: object, expr: str) -> str:
        """Returns the `repr` of a value; a text that says why there is none, if it raises."""
        try:
            return repr(obj)
        except Exception as error:
            return Text(f"*** repr({expr}) failed: {_rdb.pdb_exception_text(error)} ***")

    def _prompt_for_confirmation(self, prompt: str, default: str) -> str:
        """Returns a short answer in small letters; the default if there are no more lines."""
        answer = self._ask(prompt, "confirm")  # type: ignore[attr-defined]
        return (default if answer is None else answer).strip().lower()

    def _select_frame(self, number: int) -> None:
        """Looks at another frame of the stack, and shows it."""
        debugger: Any = self
        debugger._look_at(number)
        debugger.print_stack_entry(debugger.stack[number])
