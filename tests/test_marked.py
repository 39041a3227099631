"""Only code with breakpoints is traced; the program does not notice, and no breakpoint is missed for it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from conftest import Run

DEEP = """
import sys
sys.setrecursionlimit(60_000)

def down(n):
    return 0 if n == 0 else 1 + down(n - 1)

def cold():
    return "it is cold"

print("deep", down(25_000))
print(cold())
"""


def test_deep_recursion_beside_a_breakpoint(rdb_run: Run) -> None:
    outcome = rdb_run(DEEP, ["b 9", "c", "p 'stopped'", "c"])
    assert "deep 25000" in outcome.stdout
    assert "'stopped'" in outcome.stdout
    assert "(rdb) it is cold\n" in outcome.stdout


def test_a_breakpoint_in_deep_recursion(rdb_run: Run) -> None:
    outcome = rdb_run(
        DEEP, ["b 6, n == 20_000", "tbreak 6, n == 0", "c", "p 'first', n", "c", "p 'second', n", "c", "c"]
    )
    assert re.findall(r"\('(\w+)', (\d+)\)", outcome.stdout) == [("first", "20000"), ("second", "0")]


LIMIT = """
def down(n):
    global deepest
    deepest = n
    down(n + 1)

def cold():
    pass  # line 8

try:
    down(0)
except RecursionError:
    print("deepest", deepest)
"""


def test_the_limit_of_recursion_is_where_it_was(rdb_run: Run) -> None:
    deepest = [re.findall(r"deepest (\d+)", rdb_run(LIMIT, commands).stdout) for commands in (["c"], ["b 8", "c"])]
    assert len(deepest[0]) == 1
    assert deepest[0] == deepest[1]


SMALL = """
import threading

def down(n):
    return 0 if n == 0 else 1 + down(n - 1)

def cold():
    pass  # line 8

def work():
    print("depth", down(900))
    cold()

threading.stack_size(256 * 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_a_thread_with_a_small_stack(rdb_run: Run) -> None:
    outcome = rdb_run(SMALL, ["b 8", "c", "p 'stopped'", "c"])
    assert "depth 900" in outcome.stdout
    assert "'stopped'" in outcome.stdout


RAW = """
import _thread

def work():
    value = 42  # line 5
    done.release()

done = _thread.allocate_lock()
done.acquire()
_thread.start_new_thread(work, ())
done.acquire()
"""


def test_a_thread_that_threading_does_not_know(rdb_run: Run, backend: str) -> None:
    if backend == "settrace" and sys.version_info >= (3, 12):
        pytest.skip("sys.settrace on its own does not reach such a thread")
    assert "value = 42" in rdb_run(RAW, ["b 5", "c", "c"]).stdout


OUTER = """
def inner():
    return 1  # line 3

def outer():
    got = inner()
    got += 1
    return got  # line 8

def unmarked():
    return outer()

print(unmarked())
"""


@pytest.mark.parametrize("ends", ["", "clear 1\n"])
def test_a_breakpoint_set_in_a_frame_below(rdb_run: Run, ends: str) -> None:
    outcome = rdb_run(OUTER, f"b 3\nc\nb 8\n{ends}c\np 'got', got\nc\n")
    assert "('got', 2)" in outcome.stdout


GENERATORS = """
def numbers():
    try:
        yield 1
    except KeyError as error:
        yield repr(error)  # line 6
    finally:
        print("closed")

def main():
    sleeping = numbers()
    print(next(sleeping))
    print(sleeping.throw(KeyError("thrown")))
    sleeping.close()
    fresh = numbers()
    try:
        fresh.throw(KeyError("early"))
    except KeyError as error:
        print("out", error)

main()
"""


@pytest.mark.parametrize("where", ["b 6, False", "b 12, False", "b colorsys.py:1"])
def test_an_exception_thrown_into_a_generator(rdb_run: Run, where: str) -> None:
    said = rdb_run(GENERATORS, [where, "c"]).stdout.replace("(rdb) ", "").splitlines()
    printed = ["1", "KeyError('thrown')", "closed", "out 'early'"]
    assert [line for line in said if line in printed] == printed


PROFILED = """
import sys
events = []

def inner():
    return len("x")

def outer():
    return inner()

def start():
    sys.setprofile(lambda frame, event, argument: events.append((frame.f_code.co_name, event)))
    outer()

def cold():
    pass  # line 16

start()
outer()
sys.setprofile(None)
print("events", events)
"""


def test_a_profile_function_hears_the_same(rdb_run: Run, tmp_path) -> None:
    script = tmp_path / "plain.py"
    script.write_text(PROFILED, encoding="utf-8")
    plain = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=60)
    expected = plain.stdout.strip()
    assert expected.count("call") > 4
    assert expected in rdb_run(PROFILED, ["b 16", "c", "c"]).stdout
    assert expected in rdb_run(PROFILED, ["b 6, False", "c", "c"]).stdout


TRACED = """
import sys
events = []

def trace(frame, event, argument):
    if frame.f_code.co_name in ("inner", "outer"):
        events.append((frame.f_code.co_name, event))
        return trace

def inner():
    return 1  # line 11

def outer():
    return inner()

sys.settrace(trace)
outer()
sys.settrace(None)
print("events", len(events), events)
"""


def test_a_trace_function_of_the_program_hears_everything(rdb_run: Run) -> None:
    outcome = rdb_run(TRACED, ["b 11", "c", "p 'stopped'", "c"])
    assert "'stopped'" in outcome.stdout
    assert "events 6" in outcome.stdout


RUNNING = """
import threading, time

go = True
ready = threading.Event()

def busy():
    n = 0
    while go:
        n += 1  # line 10
        ready.set()
        time.sleep(0)

def main():
    global go
    thread = threading.Thread(target=busy)
    thread.start()
    ready.wait()
    print("main stops")  # line 19
    thread.join(0.5)
    go = False
    thread.join()
    print("over")

main()
"""


def test_a_breakpoint_set_in_what_another_thread_runs(rdb_run: Run) -> None:
    outcome = rdb_run(RUNNING, ["b 19", "c", "tbreak 10", "c", "p 'busy', n > 0", "c"])
    assert "('busy', True)" in outcome.stdout
    assert "over" in outcome.stdout
