"""Lines with and without code, functions of every kind."""

import functools
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)  # @wrapper

    return wrapper


def described(flag):
    """Says what it is.

    On several lines.  # @docstring
    """
    if flag:
        value = 1
    else:  # @else
        value = 2  # @after_else
    # a comment  # @comment
    global level  # @global

    return value  # @return


@decorated
def wrapped(value):
    return value  # @wrapped


@functools.lru_cache
def cached(value):
    return value  # @cached


class Case:
    limit: int  # @annotation

    def method(self):
        return self  # @method

    @property
    def size(self):
        return 1  # @property

    @staticmethod
    def static():
        return 2  # @static

    class Inner:
        def deep(self):
            return 3  # @deep


def outer():
    def inner():
        return 4  # @inner

    return inner()


def one_line(): return 5  # @one_line


async def later():
    return 6  # @later


level = 0
case = Case()
alias = case.method
print(
    described(level),  # @argument
    sep="",
)
import shelf.book  # @import
print(shelf.book.read(), shelf.book.Page().turn())
# the last line  # @last
