"""Where programs stop: where they should, and alike on every backend; and what it costs the interpreter."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import BACKENDS, Program, Run

PROGRAMS = ["recursion", "generators", "coroutines", "handling", "oneliners"]


def stops(program: Program, output: str) -> Iterator[str]:
    """Returns where an output says that the program stopped.

    Each is the marker of a line, or else its number, with `call` or `return` in front of it where rdb says so, and with
    the name of the file if that is not the program's.
    """
    names = {number: name for name, number in program.lines.items()}
    kinds = {"--Call--": "call ", "--Return--": "return "}
    kind = ""
    for text in output.splitlines():
        line = text.removeprefix("(rdb) ")
        if line in kinds:
            kind = kinds[line]
        elif found := re.match(r"> (.+)\((\d+)\)\S+?\(\)", line):
            path, number = Path(found[1]), int(found[2])
            yield kind + (names.get(number, str(number)) if path == program.path else f"{path.name}:{number}")
            kind = ""


def resolve(program: Program, command: str) -> str:
    """Returns a command with the numbers of lines in the place of `@name`."""
    return re.sub(r"@(\w+)", lambda name: str(program.line(name[1])), command)


def walk(rdb_run: Run, program: Program, commands: Sequence[str], **options: str) -> list[str]:
    """Runs a program up to the line `start`, then the commands; returns the stops after that line."""
    first = ["tbreak @start", "continue"]
    outcome = rdb_run(program, [resolve(program, command) for command in [*first, *commands, "q"]], **options)
    assert "rdb: " not in outcome.stderr
    found = list(stops(program, outcome.stdout))
    assert found[1] == "start"
    return found[2:]


LONG_WALKS = {
    "step": ["step"] * 320,
    "next": ["next"] * 30,
    "return": ["step", "return"] * 60,
    "until": ["until"] * 30,
    "finish": ["step", "step", "finish"] * 40,
    "stepi": ["stepi"] * 320,
    "mixed": [
        *["next", "step", "next", "step", "step", "return", "next"],
        *["next", "step", "until", "step", "next", "step", "finish"],
    ]
    * 12,
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("commands", LONG_WALKS.values(), ids=LONG_WALKS)
def test_backends_stop_alike(rdb_run: Run, program, name: str, commands: list[str]) -> None:
    here = walk(rdb_run, program(name), commands)
    there = walk(rdb_run, program(name), commands, backend=BACKENDS[0])
    assert here == there
    assert len(here) > 20


WALKS = [
    ("recursion", "next 3", "mutual, end, return end"),
    ("recursion", "tbreak @deeper, continue, next, next", "deeper, product, return product"),
    (
        "recursion",
        "tbreak @leaf, continue, return, next, next, next",
        "leaf, return leaf, product, return product, product",
    ),
    ("recursion", "tbreak @leaf, continue, finish, finish", "leaf, product, product"),
    ("recursion", "step, step, step, return, next", "call 1, test, deeper, return product, mutual"),
    ("recursion", "tbreak @odd, continue, next, next, next", "odd, return odd, return even, end"),
    ("generators", "step 7", "call 1, loop, yield, return yield, body, start, call yield"),
    ("generators", "step, next 6", "call 1, loop, yield, loop, yield, loop, list"),
    ("generators", "step, step, next, return, next", "call 1, loop, yield, return loop, list"),
    ("generators", "tbreak @delegate, continue, next 4", "delegate, again, exhausted, made, begin"),
    ("generators", "tbreak @got, continue, next 7", "got, forever, wait, wait, except, handled, handled, finally"),
    (
        "generators",
        "tbreak @throw, continue, step 7",
        "throw, call wait, wait, except, handled, return handled, close, call handled",
    ),
    ("coroutines", "tbreak @one, continue, step, next", "one, call 28, first"),
    (
        "coroutines",
        "tbreak @rest, continue, step 4, next 6",
        "rest, call 39, run, again, step, send, sent, again, step, send, sent",
    ),
    ("coroutines", "tbreak @aenter, continue, next 4", "aenter, entered, with, inside, with"),
    ("coroutines", "tbreak @inner, continue, return, next, next", "inner, return sum, second, for"),
    ("coroutines", "tbreak @between, continue, next 5", "between, number, numbers, between, number, numbers"),
    ("handling", "step, next 7", "call 28, try, risk, risk, except, handler, finally, handled"),
    (
        "handling",
        "tbreak @risk, continue, step 11",
        "risk, call 24, through, call 20, raise, raise, return raise, through, return through, risk, except, handler",
    ),
    (
        "handling",
        "tbreak @turns, continue, next 18",
        "turns, turn, if, os, os, os_except, nested, again, nested_except, nested_handler, turn_finally, "
        "turns, turn, if, continue, turn_finally, turns, last, return last",
    ),
    ("handling", "tbreak @with, continue, next 5", "with, swallowed, swallowed, with, second, return"),
    ("handling", "tbreak @unhandled, continue, next 4", "unhandled, unhandled, type, pass, end"),
    (
        "handling",
        "tbreak @raise, continue, return, return, return, next",
        "raise, return raise, through, return through, risk",
    ),
    ("oneliners", "step 6", "call three, return three, call three, return three, loops, call 23"),
    ("oneliners", "tbreak @for, continue, next 4", "for, while, pass, semicolon, return semicolon"),
    ("oneliners", "tbreak @for, continue, step 6", "for, call one, return one, for, call one, return one, for"),
    ("oneliners", "tbreak @squares, continue, next 4", "squares, pairs, odd, total, nested"),
    ("oneliners", "tbreak @lambdas, continue, next 2", "lambdas, ternary, sum"),
    ("oneliners", "tbreak @call, continue, step 3", "call, call method, return method, exec"),
    ("oneliners", "tbreak @exec, continue, step 4", "exec, call <string>:1, <string>:2, call one, return one"),
    (
        "oneliners",
        "tbreak @plain, return, run, continue, step 2",
        "return eval, one, plain, call plain, return plain",
    ),
]


@pytest.mark.parametrize(("name", "commands", "expected"), WALKS)
def test_steps(rdb_run: Run, program, name: str, commands: str, expected: str) -> None:
    assert ", ".join(walk(rdb_run, program(name), list(repeated(commands)))) == expected


def repeated(commands: str) -> Iterator[str]:
    """Returns the commands of a list with commas; `next 3` and `step 3` as so many single ones."""
    for command in commands.split(", "):
        word, _, count = command.partition(" ")
        if count.isdecimal() and word in {"next", "step"}:
            yield from [word] * int(count)
        else:
            yield command


def test_a_breakpoint_stops_every_thread(rdb_run: Run, program) -> None:
    threads = program("threads")
    outcome = rdb_run(
        threads, [f"b {threads.line('main')}", "c", f"b {threads.line('append')}", *["c", "p n"] * 5, "c"]
    )
    shown = [int(n) for n in re.findall(r"^\(rdb\) (\d+)$", outcome.stdout, re.M)]
    assert sorted(shown) == [0, 1, 2, 10, 100]
    assert "[0, 2, 4, 20, 200]" in outcome.stdout


STATE = """
import sys
from rdb import _rdb

