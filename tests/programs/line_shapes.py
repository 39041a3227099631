"""Code objects of all shapes, each run a few times: one line, decorated, suspended, in loops on one line."""

import asyncio
import contextlib


def decorate(function): return function


@decorate
@decorate
def decorated(count):
    total = 0
    while count: count -= 1
    return total


@decorate
def decorated_short(value): return value


@decorate
async def decorated_sleeper(): return await asyncio.sleep(0)


def generator(count):
    for number in range(count):
        received = yield number
        if received:
            yield received


def one_line_generator(count): yield from range(count)


double = lambda value: value * 2  # noqa: E731


class Thing:
    values = [double(value) for value in range(3)]

    def method(self): return self.values

    @property
    def first(self):
        return self.method()[0]


class Short: pass


async def sleeper(count):
    for _ in range(count):
        await asyncio.sleep(0)
    async with closing() as found:
        return found


@contextlib.asynccontextmanager
async def closing():
    try:
        yield 1
    finally:
        await asyncio.sleep(0)


def handles(value):
    try:
        return 1 // value
    except ZeroDivisionError:
        return (
            value
            + 1
        )
    finally:
        double(value)


def recursive(number): return number if number < 2 else recursive(number - 1) + recursive(number - 2)


def nested(count):
    def inner(value): return value + count
    return [inner(value) for value in range(count)
            if value % 2]


for turn in range(3):
    decorated(turn)
    list(generator(turn))
    sending = generator(3)
    next(sending)
    sending.send("sent")
    sending.close()
    sum(one_line_generator(turn)); sum(value for value in range(turn))
    Thing().first
    asyncio.run(sleeper(turn))
    handles(turn)
    recursive(4)
    nested(4)
    decorated_short(turn)
    asyncio.run(decorated_sleeper())
    match turn:
        case 1: found = "one"
        case _: found = "other"
    with contextlib.suppress(KeyError): raise KeyError(found)

print("done")
