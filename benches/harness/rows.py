"""The rows of the table: what is measured, in which unit, and what rdb is to reach. Knows no results."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from harness import programs
from harness.contenders import DEBUGGERS, ECHO, TRACERS, Contender, Echo
from harness.jobs import Break, Facts, Job, Place, marked

Version = tuple[int, int]
Run = Callable[[Contender, str, int, Place], Facts]
"""Runs a contender with a program and a count of rounds, in a place."""
Value = Callable[[Facts, Facts], float]
"""Makes the figure of the table of what a contender and plain Python have shown in the same round."""

STEPS = 5000
HITS = 10_000
"""How often the hot line is crossed in one round."""


@dataclass(frozen=True)
class Row:
    """One thing that is measured, for one or several programs."""

    name: str
    title: str
    unit: str
    goal: Callable[[Version], float | None]
    run: Run
    value: Value
    counts: dict[str, int]
    """The rounds that plain Python runs of each program."""
    contenders: tuple[Contender, ...] = DEBUGGERS
    limit: str = ""
    """What was measured with prototypes."""
    peers: bool = False
    """Whether this is about others than debuggers, who take part in the small mode, too."""
    scales: bool = True
    """Whether a slow contender may run fewer rounds."""
    small: tuple[str, ...] | None = None
    """The programs of the small mode; None: all."""


def always(goal: float | None) -> Callable[[Version], float | None]:
    """Returns a goal that is the same for each Python."""
    return lambda _version: goal


def since_monitoring(goal: float, before: float | None) -> Callable[[Version], float | None]:
    """Returns a goal for Pythons that have `sys.monitoring`, and one for 3.11."""
    return lambda version: goal if version >= (3, 12) else before


def uncaught_goal(version: Version) -> float | None:
    """Returns the goal for stopping at uncaught exceptions: 3.15 has the event for single code objects."""
    if version < (3, 12):
        return None
    return 1.05 if version >= (3, 15) else 1.3


def ratio(facts: Facts, plain: Facts) -> float:
    """Returns how many times as long it took as plain Python."""
    return facts["seconds"] / facts["count"] / (plain["seconds"] / plain["count"])


def per_hit(facts: Facts, plain: Facts) -> float:
    """Returns the nanoseconds that one crossing of the hot line costs more than in plain Python."""
    return (facts["seconds"] / facts["count"] - plain["seconds"] / plain["count"]) / HITS * 1e9


def megabytes(facts: Facts, plain: Facts) -> float:
    """Returns the memory that is held over that of plain Python."""
    return (facts["rss"] - plain["rss"]) / 1e6


def milliseconds(key: str) -> Value:
    """Returns what a fact is, in milliseconds."""
    return lambda facts, _plain: facts[key] * 1e3


def microseconds(facts: Facts, plain: Facts) -> float:
    """Returns the microseconds over those of the first contender."""
    return (facts["seconds"] - plain["seconds"]) * 1e6


def start_ratio(facts: Facts, plain: Facts) -> float:
    """Returns how many times the CPU time was taken, or the wall time, where the work is done in other processes."""
    key = "wall" if "elsewhere" in facts else "seconds"
    return facts[key] / plain[key]


def breaking(marker: str, condition: str | None = None, ignore: int = 0) -> Run:
    """Runs a workload with a breakpoint at a marked line."""

    def run(contender: Contender, program: str, count: int, place: Place) -> Facts:
        path = programs.workload(program)
        job = Job(path, (str(count),), (Break(path, marked(path, marker), condition),), ignore=ignore)
        return contender.run(job, place)

    return run


def long_condition(contender: Contender, program: str, count: int, place: Place) -> Facts:
    """Runs a loop in a long function with a condition that is false."""
    path = programs.long_function(place.home, int(program))
    job = Job(path, (str(count),), (Break(path, marked(path, "hot"), "i == -1"),))
    return contender.run(job, place)


def catching(contender: Contender, program: str, count: int, place: Place) -> Facts:
    """Runs a workload that would stop at an uncaught exception."""
    return contender.run(Job(programs.workload(program), (str(count),), catch_uncaught=True), place)


def tracing(contender: Contender, program: str, count: int, place: Place) -> Facts:
    """Runs a workload without breakpoints."""
    return contender.run(Job(programs.workload(program), (str(count),)), place)


def many(contender: Contender, program: str, count: int, place: Place) -> Facts:
    """Runs a program with 10,000 breakpoints."""
    script, lines = programs.one_file(place.home) if program == "one file" else programs.many_files(place.home)
    return contender.run(Job(script, (str(count),), tuple(Break(path, line) for path, line in lines)), place)


def setting(contender: Contender, program: str, count: int, place: Place) -> Facts:
    """Runs a program with 10,000 breakpoints; `set` is the CPU time that was spent on them before its first line."""
    script, lines = programs.one_file(place.home) if program == "one file" else programs.many_files(place.home)
    job = Job(script, (str(count),), tuple(Break(path, line) for path, line in lines))
    with_none = contender.run(dataclasses.replace(job, breaks=()), place)
    with_all = contender.run(job, place)
    return {**with_all, "set": with_all["began"] - with_none["began"]}


def starting(contender: Contender, _program: str, _count: int, place: Place) -> Facts:
    """Runs a program that says hello, from its start to its end."""
    return contender.start(Job(programs.workload("hello")), place)


def round_trip(contender: Contender, _program: str, count: int, place: Place) -> Facts:
    """Measures one `next` through a pipe."""
    path = programs.workload("deep")
    hot = Break(path, marked(path, "hot"))
    return contender.trips(Job(path, (str(count * 10), "5"), (hot,)), place, count)


def stepping(command: str, per_round: int) -> Run:
    """Steps through a loop; `seconds` is the time of one step."""

    def run(contender: Contender, program: str, count: int, place: Place) -> Facts:
        path = programs.workload("deep")
        hot = Break(path, marked(path, "hot"))
        steps = (command,) * (per_round * count + 2)
        if contender.name.startswith("plain"):
            return contender.run(Job(path, (str(count), program)), place)
        return contender.run(Job(path, (str(count), program), (hot,), resume=("continue", *steps, "continue")), place)

    return run


def deep(command: str, per_round: int) -> Run:
    """Steps at a depth of 5 and at a depth of 500; `deeper` is how many times as long a step took there."""
    step = stepping(command, per_round)

    def run(contender: Contender, _program: str, count: int, place: Place) -> Facts:
        flat, steep = (step(contender, depth, count, place) for depth in ("5", "500"))
        micros = flat["seconds"] / (per_round * count) * 1e6
        return {**steep, "deeper": steep["seconds"] / flat["seconds"], "micros": micros}

    return run


HOTTEST = ("nbody", "richards", "recursion", "generators", "exceptions", "tasks")
"""The workloads whose never-reached line has a goal of its own."""
CORE = ("rdb", "rdb settrace", "rdb.pdb", "pdb", "pdb settrace", "plain", "plain again")
CONSOLES = tuple(one for one in DEBUGGERS if one.name in CORE)
STEPPING = tuple(one for one in CONSOLES if one.name != "plain again")
PER_HIT = {"loop": 1500}
MANY = {"one file": 1500, "1,000 files": 4000}


def hits(name: str, title: str, goal: float, limit: str, run: Run) -> Row:
    """Returns a row about what one crossing of a breakpoint costs."""
    return Row(name, title, "ns", since_monitoring(goal, None), run, per_hit, PER_HIT, limit=limit)


ROWS: tuple[Row, ...] = (
    Row(
        "cold",
        "breakpoint in a never-called function",
        "x",
        since_monitoring(1.01, 1.3),
        breaking("cold"),
        ratio,
        programs.COUNTS,
        limit="1.00",
        small=("nbody", "exceptions"),
    ),
    Row(
        "never",
        "never-reached line of the hot function",
        "x",
        since_monitoring(1.02, 6),
        breaking("never"),
        ratio,
        {name: programs.COUNTS[name] for name in HOTTEST},
        limit="1.00; 3.11: 4-6",
        small=("nbody", "recursion", "generators", "exceptions"),
    ),
    hits("simple", "false condition, simple comparison", 30, "11-18", breaking("hot", "i == -1")),
    hits("any", "false condition, any expression", 80, "50", breaking("hot", "abs(i) < 0")),
    hits("ignore", "ignore count that does not run out", 20, "10-18", breaking("hot", ignore=10**9)),
    Row(
        "long",
        "false condition in a function of so many lines",
        "ns",
        since_monitoring(30, None),
        long_condition,
        per_hit,
        {"300": 1500, "10000": 1500},
        limit="13-34",
        small=("300",),
    ),
    Row(
        "many",
        "10,000 breakpoints",
        "x",
        since_monitoring(1.02, None),
        many,
        ratio,
        MANY,
        limit="1.00",
        small=("one file",),
    ),
    Row(
        "set",
        "setting 10,000 breakpoints",
        "ms",
        always(100),
        setting,
        milliseconds("set"),
        dict.fromkeys(MANY, 10),
        scales=False,
        small=("one file",),
    ),
    Row(
        "uncaught",
        "break on uncaught exceptions on",
        "x",
        uncaught_goal,
        catching,
        ratio,
        {"exceptions": programs.COUNTS["exceptions"]},
        limit="1.05",
    ),
    Row(
        "trip",
        "round trip of `next` through a pipe, over an echo",
        "us",
        always(12),
        round_trip,
        microseconds,
        {"deep": 2000},
        contenders=(ECHO, *(one for one in DEBUGGERS if one.name not in ("plain", "plain again", "pudb"))),
        limit="6",
        scales=False,
    ),
    Row(
        "next",
        "`next` at depth 500 over depth 5",
        "x",
        always(1.05),
        deep("next", 2),
        lambda facts, _plain: facts["deeper"],
        {"deep": STEPS // 2},
        contenders=STEPPING,
        limit="1.00",
        scales=False,
    ),
    Row(
        "step",
        "`step` at depth 500 over depth 5",
        "x",
        always(1.05),
        deep("step", 5),
        lambda facts, _plain: facts["deeper"],
        {"deep": STEPS // 5},
        contenders=STEPPING,
        limit="1.00",
        scales=False,
    ),
    Row(
        "trace",
        "every line traced",
        "x",
        always(None),
        tracing,
        ratio,
        {name: programs.COUNTS[name] for name in ("nbody", "richards")},
        contenders=(DEBUGGERS[0], *TRACERS),
        peers=True,
        small=(),
    ),
    Row(
        "start",
        "start: hello script to its end",
        "x",
        always(1.3),
        starting,
        start_ratio,
        {"hello": 1},
        limit="1.0",
        scales=False,
    ),
    Row(
        "memory",
        "memory over plain, one breakpoint",
        "MB",
        always(5),
        breaking("never"),
        megabytes,
        {"richards": 10},
        scales=False,
    ),
    Row(
        "memory-many",
        "memory over plain, 10,000 breakpoints",
        "MB",
        always(5),
        many,
        megabytes,
        {"1,000 files": 10},
        scales=False,
        contenders=CONSOLES,
        small=(),
    ),
)


def reference(row: Row) -> Contender:
    """Returns the contender that the others are compared with."""
    return row.contenders[0]


def is_debugger(contender: Contender) -> bool:
    """Returns whether a contender sets breakpoints."""
    return contender.name not in ("plain", "plain again") and not isinstance(contender, Echo)
