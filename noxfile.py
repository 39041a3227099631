"""The one door for developers: `nox --list` shows what there is to do.

Plain `nox` runs all tests with the Python that runs nox. `nox -s tests` runs them on every supported
Python that is on PATH; a missing one is skipped with a word, or fails where CI=true is set.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = nox.project.python_versions(PYPROJECT)
PEERS = ("debugpy", "pudb", "coverage", "hunter", "viztracer")
"""Who is measured beside rdb, where it installs."""
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()
SCORES = TARGET / "suites"
PURE = ("-p", "rdb-core", "-p", "rdb-repl", "--all-features")
"""The crates whose tests need no interpreter."""

if HERE not in PYTHONS:
    sys.exit(f"rdb is developed with Python {PYTHONS[0]} to {PYTHONS[-1]}, not {HERE}: start nox with one of those.")

# The running Python is found under its versioned name, although its venv need not be activated.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = os.environ.get("CI") == "true"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["rust", f"tests-{HERE}"]


@nox.session(python=False)
def rust(session: nox.Session) -> None:
    """Runs the tests of the crates that need no interpreter."""
    if shutil.which("cargo-nextest"):
        session.run("cargo", "nextest", "run", *PURE, *session.posargs, external=True)
        session.run("cargo", "test", "--doc", *PURE, external=True)
    else:
        session.run("cargo", "test", "--no-fail-fast", *PURE, *session.posargs, external=True)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Builds rdb for one Python and runs everything that needs an interpreter, on every backend it has."""
    install(session, groups=("test", "neighbours"), profile="dev")
    session.run("pytest", *(session.posargs or ("-n", "auto")), env={"RUST_BACKTRACE": "0"})


@nox.session(python=PYTHONS)
def suites(session: nox.Session) -> None:
    """Runs CPython's own suites of pdb, bdb and trace functions with rdb in their place; fails if it does worse."""
    install(session, groups=(), profile="dev")
    session.run("python", "tests/suites", str(SCORES), *session.posargs)


@nox.session(python=False)
def scores(session: nox.Session) -> None:
    """Prints what the suites have scored on all Pythons when they ran last."""
    session.run(sys.executable, "tests/suites", str(SCORES), "--table")


@nox.session(python=HERE)
def lint(session: nox.Session) -> None:
    """Checks format, lints, types and the floors between the crates."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "format", "--check")
    session.run("ruff", "check")
    session.run("mypy")
    session.run("pytest", "-q", "tests/test_tidy.py")
    cargo = {"PYO3_PYTHON": python_of(session), "CARGO_TARGET_DIR": str(TARGET / "lint")}
    session.run("cargo", "fmt", "--check", external=True)
    session.run(
        "cargo",
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
        env=cargo,
        external=True,
    )
    if shutil.which("cargo-deny"):
        session.run("cargo", "deny", "check", "bans", "licenses", "sources", external=True)
    else:
        session.warn("cargo-deny is not installed: licences and sources were not checked (cargo install cargo-deny)")


@nox.session(python=HERE)
def docs(session: nox.Session) -> None:
    """Builds the manual; a warning is an error."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "docs"))
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html", *session.posargs)


@nox.session(python=False)
def commands(session: nox.Session) -> None:
    """Writes docs/commands.md anew from the table of commands, and the generated parts of docs/pdb-differences.md."""
    page = session.run("cargo", "run", "-q", "-p", "rdb-repl", "--example", "manual", external=True, silent=True)
    (ROOT / "docs" / "commands.md").write_text(page, encoding="utf-8")
    session.run(sys.executable, "tests/suites/page.py")


@nox.session(python=PYTHONS)
def bench(session: nox.Session) -> None:
    """Prints what rdb costs, as ratios to plain Python, beside what others cost; `-- --small` takes two minutes."""
    install(session, groups=(), profile="release")
    peers = Path(session.create_tmp()) / "peers"
    if "--small" not in session.posargs:
        for peer in PEERS:
            # One that does not install here does not take part.
            session.install("--target", str(peers), peer, success_codes=range(256))
    session.run("python", "benches/run.py", "--peers", str(peers), *session.posargs)


@nox.session(python=PYTHONS)
def conditions(session: nox.Session) -> None:
    """Prints what a hit costs whose condition is false, under rdb.pdb and pdb, rdb, and subclasses of Bdb."""
    install(session, groups=(), profile="release")
    session.run("python", "benches/conditions.py", *session.posargs)


@nox.session(python=False)
def performance(session: nox.Session) -> None:
    """Writes docs/performance.md anew from what `bench` has measured."""
    session.run(sys.executable, "benches/report.py", *session.posargs)


def install(session: nox.Session, *, groups: tuple[str, ...], profile: str) -> None:
    """Builds a wheel for the session's Python and installs it.

    Each Python has a target directory of its own: going back to one does not build everything again.
    """
    session.install(*nox.project.dependency_groups(PYPROJECT, "build", *groups))
    wheels = Path(session.create_tmp()) / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    session.run(
        *("maturin", "build", "--quiet", "--profile", profile, "--auditwheel", "skip"),
        *("--interpreter", python_of(session), "--out", str(wheels)),
        env={"CARGO_TARGET_DIR": str(TARGET / f"py{session.python}")},
    )
    (wheel,) = wheels.glob("*.whl")
    # With bytecode, as pip installs it: uv leaves that to the first run, which may not be allowed to write it.
    session.install("--no-deps", "--reinstall", "--compile-bytecode", str(wheel))


def python_of(session: nox.Session) -> str:
    """Returns the path of the session's interpreter."""
    return str(Path(session.bin) / "python")
