"""`rdb.bdb`: the standard library's own tests of bdb, and what they do not show."""

# ruff: noqa: ARG002, ARG005, D102
# Overridden methods have bdb's arguments and need no word.

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from rdb import bdb

HAS_MONITORING = sys.version_info >= (3, 12)
SOURCE = """\
def callee(x):
    y = x + 1  # @callee
    return y

def caller():
    total = 0
    for x in range(5):
        total += callee(x)  # @call
    return total  # @end
"""


def line_of(marker: str) -> int:
    (number,) = (number for number, line in enumerate(SOURCE.splitlines(), 1) if line.endswith(f"# @{marker}"))
    return number


class Recorder(bdb.Bdb):
    """Notes each stop and goes on as the script says, to the end with `continue`."""

    def __init__(self, *script: str, skip: list[str] | None = None) -> None:
        super().__init__(skip=skip)
        self.script = list(script)
        self.stops: list[tuple[str, str, int]] = []
        self.tracing: list[bool] = []

    def note(self, event: str, frame: FrameType) -> None:
        self.stops.append((event, frame.f_code.co_name, frame.f_lineno))
        self.tracing.append(sys.gettrace() is not None)
        action = self.script.pop(0) if self.script else "continue"
        if action in {"next", "return", "until"}:
            getattr(self, f"set_{action}")(frame)
        else:
            getattr(self, f"set_{action}")()

    def user_line(self, frame: FrameType) -> None:
        self.note("line", frame)

    def user_return(self, frame: FrameType, return_value: Any) -> None:
        self.note("return", frame)

    def user_exception(self, frame: FrameType, exc_info: Any) -> None:
        self.note("exception", frame)

    def do_clear(self, arg: str) -> None:
        assert self.clear_bpbynumber(arg) is None


class Traced(Recorder):
    """As `Recorder`, but with machinery of its own, so that it is never quiet."""

    def trace_dispatch(self, frame: FrameType, event: str, arg: Any) -> Any:
        return super().trace_dispatch(frame, event, arg)


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    """Returns the program as a module."""
    path = tmp_path / "program.py"
    path.write_text(SOURCE, encoding="utf-8")
    module = ModuleType("program")
    module.__file__ = str(path)
    exec(compile(SOURCE, str(path), "exec"), module.__dict__)
    return module


@pytest.fixture(autouse=True)
def no_breakpoints() -> Any:
    """Forgets the breakpoints and tracing of each test."""
    trace = sys.gettrace()
    yield
    bdb.Breakpoint.clearBreakpoints()
    sys.settrace(trace)


@pytest.fixture(params=[Recorder, Traced])
def recorder(request: pytest.FixtureRequest) -> type[Recorder]:
    """Returns a class of debuggers that may be quiet, then one that must not."""
    return request.param


def file_of(module: ModuleType) -> str:
    assert module.__file__ is not None
    return module.__file__


