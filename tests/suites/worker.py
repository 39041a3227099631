"""Runs one suite of CPython in this process, from a given test on, and writes a line of JSON for each event.

The driver (`__main__`) starts it in a process of its own and starts it again behind a test that has killed it.
"""

from __future__ import annotations

import json
import os
import sys
import unittest
from collections.abc import Iterator
from typing import Any, TextIO

sys.path.pop(0)  # a suite shall not find our modules

OF_SYS = ("test_sys_settrace", "test_sys_setprofile")
"""The suites of what rdb has instead of functions of `sys`."""


def main(module: str, first: int, out: TextIO) -> None:
    """Runs the tests of a suite from number `first` on."""
    check_aim()
    if module.rpartition(".")[2] in OF_SYS:
        replace_in_sys()
    tests = list(flatten(unittest.defaultTestLoader.loadTestsFromName(module)))
    print(json.dumps({"known": [label(test) for test in tests]}), file=out, flush=True)
    result = Result(out)
    unittest.TestSuite(tests[first:]).run(result)
    print(json.dumps({"done": True}), file=out, flush=True)


def check_aim() -> None:
    """Makes sure that it is rdb what is tested, here and in processes that the tests start."""
    import subprocess

    code = "import bdb, pdb; print(bdb.__name__, pdb.__name__)"
    for options in ([], ["-I"]):
        told = subprocess.check_output([sys.executable, *options, "-c", code], text=True)
        assert told == "rdb.bdb rdb.pdb\n", f"the suites would test {told}"
    import bdb
    import pdb

    assert (bdb.__name__, pdb.__name__) == ("rdb.bdb", "rdb.pdb")


def replace_in_sys() -> None:
    """Puts rdb's functions in the place of those of `sys`."""
    import rdb

    for name in ("settrace", "gettrace", "setprofile", "getprofile"):
        setattr(sys, name, getattr(rdb, name))


def flatten(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Returns the tests of a suite, in order."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def label(test: unittest.TestCase) -> str:
    """Returns a name that no other test of the suite has."""
    name = test.id().rpartition(".")[2]
    if type(test).__name__ != "DocTestCase":
        return f"{type(test).__name__}.{name}"
    # Doctests may run once for each backend of pdb, which only the closure of their preparation tells.
    cells = getattr(getattr(test, "_dt_setUp", None), "__closure__", None) or ()
    backends = [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, str)]
    return f"doctest{backends or ''}.{name}".replace("'", "")


class Result(unittest.TestResult):
    """Tells the driver about each test when it begins and when it has ended."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self.out = out
        self.outcome = "passed"
        self.text = ""

    def tell(self, what: str, test: unittest.TestCase, **more: str) -> None:
        """Writes a line."""
        print(json.dumps({what: label(test), **more}), file=self.out, flush=True)

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        """Says which test it is, in case that nothing more is heard."""
        super().startTest(test)
        self.outcome, self.text = "passed", ""
        self.tell("begins", test)

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        """Says how it ended."""
        self.tell("ends", test, outcome=self.outcome, text=self.text)
        super().stopTest(test)

    def fail(self, text: str) -> None:
        """Keeps a failure, and stops a debugger that was left running."""
        self.outcome, self.text = "failed", self.text + text
        stop_tracing()

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Keeps a failed test."""
        self.fail(self._exc_info_to_string(err, test))

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        """Keeps an error; what a class or module raises when it is set up has no test."""
        self.fail(self._exc_info_to_string(err, test))
        if not isinstance(test, unittest.TestCase):
            print(json.dumps({"broken": str(test), "text": self.text}), file=self.out, flush=True)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        """Keeps a failed part of a test."""
        if err is not None:
            self.fail(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: ARG002, N802
        """Keeps a skipped test."""
        self.outcome, self.text = "skipped", reason

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: ARG002, N802
        """Keeps a test that should fail."""
        self.fail("unexpected success")


def stop_tracing() -> None:
    """Takes away each tracer, as a failed test leaves it behind."""
    sys.settrace(None)
    sys.setprofile(None)
    monitoring: Any = getattr(sys, "monitoring", None)
    for tool in range(6) if monitoring else ():
        if monitoring.get_tool(tool) is not None:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)


if __name__ == "__main__":
    module, first, descriptor = sys.argv[1:]
    sys.argv = [module]
    with os.fdopen(int(descriptor), "w") as out:
        main(module, int(first), out)
