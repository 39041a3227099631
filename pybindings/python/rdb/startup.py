"""A .pth file that lets an environment variable put rdb in the place of pdb and bdb when an interpreter starts."""

from __future__ import annotations

import os

from rdb.targets import TargetError

__all__ = ["VARIABLE", "remove", "write"]

VARIABLE = "RDB_INSTALL"
"""The environment variable; empty and 0 are as if it was not there."""
NAME = "rdb-install.pth"

FINDER = """\
import sys


class AtStart:
    rdb_at_start = True
    failed = False

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name not in ("pdb", "bdb") or cls.failed:
            return None
        try:
            from rdb.installing import FINDER, install
        except ImportError as error:
            cls.failed = True
            if getattr(error, "name", None) != "rdb":
                print("rdb is not in the place of pdb, because it cannot be imported:", error, file=sys.stderr)
            return None
        install()
        return FINDER.find_spec(name)


if not any(getattr(finder, "rdb_at_start", False) for finder in sys.meta_path):  # a venv reads its files twice
    sys.meta_path.insert(0, AtStart)
"""
"""What runs if the variable is set. It needs no file of rdb, which may have gone, and imports it as late as can be."""

LINE = f'import os; os.environ.get({VARIABLE!r}, "0") in ("", "0") or exec({FINDER!r}, {{"__name__": "rdb-install"}})\n'


def write() -> str:
    """Writes the file into the environment of the running interpreter, and returns its path.

    Raises:
        TargetError: It cannot be written, or it would not be read.
    """
    path = find()
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(LINE)
    except OSError as error:
        raise failed("write", path, error) from None
    return path


def remove() -> str:
    """Removes the file, and returns its path.

    Raises:
        TargetError: It is not there or cannot be removed.
    """
    path = find()
    try:
        os.remove(path)
    except OSError as error:
        raise failed("remove", path, error) from None
    return path


def find() -> str:
    """Returns the path of the file, whether it is there or not."""
    import site
    import sysconfig

    directory = sysconfig.get_path("purelib")
    read = {os.path.realpath(path) for path in site.getsitepackages()}
    if os.path.realpath(directory) not in read:
        raise TargetError(f"Error: {directory} is where packages are installed, but Python reads no .pth files there")
    return os.path.join(directory, NAME)


def failed(what: str, path: str, error: OSError) -> TargetError:
    """Returns what to tell the user."""
    hint = "; use a virtual environment, or become a user who may" if isinstance(error, PermissionError) else ""
    return TargetError(f"Error: failed to {what} {path}: {error.strerror}{hint}")
