"""The harness in `tests/suites` that runs CPython's own suites: what it counts, and when it fails."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "suites"
sys.path.insert(0, str(HERE))
import page  # noqa: E402
import scores  # noqa: E402
from scores import Committed, Score  # noqa: E402

DRIVER = runpy.run_path(str(HERE / "__main__.py"))
sys.path.remove(str(HERE))

SUITE = """\
import os, time, unittest

class Tests(unittest.TestCase):
    def test_1_passes(self): pass
    def test_2_fails(self): self.fail("on purpose")
    def test_3_ends_the_process(self): os._exit(3)
    def test_4_is_skipped(self): self.skipTest("not here")
    def test_5_hangs(self): time.sleep(1000)
    def test_6_breaks_in_a_part(self):
        with self.subTest("part"):
            raise LookupError
    @unittest.expectedFailure
    def test_7_is_to_fail(self): self.fail()
    def test_8_finds_rdb(self):
        import pdb
        self.assertEqual(pdb.__name__, "rdb.pdb")
"""


def test_a_test_that_kills_the_process_is_one_failure(tmp_path: Path) -> None:
    python = DRIVER["prepare"](tmp_path / "venv")
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (packages / "suite.py").write_text(SUITE)
    score = DRIVER["Run"]("suite", python, timeout=2.0).score()
    assert {label.partition(".")[2]: outcome for label, outcome in score.outcomes.items()} == {
        "test_1_passes": "passed",
        "test_2_fails": "failed",
        "test_3_ends_the_process": "crashed",
        "test_4_is_skipped": "skipped",
        "test_5_hangs": "hung",
        "test_6_breaks_in_a_part": "failed",
        "test_7_is_to_fail": "passed",
        "test_8_finds_rdb": "passed",
    }
    assert "on purpose" in score.texts["Tests.test_2_fails"]


def test_without_rdb_in_their_place_no_suite_runs(tmp_path: Path) -> None:
    python = DRIVER["prepare"](tmp_path / "venv")
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (packages / "suite.py").write_text(SUITE)
    (packages / "rdb-install.pth").unlink()
    with pytest.raises(SystemExit, match="the suites would test bdb pdb"):
        DRIVER["Run"]("suite", python).score()


COMMITTED = Committed(
    python={"3.14": "3.14.10"},
    passed={"test_x": {"3.14": 2}},
    fails=[{"suite": "test_x", "python": ["3.14"], "tests": ["C"], "reason": "because"}],
)


def score(python: str = "3.14.10", **outcomes: str) -> Score:
    return Score("test_x", python, outcomes)


@pytest.mark.parametrize(
    ("found", "falls", "rises"),
    [
        (score(A="passed", B="passed", C="failed"), [], []),
        (score(A="passed", B="failed", C="failed"), ["B failed\n", "1 passed, and not 2"], []),
        (score(A="passed", B="skipped", C="failed"), ["1 passed, and not 2"], []),
        (score(A="passed", B="passed", C="hung", D="not run"), ["D not run\n"], []),
        (score(A="passed", B="passed", C="passed"), [], ["3 passed, and not 2", "C passes"]),
        # Another release has other tests: only what fails is compared.
        (score("3.14.11", A="passed", C="failed"), [], []),
        (score("3.14.11", A="passed", B="crashed"), ["B crashed\n"], []),
        (score("3.14.11", A="passed", B="passed", C="passed"), [], []),
    ],
)
def test_what_falls_and_what_rises(found: Score, falls: list[str], rises: list[str]) -> None:
    name = f"test_x on {found.python}: "
    assert [text.removeprefix(name) for text in COMMITTED.falls(found)] == falls
    assert [text.removeprefix(name) for text in COMMITTED.rises(found)] == rises


def test_the_table_has_a_column_for_each_python(tmp_path: Path) -> None:
    scores.save(tmp_path, [Score("test_x", "3.9.20", {"A": "passed", "B": "failed"})])
    scores.save(tmp_path, [Score("test_x", "3.14.10", {"A": "passed"}), Score("test_y", "3.14.10", {})])
    assert scores.table(scores.load(tmp_path), COMMITTED).splitlines() == [
        "passed/all (committed)",
        "suite   3.9.20  3.14.10",
        "test_x  1/2     1/1 (2)",
        "test_y  -       0/0",
    ]


def test_what_is_committed_can_be_read() -> None:
    committed = Committed.read()
    for suite, numbers in committed.passed.items():
        assert set(numbers) <= set(committed.python), suite
    for entry in committed.fails:
        known: dict[str, Any] = entry
        assert set(known) == {"suite", "python", "tests", "reason"}
        assert known["suite"] in committed.passed


@pytest.mark.parametrize("part", [page.defects, page.suites])
def test_the_page_of_differences_is_up_to_date(part: Callable[[], str]) -> None:
    kept = page.PAGE.read_text(encoding="utf-8")
    assert page.splice(kept, part.__name__, part()) == kept, "run `nox -s commands`"
