"""rdb in the place of pdb and bdb: `rdb.install()`, and the .pth file that does it for an environment variable."""

from __future__ import annotations

import importlib.util
import runpy
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdb
from conftest import Outcome

WHERE = Path(rdb.__file__).parent.parent
ON = {"RDB_INSTALL": "1"}
NAMES = "import pdb, bdb; print(pdb.__name__, bdb.__name__)"
OURS, THEIRS = "rdb.pdb rdb.bdb\n", "pdb bdb\n"


class Environment:
    """A virtual environment in which rdb can be imported."""

    def __init__(self, directory: Path, variables: dict[str, str]) -> None:
        venv.create(directory, symlinks=True)
        self.python = directory / "bin" / "python"
        self.variables = variables
        (self.packages,) = (directory / "lib").glob("python*/site-packages")
        self.link = self.packages / "where-rdb-is.pth"
        self.link.write_text(f"{WHERE}\n")

    def run(self, *arguments: str, stdin: str = "", **variables: str) -> Outcome:
        """Runs Python to its end."""
        done = subprocess.run(
            [str(self.python), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=self.variables | variables,
        )
        return Outcome(done.stdout, done.stderr, done.returncode)


@pytest.fixture
def bare(tmp_path: Path, environment: dict[str, str]) -> Environment:
    """Returns an environment without the .pth file."""
    return Environment(tmp_path / "venv", environment)


@pytest.fixture
def prepared(bare: Environment) -> Environment:
    """Returns an environment with the .pth file."""
    assert bare.run("-m", "rdb", "--install-pth").returncode == 0
    return bare


@pytest.fixture
def installed() -> Iterator[None]:
    """Puts rdb in the place of pdb and bdb in this process."""
    rdb.install()
    yield
    rdb.uninstall()


@pytest.mark.usefixtures("installed")
def test_the_modules_are_found_by_either_name() -> None:
    spec = importlib.util.find_spec("pdb")
    assert spec is not None
    assert spec.origin == str(WHERE / "rdb" / "pdb.py")
    import pdb

    assert pdb is sys.modules["rdb.pdb"]


@pytest.mark.usefixtures("installed")
def test_a_module_that_is_loaded_can_be_run_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    import pdb

    assert pdb.__spec__ is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["pdb", "--help"])
        with pytest.raises(SystemExit):
            runpy.run_module("pdb", run_name="__main__", alter_sys=True)
    assert "[-c command]" in capsys.readouterr().out


def test_uninstalling_gives_back_what_was_loaded() -> None:
    import bdb
    import pdb

    rdb.install()
    rdb.install()
    assert sys.modules["pdb"] is sys.modules["rdb.pdb"]
    rdb.uninstall()
    rdb.uninstall()
    assert (sys.modules["pdb"], sys.modules["bdb"]) == (pdb, bdb)


@pytest.mark.parametrize("options", [(), ("-I",), ("-E",), ("-P",), ("-W", "error")])
def test_the_variable_puts_rdb_in_the_place_of_pdb(prepared: Environment, options: tuple[str, ...]) -> None:
    assert prepared.run(*options, "-c", NAMES, **ON) == Outcome(OURS, "", 0)


@pytest.mark.parametrize("value", ["", "0", None])
def test_without_the_variable_nothing_is_changed(bare: Environment, value: str | None) -> None:
    state = f"import sys; print(sys.meta_path, sorted(sys.modules)); {NAMES}"
    before = bare.run("-c", state)
    assert bare.run("-m", "rdb", "--install-pth").returncode == 0
    assert bare.run("-c", state, **({} if value is None else {"RDB_INSTALL": value})) == before
    assert before.stdout.endswith(THEIRS)


def test_rdb_is_loaded_when_pdb_is(prepared: Environment) -> None:
    code = "import sys; print('rdb' in sys.modules); import bdb; print('rdb.bdb' in sys.modules, 'pdb' in sys.modules)"
    assert prepared.run("-c", code, **ON) == Outcome("False\nTrue False\n", "", 0)


