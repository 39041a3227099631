"""Runs a script with a LINE event for each of its lines, and nothing but the interpreter's own cost of them."""

import operator
import sys
from pathlib import Path


def codes(code):
    """Yields a code object and all that are in it."""
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from codes(constant)


def main() -> None:
    """Arms the code, and runs it as a script."""
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    code = compile(Path(sys.argv[0]).read_text(encoding="utf-8"), sys.argv[0], "exec")
    monitoring = sys.monitoring
    events = monitoring.events
    monitoring.use_tool_id(monitoring.DEBUGGER_ID, "floor")
    # A built-in function that takes what the callback is given, and whose answer leaves the event on.
    monitoring.register_callback(monitoring.DEBUGGER_ID, events.LINE, operator.is_)
    monitoring.register_callback(monitoring.DEBUGGER_ID, events.PY_START, operator.is_)
    for one in codes(code):
        monitoring.set_local_events(monitoring.DEBUGGER_ID, one, events.LINE | events.PY_START)
    exec(code, {"__name__": "__main__", "__file__": sys.argv[0], "__builtins__": __builtins__})


if __name__ == "__main__":
    main()
