"""A client for one debug adapter over its standard streams: as much of the protocol as the jobs need."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from typing import Any

from harness.jobs import FailedError, Job, TooSlowError

Message = dict[str, Any]


class Adapter:
    """A debug adapter in a process of its own."""

    def __init__(self, environment: dict[str, str], timeout: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "debugpy.adapter"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self.deadline = time.monotonic() + timeout
        self.buffer = b""
        self.sequence = 0
        self.output = ""
        """What the program wrote."""

    def launch(self, job: Job) -> None:
        """Starts the program of a job, with its breakpoints set."""
        self.request("initialize", adapterID="benches", pathFormat="path")
        program = {"program": str(job.script), "args": list(job.arguments), "cwd": str(job.script.parent)}
        launching = self.send("launch", console="internalConsole", **program)
        self.wait_for_event("initialized")
        files: dict[str, list[Message]] = {}
        for one in job.breaks:
            condition = {"condition": one.condition} if one.condition else {}
            # The adapter counts hits; "> N" stops at those behind the first N.
            passed = {"hitCondition": f"> {job.ignore}"} if job.ignore and not files else {}
            files.setdefault(str(one.path), []).append({"line": one.line, **condition, **passed})
        for path, places in files.items():
            self.request("setBreakpoints", source={"path": path}, breakpoints=places)
        self.request("setExceptionBreakpoints", filters=["uncaught"] if job.catch_uncaught else [])
        self.request("configurationDone")
        self.wait_for(launching)

    def finish(self) -> str:
        """Waits until the program has ended, and returns what it wrote."""
        self.wait_for_event("terminated")
        return self.output

    def send(self, command: str, **arguments: Any) -> int:
        """Sends a request and returns its number."""
        self.sequence += 1
        message = {"seq": self.sequence, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()
        return self.sequence

    def request(self, command: str, **arguments: Any) -> Message:
        """Sends a request and returns the body of its answer."""
        return self.wait_for(self.send(command, **arguments))

    def wait_for(self, number: int) -> Message:
        """Returns the body of the answer to a request."""
        while True:
            message = self.receive()
            if message.get("request_seq") == number:
                if not message["success"]:
                    raise FailedError(json.dumps(message)[:2000])
                body: Message = message.get("body") or {}
                return body

    def wait_for_event(self, name: str) -> Message:
        """Returns the body of the next event of a name."""
        while True:
            message = self.receive()
            if message.get("event") == name:
                body: Message = message.get("body") or {}
                return body
            if message.get("event") == "terminated":
                raise FailedError(f"the program ended before {name}:\n{self.output[-2000:]}")

    def receive(self) -> Message:
        """Returns the next message; keeps what the program wrote."""
        head = self.read_until(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(self.buffer) < length:
            self.read()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        message: Message = json.loads(body)
        if message.get("event") == "output" and message["body"].get("category") == "stdout":
            self.output += message["body"]["output"]
        return message

    def read_until(self, end: bytes) -> bytes:
        """Returns what comes before an end, and takes both."""
        while end not in self.buffer:
            self.read()
        head, _, self.buffer = self.buffer.partition(end)
        return head

    def read(self) -> None:
        """Adds to the buffer."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, self.deadline - time.monotonic()))
        if not ready:
            raise TooSlowError
        chunk = os.read(self.process.stdout.fileno(), 65536)
        if not chunk:
            raise FailedError(f"the adapter has ended:\n{self.output[-2000:]}")
        self.buffer += chunk

    def close(self) -> None:
        """Ends the adapter, and the program with it."""
        try:
            if self.process.poll() is None:
                self.deadline = time.monotonic() + 5
                self.request("disconnect", terminateDebuggee=True)
                if self.process.stdin is not None:
                    self.process.stdin.close()
                self.process.wait(1)
        except (FailedError, TooSlowError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
