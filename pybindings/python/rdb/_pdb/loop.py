"""The surface of `cmd.Cmd` that derived debuggers override and call, without importing `cmd`."""

from __future__ import annotations

import sys

from rdb import _rdb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

__all__ = ["Loop", "bind_key"]

IDENTIFIER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"


class Loop:
    """Reads lines and gives them to ``do_*`` methods."""

    prompt = "(Cmd) "
    # What else belongs to the first word, so that `c.a` and `c['a']` are no `c(ontinue)`.
    identchars = IDENTIFIER + "=.[](),\"'+-*/%@&|<>~^"
    ruler = "="
    lastcmd = ""
    intro: str | None = None
    doc_leader = ""
    doc_header = "Documented commands (type help <topic>):"
    misc_header = "Miscellaneous help topics:"
    undoc_header = "Undocumented commands:"
    nohelp = "*** No help on %s"
    use_rawinput = 1

    def __init__(self, completekey: str = "tab", stdin: TextIO | None = None, stdout: TextIO | None = None) -> None:
        self.stdin = sys.stdin if stdin is None else stdin
        self.stdout = sys.stdout if stdout is None else stdout
        self.cmdqueue: list[str] = []
        self.completekey = completekey

    def cmdloop(self, intro: str | None = None) -> None:
        """Reads lines and runs them until one of them lets the program go on."""
        self._try(self.preloop, "", None)
        with Completion(self):
            if intro is not None:
                self.intro = intro
            if self.intro:
                self.stdout.write(f"{self.intro}\n")
            stop = None
            while not stop:
                stop = self._turn()
            self._try(self.postloop, "", None)

    def _turn(self) -> Any:
        """Reads a line and runs it, and returns whether the loop ends."""
        line = self.cmdqueue.pop(0) if self.cmdqueue else self._next_line()
        expanded = self._try(self.precmd, line, None, line)
        if expanded is None:
            return None
        stop = self.onecmd(expanded)
        return self._try(self.postcmd, expanded, stop, stop, expanded)

    def _try(self, method: Callable[..., Any], _line: str, _instead: Any, *args: Any) -> Any:
        """Calls a method that may have been overridden, while a line is on its way."""
        return method(*args)

    def _next_line(self) -> str:
        line = self._read(self.prompt)
        return "EOF" if line is None else line

    def _read(self, prompt: str) -> str | None:
        """Returns a line of the user's; None: there are no more."""
        if self.use_rawinput:
            try:
                return input(prompt)
            except EOFError:
                return None
        self.stdout.write(prompt)
        self.stdout.flush()
        line = self.stdin.readline()
        return line.rstrip("\r\n") if line else None

    def precmd(self, line: str) -> str:
        """Is given each line before it is run, and returns what is to be run."""
        return line

    def postcmd(self, stop: Any, line: str) -> Any:  # noqa: ARG002 - for those who override it
        """Is told what a command returned, and returns whether the loop ends."""
        return stop

    def preloop(self) -> None:
        """Runs before the first line is read."""

    def postloop(self) -> None:
        """Runs when the loop ends."""

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        """Returns the command, its argument, and the line as it is to be understood."""
        line = line.strip()
        if not line:
            return None, None, line
        if line[0] == "?":
            line = "help " + line[1:]
        elif line[0] == "!":
            if not hasattr(self, "do_shell"):
                return None, None, line
            line = "shell " + line[1:]
        end = 0
        while end < len(line) and line[end] in self.identchars:
            end += 1
        return line[:end], line[end:].strip(), line

    def onecmd(self, line: str) -> Any:
        """Runs a line as if it was typed, and returns whether the loop ends."""
        command, argument, line = self.parseline(line)
        if not line:
            return self.emptyline()
        if command is None:
            return self.default(line)
        self.lastcmd = "" if line == "EOF" else line
        method = getattr(self, "do_" + command, None) if command else None
        return self.default(line) if method is None else method(argument)

    def emptyline(self) -> Any:
        """Runs the last line again."""
        return self.onecmd(self.lastcmd) if self.lastcmd else None

    def default(self, line: str) -> Any:
        """Runs a line that is no command."""
        self.stdout.write(f"*** Unknown syntax: {line}\n")

    def completedefault(self, *_ignored: Any) -> list[str]:
        """Completes the argument of a command without a ``complete_*`` method."""
        return []

    def completenames(self, text: str, *_ignored: Any) -> list[str]:
        """Completes the name of a command."""
        return [name[3:] for name in self.get_names() if name.startswith("do_" + text)]

    def complete(self, text: str, state: int) -> str | None:
        """Answers readline: the completion number `state` of `text`."""
        if state == 0:
            import readline

            place = readline.get_begidx(), readline.get_endidx()
            self.completion_matches = self._completions(text, readline.get_line_buffer(), *place)
        return self.completion_matches[state] if state < len(self.completion_matches) else None

    def _completions(self, text: str, whole: str, begin: int, end: int) -> list[str]:
        """Returns what the word from `begin` to `end` of a line can become."""
        line = whole.lstrip()
        stripped = len(whole) - len(line)
        begin, end = begin - stripped, end - stripped
        if begin <= 0:
            return list(self.completenames(text, line, begin, end))
        command, _, _ = self.parseline(line)
        method = getattr(self, f"complete_{command}", self.completedefault) if command else self.completedefault
        return list(method(text, line, begin, end))

    def get_names(self) -> list[str]:
        """Returns the names of all methods."""
        return dir(self.__class__)

    def complete_help(self, *args: Any) -> list[str]:
        """Completes a topic of the help."""
        topics = {name[5:] for name in self.get_names() if name.startswith("help_" + args[0])}
        return sorted(set(self.completenames(*args)) | topics)

    def print_topics(self, header: str, commands: list[str] | None, _cmdlen: int, maxcol: int) -> None:
        """Shows a list of topics under a heading."""
        if commands:
            self.stdout.write(f"{header}\n")
            if self.ruler:
                self.stdout.write(f"{self.ruler * len(header)}\n")
            self.columnize(commands, maxcol - 1)
            self.stdout.write("\n")

    def columnize(self, words: list[str] | None, displaywidth: int = 80) -> None:
        """Shows words in columns."""
        self.stdout.write(_rdb.pdb_columns(list(words or ()), displaywidth))

    def _list_topics(self) -> None:
        """Shows which commands and topics have help."""
        names = self.get_names()
        topics = {name[5:] for name in names if name.startswith("help_")}
        documented, bare = [], []
        for name in sorted({name for name in names if name.startswith("do_")}):
            command = name[3:]
            if command in topics:
                topics.remove(command)
                documented.append(command)
            elif getattr(self, name).__doc__:
                documented.append(command)
            else:
                bare.append(command)
        self.stdout.write(f"{self.doc_leader}\n")
        self.print_topics(self.doc_header, documented, 15, 80)
        self.print_topics(self.misc_header, sorted(topics), 15, 80)
        self.print_topics(self.undoc_header, bare, 15, 80)


class Completion:
    """While it is entered, readline asks a loop for completions. Does nothing where there is no readline."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.readline: Any = None

    def __enter__(self) -> None:
        if not (self.loop.use_rawinput and self.loop.completekey):
            return
        try:
            import readline
        except ImportError:
            return
        self.readline = readline
        self.loop.old_completer = readline.get_completer()  # type: ignore[attr-defined]
        readline.set_completer(self.loop.complete)
        bind_key(readline, self.loop.completekey)

    def __exit__(self, *_error: object) -> None:
        if self.readline is not None:
            self.readline.set_completer(self.loop.old_completer)  # type: ignore[attr-defined]


def bind_key(readline: Any, key: str) -> None:
    """Makes a key complete."""
    if getattr(readline, "backend", "readline") == "editline":
        readline.parse_and_bind(f"bind {'^I' if key == 'tab' else key} rl_complete")
    else:
        readline.parse_and_bind(f"{key}: complete")
