"""Places as a user writes them: what they mean, where they are moved to, and what is refused."""

from __future__ import annotations

import posixpath
import zipfile

import pytest
from conftest import Outcome, Run

PROMPT = "(rdb) "


def answers(outcome: Outcome) -> list[str]:
    """Returns what was said to each command, in order."""
    return [answer.rstrip("\n") for answer in outcome.stdout.split(PROMPT)[1:]]


def check(rdb_run: Run, program, places: list[tuple[str, str]], before: tuple[str, ...] = (), **how) -> None:
    """Sets a breakpoint at each place, and compares what is said."""
    outcome = rdb_run(program, [*before, *(f"b {place}" for place, _ in places), "q"], **how)
    given = answers(outcome)[len(before) :]
    assert [(place, said) for (place, _), said in zip(places, given, strict=False)] == places


def at(number: int, program, marker: str, pending: bool = False) -> str:
    """Returns what is said of a breakpoint at a marked line."""
    found = f"Breakpoint {number} at {program.path}:{program.line(marker)}"
    return f"{found}\n(pending: {program.path} is not imported yet)" if pending else found


def moved(number: int, program, asked: str, marker: str) -> str:
    """Returns what is said of a breakpoint that was asked for at one marked line and is at another."""
    line = program.line(marker)
    return f"Line {program.line(asked)} has no code, moved to line {line}.\n{at(number, program, marker)}"


def test_lines(rdb_run, program):
    places = program("places")
    line = {name: str(number) for name, number in places.lines.items()}
    check(
        rdb_run,
        places,
        [
            (line["return"], at(1, places, "return")),
            (f"places.py:{line['return']}", at(2, places, "return")),
            (f"places:{line['return']}", at(3, places, "return")),
            (f"{places.path}:{line['return']}", at(4, places, "return")),
            (line["else"], moved(5, places, "else", "after_else")),
            (line["global"], moved(6, places, "global", "return")),
            (line["comment"], moved(7, places, "comment", "return")),
            (line["argument"], at(8, places, "argument")),
            (line["one_line"], at(9, places, "one_line")),
            (f"{line['return']}, value > 1", at(10, places, "return")),
        ],
    )


def test_lines_without_code_behind_them(rdb_run, program):
    places = program("places")
    last = places.line("last")
    check(
        rdb_run,
        places,
        [
            (str(last), f"*** Blank or comment: no line of {places.path} from {last} on has code"),
            ("5000", "End of file"),
            ("places.py:5000", "End of file"),
        ],
    )


def test_a_docstring_moves_to_the_body(rdb_run, program):
    places = program("places")
    asked, first = places.line("docstring"), places.source.splitlines().index("    if flag:") + 1
    said = f"Line {asked} has no code, moved to line {first}.\nBreakpoint 1 at {places.path}:{first}"
    check(rdb_run, places, [(str(asked), said)])


def test_functions_that_are_not_defined_yet(rdb_run, program):
    places = program("places")
    first = places.source.splitlines().index("    if flag:") + 1
    check(
        rdb_run,
        places,
        [
            ("described", f"Breakpoint 1 at {places.path}:{first}"),
            ("wrapped", at(2, places, "wrapped")),
            ("cached", at(3, places, "cached")),
            ("Case.method", at(4, places, "method")),
            ("self.method", at(5, places, "method")),
            ("Case.Inner.deep", at(6, places, "deep")),
            ("later", at(7, places, "later")),
            ("one_line", at(8, places, "one_line")),
            ("places.py:described", f"Breakpoint 9 at {places.path}:{first}"),
            ("places.py:Case.method", at(10, places, "method")),
            ("places:Case.Inner.deep", at(11, places, "deep")),
            ("outer.inner", at(12, places, "inner")),
        ],
    )


def test_functions_that_exist(rdb_run, program):
    places = program("places")
    check(
        rdb_run,
        places,
        [
            ("wrapped", at(2, places, "wrapper")),
            ("cached", at(3, places, "cached")),
            ("case.method", at(4, places, "method")),
            ("alias", at(5, places, "method")),
            ("Case.size", at(6, places, "property")),
            ("Case.static", at(7, places, "static")),
            ("[Case.static][0]", at(8, places, "static")),
            ("later", at(9, places, "later")),
        ],
        before=(f"b {places.line('argument')}", "c"),
    )


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nothing", "*** The specified object 'nothing' is not a function or was not found along sys.path."),
        ("Case", "*** The specified object 'Case' is not a function or was not found along sys.path."),
        ("level", "*** The specified object 'level' is not a function or was not found along sys.path."),
        ("len", "*** The specified object 'len' is not a function or was not found along sys.path."),
        ("nothing.py:3", "*** 'nothing.py' not found from sys.path"),
        ("no.thing:3", "*** 'no.thing' not found from sys.path"),
        ("places.py:not-a-name", "*** Bad lineno: not-a-name"),
        ("places.py:nothing", "*** There is no function 'nothing' in {path}"),
    ],
)
def test_what_is_refused(rdb_run, program, place, said):
    places = program("places")
    check(rdb_run, places, [(place, said.format(path=places.path))])


