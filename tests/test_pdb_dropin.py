"""`rdb.pdb`: what programs do with `pdb.Pdb`, done with ours. CPython's own suite is run elsewhere."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import rdb
from rdb import _rdb
from rdb.pdb import Pdb


class Recorder(Pdb):
    """A debugger that reads its commands from a list and keeps what it says."""

    def __init__(self, commands: Iterable[str]) -> None:
        self.heard: list[tuple[str, str]] = []
        stdin = io.StringIO("".join(f"{command}\n" for command in commands))
        super().__init__(stdin=stdin, stdout=io.StringIO(), nosigint=True, readrc=False)
        self.use_rawinput = 0

    def message(self, msg: object, end: str = "\n") -> None:
        """Keeps a text."""
        self.heard.append(("message", f"{msg}{end}".rstrip("\n")))

    def error(self, msg: object) -> None:
        """Keeps an error."""
        self.heard.append(("error", str(msg)))


def outer(value: int) -> int:
    total = inner(value) + 1
    return total  # noqa: RET504 - a line of its own


def inner(value: int) -> int:
    doubled = value * 2
    return doubled  # noqa: RET504 - a line of its own


def session(*commands: str, function: Callable[..., Any] = outer, cls: type[Recorder] = Recorder) -> Recorder:
    """Runs a function under a debugger that gets these commands, and then `continue`."""
    debugger = cls([*commands, "continue"])
    debugger.runcall(function, 21)
    return debugger


def said(debugger: Recorder) -> list[str]:
    return [text for kind, text in debugger.heard if kind == "message"]


def test_what_commands_say_goes_through_the_methods() -> None:
    debugger = session("p value + 1", "p missing", "up 5", "condition 9 x")
    assert ("message", "22") in debugger.heard
    assert ("error", "NameError: name 'missing' is not defined") in debugger.heard
    assert ("error", "Breakpoint number 9 out of range") in debugger.heard


def test_each_frame_is_shown_by_the_method() -> None:
    class Short(Recorder):
        def print_stack_entry(self, frame_lineno: Any, prompt_prefix: str | None = None) -> None:  # noqa: ARG002
            self.message(f"at {frame_lineno[0].f_code.co_name}")

    debugger = session("step", "step", "step", "where", cls=Short)
    assert said(debugger)[-2:] == ["at outer", "at inner"]


def test_state_is_in_the_attributes() -> None:
    seen: dict[str, Any] = {}

    class Watching(Recorder):
        def postcmd(self, stop: Any, line: str) -> Any:
            seen[line] = (
                bool(self.stack) and self.stack[self.curindex][0] is self.curframe,
                self.curframe and self.curframe.f_code.co_name,
                dict(self.aliases),
                self.lineno,
            )
            return super().postcmd(stop, line)

    session("step", "step", "step", "up", "alias twice p %1 * 2", "list 1, 3", cls=Watching)
    assert seen["up"][0] is True
    assert seen["up"][1] == "outer"
    assert seen["alias twice p %1 * 2"][2] == {"twice": "p %1 * 2"}
    assert seen["list 1, 3"][3] == 3


def test_attributes_that_were_set_are_read() -> None:
    class Prepared(Recorder):
        def preloop(self) -> None:
            self.aliases["three"] = "p 3"

    assert "3" in said(session("three", cls=Prepared))


def test_how_the_program_goes_on_can_be_overridden() -> None:
    calls: list[str] = []

    class Counting(Recorder):
        def set_next(self, frame: Any) -> None:
            calls.append(frame.f_code.co_name)
            super().set_next(frame)

        def do_continue(self, arg: str) -> Any:
            calls.append("continue")
            return super().do_continue(arg)

        do_c = do_cont = do_continue

    session("next", "c", cls=Counting)
    assert calls == ["outer", "continue"]


def test_a_command_of_ones_own_is_found_and_explained() -> None:
    class Extended(Recorder):
        def do_shout(self, arg: str) -> None:
            """shout text

            Says it loudly.
            """  # noqa: D400, D403 - the usage comes first
            self.message(arg.upper())

    debugger = session("shout hello", "help shout", cls=Extended)
    assert "HELLO" in said(debugger)
    assert any("shout text" in text and "Says it loudly." in text for text in said(debugger))
    assert "shout" in debugger.completenames("sho", "sho", 0, 3)


class Failing(Recorder):
    """A debugger whose author has made mistakes; `fails` is the name of the method that raises."""

    fails = ""

    def failing(self, name: str) -> None:
        """Raises, if this method is the one."""
        if type(self).fails == name:
            raise LookupError(name)

    def do_own(self, _arg: str) -> None:
        """A command of its own."""
        self.failing("do_own")

    def do_up(self, arg: str) -> Any:
        """A command of pdb's."""
        self.failing("do_up")
        return super().do_up(arg)

    def precmd(self, line: str) -> str:
        """What is called before each line."""
        self.failing("" if line == "continue" else "precmd")
        return super().precmd(line)

    def postcmd(self, stop: Any, line: str) -> Any:
        """What is called behind each line."""
        self.failing("postcmd")
        return super().postcmd(stop, line)

    def preloop(self) -> None:
        """What is called at each stop."""
        self.failing("preloop")

    def print_stack_entry(self, frame_lineno: Any, prompt_prefix: str | None = None) -> None:
        """What shows a frame."""
        self.failing("print_stack_entry")
        super().print_stack_entry(frame_lineno, prompt_prefix)

    def message(self, msg: object, end: str = "\n") -> None:
        """What shows everything but errors."""
        self.failing("message")
        super().message(msg, end)


