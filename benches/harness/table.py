"""The table: a line for each row and program, a column for each contender, and whether the goal is met."""

from __future__ import annotations

from enum import Enum

from harness.lab import Cell
from harness.results import Run
from harness.rows import ROWS, Row, reference

COLUMNS = ("rdb", "rdb settrace", "rdb.pdb", "pdb", "pdb settrace", "debugpy", "pudb")
SMALL = ("plain", "plain again", "rdb", "rdb settrace", "rdb.pdb", "pdb", "pdb settrace")
"""Who takes part in the small mode, beside the tracers' floor."""


class Verdict(Enum):
    """What is said of a goal."""

    MET = "met"
    NOISE = "met within noise"
    MISSED = "missed"
    NONE = "-"


def verdict(row: Row, cell: Cell | None, run: Run) -> Verdict:
    """Returns whether rdb has reached the goal of a row."""
    goal = goal_of(row, run)
    if goal is None or cell is None:
        return Verdict.NONE
    if cell.value is None:
        return Verdict.MISSED if cell.trouble else Verdict.NONE
    if cell.value <= goal:
        return Verdict.MET
    if row.unit == "x" and cell.value <= goal + run.noise():
        return Verdict.NOISE
    return Verdict.MISSED


def goal_of(row: Row, run: Run) -> float | None:
    """Returns the goal of a row on the Python of a run."""
    major, minor = run.python.split(".")
    return row.goal((int(major), int(minor)))


def figure(value: float | None, unit: str) -> str:
    """Returns a figure with as many digits as it deserves."""
    if value is None:
        return "-"
    if unit == "x":
        text = f"{value:.3f}" if value < 2 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
        return f"{text}x"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def shown(cell: Cell | None, unit: str) -> str:
    """Returns a cell of the table."""
    if cell is None:
        return ""
    if cell.trouble:
        return cell.trouble.split(":")[0]
    return figure(cell.value, unit)


def measured(run: Run) -> list[tuple[Row, str]]:
    """Returns the rows and programs that a run has measured, in the order of the table."""
    found = {(cell.row, cell.program) for cell in run.cells}
    return [(row, program) for row in ROWS for program in row.counts if (row.name, program) in found]


def text(run: Run) -> str:
    """Returns the table as text for a terminal."""
    head = ["", "unit", "goal", *COLUMNS, "verdict"]
    lines = []
    peers = []
    for row, program in measured(run):
        if row.peers:
            peers += [cell for cell in run.cells if cell.row == "trace" and cell.program == program]
            continue
        title = f"{row.title}: {program}" if len(row.counts) > 1 else row.title
        cells = [shown(run.cell(row.name, program, name), row.unit) for name in COLUMNS]
        said = verdict(row, run.cell(row.name, program, "rdb"), run)
        lines.append([title, row.unit, figure(goal_of(row, run), row.unit), *cells, said.value])
    widths = [max(len(line[at]) for line in [head, *lines]) for at in range(len(head))]
    body = [
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in [head, *lines]
    ]
    note = f"Python {run.python}; medians of {run.about['rounds']} interleaved rounds; noise {run.noise():.1%}"
    return "\n".join([note, *body, *traced(peers)])


def traced(cells: list[Cell]) -> list[str]:
    """Returns the lines about tracers."""
    by_program: dict[str, list[str]] = {}
    for cell in cells:
        if cell.contender != reference_of("trace"):
            by_program.setdefault(cell.program, []).append(f"{cell.contender} {shown(cell, 'x')}")
    return [f"every line traced: {program}: {', '.join(words)}" for program, words in by_program.items()]


def reference_of(name: str) -> str:
    """Returns the name of the contender that a row compares with."""
    return next(reference(row).name for row in ROWS if row.name == name)
