"""Coroutines that await each other, run by a loop of asyncio."""

import asyncio

from measuring import measure


async def leaf(number):
    if number < 0:
        raise ValueError(number)  # @never
    if number % 8 == 0:
        await asyncio.sleep(0)
    return number


async def branch(depth, number):
    if depth == 0:
        return await leaf(number)
    return await branch(depth - 1, number) + await branch(depth - 1, number + 1)


async def cancel(task):
    task.cancel()  # @cold
    await asyncio.sleep(0)


async def gather(count):
    for _ in range(count * 3):
        await asyncio.gather(*(branch(4, number) for number in range(12)))


def run(count):
    asyncio.run(gather(count))


if __name__ == "__main__":
    measure(run)
