"""What rdb survives: its own failure, other settings of the interpreter, streams that go away, keys at any time."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from conftest import Outcome, Run

# pexpect forks while pytest-xdist has threads; the child becomes another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


@pytest.mark.parametrize(
    ("end", "status", "stderr"),
    [
        ("", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('bye')", 1, "bye\n"),
        ("raise ValueError('no')", 1, None),
    ],
)
def test_a_panic_of_rdb_is_one_line_and_the_program_goes_on(
    end: str, status: int, stderr: str | None, rdb_run: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    script = f"import sys, threading\nprint('start')\nthreading.Thread(target=print, args=['thread']).start()\n{end}\n"
    outcome = rdb_run(script, ["b 2", "c", "c"], env={"RDB_TEST_PANIC": "1"})
    assert outcome.stdout == "start\nthread\n"
    first, _, rest = outcome.stderr.partition("\n")
    assert first.startswith("rdb: internal error: panicked: ")
    assert first.endswith("; rdb has detached, the program goes on")
    if stderr is None:
        plain = [sys.executable, str(tmp_path / "script.py")]
        stderr = subprocess.run(plain, env=environment, capture_output=True, text=True, check=False).stderr
    assert rest == stderr
    assert outcome.returncode == status


@pytest.mark.parametrize(
    "flags",
    [["-W", "error"], ["-X", "dev"], ["-O"], ["-OO"], ["-B"], ["-I"], ["-E"], ["-u"], ["-X", "utf8=0"]],
    ids=" ".join,
)
def test_flags_of_the_interpreter(flags: list[str], environment: dict[str, str], backend: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import threading\ndef f(x):\n    return x + 1\nassert f(1) == 2\nprint('ran', f(2))\n")
    done = subprocess.run(
        [sys.executable, *flags, "-m", "rdb", "--backend", backend, str(script)],
        env=environment,
        input="b f\nc\np x\nr\nretval\nc\np x * 10\nc\nq\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "(rdb) 2\n" in done.stdout or "-O" in flags[0]
    assert "(rdb) 20\n" in done.stdout or "-O" in flags[0]
    assert "ran 3\n" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_text_that_the_terminal_cannot_show(rdb_run: Run) -> None:
    script = "größe = 'ü€'\nprint('ran')\n"
    commands = ["n", "p vars()['gr\\xf6\\xdfe']", "l", "p 'alive'", "c"]
    outcome = rdb_run(script, commands, env={"PYTHONIOENCODING": "ascii:strict"})
    assert "(rdb) '\\xfc\\u20ac'\n" in outcome.stdout
    assert "'alive'\n" in outcome.stdout
    assert "ran\n" in outcome.stdout
    assert outcome.returncode == 0


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_program_that_closes_a_stream(stream: str, rdb_run: Run) -> None:
    script = f"import sys, os\nsys.{stream}.close()\nx = 1\nos.write(2, b'end of it')\n"
    outcome = rdb_run(script, ["n", "n", "p x", "c", "q"])
    assert "panicked" not in outcome.stderr
    assert "internal error" not in outcome.stderr
    assert ("end of it" in outcome.stderr) == (stream != "stdin")  # without input the user has left


@pytest.mark.parametrize("what", ["None", "__import__('io').StringIO()", "object()"])
@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_program_that_replaces_a_stream(stream: str, what: str, rdb_run: Run) -> None:
    script = (
        f"import sys, os\nold, sys.{stream} = sys.{stream}, {what}\nx = 1\nsys.{stream} = old\nprint('end', 'of it')\n"
    )
    outcome = rdb_run(script, ["n", "n", "n", "p 'still', x", "c", "q"])
    assert "('still', 1)\n" in outcome.stdout
    assert "end of it\n" in outcome.stdout
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_an_interrupt_that_nobody_catches(rdb_run: Run) -> None:
    outcome = rdb_run("raise KeyboardInterrupt\n", ["c", "p 'dead'", "q"])
    assert "Uncaught exception. Entering post mortem debugging\n" in outcome.stdout
    assert "(rdb) 'dead'\n" in outcome.stdout
    assert outcome.stderr.endswith("\nKeyboardInterrupt\n")
    assert outcome.returncode == -signal.SIGINT


def test_an_interrupt_of_an_earlier_run_is_forgotten(rdb_run: Run, tmp_path: Path) -> None:
    script = "import os\nif not os.path.exists('again'):\n    os.mkdir('again')\n    raise KeyboardInterrupt\n"
    assert rdb_run(script, ["c", "run", "c", "q"], cwd=tmp_path).returncode == 0


def test_a_program_that_hides_builtins_and_modules(rdb_run: Run) -> None:
    script = """\
        import builtins, sys
        del builtins.print, builtins.repr, builtins.eval, builtins.exec
        sys.modules.clear()
        x = 1
        sys.stdout.write("end of it\\n")
        """
    outcome = rdb_run(textwrap.dedent(script), ["b 5", "c", "p x", "w", "n", "c", "q"])
    assert "end of it\n" in outcome.stdout
    assert "internal error" not in outcome.stderr
    assert "panicked" not in outcome.stderr


def test_a_program_that_changes_directory(rdb_run: Run, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "relative.py").write_text("import os\nos.chdir('elsewhere')\nx = 1\nprint('end')\n")
    outcome = rdb_run(["relative.py"], ["n", "n", "l 3, 3", "b 4", "c", "p x", "c", "c"], cwd=tmp_path)
    assert f"Breakpoint 1 at {tmp_path / 'relative.py'}:4\n" in outcome.stdout
    assert "  3  ->\tx = 1\n" in outcome.stdout
    assert outcome.stdout.count("-> print('end')") == 1
    # The second run starts where the first has left the process: there is no such directory in it.
    assert outcome.returncode in (0, 1)


def test_a_file_that_is_not_python(rdb_run: Run, tmp_path: Path) -> None:
    for name, content in {"binary.bin": bytes(range(256)), "nul.py": b"x = 1\0\n", "long.py": b"(" * 5000}.items():
        path = tmp_path / name
        path.write_bytes(content)
        outcome = rdb_run(path, ["w", "q"])
        assert "Error" in outcome.stderr, name
        assert "panicked" not in outcome.stderr
        assert outcome.returncode == 1


@pytest.fixture
def terminal(backend: str, environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[str], pexpect.spawn]]:
    """Returns a function that starts rdb on the text of a script, on a terminal of its own."""
    started: list[pexpect.spawn] = []

    def start(source: str) -> pexpect.spawn:
        (tmp_path / "script.py").write_text(textwrap.dedent(source))
        child = pexpect.spawn(
            sys.executable,
            ["-m", "rdb", "script.py"],
            env=environment | {"RDB_BACKEND": backend, "TERM": "dumb"},
            cwd=str(tmp_path),
            timeout=30,
            encoding="utf-8",
        )
        started.append(child)
        child.expect_exact("(rdb) ")
        return child

    yield start
    for child in started:
        child.close(force=True)


def ended(child: pexpect.spawn) -> Outcome:
    """Waits for the end, and returns what came last."""
    child.expect(pexpect.EOF)
    child.wait()
    return Outcome(child.before, "", child.exitstatus)


def test_keys_at_the_prompt(terminal: Callable[[str], pexpect.spawn]) -> None:
    child = terminal("print('ran')\n")
    child.send("p 'half a line")
    child.sendintr()
    child.expect_exact("(rdb) ")
    child.send("p 6 * 7\r")
    child.expect_exact("42")
    child.expect_exact("(rdb) ")
    child.setwinsize(10, 12)
    child.send("c\r")
    child.expect_exact("ran")
    child.expect_exact("(rdb) ")
    child.sendeof()
    assert ended(child).returncode == 0


def test_keys_while_the_program_runs(terminal: Callable[[str], pexpect.spawn]) -> None:
    child = terminal("import time\nprint('asleep')\ntime.sleep(60)\nprint('awake')\n")
    child.send("c\r")
    child.expect_exact("asleep\r\n")
    child.sendintr()
    child.expect_exact("time.sleep(60)")
    child.expect_exact("(rdb) ")
    child.send("j 4\r")
    child.expect_exact("(rdb) ")
    child.send("q\r")
    assert ended(child).returncode == 0


def test_a_terminal_that_goes_away(terminal: Callable[[str], pexpect.spawn]) -> None:
    child = terminal("x = 1\n")
    child.close(force=False)  # raises if the process lives on
    assert child.terminated


def test_the_terminal_is_left_as_it_was(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("x = 1\n")
    show = "stty -a > {}"
    command = f"{show.format('before')}; {sys.executable} -m rdb script.py; {show.format('after')}; echo over"
    child = pexpect.spawn("sh", ["-c", command], env=environment, cwd=str(tmp_path), timeout=30, encoding="utf-8")
    child.expect(r"\(rdb\) ")
    child.send("n\r")
    child.expect(r"\(rdb\) ")
    child.send("q\r")
    child.expect("over")
    child.close()
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()