def state():
    now = _rdb.session_state()
    real = sys.monitoring.get_events(now["tool"]) if now["tool"] is not None else 0
    print("global", now["global_events"], real, "new code", now["watches_new_code"], "armed", now["armed_code"])

def hot(n):
    for i in range(n):
        if i < 0:
            print("never")  # @never
    return n

def main():
    before = _rdb.session_state()["events"]
    hot(10_000)
    print("events", _rdb.session_state()["events"] - before)
    state()
    print("done")  # @done

main()
"""


def marked(text: str, name: str) -> int:
    """Returns the number of the line of a text that is marked `# @name`."""
    return next(number for number, line in enumerate(text.splitlines(), start=1) if line.endswith(f"# @{name}"))


def test_breakpoints_alone_ask_for_nothing_everywhere(rdb_run: Run) -> None:
    done, never = marked(STATE, "done"), marked(STATE, "never")
    outcome = rdb_run(STATE, [f"b {never}", f"b {done}, False", "b colorsys.py:1", "c"])
    # `hot` reports its start, and each of its lines but the one with the breakpoint once.
    assert re.search(r"^(?:\(rdb\) )*events [1-9]$", outcome.stdout, re.M), outcome.stdout
    assert "global [] 0 new code True armed 2\n" in outcome.stdout


def test_no_breakpoint_asks_for_nothing(rdb_run: Run) -> None:
    program = STATE + "print(sys.gettrace())\n"
    outcome = rdb_run(program, [f"b {marked(STATE, 'done')}", "c", "cl 1", "restart", "c"])
    assert "global [] 0 new code False armed 0\n" in outcome.stdout
    assert "\nNone\n" in outcome.stdout


def test_a_breakpoint_in_a_line_that_has_stopped_reporting(rdb_run: Run) -> None:
    text = "def f():\n    for i in range(4):\n        a = i\n        b = i\n    return b\nf()\n"
    outcome = rdb_run(text, ["b 3, i == 2", "c", "b 4", "c", "p i", "c", "p i", "q"])
    assert re.findall(r"^\(rdb\) (\d)$", outcome.stdout, re.M) == ["2", "3"]


def test_a_pending_breakpoint_is_bound_by_the_import(rdb_run: Run, tmp_path: Path) -> None:
    (tmp_path / "later.py").write_text("def f():\n    a = 1\n    return a\n")
    outcome = rdb_run("import later\nlater.f()\nlater.f()\n", ["b later.py:3", "c", "p a", "c", "p a", "c", "q"])
    assert re.findall(r"^\(rdb\) (1)$", outcome.stdout, re.M) == ["1", "1"]


def test_a_breakpoint_in_a_compiled_file_that_was_moved(rdb_run: Run, tmp_path: Path) -> None:
    """A `.pyc` names the file that it was made from; importlib puts that right when no event can tell of it."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / "moved.py").write_text("def f():\n    return 1\n")
    make = "import sys\nsys.path.insert(0, 'old')\nimport moved\n"
    assert rdb_run(make, ["c"]).returncode == 0
    old.rename(new)
    use = "import sys\nsys.path.insert(0, 'new')\nimport moved\nmoved.f()\n"
    outcome = rdb_run(use, ["b new/moved.py:2", "c", "w", "q"])
    assert f"> {new / 'moved.py'}(2)f()" in outcome.stdout


