"""How rdb makes a program leave. Nothing here is an error of the program."""

from __future__ import annotations

__all__ = ["Quit", "QuitShell", "Restart"]


class Quit(SystemExit):
    """The user left the debugger, so the program is made to leave.

    A `SystemExit`, so that ``except Exception`` does not swallow it and a thread that it leaves ends silently.
    A program that rdb does not run itself exits with its `code`.
    """

    def __init__(self, code: int = 1) -> None:
        super().__init__(code)


class QuitShell(BaseException):
    """The user left the debugger in an interactive interpreter, which shows this and goes on.

    A `SystemExit` would end the interpreter too.
    """


class Restart(SystemExit):
    """The user wants the program to be started again.

    Its `code` is the new ``sys.argv[1:]`` as a list of `str`, or None for the same arguments as before.
    """
