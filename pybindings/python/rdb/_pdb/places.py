"""Places: which file and line a user means. Derived debuggers override these methods."""

from __future__ import annotations

import os
import re
import sys

from rdb import _rdb
from rdb._pdb.quirks import COUNTS_FROM_BODY, FINDS_PATHS_OF_PROGRAM, NAMES_PACKAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

__all__ = ["Places", "find_first_executable_line", "find_function"]


def find_function(funcname: str, filename: str) -> tuple[str, str, int] | None:
    """Returns the function of this name in a file, the file, and its first line; None: there is none.

    The line is the first one of its body; before Python 3.13, that of its ``def``.
    """
    lines, body = _rdb.pdb_find_function(funcname, filename)
    if COUNTS_FROM_BODY:
        return None if body is None else (funcname, filename, body)
    definition = rf"def\s+{re.escape(funcname)}(\s*\[.+\])?\s*[(]"
    # A function of the module goes before a method of this name.
    for pattern in (definition, rf"\s+{definition}"):
        for number, line in enumerate(lines, 1):
            if re.match(pattern, line):
                return funcname, filename, number
    return None


def find_first_executable_line(code: CodeType) -> int:
    """Returns the first line of a code object's body."""
    return _rdb.pdb_body_line(code)


class Places:
    """The part of `Pdb` that finds files and lines."""

    curframe: Any
    mainpyfile: str

    def defaultFile(self) -> str:  # noqa: N802 - pdb's name
        """Returns the file that a bare line number is about."""
        filename: str = self.curframe.f_code.co_filename
        return self.mainpyfile if filename == "<string>" and self.mainpyfile else filename

    def lookupmodule(self, filename: str) -> str | None:
        """Returns the path of a file or module that is written in any way; None: it is not there."""
        if os.path.isabs(filename) and os.path.exists(filename):
            return filename
        if FINDS_PATHS_OF_PROGRAM:
            first = os.path.join(sys.path[0], filename)
            if os.path.exists(first) and self.canonic(first) == self.mainpyfile:  # type: ignore[attr-defined]
                return first
        if not filename.endswith(".py"):
            filename = filename.replace(".", os.sep) + ".py" if NAMES_PACKAGES else filename + ".py"
        if os.path.isabs(filename):
            return filename if os.path.exists(filename) else None
        for directory in sys.path:
            path = os.path.join(os.path.realpath(directory) if os.path.islink(directory) else directory, filename)
            if os.path.exists(path):
                return path
        return None

    def lineinfo(self, identifier: str) -> tuple[str, str, int] | tuple[None, None, None]:
        """Returns the function that a name like ``func`` or ``module.func`` stands for, its file and line."""
        failed = (None, None, None)
        parts = identifier.split("'")
        if len(parts) not in (1, 3):
            return failed
        name = parts[len(parts) // 2].strip()
        words = name.split(".")
        if words[0] == "self":
            del words[0]
        if not words or not words[0]:
            return failed
        path: str | None = self.defaultFile()
        if len(words) > 1:
            path = self.lookupmodule(".".join(words[:-1])) or self.lookupmodule(words[0])
        if not path:
            return failed
        item = words[-1] if len(words) > 1 else words[0]
        return find_function(item, self.canonic(path)) or failed  # type: ignore[attr-defined]

    def checkline(self, filename: str, lineno: int, module_globals: dict[str, Any] | None = None) -> int:
        """Returns the line if a breakpoint can be there, else says why not and returns 0."""
        import linecache

        frame = getattr(self, "curframe", None)
        if module_globals is None and frame is not None:
            module_globals = frame.f_globals
        line = linecache.getline(filename, lineno, module_globals)
        if not line:
            self.message("End of file")  # type: ignore[attr-defined]
            return 0
        line = line.strip()
        if not line or line.startswith(("#", '"""', "'''")):
            self.error("Blank or comment")  # type: ignore[attr-defined]
            return 0
        return lineno

    def _locate_line(self, file: str | None, line: int) -> tuple[str, int, None] | str | None:
        """Returns a place by file and line; a text: why there is none; None: that has been said."""
        path = self.defaultFile() if file is None else self.lookupmodule(file)
        if not path:
            return f"{file!r} not found from sys.path"
        checked = self.checkline(path, line, self._module_globals())
        return (self.canonic(path), checked, None) if checked else None  # type: ignore[attr-defined]

    def _locate_name(self, name: str) -> tuple[str, int, str] | str | None:
        """Returns the place of a function; a text: why there is none; None: that has been said."""
        try:
            function = eval(name, self.curframe.f_globals, self.curframe.f_locals)
            code = getattr(function, "__func__", function).__code__
            found = (code.co_name, code.co_filename, self._first_line(code))
        except Exception:
            found = self.lineinfo(name)  # type: ignore[assignment]
        function_name, path, line = found
        if not function_name:
            return f"The specified object {name!r} is not a function or was not found along sys.path."
        path = path or self.defaultFile()
        checked = self.checkline(path, int(line), self._module_globals())
        return (self.canonic(path), checked, function_name) if checked else None  # type: ignore[attr-defined]

    def _first_line(self, code: CodeType) -> int:
        return find_first_executable_line(code) if COUNTS_FROM_BODY else code.co_firstlineno

    def _module_globals(self) -> dict[str, Any] | None:
        return self.curframe.f_globals if self.curframe is not None else None
