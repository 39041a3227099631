"""How results are kept: one JSON file for each Python, to which a run of some rows adds."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import platform
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.lab import Cell, Effort

RESULTS = Path(__file__).parent.parent / "results"
PEERS = ("rdb", "debugpy", "pudb", "coverage", "hunter", "viztracer")


@dataclass
class Run:
    """What was measured on one Python."""

    python: str
    """The version as 3.14."""
    about: dict[str, Any]
    cells: list[Cell] = field(default_factory=list)

    def cell(self, row: str, program: str, contender: str) -> Cell | None:
        """Returns what a contender has shown."""
        for cell in self.cells:
            if (cell.row, cell.program, cell.contender) == (row, program, contender):
                return cell
        return None

    def noise(self) -> float:
        """Returns how far plain Python is from itself: the upper quartile, as a part of it."""
        off = sorted(
            abs(cell.value - 1)
            for cell in self.cells
            if cell.contender == "plain again" and cell.row in ("cold", "never") and cell.value is not None
        )
        return statistics.quantiles(off, n=4)[2] if len(off) > 1 else 0.0


def of(cells: list[Cell], effort: Effort, peers: Path | None, seconds: float) -> Run:
    """Returns the run that has just been made."""
    path = [*([str(peers)] if peers else []), *sys.path]
    found = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions(path=path)}
    versions = {name: found[name] for name in PEERS if name in found}
    about = {
        "python": platform.python_version(),
        "compiler": platform.python_compiler(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "processor": processor(),
        "versions": versions,
        "rounds": effort.rounds,
        "small": effort.small,
        "seconds": round(seconds),
        "load": os.getloadavg()[1],
    }
    return Run(f"{sys.version_info.major}.{sys.version_info.minor}", about, cells)


def processor() -> str:
    """Returns the name of the processor, where the system tells."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def write(run: Run) -> None:
    """Writes a run; what an earlier one has measured in other rows stays."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{run.python}.json"
    rows = {cell.row for cell in run.cells}
    older = [cell for cell in read(path).cells if cell.row not in rows] if path.exists() else []
    cells = [dataclasses.asdict(cell) for cell in [*older, *run.cells]]
    path.write_text(json.dumps({"python": run.python, "about": run.about, "cells": cells}), encoding="utf-8")


def read(path: Path) -> Run:
    """Reads a run."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Run(data["python"], data["about"], [Cell(**cell) for cell in data["cells"]])


def read_all() -> list[Run]:
    """Reads the runs of all Pythons, the oldest Python first."""
    runs = [read(path) for path in RESULTS.glob("*.json")]
    return sorted(runs, key=lambda run: tuple(int(part) for part in run.python.split(".")))
