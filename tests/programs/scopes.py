"""Every kind of scope that a text can be evaluated in. Not imported by tests: debugged."""

import asyncio


class Table:
    size = 3
    cells = [0] * size
    done = True  # @class_body


def plain(first, /, second, *rest, key="k", **more):
    total = first + second
    if total > 1000:
        never = 1
    return total  # @function


def counter():
    count = 10

    def increment(by):
        nonlocal count
        count += by
        return count  # @nested

    result = increment(1)
    return result, count, increment  # @cells


def numbers(limit):
    total = 0
    for number in range(limit):
        total += number
        yield total  # @generator


def consume():
    source = numbers(4)
    next(source)
    next(source)
    return list(source)  # @suspended


def caller():
    mine = "caller"
    answer = called(mine)
    return mine, answer


def called(theirs):
    mine = "called"
    return mine + theirs  # @called


class Bad:
    def __repr__(self):
        raise ValueError("no repr")


def values():
    bad = Bad()
    long = list(range(1000))
    text = "€" * 3
    return bad, long, text  # @values


async def wait(value):
    await asyncio.sleep(0)
    return value  # @coroutine


level = "module"
print(plain(1, 2, 3, 4, key="v", other=5))
print(counter()[:2])
print(consume())
print(caller())
values()
asyncio.run(wait("awaited"))
print(level)  # @module
