"""Attaching to a running process: who is let in, what is said where there is no way in, and real sessions."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from conftest import TIMEOUT
from rdb import attaching, handshake, injected

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning")

PROGRAM = """\
import os, sys, time
class Stop(Exception): pass
def work(count):
    total = 0
    for number in range(count):
        total += number  # @body
        time.sleep(0.02)
    return total
print("ready", flush=True)
rounds = 0
while not os.path.exists(sys.argv[1]):
    work(3)
    rounds += 1
print("done", flush=True)
"""
BODY = PROGRAM.splitlines().index("        total += number  # @body") + 1


# Who is let in.


@pytest.fixture
def door() -> Iterator[attaching.Door]:
    """Returns a door that keeps what it tells the user in `heard`."""
    with attaching.Door(handshake.new_token()) as door:
        door.heard = []  # type: ignore[attr-defined]
        door.tell = door.heard.append  # type: ignore[attr-defined]
        yield door


def connect(door: attaching.Door, *lines: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", door.port), timeout=TIMEOUT)
    connection.sendall(b"".join(lines))
    return connection


def admitted(door: attaching.Door, patience: float = TIMEOUT) -> socket.socket:
    return door.admit(os.getpid(), patience)


def test_who_knows_the_token_is_let_in(door: attaching.Door) -> None:
    called: list[socket.socket] = []
    caller = threading.Thread(target=lambda: called.append(handshake.call("127.0.0.1", door.port, door.token)))
    caller.start()
    with admitted(door) as connection:
        caller.join()
        with called[0]:
            called[0].sendall(b"hello")
            assert connection.recv(100) == b"hello"
    assert door.heard == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "shows"),
    [
        (b'{"token": "0000"}\n', "sent a wrong token"),
        (b'{"token": ""}\n', "sent a wrong token"),
        (b'{"token": null}\n', "sent no token"),
        (b'{"message": "hello", "type": "info"}\n', "sent no token"),
        (b"[]\n", "sent no token"),
        (b"\xff\xfe not JSON\n", "sent no token"),
        (b"x" * (2 * handshake.LONGEST), "sent no token"),
    ],
)
def test_a_stranger_is_refused_and_the_right_one_is_still_awaited(
    door: attaching.Door, line: bytes, shows: str
) -> None:
    with connect(door, line) as stranger:
        with pytest.raises(attaching.AttachError, match="has not answered"):
            admitted(door, 0.3)
        answer = stranger.recv(1000)
        assert b"does not know the token" in answer
        assert door.token.encode() not in answer
        assert door.heard == [f"*** refused a connection that {shows}; still waiting for the process"]  # type: ignore[attr-defined]
    caller = threading.Thread(target=lambda: handshake.call("127.0.0.1", door.port, door.token).close())
    caller.start()
    admitted(door).close()
    caller.join()


def test_strangers_who_say_nothing_do_not_keep_the_right_one_out(door: attaching.Door) -> None:
    silent = [connect(door) for _ in range(2 * attaching.CROWD)]
    half = connect(door, b'{"token": ')
    caller = threading.Thread(target=lambda: handshake.call("127.0.0.1", door.port, door.token).close())
    caller.start()
    admitted(door).close()
    caller.join()
    for connection in (*silent, half):
        connection.close()


def test_half_of_the_token_is_not_enough(door: attaching.Door) -> None:
    with connect(door, json.dumps({"token": door.token[: len(door.token) // 2]}).encode() + b"\n") as other:
        admitted(door).close()
        assert json.loads(other.recv(1000)) == {"token": door.token[len(door.token) // 2 :]}
    with connect(door, json.dumps({"token": door.token}).encode() + b"\n"), pytest.raises(attaching.AttachError):
        admitted(door, 0.3)


def test_the_process_talks_to_nobody_who_does_not_know_the_token() -> None:
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                said.append(connection.recv(1000))
                connection.sendall(b'{"token": "guessed"}\n{"reply": "import os"}\n')

        hostile = threading.Thread(target=answer)
        hostile.start()
        token = handshake.new_token()
        with pytest.raises(handshake.StrangerError, match="wrong token"):
            handshake.call("127.0.0.1", listener.getsockname()[1], token)
        hostile.join()
    assert token[len(token) // 2 :].encode() not in said[0]


def test_a_process_that_ends_is_not_waited_for(door: attaching.Door) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(attaching.AttachError, match="has ended"):
        door.admit(ended.pid, TIMEOUT)


def test_a_process_that_cannot_load_rdb_says_so(door: attaching.Door) -> None:
    injected.refuse("127.0.0.1", door.port, door.token, ImportError("of another time"))
    with pytest.raises(attaching.AttachError) as caught:
        admitted(door)
    assert "(ImportError: of another time)\nInstall rdb into" in str(caught.value)
    assert sys.prefix in str(caught.value)


def test_what_goes_wrong_inside_is_told_and_not_raised(door: attaching.Door) -> None:
    injected.attach("127.0.0.1", door.port, door.token, "", "rdb.handshake:missing", {})
    with pytest.raises(attaching.AttachError, match=r"could not begin .*AttributeError.*missing"):
        admitted(door)


def test_the_script_is_for_the_process_alone() -> None:
    with attaching.placed(os.getpid(), "secret") as path:
        assert Path(path).read_text() == "secret"
        found = os.stat(path)  # noqa: PTH116
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert found.st_uid == os.geteuid()
    assert not Path(path).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_script_belongs_to_the_user_of_the_process() -> None:
    sleeper = subprocess.Popen(["sleep", "60"], user=65534, group=65534, extra_groups=[])
    try:
        with attaching.placed(sleeper.pid, "secret") as path:
            found = os.stat(path)  # noqa: PTH116
            assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (65534, 0o600)
    finally:
        sleeper.kill()
        sleeper.wait()


def test_rdb_is_loaded_from_elsewhere_without_a_trace_in_the_path() -> None:
    location = Path(attaching.__file__).parent.parent
    code = f"""\
{Path(injected.__file__).read_text()}
sys.path[:] = [place for place in sys.path if place != {str(location)!r}]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.modules.pop("rdb", None)
before = list(sys.path)
print(load({str(location)!r}, "rdb.handshake:new_token").__module__, sys.path == before)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("rdb.handshake True\n", "")


