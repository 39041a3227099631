"""What ``python -m rdb.pdb`` can run: a file, a module, an archive."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Protocol

    class Target(Protocol):
        """A program."""

        @property
        def filename(self) -> str:
            """The file of its main code."""

        @property
        def code(self) -> CodeType | str:
            """What is to be run."""

        @property
        def namespace(self) -> dict[str, Any]:
            """The names that it begins with."""


__all__ = ["ModuleTarget", "ScriptTarget", "ZipTarget"]


class ScriptTarget:
    """A file with source text."""

    def __init__(self, target: str) -> None:
        self._check(target)
        self._target = self._safe_realpath(target)
        if not sys.flags.safe_path:
            sys.path[0] = os.path.dirname(self._target)

    @staticmethod
    def _check(target: str) -> None:
        """Leaves if this is no file."""
        problem = "does not exist" if not os.path.exists(target) else "is a directory" if os.path.isdir(target) else ""
        if problem:
            print(f"Error: {target} {problem}")
            sys.exit(1)

    @staticmethod
    def _safe_realpath(path: str) -> str:
        """Returns where a link leads, unless nothing can be read there (an anonymous pipe)."""
        real = os.path.realpath(path)
        return real if os.path.exists(real) else path

    def __repr__(self) -> str:
        return self._target

    @property
    def filename(self) -> str:
        """The path."""
        return self._target

    @property
    def code(self) -> str:
        """Source that runs the file as it is now: it may have been edited between two runs."""
        with io.open_code(self._target) as file:
            return f"exec(compile({file.read()!r}, {self._target!r}, 'exec'))"

    @property
    def namespace(self) -> dict[str, Any]:
        """The names of a script."""
        return {"__name__": "__main__", "__file__": self._target, "__builtins__": __builtins__, "__spec__": None}


class ModuleTarget:
    """A module or package, as ``python -m`` runs it."""

    def __init__(self, target: str) -> None:
        import runpy

        self._target = target
        self._find(lambda: runpy._get_module_details(target))  # type: ignore[attr-defined]

    def _find(self, details: Any) -> None:
        try:
            _, self._spec, self._code = details()
        except ImportError as error:
            print(f"ImportError: {error}")
            sys.exit(1)
        except Exception:
            import traceback

            traceback.print_exc()
            sys.exit(1)

    def __repr__(self) -> str:
        return self._target

    @property
    def filename(self) -> str:
        """The file that the module comes from."""
        return self._code.co_filename  # type: ignore[no-any-return]

    @property
    def code(self) -> CodeType:
        """Its code."""
        return self._code  # type: ignore[no-any-return]

    @property
    def namespace(self) -> dict[str, Any]:
        """The names of a module that is run."""
        return {
            "__name__": "__main__",
            "__file__": os.path.normcase(os.path.abspath(self.filename)),
            "__package__": self._spec.parent,
            "__loader__": self._spec.loader,
            "__spec__": self._spec,
            "__builtins__": __builtins__,
        }


class ZipTarget(ModuleTarget):
    """An archive with a ``__main__``."""

    def __init__(self, target: str) -> None:
        import runpy

        self._target = os.path.realpath(target)
        sys.path.insert(0, self._target)
        self._find(runpy._get_main_module_details)  # type: ignore[attr-defined]
