"""Programs on a pseudo terminal, whose screen is read: what is on it counts, not the bytes that drew it.

`side_by_side` of conftest.py starts a program twice, with the standard library's pdb and with rdb in its place. What is
typed goes to both, and the screens have to be the same.
"""

from __future__ import annotations

import difflib
import importlib.util
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pytest

TIMEOUT = 60.0
"""Seconds after which a screen counts as stuck: far more than any test needs on a busy machine."""


def neighbour(*modules: str) -> None:
    """Skips a module of tests where packages are missing that it is about. CI has to have them."""
    for name in modules:
        if importlib.util.find_spec(name) is None and os.environ.get("CI") != "true":
            pytest.skip(f"{name} is not installed: see `neighbours` in pyproject.toml", allow_module_level=True)


class Terminal:
    """A program and its screen.

    The screen is so high that nothing scrolls, unless the test wants one of another size.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path, rows: int = 300) -> None:
        import pyte

        self.child = pexpect.spawn(argv[0], list(argv[1:]), env=dict(env), cwd=cwd, dimensions=(rows, 120))
        self.child.delaybeforesend = None
        self.screen = pyte.Screen(120, rows)
        # What a program asks its terminal (where the cursor is) is answered.
        self.screen.write_process_input = self.child.send
        self.stream = pyte.ByteStream(self.screen)
        self.ended = False
        self.typed_at = -1
        """The row where the last line was typed."""

    def row(self, number: int) -> str:
        """Returns a row without the blanks at its end."""
        cells = self.screen.buffer[number]
        return "".join(cells[column].data for column in range(self.screen.columns)).rstrip()

    def rows(self) -> list[str]:
        """Returns what is on the screen. Addresses of objects and times are replaced: they differ from run to run."""
        rows = [re.sub(r"0x[0-9a-f]{6,}|\b\d+\.\d\ds\b", "…", self.row(line)) for line in range(self.screen.lines)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def __str__(self) -> str:
        return "\n".join(self.rows())

    def until(self, is_there: Callable[[], object]) -> None:
        """Waits until something is true of the screen."""
        deadline = time.monotonic() + TIMEOUT
        while not is_there():
            assert not self.ended, f"the program has ended:\n{self}"
            assert self.read(deadline), f"nothing happens any more:\n{self}"

    def read(self, deadline: float) -> bool:
        """Draws what the program writes next. Returns whether there was anything, or the end."""
        try:
            data = self.child.read_nonblocking(65536, timeout=max(0.0, deadline - time.monotonic()))
        except pexpect.EOF:
            self.ended = True
            return True
        except pexpect.TIMEOUT:
            return False
        self.stream.feed(data)
        return True

    def asks(self, prompt: str) -> bool:
        """Returns whether the program waits behind a prompt, a regular expression."""
        cursor = self.screen.cursor
        row = self.row(cursor.y)
        return bool(re.fullmatch(prompt, row)) and cursor.x >= len(row)

    def type(self, line: str) -> None:
        """Types a line."""
        self.typed_at = self.screen.cursor.y
        self.child.send(line + "\r")

    def press(self, key: str) -> None:
        """Presses a key."""
        self.child.send(key)

    def until_asked(self, prompt: str) -> None:
        """Waits until the program waits behind a prompt below the line that was typed last."""
        self.until(lambda: self.screen.cursor.y > self.typed_at and self.asks(prompt))

    def end(self) -> int | None:
        """Waits until the program ends, and returns its exit status; None: a signal has ended it."""
        deadline = time.monotonic() + TIMEOUT
        while not self.ended:
            assert self.read(deadline), f"it does not end:\n{self}"
        self.child.close()
        return self.child.exitstatus

    def close(self) -> None:
        """Ends the program."""
        self.child.close(force=True)


class SideBySide:
    """The same session with the standard library's debugger and with rdb."""

    def __init__(self, standard: Terminal, ours: Terminal, prompt: str) -> None:
        self.standard = standard
        self.ours = ours
        self.both = (standard, ours)
        self.prompt = prompt

    def session(self, lines: Sequence[str]) -> list[str]:
        """Types lines, the last of which ends the program, and returns the screen: it has to be the same for both."""
        for terminal in self.both:
            terminal.until_asked(self.prompt)
        for line in lines[:-1]:
            for terminal in self.both:
                terminal.type(line)
            for terminal in self.both:
                terminal.until_asked(self.prompt)
        for terminal in self.both:
            terminal.type(lines[-1])
        standard, ours = ([*terminal.rows(), f"exit {status}"] for terminal, status in self.ends())
        assert ours == standard, difference(standard, ours)
        return ours

    def press(self, key: str, *is_there: Callable[[Terminal], object]) -> None:
        """Presses a key, and waits for what is to appear. The screen has to be the same for both then."""
        for terminal in self.both:
            terminal.press(key)
        for terminal in self.both:
            terminal.until(lambda terminal=terminal: all(is_so(terminal) for is_so in is_there))
        # What is waited for may have been drawn before the rest.
        deadline = time.monotonic() + TIMEOUT
        while (ours := self.ours.rows()) != (standard := self.standard.rows()) and time.monotonic() < deadline:
            for terminal in self.both:
                terminal.read(time.monotonic() + 0.1)
        assert ours == standard, difference(standard, ours)

    def ends(self) -> list[tuple[Terminal, int | None]]:
        """Waits for both to end."""
        return [(terminal, terminal.end()) for terminal in self.both]


def difference(standard: list[str], ours: list[str]) -> str:
    """Returns how two screens differ."""
    return "\n".join(difflib.unified_diff(standard, ours, "pdb", "rdb", lineterm=""))
