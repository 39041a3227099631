"""The command line: what can be debugged, how the program sees the process, how it ends, how it starts again."""

from __future__ import annotations

import json
import os
import py_compile
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Outcome, Run

FACTS = """\
import sys, json
def plain(value):
    return value if value is None or isinstance(value, (str, dict, list)) else type(value).__name__
facts = {name: plain(value) for name, value in list(globals().items()) if name.startswith("__")}
facts["argv"], facts["path0"] = sys.argv, sys.path[0]
facts["main"] = sys.modules["__main__"].__dict__ is globals()
facts["spec"] = getattr(__spec__, "name", None)
print("facts", json.dumps(facts))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Returns a directory with the same program in every form in which it can be started."""
    (tmp_path / "script.py").write_text(FACTS)
    package = tmp_path / "package"
    (package / "sub").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "names.py").write_text("relative = 'imported'\n")
    (package / "__main__.py").write_text("from . import names\nfrom .names import relative\n" + FACTS)
    (package / "module.py").write_text("from .names import relative\n" + FACTS)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "other.py").write_text("")
    (folder / "__main__.py").write_text("import other\n" + FACTS)
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.writestr("__main__.py", FACTS)
    py_compile.compile(str(tmp_path / "script.py"), cfile=str(tmp_path / "compiled.pyc"))
    (tmp_path / "link.py").symlink_to(folder / "__main__.py")
    return tmp_path


def python(arguments: Sequence[str], cwd: Path, environment: dict[str, str], stdin: str = "") -> Outcome:
    """Runs plain Python."""
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    return Outcome(done.stdout, done.stderr, done.returncode)


def facts(output: str) -> dict[str, object]:
    """Returns what the program found out about itself."""
    (line,) = [line.partition("facts ")[2] for line in output.splitlines() if "facts {" in line]
    found: dict[str, object] = json.loads(line)
    return found


def transcript(outcome: Outcome, path: Path) -> list[str]:
    """Returns the lines of a run, with the name of the program in place of its path."""
    return outcome.stdout.replace(str(path), path.name).splitlines()


@pytest.mark.parametrize(
    "arguments",
    [
        ["script.py", "-x", "--help", "-c", "--"],
        ["./script.py"],
        ["package/../script.py"],
        ["compiled.pyc", "a"],
        ["link.py"],
        ["folder", "a b"],
        ["archive", "-m", "x"],
        ["-m", "package", "-c", "x"],
        ["-m", "package.module"],
    ],
    ids=" ".join,
)
def test_the_program_sees_what_python_shows_it(
    arguments: list[str], place: Path, rdb_run: Run, environment: dict[str, str]
) -> None:
    plain = python(arguments, place, environment)
    debugged = rdb_run(arguments, ["continue", "quit"], cwd=place)
    assert facts(debugged.stdout) == facts(plain.stdout)
    assert (debugged.returncode, debugged.stderr) == (0, "")


def test_code_from_the_command_line_is_what_python_c_runs(
    place: Path, rdb_run: Run, environment: dict[str, str]
) -> None:
    plain = python(["-c", FACTS, "a"], place, environment)
    debugged = rdb_run(["-e", FACTS, "a"], ["list 1, 2", "continue", "quit"], cwd=place)
    assert facts(debugged.stdout) == facts(plain.stdout)
    assert "  1  ->\timport sys, json\n  2  \tdef plain(value):\n" in debugged.stdout


@pytest.mark.parametrize("arguments", [["script.py"], ["folder"], ["-m", "package"]], ids=" ".join)
def test_a_safe_path_stays_safe(arguments: list[str], place: Path, rdb_run: Run, environment: dict[str, str]) -> None:
    safe = {"PYTHONSAFEPATH": "1"}
    if arguments[0] == "-m":
        safe["PYTHONPATH"] = str(place)
    plain = python(arguments, place, environment | safe)
    debugged = rdb_run(arguments, ["continue", "quit"], cwd=place, env=safe)
    assert facts(debugged.stdout) == facts(plain.stdout)