@pytest.mark.parametrize(
    ("method", "command", "name"),
    [
        ("do_own", "own", "own"),
        ("do_up", "up", "up"),
        ("precmd", "p value", "precmd"),
        ("postcmd", "p value", "postcmd"),
        ("preloop", "p value", "preloop"),
        ("print_stack_entry", "where", "where"),
        ("print_stack_entry", "p value", "showing the place"),
        ("message", "p value", "p"),
    ],
)
def test_a_method_that_fails_is_shown_and_the_session_goes_on(method: str, command: str, name: str) -> None:
    class Broken(Failing):
        fails = method

    debugger = session(command, "!value = 5", "!after = value", cls=Broken)
    failures = [text for kind, text in debugger.heard if kind == "error"]
    expected = re.escape(f"{name} failed: LookupError: {method} ({Path(__file__).name}:")
    assert any(re.fullmatch(expected + r"\d+\)", text) for text in failures), failures
    assert debugger.stdin.read() == ""  # the session went on to the last command


def test_an_error_is_shown_even_if_what_shows_errors_fails() -> None:
    class Broken(Recorder):
        def error(self, msg: object) -> None:
            raise LookupError(str(msg))

    debugger = session("p missing", "p value", cls=Broken)
    text = debugger.stdout.getvalue()
    assert "*** p failed: LookupError: NameError: name 'missing' is not defined (test_pdb_dropin.py:" in text
    assert said(debugger)[-1] == "21"


@pytest.mark.parametrize("command", ["continue", "quit", "EOF"])
def test_what_ends_a_stop_may_raise(command: str) -> None:
    class Leaving(Recorder):
        def do_continue(self, _arg: str) -> None:
            raise LookupError("enough")

        do_quit = do_EOF = do_continue  # noqa: N815 - the name of the command

    with pytest.raises(LookupError, match="enough"):
        session(command, cls=Leaving)


def test_a_stream_that_cannot_be_written_is_no_mistake_of_a_method() -> None:
    debugger = Pdb(stdin=io.StringIO("p 1\np 2\n"), stdout=io.StringIO(), nosigint=True, readrc=False)
    debugger.stdout.close()
    with pytest.raises(ValueError, match="closed file"):
        debugger.runcall(outer, 21)


def test_a_name_of_a_command_is_that_command_whatever_follows() -> None:
    debugger = session("n = 4", "p 'n' in dir()")
    assert "False" in said(debugger)


@pytest.mark.parametrize("name", ["finish", "catch", "sticky", "threads", "locals"])
def test_commands_that_pdb_does_not_have_are_names(name: str) -> None:
    assert not hasattr(Pdb, f"do_{name}")
    assert ("error", f"NameError: name '{name}_' is not defined") in session(f"{name}_").heard


def test_every_command_of_pdb_has_help_with_its_usage() -> None:
    for names, usage, about, _ in _rdb.pdb_commands():
        assert about.startswith(usage)
        assert all(hasattr(Pdb, f"do_{name}") for name in names)


def test_a_condition_that_is_false_leaves_the_variables_alone() -> None:
    def count(value: int) -> int:
        for _ in range(3):
            value += 1
        return value

    line = count.__code__.co_firstlineno + 2
    debugger = Recorder([f"break {line}, value < 0", "continue"])
    assert debugger.runcall(count, 21) == 24
    debugger.clear_all_breaks()


def test_variables_can_be_set_in_the_frame_that_stopped() -> None:
    debugger = Recorder(["next", "total = 100", "continue"])
    assert debugger.runcall(outer, 21) == 100


