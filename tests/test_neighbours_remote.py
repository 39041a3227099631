"""remote-pdb and celery's debugger, which talk over a socket: with rdb in the place of pdb, they say the same.

The other tests of neighbours rely on what the first one shows: that rdb is in their place at all.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from terminals import TIMEOUT, Terminal, neighbour

neighbour("remote_pdb", "celery", "IPython", "pudb", "pdbp", "pyte")

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

PROGRAM = """\
import {module} as debugger


def inner(value):
    doubled = value * 2
    return doubled


def stop(value):
    debugger.set_trace()
    total = inner(value) + 1
    return total


for value in 20, 1:
    result = stop(value)
    print("result", result)
"""

PORT = re.compile(r"open at [\d.]+:(\d+)|telnet [\d.]+ (\d+)")
CONNECTED = re.compile(r"accepted connection|Now in session")
SESSIONS = {
    "remote_pdb": (
        [
            *("p value", "b inner", "c", "w", "p value", "up", "p value", "d", "r", "retval", "cl 1", "b 12", "b", "c"),
            *("p total", "c"),
        ],
        ["p value", "missing", "!value = 7", "q"],
    ),
    # Its `continue` ends the session.
    "celery.contrib.rdb": (
        ["p value", "b 6", "w", "s", "s", "s", "p value", "n", "up", "p value", "d", "r", "unt", "p total", "c"],
        ["p value", "missing", "!value = 7", "q"],
    ),
}
"""What is typed at the first stop and at the second."""


@dataclass
class Debugged:
    """What a program that was debugged over sockets has said, there and to its own streams."""

    answers: list[str]
    printed: str
    returncode: int


def connect(port: int) -> socket.socket:
    """Returns a connection to a debugger, which may tell its port before it listens."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            # With a port of our own: two ends that are chosen at random can be the same, and then talk to themselves.
            return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT, source_address=("127.0.0.1", 0))
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "nobody listens"


def talk(port: int, lines: Sequence[str]) -> list[str]:
    """Types lines at the prompt, the last of which lets the program go on; returns what was answered to the others."""
    with connect(port) as connection, connection.makefile("rwb", buffering=0) as stream:

        def answer() -> str:
            text = b""
            while not text.endswith(b"(Pdb) "):
                byte = stream.read(1)
                assert byte, f"the connection has ended after {text!r}"
                text += byte
            return text.decode().replace("\r\n", "\n")

        answers = [answer()]
        for line in lines[:-1]:
            stream.write(f"{line}\n".encode())
            answers.append(f"{line}\n{answer()}")
        stream.write(f"{lines[-1]}\n".encode())
        return answers


def debug(module: str, directory: Path, environment: Mapping[str, str]) -> Debugged:
    """Runs the program, and types the lines of each session into one of its stops."""
    script = directory / "program.py"
    script.write_text(PROGRAM.format(module=module))
    process = subprocess.Popen(
        [sys.executable, "-u", str(script)],
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    watch = threading.Timer(TIMEOUT, process.kill)
    watch.start()
    with process:
        try:
            assert process.stdout is not None
            answers, printed = [], ""

            def until(pattern: re.Pattern[str]) -> re.Match[str]:
                nonlocal printed
                while (found := pattern.search(line := process.stdout.readline())) is None:
                    assert line, f"the program has ended:\n{printed}"
                    printed += line
                return found

            for lines in SESSIONS[module]:
                place = until(PORT)
                answers += talk(int(place[1] or place[2]), lines)
                until(CONNECTED)  # the port may be told twice, but before this
            printed += process.stdout.read()
        finally:
            watch.cancel()
            process.kill()
    printed = re.sub(r"\b\d{4,5}\b", "PORT", printed)
    # A traceback names the frames of bdb; rdb.bdb has none there.
    return Debugged(answers, re.sub(r'  File ".*\bbdb\.py".*\n(?:    .*\n)+', "", printed), process.returncode)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("IPython.terminal.debugger", "TerminalPdb"),
        ("pudb.debugger", "Debugger"),
        ("pdbp", "Pdb"),
        ("remote_pdb", "RemotePdb"),
        ("celery.contrib.rdb", "Rdb"),
    ],
)
def test_their_classes_derive_from_ours(module: str, name: str, on_terminal: Callable[..., Terminal]) -> None:
    code = f"from {module} import {name}; print(*{{cls.__module__ for cls in {name}.__mro__}} & {{'bdb', 'rdb.bdb'}})"
    terminal = on_terminal(["-W", "ignore", "-c", code])
    assert terminal.end() == 0
    assert terminal.rows()[-1] == "rdb.bdb"


@pytest.mark.parametrize("module", ["remote_pdb", "celery.contrib.rdb"])
def test_the_same_is_said(
    module: str, tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import rdb\nrdb.install()\n")
    standard = debug(module, tmp_path, environment)
    ours = debug(module, tmp_path, environment | {"PYTHONPATH": str(tmp_path / "site")})
    assert ours == standard
    assert any(answer.startswith("p total\n41\n") for answer in ours.answers)
    assert any(answer.startswith("missing\n*** NameError") for answer in ours.answers)
