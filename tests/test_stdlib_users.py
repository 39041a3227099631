"""doctest and unittest with rdb in the place of pdb: a session says the same as with pdb, word for word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Outcome

PREPARE = """\
import os
if os.environ["DEBUGGER"] == "rdb.pdb":
    import rdb
    rdb.install()
import pdb
assert pdb.__name__ == os.environ["DEBUGGER"]
"""
"""The beginning of each program, so that frames and line numbers are the same with either debugger."""
VOLATILE = re.compile(r"(?<=0x)[0-9a-f]+|\d+\.\d+(?=s\b)")

MODULE = '''\
"""A module.

>>> answer = 6 * 7
>>> import pdb; pdb.set_trace()
>>> print(answer)
42
"""


def twice(value):
    """Doubles.

    >>> twice(21)
    43
    """
    doubled = value * 2
    return doubled
'''

TESTS = """\
import unittest


class Tests(unittest.TestCase):
    def test_fails(self):
        wrong = 41
        self.assertEqual(wrong, 42)

    def test_breaks(self):
        here = 1
        breakpoint()
        self.assertTrue(here)
"""

SESSIONS = {
    "a doctest stops": (
        "import doctest, module\nprint(doctest.testmod(module))",
        ["p answer", "where", "answer = 43", "next", "continue"],
        ["(Pdb) 42", "Expected:\n    42\nGot:\n    43"],
    ),
    "a doctest is debugged": (
        "import doctest, module\ndoctest.debug(module, 'module.twice')",
        ["step", "step", "next", "next", "p twice", "continue"],
        ["(Pdb) <function twice at 0x…"],
    ),
    "a doctest is debugged where it fails": (
        "import doctest\ndoctest.debug_src('>>> import module\\n>>> module.twice(None)\\n', pm=True)",
        ["where", "p value", "up", "p 1 + 1", "quit"],
        ["unsupported operand", "(Pdb) None", "(Pdb) 2"],
    ),
    "a test is debugged where it fails": (
        "import tests\ntry:\n    tests.Tests('test_fails').debug()\nexcept AssertionError:\n    pdb.post_mortem()",
        ["where", "up", "up", "p wrong", "quit"],
        ["(Pdb) 41"],
    ),
    "a test stops": (
        "import unittest, tests\nunittest.main(tests, argv=['tests', 'Tests.test_breaks'])",
        ["p here", "here = 0", "continue"],
        ["(Pdb) 1", "AssertionError: 0 is not true"],
    ),
    "a test is stepped through": (
        "import tests\npdb.runcall(tests.Tests('test_fails').debug)",
        ["tbreak tests:7", "continue", "wrong = 42", "return", "continue"],
        ["Deleted breakpoint 1", "--Return--"],
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_is_the_same(name: str, tmp_path: Path, environment: dict[str, str]) -> None:
    program, commands, expected = SESSIONS[name]
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "tests.py").write_text(TESTS)
    script = tmp_path / "script.py"
    script.write_text(f"{PREPARE}{program}\n")

    def run(debugger: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, str(script)],
            input="".join(f"{command}\n" for command in commands),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environment | {"DEBUGGER": debugger},
        )
        return Outcome(VOLATILE.sub("…", done.stdout), VOLATILE.sub("…", done.stderr), done.returncode)

    ours = run("rdb.pdb")
    assert ours == run("pdb")
    assert [text for text in expected if text not in ours.stdout + ours.stderr] == []
