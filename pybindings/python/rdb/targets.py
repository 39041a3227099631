"""What can be debugged: a script, a module, a directory or archive, a piece of code.

Each is set up as Python itself does it.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

__all__ = ["Archive", "Code", "Module", "Script", "Target", "TargetError", "find_file"]

Module_ = type(sys)


class TargetError(Exception):
    """There is nothing to debug; the text is a line for the user, in pdb's words where it has some."""


class NotFoundError(Exception):
    """`runpy` found nothing; other errors are those of a package that was imported on the way."""


class Target:
    """A program that can be started, more than once."""

    name: str
    """What the user calls it."""

    def load(self) -> tuple[CodeType, ModuleType]:
        """Reads the program anew and returns its code and a fresh ``__main__`` for it.

        Raises:
            TargetError: It cannot be read.
            SyntaxError: It is not a Python program.
        """
        raise NotImplementedError

    def argv0(self) -> str:
        """Returns what the program finds in ``sys.argv[0]``, once it was loaded."""
        return self.name

    def shown(self) -> str:
        """Returns what messages call it."""
        return self.name


class Script(Target):
    """A file with source text, or a ``.pyc`` file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = absolute(name)
        set_path0(os.path.dirname(os.path.realpath(name)))

    def load(self) -> tuple[CodeType, ModuleType]:
        """Reads the file and compiles it."""
        import _frozen_importlib_external as loaders

        try:
            if self.path.endswith(".pyc"):
                compiled = loaders.SourcelessFileLoader("__main__", self.path)
                code: CodeType = compiled.get_code("__main__")  # type: ignore[assignment]
                return code, file_main(compiled, self.path, None)
            with io.open_code(self.path) as file:
                source = file.read()
        except OSError as error:
            raise TargetError(f"Error: cannot read {self.name}: {error.strerror}") from None
        loader = loaders.SourceFileLoader("__main__", self.path)
        return compile(source, self.path, "exec", dont_inherit=True), file_main(loader, self.path, None)

    def shown(self) -> str:
        """Returns the path, as the stack shows it."""
        return self.path


class Module(Target):
    """A module or package, named as in an import statement."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._spec: ModuleSpec | None = None
        set_path0(os.getcwd())

    def load(self) -> tuple[CodeType, ModuleType]:
        """Finds the module the first time, with its parent packages imported, and reads it anew."""
        if self._spec is None:
            self._spec, code = self._find()
        else:
            code = self._spec.loader.get_code(self._spec.name)  # type: ignore[union-attr]
        return code, spec_main(self._spec)

    def _find(self) -> tuple[ModuleSpec, CodeType]:
        import runpy

        try:
            _, spec, code = runpy._get_module_details(self.name, NotFoundError)  # type: ignore[attr-defined]
        except NotFoundError as error:
            raise TargetError(f"ImportError: {error}") from None
        return spec, code

    def argv0(self) -> str:
        """Returns the file of the module."""
        return (self._spec and self._spec.origin) or self.name


class Archive(Module):
    """A directory or zip file with a ``__main__`` module."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._spec = None
        path = absolute(name)
        if sys.flags.safe_path:
            sys.path.insert(0, path)  # Python itself does so: the directory *is* the program
        else:
            set_path0(path)

    def _find(self) -> tuple[ModuleSpec, CodeType]:
        import runpy

        try:
            _, spec, code = runpy._get_main_module_details(NotFoundError)  # type: ignore[attr-defined]
        except NotFoundError:
            what = "directory" if os.path.isdir(self.name) else "archive"
            raise TargetError(f"Error: {self.name} is a {what} without __main__.py") from None
        return spec, code

    def argv0(self) -> str:
        """Returns the name as it was given."""
        return self.name


class Code(Target):
    """Source text from the command line."""

    name = "-c"

    def __init__(self, source: str) -> None:
        self._source = source
        set_path0("")

    def load(self) -> tuple[CodeType, ModuleType]:
        """Compiles the text, and lets `linecache` know its lines."""
        import linecache
        from _frozen_importlib import BuiltinImporter

        lines = [line + "\n" for line in self._source.split("\n")]
        linecache.cache["<string>"] = (len(self._source), None, lines, "<string>")
        return compile(self._source, "<string>", "exec", dont_inherit=True), new_main(BuiltinImporter)


def find_file(name: str) -> Target:
    """Returns what a file name on the command line stands for.

    Raises:
        TargetError: There is no such file, or it cannot be run.
    """
    if not os.path.exists(name):
        raise TargetError(f"Error: {name} does not exist")
    for hook in sys.path_hooks:
        try:
            hook(absolute(name))
        except ImportError:
            continue
        return Archive(name)
    return Script(name)


def absolute(name: str) -> str:
    """Returns the path as Python makes it of the script on its command line: a `.` in it stays."""
    try:
        return os.path.join(os.getcwd(), name)
    except OSError:  # the current directory is gone
        return name


def set_path0(directory: str) -> None:
    """Puts the program's directory where Python put that of rdb; nothing if Python was told not to (``-P``)."""
    if not sys.flags.safe_path:
        sys.path[0:1] = [directory]


def new_main(loader: object) -> ModuleType:
    """Returns a ``__main__`` as Python makes it: a module that rdb's own ``__main__`` has no part in."""
    import builtins

    main = Module_("__main__")
    main.__loader__ = loader  # type: ignore[assignment]
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    main.__builtins__ = builtins  # type: ignore[attr-defined]
    return main


def spec_main(spec: ModuleSpec) -> ModuleType:
    """Returns a ``__main__`` for a module that was found."""
    main = file_main(spec.loader, spec.origin, spec.cached)
    main.__spec__ = spec
    main.__package__ = spec.parent
    return main


def file_main(loader: object, path: str | None, cached: str | None) -> ModuleType:
    """Returns a ``__main__`` that comes from a file."""
    main = new_main(loader)
    main.__file__ = path
    if sys.version_info < (3, 15):
        main.__dict__["__cached__"] = cached
    return main
