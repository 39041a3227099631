"""What pdb does wrong and rdb does not, as `defects.toml` and with it the documentation say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import Outcome, Run

HERE = Path(__file__).parent
DEFECTS: list[dict[str, Any]] = tomllib.loads((HERE / "defects.toml").read_text(encoding="utf-8"))["defect"]
SESSIONS = [defect for defect in DEFECTS if "program" in defect]
RELEASES = tomllib.loads((HERE / "suites" / "scores.toml").read_text(encoding="utf-8"))["python"]
"""The releases for which the statements about pdb were checked."""
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


def name(defect: dict[str, Any]) -> str:
    return re.sub(r"[^\w ]", "", defect["pdb"])


def mended_in(face: str) -> Any:
    sessions = [defect for defect in SESSIONS if face in defect["mended"]]
    return pytest.mark.parametrize("defect", sessions, ids=name)


class Session:
    """A session about one defect."""

    def __init__(self, defect: dict[str, Any], directory: Path) -> None:
        self.defect = defect
        self.script = directory / "script.py"
        self.script.write_text(defect["program"])
        lines = defect["program"].splitlines()
        self.lines = {found[1]: n for n, line in enumerate(lines, 1) if (found := re.search(r"# @(\w+)", line))}

    def fill(self, text: str) -> str:
        """Replaces the names of lines by their numbers."""
        return re.sub(r"@(\w+)", lambda found: str(self.lines[found[1]]), text)

    def commands(self) -> list[str]:
        """Returns what is typed."""
        return [self.fill(command) for command in self.defect["commands"]]

    def run(self, module: str, environment: dict[str, str]) -> Outcome:
        """Runs the session under a debugger, and returns how it ended."""
        done = subprocess.run(
            [sys.executable, "-m", module, str(self.script), *self.defect.get("arguments", [])],
            input="".join(f"{command}\n" for command in self.commands()),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environment,
            cwd=self.script.parent,
        )
        return Outcome(done.stdout, done.stderr, done.returncode)

    def wrongs(self, outcome: Outcome) -> list[str]:
        """Returns what is not as it should be."""
        text = outcome.stdout + outcome.stderr
        missing = [part for part in map(self.fill, self.defect.get("says", [])) if part not in text]
        unwelcome = [part for part in self.defect.get("never", []) if part in text]
        status = self.defect.get("status", outcome.returncode)
        return missing + unwelcome + ([f"status {outcome.returncode}"] if outcome.returncode != status else [])


@mended_in("rdb")
def test_rdb_does_it_right(defect: dict[str, Any], rdb_run: Run, tmp_path: Path) -> None:
    session = Session(defect, tmp_path)
    outcome = rdb_run(session.script, session.commands(), *defect.get("arguments", []))
    assert session.wrongs(outcome) == [], outcome.stdout + outcome.stderr


@mended_in("rdb.pdb")
def test_the_drop_in_does_it_right(defect: dict[str, Any], environment: dict[str, str], tmp_path: Path) -> None:
    session = Session(defect, tmp_path)
    outcome = session.run("rdb.pdb", environment)
    assert session.wrongs(outcome) == [], outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    "defect", [defect for defect in SESSIONS if MINOR in defect.get("pythons", RELEASES)], ids=name
)
def test_pdb_has_the_defect(defect: dict[str, Any], environment: dict[str, str], tmp_path: Path) -> None:
    session = Session(defect, tmp_path)
    outcome = session.run("pdb", environment)
    if RELEASES[MINOR] == sys.version.split()[0]:  # another release may have mended it
        assert session.wrongs(outcome) != []


@pytest.mark.parametrize("defect", [defect for defect in DEFECTS if "program" not in defect], ids=name)
def test_what_is_shown_elsewhere_is_there(defect: dict[str, Any]) -> None:
    file, _, function = defect["shown"].partition("::")
    assert f"\ndef {function}(" in (HERE / file).read_text(encoding="utf-8")
