"""`rdb.settrace` and `rdb.setprofile` do what those of `sys` of the running Python do, event by event."""

# ruff: noqa: D102

from __future__ import annotations

import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import rdb
from conftest import PROGRAMS

Seen = list[tuple[str, str, int, str]]
Trace = Callable[[FrameType, str, Any], Any]
Setter = Callable[[Any], None]
NAMES = sorted(path.stem for path in PROGRAMS.glob("*.py"))
SETTERS = {"sys": sys.settrace, "rdb": rdb.settrace}
PROFILERS = {"sys": sys.setprofile, "rdb": rdb.setprofile}


@pytest.fixture(autouse=True)
def nothing_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Puts back what traced the tests themselves, and lets programs import each other."""
    before = sys.gettrace(), sys.getprofile()
    sys._getframe().f_trace_opcodes = True  # 3.12 reports instructions only if a frame ever asked for them
    monkeypatch.syspath_prepend(str(PROGRAMS))
    yield
    sys.settrace(before[0])
    sys.setprofile(before[1])


def plain(event: str, arg: Any) -> str:
    """Returns the representation of an argument, which is the same from one run to the next."""
    if event.endswith("exception") and isinstance(arg, tuple):
        kind, error, stack = arg
        arg = (kind, error, [entry.line for entry in traceback.extract_tb(stack)])
    try:
        return re.sub(r"0x[0-9a-f]+", "0x", repr(arg))
    except ValueError:
        return type(arg).__name__  # one program has an object without a representation


class Recorder:
    """Writes down the events of one file; `on_call` may change the frame, and chooses the local function."""

    def __init__(self, path: Path, on_call: Callable[[Recorder, FrameType], Trace | None] | None = None) -> None:
        self.path = str(path)
        self.seen: Seen = []
        self.on_call = on_call

    def note(self, frame: FrameType, event: str, arg: Any) -> None:
        self.seen.append((event, frame.f_code.co_name, frame.f_lineno or 0, plain(event, arg)))

    def trace(self, frame: FrameType, event: str, arg: Any) -> Trace | None:
        if frame.f_code.co_filename != self.path:
            return None
        self.note(frame, event, arg)
        if event == "call" and self.on_call is not None:
            return self.on_call(self, frame)
        return self.trace

    def profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if frame.f_code.co_filename == self.path:
            self.note(frame, event, arg)


def opcodes(recorder: Recorder, frame: FrameType) -> Trace:
    frame.f_trace_opcodes = True
    return recorder.trace


def opcodes_only(recorder: Recorder, frame: FrameType) -> Trace:
    frame.f_trace_opcodes = True
    frame.f_trace_lines = False
    return recorder.trace


def no_lines(recorder: Recorder, frame: FrameType) -> Trace:
    frame.f_trace_lines = False
    return recorder.trace


def new_each_time(recorder: Recorder, frame: FrameType) -> Trace:
    """Returns a local function that returns another one at each event; it asks for instructions at a line."""

    def local(frame: FrameType, event: str, arg: Any) -> Trace:
        recorder.note(frame, f"local {event}", arg)
        if event == "line":
            frame.f_trace_opcodes = True
        return lambda *event: local(*event)

    del frame
    return local


def some(recorder: Recorder, frame: FrameType) -> Trace | None:
    return recorder.trace if len(frame.f_code.co_name) % 2 else None


def until_first_line(recorder: Recorder, frame: FrameType) -> Trace:
    def local(frame: FrameType, event: str, arg: Any) -> None:
        recorder.note(frame, f"once {event}", arg)
        frame.f_trace = None

    del frame
    return local


STYLES = [None, opcodes, opcodes_only, no_lines, new_each_time, some, until_first_line]


def run(name: str, set_function: Setter, function: Trace) -> None:
    """Runs a program of `tests/programs` with a function set."""
    for module in [module for module in sys.modules if module.partition(".")[0] == "shelf"]:
        del sys.modules[module]
    path = PROGRAMS / f"{name}.py"
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
    namespace = {"__name__": "__main__", "__file__": str(path)}
    set_function(function)
    try:
        exec(code, namespace)
    except (ZeroDivisionError, LookupError):
        pass  # that is how some of them end
    finally:
        set_function(None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__ if style else "plain")
def test_a_trace_function_hears_what_it_does_from_sys(name: str, style: Any, capsys: pytest.CaptureFixture) -> None:
    seen = {}
    for who, settrace in SETTERS.items():
        recorder = Recorder(PROGRAMS / f"{name}.py", style)
        run(name, settrace, recorder.trace)
        seen[who] = recorder.seen
    assert seen["rdb"] == seen["sys"]
    assert seen["rdb"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_function_hears_what_it_does_from_sys(name: str) -> None:
    seen = {}
    for who, setprofile in PROFILERS.items():
        recorder = Recorder(PROGRAMS / f"{name}.py")
        run(name, setprofile, recorder.profile)
        seen[who] = recorder.seen
    assert seen["rdb"] == seen["sys"]
    words = {event for event, *_ in seen["rdb"]}
    assert {"call", "return"} <= words
    assert "c_call" in words or name not in {"generators", "handling", "scopes", "threads"}


def middle(x: int) -> int:
    y = x + 1
    if y > 1:
        y = raises_or(y)
    return y


def raises_or(x: int) -> int:
    if x == 3:
        raise ValueError(x)
    len("c")
    return x


def attempt(x: int) -> object:
    """Returns the value of a call; of what it raises, the type and the functions that it came through."""
    try:
        return middle(x)
    except BaseException as error:
        return type(error).__name__, [entry.name for entry in traceback.extract_tb(error.__traceback__)]


EVENTS = ["call", "line", "return", "exception", "opcode"]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("argument", [1, 2])
def test_a_trace_function_that_raises_is_unset(event: str, argument: int) -> None:
    def failing(frame: FrameType, what: str, arg: Any) -> Any:  # noqa: ARG001
        if frame.f_code.co_name in {"middle", "raises_or"}:
            frame.f_trace_opcodes = event == "opcode"
            heard.append(what)
            if what == event and len(heard) > 2:
                raise RuntimeError(event)
            return failing
        return None

    found = {}
    for who, settrace in SETTERS.items():
        heard: list[str] = []
        settrace(failing)
        outcome = attempt(argument)
        left = rdb.gettrace(), sys.gettrace()
        settrace(None)
        found[who] = heard, outcome, left == (None, None)
    assert found["rdb"] == found["sys"]
    assert found["rdb"][2] == (event in found["rdb"][0])


@pytest.mark.parametrize("event", ["call", "return", "c_call", "c_return", "c_exception"])
def test_a_profile_function_that_raises_is_unset(event: str) -> None:
    def failing(frame: FrameType, what: str, arg: Any) -> None:  # noqa: ARG001
        if frame.f_code.co_name in {"middle", "raises_or"}:
            heard.append(what)
            if what == event:
                raise RuntimeError(event)

    found = {}
    for who, setprofile in PROFILERS.items():
        heard: list[str] = []
        setprofile(failing)
        outcome = attempt(1)
        left = sys.getprofile(), rdb.getprofile()
        setprofile(None)
        found[who] = heard, outcome, left == (None, None)
    assert found["rdb"] == found["sys"]
    assert found["rdb"][2] == (event in found["rdb"][0])


@pytest.mark.parametrize("function", [5, "text", object(), lambda: None])
def test_what_cannot_be_called_fails_at_the_first_event(function: Any) -> None:
    found = {}
    for who, settrace in SETTERS.items():
        settrace(function)
        try:
            middle(0)
        except TypeError as error:
            found[who] = str(error), rdb.gettrace(), sys.gettrace()
    assert found["rdb"] == found["sys"]
    assert found["rdb"][1:] == (None, None)


@pytest.mark.parametrize("function", [rdb.settrace, rdb.setprofile], ids=["settrace", "setprofile"])
@pytest.mark.parametrize(
    ("args", "kwargs", "word"),
    [
        ((), {}, "function"),
        ((None, None), {}, "positional"),
        ((None,), {"threads": True}, "threads"),
        ((None,), {"all_threads": "yes"}, "all_threads"),
        ((), {"function": None}, "function"),
    ],
)
def test_wrong_arguments(function: Callable[..., None], args: tuple, kwargs: dict, word: str) -> None:
    with pytest.raises(TypeError, match=word):
        function(*args, **kwargs)
    assert rdb.gettrace() is None
    assert rdb.getprofile() is None


@pytest.mark.parametrize("function", [rdb.gettrace, rdb.getprofile, rdb.settrace, rdb.setprofile])
def test_the_functions_are_built_in(function: Callable[..., object]) -> None:
    assert type(function) is type(sys.settrace)
    assert function.__name__ in dir(sys)
    assert "\n" in (function.__doc__ or "") or "Returns" in (function.__doc__ or "")


def test_setting_a_function_is_no_event_of_the_program() -> None:
    heard: list[tuple[str, str]] = []

    def trace(frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        heard.append((event, frame.f_code.co_name))
        return trace

    def profile(frame: FrameType, event: str, arg: Any) -> None:  # noqa: ARG001
        heard.append((event, getattr(arg, "__name__", "?")))

    rdb.settrace(trace)
    rdb.settrace(None)
    assert heard == []
    rdb.setprofile(profile)
    rdb.setprofile(None)
    assert heard == [("c_call", "setprofile")]


def test_the_function_that_is_set_is_the_one_that_was_given() -> None:
    class Tracer:
        def trace(self, *event: object) -> None: ...

    for function in [Tracer().trace, print, lambda *_: None]:
        rdb.settrace(function)
        assert sys.gettrace() is function
        assert rdb.gettrace() is function
        rdb.settrace(None)
        rdb.setprofile(function)
        rdb.gettrace()
        assert sys.getprofile() is rdb.getprofile()
        rdb.setprofile(None)
    assert rdb.gettrace() is rdb.getprofile() is sys.gettrace() is None


@pytest.mark.parametrize("who", SETTERS)
@pytest.mark.parametrize("inner", SETTERS)
def test_functions_nest_and_are_put_back(who: str, inner: str) -> None:
    heard: list[tuple[str, str, str]] = []

    def outer_trace(frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        heard.append(("outer", event, frame.f_code.co_name))
        return outer_trace

    def inner_trace(frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        heard.append(("inner", event, frame.f_code.co_name))

    def nested() -> None:
        before = sys.gettrace()
        SETTERS[inner](inner_trace)
        raises_or(1)
        SETTERS[inner](before)

    SETTERS[who](outer_trace)
    nested()
    SETTERS[who](None)
    lines = [("outer", "line", "nested")]
    assert heard == [
        ("outer", "call", "nested"),
        *lines * 3,
        ("inner", "call", "raises_or"),
        # The local function of `nested` stays what it was.
        *lines,
        ("outer", "return", "nested"),
    ]


def test_variables_can_be_changed() -> None:
    def change(frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        if event == "line" and "y" in frame.f_locals:
            frame.f_locals["y"] = 40
        return change

    found = {}
    for who, settrace in SETTERS.items():
        settrace(change)
        try:
            found[who] = middle(0)
        finally:
            settrace(None)
    assert found == {"sys": 40, "rdb": 40}


def test_a_trace_function_can_jump() -> None:
    def jumping() -> list[str]:
        said = []
        said.append("skipped")
        said.append("said")
        return said

    def trace(frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
        if frame.f_code is not jumping.__code__:
            return None
        if event == "line" and frame.f_lineno == frame.f_code.co_firstlineno + 2:
            frame.f_lineno += 1
        return trace

    rdb.settrace(trace)
    said = jumping()
    rdb.settrace(None)
    assert said == ["said"]


def test_a_function_in_a_frame_that_runs_already() -> None:
    def from_below(settrace: Setter, seen: list[str]) -> None:
        def trace(frame: FrameType, event: str, arg: Any) -> Any:  # noqa: ARG001
            seen.append(event)
            return trace

        sys._getframe(1).f_trace = trace
        settrace(trace)

    def traced(settrace: Setter) -> list[str]:
        seen: list[str] = []
        from_below(settrace, seen)
        len(seen)
        settrace(None)
        return seen

    assert traced(rdb.settrace) == traced(sys.settrace)
    assert traced(rdb.settrace) == ["return", "line", "line"][-2:]


class Worker(threading.Thread):
    """Calls `middle` when it is told to, and says which functions it has."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready = threading.Event()
        self.go = threading.Event()
        self.found: list[object] = []

    def run(self) -> None:
        self.ready.set()
        self.go.wait()
        middle(0)
        self.found = [sys.gettrace(), sys.getprofile()]

    def finish(self) -> list[object]:
        self.go.set()
        self.join()
        return self.found


