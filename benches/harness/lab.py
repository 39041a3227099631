"""Runs the rows: calibrates how long each contender may run, interleaves the rounds, and keeps what was shown."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.contenders import Contender
from harness.jobs import Facts, FailedError, Place, TooSlowError, UnableError
from harness.rows import Row, reference

VERSION = sys.version_info[:2]


@dataclass(frozen=True)
class Effort:
    """How much time is taken."""

    rounds: int
    share: float
    """How much of each program's rounds are run."""
    budget: float
    """The CPU seconds that the work of a slow contender may take in one run."""
    timeout: float
    """Seconds after which a run is given up."""
    patience: float
    """Seconds that all rounds of a cell may take."""
    small: bool


FULL = Effort(rounds=7, share=0.7, budget=0.5, timeout=60, patience=30, small=False)
SMALL = Effort(rounds=5, share=0.1, budget=0.15, timeout=20, patience=5, small=True)


@dataclass
class Cell:
    """What one contender has shown in one row with one program."""

    row: str
    program: str
    contender: str
    count: int = 0
    rounds: int = 0
    samples: list[Facts] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    """The figures of the table, one for each round."""
    trouble: str = ""
    """Why there are none."""

    @property
    def value(self) -> float | None:
        """Returns the median."""
        return statistics.median(self.values) if self.values else None


Say = Callable[[str], None]


def measure(rows: list[Row], effort: Effort, names: set[str], peers: Path | None, say: Say) -> list[Cell]:
    """Measures rows with the contenders that are named, or with all if none is."""
    cells = []
    with tempfile.TemporaryDirectory() as directory:
        place = Place(Path(directory), effort.timeout, peers)
        for row in rows:
            for program in row.counts:
                if not effort.small or row.small is None or program in row.small:
                    began = time.monotonic()
                    cells += measure_program(row, program, effort, names, place)
                    say(f"{row.name}, {program}: {time.monotonic() - began:.0f} s")
    return cells


def measure_program(row: Row, program: str, effort: Effort, names: set[str], place: Place) -> list[Cell]:
    """Measures one row with one program: all contenders in each round, so that a busy machine slows all of them."""
    running: list[tuple[Contender, Cell]] = []
    cells = []
    full = max(1, round(row.counts[program] * effort.share)) if row.scales else row.counts[program]
    for contender in row.contenders:
        if not contender.is_here(place) or is_left_out(row, contender, names):
            continue
        cell = Cell(row.name, program, contender.name, full)
        cells.append(cell)
        try:
            cell.count, cell.rounds = calibrated(row, program, contender, full, effort, place)
            running.append((contender, cell))
        except (UnableError, FailedError, TooSlowError) as error:
            cell.trouble = trouble(error)
    for number in range(effort.rounds):
        one_round(row, program, [(one, cell) for one, cell in running if number < cell.rounds], place)
    return cells


def is_left_out(row: Row, contender: Contender, names: set[str]) -> bool:
    """Returns whether a contender is not among those that are to take part."""
    return bool(names) and contender.name not in names and contender is not reference(row) and not row.peers


def trouble(error: Exception) -> str:
    """Returns why a cell has no figure, in words."""
    match error:
        case UnableError():
            return f"cannot: {error}"
        case TooSlowError():
            return "too slow"
        case _:
            return f"failed: {error}"


def calibrated(
    row: Row, program: str, contender: Contender, full: int, effort: Effort, place: Place
) -> tuple[int, int]:
    """Returns how much of its work a contender is to do in one run, and how often it is to run.

    A slow one does less, and one that is slow before it comes to work at all runs less often. The run that tells is a
    rehearsal, too: it writes the bytecode that later runs find.
    """
    began = time.monotonic()
    facts = row.run(contender, program, max(1, full // 50) if row.scales else full, place)
    took = time.monotonic() - began
    rounds = min(effort.rounds, max(1, int(effort.patience / took)))
    if not row.scales:
        return full, rounds
    each = facts["seconds"] / facts["count"]
    if each * full <= 2 * effort.budget:
        return full, rounds
    return max(1, round(effort.budget / each)), rounds


def one_round(row: Row, program: str, running: list[tuple[Contender, Cell]], place: Place) -> None:
    """Runs each contender once, and compares each with the first."""
    base: Facts | None = None
    for contender, cell in running:
        if cell.trouble:
            continue
        try:
            facts = row.run(contender, program, cell.count, place)
        except (FailedError, TooSlowError) as error:
            cell.trouble = trouble(error)
            cell.samples.clear()
            cell.values.clear()
            continue
        base = base or facts
        cell.samples.append(facts)
        cell.values.append(row.value(facts, base))
