"""The command line: ``python -m rdb [options] script.py [args …]``.

Starting must be cheap, so nothing of the standard library is imported here that Python has not loaded by itself.
"""

from __future__ import annotations

import os
import sys

from rdb import _rdb
from rdb.targets import Code, Module, Target, TargetError, find_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

USAGE = "usage: python -m rdb [options] (script.py | directory | archive | -m module | -e code) [args ...]\n\
       python -m rdb [options] -p PID"

HELP = f"""\
{USAGE}

Debugs a Python program. It stops at its first line; `help` at the prompt lists the commands.

  script.py            a file with source text (or a .pyc file)
  directory, archive   a directory or zip file with a __main__.py
  -m module            a module or package, as `python -m` runs it
  -e code              source text
  args                 what the program finds in sys.argv
  -p, --pid PID        a process that runs already (Python 3.14 and later); `quit` leaves it running

options:
  -c, --command CMD    a debugger command to run at the first prompt, behind those of .pdbrc and .rdbrc; repeatable
  --backend NAME       where events come from: auto, monitoring (Python 3.12 and later) or settrace
  --install            run the program without a debugger, with rdb in the place of pdb and bdb
  --install-pth        let RDB_INSTALL=1 put rdb in the place of pdb and bdb in each process of this environment
  --remove-pth         undo that
  --no-rc              do not read .pdbrc and .rdbrc
  --version            show the version; with --verbose also the interpreter and the chosen backend
  -h, --help           show this
  --                   end of the options

Options behind the script belong to the script. A later -c is run after an earlier one: `-c "b 12" -c c`.
"""

BACKENDS = ("auto", "monitoring", "settrace")
FLAGS = ("--no-rc", "--install", "--install-pth", "--remove-pth", "--help", "--version", "--verbose")
"""The long options without a value."""


class UsageError(Exception):
    """The command line is not one; the text says why."""


