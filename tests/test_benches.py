"""The bench measures something: its programs run, its command prints the table, its page says what is missed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

BENCHES = Path(__file__).parent.parent / "benches"
sys.path.insert(0, str(BENCHES))

from harness import page, picture, programs, results, rows, table  # noqa: E402
from harness.lab import Cell  # noqa: E402


@pytest.mark.parametrize("name", programs.COUNTS)
def test_a_workload_runs_past_its_marked_lines(name: str, environment: dict[str, str]) -> None:
    path = programs.workload(name)
    code = (
        "import runpy, sys\n"
        "path, seen = sys.argv[1], set()\n"
        "def lines(frame, event, argument):\n"
        "    if frame.f_code.co_filename == path:\n"
        "        seen.add(frame.f_lineno)\n"
        "    return lines\n"
        "sys.argv[1:] = ['1']\n"
        f"sys.path.insert(0, {str(BENCHES / 'workloads')!r})\n"
        "sys.settrace(lines)\n"
        "runpy.run_path(path, run_name='__main__')\n"
        "sys.settrace(None)\n"
        "print('seen', sorted(seen))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "\nbench {" in done.stdout, done.stderr
    seen = set(json.loads(done.stdout.partition("seen ")[2]))
    never, cold = (rows.marked(path, marker) for marker in ("never", "cold"))
    assert not {never, cold} & seen
    # The function with the line that is never reached is run, or there would be nothing to measure.
    assert {line for line in seen if never - 8 <= line < never}


def test_the_command_prints_the_table(environment: dict[str, str]) -> None:
    command = [str(BENCHES / "run.py"), "--small", "--no-write", "--rounds", "1", "--contenders", "rdb"]
    done = subprocess.run(
        [sys.executable, *command, "--only", "ignore,memory"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done.stdout + done.stderr
    assert re.match(r"ignore count that does not run out +ns +(20\.0|-) +-?\d", lines[2])
    assert re.match(r"memory over plain, one breakpoint +MB +5\.0 +\d", lines[3])


def test_a_goal_is_met_or_missed() -> None:
    def verdict(value: float, again: float) -> table.Verdict:
        cells = [Cell("cold", name, "plain again", values=[1 + again]) for name in ("nbody", "tasks", "strings")]
        cell = Cell("cold", "nbody", "rdb", values=[value, 0.5, 9.0])
        return table.verdict(row, cell, results.Run("3.14", {}, [*cells, cell]))

    row = next(row for row in rows.ROWS if row.name == "cold")
    assert verdict(1.01, 0.0) is table.Verdict.MET
    assert verdict(1.02, 0.0) is table.Verdict.MISSED
    assert verdict(1.02, 0.03) is table.Verdict.NOISE
    slow = Cell("cold", "nbody", "rdb", trouble="too slow")
    assert table.verdict(row, slow, results.Run("3.14", {}, [slow])) is table.Verdict.MISSED


def test_the_page_tells_what_is_missed_and_why() -> None:
    about = {"processor": "", "machine": "here", "versions": {"rdb": "1"}, "python": "3.14.0", "rounds": 5}
    cells = [Cell("cold", "nbody", "plain", values=[1.0]), Cell("cold", "nbody", "rdb", values=[1.5])]
    run = results.Run("3.14", about | {"small": True, "load": 1.0}, cells)
    text = page.markdown([run])
    assert "| breakpoint in a never-called function: nbody | 1.010x | 1.500x | missed |" in text
    assert "| breakpoint in a never-called function: nbody | 3.14: 1.500x (+0.490) |" in text
    assert "\nbreakpoint in a never-called function\n: " in text
    assert picture.svg(run).count("<circle") == len(picture.SHOWN) + 1


def test_reasons_are_about_rows() -> None:
    reasons = tomllib.loads(page.REASONS.read_text(encoding="utf-8"))
    assert set(reasons) <= {row.name for row in rows.ROWS}
