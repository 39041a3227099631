"""What a debugger runs in the process that it attaches to: brings rdb in, and starts it in the frame that runs there.

The source text of this file is sent, so it imports nothing of rdb by itself. It raises nothing: what goes wrong is told
to the debugger, and the program goes on.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["attach"]


def attach(
    host: str, port: int, token: str, location: str, entry: str, arguments: dict[str, Any], depth: int = 2
) -> None:
    """Starts rdb in this process.

    Args:
        host: Where the debugger listens.
        port: Where the debugger listens.
        token: What only the debugger and this process know.
        location: The directory that the debugger's own rdb is in.
        entry: What is called, as ``module:function``; gets the frame, the host, the port and the token, too.
        arguments: Further arguments of that.
        depth: How many frames from here the program's newest frame is.
    """
    frame = sys._getframe(depth)
    try:
        start = load(location, entry)
        start(frame=frame, host=host, port=port, token=token, **arguments)
    except Exception as error:
        refuse(host, port, token, error)


def load(location: str, entry: str) -> Callable[..., Any]:
    """Returns a function of rdb's. The process's own rdb is used if it has one, and its `sys.path` is left alone.

    Raises:
        ImportError: rdb cannot be loaded here.
    """
    from importlib import import_module

    try:
        import rdb  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "rdb":
            raise
        load_from(location)
    module, _, name = entry.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def load_from(location: str) -> None:
    """Loads rdb from a directory.

    Raises:
        ImportError: It is not there, cannot be read, or is made for another interpreter.
    """
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("rdb", [location])
    if spec is None or spec.loader is None:
        raise ImportError(f"rdb is not installed for it, and it cannot read the debugger's own in {location}")
    sys.modules["rdb"] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules["rdb"]
        raise


def refuse(host: str, port: int, token: str, error: Exception) -> None:
    """Tells the debugger why there is nothing to talk to."""
    import json
    import socket

    words = {
        "token": token[: len(token) // 2],
        "refused": f"{type(error).__name__}: {error}" if str(error) else type(error).__name__,
        "prefix": sys.prefix if isinstance(error, ImportError) else None,
    }
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(json.dumps(words).encode() + b"\n")
    except OSError:
        return  # the debugger is gone