def test_modules_that_are_not_imported_yet(rdb_run, program):
    places, book = program("places"), program("shelf/book")
    before = (f"b {places.line('argument')}", "c")
    check(
        rdb_run,
        places,
        [
            ("shelf.book.read", at(2, book, "read", pending=True)),
            ("shelf.book.Page.turn", at(3, book, "turn", pending=True)),
            ("shelf.book:read", at(4, book, "read", pending=True)),
            ("shelf/book.py:Page.turn", at(5, book, "turn", pending=True)),
            (f"shelf/book.py:{book.line('read')}", at(6, book, "read", pending=True)),
            (f"shelf.book:{book.line('read')}", at(7, book, "read", pending=True)),
            (
                "shelf.book.nothing",
                "*** The specified object 'shelf.book.nothing' is not a function or was not found along sys.path.",
            ),
        ],
        before=before,
    )


def test_looking_for_a_place_imports_nothing(rdb_run, program):
    places = program("places")
    commands = ["b shelf.book.read", "import sys", "p 'shelf' in sys.modules", "q"]
    assert answers(rdb_run(places, commands))[2] == "False"


def test_a_breakpoint_in_a_module_imported_later_stops(rdb_run, program):
    places, book = program("places"), program("shelf/book")
    outcome = rdb_run(places, ["b shelf.book.read", "b shelf/book.py:Page.turn", "c", "c", "c"])
    first, second, *_ = (answer.splitlines() for answer in answers(outcome)[2:])
    assert f"> {book.path}({book.line('read')})read()" in first
    assert f"> {book.path}({book.line('turn')})turn()" in second


