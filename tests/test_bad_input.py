"""What comes from outside and is not as it should be: the session, the breakpoints and the program survive it."""

from __future__ import annotations

import itertools
import os
import re
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pexpect
import pytest
from conftest import Run

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")

PROMPT = "(rdb) "
PATIENCE = 30.0
"""Seconds without any output after which rdb counts as hung."""


class Live:
    """rdb in a process of its own, with pipes that stay open."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], cwd: Path) -> None:
        self.process = subprocess.Popen(
            command, env=environment, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.output = ""

    def until(self, text: str, after: int = 0) -> int:
        """Reads until the text has come behind a place in the output, and returns the place behind it."""
        assert self.process.stdout is not None
        while (found := self.output.find(text, after)) < 0:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert chunk, f"no {text!r} in:\n{self.output}"
            self.output += chunk.decode(errors="replace")
        return found + len(text)

    def send(self, line: str) -> int:
        """Types a line, and returns the place where its answer begins."""
        assert self.process.stdin is not None
        place = len(self.output)
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return place

    def ask(self, line: str) -> str:
        """Types a line, and returns what comes before the next prompt."""
        place = self.send(line)
        end = self.until(PROMPT, place)
        return self.output[place : end - len(PROMPT)]

    def interrupt(self) -> int:
        """Sends what Ctrl-C sends, and returns the place where the answer begins."""
        place = len(self.output)
        self.process.send_signal(signal.SIGINT)
        return place

    def end(self, line: str = "q") -> int:
        """Types the last line, and returns the exit status."""
        self.send(line)
        rest, _ = self.process.communicate(timeout=60)
        self.output += rest.decode(errors="replace")
        return self.process.returncode


Start = Callable[..., Live]


@pytest.fixture
def live(backend: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Returns a function that starts rdb on the text of a script and waits for the first prompt."""
    started: list[Live] = []

    def start(source: str, *options: str) -> Live:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(source))
        command = [sys.executable, "-m", "rdb", *options, str(script)]
        session = Live(command, environment | {"RDB_BACKEND": backend}, tmp_path)
        started.append(session)
        session.until(PROMPT)
        return session

    yield start
    for session in started:
        session.process.kill()
        session.process.communicate()


def shell(
    command: str, environment: dict[str, str], cwd: Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["sh", "-c", command], env=environment, cwd=cwd, input=stdin, capture_output=True, timeout=60, check=False
    )


# What the debugger reads and writes.


