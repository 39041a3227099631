"""Exceptions that are raised, pass through a function with `finally`, and are caught by their type."""

from measuring import measure


class RefusedError(Exception):
    """What the program raises."""


def check(number):
    if number < 0:
        number = 0  # @never
    if number % 3 == 0:
        raise RefusedError(number)
    if number % 3 == 1:
        return {}["missing"]
    return number


def passing(number):
    try:
        return check(number)
    finally:
        number += 1


def attempt(number):
    try:
        return passing(number)
    except RefusedError:
        return -1
    except KeyError:
        return -2


def give_up(number):
    message = f"{number} was refused"  # @cold
    raise RefusedError(message)


def run(count):
    for number in range(count * 2500):
        attempt(number)


if __name__ == "__main__":
    measure(run)
