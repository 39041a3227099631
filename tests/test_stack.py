"""Stacks: of the stopped thread, of other threads, of exceptions; going on at another line."""

from __future__ import annotations

import re

import pytest
from conftest import Outcome, Program

PROMPT = "(rdb) "


def answers(outcome: Outcome) -> list[str]:
    """Returns what was said to each command, in order."""
    return [answer.rstrip("\n") for answer in outcome.stdout.split(PROMPT)[1:]]


def entry(program: Program, marker: str, function: str, returns: str = "") -> str:
    """Returns how a frame at a marked line is shown as the selected one."""
    number = program.line(marker)
    return f"> {program.path}({number}){function}(){returns}\n-> {program.source.splitlines()[number - 1].strip()}"


def functions(where: str) -> list[str]:
    """Returns the names of the functions in a stack, oldest first, the selected one with `> ` in front."""
    return [
        mark.strip() + " " * bool(mark.strip()) + name
        for mark, name in re.findall(r"^([> ] ).*\)(\S+)\(\)", where, re.M)
    ]


def test_recursion(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(
        frames,
        [f"b {frames.line('bottom')}", "c", "w", "up 2", "p depth", "up 100", "down 1", "p depth", "down -1", "q"],
    )
    said = answers(outcome)
    assert functions(said[2]) == ["<module>", "fall", "fall", "fall", "> fall"]
    assert said[4] == "2"
    assert "<module>()" in said[5]
    assert said[7] == "3"
    assert said[8] == entry(frames, "bottom", "fall")


def test_a_very_deep_recursion(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nsys.setrecursionlimit(20000)\n\ndef f(n):\n    if n == 0:\n        return 0  # here\n"
        "    return f(n - 1)\n\nprint(f(9000))\n"
    )
    outcome = rdb_run(script, ["b 6", "c", "w 3", "up 9000", "p n", "c"])
    said = answers(outcome)
    assert functions(said[2]) == ["f", "f", "> f"]
    assert said[4] == "9000"
    assert said[5].startswith("0\n")


def test_the_frames_of_a_generator(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(frames, [f"b {frames.line('yield')}", "c", "w", "up", "p found", "c", "up", "p found", "q"])
    said = answers(outcome)
    assert functions(said[2]) == ["<module>", "consume", "> produce"]
    assert said[4] == "[]"
    assert said[7] == "['a']"


def test_what_a_frame_returns(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(
        frames, [f"b {frames.line('consumed')}", "c", "retval", "r", "retval", "w", "up", "retval", "n", "retval", "q"]
    )
    said = answers(outcome)
    assert said[2] == "*** Not yet returned!"
    assert said[3] == "--Return--\n" + entry(frames, "consumed", "consume", "->['a', 'b']")
    assert said[4] == "['a', 'b']"
    assert "consume()->['a', 'b']" in said[5]
    assert said[7] == "*** Not yet returned!"
    assert said[9] == "*** Not yet returned!"


def test_a_long_value_is_cut_in_the_stack_and_whole_when_asked_for(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("def f():\n    return list(range(100))\nf()\n")
    outcome = rdb_run(script, ["b f", "c", "r", "retval", "q"])
    said = answers(outcome)
    assert "f()->[0, 1, 2, 3, 4, 5, ...]" in said[2]
    assert said[3] == str(list(range(100)))


def test_finish_tells_the_value(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(frames, [f"b {frames.line('consumed')}", "c", "finish", "p $_retval", "q"])
    said = answers(outcome)
    assert said[2].splitlines()[0] == "Value returned: ['a', 'b']"
    assert "->[" not in said[2]
    assert said[3] == "['a', 'b']"


def test_an_exception_on_its_way(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(
        frames,
        [
            f"b {frames.line('divide')}",
            "c",
            "n",
            "p $_exception",
            "p __exception__[0].__name__",
            "n",
            "n",
            "w",
            "down",
            "p divisor",
            "q",
        ],
    )
    said = answers(outcome)
    assert said[2].splitlines()[0] == "ZeroDivisionError: division by zero"
    assert said[3] == "ZeroDivisionError('division by zero')"
    assert said[4] == "'ZeroDivisionError'"
    assert said[5].splitlines()[0] == "--Return--"
    # The frame that raised is gone, but it can be looked at from the one that the exception has reached.
    assert functions(said[7]) == ["<module>", "chained", "> careful", "broken"]
    assert said[9] == "0"


def test_post_mortem_of_a_chain(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(
        frames,
        [
            "c",
            "w",
            "exceptions",
            "exceptions 0",
            "w",
            "p divisor",
            "up",
            "l",
            "exceptions 1",
            "p $_exception",
            "exceptions 7",
            "q",
        ],
    )
    said = answers(outcome)
    raising = entry(frames, "raise", "chained")
    assert said[0].endswith(raising)
    assert functions(said[1]) == ["<module>", "> chained"]
    assert said[2] == "    0 ZeroDivisionError('division by zero')\n>   1 LookupError('wrapped')"
    assert said[3] == entry(frames, "divide", "broken")
    assert functions(said[4]) == ["<module>", "chained", "careful", "> broken"]
    assert said[5] == "0"
    # `->` is where the frame ended, `>>` where the exception came from.
    assert [line.split("\t")[0].strip() for line in said[7].splitlines() if "->" in line or ">>" in line] == [
        f"{frames.line('finally') - 2}  >>",
        f"{frames.line('finally')}  ->",
    ]
    assert said[8] == raising
    assert said[9] == "LookupError('wrapped')"
    assert said[10] == "*** No exception with that number"


def test_an_exception_without_a_traceback(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("raise ValueError('outer') from KeyError('inner')\n")
    outcome = rdb_run(script, ["c", "exceptions", "exceptions 0", "q"])
    said = answers(outcome)
    assert said[1] == "    - KeyError('inner')\n>   1 ValueError('outer')"
    assert said[2] == "*** This exception does not have a traceback, cannot jump to it"


def test_a_chain_that_is_a_circle(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "a, b = ValueError('a'), ValueError('b')\na.__context__ = b\nb.__context__ = a\n"
        "import rdb\ntry:\n    raise a\nexcept ValueError as e:\n    e.__context__ = b\n    rdb.post_mortem(e)\n"
    )
    outcome = rdb_run(script, ["c", "exceptions", "q"])
    assert answers(outcome)[1] == "    - ValueError('b')\n>   1 ValueError('a')"


def test_the_stack_of_another_thread(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(
        frames,
        [
            f"b {frames.line('main')}",
            "c",
            "threads",
            "thread 2",
            "w",
            "p secret",
            "secret = 'told'",
            "thread 1",
            "p here",
            "n",
            "p here",
            "q",
        ],
    )
    said = answers(outcome)
    rows = said[2].splitlines()
    assert rows[0] == "Num   Thread           Name                 Where"
    assert re.fullmatch(r">\*1 +\d+ +MainThread +.*together\(\)", rows[1])
    assert re.fullmatch(r"  2 +\d+ +worker +.*wait\(\)", rows[2])
    assert "other" in functions(said[4])
    assert functions(said[4])[-1].startswith("> wait")
    assert said[5] == "*** NameError: name 'secret' is not defined"
    assert said[8] == "*** NameError: name 'here' is not defined"
    assert said[10] == "'main'"


def test_variables_of_another_thread(rdb_run, program):
    frames = program("frames")
    commands = [f"b {frames.line('main')}", "c", "thread worker", *["up"] * 8, "q"]
    ups = answers(rdb_run(frames, commands))[3:]
    count = next(number for number, said in enumerate(ups, start=1) if "other()" in said)
    commands[3:] = [*["up"] * count, "p secret", "secret = 'told'", "p secret", "p (lambda: secret)()", "q"]
    said = answers(rdb_run(frames, commands))[3 + count :]
    assert said[0] == "'of the other'"
    assert said[2:4] == ["'told'", "'told'"]


def test_a_thread_that_is_not_there(rdb_run, program):
    frames = program("frames")
    said = answers(rdb_run(frames, ["thread 9", "thread nobody", "q"]))
    assert said[:2] == ["*** There is no thread 9; see `threads`.", "*** There is no thread nobody; see `threads`."]


def test_jump(rdb_run, program):
    frames = program("frames")
    line = frames.lines
    outcome = rdb_run(
        frames,
        [
            f"b {line['two']}",
            "c",
            f"j {line['three']}",
            "n",
            "p trail",
            f"j {line['two']}",
            "clear 1",
            f"j {line['loop']}",
            "j 1",
            "up",
            f"j {line['trail']}",
            "down",
            f"tbreak {line['trail']}",
            "c",
            "p trail",
            f"j {line['three']}",
            "c",
        ],
    )
    said = answers(outcome)
    assert said[2] == entry(frames, "three", "jumps")
    assert said[4] == "[1, 3]"
    assert said[5] == entry(frames, "two", "jumps")
    assert said[7] == "*** Jump failed: can't jump into the body of a for loop"
    assert said[8].startswith("*** Jump failed: line 1 comes before the current code block")
    assert said[10] == "*** You can only jump within the bottom frame"
    assert said[14] == "[1, 3, 2, 3, 4, 4]"
    assert "[1, 3, 2, 3, 4, 4, 3, 4, 4]" in outcome.stdout


def test_no_jump_where_no_line_begins(rdb_run, program):
    frames = program("frames")
    outcome = rdb_run(frames, [f"b {frames.line('consumed')}", "c", "r", f"j {frames.line('consumed')}", "c"])
    refused = "*** Jump failed: a jump is only possible where a line begins; `next` takes you there"
    assert answers(outcome)[3] == refused


def test_no_jump_in_a_dead_frame(rdb_run, program):
    frames = program("frames")
    said = answers(rdb_run(frames, ["c", f"j {frames.line('raise')}", "q"]))
    assert said[1] == "*** Jump failed: You can only jump within the bottom frame"


@pytest.mark.parametrize("command", ["p 1", "w", "l", "ll", "args", "x = 1", "interact", "b 3", "up", "display 1"])
def test_a_stack_without_frames(rdb_run, tmp_path, command):
    script = tmp_path / "script.py"
    script.write_text("import rdb\nrdb.post_mortem(ValueError('never raised'))\nprint('goes on')\n")
    outcome = rdb_run(script, ["c", command, "q", "c"])
    assert outcome.stderr == ""
    assert "goes on" in outcome.stdout


def test_rdbs_own_frames_are_not_there(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("def f():\n    1 / 0\nf()\n")
    outcome = rdb_run(
        script, ["w", "b f", "c", "w", "c", "w", "p __import__('sys')._getframe().f_back.f_code.co_name", "q"]
    )
    said = answers(outcome)
    assert functions(said[0]) == ["> <module>"]
    assert functions(said[3]) == ["<module>", "> f"]
    assert functions(said[5]) == ["<module>", "> f"]


DEEP = """\
from sys import getallocatedblocks as blocks

def fall(depth):
    if depth:
        return fall(depth - 1)
    before = blocks()  # here
    stopped = True
    return blocks() - before

print("made", fall(500))
"""


def test_a_stop_makes_no_frames_of_callers(rdb_run, backend):
    """A trace function makes a frame object of each call anyway."""
    line = 1 + DEEP.splitlines().index("    before = blocks()  # here")
    made = r"made (-?\d+)"
    alone, looked = (rdb_run(DEEP, [f"b {line}", "c", "n", *more, "n", "c", "q"]) for more in ([], ["w"]))
    assert len(functions(looked.stdout)) > 500
    assert int(re.findall(made, alone.stdout)[0]) < 250
    if backend == "monitoring":
        assert int(re.findall(made, looked.stdout)[0]) > 450