class Options:
    """What the command line says."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.backend: str | None = None
        self.rc = True
        self.install = False
        self.pth = ""
        """What is to be done with the .pth file: ``install`` or ``remove`` it; empty: nothing."""
        self.help = False
        self.version = False
        self.verbose = False
        self.kind = ""
        """``-m``, ``-e``, ``-p``, or empty for a file."""
        self.program: str | None = None
        self.args: list[str] = []


def main(argv: Sequence[str] | None = None) -> int:
    """Runs rdb's command line.

    Args:
        argv: The arguments without the name of the program; None: ``sys.argv[1:]``.

    Returns:
        The exit status: the program's own once it has ended, 1 if there was none to run, 2 for wrong usage, else 0.
    """
    try:
        options = parse(list(sys.argv[1:] if argv is None else argv))
    except UsageError as error:
        print(f"{USAGE}\nrdb: error: {error}", file=sys.stderr)
        return 2
    if options.help:
        print(HELP, end="")
        return 0
    try:
        return run(options)
    except TargetError as error:
        print(error)
        return 1


def run(options: Options) -> int:
    """Does what the command line asks for, and returns the exit status."""
    if options.version:
        print(version(options))
        return 0
    if options.pth:
        return change_pth(options.pth)
    if options.install:
        from rdb.installing import run_installed

        return run_installed(options.kind, options.program or "", options.args)
    if options.kind == "-p":
        return attach(options)
    target = find_target(options)
    # Loaded by name, so that `--version` and errors cost nothing of it.
    from rdb.runner import debug

    return debug(target, options.args, options.backend, options.commands, options.rc)


def change_pth(what: str) -> int:
    """Writes or removes the .pth file, and says so."""
    from rdb import startup

    if what == "remove":
        print(f"Removed {startup.remove()}")
    else:
        print(f"Wrote {startup.write()}")
        print(f"Where {startup.VARIABLE}=1 is in the environment, pdb and bdb mean rdb in each process of this Python.")
    return 0


def parse(argv: list[str]) -> Options:
    """Reads the command line up to the name of the program.

    Raises:
        UsageError: An option is unknown or lacks its value, or there is no program.
    """
    options = Options()
    words = iter(argv)
    for word in words:
        if options.kind == "-p" and (word == "--" or not word.startswith("-")):
            raise UsageError(f"a running process takes no arguments: {word}")
        if word == "--":
            options.program = next(words, None)
        elif not word.startswith("-") or word == "-":
            options.program = word
        elif word.startswith("--"):
            parse_long(options, word, words)
            continue
        else:
            parse_short(options, word, words)
            if options.kind in ("", "-p"):
                continue
        break
    options.args = list(words)
    if options.pth and options.program is not None:
        raise UsageError(f"the option --{options.pth}-pth takes no script or module")
    if options.program is None and not (options.help or options.version or options.pth):
        raise UsageError("there is no script or module to run")
    if options.kind == "-p" and not (options.help or options.version):
        check_attaching(options)
    return options


def check_attaching(options: Options) -> None:
    """Refuses what makes no sense with ``-p``.

    Raises:
        UsageError: It is no process id, there is more behind it, or this Python cannot attach.
    """
    from rdb import attaching

    if not (options.program or "").isdecimal():
        raise UsageError(f"{options.program!r} is no process id")
    if options.install:
        raise UsageError("--install is for a program that is started")
    if not attaching.is_possible():
        raise UsageError(attaching.why_impossible(options.program or ""))


def attach(options: Options) -> int:
    """Debugs a running process, and returns the exit status."""
    from rdb import attaching, remote

    pid = int(options.program or "")
    try:
        refusal = remote.attach(pid, options.commands, options.backend, options.rc)
    except (OSError, RuntimeError) as error:
        refusal = attaching.explain(pid, error)
    except KeyboardInterrupt:
        print(f"\nGave up: process {pid} goes on as before.")
        return 130
    if refusal is not None:
        print(f"Error: {refusal}")
    return 0 if refusal is None else 1


def parse_long(options: Options, word: str, words: object) -> None:
    """Reads an option like ``--command CMD`` or ``--command=CMD``."""
    name, equals, value = word.partition("=")
    if name in ("--command", "--backend", "--pid"):
        text = value if equals else value_of(name, words)
        if name == "--command":
            options.commands.append(text)
        elif name == "--pid":
            options.kind, options.program = "-p", text
        elif text in BACKENDS:
            options.backend = text
        else:
            raise UsageError(f"there is no backend {text!r}: choose one of {', '.join(BACKENDS)}")
    elif equals:
        raise UsageError(f"the option {name} takes no value" if name in FLAGS else f"unknown option {name}: see --help")
    elif name == "--no-rc":
        options.rc = False
    elif name == "--install":
        options.install = True
    elif name in ("--install-pth", "--remove-pth"):
        options.pth = name[2:-4]
    elif name in FLAGS:
        setattr(options, name[2:], True)
    else:
        raise UsageError(f"unknown option {name}: see --help")


def parse_short(options: Options, word: str, words: object) -> None:
    """Reads an option like ``-c CMD`` or ``-cCMD``."""
    name, joined = word[:2], word[2:]
    if name == "-h" and not joined:
        options.help = True
    elif name in ("-c", "-m", "-e", "-p"):
        text = joined or value_of(name, words)
        if name == "-c":
            options.commands.append(text)
        elif options.kind:
            raise UsageError(f"{options.kind} and {name} cannot go together")
        else:
            options.kind, options.program = name, text
    else:
        raise UsageError(f"unknown option {word}: see --help")


def value_of(name: str, words: object) -> str:
    """Returns the value of an option, the next word."""
    value = next(words, None)  # type: ignore[call-overload]
    if value is None:
        raise UsageError(f"the option {name} needs a value")
    return str(value)


def find_target(options: Options) -> Target:
    """Returns the program that the command line names."""
    program = options.program or ""
    if options.kind == "-m":
        return Module(program)
    if options.kind == "-e":
        return Code(program)
    return find_file(program)


def version(options: Options) -> str:
    """Returns what ``--version`` says."""
    text = f"rdb {_rdb.__version__}"
    if not options.verbose:
        return text
    try:
        backend, reason = _rdb.backend_info(options.backend or os.environ.get("RDB_BACKEND"))
    except RuntimeError as error:
        raise TargetError(f"Error: {error}") from None
    return "\n".join(
        [
            text,
            f"backend: {backend} ({reason})",
            f"python: {sys.version.split()[0]} ({sys.executable})",
            f"platform: {sys.platform}",
            f"rdb: {_rdb.__file__}",
        ]
    )