# What is said where there is no way in.


def attempt(*args: str, env: dict[str, str], **extra: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *args]
    return subprocess.run(command, capture_output=True, text=True, env=env | extra, timeout=TIMEOUT, check=False)


@pytest.mark.skipif(attaching.is_possible(), reason="this Python can attach")
def test_older_pythons_say_what_is_possible(environment: dict[str, str]) -> None:
    done = attempt("rdb.pdb", "-p", "1", env=environment)
    assert (done.stdout, done.returncode) == ("", 2)
    assert "needs Python 3.14 or later" in done.stderr
    assert "start the program under rdb" in done.stderr
    assert "breakpoint()" in done.stderr


can_attach = pytest.mark.skipif(not attaching.is_possible(), reason="sys.remote_exec came with Python 3.14")


@can_attach
def test_a_process_that_does_not_exist(environment: dict[str, str]) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    done = attempt("rdb.pdb", "-p", str(ended.pid), env=environment)
    text = "please make sure that the process exists and is using the same Python version."
    assert done.stdout == f"Cannot attach to pid {ended.pid}, {text}\n"
    assert (done.stderr, done.returncode) == ("", 1)


@can_attach
@pytest.mark.parametrize("args", [["-p"], ["-p", "abc"], ["--pid", "1", "more"]])
def test_wrong_usage_of_the_option(args: list[str], environment: dict[str, str]) -> None:
    done = attempt("rdb.pdb", *args, env=environment)
    assert "usage:" in done.stderr
    assert "-p pid" in done.stderr
    assert (done.stdout, done.returncode) == ("", 2)


