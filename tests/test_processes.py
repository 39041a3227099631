"""Threads, tasks and processes of the program: each goes its way, and breakpoints hit wherever the code runs."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Sequence

import pytest
from conftest import Outcome, Run


def run(rdb_run: Run, script: str, commands: Sequence[str]) -> Outcome:
    """Debugs the text of a script, indented as it stands in a test."""
    return rdb_run(textwrap.dedent(script), commands)


def answers(outcome: Outcome) -> list[str]:
    """Returns the lines of the output without prompts."""
    return outcome.stdout.replace("(rdb) ", "").splitlines()


# Threads.

THREADS = """\
    import threading
    def work(name):
        text = f"worker {name}"
        print(text)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("end")
    """


def test_a_breakpoint_hits_in_every_thread(rdb_run: Run) -> None:
    outcome = run(rdb_run, THREADS, ["b 4", *["c", "p 'at', text"] * 3, "c"])
    assert sorted(line for line in answers(outcome) if line.startswith("('at'")) == [
        f"('at', 'worker {n}')" for n in range(3)
    ]
    assert sorted(line for line in answers(outcome) if line.startswith("worker")) == [f"worker {n}" for n in range(3)]
    assert "end" in answers(outcome)
    assert outcome.returncode == 0


def test_stepping_stays_in_its_thread(rdb_run: Run) -> None:
    outcome = run(rdb_run, THREADS, ["tbreak 3", "c", "n", "n", "p 'still', name", "c"])
    assert "('still', 0)" in answers(outcome)
    assert "end" in answers(outcome)


def test_quitting_while_a_thread_is_being_started_is_silent(rdb_run: Run) -> None:
    # `_limbo` is where threading keeps a thread from `start()` until it runs.
    script = """\
        import threading
        thread = threading.Thread(target=print)
        threading._limbo[thread] = thread
        print("here")
        """
    outcome = run(rdb_run, script, ["b 4", "c", "q"])
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_quitting_in_a_thread_ends_the_program(rdb_run: Run) -> None:
    script = """\
        import threading, time
        def work():
            print("working")
        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(60)
        print("not", "reached")
        """
    outcome = run(rdb_run, script, ["b work", "c", "q"])
    assert "not reached" not in outcome.stdout
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.parametrize("daemon", [True, False])
def test_quitting_does_not_wait_for_threads_that_never_end(daemon: bool, rdb_run: Run) -> None:
    script = f"""\
        import atexit, threading, time
        atexit.register(print, "at exit")
        def work():
            while True:
                time.sleep(0.01)
        threading.Thread(target=work, daemon={daemon}).start()
        print("main")
        print("not", "reached")
        """
    outcome = run(rdb_run, script, ["b 8", "c", "q"])
    assert "not reached" not in outcome.stdout
    assert outcome.stdout.endswith("at exit\n")
    assert outcome.returncode == 0


def test_sys_exit_in_a_thread_ends_the_thread_only(rdb_run: Run) -> None:
    script = """\
        import sys, threading
        def work():
            sys.exit(5)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        print("main goes on")
        """
    outcome = run(rdb_run, script, ["b 3", "c", "n", "c"])
    assert "main goes on" in answers(outcome)
    assert "The program finished and will be restarted" in answers(outcome)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_an_exception_in_a_thread_is_shown_and_the_program_goes_on(rdb_run: Run) -> None:
    script = """\
        import threading
        def work():
            1 / 0
        thread = threading.Thread(target=work, name="worker")
        thread.start()
        thread.join()
        print("main goes on")
        """
    outcome = run(rdb_run, script, ["c"])
    assert "Exception in thread worker" in outcome.stderr
    assert "ZeroDivisionError: division by zero" in outcome.stderr
    assert "main goes on" in answers(outcome)
    assert outcome.returncode == 0


def test_other_threads_run_while_one_is_stopped(rdb_run: Run) -> None:
    script = """\
        import threading
        ready, go, count = threading.Event(), threading.Event(), 0
        def work():
            global count
            while not go.wait(0):
                count += 1
                ready.set()
        thread = threading.Thread(target=work)
        thread.start()
        ready.wait()
        go.set()
        thread.join()
        print("end")
        """
    commands = ["b 11", "c", "!before = count", "!import time; time.sleep(0.3)", "p 'ran', count > before", "c"]
    outcome = run(rdb_run, script, commands)
    assert "('ran', True)" in answers(outcome)
    assert "end" in answers(outcome)


# Tasks.


def test_steps_over_await_stay_in_their_task(rdb_run: Run) -> None:
    script = """\
        import asyncio
        async def work(n):
            before = n
            await asyncio.sleep(0.01 * (5 - n))
            after = n
            return after
        async def main():
            return await asyncio.gather(*map(work, range(5)))
        print(asyncio.run(main()))
        """
    outcome = run(rdb_run, script, ["b 4, n == 0", "c", "n", "p 'same', n", "n", "p 'same', n", "c"])
    assert answers(outcome).count("('same', 0)") == 2
    assert "[0, 1, 2, 3, 4]" in answers(outcome)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_quitting_inside_a_task(rdb_run: Run) -> None:
    script = """\
        import asyncio
        async def work():
            try:
                await asyncio.sleep(0)
                print("here")
                print("not", "reached")
            finally:
                print("cleaned up")
        asyncio.run(work())
        print("not", "reached")
        """
    outcome = run(rdb_run, script, ["b 6", "c", "q"])
    assert "not reached" not in outcome.stdout
    assert "cleaned up" in outcome.stdout
    assert outcome.returncode == 0


# Processes.


def test_a_forked_child_goes_its_way(rdb_run: Run) -> None:
    script = """\
        import os
        def work(who):
            print(who, "works", flush=True)
        child = os.fork()
        if child == 0:
            work("child")
            os._exit(7)
        print("status", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        work("parent")
        """
    outcome = run(rdb_run, script, ["b 3, who == 'parent'", "c", "p 'at', who", "c"])
    assert [line for line in answers(outcome) if line in {"child works", "status 7", "parent works"}] == [
        "child works",
        "status 7",
        "parent works",
    ]
    assert "('at', 'parent')" in answers(outcome)
    assert outcome.returncode == 0


FOLLOWED = """\
import os
def work(who):
    return who
pid = os.fork()
if pid == 0:
    work("child")
    os._exit(0)
os.waitpid(pid, 0)
work("parent")
"""


def test_a_child_is_followed_if_the_user_wants_so(rdb_run: Run) -> None:
    commands = ["b work", "c", "p who", "c", "p who", "c", "q"]
    outcome = rdb_run(FOLLOWED, commands, env={"RDB_FOLLOW_FORK": "child"})
    assert outcome.stdout.index("(rdb) 'child'\n") < outcome.stdout.index("(rdb) 'parent'\n")
    assert outcome.returncode == 0


def test_a_child_that_is_forked_while_stepping(rdb_run: Run) -> None:
    script = """\
        import os
        child = os.fork()
        if child == 0:
            print("child", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print("parent")
        """
    outcome = run(rdb_run, script, ["n", "n", "n", "n", "n"])
    assert answers(outcome).count("child") == 1
    assert answers(outcome).count("parent") == 1
    assert outcome.returncode == 0


SPAWN = """\
    import multiprocessing, sys
    class Point:
        def __init__(self, x):
            self.x = x
    def double(point):
        point.x *= 2
        return point
    def child():
        print("child has rdb:", "rdb" in sys.modules, flush=True)
        sys.exit(4)
    if __name__ == "__main__":
        context = multiprocessing.get_context({method!r})
        with context.Pool(2) as pool:
            print("points", [p.x for p in pool.map(double, [Point(n) for n in range(4)])])
        process = context.Process(target=child)
        process.start()
        process.join()
        print("exit code", process.exitcode)
    """


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_processes_run_without_rdb(method: str, rdb_run: Run) -> None:
    outcome = run(rdb_run, SPAWN.format(method=method), ["b 18", "c", "p 'at', process.exitcode", "c"])
    assert "points [0, 2, 4, 6]" in answers(outcome)
    assert "child has rdb: False" in answers(outcome)
    assert "('at', 4)" in answers(outcome)
    assert "exit code 4" in answers(outcome)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_forked_processes_work(rdb_run: Run) -> None:
    outcome = run(rdb_run, SPAWN.format(method="fork"), ["b 18", "c", "p 'at', process.exitcode", "c"])
    assert "points [0, 2, 4, 6]" in answers(outcome)
    assert "('at', 4)" in answers(outcome)
    assert "exit code 4" in answers(outcome)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_a_module_spawns_as_a_module(rdb_run: Run, tmp_path: object) -> None:
    assert hasattr(tmp_path, "joinpath")
    (tmp_path / "spawning.py").write_text(textwrap.dedent(SPAWN.format(method="spawn")))
    outcome = rdb_run(["-m", "spawning"], ["c"])
    assert "points [0, 2, 4, 6]" in answers(outcome)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_a_process_pool(rdb_run: Run) -> None:
    script = """\
        from concurrent.futures import ProcessPoolExecutor
        if __name__ == "__main__":
            pool = ProcessPoolExecutor(2)
            print("sum", sum(pool.map(abs, range(-4, 0))))
        """
    outcome = run(rdb_run, script, ["c", "c"])
    assert answers(outcome).count("sum 10") == 2
    assert outcome.returncode == 0


def test_a_breakpoint_in_a_forked_child_finds_its_input_at_an_end(rdb_run: Run) -> None:
    script = """\
        import multiprocessing
        def child():
            print("child", flush=True)
        if __name__ == "__main__":
            process = multiprocessing.get_context("fork").Process(target=child)
            process.start()
            process.join()
            print("end")
        """
    outcome = run(rdb_run, script, ["b 3", "c", "c", "c"])
    assert "end" in answers(outcome)
    assert outcome.returncode == 0


def test_a_process_that_becomes_another_one(rdb_run: Run) -> None:
    script = """\
        import os, sys
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-c", "print('another'); raise SystemExit(6)"])
        """
    outcome = run(rdb_run, script, ["c"])
    assert outcome.stdout.endswith("another\n")
    assert outcome.returncode == 6


def test_a_program_that_ends_at_once(rdb_run: Run) -> None:
    outcome = run(rdb_run, "import os\nprint('bye', flush=True)\nos._exit(8)\n", ["c"])
    assert outcome.stdout.endswith("bye\n")
    assert outcome.returncode == 8


def test_subprocesses_of_the_program_are_left_alone(rdb_run: Run) -> None:
    script = """\
        import subprocess, sys
        done = subprocess.run([sys.executable, "-c", "print(input())"], input="text", capture_output=True, text=True)
        print("child said", done.stdout)
        """
    outcome = run(rdb_run, script, ["n", "n", "c"])
    assert "child said text" in answers(outcome)
    assert outcome.returncode == 0


def test_the_interpreter_ends_cleanly(rdb_run: Run) -> None:
    script = """\
        class Late:
            def __del__(self):
                print("late")
        kept = Late()
        """
    outcome = run(rdb_run, script, ["b 3", "c", "cl 1", "q"])
    assert outcome.returncode == 0
    assert "internal error" not in outcome.stderr
    assert subprocess.run([sys.executable, "-c", "import rdb"], check=False).returncode == 0
