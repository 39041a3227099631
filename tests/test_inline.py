"""What a program calls by itself: `set_trace`, `breakpoint`, `post_mortem`, `run` and the like."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import Outcome

Python = Callable[..., Outcome]


@pytest.fixture
def python_run(backend: str, environment: dict[str, str], tmp_path: Path) -> Python:
    """Returns a function that runs a script with plain Python, and debugger commands through a pipe."""

    def run(source: str, commands: Sequence[str] = (), env: dict[str, str] | None = None) -> Outcome:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(source))
        done = subprocess.run(
            [sys.executable, str(script)],
            input="".join(f"{command}\n" for command in commands),
            env=environment | {"RDB_BACKEND": backend, "PYTHONBREAKPOINT": "rdb.set_trace"} | (env or {}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Outcome(done.stdout.replace(str(script), "script.py"), done.stderr, done.returncode)

    return run


LOOP = """\
    import rdb
    def work():
        for number in range(4):
            {call}
            print("at", number)
    work()
    print("end")
    """


@pytest.mark.parametrize("call", ["breakpoint()", "rdb.set_trace()", "__import__('sys').breakpointhook()"])
def test_it_stops_at_the_call(call: str, python_run: Python) -> None:
    outcome = python_run(LOOP.format(call=call), ["p number", "n", "c", "w", "q", "y"])
    assert outcome.stdout.splitlines() == [
        "> script.py(4)work()",
        f"-> {call}",
        "(rdb) 0",
        "(rdb) > script.py(5)work()",
        '-> print("at", number)',
        "(rdb) at 0",
        "> script.py(4)work()",
        f"-> {call}",
        "(rdb)   script.py(6)<module>()",
        "-> work()",
        "> script.py(4)work()",
        f"-> {call}",
        "(rdb) Quitting rdb will kill the process. Quit anyway? [y/n] ",
    ]
    assert (outcome.returncode, outcome.stderr) == (1, "")


def test_a_second_thought_about_quitting(python_run: Python) -> None:
    outcome = python_run(LOOP.format(call="breakpoint()"), ["q", "n", "c", "c", "c", "c"])
    assert outcome.stdout.endswith("at 3\nend\n")
    assert outcome.returncode == 0


def test_quitting_passes_except_exception(python_run: Python) -> None:
    script = """\
        try:
            breakpoint()
        except Exception:
            print("swallowed")
        finally:
            print("cleaned up")
        print("not", "reached")
        """
    outcome = python_run(script, ["q", ""])
    assert "swallowed" not in outcome.stdout
    assert "not reached" not in outcome.stdout
    assert "cleaned up" in outcome.stdout
    assert (outcome.returncode, outcome.stderr) == (1, "")


def test_the_end_of_the_input_quits(python_run: Python) -> None:
    outcome = python_run(LOOP.format(call="breakpoint()"))
    assert "at 0" not in outcome.stdout
    assert outcome.returncode == 1


@pytest.mark.parametrize(
    ("condition", "stops"),
    [
        ("number == 2", [0, 1, 2, 3]),  # evaluated by the program, so rdb sees a bool: below
        ("True", [0, 1, 2, 3]),
        ("False", []),
        ("None", [0, 1, 2, 3]),
        ("'number == 2'", [2]),
        ("'number % 2'", [1, 3]),
        ("lambda: number > 1", [2, 3]),
        ("'any(number == k for k in [3])'", [3]),
    ],
)
def test_conditions(condition: str, stops: list[int], python_run: Python) -> None:
    if condition == "number == 2":
        stops = [2]
    call = f"rdb.set_trace(condition={condition})"
    outcome = python_run(LOOP.format(call=call), ["p 'stop', number", "c"] * 4)
    assert [line for line in outcome.stdout.replace("(rdb) ", "").splitlines() if line.startswith("('stop'")] == [
        f"('stop', {number})" for number in stops
    ]
    assert outcome.returncode == 0


def test_a_condition_that_fails_stops_and_says_why(python_run: Python) -> None:
    outcome = python_run(LOOP.format(call="rdb.set_trace(condition='missing > 1')"), ["p 'stop'", "q", "y"])
    assert "NameError: name 'missing' is not defined" in outcome.stdout
    assert "(rdb) 'stop'" in outcome.stdout


def test_a_false_condition_starts_no_session(python_run: Python) -> None:
    script = """\
        import sys, rdb
        rdb.set_trace(condition=False)
        tools = map(sys.monitoring.get_tool, range(6)) if hasattr(sys, "monitoring") else ()
        print(sys.gettrace(), any(tools))
        """
    assert python_run(script).stdout == "None False\n"


def test_header_and_commands(python_run: Python) -> None:
    call = "rdb.set_trace(header='look here', commands=['p number', 'c'])"
    outcome = python_run(LOOP.format(call=call), [])
    assert outcome.stdout.splitlines()[:4] == ["look here", "0", "at 0", "look here"]
    assert outcome.stdout.endswith("3\nat 3\nend\n")
    assert outcome.returncode == 0


def test_another_frame(python_run: Python) -> None:
    script = """\
        import sys, rdb
        def helper():
            rdb.set_trace(frame=sys._getframe(1))
        def work():
            x = 'local'
            helper()
            print("after")
        work()
        """
    outcome = python_run(script, ["p x", "n", "n", "c"])
    assert outcome.stdout.splitlines()[:3] == ["> script.py(6)work()", "-> helper()", "(rdb) 'local'"]
    assert '(rdb) > script.py(7)work()\n-> print("after")\n(rdb) after\n' in outcome.stdout


def test_wrong_arguments_are_type_errors(python_run: Python) -> None:
    script = """\
        import rdb
        for arguments in [{"commands": 3}, {"commands": "c"}, {"header": 3}, {"frame": 3}, {"typo": 1}]:
            try:
                rdb.set_trace(**arguments)
            except TypeError as error:
                print("TypeError", error)
        """
    outcome = python_run(script)
    assert outcome.stdout.count("TypeError") == 5
    assert outcome.returncode == 0


def test_what_the_user_made_lives_on(python_run: Python) -> None:
    script = """\
        def work():
            value = 1
            breakpoint()
            value = 2
            breakpoint()
            print("end")
        work()
        """
    outcome = python_run(script, ["b 6", "alias hi p 'alias'", "display value", "c", "hi", "c", "p value", "c"])
    assert "Breakpoint 1 at script.py:6\n" in outcome.stdout
    assert "display value: 2  [old: 1]\n" in outcome.stdout
    assert "(rdb) 'alias'\n" in outcome.stdout
    assert '> script.py(6)work()\n-> print("end")\n' in outcome.stdout
    assert outcome.returncode == 0


def test_a_restart_is_refused(python_run: Python) -> None:
    outcome = python_run("breakpoint()\nprint('on')\n", ["run", "c"])
    assert "*** run/restart command is disabled" in outcome.stdout
    assert "on\n" in outcome.stdout


ASYNC = """\
    import asyncio, rdb
    async def value(x):
        await asyncio.sleep(0)
        return x + 1
    async def ticker():
        for n in range(3):
            await asyncio.sleep(0)
        print("ticked")
    async def main():
        x = 41
        task = asyncio.ensure_future(ticker())
        await rdb.set_trace_async()
        print("x is", x)
        await task
    asyncio.run(main())
    """


def test_await_at_the_prompt(python_run: Python) -> None:
    outcome = python_run(ASYNC, ["x = await value(x)", "p x", "await asyncio.sleep(0.01)", "w", "n", "c"])
    here = ["> script.py(12)main()", "-> await rdb.set_trace_async()"]
    assert outcome.stdout.splitlines()[:5] == [*here, f"(rdb) {here[0]}", here[1], "(rdb) 42"]
    assert outcome.stdout.index("ticked") < outcome.stdout.index("x is 42")
    assert '> script.py(13)main()\n-> print("x is", x)\n' in outcome.stdout
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_an_await_that_fails_is_told(python_run: Python) -> None:
    outcome = python_run(ASYNC, ["await value('a')", "p 'still here'", "c"])
    assert "*** TypeError: " in outcome.stdout
    assert "'still here'" in outcome.stdout
    assert outcome.returncode == 0


def test_await_elsewhere_is_an_error(python_run: Python) -> None:
    outcome = python_run(ASYNC.replace("await rdb.set_trace_async()", "rdb.set_trace()"), ["await value(x)", "c"])
    assert "*** SyntaxError: 'await' outside" in outcome.stdout
    assert outcome.returncode == 0


POST = """\
    import rdb, sys
    def fail():
        local = "here"
        raise ValueError("no")
    try:
        fail()
    except ValueError as error:
        {call}
    print("after")
    """


@pytest.mark.parametrize(
    "call", ["rdb.post_mortem()", "rdb.post_mortem(error)", "rdb.post_mortem(error.__traceback__)"]
)
@pytest.mark.parametrize("leave", ["q", "c"])
def test_post_mortem(call: str, leave: str, python_run: Python) -> None:
    outcome = python_run(POST.format(call=call), ["p local", "u", "p __name__", leave])
    assert outcome.stdout.splitlines() == [
        "> script.py(4)fail()",
        '-> raise ValueError("no")',
        "(rdb) 'here'",
        "(rdb) > script.py(6)<module>()",
        "-> fail()",
        "(rdb) '__main__'",
        "(rdb) after",
    ]
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_the_last_exception_of_an_interpreter(python_run: Python) -> None:
    call = "sys.last_value = sys.last_exc = error; rdb.pm()"
    assert "(rdb) 'here'\n" in python_run(POST.format(call=call), ["p local"]).stdout


@pytest.mark.parametrize("call", ["post_mortem", "pm"])
def test_no_exception_to_look_at(call: str, python_run: Python) -> None:
    outcome = python_run(f"import rdb\ntry:\n    rdb.{call}()\nexcept ValueError as error:\n    print(error)\n")
    assert outcome.stdout.startswith("no exception ")


def test_run(python_run: Python) -> None:
    script = """\
        import rdb
        names = {"x": 1}
        rdb.run("y = x + 1\\nz = y", names)
        print(names["z"])
        rdb.runctx("y = x", {"x": 5}, local := {})
        print(local["y"])
        print(rdb.runeval("x + 1", names))
        """
    outcome = python_run(script, ["p x", "n", "p y", "c", "p x", "c", "c"])
    assert outcome.stdout.splitlines() == [
        "> <string>(1)<module>()",
        "(rdb) 1",
        "(rdb) > <string>(2)<module>()",
        "(rdb) 2",
        "(rdb) 2",
        "> <string>(1)<module>()",
        "(rdb) 5",
        "(rdb) 5",
        "> <string>(1)<module>()",
        "(rdb) 2",
    ]


def test_runcall(python_run: Python) -> None:
    script = """\
        import rdb
        def double(x, *, times=2):
            result = x * times
            return result
        class Box:
            def get(self):
                return 7
        print(rdb.runcall(double, 21))
        print(rdb.runcall(double, 2, times=3))
        print(rdb.runcall(Box().get))
        print(rdb.runcall(int, "12"))
        """
    outcome = python_run(script, ["a", "r", "c", "p times", "c", "c", "c"])
    lines = outcome.stdout.splitlines()
    assert lines[:4] == ["> script.py(3)double()", "-> result = x * times", "(rdb) x = 21", "times = 2"]
    assert [line.removeprefix("(rdb) ") for line in lines if line.removeprefix("(rdb) ").isdecimal()] == [
        "42",
        "3",
        "6",
        "7",
        "12",
    ]


def test_quitting_a_call_comes_back_to_the_caller(python_run: Python) -> None:
    script = """\
        import rdb
        def work():
            print("not", "reached")
        print(rdb.runcall(work), rdb.runeval("1 + 1"), rdb.run("print('no')"))
        try:
            rdb.run("1 / 0")
        except ZeroDivisionError:
            print("raised")
        """
    outcome = python_run(script, ["q", "q", "q", "c"])
    assert outcome.stdout.splitlines()[-1] == "(rdb) raised"
    assert "(rdb) None None None\n" in outcome.stdout
    assert outcome.returncode == 0


def test_set_trace_in_a_thread(python_run: Python) -> None:
    script = """\
        import threading
        def work():
            x = "thread"
            breakpoint()
            print("worked")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        print("joined")
        """
    outcome = python_run(script, ["p x", "n", "c"])
    assert "(rdb) 'thread'\n" in outcome.stdout
    assert outcome.stdout.endswith("worked\njoined\n")


def test_the_debugger_leaves_no_trace_behind(python_run: Python) -> None:
    script = """\
        import sys, rdb
        def spy(frame, event, arg):
            return spy
        breakpoint()
        print("on")
        """
    outcome = python_run(script, ["detach"])
    assert outcome.stdout.endswith("on\n")
    assert outcome.returncode == 0


def test_quitting_in_an_interactive_interpreter_comes_back_to_it(python_run: Python) -> None:
    typed = ["import rdb", "def f():", "    x = 1", "    rdb.set_trace()", "    x = 2", "", "f()", "n", "q"]
    typed += ["print('still', 'here')", "rdb.set_trace()", "c", "print('and', 'again')"]
    outcome = python_run("import code\ncode.interact(banner='')\n", typed)
    assert "still here" in outcome.stdout
    assert "and again" in outcome.stdout
    assert "Quitting" not in outcome.stdout
    assert "rdb.exceptions.QuitShell" in outcome.stderr
    assert outcome.returncode == 0


def test_input_that_cannot_be_read_is_said(python_run: Python) -> None:
    script = """\
        import io, sys
        class Captured(io.StringIO):
            def readline(self, size=-1):
                raise OSError("output is captured, use -s")
        sys.stdin = Captured()
        breakpoint()
        """
    outcome = python_run(script)
    assert "(rdb) *** OSError: output is captured, use -s\n" in outcome.stdout
    assert outcome.returncode == 1
