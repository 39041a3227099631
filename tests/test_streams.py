"""Which streams the console talks on."""

from __future__ import annotations

import subprocess
import sys

from conftest import Run

REPLACES = """
import contextlib, io, sys
sys.stdin = io.StringIO("for the program\\n")
heard = io.StringIO()
with contextlib.redirect_stdout(heard):
    print("to nowhere")
    line = input()
print("heard", repr(heard.getvalue()), repr(line))
"""


def test_streams_that_the_program_replaces_are_its_own(rdb_run: Run) -> None:
    outcome = rdb_run(REPLACES, ["b 6", "c", "p heard.getvalue()", "n", "n", "n", "c", "q"])
    assert ")<module>()\n-> print(\"to nowhere\")\n(rdb) ''\n(rdb) > " in outcome.stdout
    assert "heard 'to nowhere\\n' 'for the program'\n" in outcome.stdout
    assert outcome.returncode == 0


def test_a_program_that_closes_its_output(rdb_run: Run) -> None:
    outcome = rdb_run("import sys\nsys.stdout.close()\nx = 1\n", ["n", "n", "p 'still', 'here'", "c", "q"])
    assert "-> x = 1\n(rdb) ('still', 'here')\n(rdb) The program finished and will be restarted\n" in outcome.stdout
    assert outcome.returncode == 0


def test_set_trace_talks_on_the_streams_of_the_moment(environment: dict[str, str]) -> None:
    program = (
        "import contextlib, io, sys, rdb\n"
        "sys.stdin = io.StringIO('p 6 * 7\\nc\\n')\n"
        "heard = io.StringIO()\n"
        "with contextlib.redirect_stdout(heard):\n"
        "    rdb.set_trace()\n"
        "print('42' in heard.getvalue())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)


COUNTS = """
import io, sys, rdb

class Output(io.StringIO):
    flushed = []

    def flush(self):
        self.flushed.append(self.getvalue())

sys.stdin = io.StringIO("n\\np 6\\nc\\n")
real, sys.stdout = sys.stdout, Output()
rdb.set_trace()
x = 1
x = 2
sys.stdout = real
for text in Output.flushed:
    print(repr(text[-7:]))
"""


def test_a_stop_and_its_prompt_are_sent_together(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTS], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    stop, answer = "'\\n(rdb) '", "'rdb) 6\\n'"
    assert done.stdout.splitlines() == [stop, stop, answer, stop]
