"""Evaluating and executing text in frames: what is read, what is stored, what is left behind."""

from __future__ import annotations

import sys

import pytest
from conftest import Outcome, Run

PROMPT = "(rdb) "
CAN_UNBIND = sys.version_info < (3, 12)
"""Newer interpreters leave out the check for an unbound local where the compiler has proved it bound."""

CAN_FORGET = (lambda: hasattr(sys._getframe().f_locals, "pop"))()
"""The first interpreters with PEP 667 cannot delete names that were made up at the prompt."""

REFUSED = (
    "*** Cannot delete '{}': this Python cannot unbind a local variable of a running function; "
    "assign another value to it"
)


def answers(outcome: Outcome) -> list[str]:
    """Returns what was said to each command, in order."""
    return [answer.rstrip("\n") for answer in outcome.stdout.split(PROMPT)[1:]]


def check(rdb_run: Run, program, stop: str, cases: list[tuple[str, str | None]]) -> Outcome:
    """Stops at a marked line, and compares the answer to each command; None: it does not matter."""
    program = program("scopes")
    before = [f"b {program.line(stop)}", "c"]
    outcome = rdb_run(program, [*before, *(command for command, _ in cases), "q"])
    given = answers(outcome)[len(before) :]
    compared = [
        (command, None if answer is None else said) for (command, answer), said in zip(cases, given, strict=False)
    ]
    assert compared == cases
    return outcome


def test_names_of_a_function(rdb_run, program):
    check(
        rdb_run,
        program,
        "function",
        [
            ("p first, second, rest, key, more", "(1, 2, (3, 4), 'v', {'other': 5})"),
            ("args", "first = 1\nsecond = 2\nkey = 'v'\nrest = (3, 4)\nmore = {'other': 5}"),
            ("total", "3"),
            ("p never", "*** NameError: name 'never' is not defined"),
            ("p [total for _ in range(2)]", "[3, 3]"),
            ("p [(lambda: total + i)() for i in range(2)]", "[3, 4]"),
            ("p sorted(rest, key=lambda each: -each * total)", "[4, 3]"),
            ("p {name: (lambda: first)() for name in more}", "{'other': 1}"),
            ("p list(each + total for each in rest)", "[6, 7]"),
            ("p (lambda: len(rest) + int(level == 'module'))()", "3"),
        ],
    )


def test_stores_in_a_function(rdb_run, program):
    outcome = check(
        rdb_run,
        program,
        "function",
        [
            ("total = 50", ""),
            ("p total", "50"),
            ("never = total + 1", ""),
            ("p never", "51"),
            ("invented = [never]", ""),
            ("p invented", "[51]"),
            ("p (walrus := total + 2)", "52"),
            ("p walrus", "52"),
            ("total += (lambda: never)()", ""),
            ("p total", "101"),
            ("p [last := i for i in range(3)]", "[0, 1, 2]"),
            ("p last, 'last' in globals()", "(2, False)"),
            ("import os.path as path", ""),
            ("p path.__name__ in ('posixpath', 'ntpath')", "True"),
            ("for i in range(2): total += i", ""),
            ("p total", "102"),
            ("del invented", "" if CAN_FORGET else REFUSED.format("invented")),
            ("p invented", "*** NameError: name 'invented' is not defined" if CAN_FORGET else "[51]"),
            ("global level; level = 'changed'", ""),
            ("p level, 'level' in locals()", "('changed', False)"),
            ("p sorted(name for name in globals() if 'rdb' in name or 'pdb' in name)", "[]"),
            (
                "clear 1",
                "Deleted breakpoint 1 at " + str(program("scopes").path) + f":{program('scopes').line('function')}",
            ),
            ("c", None),
        ],
    )
    assert "102\n(11, 11)\n[3, 6]\n('caller', 'calledcaller')\nchanged" in outcome.stdout


def test_functions_and_classes_made_at_the_prompt_see_the_frame(rdb_run, program):
    check(
        rdb_run,
        program,
        "function",
        [
            ("def twice(n): return [n * total for _ in range(2)]", ""),
            ("p twice(2), twice.__qualname__", "([6, 6], 'twice')"),
            ("def factorial(n): return n * factorial(n - 1) if n else 1", ""),
            ("p factorial(5)", "120"),
            ("class Local: value = (lambda: total)()", ""),
            ("p Local.value, Local.__qualname__", "(3, 'Local')"),
            ("made = lambda: total", ""),
            ("p made()", "3"),
        ],
    )


