"""A loop at the depth of the second argument, to be stepped through: two lines and a call each time round."""

import sys
import time

from measuring import report


def callee(number):
    return number


def loop(count):
    before = time.process_time()  # @hot
    for number in range(count):
        callee(number)
    report(seconds=time.process_time() - before, count=count)


def deeper(depth, count):
    if depth:
        deeper(depth - 1, count)
    else:
        loop(count)


if __name__ == "__main__":
    sys.setrecursionlimit(5000)
    deeper(int(sys.argv[2]), int(sys.argv[1]))
