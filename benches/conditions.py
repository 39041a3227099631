"""Prints what a hit of a breakpoint costs whose condition is false: under rdb.pdb, rdb, pdb, and subclasses of Bdb.

The breakpoint stands in a function that is called in a loop, and in the loop of a function. Programs measure their own
CPU time, and a hit costs what it takes longer than plain Python. Rounds are interleaved and medians compared. pdb runs
fewer rounds and shorter loops, because it takes microseconds for a hit.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = """\
import sys
import time


def work(i):
    return i & 3  # @called


def called(count):
    total = 0
    for i in range(count):
        total += work(i)
    return total


def looped(count):
    total = 0
    for i in range(count):
        total += i & 3  # @looped
    return total


def measure():
    hot, count = globals()[sys.argv[1]], int(sys.argv[2])
    hot(100)
    before = time.process_time()
    hot(count)
    print("seconds", time.process_time() - before)


if __name__ == "__main__":
    measure()
"""
DRIVER = """\
import importlib
import sys

import hot

bdb = importlib.import_module(sys.argv.pop(1))


class Debugger(bdb.Bdb):
    def user_line(self, frame):
        self.set_continue()


debugger = Debugger()
line = hot.__loader__.get_data(hot.__file__).decode().splitlines()
line = next(number for number, text in enumerate(line, 1) if text.endswith("@" + sys.argv[1]))
debugger.set_break(hot.__file__, line, cond="i == -1")
debugger.runcall(hot.measure)
assert [found.hits for found in bdb.Breakpoint.bplist[hot.__file__, line]] == [int(sys.argv[2]) + 100]
"""
SHAPES = {"called": "a function called in a loop", "looped": "the loop of a function"}
CONDITION = "i == -1"
COUNT = 1_000_000
SLOWER = 25
SLOW_ROUNDS = 3
PAIRS = {"rdb.pdb": "pdb", "rdb.bdb": "bdb"}
"""What is to be faster than what."""


def main() -> None:
    """Measures, and prints one line for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        for name, text in {"hot.py": PROGRAM, "driver.py": DRIVER}.items():
            (Path(directory) / name).write_text(text, encoding="utf-8")
        for shape in SHAPES:
            report(shape, costs(Path(directory), shape, rounds))


def report(shape: str, costs: dict[str, float]) -> None:
    """Prints what a hit costs, in nanoseconds, and how much less that is than what the standard library takes."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    pairs = [
        f"{ours} {costs[ours]:.0f} ns, {theirs} {costs[theirs]:.0f} ns = 1/{costs[theirs] / costs[ours]:.0f}"
        for ours, theirs in PAIRS.items()
    ]
    print(
        f"{version} false condition in {SHAPES[shape]}: {'; '.join(pairs)}; rdb {costs['rdb']:.0f} ns "
        "(CPU time per hit above plain, medians, interleaved)"
    )


def costs(directory: Path, shape: str, rounds: int) -> dict[str, float]:
    """Returns the CPU time that each debugger takes for a hit, in nanoseconds."""
    taken: dict[str, list[float]] = {"plain": []}
    for number in range(rounds):
        taken["plain"].append(measure(directory, [], shape, COUNT))
        for debugger in ("rdb.pdb", "rdb", "pdb", "rdb.bdb", "bdb"):
            is_slow = debugger in PAIRS.values()
            if not is_slow or number < SLOW_ROUNDS:
                count = COUNT // SLOWER if is_slow else COUNT
                taken.setdefault(debugger, []).append(measure(directory, [debugger], shape, count))
    medians = {name: statistics.median(found) for name, found in taken.items()}
    return {name: (found - medians["plain"]) * 1e9 for name, found in medians.items() if name != "plain"}


def measure(directory: Path, debugger: list[str], shape: str, count: int) -> float:
    """Returns the CPU seconds per round that the program says its loop took."""
    line = next(number for number, text in enumerate(PROGRAM.splitlines(), 1) if text.endswith("@" + shape))
    command = [sys.executable, "hot.py", shape, str(count)]
    commands = ""
    match debugger:
        case ["rdb.bdb" | "bdb"]:
            command[1:2] = ["driver.py", *debugger]
        case [module]:
            command[1:1] = ["-m", module]
            commands = f"break hot.py:{line}, {CONDITION}\ncontinue\nbreak\nquit\n"
    done = subprocess.run(
        command,
        input=commands.encode(),
        cwd=directory,
        env=os.environ | {"HOME": str(directory)},
        capture_output=True,
        timeout=600,
        check=False,
    )
    said = done.stdout.decode()
    found = re.search(r"^(?:\(\w+\) )?seconds (\S+)$", said, re.M)
    if found is None or done.returncode or (commands and "Breakpoint 1 at" not in said):
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{said}{done.stderr.decode()}")
    return float(found[1]) / count


if __name__ == "__main__":
    main()
