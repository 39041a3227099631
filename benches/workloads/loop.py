"""A loop whose hot line is crossed a million times a second, for what one crossing costs."""

from measuring import measure


def hot(count):
    total = 0
    for i in range(count):
        total += i & 3  # @hot
    return total


def run(count):
    hot(count * 10_000)


if __name__ == "__main__":
    measure(run)
