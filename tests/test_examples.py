"""The walk through `examples/README.md` happens as it is written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from conftest import Run

EXAMPLES = Path(__file__).parent.parent / "examples"
PROMPT = "(rdb) "


def test_the_walk_through_is_what_happens(rdb_run: Run, tmp_path: Path) -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```text\n(.*?)^```", page, re.M | re.S)
    told = "".join(block for block in blocks if PROMPT in block).split("\n", 1)[1]
    commands = re.findall(rf"^{re.escape(PROMPT)}(.*)$", told, re.M)
    shutil.copytree(EXAMPLES, tmp_path / "examples")

    outcome = rdb_run(Path("examples/invoices.py"), commands)

    # Through a pipe nothing that is typed can be seen, not even the ends of its lines.
    expected = re.sub(rf"^({re.escape(PROMPT)}).*\n", r"\1", told, flags=re.M)
    assert outcome.stdout.replace(str(tmp_path.resolve()), "…").rstrip() == expected.rstrip()
    assert (outcome.stderr, outcome.returncode) == ("", 0)
