"""Writes the parts of `docs/pdb-differences.md` that are made of data: commands, defects of pdb, scores of the suites.

A part stands between `<!-- name: generated … -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from scores import Committed

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "pdb-differences.md"
DEFECTS = ROOT / "tests" / "defects.toml"


def commands() -> str:
    """Returns the comparison of the commands, which is made from their table in Rust."""
    command = ["cargo", "run", "-q", "-p", "rdb-repl", "--example", "manual", "comparison"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def defects() -> str:
    """Returns what pdb does wrong and rdb does not."""
    rows = ["| pdb | rdb | `rdb.pdb` | shown by |", "|---|---|---|---|"]
    for defect in tomllib.loads(DEFECTS.read_text(encoding="utf-8"))["defect"]:
        where = f" ({versions(defect['pythons'])})" if "pythons" in defect else ""
        here, there = (defect["rdb"] if face in defect["mended"] else "as pdb" for face in ("rdb", "rdb.pdb"))
        if here == there:
            there = "as rdb"
        shown = defect.get("shown", "test_defects.py").replace("::", "` `")
        rows.append(f"| {defect['pdb']}{where} | {here} | {there} | `{shown}` |")
    return "\n".join([*rows, ""])


def versions(pythons: list[str]) -> str:
    """Returns versions in words."""
    return pythons[0] if len(pythons) == 1 else f"{', '.join(pythons[:-1])} and {pythons[-1]}"


def suites() -> str:
    """Returns the committed scores, and what does not pass."""
    committed = Committed.read()
    header = ["suite", *committed.python.values()]
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    for suite, passed in committed.passed.items():
        cells = [f"`{suite}`", *(str(passed.get(python, "")) for python in committed.python)]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "What does not pass:" if committed.fails else "All tests pass.", ""]
    for entry in committed.fails:
        tests = ", ".join(f"`{test}`" for test in entry["tests"])
        lines.append(f"- {tests} of `{entry['suite']}` on {versions(entry['python'])}: {entry['reason']}.")
    return "\n".join([*lines, ""])


def splice(page: str, name: str, text: str) -> str:
    """Returns a page with another text in one of its generated parts."""
    pattern = re.compile(rf"(<!-- {name}: generated [^\n]*-->\n).*?(<!-- end -->)", re.S)
    assert pattern.search(page), name
    return pattern.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page)


def main() -> None:
    """Writes the page."""
    page = PAGE.read_text(encoding="utf-8")
    for part in (commands, defects, suites):
        page = splice(page, part.__name__, part())
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
