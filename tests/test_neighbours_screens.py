"""Debuggers that draw: pudb derives from `bdb.Bdb`, pdbp from `pdb.Pdb`. With rdb in their place they look alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from terminals import SideBySide, Terminal, neighbour

neighbour("pyte", "pudb", "pdbp")

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

PROGRAM = """\
import sys


def inner(value):
    doubled = value * 2
    return doubled


def outer(value):
    total = inner(value) + 1
    return total


def fail(value):
    wanted = {"a": value}
    return wanted["b"]


print("result", outer(20))
print("again", outer(1))
fail(3)
"""

STOPS = """\
import pdbp

pdbp.DefaultConfig.sticky_by_default = False


def inner(value):
    doubled = value * 2
    return doubled


def stop(value):
    pdbp.set_trace()
    total = inner(value) + 1
    return total


print("result", stop(20))
try:
    stop(None)
except TypeError:
    pdbp.post_mortem()
print("end")
"""

PUDB = {".config/pudb/pudb.cfg": "[pudb]\nseen_welcome = e999\nprompt_on_quit = False\ntheme = classic\n"}
ENTER = "\r"


def at(line: str) -> Callable[[Terminal], bool]:
    """Returns a function that says whether this is the line where pudb stands, and nothing lies over it."""
    return lambda terminal: any(
        row[:1] == ">" and row[2:].strip().startswith(line) for row in map(terminal.row, range(terminal.screen.lines))
    )


def shows(text: str) -> Callable[[Terminal], bool]:
    """Returns a function that says whether a text is on the screen."""
    return lambda terminal: any(text in row for row in terminal.rows())


def hides(text: str) -> Callable[[Terminal], bool]:
    """Returns a function that says whether a text is not on the screen."""
    return lambda terminal: not shows(text)(terminal)


def test_pudb(side_by_side: Callable[..., SideBySide]) -> None:
    screens = side_by_side(["-m", "pudb", "program.py"], "", {"program.py": PROGRAM}, dotfiles=PUDB, rows=40)
    screens.press("", at("import sys"))
    for line in ("def inner", "def outer", "def fail", 'print("result"'):
        screens.press("n", at(line))
    screens.press("s", at("def outer"))
    screens.press("s", at("total ="), shows("value: 20"), shows(">> outer program.py:10"))
    screens.press("b", shows("program.py:10 (0 hits)"))
    screens.press("r", at("return total"), shows("Return: 41"))
    screens.press("c", at("total ="), shows("value: 1"))
    screens.press("u", at('print("again"'))
    screens.press("d", at("total ="))
    for terminal in screens.both:
        terminal.press("c")
    for terminal in screens.both:
        terminal.until(lambda terminal=terminal: shows("Program Terminated for Uncaught Exception")(terminal))
    # The text in the window names the files of bdb; behind it, the screens are the same.
    screens.press(ENTER, at('return wanted["b"]'), shows("wanted: dict (1)"), hides("Traceback"))
    for terminal in screens.both:
        terminal.press("q")
    assert [status for _, status in screens.ends()] == [0, 0]


def test_pudb_in_the_middle_of_a_program(side_by_side: Callable[..., SideBySide]) -> None:
    program = PROGRAM.replace("    total =", "    import pudb; pudb.set_trace()\n    total =")
    screens = side_by_side(["program.py"], "", {"program.py": program}, dotfiles=PUDB, rows=40)
    screens.press("", at("total ="))
    screens.press("n", at("return total"), shows("total: 41"))
    for terminal in screens.both:
        terminal.press("q")
    assert [status for _, status in screens.ends()] == [1, 1]


def test_pdbp(side_by_side: Callable[..., SideBySide]) -> None:
    screens = side_by_side(["program.py"], r"\(Pdb\+?\)", {"program.py": STOPS})
    shown = screens.session(
        [
            *("b inner", "c", "w", "u", "p total", "d", "r", "b program.py:14, total > 1", "c", "p total", "c"),
            *("p value", "cl 1", "y", "c", "w", "p value", "u", "whatis value", "q"),
        ]
    )
    assert "result 41" in shown
