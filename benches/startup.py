"""Prints what it costs to run a script that does nothing under rdb, as a ratio to plain Python and to pdb.

Each round runs all three, one after the other, so that a busy machine slows all of them; medians are compared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = b"continue\nquit\n"


def main() -> None:
    """Measures, and prints one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "hello.py"
        script.write_text('print("hello")\n', encoding="utf-8")
        python = [sys.executable]
        runs = {
            "plain": [*python, str(script)],
            "rdb": [*python, "-m", "rdb", str(script)],
            "pdb": [*python, "-m", "pdb", str(script)],
        }
        environment = os.environ | {"HOME": directory}
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds + 1):
            for name, command in runs.items():
                seconds[name].append(measure(command, environment))
    # The first round warms the caches of files and bytecode.
    median = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    plain, rdb, pdb = median["plain"], median["rdb"], median["pdb"]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    print(
        f"{version} startup: plain {plain * 1000:.1f} ms, rdb {rdb * 1000:.1f} ms = {rdb / plain:.2f}x plain, "
        f"pdb {pdb * 1000:.1f} ms = {pdb / plain:.2f}x plain (medians of {rounds}, interleaved)"
    )


def measure(command: list[str], environment: dict[str, str]) -> float:
    """Returns the seconds that a command takes from its start to its end."""
    started = time.perf_counter()
    done = subprocess.run(command, input=COMMANDS, env=environment, capture_output=True, timeout=120, check=False)
    seconds = time.perf_counter() - started
    if done.returncode != 0 or b"hello" not in done.stdout:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}")
    return seconds


if __name__ == "__main__":
    main()
