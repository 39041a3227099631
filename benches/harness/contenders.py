"""Who is compared: each contender runs a job and returns what the program said about itself."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path

from harness.dap import Adapter
from harness.jobs import Facts, FailedError, Job, Place, TooSlowError, UnableError, facts

HERE = Path(__file__).parent.parent
DRIVERS = HERE / "drivers"
WORKLOADS = HERE / "workloads"


def environment(contender: Contender, place: Place) -> dict[str, str]:
    """Returns the environment of a run: nothing in it changes how Python or a debugger behaves."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RDB_", "PYTHON", "XDG_", "COV"))}
    path = [WORKLOADS, place.peers] if contender.needs and place.peers else [WORKLOADS]
    ours = {"HOME": str(place.home), "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONHASHSEED": "0"}
    return kept | ours | dict(contender.variables)


@dataclass(frozen=True)
class Contender:
    """Somebody who runs programs; this one is plain Python."""

    name: str
    before: tuple[str, ...] = ()
    """What stands between the interpreter and the script on the command line."""
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    """The module without which there is no such contender."""
    since: tuple[int, int] = (3, 11)
    """The first Python that has it."""

    def is_here(self, place: Place) -> bool:
        """Returns whether the running Python has it."""
        if not self.needs:
            return sys.version_info >= self.since
        path = [str(place.peers)] if place.peers else None
        return sys.version_info >= self.since and PathFinder.find_spec(self.needs, path) is not None

    def run(self, job: Job, place: Place) -> Facts:
        """Runs a job and returns what it has shown."""
        return facts(self.output(job, place))

    def start(self, job: Job, place: Place) -> Facts:
        """Runs a program that says nothing of itself; returns the CPU seconds of all processes that it took."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        output = self.output(job, place)
        wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if "hello" not in output:
            raise FailedError(output)
        seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return {"seconds": seconds, "wall": wall, "count": 1}

    def trips(self, job: Job, place: Place, count: int) -> Facts:
        """Steps to the next line so many times, and returns the seconds of the median one."""
        raise UnableError(f"{self.name} has no commands: {job.script} {place} {count}")

    def output(self, job: Job, place: Place) -> str:
        """Runs a job to its end and returns what was written."""
        return self.execute([*self.before, str(job.script), *job.arguments], place, "")

    def execute(self, arguments: list[str], place: Place, commands: str) -> str:
        """Runs the interpreter with arguments and standard input."""
        try:
            done = subprocess.run(
                [sys.executable, *arguments],
                input=commands.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment(self, place),
                cwd=place.home,
                timeout=place.timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TooSlowError from None
        return done.stdout.decode(errors="replace")


class Tracer(Contender):
    """Hears events for the sake of a report; sets no breakpoints."""

    def output(self, job: Job, place: Place) -> str:
        """Runs a job without breakpoints."""
        if job.breaks or job.catch_uncaught:
            raise UnableError(f"{self.name} does not stop")
        return super().output(job, place)


@dataclass(frozen=True)
class Prompt(Contender):
    """A debugger with a prompt, and the commands of pdb."""

    prompt: str = "(Pdb) "
    catches: bool = False
    """Whether it can stop at uncaught exceptions only."""

    def commands(self, job: Job) -> list[str]:
        """Returns what is typed."""
        if job.catch_uncaught and not self.catches:
            raise UnableError(f"{self.name} has no breakpoint for exceptions")
        lines = [f"break {one.path}:{one.line}" + (f", {one.condition}" if one.condition else "") for one in job.breaks]
        if job.ignore:
            lines.append(f"ignore 1 {job.ignore}")
        if job.catch_uncaught:
            lines.append("catch uncaught")
        return [*lines, *job.resume]

    def output(self, job: Job, place: Place) -> str:
        """Runs a job with its commands on standard input."""
        commands = "".join(f"{line}\n" for line in [*self.commands(job), "quit"])
        text = self.execute([*self.before, str(job.script), *job.arguments], place, commands)
        if job.breaks and f"Breakpoint {len(job.breaks)} at" not in text:
            raise FailedError(text[-2000:])
        return text

    def trips(self, job: Job, place: Place, count: int) -> Facts:
        """Types `next` so many times, each when the prompt is there."""
        with self.prompting([*self.before, str(job.script), *job.arguments], job, place) as process:
            trip = Trip(process, self.prompt.encode(), place.timeout)
            trip.wait()
            for command in self.commands(job):
                trip.go(command.encode() + b"\n")
            return trip.measure(b"next\n", count)

    @contextlib.contextmanager
    def prompting(self, arguments: list[str], job: Job, place: Place) -> Iterator[subprocess.Popen[bytes]]:
        """Runs the interpreter with pipes, and kills it in the end."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(self, place),
            cwd=job.script.parent,
            bufsize=0,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


class Echo(Prompt):
    """The floor under a round trip: a process that answers at once."""

    def trips(self, job: Job, place: Place, count: int) -> Facts:
        """Sends so many commands, each when the last was answered."""
        with self.prompting([*self.before], job, place) as process:
            trip = Trip(process, self.prompt.encode(), place.timeout)
            trip.go(b"next\n")
            return trip.measure(b"next\n", count)


