"""pytest on a terminal: its own debugging with rdb in the place of pdb, and stops of rdb itself in its tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from terminals import SideBySide, Terminal, neighbour

neighbour("pyte", "IPython", "xdist")

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

SUITE = """\
import pytest


def double(value):
    doubled = value * 2
    return doubled


def test_breaks():
    answer = double(21)
    print("captured before")
    breakpoint()
    answer += 1
    print("captured after")
    assert answer == 42


def test_fails():
    wrong = double(20)
    assert wrong == 42


def test_raises():
    wanted = {}
    try:
        wanted["a"]
    except KeyError as error:
        raise ValueError("no a") from error


@pytest.fixture
def broken():
    raise LookupError("fixture")


def test_fixture(broken):
    pass
"""

# With no configuration: the temporary directory may be inside of this project, whose own is strict about warnings.
PYTEST = ["-m", "pytest", "-c", "/dev/null", "--rootdir=.", "-p", "no:cacheprovider", "-q", "--color=no"]
RUN = [*PYTEST, "test_suite.py"]
FILES = {"test_suite.py": SUITE}
RDB = {"test_suite.py": SUITE.replace("    breakpoint()", "    __import__('rdb').set_trace()")}
PROMPT = r"\(Pdb\)|\(\(Pdb\)\)|ipdb>"


@pytest.mark.parametrize(
    ("options", "lines", "expected"),
    [
        (
            ["-k", "breaks"],
            ["p answer", "w", "b 15", "b", "c", "p answer", "up", "down", "ll", "!answer = 42", "c"],
            ["(Pdb) p answer", "42", "43", "1 passed"],
        ),
        (
            ["--pdb", "-k", "fails or raises or fixture"],
            ["p wrong + 2", "u", "d", "args", "ll", "c", "p wanted", "list", "c", "p 6 * 7", "w", "q"],
            ["42", "{}", "!!! _pytest.outcomes.Exit: Quitting debugger !!!"],
        ),
        (
            ["--trace", "-k", "breaks or fails"],
            ["s", "s", "p value", "r", "c", "p answer", "c", "n", "p wrong", "q"],
            ["21", "42", "40"],
        ),
        (
            ["--pdb", "--pdbcls=IPython.terminal.debugger:TerminalPdb", "-k", "breaks or fails"],
            ["p answer", "context 3", "n", "w", "c", "p wrong", "d", "u", "c", "p wrong", "q"],
            ["ipdb> p answer", "42", "40"],
        ),
    ],
    ids=["breakpoint", "pdb", "trace", "pdbcls"],
)
def test_its_own_debugging(
    options: list[str], lines: list[str], expected: list[str], side_by_side: Callable[..., SideBySide]
) -> None:
    shown = side_by_side([*RUN, *options], PROMPT, FILES).session(lines)
    missing = [text for text in expected if not any(text in row for row in shown)]
    assert not missing, "\n".join(shown)


def session(terminal: Terminal, lines: list[str]) -> list[str]:
    """Types lines, the last of which ends the program, and returns the screen."""
    terminal.until_asked(r"\(rdb\)")
    for line in lines[:-1]:
        terminal.type(line)
        terminal.until_asked(r"\(rdb\)")
    terminal.type(lines[-1])
    status = terminal.end()
    return [*terminal.rows(), f"exit {status}"]


def test_a_stop_turns_capturing_off_and_on(on_terminal: Callable[..., Terminal]) -> None:
    shown = session(on_terminal([*RUN, "-k", "breaks"], RDB), ["p answer", "n", "n", "p answer", "c"])
    assert shown[shown.index("(rdb) p answer") + 1] == "42"
    text = "\n".join(shown)
    before, _, captured = text.partition("Captured stdout call")
    assert "captured" not in before.replace('print("captured', "")
    assert "\ncaptured before\ncaptured after\n" in captured
    assert "assert 43 == 42" in text
    assert shown[-1] == "exit 1"


def test_streams_that_a_test_replaces_stay_its_own(on_terminal: Callable[..., Terminal]) -> None:
    suite = """\
import contextlib, io, rdb, sys

def test_output(capsys):
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        print("one")
        rdb.set_trace()
        print("two")
    assert heard.getvalue() == "one\\ntwo\\n"
    print("three")
    assert capsys.readouterr().out == "three\\n"

def test_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("p 6 * 7\\nc\\n"))
    rdb.set_trace()
"""
    shown = session(on_terminal(RUN, {"test_suite.py": suite}), ["p 'here'", "n", "c"])
    assert "'here'" in shown
    assert any(row.startswith("2 passed") for row in shown)


def test_quitting_ends_the_run_in_order(on_terminal: Callable[..., Terminal]) -> None:
    shown = session(on_terminal([*RUN, "-k", "breaks or fails"], RDB), ["p answer", "q"])
    assert any("!!! _pytest.outcomes.Exit: Quitting debugger !!!" in row for row in shown)
    assert not any("INTERNALERROR" in row for row in shown)
    assert shown[-1] == "exit 2"


@pytest.mark.parametrize("leaving", [["c", "q"], ["q"]])
def test_a_run_of_tests_under_rdb(leaving: list[str], on_terminal: Callable[..., Terminal]) -> None:
    terminal = on_terminal(["-m", "rdb", *RUN, "-k", "breaks"], RDB)
    shown = session(terminal, ["b test_suite.py:5", "c", "p value", "w 1", "c", "p answer", *leaving])
    assert shown[shown.index("(rdb) p value") + 1] == "21"
    assert shown[shown.index("(rdb) p answer") + 1] == "42"
    assert ("The program exited via sys.exit(). Exit status: 1" in shown) == (leaving == ["c", "q"])
    assert not any("INTERNALERROR" in row for row in shown)


def test_plugins_hear_of_the_prompt(on_terminal: Callable[..., Terminal]) -> None:
    conftest = """\
heard = []

def pytest_enter_pdb(config, pdb):
    heard.append(("enter", pdb.__name__))

def pytest_leave_pdb(config, pdb):
    heard.append(("leave", pdb.__name__))

def pytest_terminal_summary(terminalreporter):
    terminalreporter.line(repr(heard))
"""
    shown = session(on_terminal([*RUN, "-k", "breaks"], RDB | {"conftest.py": conftest}), ["p answer", "c"])
    assert "[('enter', 'rdb'), ('leave', 'rdb')]" in shown


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Callable[..., str]:
    """Returns a function that runs pytest without a terminal, and returns what it says."""

    def run(*options: str, files: Mapping[str, str]) -> str:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, *RUN, *options],
            cwd=tmp_path,
            env={name: value for name, value in environment.items() if not name.startswith("PYTEST_")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout

    return run


def test_workers_of_xdist_have_no_prompt(run: Callable[..., str]) -> None:
    said = run("-n", "1", "-k", "breaks or raises", files=RDB)
    assert "E       RuntimeError: a worker of pytest-xdist has no terminal to stop at: run pytest with -n 0" in said
    assert "2 failed" in said
    refused = run("-n", "1", "--pdb", "--pdbcls=rdb.pdb:Pdb", files=RDB)
    assert "--pdb is incompatible with distributing tests" in refused


def test_without_a_terminal_the_end_of_the_input_ends_the_run(run: Callable[..., str]) -> None:
    said = run("-k", "breaks or fails", files=RDB)
    assert "_pytest.outcomes.Exit: Quitting debugger" in said
    assert "INTERNALERROR" not in said
