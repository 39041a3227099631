"""What a program that is debugged hears of `rdb.settrace` and `rdb.setprofile`: what it would hear without rdb."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run

SCRIPT = """\
import sys, traceback
import rdb

def leaf(x):
    if x:
        raise ValueError(x)
    return len("abc")

def numbers():
    yield 1
    yield leaf(0)

def dark():
    total = 0
    total += leaf(0)
    return total

def work():
    got = list(numbers())
    dark()
    try:
        leaf(1)
    except ValueError:
        got = None
    return sum(n for n in (1, 2))

def never():
    return 1

seen = []

def note(frame, event, arg):
    shown = arg if event != "exception" else (arg[0].__name__, arg[1])
    seen.append(f"{event} {frame.f_code.co_name} {frame.f_lineno - frame.f_code.co_firstlineno} {shown!r}")

def trace(frame, event, arg):
    if frame.f_code.co_filename != __file__:
        return None
    note(frame, event, arg)
    if frame.f_code.co_name == "dark":
        frame.f_trace_lines = False
    if frame.f_code.co_name == "leaf":
        frame.f_trace_opcodes = True
    return trace

def failing(frame, event, arg):
    if event == "line":
        frame.f_locals["got"] = None
        raise KeyError(event)
    return failing

def profile(frame, event, arg):
    if event.startswith("c_"):
        arg = arg.__name__
    note(frame, event, arg)

where = __import__(sys.argv[1])
for turn in range(2):  # 3.12 begins to report instructions with the next `settrace` only
    where.settrace(trace)
    work()
    seen.append(str(where.gettrace() is trace))
    where.settrace(None)
where.settrace(failing)
try:
    work()
except KeyError as error:
    seen.append(str([entry.name for entry in traceback.extract_tb(error.__traceback__)]))
work()
where.setprofile(profile)
work()
where.setprofile(None)
seen.append(str([where.gettrace(), where.getprofile()]) if sys.argv[1] == "rdb" else "[None, None]")
with open(sys.argv[2], "w") as file:
    file.write("\\n".join(seen))
"""


@pytest.mark.parametrize("commands", ["continue", "break never; continue", "break never; next 3; continue"])
def test_in_a_program_that_is_debugged(rdb_run: Run, tmp_path: Path, commands: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    plain, debugged = tmp_path / "plain.txt", tmp_path / "debugged.txt"
    subprocess.run([sys.executable, script, "sys", plain], check=True)

    outcome = rdb_run(script, commands.split("; "), "rdb", str(debugged))

    assert outcome.stderr == ""
    expected = plain.read_text(encoding="utf-8").splitlines()
    assert debugged.read_text(encoding="utf-8").splitlines() == expected
    words = {line.split()[0] for line in expected}
    assert {"call", "line", "return", "exception", "opcode", "c_call", "c_return"} <= words
    assert not [line for line in expected if line.startswith("line dark")]


THREADS = """\
import threading
import rdb

def leaf():
    return 1

ready, go = threading.Event(), threading.Event()
calls = []

def trace(frame, event, arg):
    if frame.f_code is leaf.__code__:
        calls.append(threading.current_thread().name)

def waits():
    ready.set()
    go.wait()
    leaf()

running = threading.Thread(target=waits, name="running")
running.start()
ready.wait()
rdb.settrace(trace, all_threads=True)
leaf()
later = threading.Thread(target=leaf, name="later")
later.start()
later.join()
rdb.settrace(None, all_threads=True)
last = threading.Thread(target=leaf, name="last")  # @last
last.start()
last.join()
rdb.settrace(trace, all_threads=True)
go.set()
running.join()
rdb.settrace(None, all_threads=True)
leaf()
print(calls)
"""


@pytest.mark.parametrize("commands", [["continue"], ["break leaf", "continue", *["continue"] * 6]])
def test_all_threads_of_a_program_that_is_debugged(rdb_run: Run, commands: list[str]) -> None:
    outcome = rdb_run(THREADS, commands)
    assert outcome.stderr == ""
    assert "['MainThread', 'later', 'running']" in outcome.stdout
    assert outcome.stdout.count("leaf()\n") >= (len(commands) > 1) * 5


REPLACED = """\
import sys, rdb
for name in ("settrace", "gettrace", "setprofile", "getprofile"):
    setattr(sys, name, getattr(rdb, name))
def trace(*event):
    pass
sys.settrace(trace)
sys.setprofile(trace)
print(sys.gettrace() is trace, sys.getprofile() is trace)
sys.setprofile(None)
sys.settrace(None)
def never():
    pass
print(sys.gettrace(), sys.getprofile())  # @end
"""


def test_they_may_stand_in_the_place_of_those_of_sys(rdb_run: Run) -> None:
    outcome = rdb_run(REPLACED, ["next 4", "break never", "continue"])
    assert outcome.stderr == ""
    assert "True True\n" in outcome.stdout
    assert "None None\n" in outcome.stdout
