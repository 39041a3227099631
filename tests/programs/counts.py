import gc
import json
import sys

from rdb import _rdb

CALLS, ALLOCATED, KEPT = {}, {}, {}


def cold():
    return 1  # @cold


def free(count):
    for i in range(count):
        if i < 0:
            cold()


def never(count):
    for i in range(count):
        if i < 0:
            cold()  # @never


def false(count):
    for i in range(count):
        i + 1  # @false


def ignored(count):
    for i in range(count):
        i + 1  # @ignored


def called(i):
    if i < 0:
        cold()  # @short
    return i


def short(count):
    for i in range(count):
        called(i)


def yielding(count):
    for i in range(count):
        if i < 0:
            cold()  # @generator
        yield i


def generator(count):
    for _ in yielding(count):
        pass


def refuse(i):
    raise ValueError(i)


def raised(count):
    for i in range(count):
        try:
            refuse(i)
        except ValueError:
            pass


def made(count):
    for i in range(count // 100):
        exec(compile("def f():\n    def g(): pass", f"made{i}.py", "exec"), {})


def count(work, hits):
    work(10)
    gc.collect()
    before, held = _rdb.session_state(), sys.getallocatedblocks()
    work(hits)
    after = _rdb.session_state()
    gc.collect()
    holds = sys.getallocatedblocks()
    allocated = None if before["allocations"] is None else after["allocations"] - before["allocations"]
    CALLS[work.__name__] = after["calls"] - before["calls"]
    ALLOCATED[work.__name__] = allocated
    KEPT[work.__name__] = holds - held


def stepped(hits):
    before = _rdb.session_state()["calls"]
    free(hits)  # @next
    after = _rdb.session_state()["calls"]
    CALLS["next"] = after - before


def main():
    hits = int(sys.argv[1])
    for work in (free, never, false, ignored, short, generator, raised, made):
        count(work, hits)
    armed = _rdb.session_state()["armed_code"]
    stepped(hits)
    print("counts", json.dumps({"calls": CALLS, "allocated": ALLOCATED, "kept": KEPT, "armed": armed}))


main()
