"""Fixtures of the tests that need an interpreter.

`backend` makes a test run once on every backend that this Python has; `rdb_run` runs rdb in a process of its own
with commands through a pipe; `program` finds a program of `tests/programs` and the lines marked in it; `side_by_side`
runs a program on two terminals, with pdb and with rdb in its place.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from terminals import SideBySide, Terminal

PROGRAMS = Path(__file__).parent / "programs"
TIMEOUT = 60.0
"""Seconds after which a run counts as hung: far more than any test needs on a busy machine."""

BACKENDS = ["monitoring", "settrace"] if sys.version_info >= (3, 12) else ["settrace"]
if chosen := os.environ.get("RDB_BACKEND"):
    BACKENDS = [backend for backend in BACKENDS if backend == chosen]


@dataclass(frozen=True)
class Outcome:
    """What a finished run of rdb left behind."""

    stdout: str
    stderr: str
    returncode: int


@dataclass(frozen=True)
class Program:
    """A program to be debugged. `# @name` at the end of a line gives the line a name."""

    path: Path

    @property
    def source(self) -> str:
        """Returns its text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def lines(self) -> dict[str, int]:
        """Returns the number of each marked line by its name."""
        found: dict[str, int] = {}
        for number, line in enumerate(self.source.splitlines(), start=1):
            if marker := re.search(r"#\s*@(\w+)\s*$", line):
                assert marker[1] not in found, f"{self.path.name} marks two lines as @{marker[1]}"
                found[marker[1]] = number
        return found

    def line(self, name: str) -> int:
        """Returns the number of the line that is marked `# @name`."""
        return self.lines[name]


Target = str | Path | Program | Sequence[str]
Run = Callable[..., Outcome]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Returns the name of a backend that this Python has; the test runs once for each."""
    return request.param


@pytest.fixture
def program() -> Callable[[str], Program]:
    """Returns a function from the name of a program in `tests/programs`, without `.py`, to the program."""
    return lambda name: Program(PROGRAMS / f"{name}.py")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Returns the environment of a run: an empty home, and nothing that changes how rdb or Python behave."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RDB_", "PYTHON", "XDG_", "COV_"))}
    for name in ("NO_COLOR", "FORCE_COLOR"):
        kept.pop(name, None)
    return kept | {"HOME": str(home), "RUST_BACKTRACE": "0", "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def rdb_run(backend: str, environment: dict[str, str], tmp_path: Path) -> Run:
    """Returns a function that runs `python -m rdb` to its end with commands through a pipe.

    `rdb_run(target, commands, *args)`: the target is a program or path, the text of a script, or a list of
    arguments for rdb itself (`["-m", "json.tool"]`). Commands are a list or a text of lines; when they end, stdin ends.
    `options` stand in front of the target, `env` goes on top of the environment.
    """

    def run(
        target: Target,
        commands: str | Sequence[str] = "",
        *args: str,
        backend: str = backend,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = TIMEOUT,
    ) -> Outcome:
        text = commands if isinstance(commands, str) else "".join(f"{command}\n" for command in commands)
        done = subprocess.run(
            [sys.executable, "-m", "rdb", *options, *arguments(target, tmp_path), *args],
            input=text.encode(),
            capture_output=True,
            env=environment | {"RDB_BACKEND": backend} | dict(env or {}),
            cwd=cwd or tmp_path,
            timeout=timeout,
            check=False,
        )
        return Outcome(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode)

    return run


def arguments(target: Target, directory: Path) -> list[str]:
    """Returns what stands for the target on rdb's command line; the text of a script is written to `script.py`."""
    match target:
        case Program():
            return [str(target.path)]
        case Path():
            return [str(target)]
        case str():
            script = directory / "script.py"
            script.write_text(target, encoding="utf-8")
            return [str(script)]
        case _:
            return list(target)


can_attach = pytest.mark.skipif(not hasattr(sys, "remote_exec"), reason="sys.remote_exec came with Python 3.14")


def attempt(*args: str, env: dict[str, str], **extra: str) -> subprocess.CompletedProcess[str]:
    """Runs a module of rdb's that is expected to end by itself."""
    command = [sys.executable, "-m", *args]
    return subprocess.run(command, capture_output=True, text=True, env=env | extra, timeout=TIMEOUT, check=False)


@pytest.fixture
def on_terminal(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Returns a function that starts Python on a terminal, with rdb in the place of pdb if it is to be so.

    `files` are the texts of files in the directory where it starts, by name; `dotfiles` those in the home directory.
    """
    started: list[Terminal] = []

    def start(
        arguments: Sequence[str],
        files: Mapping[str, str] | None = None,
        *,
        installed: bool = True,
        dotfiles: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        rows: int = 300,
    ) -> Terminal:
        place, site = tmp_path / "place", tmp_path / "site"
        home = tmp_path / ("installed" if installed else "standard")
        for directory in (place, site, home):
            directory.mkdir(exist_ok=True)
        for directory, texts in ((place, files), (home, dotfiles)):
            for name, text in (texts or {}).items():
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                (directory / name).write_text(text, encoding="utf-8")
        own = {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "TERM": "xterm", "LANG": "C.UTF-8"}
        if installed:
            (site / "sitecustomize.py").write_text("import rdb\nrdb.install()\n")
            own["PYTHONPATH"] = str(site)
        terminal = Terminal([sys.executable, *arguments], environment | own | dict(env or {}), place, rows)
        started.append(terminal)
        return terminal

    yield start
    for terminal in started:
        terminal.close()


@pytest.fixture
def side_by_side(on_terminal: Callable[..., Terminal]) -> Callable[..., SideBySide]:
    """Returns a function that starts Python twice, with the standard library's pdb and with rdb in its place."""

    def start(arguments: Sequence[str], prompt: str, files: Mapping[str, str], **options: object) -> SideBySide:
        standard, ours = (on_terminal(arguments, files, installed=ours, **options) for ours in (False, True))
        return SideBySide(standard, ours, prompt)

    return start
