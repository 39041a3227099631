"""The programs: the workloads, with how long each is run, and those that are too large to be written by hand."""

from __future__ import annotations

from pathlib import Path

WORKLOADS = Path(__file__).parent.parent / "workloads"

COUNTS = {
    "nbody": 1500,
    "richards": 700,
    "deltablue": 1500,
    "recursion": 1500,
    "generators": 1500,
    "tasks": 1500,
    "exceptions": 700,
    "documents": 1000,
    "strings": 1500,
    "imports": 3,
}
"""Rounds of each workload that take plain Python about a third of a second."""

HOT = """\
from measuring import measure


def hot(count):
    total = 0
    if count < 0:
{never}
    for i in range(count):
        total += i & 3  # @hot
    return total
{cold}

def run(count):
    hot(count * 10_000)


if __name__ == "__main__":
    measure(run)
"""

MODULE = """\
def step(i):
    if i < 0:
{never}
    return i & 3
"""

MANY = """\
from measuring import measure

{imports}

STEPS = [
{steps}
]


def run(count):
    total = 0
    for i in range(count):
        for step in STEPS:
            total += step(i)
    return total


if __name__ == "__main__":
    measure(run)
"""

Lines = list[tuple[Path, int]]
"""Places for breakpoints."""


def workload(name: str) -> Path:
    """Returns the path of a workload."""
    return WORKLOADS / f"{name}.py"


def long_function(directory: Path, lines: int) -> Path:
    """Writes the loop of `workloads/loop.py` in a function of so many lines."""
    path = directory / f"long{lines}.py"
    never = "\n".join(f"        total += {number}" for number in range(lines))
    path.write_text(HOT.format(never=never, cold=""), encoding="utf-8")
    return path


def one_file(directory: Path) -> tuple[Path, Lines]:
    """Writes a program with 10,000 places for breakpoints in one file; a hundred are in its hot function."""
    path = directory / "one_file.py"
    never = "\n".join(f"        total += {number}  # @place" for number in range(100))
    cold = "\n".join(
        f"\n\ndef cold{at}(x):\n" + "\n".join(f"    x += {number}  # @place" for number in range(100))
        for at in range(99)
    )
    path.write_text(HOT.format(never=never, cold=cold), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    return path, [(path, number) for number, line in enumerate(lines, start=1) if line.endswith("# @place")]


def many_files(directory: Path, files: int = 1000, places: int = 10) -> tuple[Path, Lines]:
    """Writes a program of a thousand modules with ten places for breakpoints in the hot function of each."""
    package = directory / "many"
    package.mkdir(exist_ok=True)
    found: Lines = []
    for at in range(files):
        path = package / f"module{at}.py"
        path.write_text(MODULE.format(never="\n".join(f"        i += {n}" for n in range(places))), encoding="utf-8")
        found += [(path, line) for line in range(3, 3 + places)]
    script = directory / "many_files.py"
    imports = "\n".join(f"from many import module{at}" for at in range(files))
    steps = "\n".join(f"    module{at}.step," for at in range(files))
    script.write_text(MANY.format(imports=imports, steps=steps), encoding="utf-8")
    return script, found
