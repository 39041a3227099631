"""What importing and starting rdb loads: little, and nothing of the debugger it replaces."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import metadata, resources
from pathlib import Path

import pytest
from conftest import Run

ROOT = Path(__file__).parent.parent
HEAVY = {
    "argparse",
    "ast",
    "asyncio",
    "dataclasses",
    "enum",
    "inspect",
    "linecache",
    "logging",
    "re",
    "tokenize",
    "typing",
}
"""What costs more than rdb may: a start is to take at most twice as long as that of plain Python."""


def loaded(code: str) -> set[str]:
    """Returns the modules that are loaded behind this code and were not before."""
    report = "import json; print(json.dumps(sorted(after - before)))"
    probe = f"import sys; before = set(sys.modules)\n{code}\nafter = set(sys.modules); {report}"
    done = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_importing_rdb_loads_no_other_debugger() -> None:
    modules = loaded("import rdb")
    assert "rdb._rdb" in modules
    assert modules & {"pdb", "cmd", "bdb"} == set()


def test_importing_rdb_loads_nothing_heavy() -> None:
    assert loaded("import rdb") & HEAVY == set()


def test_a_session_loads_nothing_heavy(rdb_run: Run, backend: str) -> None:
    script = "import sys\nprint(' '.join(sys.modules))\n"
    # The trace function of threads to come is set through `threading`.
    unwelcome = HEAVY | {"pdb", "cmd", "bdb"} | ({"threading"} if backend == "monitoring" else set())

    outcome = rdb_run(script, ["continue", "quit"])

    (line,) = (line for line in outcome.stdout.splitlines() if "rdb._rdb" in line)
    assert set(line.removeprefix("(rdb) ").split()) & unwelcome == set()


def test_one_version() -> None:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]
    said = subprocess.run([sys.executable, "-m", "rdb", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"rdb {version}\n"
    assert metadata.version("rdb") == version


@pytest.mark.parametrize("name", ["py.typed", "_rdb.pyi"])
def test_the_types_are_installed(name: str) -> None:
    assert (resources.files("rdb") / name).is_file()