def test_helpers_of_pdb_are_there_for_derived_debuggers() -> None:
    class Deriving(Recorder):
        def do_oldest(self, _arg: str) -> None:
            """Looks at the oldest frame."""
            self._select_frame(self.curindex - 1)

        def do_twice(self, arg: str) -> None:
            """Shows a value two times."""
            self.message((self._getval(arg), self._getval_except("nothing"), self._safe_repr(arg, "arg")))

    debugger = session("step", "step", "step", "oldest", "twice total if 0 else value", cls=Deriving)
    assert (
        "message",
        "(21, ** raised NameError: name 'nothing' is not defined **, \"'total if 0 else value'\")",
    ) in debugger.heard
    assert any("outer()" in text for text in said(debugger)[-2:])


def test_the_code_of_debug_runs_with_another_class() -> None:
    made: list[str] = []

    class Inner(Recorder):
        def __init__(self, _completekey: str, _stdin: Any, _stdout: Any) -> None:
            super().__init__(["continue"])
            made.append("inner")

    class Injecting(Recorder):
        def do_debug(self, arg: str) -> Any:
            names = {**Pdb.do_debug.__globals__, "Pdb": Inner}
            return types.FunctionType(Pdb.do_debug.__code__, names)(self, arg)

    debugger = session("debug inner(4)", cls=Injecting)
    assert made == ["inner"]
    assert "LEAVING RECURSIVE DEBUGGER" in said(debugger)


def test_a_temporary_breakpoint_is_set_by_the_method_of_breakpoints() -> None:
    asked: list[tuple[str, bool]] = []

    class Asking(Recorder):
        def do_break(self, arg: str, temporary: bool = False) -> Any:
            asked.append((arg, temporary))
            return super().do_break(arg, temporary)

    debugger = session("break inner", "tbreak inner", cls=Asking)
    assert asked == [("inner", False), ("inner", True)]
    texts = [text.split(" at ")[0] for text in said(debugger)]
    assert [re.sub(r"\d+", "N", text) for text in texts if "reakpoint" in text] == ["Breakpoint N", "Breakpoint N"]
    debugger.clear_all_breaks()


def test_the_end_of_the_input_quits_as_in_this_version() -> None:
    quits: list[str] = []

    class Quitting(Recorder):
        def do_quit(self, _arg: str) -> Any:
            quits.append("quit")
            return super().do_continue("")

    result = Quitting([]).runcall(outer, 21)
    assert (result, quits) == ((43, ["quit"]) if sys.version_info >= (3, 14) else (None, []))


def test_installed_it_is_pdb() -> None:
    before = sys.modules.get("pdb"), sys.modules.get("bdb")
    rdb.install()
    try:
        import bdb
        import pdb

        assert (pdb.Pdb, bdb.Bdb.__module__) == (Pdb, "rdb.bdb")
    finally:
        rdb.uninstall()
    assert (sys.modules.get("pdb"), sys.modules.get("bdb")) == before


def test_a_program_can_be_run_with_it_installed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import pdb, sys\nprint(pdb.__name__, sys.argv[1:])\nbreakpoint()\n")
    command = [sys.executable, "-m", "rdb", "--install", str(script), "-x"]
    ran = subprocess.run(command, input="p 6 * 7\nc\n", capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout.startswith("rdb.pdb ['-x']\n")
    assert "(Pdb) 42\n" in ran.stdout
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_needs_no_debugger_of_the_standard_library() -> None:
    code = "import sys, rdb.pdb; print(sorted({'pdb', 'bdb', 'cmd'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "[]\n"


SUITE = """\
def test_breaks():
    answer = 6 * 7
    breakpoint()
    assert answer == 42


def test_fails():
    wrong = 41
    assert wrong == 42
"""


@pytest.mark.parametrize(
    ("options", "commands", "expected"),
    [
        (
            ["-k", "breaks"],
            ["p answer", "continue"],
            ["PDB set_trace (IO-capturing turned off)", "(Pdb) 42", "1 passed"],
        ),
        (["-k", "fails", "--pdb"], ["p wrong + 1", "quit"], ["PDB post_mortem", "(Pdb) 42", "Quitting debugger"]),
        (["-k", "breaks", "--trace"], ["until 3", "p answer", "c", "c"], ["PDB runcall", "(Pdb) 42", "1 passed"]),
    ],
)
def test_pytest_uses_it(tmp_path: Path, options: list[str], commands: list[str], expected: list[str]) -> None:
    (tmp_path / "test_program.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pdbcls=rdb.pdb:Pdb", *options]
    lines = "".join(f"{line}\n" for line in commands)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        command, input=lines, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path, env=environment
    )
    missing = [text for text in expected if text not in ran.stdout]
    assert not missing, ran.stdout + ran.stderr
