"""Attaching to a running process: sessions from beginning to end, on a terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest
from conftest import BACKENDS, TIMEOUT, attempt, can_attach
from rdb import attaching

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of forkpty.*:DeprecationWarning")

PROGRAM = """\
import os, sys, time
def work(count):
    total = 0
    for number in range(count):
        total += number  # @body
        os.utime(sys.argv[2])
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


class Target:
    """A program that runs until a file is there."""

    def __init__(self, directory: Path, environment: dict[str, str], source: str, *options: str) -> None:
        self.end = directory / "end"
        script = directory / "program.py"
        script.write_text(source)
        self.beat = directory / "beat"
        self.beat.touch()
        self.process = subprocess.Popen(
            [sys.executable, *options, str(script), str(self.end), str(self.beat)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        assert self.process.stdout
        while self.process.stdout.readline() != "ready\n":
            assert self.process.poll() is None

    @property
    def pid(self) -> str:
        """Returns its process id as text."""
        return str(self.process.pid)

    def wait_until_it_runs(self) -> None:
        """Waits until it has gone on, twice: the first time may have been before."""
        for _ in range(2):
            before, deadline = self.beat.stat().st_mtime_ns, time.monotonic() + TIMEOUT
            while self.beat.stat().st_mtime_ns == before:
                assert time.monotonic() < deadline, "the program does not run"
                time.sleep(0.01)

    def finish(self) -> tuple[str, str, int]:
        """Lets it end; returns what it wrote to its two streams since it was ready, and its exit status."""
        self.end.touch()
        stdout, stderr = self.process.communicate(timeout=TIMEOUT)
        return stdout, stderr, self.process.returncode


@pytest.fixture
def target(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Target]]:
    """Returns a function that starts a program. Skips where the system lets nobody attach to it."""
    started: list[Target] = []

    def start(*options: str, source: str = PROGRAM, probe: bool = True) -> Target:
        found = Target(tmp_path, environment, source, *options)
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


@dataclass(frozen=True)
class Face:
    """A debugger that attaches."""

    prompt: str
    command: tuple[str, ...]
    backend: str | None = None


FACES = [
    Face("(Pdb) ", ("rdb.pdb",)),
    *(Face("(rdb) ", ("rdb", "--backend", backend), backend) for backend in BACKENDS),
]


@pytest.fixture(params=FACES, ids=lambda face: "-".join(face.command).replace("---backend", ""))
def face(request: pytest.FixtureRequest) -> Face:
    """Returns a debugger; the test runs once for each."""
    return request.param


Start = Callable[..., pexpect.spawn]


@pytest.fixture
def debugger(face: Face, environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Returns a function that attaches the debugger, on a terminal of its own, to a program."""
    started: list[pexpect.spawn] = []

    def start(program: Target, *args: str, term: str = "dumb") -> pexpect.spawn:
        child = pexpect.spawn(
            sys.executable,
            ["-m", *face.command, "-p", program.pid, *args],
            env=environment | {"TERM": term, "NO_COLOR": "1"},
            cwd=str(tmp_path),
            timeout=TIMEOUT,
            encoding="utf-8",
            dimensions=(24, 120),
        )
        child.delaybeforesend = None
        child.face = face
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def say(child: pexpect.spawn, line: str, prompt: str | None = None) -> str:
    """Types a line and returns what comes before the next prompt."""
    child.sendline(line)
    child.expect_exact(prompt or child.face.prompt)
    return str(child.before).replace("\r", "").removeprefix(f"{line}\n")


def begin(child: pexpect.spawn) -> str:
    """Waits for the first prompt and returns what comes before it."""
    child.expect_exact(child.face.prompt)
    return str(child.before)


def interrupt_prompt(child: pexpect.spawn, shown: str) -> None:
    """Presses Ctrl-C at a prompt until it shows: while a line editor takes the terminal, it may be lost."""
    for _ in range(10):
        child.sendintr()
        if child.expect_exact([shown, pexpect.TIMEOUT], timeout=5) == 0:
            return
    raise AssertionError(f"Ctrl-C did not show {shown!r}")


def leave(child: pexpect.spawn, line: str | None = "q") -> None:
    """Leaves the debugger by a command; None: by the end of the input."""
    if line is None:
        child.sendeof()
    else:
        child.sendline(line)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


DONE = ("done\n", "", 0)


@can_attach
def test_a_session_from_beginning_to_end(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    assert "program.py(" in begin(child)
    assert "Breakpoint 1 at" in say(child, f"b {BODY}")
    assert f"program.py({BODY})work()" in say(child, "c")
    assert say(child, "p number in range(3)") == "True\n"
    assert say(child, "print('said', number)").startswith("said ")
    assert say(child, "sum([number for _ in range(0)])") == "0\n"
    assert f"program.py({BODY + 1})work()" in say(child, "n")
    assert "work(3)" in say(child, "up")
    say(child, "!rounds = 10")
    assert say(child, "p rounds") == "10\n"
    assert "Deleted breakpoint 1" in say(child, "cl 1")
    leave(child)
    assert program.finish() == DONE


@can_attach
def test_stepping_from_where_it_was_met(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    for _ in range(12):  # through the function and out of it, and never into what has brought the debugger in
        place = say(child, "s")
        assert "(" in place
        assert "<string>" not in place
        assert "rdb" not in place
    leave(child)
    assert program.finish() == DONE


@can_attach
def test_ctrl_c_stops_the_program_that_runs(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    say(child, f"tbreak {BODY}")
    say(child, "c")
    say(child, "up")
    for command in ("until 10000", "c", "c"):
        child.sendline(command)
        child.expect_exact(command)
        program.wait_until_it_runs()
        child.sendintr()
        child.expect_exact("Program interrupted.")
        assert "program.py(" in begin(child)
    interrupt_prompt(child, "--KeyboardInterrupt--")
    begin(child)
    leave(child, None)
    assert program.finish() == DONE


@can_attach
def test_ctrl_c_interrupts_what_the_prompt_runs(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    child.sendline("import time; print('begun'); time.sleep(1000)")
    child.expect("begun\r\n")
    child.sendintr()
    child.expect_exact("KeyboardInterrupt")
    begin(child)
    assert say(child, "p 6 * 7") == "42\n"
    leave(child)
    assert program.finish() == DONE


@can_attach
def test_commands_of_the_command_line_run_first(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program, "-c", f"tbreak {BODY}", "-c", "c")
    child.expect_exact("Deleted breakpoint 1")
    begin(child)
    leave(child, None)
    assert program.finish() == DONE


@can_attach
def test_statements_of_several_lines_and_interact(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    say(child, "for n in range(2):", "...   ")
    say(child, "    print('n', n)", "...   ")
    assert say(child, "") == "n 0\nn 1\n"
    say(child, "interact", ">>> ")
    assert say(child, "6 * 7", ">>> ") == "42\n"
    assert say(child, "print('said')", ">>> ") == "said\n"
    child.sendeof()
    begin(child)
    leave(child, None)
    assert program.finish() == DONE


@can_attach
def test_a_line_is_completed_with_what_the_process_knows(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program, term="xterm")
    begin(child)
    child.send("p rounds.bit_l\t")
    child.expect_exact("bit_length")
    child.send("() * 0\r")
    child.expect(r"\n0\r\n")
    child.send("undisp\t")
    child.expect_exact("undisplay")
    interrupt_prompt(child, child.face.prompt)
    child.send("q\r")
    child.expect(pexpect.EOF)
    assert program.finish() == DONE


@can_attach
def test_a_second_debugger_is_refused_while_the_first_is_there(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    first = debugger(program)
    begin(first)
    first.sendline("c")
    program.wait_until_it_runs()
    second = debugger(program)
    second.expect(r"already")
    second.expect(pexpect.EOF)
    first.kill(signal.SIGKILL)
    first.wait()
    # The first one is gone without a word, and the program has not stopped since.
    third = debugger(program)
    begin(third)
    leave(third)
    fourth = debugger(program)
    begin(fourth)
    leave(fourth)
    assert program.finish() == DONE


@can_attach
def test_a_debugger_that_is_killed_at_its_prompt_leaves_the_program_running(
    target: Callable[..., Target], debugger: Start
) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    say(child, f"b {BODY}")
    child.kill(signal.SIGKILL)
    child.wait()
    assert program.finish() == DONE


@can_attach
def test_the_end_of_the_program_ends_the_session(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    program.end.touch()
    leave(child, "c")
    assert program.finish() == DONE


@can_attach
def test_what_is_said_of_a_process_that_does_not_want_debuggers(
    target: Callable[..., Target], face: Face, environment: dict[str, str]
) -> None:
    program = target("-X", "disable-remote-debug", probe=False)
    done = attempt(*face.command, "-p", program.pid, env=environment)
    assert re.search(f"annot attach to (pid|process) {program.pid}", done.stdout)
    assert (done.stderr, done.returncode) == ("", 1)
    assert program.finish() == DONE


STATE = """\
import os, signal, sys, threading, time
def work():
    time.sleep(0.02)
    return 1
def state():
    tools = [sys.monitoring.get_tool(number) for number in range(6)]
    return sys.gettrace(), tools, signal.getsignal(signal.SIGINT), sys.stdout, sys.path[:], threading.active_count()
before = state()
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    work()
print(state() == before, flush=True)
"""


@can_attach
def test_nothing_stays_behind(
    target: Callable[..., Target], debugger: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment["TMPDIR"] = str(scratch)
    program = target(source=STATE)
    child = debugger(program)
    begin(child)
    assert list(scratch.iterdir()) == []
    for command in ("b work", "c", "n", "r"):
        say(child, command)
    leave(child)
    assert program.finish() == ("True\n", "", 0)


@can_attach
def test_the_process_need_not_have_rdb(target: Callable[..., Target], debugger: Start) -> None:
    program = target("-S", "-E")  # without the directories in which it is installed
    child = debugger(program)
    begin(child)
    assert say(child, "import sys; print([place for place in sys.path if 'site-packages' in place])") == "[]\n"
    assert "program.py(" in say(child, "n")
    leave(child)
    assert program.finish() == DONE


@can_attach
def test_a_debugger_inside_the_debugger(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    inner = f"({child.face.prompt.strip()}) "
    assert "ENTERING RECURSIVE DEBUGGER" in say(child, "debug work(1)", inner)
    assert "work()" in say(child, "s", inner)
    assert "LEAVING RECURSIVE DEBUGGER" in say(child, "q")
    assert "program.py(" in say(child, "n")
    leave(child)
    assert program.finish() == DONE


# What only rdb's own console has.

HANDLER = """\
import os, signal, sys, time
interrupts = []
signal.signal(signal.SIGINT, lambda *_: interrupts.append("theirs"))
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    os.utime(sys.argv[2])
    time.sleep(0.02)
os.kill(os.getpid(), signal.SIGINT)
print(interrupts, flush=True)
"""

THREADS = """\
import os, sys, threading, time
def work():
    while not os.path.exists(sys.argv[1]):
        beat = 1  # @beat
        time.sleep(0.02)
worker = threading.Thread(target=work, name="worker")
worker.start()
print("ready", flush=True)
while worker.is_alive():
    time.sleep(0.02)
"""

INLINE = """\
import os, sys, time
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
breakpoint()
print("after", flush=True)
"""

consoles = pytest.mark.parametrize("face", FACES[1:], ids=lambda face: face.backend, indirect=True)


@can_attach
@consoles
def test_ctrl_c_goes_past_the_handler_of_the_program(target: Callable[..., Target], debugger: Start) -> None:
    program = target(source=HANDLER)
    child = debugger(program)
    begin(child)
    for _ in range(2):
        child.sendline("c")
        child.expect_exact("c\r\n")
        program.wait_until_it_runs()
        child.sendintr()
        child.expect_exact("Program interrupted.")
        begin(child)
    assert say(child, "p interrupts") == "[]\n"
    leave(child)
    assert program.finish() == ("['theirs']\n", "", 0)


@can_attach
@consoles
def test_threads_are_seen_and_stop_too(target: Callable[..., Target], debugger: Start) -> None:
    program = target(source=THREADS)
    child = debugger(program)
    begin(child)
    assert "worker" in say(child, "threads")
    say(child, f"b {THREADS.splitlines().index('        beat = 1  # @beat') + 1}")
    assert "(worker)]" in say(child, "c")
    assert say(child, "p beat") == "1\n"
    leave(child)
    assert program.finish() == ("", "", 0)


@can_attach
@consoles
def test_a_breakpoint_call_asks_where_the_program_is_once_the_user_has_left(
    target: Callable[..., Target], debugger: Start, environment: dict[str, str]
) -> None:
    environment["PYTHONBREAKPOINT"] = "rdb.set_trace"
    program = target(source=INLINE)
    child = debugger(program)
    begin(child)
    leave(child)
    stdout, _, returncode = program.finish()
    assert "program.py(5)<module>()\n-> breakpoint()" in stdout
    assert "(rdb) " in stdout
    assert returncode == 1  # its input has ended, which is `quit`


@can_attach
@consoles
def test_the_program_is_not_started_again(target: Callable[..., Target], debugger: Start) -> None:
    program = target()
    child = debugger(program)
    begin(child)
    assert "cannot be started again" in say(child, "restart")
    leave(child, "detach")
    assert program.finish() == DONE


@can_attach
@consoles
def test_start_up_files_are_the_users(
    target: Callable[..., Target], debugger: Start, environment: dict[str, str]
) -> None:
    (Path(environment["HOME"]) / ".rdbrc").write_text("alias shout p str(%1).upper()\n")
    program = target()
    child = debugger(program)
    begin(child)
    assert say(child, "shout 'loud'") == "'LOUD'\n"
    leave(child)
    assert program.finish() == DONE


@can_attach
def test_commands_through_a_pipe(target: Callable[..., Target], environment: dict[str, str]) -> None:
    program = target()
    command = [sys.executable, "-m", "rdb", "-p", program.pid, "-c", f"b {BODY}"]
    done = subprocess.run(
        command, input="c\np type(number)\ncl 1\n", capture_output=True, text=True, env=environment, check=False
    )
    assert f"program.py({BODY})work()" in done.stdout
    assert "(rdb) <class 'int'>\n(rdb) Deleted breakpoint 1" in done.stdout
    assert (done.stderr, done.returncode) == ("", 0)
    assert program.finish() == DONE


@can_attach
def test_a_program_under_rdb_is_not_attached_to(target: Callable[..., Target], environment: dict[str, str]) -> None:
    program = target("-m", "rdb", "-c", "c")
    done = attempt("rdb", "-p", program.pid, env=environment)
    assert done.stdout == "Error: rdb is at work in this process already\n"
    assert (done.stderr, done.returncode) == ("", 1)
    program.finish()


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
