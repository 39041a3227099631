"""Where the stops come from: the `Bdb` that `Pdb` is derived from."""

from __future__ import annotations

import sys
from bdb import Bdb, BdbQuit, Breakpoint

__all__ = ["MINOR", "Bdb", "BdbQuit", "Breakpoint", "init_bdb"]

MINOR = sys.version_info[1]
"""The minor version of Python, whose pdb is the model for names, texts and formats."""


def init_bdb(self: Bdb, skip: object, backend: str) -> None:
    """Initialises the `Bdb` part of an object; older versions know of one way to hear events only."""
    if MINOR >= 14:
        Bdb.__init__(self, skip=skip, backend=backend)  # type: ignore[arg-type,call-arg]
    else:
        Bdb.__init__(self, skip=skip)  # type: ignore[arg-type]
        self.backend = backend  # type: ignore[attr-defined]