@pytest.mark.parametrize("kind", [0, 1], ids=["trace", "profile"])
def test_all_threads(kind: int) -> None:
    set_function = [rdb.settrace, rdb.setprofile][kind]
    hooks = threading.gettrace(), threading.getprofile()
    heard: list[int] = []

    def function(frame: FrameType, event: str, arg: Any) -> None:  # noqa: ARG001
        if event == "call" and frame.f_code is middle.__code__:
            heard.append(threading.get_ident())

    running, never, alone = Worker(), Worker(), Worker()
    for worker in (running, never, alone):
        worker.start()
        worker.ready.wait()
    set_function(function)
    assert alone.finish() == [None, None]
    set_function(function, all_threads=True)
    later = Worker()
    later.start()
    assert running.finish()[kind] is function
    assert later.finish()[kind] is function
    set_function(None, all_threads=True)
    after = Worker()
    after.start()
    assert never.finish() == after.finish() == [None, None]
    assert heard == [running.ident, later.ident]
    assert (rdb.gettrace(), rdb.getprofile()) == (None, None)
    assert (threading.gettrace(), threading.getprofile()) == hooks == (None, None)


AUDIT = """\
import sys, rdb
heard = []
def hook(event, args):
    if event in ("sys.settrace", "sys.setprofile"):
        heard.append(event)
        if refuse:
            raise PermissionError(event)
refuse = False
sys.addaudithook(hook)
rdb.settrace(print)
rdb.settrace(None)
refuse = True
for name in ("settrace", "setprofile"):
    try:
        getattr(rdb, name)(print)
    except PermissionError as error:
        print(error)
print(rdb.gettrace(), rdb.getprofile(), heard[0], len(heard) >= 4)
"""


def test_an_audit_hook_may_refuse() -> None:
    done = subprocess.run([sys.executable, "-c", AUDIT], capture_output=True, text=True, check=True)
    assert done.stdout == "sys.settrace\nsys.setprofile\nNone None sys.settrace True\n"
    assert done.stderr == ""


PAGE = Path(__file__).parent.parent / "docs" / "events.md"
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", range(len(EXAMPLES)))
def test_the_examples_of_the_manual(example: int, tmp_path: Path) -> None:
    code, output = EXAMPLES[example]
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == output


def test_the_manual_has_examples() -> None:
    assert len(EXAMPLES) == PAGE.read_text(encoding="utf-8").count("```python") > 1
