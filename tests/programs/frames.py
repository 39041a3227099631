"""Stacks of every kind: recursion, generators, exceptions in chains, threads."""

import threading


def fall(depth):
    if depth == 0:
        return 0  # @bottom
    return 1 + fall(depth - 1)


def produce():
    for item in "ab":
        yield item  # @yield


def consume():
    found = []
    for item in produce():
        found.append(item)
    return found  # @consumed


def careful():
    try:
        broken(0)
    finally:
        closed = True  # @finally


def broken(divisor):
    return 1 / divisor  # @divide


def chained():
    try:
        careful()
    except ZeroDivisionError as error:
        raise LookupError("wrapped") from error  # @raise


def other(ready, go):
    secret = "of the other"
    ready.set()
    go.wait()  # @other
    return secret


def together():
    ready, go = threading.Event(), threading.Event()
    worker = threading.Thread(target=other, args=(ready, go), name="worker")
    worker.start()
    ready.wait()
    here = "main"  # @main
    go.set()
    worker.join()
    return here


def jumps():
    trail = [1]
    trail.append(2)  # @two
    trail.append(3)  # @three
    for _ in range(2):
        trail.append(4)  # @loop
    return trail  # @trail


fall(3)
consume()
together()
print(jumps())
chained()
