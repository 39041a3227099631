class Pause:
    def __await__(self):
        answer = yield "paused"  # @pause
        return answer  # @answer


class Context:
    async def __aenter__(self):
        await Pause()  # @aenter
        return self  # @entered

    async def __aexit__(self, *args):
        await Pause()  # @aexit
        return False  # @left


async def numbers(n):
    for i in range(n):  # @numbers
        await Pause()  # @between
        yield i  # @number


async def inner(n):
    got = await Pause()  # @inner
    return n + got  # @sum


async def outer():
    first = await inner(1)  # @first
    second = await inner(2)  # @second
    async for n in numbers(2):  # @for
        first += n  # @body
    async with Context() as context:  # @with
        second += 1  # @inside
    listed = [n async for n in numbers(1)]  # @listed
    return first, second, context, listed  # @end


def run(coroutine):
    sent = 1  # @run
    while True:  # @again
        try:  # @step
            coroutine.send(sent)  # @send
            sent += 1  # @sent
        except StopIteration as stop:  # @stopped
            return stop.value  # @value


def main():
    one, other = outer(), outer()  # @start
    one.send(None)  # @one
    other.send(None)  # @other
    result = run(one)  # @rest
    value = run(other)  # @last
    return result, value  # @result


main()
