"""What pytest wants of a debugger that stops in one of its tests. Loaded only where pytest's own debugging is.

pytest sees to it for `pdb.set_trace` and for classes derived from `pdb.Pdb`; this is for `rdb.set_trace` and rdb's own
breakpoints.
"""

from __future__ import annotations

import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["at_prompt", "exit_error", "is_running", "refusal"]

STREAMS = ("stdin", "stdout", "stderr")
MISSING = object()


def is_running() -> bool:
    """Returns whether a test run is on its way in this process."""
    return plugins() is not None


def refusal() -> str:
    """Returns why a test cannot stop here, and what to do; nothing if it can."""
    if is_replaced() or not hasattr(pytest_debugger()._config, "workerinput"):
        return ""
    return "a worker of pytest-xdist has no terminal to stop at: run pytest with -n 0"


def at_prompt() -> Callable[[], None] | None:
    """Turns pytest's capturing off, if it is on, and returns what turns it on again behind the prompt."""
    manager = plugins()
    capture = manager and manager.getplugin("capturemanager")
    if not capture or is_replaced():
        return None
    before = [getattr(sys, name, MISSING) for name in STREAMS]
    capture.suspend(in_=True)
    with suppress(AttributeError):
        manager.getplugin("terminalreporter").ensure_newline()
    tell(manager.hook.pytest_enter_pdb)

    def again() -> None:
        tell(manager.hook.pytest_leave_pdb)
        capture.resume()
        # The test may have replaced a stream, such as by `redirect_stdout`; pytest knows its own ones only.
        for name, stream in zip(STREAMS, before, strict=True):
            if stream is not MISSING:
                setattr(sys, name, stream)

    return again


def exit_error() -> BaseException:
    """Returns the exception that ends the test run in an orderly way."""
    import pytest

    error: BaseException = pytest.exit.Exception("Quitting debugger")
    return error


def tell(hook: Any) -> None:
    """Tells plugins, so that none of them takes the time at the prompt for that of a test that hangs."""
    hook(config=pytest_debugger()._config, pdb=sys.modules["rdb"])


def pytest_debugger() -> Any:
    """Returns what keeps pytest's plugins and configuration for debuggers; both are None outside of a test run."""
    return sys.modules["_pytest.debugging"].pytestPDB


def plugins() -> Any:
    """Returns the plugins of the test run."""
    return getattr(pytest_debugger(), "_pluginmanager", None)


def is_replaced() -> bool:
    """Returns whether the test has an input of its own: it is the one to answer the prompt then."""
    stdin: object = sys.stdin
    return stdin is not sys.__stdin__ and not type(stdin).__module__.startswith("_pytest.")
