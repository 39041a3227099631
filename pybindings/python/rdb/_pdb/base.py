"""Where the stops come from: the `Bdb` that `Pdb` is derived from."""

from __future__ import annotations

import sys

from rdb.bdb import Bdb, Breakpoint

__all__ = ["MINOR", "Bdb", "Breakpoint"]

MINOR = sys.version_info[1]
"""The minor version of Python, whose pdb is the model for names, texts and formats."""
