"""A breakpoint on a line is reached as often as the line is run, whatever else its code object has breakpoints on."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

from conftest import Run

PROGRAM = Path(__file__).parent / "programs" / "line_shapes.py"
LISTED = re.compile(
    r"at \S+line_shapes\.py:(\d+)\n(?:\tignore next \d+ hits?\n)?(?:\tbreakpoint already hit (\d+) times?)?"
)


def traced() -> Counter[int]:
    """Returns how often a plain trace function hears of each line."""
    heard: Counter[int] = Counter()

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != str(PROGRAM):
            return None
        if event == "line":
            heard[frame.f_lineno] += 1
        return trace

    code = compile(PROGRAM.read_text(encoding="utf-8"), str(PROGRAM), "exec")
    sys.settrace(trace)
    try:
        exec(code, {"__name__": "__main__"})
    finally:
        sys.settrace(None)
    return heard


def test_each_line_is_reached_as_often_as_it_is_run(rdb_run: Run) -> None:
    expected = traced()
    # The first one is passed before there is a breakpoint.
    _first, *lines = sorted(expected)
    found: dict[int, int] = {}
    # Few at a time, so that each code object has breakpoints on few of its lines.
    for start in range(STRIDE):
        chosen = lines[start::STRIDE]
        commands = [f"b {line}" for line in chosen]
        commands += [f"ignore {number} 1000000" for number in range(1, len(chosen) + 1)]
        last = len(PROGRAM.read_text(encoding="utf-8").splitlines())
        outcome = rdb_run(PROGRAM, [*commands, f"b {last}", "c", "b", "q"])
        hits = {int(line): int(count or 0) for line, count in LISTED.findall(outcome.stdout)}
        found |= {line: hits.get(line, 0) for line in chosen if line != last}
    assert json.dumps(found, sort_keys=True) == json.dumps({line: expected[line] for line in found}, sort_keys=True)
    assert len(found) > 30


STRIDE = 9
"""How many runs share the lines."""
