"""The floors between the crates, and habits that no other tool checks."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pybindings" / "python" / "rdb"
CRATES = {"core": "rdb-core", "repl": "rdb-repl", "pybindings": "rdb-pybindings"}
MAY_USE = {"core": set(), "repl": {"rdb-core"}, "pybindings": {"rdb-core", "rdb-repl"}}
"""Which crates of ours a crate may depend on."""
OWNERS = {"pyo3": "pybindings", "pyo3-ffi": "pybindings", "rustyline": "repl"}
"""Which crate alone may depend on these."""
LONGEST = 600
LONG_FILES: dict[str, str] = {}
"""Files that may be longer, each with its reason."""
TEXT = {".rs", ".py", ".pyi", ".toml", ".md", ".yml", ".yaml", ""}
MACHINE = re.compile(r"/(?:work/(?:main|shared)|root/|tmp/(?:target|venvs|bash_jobs))")


def sources(*roots: str, suffixes: Iterable[str]) -> Iterator[Path]:
    for root in roots:
        for path in sorted((ROOT / root).rglob("*")):
            hidden = any(part in {"target", "_build", "__pycache__", ".nox", ".venv"} for part in path.parts)
            if path.is_file() and path.suffix in suffixes and not hidden:
                yield path


def rust_files() -> list[Path]:
    return list(sources(*CRATES, suffixes={".rs"}))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_only(rust: str) -> str:
    """Returns Rust source without comments and without what strings say; each line keeps its number."""
    rust = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', rust)
    return re.sub(r"//.*", "", rust)


def offenders(paths: Iterable[Path], pattern: str) -> list[str]:
    found = []
    for path in paths:
        for number, line in enumerate(code_only(path.read_text(encoding="utf-8")).splitlines(), start=1):
            if re.search(pattern, line):
                found.append(f"{name(path)}:{number}: {line.strip()}")
    return found


def manifest(crate: str) -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / crate / "Cargo.toml").read_text(encoding="utf-8"))


def dependencies(crate: str) -> set[str]:
    tables = manifest(crate)
    return {
        dependency
        for table in ("dependencies", "dev-dependencies", "build-dependencies")
        for dependency in tables.get(table, ())
    }


def test_there_is_something_to_check() -> None:
    assert len(rust_files()) > 10
    assert list(PACKAGE.rglob("*.py"))


def test_every_rust_file_says_what_it_is_for() -> None:
    assert [name(path) for path in rust_files() if not path.read_text(encoding="utf-8").startswith("//!")] == []


def test_every_python_file_says_what_it_is_for() -> None:
    files = sources("pybindings/python", "tests", "benches", "examples", suffixes={".py"})
    ours = [path for path in files if "programs" not in path.parts]
    assert [name(path) for path in ours if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []


def test_core_is_sans_io() -> None:
    io = r"\bpyo3\b|\brustyline\b|\bstd::(fs|time|thread|net|process|env|io)\b|\be?print(ln)?!|\bdbg!"
    assert offenders(sources("core", suffixes={".rs"}), io) == []


def test_repl_knows_no_python() -> None:
    assert offenders(sources("repl", suffixes={".rs"}), r"\bpyo3\b") == []


def test_lints_are_expected_with_a_reason_and_never_allowed() -> None:
    assert offenders(rust_files(), r"#!?\[\s*allow\s*\(|\ballow\s*\(.*\)\s*\]") == []
    silent = [
        name(path)
        for path in rust_files()
        for attribute in re.findall(r"#!?\[(?:cfg_attr\(.*?)?expect\((.*?)\)\]", path.read_text(encoding="utf-8"), re.S)
        if "reason" not in attribute
    ]
    assert silent == []


def test_nothing_is_left_to_do() -> None:
    assert offenders(rust_files(), r"\b(todo|unimplemented)!") == []


def test_unsafe_only_where_c_is_spoken() -> None:
    assert offenders(sources("core", "repl", suffixes={".rs"}), r"\bunsafe\b") == []
    for crate in ("core", "repl"):
        assert manifest(crate)["lints"] == {"workspace": True}
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]
    assert workspace["lints"]["rust"]["unsafe_code"] == "forbid"


def test_files_stay_readable() -> None:
    code = [*rust_files(), *sources("pybindings/python", "tests", suffixes={".py"})]
    long = {name(path) for path in code if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST}
    assert long == set(LONG_FILES)


@pytest.mark.parametrize("crate", CRATES)
def test_dependencies_point_one_way(crate: str) -> None:
    used = dependencies(crate) - {CRATES[crate]}  # a crate's own tests may switch on its features
    assert used & set(CRATES.values()) <= MAY_USE[crate]
    assert {dependency for dependency, owner in OWNERS.items() if owner != crate} & used == set()


def test_every_dependency_has_its_reason() -> None:
    table = (ROOT / "Cargo.toml").read_text(encoding="utf-8").split("[workspace.dependencies]")[1].split("\n[")[0]
    bare, before = [], ""
    for line in filter(None, table.splitlines()):
        dependency = line.split("=")[0].strip()
        # One reason does for a crate and its companions: tracing, tracing-subscriber.
        reasoned = before.startswith("#") or before.split("=")[0].strip().startswith(dependency.split("-")[0])
        if not line.startswith(("#", "rdb-")) and not reasoned:
            bare.append(dependency)
        before = line
    assert bare == []


def test_no_path_of_one_machine() -> None:
    roots = ("core", "repl", "pybindings", "tests", "docs", "examples", "benches", ".github", ".ci", ".config")
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT and path.name != ".git"]
    for path in [*sources(*roots, suffixes=TEXT), *top]:
        if path != Path(__file__):
            found = MACHINE.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{name(path)} names a place of one machine: {found}"


def test_the_package_does_not_stand_on_pdb() -> None:
    imported = {(name(path), module) for path in PACKAGE.rglob("*.py") for module in imports(path)}
    assert {(where, module) for where, module in imported if module.split(".")[0] in {"pdb", "cmd"}} == set()
    assert {module for _, module in imported if module.split(".")[0] == "bdb"} <= {"bdb.BdbQuit"}
    rust = r'import\w*\s*\(\s*(?:py\s*,\s*)?"(?:pdb|cmd)"|intern!\s*\(\s*py\s*,\s*"(?:pdb|cmd)"\s*\)'
    ours = sources("pybindings", suffixes={".rs"})
    assert [name(path) for path in ours if re.search(rust, path.read_text(encoding="utf-8"))] == []


def imports(path: Path) -> Iterator[str]:
    """Yields the absolute names that a Python file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
