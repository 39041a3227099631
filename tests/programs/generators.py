def count(n):
    for i in range(n):  # @loop
        yield i  # @yield


def twice(n):
    first = yield from count(n)  # @delegate
    second = yield from count(n)  # @again
    return first, second  # @exhausted


def guarded():
    try:  # @try
        while True:  # @forever
            got = yield  # @wait
            last = got  # @got
    except KeyError:  # @except
        yield "handled"  # @handled
    finally:
        last = None  # @finally


def main():
    for i in count(2):  # @start
        last = i  # @body
    pairs = list(twice(1))  # @list
    held = guarded()  # @made
    next(held)  # @begin
    held.send(1)  # @send
    word = held.throw(KeyError)  # @throw
    held.close()  # @close
    total = sum(n for n in count(2))  # @sum
    return last, pairs, word, total  # @end


main()
