"""IPython and ipdb, whose debugger derives from `pdb.Pdb`: with rdb in the place of pdb, sessions look the same."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from terminals import SideBySide, neighbour

neighbour("pyte", "IPython", "ipdb")

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

START = [
    *("-m", "IPython", "--no-banner", "--colors=nocolor", "--no-confirm-exit", "--HistoryManager.enabled=False"),
    *("--TerminalInteractiveShell.term_title=False", "--TerminalInteractiveShell.autosuggestions_provider=None"),
]
PROMPT = r"In \[\d+\]:|ipdb>|\(ipdb>\)|\(Pdb\)|Clear all breaks\?|.*\(y/\[n\]\)\?"

PROGRAM = """\
import sys


def inner(value):
    doubled = value * 2
    items = [doubled + n for n in range(3)]
    return doubled


def outer(value):
    total = inner(value) + 1
    return total


def fail(value):
    wanted = {"a": value}
    return wanted["b"]


def chain():
    try:
        fail(1)
    except KeyError as error:
        raise RuntimeError("worse") from error


def stop(value):
    breakpoint()
    return outer(value)


if __name__ == "__main__":
    print("result", outer(20))
    print("again", outer(1))
"""

STOPS = """\
import ipdb
from program import fail, inner


def stop(value):
    ipdb.set_trace(context=4)
    total = inner(value) + 1
    return total


if __name__ == "__main__":
    print("result", stop(20))
    with ipdb.launch_ipdb_on_exception():
        fail(3)
    try:
        fail(4)
    except KeyError:
        ipdb.post_mortem()
    print("end")
"""

FILES = {"program.py": PROGRAM, "stops.py": STOPS}

Start = Callable[..., SideBySide]


@pytest.fixture
def ipython(side_by_side: Start) -> Callable[..., list[str]]:
    """Returns a function that types lines into IPython, and returns what is on the screen then."""
    return lambda *lines: side_by_side(START, PROMPT, FILES).session([*lines, "exit"])


@pytest.fixture
def script(side_by_side: Start) -> Callable[..., list[str]]:
    """Returns a function that types lines into a program that stops in ipdb, and returns what is on the screen then."""
    return lambda arguments, *lines: side_by_side(["-W", "ignore", *arguments], PROMPT, FILES).session(lines)


def test_post_mortem(ipython: Callable[..., list[str]]) -> None:
    shown = ipython(
        *("from program import *", "fail(3)", "%debug", "where", "p value", "up", "p wanted", "down", "list", "ll"),
        *(
            "args",
            "whatis wanted",
            "pp wanted",
            "value + 1",
            "x = 5",
            "x",
            "d",
            "u 2",
            "source fail",
            "help where",
            "h",
        ),
        *("alias hi p 'hello', %1", "hi wanted", "unalias hi", "hi 3", "1/0", "break 999", "break nosuch", "clear 7"),
        *("tbreak 5", "ignore 1 2", "condition 1 value > 3", "disable 1", "enable 1", "b", "clear", "y"),
        *("skip_predicates", "debug outer(3)", "s", "s", "w", "c", "q"),
    )
    assert shown[shown.index("ipdb> p value") + 1] == "3"
    assert "*** NameError: name 'wanted' is not defined" in shown
    assert "('hello', {'a': 3})" in shown
    assert any("stop only if value > 3" in row for row in shown)
    assert "ENTERING RECURSIVE DEBUGGER" in shown


def test_exceptions_that_led_to_another(ipython: Callable[..., list[str]]) -> None:
    shown = ipython(
        *("from program import *", "chain()", "%debug", "exceptions", "exceptions 0", "w", "exceptions 1"),
        *("exceptions 9", "q", "%pdb on", "fail(3)", "p wanted", "u", "q", "%pdb off", "fail(3)"),
    )
    assert ">   1 RuntimeError('worse')" in shown
    assert "{'a': 3}" in shown


def test_a_program_from_its_beginning(ipython: Callable[..., list[str]]) -> None:
    shown = ipython(
        *("%run -d program.py", "b outer", "b", "n", "n", "c", "s", "s", "n", "up", "down", "r", "w", "context 2", "w"),
        *("unt", "p total", "b 7, value < 5", "c", "c", "display doubled", "p items", "undisplay doubled"),
        *("q", "1 + 1"),
    )
    assert "[2, 3, 4]" in shown
    assert "result 41" in shown
    assert "display doubled: 2" in shown


def test_breakpoint_in_a_cell(ipython: Callable[..., list[str]]) -> None:
    shown = ipython(
        *("from program import *", "stop(2)", "n", "s", "s", "w", "p value", "r", "c"),
        *("from stops import stop", "stop(3)", "n", "p value", "until", "p total", "q", "stop(4)", "c"),
    )
    assert "Out[2]: 5" in shown
    assert "(Pdb) p value" in shown
    assert "ipdb> p total" in shown


@pytest.mark.skipif(sys.version_info < (3, 14), reason="IPython fails on it with the standard library's pdb, too")
def test_a_statement(ipython: Callable[..., list[str]]) -> None:
    shown = ipython("from program import *", "%debug outer(4)", "s", "s", "b 7", "c", "p items", "r", "retval", "c")
    assert "[8, 9, 10]" in shown
    assert shown[shown.index("ipdb> retval") + 1] == "8"


def test_ipdb_in_a_program(script: Callable[..., list[str]]) -> None:
    shown = script(
        *(["stops.py"], "b inner", "c", "w", "u", "p total", "d", "r", "b stops.py:8, total > 1", "c", "p total", "c"),
        *("w", "p value", "u", "q", "p value", "w", "q"),
    )
    assert "result 41" in shown
    assert shown[shown.index("ipdb> p total") + 1] == "*** NameError: name 'total' is not defined"
    assert shown[-2:] == ["end", "exit 0"]


def test_ipdb_runs_a_program(script: Callable[..., list[str]]) -> None:
    shown = script(["-m", "ipdb", "program.py"], "b inner", "c", "w", "p value", "r", "c", "p value", "q")
    assert "result 41" in shown
