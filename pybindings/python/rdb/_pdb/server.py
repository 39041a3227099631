"""The end of a remote session that is in the process being debugged: a `Pdb` that asks the other end for its lines."""

from __future__ import annotations

import codeop
import json
import sys

from rdb import _rdb
from rdb._pdb import wire
from rdb._pdb.debugger import Pdb, restore_sigint

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any

__all__ = ["PdbServer"]

REDEFINES = ("alias", "debug", "unalias")
"""Behind these commands other words are commands than before."""


class PdbServer(Pdb):
    """A debugger that is talked to through a file.

    Args:
        sockfile: What lines of JSON are read from and written to.
        signal_server: Where Ctrl-C is to be heard from: host and port; None: from the system.
        owns_sockfile: Closes the file when the user leaves.
        colorize: Shows source text in colours.
    """

    def __init__(
        self,
        sockfile: Any,
        signal_server: tuple[str, int] | None = None,
        owns_sockfile: bool = True,
        colorize: bool = False,
        **kwargs: Any,
    ) -> None:
        self._sockfile = sockfile
        self._owns_sockfile = owns_sockfile
        self._interact_state: dict[str, Any] | None = None
        self._command_name_cache: list[str] = []
        self._write_failed = False
        self._connection: socket.socket | None = None
        if signal_server is not None:
            self._start_signal_listener(signal_server)
        # Its own streams say nothing of the other end's. Nor is it to stop in its own handler of SIGINT.
        super().__init__(colorize=False, **{"skip": ["rdb.*"], **kwargs})
        self.colorize = colorize
        self.use_rawinput = 0
        self.stdout: Any = Voice(self)

    @staticmethod
    def protocol_version() -> int:
        """Returns the version of what is said."""
        return wire.protocol_version()

    def _prepare_input(self) -> None:
        """Leaves the program's terminal alone."""
        self.pyrepl_input = None

    @classmethod
    def _start_signal_listener(cls, address: tuple[str, int]) -> None:
        """Raises SIGINT for each byte that comes from an address, until it hangs up or Python ends."""
        import atexit
        import signal
        import socket
        import threading

        connection = socket.create_connection(address, timeout=5)
        connection.settimeout(0.25)
        ended = threading.Event()

        def listen() -> None:
            with connection:
                connection.shutdown(socket.SHUT_WR)
                while not ended.is_set():
                    try:
                        if not connection.recv(1024):
                            return
                    except TimeoutError:
                        continue
                    signal.raise_signal(signal.SIGINT)

        thread = threading.Thread(target=listen, daemon=True)

        def stop() -> None:
            ended.set()
            thread.join()

        atexit.register(stop)
        thread.start()

    # What is said.

    def _ensure_valid_message(self, msg: dict[str, Any]) -> None:
        wire.check_speech(msg)

    def _send(self, **kwargs: Any) -> None:
        """Says something. If the other end is gone, that is noticed at the next question."""
        self._ensure_valid_message(kwargs)
        try:
            self._sockfile.write(json.dumps(kwargs).encode() + b"\n")
            self._sockfile.flush()
        except (OSError, ValueError):
            self._write_failed = True

    def message(self, msg: object, end: str = "\n") -> None:
        """Shows a text."""
        self._send(message=f"{msg}{end}", type="info")

    def error(self, msg: object) -> None:
        """Shows an error."""
        self._send(message=str(msg), type="error")

    def do_help(self, arg: str) -> Any:
        """Has the other end explain a command: it may have a pager."""
        self._send(help=arg)

    do_h = do_help

    # What is asked.

    def _get_input(self, prompt: str, state: str) -> str:
        """Returns the answer to a question.

        Raises:
            EOFError: There is none.
            KeyboardInterrupt: The user has pressed Ctrl-C.
        """
        if state == "pdb" and not self._command_name_cache:
            self._command_name_cache = self.completenames("", "", 0, 0)
            self._send(command_list=self._command_name_cache)
        self._send(prompt=prompt, state=state)
        return self._read_reply()

    def _read_reply(self) -> str:
        """Returns the answer. Completes words meanwhile."""
        while True:
            line = b"" if self._write_failed else self._sockfile.readline()
            if not line:
                raise EOFError
            try:
                said = json.loads(line)
                wire.check_request(said if isinstance(said, dict) else {})
            except json.JSONDecodeError:
                self.error(f"Disconnecting: client sent invalid JSON {line!r}")
                raise EOFError from None
            except AssertionError:
                self._refuse_request(said, line)
                continue
            if "reply" in said:
                return str(said["reply"])
            if "complete" in said:
                self._send(completions=self._complete_any(**{key: said["complete"][key] for key in COMPLETE}))
                continue
            raise KeyboardInterrupt if said["signal"] == "INT" else EOFError

    def _refuse_request(self, said: Any, line: bytes) -> None:
        if isinstance(said, dict) and isinstance(said.get("signal"), str):
            self.error(f"Received unrecognized signal: {said['signal']}")
            raise EOFError  # it leaves what it is in, whatever was meant
        self.error(f"Ignoring invalid message from client: {line!r}")

    def _complete_any(self, text: str, line: str, begidx: int, endidx: int) -> list[str]:
        if self._interact_state is not None:
            return list(self.completedefault(text, line, begidx, endidx))
        return self._completions(text, line, begidx, endidx)

    def _read(self, prompt: str) -> str | None:
        return self._ask(prompt, "commands" if self.commands_defining else "pdb")

    def _ask(self, prompt: str, kind: str) -> str | None:
        if kind == "commands" and self.cmdqueue:
            return self.cmdqueue.pop(0)
        try:
            return self._get_input(prompt, kind)
        except EOFError:
            return None

    def _prompt_for_confirmation(self, prompt: str, default: str) -> str:
        try:
            return self._get_input(prompt, "confirm")
        except (EOFError, KeyboardInterrupt):
            return default

    # How lines are run.

    def _turn(self) -> Any:
        if self._interact_state is None:
            return super()._turn()
        try:
            self._run_in_python_repl(self._get_input(">>> ", "interact"))
        except KeyboardInterrupt:
            self.message("\nKeyboardInterrupt")
        except EOFError:
            self.message("\n*exit from pdb interact command*")
            self._interact_state = None
        return None

    def default(self, line: str) -> Any:
        """Runs a statement, which has come as a whole."""
        source = line.removeprefix("!")
        try:
            if codeop.compile_command(source + "\n", "<stdin>", "single") is None:
                raise SyntaxError("Incomplete command")
        except Exception:
            self._error_exc()
            return None
        return super().default(source)

    def _run_command(self, name: str, argument: str) -> Any:
        if name in REDEFINES:
            self._command_name_cache = []
        if name == "commands" and argument.strip().isdigit():
            return self._read_commands(int(argument))
        return super()._run_command(name, argument)

    def _read_commands(self, number: int) -> None:
        """Asks for the commands of a breakpoint, if `get_bpbynumber` knows it."""
        try:
            self.get_bpbynumber(number)
        except ValueError as error:
            self.error(f"cannot set commands: {error}")
            return
        commands = _rdb.pdb_read_command_list(self)
        if commands is not None:
            self.commands[number] = commands

    def do_run(self, arg: str) -> None:  # noqa: ARG002 - pdb's interface
        """Refuses to start the program again."""
        self.error("remote PDB cannot restart the program")

    do_restart = do_run

    def do_interact(self, arg: str) -> None:  # noqa: ARG002 - pdb's interface
        """Takes what is typed from now on as Python, in a copy of the frame's namespaces."""
        self.message("*pdb interact start*")
        names = {**self.curframe.f_globals, **self.curframe.f_locals}
        self._interact_state = {"compiler": codeop.CommandCompiler(), "ns": names}

    def _run_in_python_repl(self, lines: str) -> None:
        """Runs a statement that was typed in `interact`."""
        state = self._interact_state or {}
        before, sys.displayhook = sys.displayhook, self._interact_displayhook
        stdout, sys.stdout = sys.stdout, self.stdout
        try:
            code = state["compiler"](lines + "\n")
            if code is None:
                raise SyntaxError("Incomplete command")
            exec(code, state["ns"])
        except BaseException:
            self._error_exc()
        finally:
            sys.displayhook, sys.stdout = before, stdout

    def _interact_displayhook(self, obj: object) -> None:
        if obj is not None:
            import builtins

            self.message(repr(obj))
            builtins._ = obj  # type: ignore[attr-defined]

    def _error_exc(self) -> None:
        leaves = self._interact_state is not None and isinstance(sys.exception(), SystemExit)
        super()._error_exc()
        if leaves:
            self._interact_state = None
            self.message("*exit from pdb interact command*")

    def _create_recursive_debugger(self) -> PdbServer:
        return PdbServer(self._sockfile, owns_sockfile=False, colorize=self.colorize)

    # How the program goes on.

    def _go_on(self, how: str, detail: Any) -> None:
        super()._go_on(how, detail)
        if how not in ("continue", "quit", "restart"):
            self._hear_sigint()  # a step may take long

    def postloop(self) -> None:
        """Leaves the program alone, if the user wants so."""
        super().postloop()
        if self.quitting:
            self.detach()

    def detach(self) -> None:
        """Hangs up. The program goes on without a debugger."""
        self.quitting = False
        if not self._owns_sockfile:
            return
        Pdb._last_pdb_instance = None
        for connection in (self._sockfile, self._connection):
            try:
                if connection is not None:
                    connection.close()
            except OSError:
                continue  # the other end has hung up first

    def _drop_if_deserted(self) -> None:
        """Detaches if the other end is gone, which is noticed at a stop only, and there may be none."""
        import socket

        if self._connection is None:
            return
        try:
            waiting = self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            waiting = b""
        if not waiting:
            self.set_quit()
            restore_sigint()
            self.detach()


COMPLETE = ("text", "line", "begidx", "endidx")


class Voice:
    """A stream for what statements print: the other end shows it."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, debugger: PdbServer) -> None:
        self.debugger = debugger

    def write(self, text: str) -> int:
        """Shows text."""
        if text:
            self.debugger.message(text, end="")
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Shows several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Does nothing: text is sent at once."""

    def isatty(self) -> bool:
        """Returns that this is no terminal."""
        return False

    def writable(self) -> bool:
        """Returns that this can be written to."""
        return True
