"""Programs that nobody here wrote: library code is broken into, looked at, changed, and runs on to its own end."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run


def line_of(function: Callable[..., object], text: str) -> int:
    """Returns the number of the line of a function that contains the text."""
    lines, first = inspect.getsourcelines(function)
    return next(number for number, line in enumerate(lines, start=first) if text in line)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Returns the path of a JSON file."""
    path = tmp_path / "data.json"
    path.write_text('{"b": [1, 2, {"c": "x"}], "a": null}\n', encoding="utf-8")
    return path


def test_json_tool_steps_in_and_out(rdb_run: Run, document: Path) -> None:
    commands = [
        "b json.decoder.JSONDecoder.decode",
        "c",
        "p len(s)",
        "s",
        "s",
        "finish",
        "p obj['b'][2]",
        "w 3",
        "c",
        "q",
    ]
    outcome = rdb_run(["-m", "json.tool"], commands, str(document))
    path = json.decoder.__file__
    line = line_of(json.decoder.JSONDecoder.decode, "raw_decode(")
    inner = inspect.getsourcelines(json.decoder.JSONDecoder.raw_decode)[1]
    shown = outcome.stdout
    assert f"Breakpoint 1 at {path}:{line}\n" in shown
    assert f"> {path}({line})decode()\n-> obj, end = self.raw_decode(s, idx=_w(s, 0).end())\n(rdb) 37\n" in shown
    assert f"--Call--\n> {path}({inner})raw_decode()\n" in shown
    assert "Value returned: ({'b': [1, 2, {'c': 'x'}], 'a': None}, 36)\n" in shown
    assert "(rdb) {'c': 'x'}\n" in shown
    assert ")loads()\n-> return _default_decoder.decode(s)\n" in shown
    assert (
        '{\n    "b": [\n        1,\n        2,\n        {\n            "c": "x"\n        }\n    ],\n    "a": null\n}\n'
        in shown
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_json_tool_uses_a_changed_variable(rdb_run: Run, document: Path) -> None:
    commands = ["b json.decoder.JSONDecoder.decode", "c", """s = '{"changed": true}'""", "c", "q"]
    outcome = rdb_run(["-m", "json.tool"], commands, str(document))
    assert '{\n    "changed": true\n}\n' in outcome.stdout
    assert outcome.returncode == 0


def test_suite_of_the_standard_library(rdb_run: Run) -> None:
    if importlib.util.find_spec("test.test_textwrap") is None:
        pytest.fail("this Python comes without its test suite (Debian: libpython3.X-testsuite)")
    line = line_of(textwrap.TextWrapper._wrap_chunks, "cur_len = 0")
    commands = [
        f"b textwrap.py:{line}, len(chunks) > 30 and self.width == 45",
        "c",
        "p len(chunks) > 30, self.width",
        "p [chunk for chunk in chunks if len(chunk) > self.width]",
        "n",
        "u",
        "p type(self).__name__",
        "cl 1",
        "c",
        "q",
    ]
    outcome = rdb_run(["-m", "unittest", "test.test_textwrap"], commands)
    assert (
        f"> {textwrap.__file__}({line})_wrap_chunks()\n-> cur_len = 0\n(rdb) (True, 45)\n(rdb) []\n" in outcome.stdout
    )
    assert "(rdb) 'TextWrapper'\n" in outcome.stdout
    assert "\nOK\n" in outcome.stderr
    assert outcome.returncode == 0


def test_pip_reads_a_changed_command_line(rdb_run: Run) -> None:
    commands = ["b pip._internal.cli.main_parser.parse_command", "c", "p args", "args = ['--help']", "c", "q"]
    outcome = rdb_run(["-m", "pip"], commands, "--version")
    assert "(rdb) ['--version']\n" in outcome.stdout
    assert "Usage:" in outcome.stdout
    assert "\npip 2" not in outcome.stdout
    assert outcome.returncode == 0


def test_pygments_colours_a_changed_text(rdb_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "hello.py"
    path.write_text("print('hello')\n", encoding="utf-8")
    commands = ["b pygments.lexer.Lexer.get_tokens", "c", "p type(self).__name__", "text = 'goodbye = 1'", "c", "q"]
    outcome = rdb_run(["-m", "pygments"], commands, "-f", "html", str(path))
    assert "(rdb) 'PythonLexer'\n" in outcome.stdout
    assert '<span class="n">goodbye</span>' in outcome.stdout
    assert "hello" not in outcome.stdout.partition("<div")[2]
    assert outcome.returncode == 0


def test_post_mortem_in_library_code(rdb_run: Run) -> None:
    commands = ["c", "p $_exception.pos", "p s[:pos] if (pos := $_exception.pos) else None", "u", "u", "a", "q"]
    outcome = rdb_run(["-e", "import json\njson.loads('[1,')"], commands)
    assert "json.decoder.JSONDecodeError: " in outcome.stderr
    assert "Uncaught exception. Entering post mortem debugging\n" in outcome.stdout
    assert f"> {json.decoder.__file__}(" in outcome.stdout
    assert "(rdb) 3\n(rdb) '[1,'\n" in outcome.stdout
    assert "s = '[1,'\n" in outcome.stdout
    assert outcome.returncode == 1


def test_catch_stops_where_library_code_raises(rdb_run: Run) -> None:
    program = "import json\ntry:\n    json.loads('[1,')\nexcept ValueError as error:\n    print('refused', error.pos)\n"
    outcome = rdb_run(program, ["catch raised json.JSONDecodeError", "c", "p s", "c", "q"])
    stop = outcome.stdout.partition("Catchpoint 1: raised json.JSONDecodeError\n")[2]
    assert stop.startswith("(rdb) json.decoder.JSONDecodeError: ")
    assert re.search(rf"\n> {re.escape(json.decoder.__file__)}\(\d+\)raw_decode\(\)\n-> .*\n\(rdb\) '\[1,'\n", stop)
    assert "refused 3\n" in outcome.stdout
    assert outcome.returncode == 0
