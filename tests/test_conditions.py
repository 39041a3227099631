"""Conditions of breakpoints mean what Python makes of them in the frame, whichever form they are evaluated in."""
# The variables of the functions below are read by conditions, which no tool sees.
# ruff: noqa: ARG001, B007, F841

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import threading
import time
import types
import weakref
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from rdb._rdb import condition_form

GLOBAL = 5


class Odd:
    """A value whose every comparison raises."""

    def __eq__(self, other: object) -> bool:
        raise ArithmeticError("no comparison")

    __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = object.__hash__


class Dim:
    """A value that has no truth."""

    def __bool__(self) -> bool:
        raise LookupError("no truth")


class Sly:
    """A value that is equal to everything, and whose comparisons are no truth values."""

    def __eq__(self, other: object) -> Any:
        return [other]

    __hash__ = object.__hash__


class Int(int):
    """A number that compares in its own way."""

    def __eq__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class Text(str):
    """A text that compares in its own way."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


VALUES: list[Any] = [
    0, 1, -1, 2, 3, 7, True, False, None, "", "a", "ab", "b", "ä€𝄞", "\udcff", 0.0, -0.0, 1.0, 1.5, -2.5,
    float("nan"), float("inf"), float("-inf"), 1e300, 2**53, 2**53 + 1, float(2**53), 2**62, -(2**63), 2**63, 2**64,
    10**40, -(10**40), 1e40, [], [0], (), (1,), {}, {"a": 1}, set(), {1}, b"", b"a", 1j, Odd(), Dim(), Sly(), Int(3),
    Text("a"), object, len,
]  # fmt: skip
"""What variables are bound to."""

COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "is", "is not", "in", "not in"]
CALLS = ["type({})", "str({})", "{}[0]", "{}.real", "[{}]", "repr({})", "{} if {} else {}", "~{}", "+{}"]


CONSTANTS = (
    "0|1|2|3|9007199254740993|9223372036854775807|1.0|0.5|1e308|'a'|''|None|True|False|(1, 2)|('a', None)|{1, 2.0}"
)


@dataclass(frozen=True)
class Vocabulary:
    """What random expressions are made of, and what their variables are bound to."""

    names: list[str]
    constants: list[str]
    operators: list[str]
    shapes: list[str]
    values: list[Any]

    def expression(self, chance: random.Random, depth: int) -> str:
        """Returns a random expression."""
        if depth == 0:
            return chance.choice(self.names if chance.random() < 0.6 else self.constants)
        shape = chance.choice(self.shapes)
        while "{}" in shape:
            shape = shape.replace("{}", f"({self.expression(chance, chance.randrange(depth))})", 1)
        while "@" in shape:
            shape = shape.replace("@", chance.choice(COMPARISONS), 1)
        while "#" in shape:
            shape = shape.replace("#", chance.choice(self.operators), 1)
        return shape


PLAIN = Vocabulary(
    names=["a", "b", "cell", "free", "GLOBAL"],
    constants=CONSTANTS.split("|"),
    operators=["+", "-", "*", "/", "//", "%", "&", "|", "^"],
    shapes=["{} @ {}"] * 8
    + ["{} @ {} @ {}", "{} and {}", "{} or {} or {}", "not {}", "-{}", "{} # {}", "{} # {} @ {}"],
    values=[value for value in VALUES if type(value) in (int, float, bool, str)],
)
ANY = Vocabulary(
    names=[*PLAIN.names, "len", "unbound", "missing", "__debug__"],
    constants=[*PLAIN.constants, "b'a'", "...", "2j", "()"],
    operators=[*PLAIN.operators, "@"],
    shapes=PLAIN.shapes + CALLS,
    values=VALUES,
)


def frame_with(first: object, second: object, cell: object, free: object) -> types.FrameType:
    """Returns a frame that runs, with variables of each sort."""

    def inner(a: object, b: object, cell: object) -> types.FrameType:
        def use() -> object:
            return cell, free

        unbound = use
        del unbound
        return sys._getframe()

    return inner(first, second, cell)


def evaluated(text: str, frame: types.FrameType) -> str:
    """Returns what `eval` makes of a condition: its truth, or the type of the exception."""
    try:
        return str(bool(eval(text, frame.f_globals, frame.f_locals)))
    except Exception as error:
        return type(error).__name__


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("words", [PLAIN, ANY], ids=["plain", "any"])
@pytest.mark.parametrize("seed", range(4))
def test_random_conditions_mean_what_eval_says(seed: int, words: Vocabulary) -> None:
    chance = random.Random(seed)
    forms: Counter[str] = Counter()
    for _ in range(150):
        text = words.expression(chance, 3)
        for _ in range(8):
            frame = frame_with(*(chance.choice(words.values) for _ in range(4)))
            form, answer = condition_form(frame, text)
            forms[form] += 1
            assert (text, answer.split(":")[0]) == (text, evaluated(text, frame)), describe(frame)
    assert forms["native"] > (200 if words is PLAIN else 0)
    assert forms["function"] > 100


def describe(frame: types.FrameType) -> str:
    """Returns the variables of a frame, for a failure."""
    return str({name: object.__repr__(value) for name, value in frame.f_locals.items()})


FORMS = [
    ("a == 3", "native", "True"),
    ("a != 3 or not b", "native", "True"),
    ("0 < a < GLOBAL", "native", "True"),
    ("a % 2 == 1 and text == 'word'", "native", "True"),
    ("a is None", "native", "False"),
    ("'o' in text", "native", "True"),
    ("a in (1, 2)", "native", "False"),
    ("cell == 4", "native", "True"),
    ("free is not None", "native", "True"),
    ("items", "native", "True"),
    ("items[0] == 1", "function", "True"),
    ("thing.value > 2", "function", "True"),
    ("len(items) > 2", "function", "False"),
    ("a < thing", "function", "TypeError: '<' not supported between instances of 'int' and 'Thing'"),
    ("any(x == a for x in [*items, a])", "function", "True"),
    ("(lambda: a + cell)() == 7", "function", "True"),
    ("missing", "function", "NameError: name 'missing' is not defined"),
    ("a / 0", "function", "ZeroDivisionError: division by zero"),
    ("a is 3", "function", "True"),
    ("(made := 7) == 7", "general", "True"),
    ("made == 7", "general", "True"),
    ("'a' in locals()", "general", "True"),
    ("eval('a') == 3", "general", "True"),
    ("late", "general", "NameError: name 'late' is not defined"),
    ("a ==", "general", "SyntaxError: invalid syntax"),
]


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_each_condition_is_evaluated_in_the_cheapest_form_that_means_the_same() -> None:
    class Thing:
        value = 3

    free = object()

    def function(a: int, b: int, text: str) -> list[tuple[str, str, str]]:
        items, cell, thing = [1, 2], 4, Thing()

        def use() -> object:
            return cell, free

        frame = sys._getframe()
        found = [(tested, *condition_form(frame, tested)) for tested, _, _ in FORMS]
        late = thing
        return [*found] if late else []

    assert function(3, 0, "word") == FORMS


def in_module(source: str, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs a module of its own."""
    namespace = {"condition_form": condition_form, "sys": sys} if namespace is None else namespace
    exec(compile(source, "<module under test>", "exec"), namespace)
    return namespace


