"""Breakpoints that are crossed and do not stop: they are counted, and stop when they should."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from conftest import Outcome, Run

LOOP = """\
import sys
def work(count, name="x"):
    total = 0
    for number in range(count):
        total += number  # here
        total -= 1
    return total
def slow(number):
    return number == 41
print("total", work(100))
print("again", work(100))
"""
HERE = LOOP.splitlines().index("        total += number  # here") + 1


def told(outcome: Outcome) -> list[str]:
    """Returns what was printed for `p` commands, and how often breakpoints were hit."""
    return re.findall(r"(?m)^(?:\(rdb\) )?(\d+|breakpoint already hit .*|\tbreakpoint already hit .*)$", outcome.stdout)


def check(rdb_run: Run, commands: Sequence[str], expected: Sequence[str]) -> None:
    """Runs the loop, and compares the values and counts that were shown."""
    outcome = rdb_run(LOOP, [*commands, "q"])
    assert [line.strip() for line in told(outcome)] == list(expected), outcome.stdout + outcome.stderr


@pytest.mark.parametrize("condition", ["number == 41", "str(number) == '41'", "slow(number)", "(n := number) == 41"])
def test_a_condition_stops_where_it_is_true_and_counts_each_crossing(rdb_run: Run, condition: str) -> None:
    commands = [f"b {HERE}, {condition}", "c", "p number", "b", "c", "p number", "b"]
    expected = ["41", "breakpoint already hit 42 times", "41", "breakpoint already hit 142 times"]
    check(rdb_run, commands, expected)


def test_an_ignore_count_counts_down_to_its_stop(rdb_run: Run) -> None:
    commands = [f"b {HERE}", "ignore 1 60", "c", "p number", "b", "ignore 1 100", "c", "p number", "b"]
    expected = ["60", "breakpoint already hit 61 times", "61", "breakpoint already hit 162 times"]
    check(rdb_run, commands, expected)


def test_an_ignore_count_applies_to_true_conditions(rdb_run: Run) -> None:
    commands = [f"b {HERE}, number % 10 == 3", "ignore 1 4", "c", "p number", "b"]
    check(rdb_run, commands, ["43", "breakpoint already hit 44 times"])


def test_several_breakpoints_of_a_line_are_counted_each(rdb_run: Run) -> None:
    commands = [f"b {HERE}, number == 50", f"b {HERE}, number == 20", f"b {HERE + 1}, number == 30", "c", "p number"]
    commands += ["c", "p number", "c", "p number", "b"]
    hits = [f"breakpoint already hit {count} times" for count in (51, 51, 50)]
    check(rdb_run, commands, ["20", "30", "50", *hits])


def test_a_change_at_a_stop_is_in_force_at_the_next_crossing(rdb_run: Run) -> None:
    commands = [f"b {HERE}, number == 10", "c", "p number", "condition 1 number == 15", "c", "p number"]
    commands += ["disable 1", f"tbreak {HERE}, number == 17", "c", "p number", "enable 1", "condition 1 number == 18"]
    check(rdb_run, [*commands, "c", "p number", "clear 1", "c"], ["10", "15", "17", "18"])


def test_a_condition_that_fails_stops_and_says_so(rdb_run: Run) -> None:
    outcome = rdb_run(LOOP, [f"b {HERE}, 0 // (number - 25)", "ignore 1 5", "c", "p number", "q"])
    assert told(outcome) == ["25"]
    assert re.search(r"ZeroDivisionError: .*zero", outcome.stdout)


def test_steps_hear_of_lines_that_were_crossed_before(rdb_run: Run) -> None:
    commands = [f"b {HERE}, number == 70", "c", "p number", "n", "n", "n", "p number", "condition 1 number == 75", "c"]
    check(rdb_run, [*commands, "p number", "s", "p number"], ["70", "71", "75", "75"])


def test_a_step_over_a_function_stops_in_it_where_a_condition_is_true(rdb_run: Run) -> None:
    first, second = len(LOOP.splitlines()) - 1, len(LOOP.splitlines())
    commands = [f"b {first}", f"b {second}", f"b {HERE}, number == 33", "c", "n", "p number", "c", "n", "p number", "b"]
    hits = ["breakpoint already hit 1 time", "breakpoint already hit 1 time", "breakpoint already hit 134 times"]
    check(rdb_run, commands, ["33", "33", *hits])


def test_a_breakpoint_for_one_thread_counts_its_crossings_only(rdb_run: Run) -> None:
    commands = [f"b {HERE} thread 1, number == 12", "c", "p number", "b"]
    check(rdb_run, commands, ["12", "breakpoint already hit 13 times"])


THREADS = """\
import threading
def work(count):
    total = 0
    for number in range(count):
        total += number  # here
    return total
threads = [threading.Thread(target=work, args=(500,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("joined")
"""


@pytest.mark.parametrize("condition", ["number == -1", "abs(number) == -1"])
def test_crossings_of_all_threads_are_counted(rdb_run: Run, condition: str) -> None:
    commands = [f"b 5, {condition}", f"b {len(THREADS.splitlines())}", "c", "b", "q"]
    outcome = rdb_run(THREADS, commands)
    assert "breakpoint already hit 2000 times" in outcome.stdout, outcome.stdout + outcome.stderr


GENERATOR = """\
def numbers():
    for number in range(50):
        yield number
def one_line(): return [n for n in numbers()]
class C:
    for value in range(30):
        twice = value * 2
print(one_line(), C)
"""


def test_generators_classes_and_modules_are_crossed_too(rdb_run: Run) -> None:
    outcome = rdb_run(GENERATOR, ["b 3, number == 44", "b 7, value == 20", "c", "p value", "c", "p number", "b", "q"])
    values = [line.strip() for line in told(outcome)]
    hits = ["breakpoint already hit 45 times", "breakpoint already hit 30 times"]
    assert values == ["20", "44", *hits], outcome.stdout