def test_the_interpreters_own_tests_pass() -> None:
    code = """
        import sys, unittest
        from rdb import bdb
        sys.modules["bdb"] = bdb
        try:
            from test import test_bdb
        except ImportError:
            sys.exit(77)
        assert test_bdb._bdb is bdb
        result = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromModule(test_bdb))
        print(result.testsRun)
        sys.exit(not result.wasSuccessful())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this Python comes without its tests")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 34


def test_a_breakpoint_stops_at_each_crossing(module: ModuleType, recorder: type[Recorder]) -> None:
    debugger = recorder("continue")
    assert debugger.set_break(file_of(module), line_of("callee")) is None
    assert debugger.runcall(module.caller) == 15
    line = line_of("callee")
    assert debugger.stops == [("line", "caller", line_of("call") - 2)] + [("line", "callee", line)] * 5


def test_conditions_hits_and_ignore_counts(module: ModuleType, recorder: type[Recorder]) -> None:
    debugger = recorder("continue")
    debugger.set_break(file_of(module), line_of("callee"), cond="x > 1")
    found = bdb.Breakpoint.bpbynumber[1]
    assert found is not None
    found.ignore = 1
    debugger.runcall(module.caller)
    assert [stop[1] for stop in debugger.stops] == ["caller", "callee", "callee"]
    assert (found.hits, found.ignore) == (5, 0)
    assert found.bpformat().endswith("\n\tstop only if x > 1\n\tbreakpoint already hit 5 times")


def test_a_derived_class_of_breakpoints_is_asked_for_its_attributes(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    class Even(bdb.Breakpoint):
        @property
        def cond(self) -> str:
            return "x % 2 == 0"

        @cond.setter
        def cond(self, value: str) -> None:
            pass

    debugger = recorder("continue")
    debugger.set_break(file_of(module), line_of("callee"))
    plain = bdb.Breakpoint.bpbynumber[1]
    assert plain is not None
    plain.cond = "x == 100"
    even = Even(file_of(module), line_of("callee"))
    debugger.runcall(module.caller)
    assert [stop[1] for stop in debugger.stops] == ["caller", *["callee"] * 3]
    assert (plain.hits, even.hits) == (5, 5)


def test_what_is_stored_in_f_locals_at_a_stop_is_kept(module: ModuleType, recorder: type[Recorder]) -> None:
    class Stores(recorder):  # type: ignore[misc, valid-type]
        def user_line(self, frame: FrameType) -> None:
            if frame.f_lineno == line_of("callee"):
                frame.f_locals["x"] = 41
            super().user_line(frame)

    debugger = Stores("continue")
    debugger.set_break(file_of(module), line_of("callee"))
    assert debugger.runcall(module.caller) == 5 * 42


def test_frames_have_no_trace_function_while_only_breakpoints_can_stop(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    seen: list[bool] = []
    debugger = recorder("continue", "next", "continue")

    def peek() -> bool:
        frame = sys._getframe()
        while frame.f_code.co_name != "callee":
            assert frame.f_back is not None
            frame = frame.f_back
        seen.append(frame.f_trace is not None)
        return len(seen) == 5

    module.__dict__["peek"] = peek
    debugger.set_break(file_of(module), line_of("callee"), cond="peek()")
    debugger.runcall(module.caller)
    assert seen == [recorder is Traced] * 5
    assert [stop[1:] for stop in debugger.stops[1:]] == [
        ("callee", line_of("callee")),
        ("callee", line_of("callee") + 1),
    ]


@pytest.mark.skipif(HAS_MONITORING, reason="only without sys.monitoring has a debugger a trace function all the time")
def test_the_trace_function_is_the_debuggers_own(module: ModuleType) -> None:
    found: list[Any] = []
    debugger = Recorder("continue")

    def program() -> None:
        found.append(sys.gettrace())
        module.callee(1)
        sys.settrace(None)
        module.callee(2)

    debugger.set_break(file_of(module), line_of("callee"))
    debugger.runcall(program)
    assert found == [debugger.trace_dispatch]
    assert [stop[1] for stop in debugger.stops] == ["program", "callee"]
    assert sys.gettrace() is None


def test_a_condition_that_fails_stops_and_keeps_a_temporary_breakpoint(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    debugger = recorder("continue")
    debugger.set_break(file_of(module), line_of("callee"), temporary=True, cond="nobody")
    debugger.runcall(module.caller)
    assert len(debugger.stops) == 6
    assert bdb.Breakpoint.bpbynumber[1] is not None


def test_stepping_out_of_a_breakpoint_stops_in_the_caller(module: ModuleType, recorder: type[Recorder]) -> None:
    debugger = recorder("continue", "next", "next", "next", "continue")
    debugger.set_break(file_of(module), line_of("callee"), temporary=True)
    debugger.runcall(module.caller)
    callee, call = line_of("callee"), line_of("call")
    assert debugger.stops[1:] == [
        ("line", "callee", callee),
        ("line", "callee", callee + 1),
        ("return", "callee", callee + 1),
        ("line", "caller", call - 1),
    ]


def test_next_in_the_caller_of_the_frame_that_a_breakpoint_stopped(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    class Up(recorder):  # type: ignore[misc, valid-type]
        def user_line(self, frame: FrameType) -> None:
            if frame.f_code.co_name == "callee":
                assert frame.f_back is not None
                self.stops.append(("up", "callee", frame.f_lineno))
                self.clear_break(file_of(module), line_of("callee"))
                self.set_next(frame.f_back)
                return
            super().user_line(frame)

    def program() -> None:
        module.caller()

    debugger = Up("continue", "continue")
    for marker in ("callee", "end"):
        debugger.set_break(file_of(module), line_of(marker))
    debugger.runcall(program)
    assert [stop[:2] for stop in debugger.stops[1:]] == [("up", "callee"), ("line", "caller"), ("line", "caller")]
    assert debugger.stops[2][2] == line_of("call") - 1


def test_a_breakpoint_set_at_a_stop_works_in_a_frame_that_runs_already(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    class Sets(recorder):  # type: ignore[misc, valid-type]
        def user_line(self, frame: FrameType) -> None:
            if len(self.stops) == 1:
                self.set_break(file_of(module), line_of("end"))
                self.clear_break(file_of(module), line_of("callee"))
            super().user_line(frame)

    debugger = Sets("continue", "continue")
    debugger.set_break(file_of(module), line_of("callee"))
    debugger.runcall(module.caller)
    assert debugger.stops[1:] == [("line", "callee", line_of("callee")), ("line", "caller", line_of("end"))]


def test_a_breakpoint_that_the_program_clears_and_sets_again_stops(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    def program() -> None:
        module.callee(1)
        debugger.clear_break(file_of(module), line_of("callee"))
        module.callee(2)
        debugger.set_break(file_of(module), line_of("callee"))
        module.callee(3)

    debugger = recorder("continue")
    for marker in ("end", "callee"):
        debugger.set_break(file_of(module), line_of(marker))
    debugger.runcall(program)
    assert [stop[1] for stop in debugger.stops] == ["program", "callee", "callee"]


def test_a_breakpoint_that_another_thread_sets_stops_the_thread_that_is_debugged(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    def program() -> None:
        thread = threading.Thread(target=debugger.set_break, args=(file_of(module), line_of("callee")))
        thread.start()
        thread.join()
        module.callee(1)

    debugger = recorder("continue")
    debugger.set_break(file_of(module), line_of("end"))
    debugger.runcall(program)
    assert [stop[1] for stop in debugger.stops] == ["program", "callee"]


@pytest.mark.skipif(not HAS_MONITORING, reason="sys.monitoring")
def test_only_a_debugger_that_breakpoints_alone_can_stop_is_not_traced(module: ModuleType) -> None:
    quiet, traced = Recorder("continue"), Traced("continue")
    for debugger in (quiet, traced):
        debugger.set_break(file_of(module), line_of("callee"))
        debugger.runcall(module.caller)
        bdb.Breakpoint.clearBreakpoints()
    assert quiet.tracing == [True] + [False] * 5
    assert traced.tracing == [True] * 6
    assert quiet.stops == traced.stops


@pytest.mark.skipif(not HAS_MONITORING, reason="sys.monitoring")
def test_nothing_is_asked_of_the_interpreter_in_the_end(module: ModuleType) -> None:
    before = [sys.monitoring.get_tool(tool) for tool in range(6)]
    debugger = Recorder("continue", "step", "continue")
    debugger.set_break(file_of(module), line_of("callee"))
    debugger.runcall(module.caller)
    assert [sys.monitoring.get_tool(tool) for tool in range(6)] == before
    assert len(debugger.stops) == 7


def test_only_the_thread_that_is_debugged_stops(module: ModuleType, recorder: type[Recorder]) -> None:
    def program() -> None:
        thread = threading.Thread(target=module.caller)
        thread.start()
        thread.join()
        module.callee(1)

    debugger = recorder("continue")
    debugger.set_break(file_of(module), line_of("callee"))
    debugger.runcall(program)
    assert [stop[1] for stop in debugger.stops] == ["program", "callee"]


def test_two_debuggers_share_breakpoints(module: ModuleType, recorder: type[Recorder]) -> None:
    recorder().set_break(file_of(module), line_of("callee"))
    other = recorder("continue")
    other.runcall(module.caller)
    assert len(other.stops) == 6


def test_quitting_ends_the_call_and_raises_the_standard_librarys_exception(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    from bdb import BdbQuit

    caught = []

    def program() -> None:
        try:
            module.caller()
        except BdbQuit as quit_:
            caught.append(type(quit_))
            raise

    debugger = recorder("continue", "quit")
    debugger.set_break(file_of(module), line_of("callee"))
    assert debugger.runcall(program) is None
    assert caught == [BdbQuit] == [bdb.BdbQuit]
    assert len(debugger.stops) == 2


def test_an_error_in_a_users_method_reaches_the_program_and_ends_the_tracing(
    module: ModuleType, recorder: type[Recorder]
) -> None:
    class Fails(recorder):  # type: ignore[misc, valid-type]
        def user_line(self, frame: FrameType) -> None:
            if self.stops:
                raise LookupError("mine")
            super().user_line(frame)

    debugger = Fails("continue")
    debugger.set_break(file_of(module), line_of("callee"))
    with pytest.raises(LookupError, match="mine"):
        debugger.runcall(module.caller)
    assert sys.gettrace() is None


def test_an_overridden_decision_is_honoured(module: ModuleType) -> None:
    class Picky(Recorder):
        def stop_here(self, frame: FrameType) -> bool:
            return frame.f_code.co_name == "callee" and super().stop_here(frame)

    debugger = Picky("step", "step", "continue")
    debugger.runcall(module.caller)
    assert [stop[:2] for stop in debugger.stops] == [("line", "callee"), ("line", "callee"), ("return", "callee")]


def test_a_method_put_into_an_instance_is_honoured(module: ModuleType) -> None:
    debugger = Recorder("continue")
    asked: list[str] = []
    debugger.break_here = lambda frame: asked.append(frame.f_code.co_name)  # type: ignore[method-assign]
    debugger.set_break(file_of(module), line_of("callee"))
    debugger.runcall(module.caller)
    assert "callee" in asked
    assert len(debugger.stops) == 1


def test_a_method_put_into_a_class_while_it_debugs_is_honoured(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(Recorder):
        def user_line(self, frame: FrameType) -> None:
            if frame.f_code.co_name == "callee":
                monkeypatch.setattr(Late, "stop_here", lambda self, frame: False, raising=False)
            super().user_line(frame)

    debugger = Late(*["step"] * 50)
    debugger.runcall(module.caller)
    assert [stop[1] for stop in debugger.stops] == ["caller", "caller", "caller", "callee"]


def test_skipped_modules_are_not_stepped_into(module: ModuleType) -> None:
    debugger = Recorder(*["step"] * 50, skip=["prog*"])
    debugger.runcall(module.caller)
    assert {stop[1] for stop in debugger.stops} <= {"runcall"}
    assert debugger.is_skipped_module("program")
    assert not debugger.is_skipped_module(None)  # type: ignore[arg-type]


def test_what_is_wrong_with_a_breakpoint_is_returned(module: ModuleType) -> None:
    debugger, file = bdb.Bdb(), file_of(module)
    assert debugger.set_break(file, 99) == f"Line {file}:99 does not exist"
    assert debugger.clear_break(file, 1) == f"There are no breakpoints in {file}"
    assert debugger.clear_all_breaks() == "There are no breakpoints"
    debugger.set_break(file, 1)
    assert debugger.clear_break(file, 2) == f"There is no breakpoint at {file}:2"
    assert debugger.clear_bpbynumber("x") == "Non-numeric breakpoint number x"
    assert debugger.clear_bpbynumber("7") == "Breakpoint number 7 out of range"
    assert debugger.clear_bpbynumber("1") is None
    assert debugger.clear_bpbynumber("1") == "Breakpoint 1 already deleted"
    with pytest.raises(NotImplementedError):
        debugger.do_clear("1")
    with pytest.raises(ValueError, match="Invalid backend 'x'"):
        bdb.Bdb(backend="x")


def test_a_debugger_does_not_keep_the_frames_of_a_program(module: ModuleType) -> None:
    import gc
    import weakref

    class Thing:
        pass

    def program() -> weakref.ref[Thing]:
        thing = Thing()
        module.callee(1)
        return weakref.ref(thing)

    debugger = Recorder("step", "next", "continue")
    found = debugger.runcall(program)
    del debugger
    gc.collect()
    assert found() is None


def test_importing_it_loads_no_other_debugger() -> None:
    code = "import sys, rdb.bdb; print(sorted({'pdb', 'cmd', 'bdb', 'inspect'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.skipif(not HAS_MONITORING, reason="sys.monitoring")
def test_a_program_that_frees_all_tool_ids_does_not_break_the_debugger(module: ModuleType) -> None:
    def program() -> None:
        module.callee(1)
        for tool in range(6):
            sys.monitoring.free_tool_id(tool)

    for _ in range(2):
        debugger = Recorder("continue", "continue")
        debugger.set_break(file_of(module), line_of("callee"))
        debugger.runcall(program)
        assert [stop[1] for stop in debugger.stops] == ["program", "callee"]


def test_the_debugger_that_starts_last_is_the_one(module: ModuleType, recorder: type[Recorder]) -> None:
    first, second = recorder("continue"), recorder("continue")
    first.set_break(file_of(module), line_of("callee"))
    second.set_break(file_of(module), line_of("end"))

    def program() -> None:
        module.callee(1)
        second.runcall(module.caller)
        module.callee(1)

    first.runcall(program)
    assert [stop[1:] for stop in first.stops][1:] == [("callee", line_of("callee"))]
    assert second.stops[1:] == [("line", "caller", line_of("end"))]