def test_code_that_a_condition_calls_sees_the_frames_that_it_always_saw() -> None:
    source = """
seen = []
def look():
    inner, outer = sys._getframe(1), sys._getframe(2)
    seen.append((inner.f_code.co_name, inner.f_code.co_filename, inner.f_lineno, sorted(inner.f_locals)))
    seen.append((outer is frame, inner.f_globals is frame.f_globals, inner.f_builtins is frame.f_builtins))
    return False
def function(argument):
    global frame
    frame = sys._getframe()
    condition_form(frame, "look()")
    later = 1
    condition_form(frame, "look()")
    return condition_form(frame, "look() or locals()")
form = function(1)
"""
    done = in_module(source)
    assert done["form"][0] == "general"
    plain = ("<module>", "<stdin>", 1)
    after = (*plain, ["argument", "later"])
    assert done["seen"][::2] == [(*plain, ["argument"]), after, after]
    assert done["seen"][1::2] == [(True, True, True)] * 3


def test_a_module_and_a_class_have_their_own_rules() -> None:
    done = in_module(
        "x = 3\n"
        "module = condition_form(sys._getframe(), 'x == 3'), condition_form(sys._getframe(), 'len(str(x)) == 1')\n"
        "class C:\n"
        "    x = 4\n"
        "    found = condition_form(sys._getframe(), 'x == 4')\n"
        "    inner = [condition_form(sys._getframe(), 'y == 1') for y in (1,)]\n"
    )
    assert done["module"] == (("native", "True"), ("function", "True"))
    assert done["C"].found == ("general", "True")
    assert [answer for _, answer in done["C"].inner] == ["True"]