@can_attach
def test_a_debugger_does_not_attach_to_itself() -> None:
    with pytest.raises(attaching.AttachError, match="own process"), attaching.attached(os.getpid(), "", {}):
        pass


# Real sessions.


class Target:
    """A program that runs until a file is there."""

    def __init__(self, directory: Path, environment: dict[str, str], *options: str) -> None:
        self.end = directory / "end"
        script = directory / "program.py"
        script.write_text(PROGRAM)
        self.process = subprocess.Popen(
            [sys.executable, *options, str(script), str(self.end)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    @property
    def pid(self) -> str:
        """Returns its process id as text."""
        return str(self.process.pid)

    def finish(self) -> tuple[str, str, int]:
        """Lets it end; returns what it wrote to its two streams since it was ready, and its exit status."""
        self.end.touch()
        stdout, stderr = self.process.communicate(timeout=TIMEOUT)
        return stdout, stderr, self.process.returncode


@pytest.fixture
def target(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Target]]:
    """Returns a function that starts a program. Skips where the system lets nobody attach to it."""
    started: list[Target] = []

    def start(*options: str, probe: bool = True) -> Target:
        found = Target(tmp_path, environment, *options)
        started.append(found)
        if probe:
            try:
                sys.remote_exec(found.process.pid, os.devnull)  # type: ignore[attr-defined]
            except PermissionError as error:
                pytest.skip(f"this system lets nobody attach to a process: {error}")
        return found

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def debugger(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Returns a function that starts a debugger on a terminal of its own."""
    started: list[pexpect.spawn] = []

    def start(*args: str) -> pexpect.spawn:
        child = pexpect.spawn(
            sys.executable,
            ["-m", *args],
            env=environment | {"TERM": "dumb", "NO_COLOR": "1"},
            cwd=str(tmp_path),
            timeout=TIMEOUT,
            encoding="utf-8",
        )
        child.delaybeforesend = None
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def say(child: pexpect.spawn, line: str, prompt: str = "(Pdb) ") -> str:
    """Types a line and returns what comes before the next prompt."""
    child.sendline(line)
    child.expect_exact(prompt)
    return str(child.before).replace("\r", "").removeprefix(f"{line}\n")


DONE = ("done\n", "", 0)


@can_attach
def test_a_session_from_beginning_to_end(target: Callable[..., Target], debugger: Callable[..., pexpect.spawn]) -> None:
    program = target()
    child = debugger("rdb.pdb", "-p", program.pid)
    child.expect_exact("(Pdb) ")
    assert "program.py(" in str(child.before)
    assert "Breakpoint 1 at" in say(child, f"b {BODY}")
    assert f"program.py({BODY})work()" in say(child, "c")
    assert say(child, "p number in range(3)") == "True\n"
    assert say(child, "print('said', number)").startswith("said ")
    assert f"program.py({BODY + 1})work()" in say(child, "n")
    assert "work(3)" in say(child, "up")
    assert "rounds = 10" not in say(child, "!rounds = 10")
    assert say(child, "p rounds") == "10\n"
    assert "Deleted breakpoint 1" in say(child, "cl 1")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert program.finish() == DONE


@can_attach
def test_ctrl_c_stops_the_program_that_runs(
    target: Callable[..., Target], debugger: Callable[..., pexpect.spawn]
) -> None:
    program = target()
    child = debugger("rdb.pdb", "-p", program.pid)
    child.expect_exact("(Pdb) ")
    say(child, f"tbreak {BODY}")
    say(child, "c")
    say(child, "up")
    for command in ("until 10000", "c", "c"):
        child.sendline(command)
        child.expect_exact(command)
        time.sleep(0.3)
        child.sendintr()
        child.expect_exact("Program interrupted.")
        child.expect_exact("(Pdb) ")
        assert "program.py(" in str(child.before)
    child.sendintr()
    child.expect_exact("--KeyboardInterrupt--")
    child.expect_exact("(Pdb) ")
    child.sendeof()
    child.expect(pexpect.EOF)
    assert program.finish() == DONE


@can_attach
def test_commands_of_the_command_line_run_first(
    target: Callable[..., Target], debugger: Callable[..., pexpect.spawn]
) -> None:
    program = target()
    child = debugger("rdb.pdb", "-p", program.pid, "-c", f"tbreak {BODY}", "-c", "c")
    child.expect_exact("Deleted breakpoint 1")
    child.expect_exact("(Pdb) ")
    child.sendeof()
    child.expect(pexpect.EOF)
    assert program.finish() == DONE


@can_attach
def test_statements_of_several_lines_and_interact(
    target: Callable[..., Target], debugger: Callable[..., pexpect.spawn]
) -> None:
    program = target()
    child = debugger("rdb.pdb", "-p", program.pid)
    child.expect_exact("(Pdb) ")
    say(child, "for n in range(2):", "...   ")
    say(child, "    print('n', n)", "...   ")
    assert say(child, "") == "n 0\nn 1\n"
    say(child, "interact", ">>> ")
    assert say(child, "6 * 7", ">>> ") == "42\n"
    child.sendeof()
    child.expect_exact("(Pdb) ")
    child.sendeof()
    child.expect(pexpect.EOF)
    assert program.finish() == DONE


@can_attach
def test_a_second_debugger_is_refused_while_the_first_is_there(
    target: Callable[..., Target], debugger: Callable[..., pexpect.spawn]
) -> None:
    program = target()
    first = debugger("rdb.pdb", "-p", program.pid)
    first.expect_exact("(Pdb) ")
    first.sendline("c")
    second = debugger("rdb.pdb", "-p", program.pid)
    second.expect_exact("Another PDB instance is already attached.")
    second.expect(pexpect.EOF)
    first.kill(signal.SIGKILL)
    first.wait()
    # The first one is gone without a word, and the program has not stopped since.
    third = debugger("rdb.pdb", "-p", program.pid)
    third.expect_exact("(Pdb) ")
    third.sendline("q")
    third.expect(pexpect.EOF)
    assert program.finish() == DONE


@can_attach
def test_the_end_of_the_program_ends_the_session(
    target: Callable[..., Target], debugger: Callable[..., pexpect.spawn]
) -> None:
    program = target()
    child = debugger("rdb.pdb", "-p", program.pid)
    child.expect_exact("(Pdb) ")
    program.end.touch()
    child.sendline("c")
    child.expect(pexpect.EOF)
    assert program.finish() == DONE


@can_attach
def test_a_process_that_does_not_want_debuggers(target: Callable[..., Target], environment: dict[str, str]) -> None:
    program = target("-X", "disable-remote-debug", probe=False)
    done = attempt("rdb.pdb", "-p", program.pid, env=environment)
    assert f"Cannot attach to pid {program.pid}" in done.stdout
    assert (done.stderr, done.returncode) == ("", 1)
    assert program.finish() == DONE


BLOCKED = "import sys; print('ready', flush=True); sys.stdin.readline(); print('went on', flush=True)"


@can_attach
def test_giving_up_leaves_nothing_behind(target: Callable[..., Target], environment: dict[str, str]) -> None:
    target()  # skips where nothing can be attached to
    blocked = subprocess.Popen(
        [sys.executable, "-c", BLOCKED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert blocked.stdout
    blocked.stdout.readline()
    for _ in range(10):  # it may not have come to the call that blocks: then it answers, that arguments are missing
        with pytest.raises(attaching.AttachError) as caught:
            attaching.attached(blocked.pid, "rdb._pdb.remote:connect", {}, patience=0.3).__enter__()
        if "goes on as before" in str(caught.value):
            break
        time.sleep(0.1)
    else:
        pytest.fail(f"it has never blocked: {caught.value}")
    assert blocked.communicate("\n", timeout=TIMEOUT) == ("went on\n", "")
