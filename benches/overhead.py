"""Prints what a breakpoint costs a hot loop in which it is never hit, as a ratio to plain Python.

The breakpoint stands in another line of the loop. The program measures its own CPU time; rounds are interleaved and
medians compared. pdb runs a shorter loop, and fewer rounds, because it may be a hundred times slower.
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


def hot(count):
    total = 0
    for i in range(count):
        if i < 0:
            total -= 1
        total += i & 3
    return total


count = int(sys.argv[1])
hot(1000)
before = time.process_time()
hot(count)
print("seconds", time.process_time() - before)
"""
NEVER = PROGRAM.splitlines().index("            total -= 1") + 1
COUNT = 4_000_000
SLOWER = 20


def main() -> None:
    """Measures, and prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {"plain": [], "rdb": [], "pdb": []}
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "hot.py"
        script.write_text(PROGRAM, encoding="utf-8")
        environment = os.environ | {"HOME": directory}
        for number in range(rounds):
            seconds["plain"].append(measure([], script, COUNT, environment))
            seconds["rdb"].append(measure(["-m", "rdb"], script, COUNT, environment))
            if number < 3:
                seconds["pdb"].append(measure(["-m", "pdb"], script, COUNT // SLOWER, environment) * SLOWER)
    plain, rdb, pdb = (statistics.median(seconds[name]) for name in ("plain", "rdb", "pdb"))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    print(
        f"{version} overhead: plain {plain * 1000:.0f} ms, rdb {rdb * 1000:.0f} ms = {rdb / plain:.3f}x plain, "
        f"pdb {pdb / plain:.1f}x plain (CPU time, medians of {rounds}, interleaved)"
    )


def measure(debugger: list[str], script: Path, count: int, environment: dict[str, str]) -> float:
    """Returns the CPU seconds that the program says its loop took."""
    command = [sys.executable, *debugger, str(script), str(count)]
    commands = f"break {script}:{NEVER}\ncontinue\nquit\n" if debugger else ""
    done = subprocess.run(
        command, input=commands.encode(), env=environment, capture_output=True, timeout=600, check=False
    )
    said = done.stdout.decode()
    found = re.search(r"^(?:\(\w+\) )?seconds (\S+)$", said, re.M)
    if found is None or (debugger and "Breakpoint 1 at" not in said):
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{said}{done.stderr.decode()}")
    return float(found[1])


if __name__ == "__main__":
    main()
