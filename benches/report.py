"""Writes docs/performance.md and its picture from the raw results in benches/results."""

from __future__ import annotations

import sys
from pathlib import Path

from harness import page, picture, results

DOCS = Path(__file__).parent.parent / "docs"


def main() -> None:
    """Writes both files."""
    runs = results.read_all()
    if not runs:
        sys.exit("there are no results: run `nox -s bench` first")
    (DOCS / "performance.svg").write_text(picture.svg(runs[-1]), encoding="utf-8")
    (DOCS / "performance.md").write_text(page.markdown(runs), encoding="utf-8")


if __name__ == "__main__":
    main()