def test_builtins_and_globals_are_those_of_the_frame() -> None:
    source = (
        "def f(a):\n"
        "    frame = sys._getframe()\n"
        "    return condition_form(frame, 'len(a) == 42'), condition_form(frame, 'len')\n"
    )
    shadowed = in_module("len = lambda x: 42\n" + source)
    assert shadowed["f"]([1]) == (("function", "True"), ("function", "True"))
    own = {"condition_form": condition_form, "sys": sys, "__builtins__": {"len": lambda _: 42}}
    assert in_module(source, own)["f"]([1])[0] == ("function", "True")
    # The same code object, with other globals from one call to the next.
    code = in_module(source)["f"].__code__
    for answer in ("True", "False", "True"):
        length = 42 if answer == "True" else 41
        globals_ = {"condition_form": condition_form, "sys": sys, "len": lambda _, length=length: length}
        assert types.FunctionType(code, globals_)([1])[0] == ("function", answer)


def test_a_condition_keeps_nothing_of_the_program_alive() -> None:
    class Value:
        held = True

    source = "def f(value):\n    return condition_form(sys._getframe(), 'value.held and name')\n"
    module = in_module(source + "name = 'here'\n")
    function, value = module["f"], Value()
    module["self"] = marker = type("Marker", (), {})()
    assert function(value) == ("function", "True")
    dead = weakref.ref(value), weakref.ref(marker), weakref.ref(function)
    del module, function, value, marker
    gc.collect()
    assert [reference() for reference in dead] == [None, None, None]


def test_a_condition_may_be_asked_while_it_is_asked() -> None:
    source = """
def again(depth):
    return condition_form(sys._getframe(), "depth == 0 or again(depth - 1)[1] == 'True'")
"""
    assert in_module(source)["again"](5) == ("function", "True")


def test_threads_may_ask_the_same_condition_with_other_globals() -> None:
    code = in_module("def f(n):\n    return condition_form(sys._getframe(), 'wait() or n == mine')\n")["f"].__code__
    wrong: list[object] = []

    def ask(mine: int) -> None:
        namespace = {"condition_form": condition_form, "sys": sys, "mine": mine, "wait": lambda: time.sleep(0)}
        function = types.FunctionType(code, namespace)
        wrong.extend(answer for _ in range(300) if (answer := function(mine)) != ("function", "True"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_slot_that_becomes_bound_later_is_seen() -> None:
    def function() -> list[tuple[str, str]]:
        found = [condition_form(sys._getframe(), "late == 1")]
        late = 1
        found.append(condition_form(sys._getframe(), "late == 1"))
        del late
        found.append(condition_form(sys._getframe(), "late == 1"))
        return found

    missing = "NameError: name 'late' is not defined"
    assert function() == [("general", missing), ("native", "True"), ("general", missing)]


@pytest.mark.parametrize("slots", ["on", "off"])
def test_without_slots_everything_works_in_the_general_form(slots: str) -> None:
    script = (
        "import sys\n"
        "from rdb._rdb import condition_form\n"
        "def f(a):\n"
        "    frame = sys._getframe()\n"
        "    print(condition_form(frame, 'a == 3'), condition_form(frame, 'str(a) == b'))\n"
        "b = '3'\n"
        "f(3)\n"
    )
    environment = {**os.environ, "RDB_SLOTS": slots}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    forms = ("native", "function") if slots == "on" else ("general", "general")
    assert (done.stdout, done.stderr) == (f"{(forms[0], 'True')} {(forms[1], 'True')}\n", "")


def test_generators_and_coroutines_are_functions_too() -> None:
    def generator(limit: int) -> Any:
        for number in range(limit):
            yield condition_form(sys._getframe(), "number == 1"), condition_form(sys._getframe(), "limit.real == 2")

    found = list(generator(2))
    assert found == [
        (("native", "False"), ("function", "True")),
        (("native", "True"), ("function", "True")),
    ]


def test_an_inlined_comprehension_is_not_mistaken_for_the_function() -> None:
    def function(x: int) -> list[str]:
        inner = [condition_form(sys._getframe(), "x == 7")[1] for x in (6, 7)]
        return [*inner, condition_form(sys._getframe(), "x == 3")[1]]

    assert function(3) == ["False", "True", "True"]
