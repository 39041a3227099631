"""Runs a script while hunter looks at each event, and finds none that it is to show."""

import sys
from pathlib import Path

import hunter


def main() -> None:
    """Begins to trace, and runs the script."""
    sys.argv = sys.argv[1:]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    code = compile(Path(sys.argv[0]).read_text(encoding="utf-8"), sys.argv[0], "exec")
    hunter.trace(module="nowhere")
    exec(code, {"__name__": "__main__", "__file__": sys.argv[0], "__builtins__": __builtins__})


if __name__ == "__main__":
    main()
