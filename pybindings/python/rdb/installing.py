"""Puts rdb in the place of the standard library's ``pdb`` and ``bdb``, for everything in this process."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["install", "run_installed", "uninstall"]

NAMES = ("bdb", "pdb")
BEFORE: dict[str, ModuleType | None] = {}
"""What the names stood for before; empty while rdb is not installed."""


def install() -> None:
    """Makes ``import pdb``, ``import bdb`` and ``breakpoint()`` mean rdb from now on.

    What has been imported by name before (``from pdb import Pdb``) stays what it is. A second call does nothing.

    Example:
        >>> rdb.install()
        >>> import pdb
        >>> pdb.Pdb
        <class 'rdb.pdb.Pdb'>
    """
    from rdb import bdb, pdb

    if BEFORE:
        return
    for name, ours in zip(NAMES, (bdb, pdb), strict=True):
        BEFORE[name] = sys.modules.get(name)
        sys.modules[name] = ours


def uninstall() -> None:
    """Undoes `install`."""
    for name, before in BEFORE.items():
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
    BEFORE.clear()


def run_installed(kind: str, program: str, args: Sequence[str]) -> int:
    """Runs a program with rdb in the place of pdb and bdb, and returns the exit status.

    Args:
        kind: ``-m`` for a module, ``-e`` for source text, empty for a file.
        program: The module, text or file.
        args: The program's ``sys.argv[1:]``.
    """
    import os
    import runpy

    install()
    if kind == "-m":
        sys.argv[:] = [program, *args]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    elif kind == "-e":
        sys.argv[:] = ["-c", *args]
        exec(compile(program, "<string>", "exec", dont_inherit=True), {"__name__": "__main__"})
    else:
        sys.argv[:] = [program, *args]
        if not sys.flags.safe_path:
            sys.path[0] = os.path.dirname(os.path.abspath(program))
        runpy.run_path(program, run_name="__main__")
    return 0
