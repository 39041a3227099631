"""Measures what rdb costs beside plain Python and other debuggers, and prints one table of ratios.

Contenders take turns, programs measure their own CPU time, medians are shown. Raw results go to benches/results.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path

from harness import lab, results, table
from harness.rows import ROWS


def main() -> None:
    """Measures, writes the results, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="take two minutes: short programs, few rounds")
    parser.add_argument("--only", default="", help=f"rows, separated by commas: {','.join(row.name for row in ROWS)}")
    parser.add_argument("--contenders", default="", help="contenders, separated by commas; as the table names them")
    parser.add_argument("--rounds", type=int, help="how often each contender runs; at least 5 are needed for a verdict")
    parser.add_argument(
        "--peers", type=Path, help="where other debuggers are installed; as they are here, if not given"
    )
    parser.add_argument("--no-write", action="store_true", help="leave the results of earlier runs as they are")
    options = parser.parse_args()
    wanted = {name for name in options.only.split(",") if name}
    unknown = wanted - {row.name for row in ROWS}
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    effort = lab.SMALL if options.small else lab.FULL
    if options.rounds:
        effort = dataclasses.replace(effort, rounds=options.rounds)
    names = {name for name in options.contenders.split(",") if name}
    if options.small and not names:
        names = set(table.SMALL)
    began = time.monotonic()
    rows = [row for row in ROWS if not wanted or row.name in wanted]
    cells = lab.measure(rows, effort, names, options.peers, lambda text: print(text, file=sys.stderr, flush=True))
    run = results.of(cells, effort, options.peers, time.monotonic() - began)
    if not options.no_write:
        results.write(run)
    print(table.text(run))


if __name__ == "__main__":
    main()
