"""A job: a program to be run, and what a debugger is to do with it. Knows no debugger."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

Facts = dict[str, float]
"""What one run has shown: `seconds` for `count` rounds of the program's work, `began`, `ready`, `rss`, …"""


class UnableError(Exception):
    """A contender has no such thing; the text says what."""


class FailedError(Exception):
    """A run did not do what it was meant to; the text is what it said."""


class TooSlowError(Exception):
    """A run took longer than a cell of the table may take."""


@dataclass(frozen=True)
class Break:
    """A breakpoint that is to be set before the program starts."""

    path: Path
    line: int
    condition: str | None = None


@dataclass(frozen=True)
class Job:
    """One run of a program."""

    script: Path
    arguments: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    ignore: int = 0
    """How many hits of the first breakpoint are to be passed over."""
    catch_uncaught: bool = False
    """Whether to stop at exceptions that nothing handles."""
    resume: tuple[str, ...] = ("continue",)
    """The commands behind those that set the breakpoints."""


@dataclass(frozen=True)
class Place:
    """Where jobs are run, and for how long at most."""

    home: Path
    """The home directory of whoever runs, which is empty but for programs that were written for the run."""
    timeout: float
    """Seconds after which a run is given up."""
    peers: Path | None
    """Where the others are installed, if they are not beside rdb. Files of theirs that Python reads whenever it starts
    would slow down everybody."""


def marked(path: Path, name: str) -> int:
    """Returns the number of the line that is marked `# @name`."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.endswith(f"# @{name}"):
            return number
    raise ValueError(f"{path} marks no line as @{name}")


def facts(output: str) -> Facts:
    """Returns what the program said about itself."""
    found = re.search(r"^(?:\(\w+\) )*bench (\{.*\})\s*$", output, re.M)
    if found is None:
        raise FailedError(output[-2000:])
    result: Facts = json.loads(found[1])
    return result
