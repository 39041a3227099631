"""Compares what the suites have scored with what is committed in `scores.toml`, and prints the table."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMITTED = Path(__file__).with_name("scores.toml")
NEVER = "-"


@dataclass(frozen=True)
class Score:
    """How a suite has ended on one Python."""

    suite: str
    python: str
    """The release, like `3.14.2`."""
    outcomes: dict[str, str]
    """How each test has ended, by its label: `passed`, `failed`, `skipped`, `hung`, `crashed` or `not run`."""
    texts: dict[str, str] = field(default_factory=dict)
    """What there is to say of those that did not pass."""

    @property
    def minor(self) -> str:
        """Returns the version, like `3.14`."""
        return self.python.rpartition(".")[0]

    @property
    def passed(self) -> int:
        """Returns the number of tests that passed."""
        return list(self.outcomes.values()).count("passed")

    @property
    def failed(self) -> list[str]:
        """Returns the tests that neither passed nor were skipped."""
        return [test for test, outcome in self.outcomes.items() if outcome not in ("passed", "skipped")]


def save(directory: Path, scores: list[Score]) -> None:
    """Writes the scores of one Python."""
    directory.mkdir(parents=True, exist_ok=True)
    kept = [vars(score) for score in scores]
    (directory / f"{scores[0].minor}.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")


def load(directory: Path) -> list[Score]:
    """Returns the scores of all Pythons, oldest first."""
    paths = sorted(directory.glob("*.json"), key=lambda path: [int(part) for part in path.stem.split(".")])
    return [Score(**kept) for path in paths for kept in json.loads(path.read_text(encoding="utf-8"))]


@dataclass(frozen=True)
class Committed:
    """What is committed."""

    python: dict[str, str]
    passed: dict[str, dict[str, int]]
    fails: list[dict[str, Any]]

    @classmethod
    def read(cls) -> Committed:
        """Reads the file."""
        data = tomllib.loads(COMMITTED.read_text(encoding="utf-8"))
        return cls(data["python"], data["passed"], data.get("fails", []))

    def may_fail(self, suite: str, minor: str) -> set[str]:
        """Returns the tests that are known not to pass."""
        known = (entry for entry in self.fails if entry["suite"] == suite and minor in entry["python"])
        return {test for entry in known for test in entry["tests"]}

    def falls(self, score: Score) -> list[str]:
        """Returns what is worse than what is committed."""
        name = f"{score.suite} on {score.python}"
        known = self.may_fail(score.suite, score.minor)
        found = [
            f"{name}: {test} {score.outcomes[test]}\n{score.texts.get(test, '')}"
            for test in score.failed
            if test not in known
        ]
        committed = self.passed.get(score.suite, {}).get(score.minor, 0)
        if self.python.get(score.minor) == score.python and score.passed < committed:
            found.append(f"{name}: {score.passed} passed, and not {committed}")
        return found

    def rises(self, score: Score) -> list[str]:
        """Returns what is better than what is committed."""
        if self.python.get(score.minor) != score.python:
            return []
        name = f"{score.suite} on {score.python}"
        committed = self.passed.get(score.suite, {}).get(score.minor, 0)
        found = [f"{name}: {score.passed} passed, and not {committed}"] if score.passed > committed else []
        known = self.may_fail(score.suite, score.minor)
        return found + [f"{name}: {test} passes" for test in known if score.outcomes.get(test) == "passed"]


def table(scores: list[Score], committed: Committed) -> str:
    """Returns the scores of the suites on all Pythons."""
    pythons = list(dict.fromkeys(score.python for score in scores))
    rows = [["suite", *pythons]]
    for suite in dict.fromkeys(score.suite for score in scores):
        row = [suite]
        for python in pythons:
            score = next((each for each in scores if (each.suite, each.python) == (suite, python)), None)
            row.append(cell(score, committed) if score else NEVER)
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(["passed/all (committed)", *lines])


def cell(score: Score, committed: Committed) -> str:
    """Returns what the table says of one suite on one Python."""
    number = committed.passed.get(score.suite, {}).get(score.minor)
    return f"{score.passed}/{len(score.outcomes)}" + ("" if number is None else f" ({number})")


def report(scores: list[Score]) -> bool:
    """Prints the table and what has changed, and returns whether nothing has become worse."""
    committed = Committed.read()
    falls = [line for score in scores for line in committed.falls(score)]
    rises = [line for score in scores for line in committed.rises(score)]
    for title, lines in (("better than committed, change scores.toml:", rises), ("worse than committed:", falls)):
        if lines:
            print("\n".join([title, *lines]), end="\n\n")
    print(table(scores, committed))
    return not falls
