"""The page of the manual about speed: the tables of all Pythons, and what is missed, by how much and why."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from harness.lab import Cell
from harness.results import Run
from harness.rows import Row
from harness.table import COLUMNS, Verdict, figure, goal_of, measured, shown, verdict

REASONS = Path(__file__).parent.parent / "reasons.toml"

HEAD = """\
# Performance

<!-- Generated from measurements; `nox -s performance` writes it anew from what `nox -s bench` has left. -->

What a program costs under rdb, as a ratio to the same program under plain Python, beside what other debuggers cost.

![Ratios to plain Python](performance.svg)

## How it was measured

`nox -s bench-3.14` builds rdb for release and measures; it is the same on each Python. Programs of our own, in the
spirit of pyperformance, measure the CPU time of their work themselves, without the start of the interpreter. All
contenders take turns in each round; a ratio is the median of the ratios to plain Python of the same round. Whoever is
very slow runs a shorter program, and fewer rounds. Plain Python takes part twice: how far it is from itself is called
noise. A goal is *met within noise* where it is missed by less than that.
"""

UNITS = """\
`x`: times the CPU time of plain Python (of all processes, in the row about starting, where debugpy is compared by
wall time). `ns`: nanoseconds that one crossing of the line costs more than in plain Python. `us`: microseconds. "too
slow" had not ended after a minute, "cannot" has no such thing.
"""

TITLES = {"pdb": "pdb", "pdb settrace": "pdb with `settrace`", "rdb settrace": "rdb with `settrace`"}


def markdown(runs: list[Run]) -> str:
    """Returns the page."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    lines = [HEAD, *machines(runs), "", UNITS]
    for run in reversed(runs):
        lines += [f"## Python {run.python}", "", *table(run), "", *tracers(run)]
    lines += ["## Where a goal is missed", "", *missed(runs, reasons)]
    return "\n".join(lines).rstrip() + "\n"


def machines(runs: list[Run]) -> Iterator[str]:
    """Yields what the figures come from."""
    about = runs[-1].about
    processor = about["processor"] or "an unknown processor"
    yield f"The machine: {processor}, {about['machine']}; a virtual one that others use, too."
    yield ""
    yield "| Python | rounds | load | noise | compared |"
    yield "|---|---|---|---|---|"
    for run in runs:
        about = run.about
        versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        rounds = f"{about['rounds']}{' (small mode)' if about['small'] else ''}"
        yield f"| {about['python']} | {rounds} | {about['load']:.1f} | {run.noise():.1%} | {versions} |"


def table(run: Run) -> Iterator[str]:
    """Yields the table of one Python; columns of nobody are left out."""
    columns = [name for name in COLUMNS if any(cell.contender == name for cell in run.cells)]
    yield "| | goal | " + " | ".join(TITLES.get(name, name) for name in columns) + " | |"
    yield "|---|---" + "|---" * (len(columns) + 1) + "|"
    for row, program in measured(run):
        if row.peers:
            continue
        cells = [with_unit(shown(run.cell(row.name, program, name), row.unit), row) for name in columns]
        goal = figure(goal_of(row, run), row.unit)
        said = verdict(row, run.cell(row.name, program, "rdb"), run).value
        yield f"| {name_of(row, program)} | {with_unit(goal, row)} | {' | '.join(cells)} | {said} |"


def with_unit(text: str, row: Row) -> str:
    """Returns a figure with its unit, where it does not have it already."""
    return text if row.unit == "x" or not text[:1].lstrip("-").isdigit() else f"{text} {row.unit}"


def name_of(row: Row, program: str) -> str:
    """Returns what a line of the table is about."""
    return f"{row.title}: {program}" if len(row.counts) > 1 else row.title


def tracers(run: Run) -> Iterator[str]:
    """Yields what it costs to hear of each line, by those who do so for a report."""
    rows = [(row, program) for row, program in measured(run) if row.peers]
    if not rows:
        return
    names = list(dict.fromkeys(cell.contender for cell in run.cells if cell.row == rows[0][0].name))[1:]
    yield f"{rows[0][0].title.capitalize()} (`interpreter`: an event for each line, and a built-in function hears it):"
    yield ""
    yield "| | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for row, program in rows:
        yield (
            f"| {program} | " + " | ".join(shown(run.cell(row.name, program, name), row.unit) for name in names) + " |"
        )
    yield ""


def missed(runs: list[Run], reasons: dict[str, str]) -> Iterator[str]:
    """Yields the goals that were missed: by how much on which Python, and why."""
    found: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        for row, program in measured(run):
            cell = run.cell(row.name, program, "rdb")
            if verdict(row, cell, run) is Verdict.MISSED and cell is not None:
                text = f"{run.python}: {with_unit(shown(cell, row.unit), row)}{over(cell, row, run)}"
                found.setdefault((row.name, name_of(row, program)), []).append(text)
    if not found:
        yield "None is."
        return
    yield "| | rdb, and how much over the goal |"
    yield "|---|---|"
    for (_, title), texts in found.items():
        yield f"| {title} | {', '.join(texts)} |"
    yield ""
    titles = {row.name: row.title for run in runs for row, _ in measured(run)}
    for name in dict.fromkeys(name for name, _ in found):
        why = " ".join(reasons.get(name, "not known yet.").split())
        yield f"{titles[name]}\n: {why}\n"


def over(cell: Cell, row: Row, run: Run) -> str:
    """Returns by how much a figure is over its goal."""
    goal = goal_of(row, run)
    if cell.value is None or goal is None:
        return ""
    return f" (+{figure(cell.value - goal, row.unit).removesuffix('x')})"
