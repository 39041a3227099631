"""What the pdb of the running version has, and how it does it: each name says what differs, nobody else asks."""

from __future__ import annotations

import enum
import sys

__all__ = ["OPTIONS", "Reader"]

MINOR = sys.version_info[1]


class Reader(enum.Enum):
    """How the command line is read."""

    GETOPT = enum.auto()
    ALL_AT_ONCE = enum.auto()
    UP_TO_PROGRAM = enum.auto()


OPTIONS = Reader.GETOPT if MINOR < 13 else Reader.ALL_AT_ONCE if MINOR < 14 else Reader.UP_TO_PROGRAM
HAS_CONVENIENCE_VARIABLES = MINOR >= 12
"""``$name`` stands for something."""
HAS_CHAINS = MINOR >= 13
"""A post mortem of a program is about its exception, whose chain can be walked; before, about its traceback."""
STATUS_IS_A_TRACE = MINOR >= 14
"""A stop shows its place through ``print_stack_trace``; before, through ``print_stack_entry``."""
EXPLAINS_USAGE = MINOR >= 12
"""Help sets off the usage of a command; before, it shows the docstring as it is."""
HANDLED_IS_A_TRACEBACK = MINOR != 13
"""``post_mortem()`` looks at the traceback of the handled exception; in 3.13 at the exception."""
HAS_LAST_EXCEPTION = MINOR >= 12
"""The interpreter keeps the last exception as ``sys.last_exc``."""
CACHES_LOCALS = MINOR < 13
"""``curframe_locals`` is kept."""
HAS_OPCODES = MINOR >= 13
"""Stops are possible at instructions: ``set_trace`` stops right at the call."""
COUNTS_FROM_BODY = MINOR >= 13
"""The line of a function is the first one of its body; before, that of its ``def``."""
READS_STATEMENTS = MINOR >= 13
"""A statement may have several lines."""
FINDS_PATHS_OF_PROGRAM = MINOR < 13
"""A file beside the program is found even if it has no suffix."""
NAMES_PACKAGES = MINOR >= 13
"""``package.module`` is a file name, too."""
ASKS_ONCE_FOR_RC = MINOR >= 15
"""One start-up file is read once, also where the home directory is the current one."""
SYNTAX_ERRORS_LEAVE = MINOR < 13
"""A program that cannot be compiled ends pdb."""
ANNOUNCES_END_OF_POST_MORTEM = MINOR < 13
"""The end of a post mortem is told."""
EOF_IS_QUIT = MINOR >= 14
"""The end of the input calls ``do_quit``, which derived classes override."""
HAS_BACKENDS = MINOR >= 14
"""There are two ways to hear events, and a default one."""
KEEPS_INLINE_DEBUGGER = MINOR >= 14
"""``set_trace()`` uses the debugger again that stopped last."""
HAS_COLOURS = MINOR >= 14
"""Source text can be coloured."""
TRACEBACKS_HAVE_COLOURS = MINOR >= 13
"""A traceback can be coloured."""
STDOUT_IS_NO_TERMINAL = MINOR < 15
"""A stream that was given for the output means that lines are not read with `input`; since 3.15, one for the input."""
HAS_REMOTE = MINOR >= 14
"""A running process can be attached to."""
HAS_PYREPL = MINOR >= 15
"""Lines are edited as at Python's own prompt."""