def test_functions_of_the_standard_library(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import os, json\nprint(os.path.join('a', 'b'))\nprint(json.dumps([1]))\n")
    outcome = rdb_run(script, ["n", "b posixpath.join", "b json.dumps", "c", "p a", "bt 1", "l", "c", "p obj", "q"])
    said = answers(outcome)
    code = posixpath.join.__code__
    assert said[1].startswith(f"Breakpoint 1 at {code.co_filename}:")
    assert said[4] == "'a'"
    assert "join()" in said[5]
    assert "def join(a, " in said[6]
    assert said[8] == "[1]"


def test_a_file_of_the_library_is_found_under_the_name_of_its_code(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import os\nos.path.join('a', 'b')\n")
    line = posixpath.join.__code__.co_firstlineno + 8
    outcome = rdb_run(script, [f"b posixpath.py:{line}", "c", "p a", "q"])
    assert answers(outcome)[2] == "'a'"


def test_a_file_by_a_path_of_the_working_directory(rdb_run, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "part.py").write_text("def f():\n    return 1\n")
    script = tmp_path / "script.py"
    script.write_text("import sys\nsys.path.append('inner')\nimport part\npart.f()\n")
    outcome = rdb_run(script, ["b inner/part.py:2", "c", "q"], cwd=tmp_path)
    said = answers(outcome)
    assert said[0].splitlines()[0] == f"Breakpoint 1 at {inner / 'part.py'}:2"
    assert f"> {inner / 'part.py'}(2)f()" in said[1]


def test_a_file_by_way_of_a_symbolic_link(rdb_run, tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (real / "part.py").write_text("def f():\n    return 1\n")
    link = tmp_path / "link"
    link.symlink_to(real)
    script = tmp_path / "script.py"
    script.write_text(f"import sys\nsys.path.append({str(link)!r})\nimport part\npart.f()\n")
    outcome = rdb_run(script, ["n", "n", "n", f"b {real / 'part.py'}:2", "c", "q"])
    said = answers(outcome)
    assert said[3] == f"Breakpoint 1 at {link / 'part.py'}:2"
    assert f"> {link / 'part.py'}(2)f()" in said[4]


def test_a_file_of_another_encoding(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_bytes("# -*- coding: latin-1 -*-\n# é\ntext = 'é'\nprint(len(text))\n".encode("latin-1"))
    outcome = rdb_run(script, ["b 2", "c", "l", "q"])
    said = answers(outcome)
    assert said[0] == f"Line 2 has no code, moved to line 3.\nBreakpoint 1 at {script}:3"
    assert "3 B->\ttext = 'é'" in said[2]


def test_code_without_a_file(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("code = 'def f(x):\\n    y = x\\n\\n    return y\\n'\nexec(code)\nf(1)\n")
    outcome = rdb_run(script, ["n", "n", "s", "b 3", "c", "p y", "l", "ll", "q"])
    said = answers(outcome)
    assert said[2].startswith("--Call--\n> <string>(1)f()")
    assert said[3] == "Line 3 has no code, moved to line 4.\nBreakpoint 1 at <string>:4"
    assert said[4] == "> <string>(4)f()"
    assert said[5:7] == ["1", "[EOF]"]
    assert said[7] == "*** could not get source code"


def test_a_template_is_no_python_and_can_be_broken_in(rdb_run, tmp_path):
    template = tmp_path / "page.html"
    template.write_text("<html>\n{{ x }}\n</html>\n")
    script = tmp_path / "script.py"
    script.write_text(f"exec(compile('x = 0\\nx = 1\\nx = 2\\n', {str(template)!r}, 'exec'))\n")
    outcome = rdb_run(script, [f"b {template}:2", "c", "p x", "q"])
    said = answers(outcome)
    assert said[0].splitlines()[0] == f"Breakpoint 1 at {template}:2"
    assert said[1] == f"> {template}(2)<module>()\n-> {{{{ x }}}}"
    assert said[2] == "0"


def test_source_of_frames_and_objects(rdb_run, program):
    places = program("places")
    lines = places.source.splitlines()
    outcome = rdb_run(
        places,
        [
            "b described",
            "c",
            "ll",
            "source Case.method",
            "source wrapped",
            "source 1",
            "source nothing",
            "source len",
            "q",
        ],
    )
    said = answers(outcome)
    start = lines.index("def described(flag):")
    end = places.line("return")
    assert [line.split("\t", 1)[-1] for line in said[2].splitlines()] == lines[start:end]
    assert [line.split("\t", 1)[-1] for line in said[3].splitlines()] == lines[
        places.line("method") - 2 : places.line("method")
    ]
    assert "@decorated" in said[4]
    assert said[5].startswith("*** module, class, method, function, traceback, frame, or code object was expected")
    assert said[6] == "*** NameError: name 'nothing' is not defined"
    assert said[7].startswith("*** module, class, method, function, traceback, frame, or code object was expected")


def test_a_file_that_was_edited_is_shown_as_the_program_was_compiled(rdb_run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import pathlib\npathlib.Path(__file__).write_text('edited\\n' * 9)\nprint('third')\n")
    outcome = rdb_run(script, ["n", "n", "l", "q"])
    said = answers(outcome)
    warning = f"*** WARNING: file '{script}' was edited, running stale code until the program is rerun"
    assert said[1] == f"> {script}(3)<module>()\n-> print('third')\n{warning}"
    assert "  3  ->\tprint('third')" in said[2].splitlines()


def test_a_place_in_the_file_of_a_frame_above(rdb_run, tmp_path):
    part = tmp_path / "part.py"
    part.write_text("def f(call):\n    call()\n    return 1\n")
    script = tmp_path / "script.py"
    script.write_text("import part\ndef g():\n    pass\npart.f(g)\n")
    outcome = rdb_run(script, ["b g", "c", "up", "b 3", "c", "q"])
    said = answers(outcome)
    assert said[3] == f"Breakpoint 2 at {part}:3"
    assert said[4].startswith(f"> {part}(3)f()")


def test_a_module_in_an_archive(rdb_run, tmp_path):
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("packed/__init__.py", "")
        zipped.writestr("packed/part.py", "def f():\n    # nothing\n    return 1\n")
    script = tmp_path / "script.py"
    script.write_text(f"import sys\nsys.path.append({str(archive)!r})\nimport packed.part\npacked.part.f()\n")
    part = archive / "packed" / "part.py"
    outcome = rdb_run(script, ["n", "n", "b packed.part.f", "b packed.part:2", "c", "ll", "q"])
    said = answers(outcome)
    pending = f"(pending: {part} is not imported yet)"
    assert said[2] == f"Breakpoint 1 at {part}:3\n{pending}"
    assert said[3] == f"Line 2 has no code, moved to line 3.\nBreakpoint 2 at {part}:3\n{pending}"
    assert said[4] == f"> {part}(3)f()\n-> return 1"
    assert said[5] == "  1  \tdef f():\n  2  \t    # nothing\n  3 B->\t    return 1"
