"""The count gate: how often the interpreter calls rdb in fixed programs, and what that allocates, may not grow.

Times differ from machine to machine, these counts do not. A number that has fallen is to be lowered in the tables here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Program, Run

HITS = 1000
"""How often each work of `programs/counts.py` passes its place while rdb counts."""

WORKS = ("free", "never", "false", "ignored", "short", "generator", "raised", "made", "next")
"""Nothing is set in the first; then a line never reached, a condition that is false, an ignored breakpoint, and lines
never reached of a short function and of a generator; exceptions; new code objects; a call to be stepped over."""

CALLS: dict[tuple[str, str], tuple[int, ...]] = {
    ("breakpoints", "monitoring"): (0, 0, 1000, 1000, 0, 0, 0, 40, 0),
    ("breakpoints", "settrace"): (2005, 2005, 2005, 2005, 6005, 7008, 10005, 55, 2005),
    ("breakpoints", "settrace on 3.11"): (1, 2004, 2004, 2004, 5001, 6006, 7001, 11, 1),
    ("uncaught", "monitoring"): (0, 0, 0, 0, 0, 0, 1000, 0, 0),
    ("uncaught", "settrace"): (2005, 2005, 2005, 2005, 6005, 7008, 10005, 55, 2005),
    ("uncaught", "settrace on 3.11"): (2005, 2005, 2005, 2005, 6005, 7008, 10005, 55, 2005),
    ("stepped", "monitoring"): (0, 0, 0, 0, 0, 0, 0, 40, 4),
    ("stepped", "settrace"): (2005, 2005, 2005, 2005, 6005, 7008, 10005, 55, 2007),
    ("stepped", "settrace on 3.11"): (1, 1, 1, 1, 1001, 1003, 7001, 11, 5),
}
"""How often the interpreter calls rdb for each work, by what is set and by where events come from."""

ARMED = {"breakpoints": 6, "uncaught": 0, "stepped": 1}
"""How many code objects are asked for events."""

ALLOCATED = 150
"""How often Rust code may allocate memory for all hits of a work together: a hit takes none, new code objects take a
few each."""


def breakpoints(program: Program) -> list[str]:
    places = [f"b {program.line(name)}" for name in ("cold", "never", "short", "generator", "ignored")]
    return [*places, f"ignore 5 {10**9}", f"b {program.line('false')}, i == -1"]


def uncaught(_program: Program) -> list[str]:
    return ["catch uncaught"]


def stepped(program: Program) -> list[str]:
    return [f"b {program.line('next')}", "c", "n"]


@pytest.mark.parametrize("commands", [breakpoints, uncaught, stepped])
def test_the_interpreter_calls_rdb_as_seldom_as_before(
    commands: Callable[[Program], list[str]], program: Callable[[str], Program], rdb_run: Run, backend: str
) -> None:
    counts = program("counts")
    outcome = rdb_run(counts, [*commands(counts), "c"], str(HITS))
    found = re.search(r"^(?:\(rdb\) )*counts (.*)$", outcome.stdout, re.M)
    assert found, outcome.stdout + outcome.stderr
    counted: dict[str, Any] = json.loads(found[1])

    where = "settrace on 3.11" if sys.version_info < (3, 12) else backend
    known = dict(zip(WORKS, CALLS[commands.__name__, where], strict=True))
    assert news(counted["calls"], known) == []
    assert news({"armed": counted["armed"]}, {"armed": ARMED[commands.__name__]}) == []
    for work, allocated in counted["allocated"].items():
        if allocated is not None:  # A release build does not count.
            assert allocated <= ALLOCATED, f"{work}: rdb allocates more than before"
    assert {work: kept for work, kept in counted["kept"].items() if kept >= HITS / 10} == {}, "objects pile up"


def news(counted: dict[str, int], known: dict[str, int]) -> list[str]:
    """Returns what has changed, in words."""
    assert counted.keys() == known.keys()
    return [
        f"{work}: {counted[work]} instead of {number}: "
        + ("rdb is called more often than before" if counted[work] > number else "well done; lower the number")
        for work, number in known.items()
        if counted[work] != number
    ]
