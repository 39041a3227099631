"""Function calls and little else: the numbers of Fibonacci."""

from measuring import measure


def fibonacci(n):
    if n < 0:
        raise ValueError(n)  # @never
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


def iterated(n):
    one, other = 0, 1  # @cold
    for _ in range(n):
        one, other = other, one + other
    return one


def run(count):
    for _ in range(count):
        fibonacci(18)


if __name__ == "__main__":
    measure(run)