@dataclass
class Trip:
    """Commands through a pipe to a process with a prompt."""

    process: subprocess.Popen[bytes]
    prompt: bytes
    timeout: float

    def __post_init__(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.into, self.out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self.deadline = time.monotonic() + self.timeout

    def wait(self) -> None:
        """Waits for the prompt."""
        said = b""
        while not said.endswith(self.prompt):
            chunk = os.read(self.out, 65536)
            if not chunk:
                raise FailedError(said.decode(errors="replace")[-2000:])
            said += chunk
            if time.monotonic() > self.deadline:
                raise TooSlowError

    def go(self, command: bytes) -> None:
        """Makes one trip."""
        os.write(self.into, command)
        self.wait()

    def measure(self, command: bytes, count: int) -> Facts:
        """Makes so many trips and returns the seconds of the median one."""
        times = []
        for _ in range(count):
            before = time.perf_counter()
            self.go(command)
            times.append(time.perf_counter() - before)
        times.sort()
        return {"seconds": times[len(times) // 2], "count": 1}


class Pudb(Contender):
    """pudb without its screen."""

    def output(self, job: Job, place: Place) -> str:
        """Runs a job under pudb's class."""
        if job.catch_uncaught or job.ignore or job.resume != ("continue",):
            raise UnableError("pudb is run without its screen here")
        breaks = place.home / "pudb.json"
        breaks.write_text(
            json.dumps([(str(one.path), one.line, one.condition) for one in job.breaks]), encoding="utf-8"
        )
        text = self.execute([*self.before, str(breaks), str(job.script), *job.arguments], place, "")
        if not re.search(rf"^breakpoints {len(job.breaks)}$", text, re.M):
            raise FailedError(text[-2000:])
        return text


class Debugpy(Contender):
    """debugpy behind its adapter."""

    def output(self, job: Job, place: Place) -> str:
        """Runs a job as an editor would."""
        if job.resume != ("continue",):
            raise UnableError("debugpy takes 50 ms for a step: see the round trip")
        with self.adapter(place) as adapter:
            adapter.launch(job)
            return adapter.finish()

    def trips(self, job: Job, place: Place, count: int) -> Facts:
        """Asks for the next line so many times, each when the program has stopped."""
        with self.adapter(place) as adapter:
            adapter.launch(job)
            thread = adapter.wait_for_event("stopped")["threadId"]
            times = []
            for _ in range(max(5, count // 50)):
                before = time.perf_counter()
                adapter.send("next", threadId=thread)
                adapter.wait_for_event("stopped")
                times.append(time.perf_counter() - before)
            times.sort()
            return {"seconds": times[len(times) // 2], "count": 1}

    def start(self, job: Job, place: Place) -> Facts:
        """Runs a program that says nothing of itself, in processes that are not ours: only wall time tells."""
        began = time.perf_counter()
        with self.adapter(place) as adapter:
            adapter.launch(job)
            output = adapter.finish()
            wall = time.perf_counter() - began
        if "hello" not in output:
            raise FailedError(output)
        return {"seconds": wall, "wall": wall, "elsewhere": 1, "count": 1}

    @contextlib.contextmanager
    def adapter(self, place: Place) -> Iterator[Adapter]:
        """Starts the adapter, and ends it."""
        adapter = Adapter(environment(self, place), place.timeout)
        try:
            yield adapter
        finally:
            adapter.close()


RDB = ("-m", "rdb")
PLAIN = Contender("plain")
AGAIN = Contender("plain again")
"""Plain Python once more: what its ratio to plain Python is off 1 by is noise."""

DEBUGGERS: tuple[Contender, ...] = (
    PLAIN,
    AGAIN,
    Prompt("rdb", RDB, prompt="(rdb) ", catches=True),
    Prompt("rdb settrace", (*RDB, "--backend", "settrace"), since=(3, 12), prompt="(rdb) ", catches=True),
    Prompt("rdb.pdb", ("-m", "rdb.pdb")),
    Prompt("pdb", ("-m", "pdb")),
    Prompt("pdb settrace", (str(DRIVERS / "pdb_settrace.py"),), since=(3, 14)),
    Debugpy("debugpy", needs="debugpy"),
    Pudb("pudb", (str(DRIVERS / "pudb_unseen.py"),), needs="pudb"),
)
ECHO = Echo("echo", (str(DRIVERS / "echo.py"),), prompt="(echo) ")

COVERAGE = ("-m", "coverage", "run", "--data-file=coverage")
TRACERS: tuple[Contender, ...] = (
    Tracer("interpreter", (str(DRIVERS / "floor.py"),), since=(3, 12)),
    Tracer("cProfile", ("-m", "cProfile", "-o", "profile")),
    Tracer("coverage C", COVERAGE, {"COVERAGE_CORE": "ctrace"}, needs="coverage"),
    Tracer("coverage sysmon", COVERAGE, {"COVERAGE_CORE": "sysmon"}, needs="coverage", since=(3, 12)),
    Tracer("coverage Python", COVERAGE, {"COVERAGE_CORE": "pytrace"}, needs="coverage"),
    Tracer("hunter", (str(DRIVERS / "hunted.py"),), needs="hunter"),
    Tracer("viztracer", ("-m", "viztracer", "--quiet", "--output_file", "viz.json"), needs="viztracer"),
)
