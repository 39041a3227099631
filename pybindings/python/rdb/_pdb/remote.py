"""Attaching to a running process, as the pdb of Python 3.14 and later does it; with a token, which that one has not."""

from __future__ import annotations

import contextlib
import socket
import sys

from rdb import attaching, handshake
from rdb._pdb import wire
from rdb._pdb.client import PdbClient
from rdb._pdb.debugger import Pdb, can_colorize
from rdb._pdb.server import PdbServer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

__all__ = ["attach", "connect"]


def attach(pid: int, commands: Iterable[str] = ()) -> None:
    """Debugs a running process until the user leaves it, or it ends.

    Raises:
        AttachError: It does not answer, or cannot load rdb.
        PermissionError: The system does not allow it.
        RuntimeError: It is no process of this Python version.
    """
    arguments = {
        "commands": "\n".join(commands),
        "version": wire.protocol_version(),
        "signal_raising_thread": False,
        "colorize": can_colorize(sys.stdout),
    }
    with attaching.attached(pid, "rdb._pdb.remote:connect", arguments) as connection:
        PdbClient(pid, connection, None).cmdloop()


def connect(
    *,
    host: str,
    port: int,
    frame: FrameType,
    commands: str,
    version: int,
    signal_raising_thread: bool,
    colorize: bool,
    token: str | None = None,
) -> None:
    """Lets the debugger that listens somewhere stop this process in a frame.

    Args:
        host: Where it listens.
        port: Where it listens.
        frame: The frame.
        commands: Debugger commands to run before the prompt, one per line.
        version: The version of the protocol that it speaks.
        signal_raising_thread: Ctrl-C comes by a connection of its own, not by a signal.
        colorize: Whether it shows colours.
        token: What it has to know; None: whoever listens there is it.

    Raises:
        OSError: Nobody listens there, and there is no token: with one, the program goes on as if nothing was.
    """
    try:
        connection = socket.create_connection((host, port)) if token is None else handshake.call(host, port, token)
    except (OSError, handshake.StrangerError):
        if token is None:
            raise
        return
    if isinstance(Pdb._last_pdb_instance, PdbServer):
        Pdb._last_pdb_instance._drop_if_deserted()
    server = PdbServer(
        connection.makefile("rwb"),
        signal_server=(host, port) if signal_raising_thread else None,
        colorize=colorize,
    )
    server._connection = connection
    refusal = why_not(version)
    if refusal is not None:
        server.error(refusal)
        with contextlib.suppress(OSError):
            server._sockfile.close()
            connection.close()
        return
    server._hear_sigint()  # a Ctrl-C before the first prompt is meant for it already
    server.set_trace(frame=frame, commands=commands.splitlines())


def why_not(version: int) -> str | None:
    """Returns why this process cannot be debugged by somebody who speaks that version."""
    if Pdb._last_pdb_instance is not None:
        return "Another PDB instance is already attached."
    ours = wire.protocol_version()
    if version != ours:
        return (
            "The target process is running a Python version that is incompatible with this PDB module."
            f"\nTarget process pdb protocol version: 0x{ours:08X}"
            f"\nLocal pdb module's protocol version: 0x{version:08X}"
        )
    return None


def main(pid: int, commands: Iterable[str]) -> None:
    """Attaches for a command line; leaves with what to say if that fails."""
    from rdb import pdb

    try:
        attach(pid, commands)
    except attaching.AttachError as error:
        print(f"Error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"\nGave up: process {pid} goes on as before.")
        sys.exit(130)
    except PermissionError:
        pdb.exit_with_permission_help_text()
    except RuntimeError:
        print(
            f"Cannot attach to pid {pid}, please make sure that the process exists "
            "and is using the same Python version."
        )
        sys.exit(1)