def test_unbinding_a_local(rdb_run, program):
    refused = REFUSED.format("total")
    gone = "*** NameError: name 'total' is not defined"
    check(
        rdb_run,
        program,
        "function",
        [("del total", "" if CAN_UNBIND else refused), ("p total", gone if CAN_UNBIND else "3")],
    )


def test_values_are_shown_by_statements(rdb_run, program):
    check(
        rdb_run,
        program,
        "function",
        [
            ("first", "1"),
            ("None", ""),
            ("first; second", "1\n2"),
            ("if first: second", "2"),
            ("if first: (lambda: second)()", "2"),
            ("'_' in __import__('builtins').__dict__", "False"),
            ("__import__('sys').displayhook is __import__('sys').__displayhook__", "False"),
            ("p __import__('sys').displayhook is __import__('sys').__displayhook__", "True"),
            ("print('printed')", "printed"),
        ],
    )


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("p 1 / 0", "*** ZeroDivisionError: division by zero"),
        ("p undefined", "*** NameError: name 'undefined' is not defined"),
        ("p (lambda: undefined)()", "*** NameError: name 'undefined' is not defined"),
        ("p 1 +", "*** SyntaxError: invalid syntax"),
        ("!raise SystemExit(3)", "*** SystemExit: 3"),
        ("!import sys; sys.exit()", "*** SystemExit"),
        ("!raise KeyError('a', 1)", "*** KeyError: ('a', 1)"),
        ("!e = ValueError('why'); e.add_note('a note'); raise e", "*** ValueError: why"),
        ("!return 5", "*** SyntaxError: 'return' outside function"),
        ("!yield 5", "*** SyntaxError: 'yield' outside function"),
        ("!await first", "*** SyntaxError: 'await' outside function"),
        ("p $unknown", "*** KeyError: 'unknown'"),
        ("p asyncio.CancelledError()", "CancelledError()"),
        ("!raise asyncio.CancelledError", "*** asyncio.exceptions.CancelledError"),
    ],
)
def test_errors_are_the_users(rdb_run, program, command, answer):
    check(rdb_run, program, "function", [(command, answer), ("p first", "1")])


def test_names_of_a_class_body(rdb_run, program):
    check(
        rdb_run,
        program,
        "class_body",
        [
            ("p size, cells", "(3, [0, 0, 0])"),
            ("p [size for _ in range(2)]", "[3, 3]"),
            ("p (lambda: size)()", "3"),
            ("size = 7", ""),
            ("added = 'here'", ""),
            ("n", "--Return--\n" + place(program, "class_body", "Table", "->None")),
            ("n", place_of_line(program, "def plain(")),
            ("p Table.size, Table.added", "(7, 'here')"),
        ],
    )


def place(program, marker: str, function: str, suffix: str = "") -> str:
    """Returns how a stop at a marked line is shown."""
    found = program("scopes")
    number = found.line(marker)
    return f"> {found.path}({number}){function}(){suffix}\n-> {found.source.splitlines()[number - 1].strip()}"


def place_of_line(program, text: str, function: str = "<module>") -> str:
    """Returns how a stop at the first line that begins with a text is shown."""
    found = program("scopes")
    lines = found.source.splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if line.startswith(text))
    return f"> {found.path}({number}){function}()\n-> {lines[number - 1]}"


def test_cells(rdb_run, program):
    check(
        rdb_run,
        program,
        "nested",
        [
            ("p count, by", "(11, 1)"),
            ("count = 100", ""),
            ("p (lambda: count)()", "100"),
            ("up", "> " + place_in_caller(program)),
            ("p count", "100"),
            ("count += 1", ""),
            ("p [count for _ in [1]]", "[101]"),
            ("down", place(program, "nested", "increment")),
            ("p count", "101"),
        ],
    )


def place_in_caller(program) -> str:
    """Returns how the caller of `increment` is shown."""
    found = program("scopes")
    lines = found.source.splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if "increment(1)" in line)
    return f"{found.path}({number})counter()\n-> {lines[number - 1].strip()}"


def test_a_called_closure_changes_the_frames_own_cell(rdb_run, program):
    check(
        rdb_run,
        program,
        "cells",
        [
            ("p increment(5)", "16"),
            ("p count", "16"),
            ("invented = increment(1)", ""),
            ("p count, invented", "(17, 17)"),
            ("count = 1", ""),
            ("p increment(1)", "2"),
            ("p count", "2"),
            (
                "c",
                "(11, 2)\n[3, 6]\n('caller', 'calledcaller')\nmodule\nThe program finished and will be restarted\n"
                + place_of_line(program, '"""Every'),
            ),
        ],
    )


