"""Lines that come through a connection, while Ctrl-C is listened for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rdb.interrupts import Interrupts

__all__ = ["Lines"]


class Lines:
    """What comes through a connection, line by line.

    Args:
        connection: A socket.
        interrupts: Which knows when Ctrl-C is pressed.
    """

    def __init__(self, connection: Any, interrupts: Interrupts) -> None:
        self.connection = connection
        self.interrupts = interrupts
        self.rest = b""

    def read(self) -> bytes:
        """Returns the next line with its end; nothing if the other end has hung up.

        Raises:
            KeyboardInterrupt: The user has pressed Ctrl-C.
        """
        self.interrupts.check()
        while b"\n" not in self.rest:
            self.interrupts.wait_for(self.connection)
            try:
                data = self.connection.recv(16 * 1024)
            except ConnectionError:
                data = b""  # it was killed
            if not data:
                self.rest = b""
                return b""
            self.rest += data
        line, end, self.rest = self.rest.partition(b"\n")
        return line + end
