"""The user's end of a remote session: shows what the process being debugged says, and sends it what is typed."""

from __future__ import annotations

import codeop
import json
import signal

from rdb._pdb import wire
from rdb._pdb.debugger import Pdb
from rdb._pdb.loop import bind_key
from rdb.interrupts import Interrupts, Typing, interrupt
from rdb.lines import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["PdbClient"]


class PdbClient:
    """Talks to a `PdbServer`.

    Args:
        pid: The process, which gets a SIGINT when the user presses Ctrl-C while it runs.
        server_socket: The connection to the process.
        interrupt_sock: What a byte is sent to instead of that signal.
    """

    def __init__(self, pid: int, server_socket: Any, interrupt_sock: Any) -> None:
        self.pid = pid
        self.server_socket = server_socket
        self.interrupt_sock = interrupt_sock
        self.pdb_instance = Pdb(readrc=False)
        """Knows the grammar, and the help."""
        self.pdb_commands: set[str] = set()
        self.completion_matches: list[str] = []
        self.state = "dumb"
        self.write_failed = False
        self.multiline_block = False
        self.interrupts = Interrupts()
        self.lines = Lines(server_socket, self.interrupts)

    def cmdloop(self) -> None:
        """Serves the process until one of the two hangs up."""
        with self.interrupts, ReadlineCompletion(self.complete):
            while not self.write_failed:
                try:
                    line = self._readline()
                except KeyboardInterrupt:
                    self.send_interrupt()
                    continue
                if not line:
                    return
                try:
                    payload = json.loads(line)
                except ValueError:
                    print(f"*** Invalid JSON from remote: {line!r}", flush=True)
                    continue
                self.process_payload(payload)

    def send_interrupt(self) -> None:
        """Interrupts the program."""
        if self.interrupt_sock is not None:
            self.interrupt_sock.sendall(signal.SIGINT.to_bytes())
        elif (failure := interrupt(self.pid)) is not None:
            print(f"*** {failure}", flush=True)

    # The connection.

    def _ensure_valid_message(self, msg: dict[str, Any]) -> None:
        wire.check_request(msg)

    def _send(self, **kwargs: Any) -> None:
        """Sends something. If the process is gone, that is noticed when it is read from next."""
        self._ensure_valid_message(kwargs)
        try:
            self.server_socket.sendall(json.dumps(kwargs).encode() + b"\n")
        except OSError:
            self.write_failed = True

    def _readline(self) -> bytes:
        """Returns what the process says next; nothing if it has hung up. Raises `KeyboardInterrupt` at Ctrl-C."""
        return self.lines.read()

    def process_payload(self, payload: Any) -> None:
        """Does what the process wants.

        Raises:
            RuntimeError: It wants something unheard of.
        """
        try:
            wire.check_speech(payload if isinstance(payload, dict) else {})
        except AssertionError:
            raise RuntimeError(f"Unrecognized payload {payload}") from None
        if "command_list" in payload:
            self.pdb_commands = set(payload["command_list"])
        elif "message" in payload:
            self._show(payload["message"], payload["type"])
        elif "help" in payload:
            self.pdb_instance.do_help(payload["help"])
        elif "prompt" in payload:
            self.state = payload["state"] if payload["state"] in ("pdb", "interact") else "dumb"
            self.prompt_for_reply(payload["prompt"])
        else:
            raise RuntimeError(f"Unrecognized payload {payload}")  # completions that nobody waits for

    def _show(self, text: str, kind: str) -> None:
        if kind == "error":
            print("***", text, flush=True)
        else:
            print(text, end="", flush=True)

    # What is typed.

    def prompt_for_reply(self, prompt: str) -> None:
        """Answers a question. A statement that cannot be compiled is asked for again."""
        while True:
            try:
                answer = {"reply": self.read_command(prompt)}
            except EOFError:
                answer = {"signal": "EOF"}
            except KeyboardInterrupt:
                answer = {"signal": "INT"}
            except Exception as error:
                import traceback

                print("***", traceback.format_exception_only(error)[-1].strip(), flush=True)
                continue
            self._send(**answer)
            return

    def read_command(self, prompt: str) -> str:
        """Returns a command, or a whole statement, which may have several lines."""
        reply = self.read_input(prompt, multiline_block=False)
        if self.state == "dumb":
            return reply
        bang = ""
        if self.state == "pdb":
            if not reply.strip() or self.pdb_instance.parseline(reply)[0] in self.pdb_commands:
                return reply
            if reply.startswith("!"):
                bang, reply = "!", reply[1:].lstrip()
        if codeop.compile_command(reply + "\n", "<stdin>", "single") is None:
            further = "...".ljust(len(prompt))
            while codeop.compile_command(reply, "<stdin>", "single") is None:
                reply += "\n" + self.read_input(further, multiline_block=True)
        return bang + reply

    def read_input(self, prompt: str, multiline_block: bool) -> str:
        """Returns a line of the user's."""
        self.multiline_block = multiline_block
        with Typing(self.interrupts):
            return ask(prompt)

    def complete(self, text: str, state: int) -> str | None:
        """Answers readline with what the process knows."""
        if state == 0:
            self.completion_matches = self._matches(text)
        return self.completion_matches[state] if state < len(self.completion_matches) else None

    def _matches(self, text: str) -> list[str]:
        import readline

        if self.state not in ("pdb", "interact"):
            return []
        whole = readline.get_line_buffer()
        line = whole.lstrip()
        if self.multiline_block:
            line = "! " + line  # no command, whatever it begins with
        moved = len(whole) - len(line)
        begin, end = readline.get_begidx() - moved, readline.get_endidx() - moved
        self._send(complete={"text": text, "line": line, "begidx": begin, "endidx": end})
        answer = b"" if self.write_failed else self._readline()
        if not answer:
            return []
        payload = json.loads(answer)
        if "completions" not in payload:
            raise RuntimeError(f"Failed to get valid completions. Got: {payload}")
        return list(payload["completions"])


def ask(prompt: str) -> str:
    """Returns a line of standard input. Who has put an `input` of their own into the module `pdb` is asked instead."""
    from rdb import pdb

    line: str = vars(pdb).get("input", input)(prompt)
    return line


class ReadlineCompletion:
    """While it is entered, readline asks somebody else for completions. Does nothing where there is no readline."""

    def __init__(self, complete: Callable[[str, int], str | None]) -> None:
        self.complete = complete
        self.before: Any = None
        self.readline: Any = None

    def __enter__(self) -> None:
        try:
            import readline
        except ImportError:
            return
        self.readline = readline
        self.before = readline.get_completer()
        readline.set_completer(self.complete)
        bind_key(readline, "tab")

    def __exit__(self, *_error: object) -> None:
        if self.readline is not None:
            self.readline.set_completer(self.before)