def test_generators_running_and_suspended(rdb_run, program):
    check(
        rdb_run,
        program,
        "suspended",
        [
            ("p source.gi_frame.f_locals['total']", "1"),
            ("p (lambda: source.gi_frame.f_lineno)()", str(program("scopes").line("generator"))),
        ],
    )
    check(rdb_run, program, "generator", [("p total, number", "(0, 0)"), ("p (lambda: limit - total)()", "4")])


def test_a_change_of_a_generators_variable_reaches_it(rdb_run, program):
    outcome = rdb_run(program("scopes"), [f"tbreak {program('scopes').line('generator')}", "c", "total = 100", "c"])
    assert "[103, 106]" in outcome.stdout


def test_the_callers_frame(rdb_run, program):
    outcome = rdb_run(
        program("scopes"), [f"b {program('scopes').line('called')}", "c", "up", "mine = 'changed'", "p mine", "c"]
    )
    assert answers(outcome)[4] == "'changed'"
    assert "('changed', 'calledcaller')" in outcome.stdout


def test_module_level(rdb_run, program):
    check(
        rdb_run,
        program,
        "module",
        [
            ("level = 'set'", ""),
            ("p [level for _ in range(2)]", "['set', 'set']"),
            ("fresh = (lambda: level)()", ""),
            ("def show(): return fresh, level", ""),
            ("p show()", "('set', 'set')"),
            ("del fresh", ""),
            ("p show()", "*** NameError: name 'fresh' is not defined"),
            ("from os import *", ""),
            ("p sep in '/\\\\'", "True"),
            ("p sorted(name for name in globals() if 'rdb' in name or 'pdb' in name)", "[]"),
        ],
    )


def test_values_that_cannot_be_shown(rdb_run, program):
    check(
        rdb_run,
        program,
        "values",
        [
            ("p bad", "*** ValueError: no repr"),
            ("bad", "*** ValueError: no repr"),
            ("p [bad]", "*** ValueError: no repr"),
            ("display bad", "display bad: *** repr(bad) failed: ValueError: no repr ***"),
            ("p len(repr(long)), long[-1]", "(4890, 999)"),
            ("p long", str(list(range(1000)))),
            ("p text", "'€€€'"),
            ("pp text", "'€€€'"),
            ("whatis values", "Function values"),
            ("whatis Table", "Class __main__.Table"),
            ("whatis bad.__repr__", "Method __repr__"),
            ("whatis text", "<class 'str'>"),
        ],
    )


def test_convenience_variables(rdb_run, program):
    outcome = check(
        rdb_run,
        program,
        "function",
        [
            ("$mine = first + 1", ""),
            ("p $mine + $mine", "4"),
            ("p [$mine * i for i in rest]", "[6, 8]"),
            ("p '$mine'", "'$mine'"),
            ("total = $mine", ""),
            ("p total", "2"),
            ("$mine += 40; first", "1"),
            ("p $mine", "42"),
            ("p $_frame.f_code.co_name", "'plain'"),
            ("p $_retval", "*** KeyError: '_retval'"),
            ("r", "--Return--\n" + place(program, "function", "plain", "->2")),
            ("p $_retval, __return__", "(2, 2)"),
            ("p '__return__' in locals()", "False"),
            ("retval", "2"),
            ("p $mine", "*** KeyError: 'mine'"),
        ],
    )
    assert outcome.stderr == ""


def test_a_coroutine_knows_its_task(rdb_run, program):
    check(rdb_run, program, "coroutine", [("p $_asynctask.get_coro().__name__", "'wait'")])


def test_statements_of_several_lines(rdb_run, program):
    commands = [f"b {program('scopes').line('function')}", "c"]
    block = ["for each in rest:", "    if each > 3:", "        total += each", "", "p total", "q"]
    outcome = rdb_run(program("scopes"), [*commands, *block])
    assert answers(outcome)[2:4] == ["...   ...   ...   ", "7"]


def test_conditions_see_what_the_prompt_sees(rdb_run, program):
    line = program("scopes").line("generator")
    for condition, total in [
        ("number == 2", "3"),
        ("any(number == each for each in [2])", "3"),
        ("(lambda: number)() == 3", "6"),
        ("(found := number) == 1", "1"),
        ("numbers and level == 'module' and number", "1"),
    ]:
        outcome = rdb_run(program("scopes"), [f"b {line}, {condition}", "c", "p total", "q"])
        assert answers(outcome)[2] == total, condition


