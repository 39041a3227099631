"""Runs a script under pudb's debugger class without its screen: whenever it would show itself, it goes on.

The first argument is a JSON list of breakpoints (path, line, condition), the rest is the script and its arguments.
"""

import json
import sys
from pathlib import Path

from pudb.debugger import Debugger


class Unseen(Debugger):
    """A pudb that never opens its screen."""

    def interaction(self, *_args, **_kwargs):
        """Goes on."""
        self.set_continue()


def main() -> None:
    """Sets the breakpoints and runs the script."""
    breaks = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.argv = sys.argv[2:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    debugger = Unseen()
    for path, line, condition in breaks:
        refused = debugger.set_break(path, line, False, condition)
        if refused:
            sys.exit(refused)
    print("breakpoints", len(breaks), flush=True)
    debugger._runscript(sys.argv[0])


if __name__ == "__main__":
    main()