def test_the_console_script_is_the_same_as_the_module(place: Path, environment: dict[str, str]) -> None:
    rdb = Path(sys.executable).parent / "rdb"
    command = [str(rdb), "script.py", "a"]
    done = subprocess.run(
        command, cwd=place, env=environment, input="c\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert facts(done.stdout) == facts(python(["script.py", "a"], place, environment).stdout)
    assert done.returncode == 0


def test_a_program_of_the_main_module_can_be_pickled(rdb_run: Run) -> None:
    script = """\
        import pickle
        class Point:
            pass
        if __name__ == "__main__":
            copy = pickle.loads(pickle.dumps(Point()))
            print(type(copy) is Point, Point.__module__)
        """
    assert "True __main__" in rdb_run(textwrap.dedent(script), ["c"]).stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nowhere.py"], 1, "Error: nowhere.py does not exist\n"),
        (["package/sub"], 1, "Error: package/sub is a directory without __main__.py\n"),
        (["-m", "nowhere"], 1, "ImportError: No module named nowhere\n"),
        (
            ["-m", "package.sub"],
            1,
            "ImportError: No module named package.sub.__main__; "
            "'package.sub' is a package and cannot be directly executed\n",
        ),
        (["loop.py"], 1, "Error: loop.py does not exist\n"),
        (["-m", ".x"], 1, "ImportError: Relative module names not supported\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_run_is_said(
    arguments: list[str], status: int, said: str, place: Path, environment: dict[str, str]
) -> None:
    (place / "loop.py").symlink_to("loop.py")
    outcome = python(["-m", "rdb", *arguments], place, environment)
    assert outcome == Outcome(said, "", status)


def test_a_script_that_cannot_be_read_is_said(place: Path, environment: dict[str, str]) -> None:
    # A file that even root cannot read: the memory of no process.
    outcome = python(["-m", "rdb", "/proc/self/mem"], place, environment)
    assert outcome == Outcome("Error: cannot read /proc/self/mem: Input/output error\n", "", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no script or module to run"),
        (["--"], "there is no script or module to run"),
        (["--foo", "script.py"], "unknown option --foo: see --help"),
        (["-x"], "unknown option -x: see --help"),
        (["-c"], "the option -c needs a value"),
        (["-m"], "the option -m needs a value"),
        (["--no-rc=1"], "the option --no-rc takes no value"),
        (["--backend", "fast", "script.py"], "there is no backend 'fast': choose one of auto, monitoring, settrace"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_is_said(arguments: list[str], said: str, place: Path, environment: dict[str, str]) -> None:
    outcome = python(["-m", "rdb", *arguments], place, environment)
    usage = (
        "usage: python -m rdb [options] (script.py | directory | archive | -m module | -e code) [args ...]\n"
        "       python -m rdb [options] -p PID\n"
        f"rdb: error: {said}\n"
    )
    assert outcome == Outcome("", usage, 2)


def test_help_and_version(place: Path, environment: dict[str, str]) -> None:
    shown = python(["-m", "rdb", "--help"], place, environment)
    assert shown.stdout.startswith("usage: python -m rdb [options]")
    assert shown.returncode == 0
    short = python(["-m", "rdb", "--version"], place, environment)
    assert short == Outcome(short.stdout, "", 0)
    assert short.stdout.startswith("rdb ")
    long = python(["-m", "rdb", "--version", "--verbose"], place, environment).stdout.splitlines()
    assert long[0] == short.stdout.strip()
    assert [line.partition(":")[0] for line in long[1:]] == ["backend", "python", "platform", "rdb"]
    assert sys.executable in long[2]


@pytest.mark.parametrize("choice", ["auto", "monitoring", "settrace"])
def test_the_version_says_which_backend_and_why(choice: str, place: Path, environment: dict[str, str]) -> None:
    outcome = python(["-m", "rdb", "--version", "--verbose", "--backend", choice], place, environment)
    if choice == "monitoring" and sys.version_info < (3, 12):
        assert outcome.returncode == 1
        assert "Error: " in outcome.stdout
        return
    newest = "monitoring" if sys.version_info >= (3, 12) else "settrace"
    expected = newest if choice == "auto" else choice
    assert f"backend: {expected} (" in outcome.stdout


def test_it_stops_at_the_first_line_with_code(rdb_run: Run, tmp_path: Path) -> None:
    outcome = rdb_run("# a comment\n\nimport sys\nprint('done')\n", ["where"])
    assert transcript(outcome, tmp_path / "script.py") == [
        "> script.py(3)<module>()",
        "-> import sys",
        "(rdb) > script.py(3)<module>()",
        "-> import sys",
        "(rdb) ",
    ]


def test_an_empty_program_stops_too(rdb_run: Run, tmp_path: Path) -> None:
    outcome = rdb_run("", ["c"])
    lines = transcript(outcome, tmp_path / "script.py")
    assert lines[0].startswith("> script.py(")
    assert "(rdb) The program finished and will be restarted" in lines


def test_commands_and_start_up_files_run_in_order(rdb_run: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    (Path(environment["HOME"]) / ".pdbrc").write_text("# a comment\n\np 'home pdbrc'\nalias hi p 'alias'\n")
    (tmp_path / ".pdbrc").write_text("p 'pdbrc'\n")
    (tmp_path / ".rdbrc").write_text("p 'rdbrc'\n")
    options = ["-c", "p 'first'", "--command=p 'second'", "--command", "hi", "-cp 'joined'"]
    outcome = rdb_run("x = 1\n", ["p 'typed'"], options=options)
    said = [line for line in outcome.stdout.replace("(rdb) ", "").splitlines() if line.startswith("'")]
    assert said == ["'home pdbrc'", "'pdbrc'", "'rdbrc'", "'first'", "'second'", "'alias'", "'joined'", "'typed'"]
    without = rdb_run("x = 1\n", ["p 'typed'"], options=["--no-rc", "-c", "p 'first'"])
    said = [line for line in without.stdout.replace("(rdb) ", "").splitlines() if line.startswith("'")]
    assert said == ["'first'", "'typed'"]


@pytest.mark.parametrize(
    ("statement", "shown", "status"),
    [
        ("sys.exit()", "", 0),
        ("sys.exit(0)", "0", 0),
        ("sys.exit(3)", "3", 3),
        ("sys.exit(True)", "True", 1),
        ("sys.exit('broken')", "broken", 1),
        ("raise SystemExit(7)", "7", 7),
    ],
)
@pytest.mark.parametrize("leave", [["quit"], []], ids=["quit", "end of input"])
def test_the_exit_status_is_the_programs(
    statement: str, shown: str, status: int, leave: list[str], rdb_run: Run, tmp_path: Path
) -> None:
    outcome = rdb_run(f"import sys\n{statement}\n", ["continue", *leave])
    assert transcript(outcome, tmp_path / "script.py")[:6] == [
        "> script.py(1)<module>()",
        "-> import sys",
        f"(rdb) The program exited via sys.exit(). Exit status: {shown}",
        "The program finished and will be restarted",
        "> script.py(1)<module>()",
        "-> import sys",
    ]
    assert (outcome.returncode, outcome.stderr) == (status, "")


def test_looking_round_at_the_first_line_does_not_lose_the_status(rdb_run: Run) -> None:
    assert rdb_run("import sys\nsys.exit(3)\n", ["c", "p sys", "b 2", "q"]).returncode == 3


@pytest.mark.parametrize("commands", [["q"], ["n", "q"], ["c", "n", "q"], ["b 2", "c", "c", "c", "q"], []])
def test_leaving_in_mid_run_is_no_failure(commands: list[str], rdb_run: Run) -> None:
    assert rdb_run("import sys\nsys.exit(3)\n", commands).returncode == 0


BROKEN = """\
import sys

def divide(a, b):
    return (a +
            a / b)

def main():
    try:
        divide(1, 0)
    except ZeroDivisionError as error:
        raise ValueError("wrong") from error

main()
"""


def test_an_uncaught_exception_is_shown_as_python_shows_it(
    rdb_run: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    outcome = rdb_run(BROKEN, ["c", "w", "p error", "q"])
    plain = python([str(tmp_path / "script.py")], tmp_path, environment)
    assert outcome.stderr == plain.stderr
    assert transcript(outcome, tmp_path / "script.py") == [
        "> script.py(1)<module>()",
        "-> import sys",
        "(rdb) Uncaught exception. Entering post mortem debugging",
        "Running 'cont' or 'step' will restart the program",
        "> script.py(11)main()",
        '-> raise ValueError("wrong") from error',
        "(rdb)   script.py(13)<module>()",
        "-> main()",
        "> script.py(11)main()",
        '-> raise ValueError("wrong") from error',
        "(rdb) *** NameError: name 'error' is not defined",
        "(rdb) ",
    ]
    assert outcome.returncode == plain.returncode == 1


@pytest.mark.parametrize("command", ["c", "s", "n", "run"])
def test_after_a_post_mortem_the_program_starts_again(command: str, rdb_run: Run, tmp_path: Path) -> None:
    outcome = rdb_run("x = 1\n1 / 0\n", ["c", command, "w", "q"])
    said = (
        ["(rdb) Restarting script.py with arguments:", "\t"]
        if command == "run"
        else ["(rdb) The program finished and will be restarted"]
    )
    assert transcript(outcome, tmp_path / "script.py")[6:] == [
        *said,
        "> script.py(1)<module>()",
        "-> x = 1",
        "(rdb) > script.py(1)<module>()",
        "-> x = 1",
        "(rdb) ",
    ]


def test_the_programs_own_excepthook_is_called(rdb_run: Run) -> None:
    script = "import sys\nsys.excepthook = lambda *args: print('hook', args[1])\n1 / 0\n"
    outcome = rdb_run(script, ["c"])
    assert "hook division by zero\n" in outcome.stdout
    assert (outcome.stderr, outcome.returncode) == ("", 1)


@pytest.mark.parametrize("source", ["def f(:\n", "x = '\n", "if 1:\nprint()\n", "return 1\n"])
def test_a_syntax_error_is_shown_as_python_shows_it(
    source: str, rdb_run: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    outcome = rdb_run(source, ["where", "list", "p 1"])
    plain = python([str(tmp_path / "script.py")], tmp_path, environment)
    assert outcome.stderr == plain.stderr
    assert outcome.returncode == 1
    assert outcome.stdout.count("Uncaught exception. Entering post mortem debugging\n") == 1
    assert "rdb: internal error" not in outcome.stdout


def test_a_program_is_read_anew_when_it_starts_again(rdb_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    change = f"!open({str(path)!r}, 'w').write('import sys\\nprint(\"new\")\\n') and None"
    outcome = rdb_run("print('old')\n", [change, "run", "n", "n", "c"])
    assert "-> import sys\n" in outcome.stdout
    assert '(rdb) > script.py(2)<module>()\n-> print("new")\n(rdb) new\n' in outcome.stdout.replace(
        str(path), path.name
    )


def test_arguments_of_a_new_start(rdb_run: Run) -> None:
    script = "import sys\nprint(sys.argv[1:])\nsys.argv[1:] = ['changed']\n"
    outcome = rdb_run(script, ["c", "c", "run x 'y z'", "c", "restart", "c"], "a", "-b")
    printed = [line.removeprefix("(rdb) ") for line in outcome.stdout.splitlines() if line.endswith("]")]
    assert printed == ["['a', '-b']", "['a', '-b']", "['x', 'y z']", "['x', 'y z']"]
    assert "with arguments:\n\tx y z\n" in outcome.stdout


def test_breakpoints_live_on_when_the_program_starts_again(rdb_run: Run) -> None:
    script = "def f():\n    return 1\nf()\nf()\n"
    outcome = rdb_run(script, ["b f", "c", "c", "c", "c", "b", "q"])
    assert outcome.stdout.count("-> return 1") == 3
    assert "breakpoint already hit 3 times" in outcome.stdout


def test_a_module_runs_again_from_its_file(rdb_run: Run, place: Path) -> None:
    outcome = rdb_run(["-m", "package"], ["c", "c", "q"], cwd=place)
    assert outcome.stdout.count("facts {") == 2
    assert outcome.stdout.count("-> from . import names") == 3


def test_a_restart_leaves_nothing_of_the_old_program(rdb_run: Run) -> None:
    script = """\
        class Kept:
            def __del__(self):
                print("freed")
        kept = Kept()
        1 / 0
        """
    outcome = rdb_run(
        textwrap.dedent(script), ["c", "c", "!__import__('gc').collect() and None", "p 'started again'", "q"]
    )
    assert outcome.stdout.index("freed") < outcome.stdout.index("started again")


def test_threads_are_waited_for_before_the_program_has_finished(rdb_run: Run) -> None:
    script = """\
        import threading, time
        def work():
            time.sleep(0.2)
            print("thread done")
        threading.Thread(target=work).start()
        print("main done")
        """
    outcome = rdb_run(textwrap.dedent(script), ["c", "c"])
    said = [line for line in outcome.stdout.replace("(rdb) ", "").splitlines() if "done" in line or "finished" in line]
    assert said == ["main done", "thread done", "The program finished and will be restarted"] * 2


def test_executors_end_with_the_program_and_work_again(rdb_run: Run) -> None:
    script = """\
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(2)
        print("sum", sum(pool.map(abs, [-1, -2])))
        """
    outcome = rdb_run(textwrap.dedent(script), ["c", "c"])
    assert outcome.stdout.count("sum 3\n") == 2
    assert outcome.stderr == ""


def test_atexit_functions_run_at_the_real_end(rdb_run: Run) -> None:
    script = "import atexit\natexit.register(print, 'at exit')\n"
    outcome = rdb_run(script, ["c", "p 'prompt'", "q"])
    assert outcome.stdout.count("at exit") == 1
    assert outcome.stdout.endswith("at exit\n")


def test_a_program_can_be_sent_on_without_rdb(rdb_run: Run, tmp_path: Path, environment: dict[str, str]) -> None:
    outcome = rdb_run(BROKEN, ["b divide", "detach"])
    plain = python([str(tmp_path / "script.py")], tmp_path, environment)
    assert outcome.stderr == plain.stderr
    assert outcome.returncode == plain.returncode
    assert outcome.stdout.count("(rdb) ") == 2
    text = rdb_run("import sys\nsys.exit('bye')\n", ["detach"])
    assert (text.stderr, text.returncode) == ("bye\n", 1)


def test_rdb_loads_little_before_the_program_runs(rdb_run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    script = "import sys\nprint('loaded', *sorted(sys.modules))\n"
    outcome = rdb_run(script, ["c"])
    (loaded,) = [line.partition("loaded ")[2].split() for line in outcome.stdout.splitlines() if "loaded " in line]
    plain = python([str(tmp_path / "script.py")], tmp_path, environment).stdout.split()[1:]
    (tmp_path / "empty.py").write_text("import sys\nprint('loaded', *sorted(sys.modules))\n")
    as_module = python(["-m", "empty"], tmp_path, environment).stdout.split()[1:]
    added = {name for name in set(loaded) - set(plain) - set(as_module) if name.partition(".")[0] != "rdb"}
    slow = {"pdb", "cmd", "bdb", "argparse", "inspect", "linecache", "tokenize", "re", "threading", "typing", "ast"}
    assert not added & slow


def test_rdb_itself_imports_no_pdb(environment: dict[str, str], tmp_path: Path) -> None:
    code = "import sys, rdb, rdb.cli, rdb.runner; print(sorted({'pdb', 'cmd', 'bdb'} & set(sys.modules)))"
    assert python(["-c", code], tmp_path, environment) == Outcome("[]\n", "", 0)


def test_rdb_under_rdb_does_not_hang(rdb_run: Run, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('inner')\n")
    outcome = rdb_run(["-m", "rdb", "script.py"], ["c", "c", "q", "q", "q"])
    assert outcome.returncode in (0, 1)


def test_a_closed_directory_does_not_matter(environment: dict[str, str], tmp_path: Path) -> None:
    # The current directory can be gone: Python starts there, so rdb does.
    gone = tmp_path / "gone"
    gone.mkdir()
    script = tmp_path / "script.py"
    script.write_text("print('here')\n")
    done = subprocess.run(
        ["sh", "-c", f'rmdir "$PWD"; exec "{sys.executable}" -m rdb "{script}"'],
        cwd=gone,
        env={key: value for key, value in environment.items() if key != "PWD"} | {"PYTHONSAFEPATH": "1"},
        input="c\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "here" in done.stdout
    assert os.path.exists(script)  # noqa: PTH110


def test_the_commands_of_a_temporary_breakpoint_run(rdb_run: Run) -> None:
    outcome = rdb_run("x = 1\ny = 2\nz = 3\n", ["tbreak 3", "commands 1", "p 'y is', y", "end", "c", "b", "q"])
    assert "('y is', 2)\n> " in outcome.stdout
    assert outcome.stdout.endswith("-> z = 3\n(rdb) (rdb) ")
