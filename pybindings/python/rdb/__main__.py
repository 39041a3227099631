"""``python -m rdb`` and the console script ``rdb``."""

from __future__ import annotations

from rdb.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