def test_a_condition_that_fails_stops_and_says_why(rdb_run, program):
    line = program("scopes").line("generator")
    outcome = rdb_run(program("scopes"), [f"b {line}, undefined > 1", "c", "q"])
    said = "*** Condition of breakpoint 1 failed: NameError: name 'undefined' is not defined"
    assert said in answers(outcome)[1].splitlines()


def test_interact_works_on_a_copy(rdb_run, program):
    outcome = rdb_run(
        program("scopes"),
        [
            f"b {program('scopes').line('function')}",
            "c",
            "interact",
            "total = 99",
            "[total for _ in range(2)]",
            "def f():",
            "    return total",
            "",
            "f()",
            "1 / 0",
            "exit()",
            "p total",
            "q",
        ],
    )
    # Tracebacks go where the rest of the dialogue goes.
    *_, dialogue, total, _ = answers(outcome)
    assert dialogue.startswith("*rdb interact start*\n>>> >>> [99, 99]\n>>> ... ... >>> 99\n>>> Traceback ")
    assert dialogue.endswith("ZeroDivisionError: division by zero\n>>> *exit from rdb interact command*")
    assert total == "3"


def test_display_says_what_changed(rdb_run, program):
    line = program("scopes").line("generator")
    outcome = rdb_run(
        program("scopes"),
        [f"b {line}", "c", "display total", "display undefined", "c", "c", "display", "undisplay total", "c", "q"],
    )
    said = answers(outcome)
    assert said[2:4] == [
        "display total: 0",
        "display undefined: ** raised NameError: name 'undefined' is not defined **",
    ]
    assert said[4].splitlines()[-1] == "display total: 1  [old: 0]"
    assert said[5].splitlines()[-1] == "display total: 3  [old: 1]"
    assert "total: 3" in said[6].splitlines()
    assert "[old:" not in said[8]


def test_a_debugger_inside_the_debugger(rdb_run, program):
    outcome = rdb_run(
        program("scopes"),
        [
            f"b {program('scopes').line('called')}",
            "c",
            "debug called(mine)",
            "s",
            "s",
            "p theirs",
            "q",
            "p theirs",
            "q",
        ],
    )
    text = outcome.stdout
    assert "ENTERING RECURSIVE DEBUGGER\n> <string>(1)<module>()" in text
    assert "LEAVING RECURSIVE DEBUGGER" in text
    inner, after = text.split("LEAVING RECURSIVE DEBUGGER")
    assert "'called'" in inner
    assert "'caller'" in after


def test_looking_at_a_variable_does_not_keep_its_value(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import weakref\n\nclass Thing:\n    pass\n\ndef f():\n    thing = Thing()\n    gone = weakref.ref(thing)\n"
        "    here = 1\n    thing = None\n    return gone() is None  # here\n\nprint(f())\n"
    )
    look = ["p thing", "locals", "invented = 1", "p (lambda: thing)()", "[thing for _ in range(2)]", "$it = thing"]
    outcome = rdb_run(script, ["b 9", "b 11, thing or here", "c", *look, "c", "p invented", "clear 2", "c"])
    said = answers(outcome)
    assert said[10] == "1"
    assert said[12].startswith("True\n")


def test_comprehensions_of_a_module(rdb_run, tmp_path):
    """They have a frame of their own before 3.12; behind it, their variables are beside those of the module."""
    script = tmp_path / "script.py"
    script.write_text("base = 10\nvalues = [\n    each * base\n    for each in range(3)\n]\nprint(values, base)\n")
    own_frame = sys.version_info < (3, 12)
    refused = "*** Cannot set 'each': this Python keeps the variables out of reach while a comprehension runs here"
    outcome = rdb_run(
        script,
        [
            "b 3",
            "c",
            "p each, base",
            "p (lambda: each + base)()",
            "base = 100",
            "p base",
            "each = 7",
            "clear 1",
            "c",
            "p base",
        ],
    )
    said = answers(outcome)
    assert said[2:4] == ["(0, 10)", "10"]
    assert said[5] == "100"
    assert said[6] == ("" if own_frame else refused)
    # In a frame of its own the module's variable is hidden by the new one, not replaced.
    assert said[8].splitlines()[0] == ("[70, 10, 20] 10" if own_frame else "[0, 100, 200] 100")
