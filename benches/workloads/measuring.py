"""What every workload ends with: runs it, and prints what it cost as one line of JSON.

The program measures its own CPU time, so that neither the start of the interpreter nor a busy machine is in it. The
line goes to the real standard output, past whatever a debugger has put in its place.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

BEGAN = time.process_time()
"""The CPU time at the program's first line: what came before is the debugger's."""


def measure(run: Callable[[int], object]) -> None:
    """Calls `run(count)`, with the count of the command line, after a tenth of it as a warm-up."""
    ready = time.process_time()
    count = int(sys.argv[1])
    run(max(1, count // 10))
    before = time.process_time()
    run(count)
    report(seconds=time.process_time() - before, count=count, ready=ready)


def report(**facts: float) -> None:
    """Prints the line."""
    facts = {"began": BEGAN, "rss": resident(), **facts}
    os.write(1, f"\nbench {json.dumps(facts)}\n".encode())


def resident() -> int:
    """Returns the bytes of memory that the process holds now; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