def test_a_program_is_debugged_by_the_name_of_pdb(prepared: Environment, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import pdb\nprint(pdb.__name__)\n")
    ran = prepared.run("-m", "pdb", str(script), stdin="next\nnext\nq\n", **ON)
    assert f"> {script}(1)<module>()\n-> import pdb\n" in ran.stdout
    assert "(Pdb) rdb.pdb\n" in ran.stdout
    assert (ran.stderr, ran.returncode) == ("", 0)


def test_the_debugger_debugs_itself(prepared: Environment, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("print('it runs')\n")
    ran = prepared.run("-m", "pdb", "-m", "pdb", str(script), stdin="continue\ncontinue\nq\nq\n", **ON)
    assert f"> {WHERE / 'rdb' / 'pdb.py'}(1)<module>()\n" in ran.stdout
    assert f"> {script}(1)<module>()\n" in ran.stdout
    assert "(Pdb) it runs\n" in ran.stdout


def test_breakpoint_means_rdb(prepared: Environment) -> None:
    stops = "breakpoint()\nimport sys; print(sys.modules['pdb'].__name__)"
    ran = prepared.run("-c", stops, stdin="continue\n", **ON)
    assert ran.stdout.endswith("rdb.pdb\n")


def test_processes_that_are_started_have_it_too(prepared: Environment) -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-I', '-c', {NAMES!r}])"
    assert prepared.run("-c", code, **ON) == Outcome(OURS, "", 0)


def test_a_program_can_undo_it(prepared: Environment) -> None:
    assert prepared.run("-c", f"import rdb; rdb.uninstall(); {NAMES}", **ON) == Outcome(THEIRS, "", 0)
    assert prepared.run("-c", f"import pdb, rdb; rdb.uninstall(); {NAMES}", **ON) == Outcome(THEIRS, "", 0)


def test_writing_and_removing_say_where(bare: Environment) -> None:
    path = bare.packages / "rdb-install.pth"
    wrote = bare.run("-m", "rdb", "--install-pth")
    assert wrote.stdout.splitlines()[0] == f"Wrote {path}"
    assert path.is_file()
    assert bare.run("-m", "rdb", "--remove-pth") == Outcome(f"Removed {path}\n", "", 0)
    assert not path.exists()
    assert bare.run("-c", NAMES, **ON).stdout == THEIRS


def test_what_is_not_there_is_not_removed(bare: Environment) -> None:
    path = bare.packages / "rdb-install.pth"
    told = f"Error: failed to remove {path}: No such file or directory\n"
    assert bare.run("-m", "rdb", "--remove-pth") == Outcome(told, "", 1)


def test_where_it_cannot_be_written_it_says_so(bare: Environment) -> None:
    path = bare.packages / "rdb-install.pth"
    path.mkdir()
    told = f"Error: failed to write {path}: Is a directory\n"
    assert bare.run("-m", "rdb", "--install-pth") == Outcome(told, "", 1)


def test_where_it_would_not_be_read_it_says_so(bare: Environment) -> None:
    code = f"import sys; sys.path.append({str(WHERE)!r}); import site; site.getsitepackages = list\n"
    told = f"Error: {bare.packages} is where packages are installed, but Python reads no .pth files there\n"
    ran = bare.run("-c", f"{code}from rdb.cli import main; raise SystemExit(main(['--install-pth']))")
    assert ran == Outcome(told, "", 1)
    assert not (bare.packages / "rdb-install.pth").exists()


def test_without_rdb_it_is_pdb(prepared: Environment) -> None:
    prepared.link.unlink()
    assert prepared.run("-c", NAMES, **ON) == Outcome(THEIRS, "", 0)


def test_a_broken_rdb_is_told_of_and_pdb_is_used(prepared: Environment) -> None:
    prepared.link.unlink()
    package = prepared.packages / "rdb"
    package.mkdir()
    (package / "__init__.py").write_text("import not_there\n")
    told = "rdb is not in the place of pdb, because it cannot be imported: No module named 'not_there'\n"
    assert prepared.run("-c", NAMES, **ON) == Outcome(THEIRS, told, 0)


def test_the_options_take_no_program(bare: Environment) -> None:
    ran = bare.run("-m", "rdb", "--remove-pth", "script.py")
    assert ran.stderr.endswith("rdb: error: the option --remove-pth takes no script or module\n")
    assert ran.returncode == 2
