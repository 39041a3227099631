"""Who may take part when a process is attached to: those who know the token, and nobody else."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TIMEOUT
from rdb import attaching, handshake, injected


@pytest.fixture
def door() -> Iterator[attaching.Door]:
    """Returns a door that keeps what it tells the user in `heard`."""
    with attaching.Door(handshake.new_token()) as door:
        door.heard = []  # type: ignore[attr-defined]
        door.tell = door.heard.append  # type: ignore[attr-defined]
        yield door


def connect(door: attaching.Door, *lines: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", door.port), timeout=TIMEOUT)
    connection.sendall(b"".join(lines))
    return connection


def admitted(door: attaching.Door, patience: float = TIMEOUT) -> socket.socket:
    return door.admit(os.getpid(), patience)


def test_who_knows_the_token_is_let_in(door: attaching.Door) -> None:
    called: list[socket.socket] = []
    caller = threading.Thread(target=lambda: called.append(handshake.call("127.0.0.1", door.port, door.token)))
    caller.start()
    with admitted(door) as connection:
        caller.join()
        with called[0]:
            called[0].sendall(b"hello")
            assert connection.recv(100) == b"hello"
    assert door.heard == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "shows"),
    [
        (b'{"token": "0000"}\n', "sent a wrong token"),
        (b'{"token": ""}\n', "sent a wrong token"),
        (b'{"token": null}\n', "sent no token"),
        (b'{"message": "hello", "type": "info"}\n', "sent no token"),
        (b"[]\n", "sent no token"),
        (b"\xff\xfe not JSON\n", "sent no token"),
        (b"x" * (2 * handshake.LONGEST), "sent no token"),
    ],
)
def test_a_stranger_is_refused_and_the_right_one_is_still_awaited(
    door: attaching.Door, line: bytes, shows: str
) -> None:
    with connect(door, line) as stranger:
        with pytest.raises(attaching.AttachError, match="has not answered"):
            admitted(door, 0.3)
        answer = stranger.recv(1000)
        assert b"does not know the token" in answer
        assert door.token.encode() not in answer
        assert door.heard == [f"*** refused a connection that {shows}; still waiting for the process"]  # type: ignore[attr-defined]
    caller = threading.Thread(target=lambda: handshake.call("127.0.0.1", door.port, door.token).close())
    caller.start()
    admitted(door).close()
    caller.join()


def test_strangers_who_say_nothing_do_not_keep_the_right_one_out(door: attaching.Door) -> None:
    silent = [connect(door) for _ in range(2 * attaching.CROWD)]
    half = connect(door, b'{"token": ')
    caller = threading.Thread(target=lambda: handshake.call("127.0.0.1", door.port, door.token).close())
    caller.start()
    admitted(door).close()
    caller.join()
    for connection in (*silent, half):
        connection.close()


def test_half_of_the_token_is_not_enough(door: attaching.Door) -> None:
    with connect(door, json.dumps({"token": door.token[: len(door.token) // 2]}).encode() + b"\n") as other:
        admitted(door).close()
        assert json.loads(other.recv(1000)) == {"token": door.token[len(door.token) // 2 :]}
    with connect(door, json.dumps({"token": door.token}).encode() + b"\n"), pytest.raises(attaching.AttachError):
        admitted(door, 0.3)


def test_the_process_talks_to_nobody_who_does_not_know_the_token() -> None:
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                said.append(connection.recv(1000))
                connection.sendall(b'{"token": "guessed"}\n{"reply": "import os"}\n')

        hostile = threading.Thread(target=answer)
        hostile.start()
        token = handshake.new_token()
        with pytest.raises(handshake.StrangerError, match="wrong token"):
            handshake.call("127.0.0.1", listener.getsockname()[1], token)
        hostile.join()
    assert token[len(token) // 2 :].encode() not in said[0]


def test_a_process_that_ends_is_not_waited_for(door: attaching.Door) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(attaching.AttachError, match="has ended"):
        door.admit(ended.pid, TIMEOUT)


def test_a_process_that_cannot_load_rdb_says_so(door: attaching.Door) -> None:
    injected.refuse("127.0.0.1", door.port, door.token, ImportError("of another time"))
    with pytest.raises(attaching.AttachError) as caught:
        admitted(door)
    assert "(ImportError: of another time)\nInstall rdb into" in str(caught.value)
    assert sys.prefix in str(caught.value)


def test_what_goes_wrong_inside_is_told_and_not_raised(door: attaching.Door) -> None:
    injected.attach("127.0.0.1", door.port, door.token, "", "rdb.handshake:missing", {})
    with pytest.raises(attaching.AttachError, match=r"could not begin .*AttributeError.*missing"):
        admitted(door)


def test_the_script_is_for_the_process_alone() -> None:
    with attaching.placed(os.getpid(), "secret") as path:
        assert Path(path).read_text() == "secret"
        found = os.stat(path)  # noqa: PTH116
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert found.st_uid == os.geteuid()
    assert not Path(path).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_script_belongs_to_the_user_of_the_process() -> None:
    sleeper = subprocess.Popen(["sleep", "60"], user=65534, group=65534, extra_groups=[])
    try:
        with attaching.placed(sleeper.pid, "secret") as path:
            found = os.stat(path)  # noqa: PTH116
            assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (65534, 0o600)
    finally:
        sleeper.kill()
        sleeper.wait()


def test_rdb_is_loaded_from_elsewhere_without_a_trace_in_the_path() -> None:
    location = Path(attaching.__file__).parent.parent
    code = f"""\
{Path(injected.__file__).read_text()}
sys.path[:] = [place for place in sys.path if place != {str(location)!r}]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.modules.pop("rdb", None)
before = list(sys.path)
print(load({str(location)!r}, "rdb.handshake:new_token").__module__, sys.path == before)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("rdb.handshake True\n", "")