def test_a_closed_stdin_is_the_end_of_the_input(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('ran')\n")
    done = shell(f"exec {sys.executable} -m rdb script.py <&-", environment, tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"> ")
    done = shell(f"exec {sys.executable} -m rdb -c c script.py <&-", environment, tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"ran\n" in done.stdout


def test_a_closed_stdout_is_no_disaster(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys\nprint('ran', file=sys.stderr)\n")
    done = shell(f"exec {sys.executable} -m rdb -c c script.py >&-", environment, tmp_path)
    assert done.stderr == b"ran\n"
    assert done.returncode == 0


def test_a_reader_that_goes_away_is_no_disaster(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("for n in range(100_000):\n    print(n)\n")
    done = shell(f"{sys.executable} -m rdb -c c script.py | head -1", environment, tmp_path)
    assert done.returncode == 0
    assert b"panicked" not in done.stderr
    assert b"internal error" not in done.stderr


def test_the_program_reads_its_own_input(rdb_run: Run) -> None:
    script = "first = input('name? ')\nprint('hello', first)\nimport sys\nprint('rest', sys.stdin.read().split())\n"
    outcome = rdb_run(script, ["n", "Ada", "p first", "c", "x", "y"])
    assert "(rdb) name? " in outcome.stdout
    assert "(rdb) 'Ada'\n" in outcome.stdout
    assert "hello Ada\nrest ['x', 'y']\n" in outcome.stdout


def test_input_that_is_not_text_is_the_end_of_it(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('ran')\n")
    done = shell(f"exec {sys.executable} -m rdb script.py", environment, tmp_path, b"p '\xff\xfe'\np 1 + 1\n")
    assert b"(rdb) *** UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff" in done.stdout
    assert (done.returncode, done.stderr) == (0, b"")


def test_control_characters_are_text(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('ran')\n")
    done = shell(f"exec {sys.executable} -m rdb script.py", environment, tmp_path, b"\x00\x1b[A\np 1 + 1\nc\n")
    assert b"(rdb) 2\n" in done.stdout
    assert b"ran\n" in done.stdout
    assert done.stderr == b""


def test_a_line_that_is_very_long(rdb_run: Run) -> None:
    outcome = rdb_run("x = 1\n", [f"p len('{'x' * 300_000}')", "p 'next'"])
    assert "(rdb) 300000\n(rdb) 'next'\n" in outcome.stdout


@pytest.fixture
def terminal(backend: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., pexpect.spawn]]:
    """Returns a function that starts rdb on the text of a script, on a terminal of its own."""
    started: list[pexpect.spawn] = []

    def start(source: str, columns: int = 80, term: str = "xterm") -> pexpect.spawn:
        (tmp_path / "script.py").write_text(textwrap.dedent(source))
        child = pexpect.spawn(
            sys.executable,
            ["-m", "rdb", "script.py"],
            env=environment | {"RDB_BACKEND": backend, "TERM": term},
            cwd=str(tmp_path),
            dimensions=(24, columns),
            timeout=30,
            encoding="utf-8",
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


LONG = "name_of_a_variable = [n for n in range(40)]\nprint('ran')\n"


@pytest.mark.parametrize(("columns", "term"), [(20, "xterm"), (1, "xterm"), (20, "dumb"), (80, "dumb"), (80, "")])
def test_terminals_that_can_do_little(columns: int, term: str, terminal: Callable[..., pexpect.spawn]) -> None:
    child = terminal(LONG, columns, term)
    child.expect(r"\(rdb\) ")
    child.send("n\r")
    child.expect("print")
    child.send("p sum(name_of_a_variable)\r")
    child.expect("780")
    child.send("c\r")
    child.expect("ran")
    child.expect("restarted")
    child.send("q\r")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_a_dumb_terminal_gets_no_control_codes(terminal: Callable[..., pexpect.spawn]) -> None:
    child = terminal(LONG, 80, "dumb")
    child.expect_exact("(rdb) ")
    child.send("list\r")
    child.expect_exact("(rdb) ")
    child.send("q\r")
    child.expect(pexpect.EOF)
    assert "\x1b" not in child.before


# Source text.


def test_source_in_another_encoding(rdb_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes("# coding: latin-1\ntext = 'gr\xfc\xdfe'\nprint(text)\n".encode("latin-1"))
    outcome = rdb_run(path, ["n", "p text", "l", "c"])
    assert "-> text = 'grüße'\n" in outcome.stdout
    assert "(rdb) 'grüße'\n" in outcome.stdout
    assert "  2  \ttext = 'grüße'\n" in outcome.stdout
    assert "grüße\n" in outcome.stdout.rpartition("[EOF]")[2]


def test_source_in_an_encoding_that_it_does_not_say(rdb_run: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "wrong.py"
    path.write_bytes(b"x = 1\ntext = 'gr\xfc\xdfe'\n")
    outcome = rdb_run(path, ["l"])
    plain = subprocess.run([sys.executable, str(path)], env=environment, capture_output=True, check=False)
    assert "SyntaxError: " in outcome.stderr
    assert "SyntaxError" in plain.stderr.decode()
    assert outcome.returncode == 1


def test_a_syntax_error_can_be_mended(live: Start, tmp_path: Path) -> None:
    session = live("def f(:\n")
    (tmp_path / "script.py").write_text("print('mended')\n")
    assert "-> print('mended')\n" in session.ask("run")
    assert "mended\n" in session.ask("c")
    assert session.end() == 0


def test_a_file_that_was_edited_is_said_to_be(rdb_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    edit = f"!open({str(path)!r}, 'a').write('# more\\n') and None"
    outcome = rdb_run("x = 1\ny = 2\nz = 3\n", [edit, "n", "n"])
    warning = f"*** WARNING: file '{path}' was edited, running stale code until the program is rerun\n"
    assert outcome.stdout.count(warning) == 1


def test_a_file_that_is_gone_is_debugged_without_its_text(rdb_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    outcome = rdb_run("import os\nos.unlink(__file__)\nx = 1\n", ["n", "n", "p x if 'x' in dir() else 'not yet'", "c"])
    assert f"> {path}(3)<module>()" in outcome.stdout
    assert "(rdb) 'not yet'\n" in outcome.stdout
    assert "Error: cannot read" in outcome.stdout  # it cannot be started again, which is said
    assert "panicked" not in outcome.stderr


# Values.

STUBBORN = """\
    class Broken:
        def __repr__(self):
            raise ValueError("no repr")
    class Rude:
        def __repr__(self):
            raise KeyboardInterrupt
    class Quitter:
        def __repr__(self):
            raise SystemExit(9)
    class Endless:
        def __repr__(self):
            while True:
                pass
    class Mute:
        def __repr__(self):
            return 7
    def f(broken, endless):
        print("in f")
        return broken
    f(Broken(), Endless())
    print("end")
    """


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("Broken()", "*** ValueError: no repr"),
        ("[Broken()]", "*** ValueError: no repr"),
        ("Quitter()", "*** SystemExit: 9"),
        ("Mute()", "*** TypeError: "),
        ("Rude()", "*** KeyboardInterrupt"),
    ],
)
def test_a_repr_that_raises(expression: str, said: str, rdb_run: Run) -> None:
    outcome = rdb_run(STUBBORN.replace("\n    ", "\n").lstrip(), ["b f", "c", f"p {expression}", "p 'survived'", "c"])
    assert f"(rdb) {said}" in outcome.stdout
    assert "(rdb) 'survived'\n" in outcome.stdout
    assert "end\n" in outcome.stdout
    assert outcome.returncode == 0


def test_a_repr_that_raises_among_arguments_and_returned_values(rdb_run: Run) -> None:
    script = textwrap.dedent(STUBBORN).replace("Endless())", "1)")
    outcome = rdb_run(script, ["b f", "c", "args", "r", "display broken", "retval", "p 'survived'", "c"])
    assert "broken = *** repr(broken) failed: ValueError: no repr ***\nendless = 1\n" in outcome.stdout
    assert "--Return--\n" in outcome.stdout
    assert "(rdb) 'survived'\n" in outcome.stdout
    assert "end\n" in outcome.stdout


def test_a_repr_that_never_ends_can_be_interrupted(live: Start) -> None:
    session = live(STUBBORN)
    session.ask("b f")
    session.ask("c")
    place = session.send("p endless")
    wait_until_busy(session.process.pid)
    session.interrupt()
    session.until(PROMPT, place)
    assert "'survived'" in session.ask("p 'survived'")
    assert "end\n" in session.ask("c")
    assert session.end() == 0


def wait_until_busy(pid: int) -> None:
    """Waits until a process has used the processor for a while: it is in a loop, not at its prompt."""
    deadline, before = time.monotonic() + 30, processor_time(pid)
    while processor_time(pid) - before < 10:
        assert time.monotonic() < deadline
        os.sched_yield()


def processor_time(pid: int) -> int:
    """Returns the processor time of a process, in clock ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


# Depth.

DEEP = """\
    import sys
    sys.setrecursionlimit(20_000)
    def down(n):
        if n == 0:
            return bottom(n)
        return down(n - 1) + 1
    def bottom(n):
        return n
    print("depth", down(10_000))
    """


def test_a_deep_recursion(rdb_run: Run) -> None:
    commands = ["b bottom", "c", "u 10001", "p n", "d 3", "p n", "d -1", "r", "n", "n", "where 3", "c"]
    outcome = rdb_run(textwrap.dedent(DEEP), commands)
    assert "(rdb) 10000\n" in outcome.stdout
    assert "(rdb) 9997\n" in outcome.stdout
    assert "depth 10000\n" in outcome.stdout
    assert outcome.returncode == 0


def test_the_whole_stack_of_a_deep_recursion(rdb_run: Run) -> None:
    outcome = rdb_run(textwrap.dedent(DEEP), ["b bottom", "c", "w", "c"])
    assert outcome.stdout.count("down()\n-> return down(n - 1) + 1\n") == 10_000


def test_an_endless_recursion(rdb_run: Run) -> None:
    outcome = rdb_run("def f(n):\n    return f(n + 1)\nf(0)\n", ["c", "p n > 900", "u", "q"])
    assert "RecursionError: maximum recursion depth exceeded" in outcome.stderr
    assert "(rdb) True\n" in outcome.stdout
    assert outcome.returncode == 1


def test_stepping_at_the_limit_of_recursion(rdb_run: Run) -> None:
    script = """\
        def f(n):
            try:
                return f(n + 1)
            except RecursionError:
                print("limit")
                return n
        print("reached", f(0) > 900)
        """
    outcome = rdb_run(textwrap.dedent(script), ["b 5", "c", "n", "n", "cl 1", "c"])
    assert "limit\n" in outcome.stdout
    assert "reached True\n" in outcome.stdout
    assert "internal error" not in outcome.stderr


# Programs that want the interpreter's hooks for themselves.


def test_a_program_with_a_trace_function_of_its_own(rdb_run: Run) -> None:
    script = """\
        import sys
        seen = []
        def tracer(frame, event, arg):
            seen.append(event)
            return tracer
        def work():
            x = 1
            return x
        sys.settrace(tracer)
        work()
        sys.settrace(None)
        print("seen", seen)
        print("end")
        """
    outcome = rdb_run(textwrap.dedent(script), ["c"])
    assert "seen ['call', 'line', 'line', 'return']\n" in outcome.stdout
    assert outcome.stdout.count("end\n") == 1
    assert outcome.returncode == 0


def test_a_breakpoint_in_a_program_with_a_trace_function_of_its_own(rdb_run: Run) -> None:
    script = """\
        import sys
        def work():
            x = 1
            return x
        sys.settrace(lambda *args: None)
        work()
        print("end")
        """
    outcome = rdb_run(textwrap.dedent(script), ["b 4", "c", "p 'in', x", "c"])
    assert "end\n" in outcome.stdout
    assert "(rdb) ('in', 1)\n" in outcome.stdout
    assert outcome.returncode == 0


def test_coverage_measures_what_rdb_debugs(rdb_run: Run, tmp_path: Path) -> None:
    (tmp_path / "covered.py").write_text("def f(x):\n    if x:\n        return 1\n    return 2\nprint('f', f(1))\n")
    outcome = rdb_run(["-m", "coverage", "run", "covered.py"], ["b covered.py:3", "c", "p x", "c"])
    assert "(rdb) 1\n" in outcome.stdout
    assert "f 1\n" in outcome.stdout
    report = subprocess.run(
        [sys.executable, "-m", "coverage", "report", "-m"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert re.search(r"covered\.py +5 +1 +80% +4", report.stdout), report.stdout


def test_a_program_with_an_interrupt_handler_of_its_own(live: Start) -> None:
    script = """\
        import signal, time
        hits = []
        signal.signal(signal.SIGINT, lambda *args: hits.append("handled"))
        print("ready", flush=True)
        while not hits:
            time.sleep(0.01)
        print(hits)
        """
    session = live(script)
    place = session.send("c")
    session.until("ready\n", place)
    session.interrupt()
    session.until("['handled']\n", place)
    session.until(PROMPT, place)
    assert session.end() == 0


# Leaving.


@pytest.mark.parametrize("clause", ["except Exception", "except BaseException", "except", "except SystemExit"])
def test_quitting_is_not_swallowed(clause: str, rdb_run: Run) -> None:
    script = f"""\
        def swallow():
            try:
                x = 1
                y = 2
            {clause}:
                pass
        def work():
            try:
                swallow()
                print("not", "reached")
            finally:
                print("cleaned", "up")
            for n in range(3):
                print("not", "reached", n)
        work()
        print("not", "reached")
        """
    outcome = rdb_run(textwrap.dedent(script), ["b 4", "c", "q"])
    assert "cleaned up\n" in outcome.stdout
    assert "not reached" not in outcome.stdout
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_quitting_is_not_swallowed_by_a_loop(rdb_run: Run) -> None:
    script = """\
        n = 0
        while True:
            try:
                n += 1
            except:
                continue
        """
    assert rdb_run(textwrap.dedent(script), ["b 4", "c", "c", "q"]).returncode == 0


def test_cleaning_up_while_the_program_leaves_may_fail(rdb_run: Run) -> None:
    script = "try:\n    x = 1\nfinally:\n    1 / 0\n"
    outcome = rdb_run(script, ["n", "q"])
    assert (outcome.returncode, outcome.stderr) == (0, "")


# Ctrl-C.

BUSY = {
    "loop": "while True: pass",
    "sleep": "time.sleep(60)",
    "lock": "lock.acquire()",
    "join": "thread.join()",
}
COMMANDS = ["c", "n", "until", "r", "fin"]
STEPS = [("s", "sleep"), ("s", "lock")]
"""Where a step into a call blocks: elsewhere it stops again."""


@pytest.mark.parametrize(("command", "how"), [*itertools.product(COMMANDS, BUSY), *STEPS])
def test_an_interrupt_stops_in_the_debugger(command: str, how: str, live: Start) -> None:
    session = live(f"""\
        import threading, time
        lock = threading.Lock()
        lock.acquire()
        thread = threading.Thread(target=time.sleep, args=[60], daemon=True)
        thread.start()
        def busy():
            print("busy", flush=True)
            {BUSY[how]}
        def work():
            busy()
            print("done")
        work()
        """)
    session.ask("b work" if command != "s" else "b 8")
    session.ask("c")
    place = session.send(command)
    if command != "s":
        session.until("busy\n", place)
    wait_until_blocked_or_busy(session.process.pid)
    session.interrupt()
    session.until(PROMPT, place)
    assert "KeyboardInterrupt" not in session.output
    assert "'alive'" in session.ask("p 'alive'")
    assert "busy()" in session.ask("w")
    assert session.end() == 0


def wait_until_blocked_or_busy(pid: int) -> None:
    """Waits until a process sleeps in the kernel, or computes."""
    before = processor_time(pid)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "S" or processor_time(pid) - before > 5:
            return


def test_an_interrupt_at_the_prompt_is_no_end(live: Start) -> None:
    session = live("print('ran')\n")
    session.interrupt()
    assert "'alive'" in session.ask("p 'alive'") + session.ask("p 'alive'")
    assert "ran\n" in session.ask("c")
    assert session.end() == 0
