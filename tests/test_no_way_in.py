"""What is said where a process cannot be attached to."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import attempt, can_attach
from rdb import attaching


@pytest.mark.skipif(attaching.is_possible(), reason="this Python can attach")
@pytest.mark.parametrize("module", ["rdb", "rdb.pdb"])
def test_older_pythons_say_what_is_possible(module: str, environment: dict[str, str]) -> None:
    done = attempt(module, "-p", "1", env=environment)
    assert (done.stdout, done.returncode) == ("", 2)
    assert "needs Python 3.14 or later" in done.stderr
    assert "start the program under rdb" in done.stderr
    assert "breakpoint()" in done.stderr


@can_attach
def test_a_process_that_does_not_exist(environment: dict[str, str]) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    done = attempt("rdb.pdb", "-p", str(ended.pid), env=environment)
    text = "please make sure that the process exists and is using the same Python version."
    assert done.stdout == f"Cannot attach to pid {ended.pid}, {text}\n"
    assert (done.stderr, done.returncode) == ("", 1)
    done = attempt("rdb", "-p", str(ended.pid), env=environment)
    assert done.stdout == f"Error: there is no process {ended.pid}\n"
    assert (done.stderr, done.returncode) == ("", 1)


@can_attach
def test_a_debugger_that_was_told_not_to_attach(environment: dict[str, str]) -> None:
    done = attempt("rdb", "-p", str(os.getpid()), env=environment, PYTHON_DISABLE_REMOTE_DEBUG="1")
    assert "start it without PYTHON_DISABLE_REMOTE_DEBUG" in done.stdout
    assert (done.stderr, done.returncode) == ("", 1)


@can_attach
def test_a_process_that_is_no_python(environment: dict[str, str]) -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    done = attempt("rdb", "-p", str(sleeper.pid), env=environment)
    sleeper.kill()
    sleeper.wait()
    assert done.stdout.startswith(f"Error: cannot attach to process {sleeper.pid}: ")
    assert "It has to run Python 3." in done.stdout
    assert (done.stderr, done.returncode) == ("", 1)


@can_attach
@pytest.mark.parametrize("module", ["rdb", "rdb.pdb"])
@pytest.mark.parametrize("args", [["-p"], ["-p", "abc"], ["--pid", "1", "more"], ["-p1", "-m", "module"]])
def test_wrong_usage_of_the_option(module: str, args: list[str], environment: dict[str, str]) -> None:
    done = attempt(module, *args, env=environment)
    assert "usage:" in done.stderr
    assert "-p pid" in done.stderr.lower()
    assert (done.stdout, done.returncode) == ("", 2)


@can_attach
def test_a_debugger_does_not_attach_to_itself() -> None:
    with pytest.raises(attaching.AttachError, match="own process"), attaching.attached(os.getpid(), "", {}):
        pass
