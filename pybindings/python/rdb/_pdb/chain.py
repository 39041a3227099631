"""Exceptions that are looked at, and those that they came from."""

from __future__ import annotations

from rdb import _rdb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

__all__ = ["Chain"]


class Chain:
    """The part of `Pdb` that knows exceptions."""

    MAX_CHAINED_EXCEPTION_DEPTH: int
    _chained_exceptions: tuple[BaseException, ...]
    _chained_exception_index: int

    def _get_tb_and_exceptions(
        self, tb_or_exc: TracebackType | BaseException | None
    ) -> tuple[tuple[BaseException, ...], TracebackType | None]:
        """Returns the exceptions that led to one, the oldest first, and the traceback to look at."""
        if not isinstance(tb_or_exc, BaseException):
            return (), tb_or_exc
        chain: list[BaseException] = []
        current: BaseException | None = tb_or_exc
        while current is not None and not any(current is seen for seen in chain):
            chain.append(current)
            if len(chain) >= self.MAX_CHAINED_EXCEPTION_DEPTH:
                self.message(  # type: ignore[attr-defined]
                    f"More than {self.MAX_CHAINED_EXCEPTION_DEPTH} chained exceptions found, not all exceptions"
                    "will be browsable with `exceptions`."
                )
                break
            implicit = None if current.__suppress_context__ else current.__context__
            current = current.__cause__ if current.__cause__ is not None else implicit
        return tuple(reversed(chain)), tb_or_exc.__traceback__

    def _hold_exceptions(self, exceptions: tuple[BaseException, ...]) -> Held:
        """Keeps exceptions for as long as a ``with`` block runs."""
        return Held(self, exceptions)

    def _select_exception(self, number: int) -> None:
        self._chained_exception_index = number
        self.setup(None, self._chained_exceptions[number].__traceback__)  # type: ignore[attr-defined]

    def _format_exc(self, error: BaseException) -> str:
        return _rdb.pdb_exception_text(error)


class Held:
    """The exceptions of a stop, which are let go behind it."""

    def __init__(self, debugger: Chain, exceptions: tuple[BaseException, ...]) -> None:
        self.debugger = debugger
        self.exceptions = exceptions

    def __enter__(self) -> None:
        self.debugger._chained_exceptions = self.exceptions
        self.debugger._chained_exception_index = len(self.exceptions) - 1

    def __exit__(self, *_error: Any) -> None:
        self.debugger._chained_exceptions = ()
        self.debugger._chained_exception_index = 0
