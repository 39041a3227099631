"""A debugger for Python programs.

``python -m rdb script.py`` debugs a script; ``rdb.set_trace()``, or ``breakpoint()`` with
``PYTHONBREAKPOINT=rdb.set_trace``, stops a program that runs already.
"""

from __future__ import annotations

from rdb._rdb import __version__, getprofile, gettrace, set_trace, setprofile, settrace
from rdb.api import pm, post_mortem, run, runcall, runctx, runeval, set_trace_async
from rdb.exceptions import Quit, Restart
from rdb.installing import install, uninstall

__all__ = [
    "Quit",
    "Restart",
    "__version__",
    "getprofile",
    "gettrace",
    "install",
    "pm",
    "post_mortem",
    "run",
    "runcall",
    "runctx",
    "runeval",
    "set_trace",
    "set_trace_async",
    "setprofile",
    "settrace",
    "uninstall",
]
