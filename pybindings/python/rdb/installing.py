"""Puts rdb in the place of the standard library's ``pdb`` and ``bdb``, for everything in this process.

A finder does it, so that the modules are loaded when they are imported and not before.
"""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType
    from typing import Any

__all__ = ["FINDER", "install", "run_installed", "uninstall"]

OURS = {"bdb": "rdb.bdb", "pdb": "rdb.pdb"}
"""What the names stand for while rdb is installed."""
BEFORE: dict[str, ModuleType] = {}
"""What they stood for before, as far as it was loaded."""


class Alias:
    """Loads a module of ours under a name of the standard library.

    Args:
        ours: The module's own name.
        loader: The loader that has this name.
    """

    def __init__(self, ours: str, loader: Any) -> None:
        self.ours = ours
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> None:
        """Leaves it to the import system to make a module, which is not kept."""

    def exec_module(self, module: ModuleType) -> None:
        """Puts our module in the place of the new one: the import system hands out what is there afterwards."""
        __import__(self.ours)
        found = sys.modules[module.__name__] = sys.modules[self.ours]
        # `runpy` asks the loader of a loaded module for its code by the name that the user gave.
        if found.__spec__ is not None and not isinstance(found.__spec__.loader, Alias):
            found.__spec__.loader = found.__loader__ = self  # type: ignore[assignment]

    def get_code(self, name: str) -> CodeType | None:  # noqa: ARG002 - it is the same under each name
        """Returns the code of our module, for ``python -m pdb``."""
        code: CodeType | None = self.loader.get_code(self.ours)
        return code

    def get_source(self, name: str) -> str | None:  # noqa: ARG002
        """Returns the text of our module."""
        text: str | None = self.loader.get_source(self.ours)
        return text

    def get_filename(self, name: str | None = None) -> str:  # noqa: ARG002
        """Returns the path of our module."""
        return str(self.loader.get_filename(self.ours))

    def is_package(self, name: str) -> bool:  # noqa: ARG002
        """Returns false."""
        return False


class Finder:
    """Finds our modules where those of the standard library are looked for."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """Returns how to load what a name stands for; None: it is none of those that rdb takes the place of."""
        if name not in OURS:
            return None
        real = PathFinder.find_spec(OURS[name], sys.modules["rdb"].__path__)
        if real is None:
            return None
        spec = ModuleSpec(name, Alias(OURS[name], real.loader), origin=real.origin)  # type: ignore[arg-type]
        spec.has_location = real.has_location
        return spec


FINDER = Finder()


def install() -> None:
    """Makes ``import pdb``, ``import bdb`` and ``breakpoint()`` mean rdb from now on.

    What has been imported by name before (``from pdb import Pdb``) stays what it is. A second call does nothing.

    Example:
        >>> rdb.install()
        >>> import pdb
        >>> pdb.Pdb
        <class 'rdb.pdb.Pdb'>
    """
    if FINDER in sys.meta_path:
        return
    sys.meta_path.insert(0, FINDER)
    forget_start()
    for name in OURS:
        before = sys.modules.pop(name, None)
        if before is not None:
            BEFORE[name] = before
            __import__(name)


def uninstall() -> None:
    """Undoes `install`, also where an environment variable has asked for it."""
    forget_start()
    if FINDER not in sys.meta_path:
        return
    sys.meta_path.remove(FINDER)
    for name, ours in OURS.items():
        if name in sys.modules and sys.modules[name] is sys.modules.get(ours):
            del sys.modules[name]
    sys.modules.update(BEFORE)
    BEFORE.clear()


def forget_start() -> None:
    """Removes the finder that a .pth file has made at the start of the interpreter."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not getattr(finder, "rdb_at_start", False)]


def run_installed(kind: str, program: str, args: Sequence[str]) -> int:
    """Runs a program with rdb in the place of pdb and bdb, and returns the exit status.

    Args:
        kind: ``-m`` for a module, ``-e`` for source text, empty for a file.
        program: The module, text or file.
        args: The program's ``sys.argv[1:]``.
    """
    import os
    import runpy

    install()
    if kind == "-m":
        sys.argv[:] = [program, *args]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    elif kind == "-e":
        sys.argv[:] = ["-c", *args]
        exec(compile(program, "<string>", "exec", dont_inherit=True), {"__name__": "__main__"})
    else:
        sys.argv[:] = [program, *args]
        if not sys.flags.safe_path:
            sys.path[0] = os.path.dirname(os.path.abspath(program))
        runpy.run_path(program, run_name="__main__")
    return 0
