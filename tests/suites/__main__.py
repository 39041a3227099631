"""Runs CPython's own suites of its debugger and trace functions with rdb in their place, and keeps the score.

    python tests/suites DIRECTORY           runs them on this Python; the result is kept in the directory
    python tests/suites DIRECTORY SUITE...  runs some of them, and keeps nothing
    python tests/suites DIRECTORY --table   prints the results of all Pythons that are in the directory

They run in a virtual environment that is thrown away, with the rdb of the Python that runs this.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import scores

WORKER = Path(__file__).with_name("worker.py")
TIMEOUT = 120.0
"""Seconds after which a test counts as hung: far more than any needs on a busy machine."""
SUITES = ["test_pdb", "test_bdb", "test_remote_pdb", "test_sys_settrace", "test_sys_setprofile"]


def main(directory: Path, *names: str) -> int:
    """Runs the suites or prints the table, and returns the exit status."""
    if names == ("--table",):
        return 0 if scores.report(scores.load(directory)) else 1
    if importlib.util.find_spec("test") is None or importlib.util.find_spec("test.test_pdb") is None:
        print(
            f"{sys.executable} has no `test` package, so the suites cannot run: install it, or another build of Python"
        )
        return 1 if os.environ.get("CI") == "true" else 0
    there = [module for name in names or SUITES if importlib.util.find_spec(module := f"test.{name}")]
    with tempfile.TemporaryDirectory() as scratch:
        python = prepare(Path(scratch))
        found = [Run(module, python).score() for module in there]
    if not names:
        scores.save(directory, found)
    return 0 if scores.report(found) else 1


def prepare(scratch: Path) -> str:
    """Returns the interpreter of a new environment in which pdb and bdb are rdb's."""
    # A link to an interpreter is not enough for tests that start one by another name.
    base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    subprocess.run([base, "-m", "venv", "--without-pip", "--symlinks", scratch], check=True)
    (packages,) = (scratch / "lib").glob("python*/site-packages")
    found = importlib.util.find_spec("rdb")
    if found is None or found.origin is None:
        raise SystemExit(f"rdb is not installed for {sys.executable}")
    (packages / "where-rdb-is.pth").write_text(f"{Path(found.origin).parent.parent}\n")
    python = str(scratch / "bin" / "python")
    subprocess.run([python, "-m", "rdb", "--install-pth"], check=True, stdout=subprocess.DEVNULL)
    return python


class Run:
    """One run of a suite: a process that runs its tests, and another one behind each test that has killed it."""

    def __init__(self, module: str, python: str, timeout: float = TIMEOUT) -> None:
        self.module = module
        self.suite = module.rpartition(".")[2]
        self.python = python
        self.timeout = timeout
        self.known: list[str] = []
        self.outcomes: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.running: str | None = None
        """The test that has begun and not ended."""
        self.done = False

    def score(self) -> scores.Score:
        """Runs the suite to its end."""
        first = 0
        while not self.done:
            output = self.work(first)
            if self.running is None:
                if not self.done:
                    raise SystemExit(f"{self.suite}: the process has ended between two tests\n{output}")
                break
            self.outcomes.setdefault(self.running, "crashed")
            self.texts.setdefault(self.running, output)
            first = self.known.index(self.running) + 1
        outcomes = {test: self.outcomes.get(test, "not run") for test in self.known}
        return scores.Score(self.suite, sys.version.split()[0], outcomes, self.texts)

    def work(self, first: int) -> str:
        """Runs one process until it ends or hangs, and returns what it wrote."""
        self.running = None
        with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as output:
            reading, writing = os.pipe()
            terminal, stdin = os.openpty()  # without one 3.15 skips the tests of its line editor
            process = subprocess.Popen(
                [self.python, str(WORKER), self.module, str(first), str(writing)],
                cwd=place(scratch, "cwd"),
                env=environment(place(scratch, "home")),
                pass_fds=[writing],
                stdin=stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            os.close(writing)
            try:
                for told in lines(reading, self.timeout):
                    self.hear(told)
                process.wait(self.timeout)  # it may have something to say of why it ends
            except (TimeoutError, subprocess.TimeoutExpired):
                if self.running is not None:
                    self.outcomes[self.running] = "hung"
            finally:
                kill(process)
                for descriptor in (reading, terminal, stdin):
                    os.close(descriptor)
            output.seek(0)
            return output.read().decode(errors="replace")[-4000:]

    def hear(self, told: Mapping[str, Any]) -> None:
        """Takes note of what the process says."""
        match told:
            case {"known": list(labels)}:
                self.known = labels
                twice = {label for label in labels if labels.count(label) > 1}
                assert not twice, f"tests of {self.suite} with the same name: {twice}"
            case {"begins": str(label)}:
                self.running = label
            case {"ends": str(label), "outcome": str(outcome), "text": str(text)}:
                self.running = None
                self.outcomes[label] = outcome
                if text:
                    self.texts[label] = text
            case {"broken": str(where), "text": str(text)}:
                print(f"{self.suite}: {where}\n{text}")
            case {"done": True}:
                self.done = True


def place(*parts: str) -> str:
    """Returns the path of a new directory."""
    path = Path(*parts)
    path.mkdir()
    return str(path)


def environment(home: str) -> dict[str, str]:
    """Returns the environment of a suite: nothing that changes how Python or rdb behave, but that rdb is installed."""
    unwelcome = ("PYTHON", "RDB_", "PYTEST_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwelcome)}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        kept.pop(name, None)
    return kept | {"HOME": home, "TERM": "xterm", "RDB_INSTALL": "1"}


def lines(descriptor: int, timeout: float) -> Iterator[dict[str, Any]]:
    """Returns the lines of JSON that come in.

    Raises:
        TimeoutError: Nothing came for too long.
    """
    data = b""
    while True:
        if not select.select([descriptor], [], [], timeout)[0]:
            raise TimeoutError
        more = os.read(descriptor, 1 << 16)
        if not more:
            return
        *whole, data = (data + more).split(b"\n")
        yield from map(json.loads, whole)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process with all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