def test_code_that_is_made_while_the_program_runs(rdb_run: Run, tmp_path: Path) -> None:
    made = tmp_path / "made.txt"
    made.write_text("def f():\n    a = 1\n    return a\n")
    text = f"for turn in range(3):\n    exec(compile(open({str(made)!r}).read(), {str(made)!r}, 'exec'))\n    f()\n"
    outcome = rdb_run(text, [f"b {made}:3", "c", "p turn", "c", "p turn", "c", "p turn", "c", "q"])
    assert re.findall(r"^\(rdb\) (\d)$", outcome.stdout, re.M) == ["0", "1", "2"]


TRACED = """
import sys, threading
log = []

def tracer(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        log.append((frame.f_code.co_name, event, frame.f_lineno))
        if frame.f_code.co_name == "unwatched":
            return None
    return tracer

def raising(frame, event, arg):
    if event == "line":
        raise ValueError("in the tracer")
    return raising

def unwatched():
    a = 1

def numbers():
    yield 1

def f(a):
    b = a  # @first
    try:
        raise KeyError
    except KeyError:
        pass
    unwatched()
    list(numbers())
    return b

sys.settrace(tracer)
f(1)
threading.settrace(tracer)
thread = threading.Thread(target=f, args=(3,))
thread.start()
thread.join()
threading.settrace(None)
sys.settrace(None)
f(2)
sys.settrace(raising)
try:
    f(3)
except ValueError as error:
    log.append(str(error))
log.append(sys.gettrace() is raising)
sys.settrace(None)
print("log", log)
"""


@pytest.mark.parametrize("commands", [[], ["b {first}, False"], ["b {first}", *["c", "next", "step"] * 4, "cl 1"]])
def test_a_trace_function_of_the_program_hears_what_it_always_heard(
    rdb_run: Run, commands: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(TRACED)
    plain = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)
    lines = [command.format(first=marked(TRACED, "first")) for command in commands]
    outcome = rdb_run(script, [*lines, "c", "c", "q"])
    logs = re.findall(r"log \[.*", outcome.stdout)
    assert logs[:1] == re.findall(r"log \[.*", plain.stdout)


CAUGHT = """
import threading

def fails(n):
    if n > 2:
        raise ValueError(n)
    return n

def passes(n):
    try:
        return fails(n)
    except KeyError:
        return 0
    finally:
        done = True

def handles():
    for n in range(5):
        try:
            passes(n)
        except ValueError as error:
            last = error

def main():
    next(iter([]), None)
    handles()
    thread = threading.Thread(target=passes, args=(9,))  # @thread
    thread.start()
    thread.join()
    passes(7)

main()
"""


def test_a_step_hears_of_exceptions_that_are_caught(rdb_run: Run) -> None:
    commands = ["catch uncaught", "b fails, n == 3", "c", "r", "w 2", "c", "p __exception__[1]", "q"]
    outcome = rdb_run(CAUGHT, commands)
    assert "--Return--\n" in outcome.stdout
    assert ")fails()" in outcome.stdout.partition("--Return--\n")[2].partition("(rdb)")[0]
    assert "(rdb) ValueError(9)\n" in outcome.stdout
    assert outcome.stdout == rdb_run(CAUGHT, commands, backend=BACKENDS[0]).stdout


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("catch ValueError", ["ValueError(3)", "ValueError(4)", "ValueError(9)", "ValueError(7)"]),
        ("catch uncaught", ["ValueError(9)", "ValueError(7)"]),
        ("catch uncaught KeyError", []),
    ],
)
def test_catchpoints_stop_alike(rdb_run: Run, command: str, expected: list[str]) -> None:
    commands = ["n", command, *["c", "p __exception__[1]"] * len(expected), "c", "q"]
    outcome = rdb_run(CAUGHT, commands)
    assert re.findall(r"^\(rdb\) (ValueError\(\d\))$", outcome.stdout, re.M) == expected
    assert outcome.stdout == rdb_run(CAUGHT, commands, backend=BACKENDS[0]).stdout
