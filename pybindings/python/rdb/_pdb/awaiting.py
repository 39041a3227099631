"""Stops in a coroutine, where statements with ``await`` work at the prompt."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import Any

__all__ = ["Awaiting"]


class Awaiting:
    """The part of `Pdb` that stops in coroutines."""

    async_shim_frame: FrameType | None
    async_awaitable: Any

    async def set_trace_async(
        self: Any, frame: FrameType | None = None, *, commands: Iterable[str] | None = None
    ) -> None:
        """Stops in a coroutine; None: in the caller. The commands run before the prompt."""
        if self.async_awaitable is not None:
            return  # a statement at the prompt of another such stop
        caller = sys._getframe().f_back if frame is None else frame
        self.set_trace(caller, commands=commands)
        self.stopframe = caller
        self.stop_trace()
        self.async_shim_frame = sys._getframe()
        while True:
            self.async_awaitable = None
            # The prompt comes as if the caller was about to run its next instruction.
            self.trace_dispatch(caller, "opcode", None)
            if self.async_awaitable is None:
                break
            try:
                self._hear_breakpoints(caller)
                await self.async_awaitable
            except Exception as error:
                self.error(self._format_exc(error))
        self.async_shim_frame = None
        if self.returnframe is not None or self.stoplineno != -1 or self.breaks:
            self.start_trace()

    def _hear_breakpoints(self, frame: FrameType) -> None:
        """Lets breakpoints stop what is awaited."""
        debugger: Any = self
        if debugger.breaks:
            before, debugger.enterframe = debugger.enterframe, frame
            try:
                debugger.set_continue()
            finally:
                debugger.enterframe = before
            debugger.start_trace()
