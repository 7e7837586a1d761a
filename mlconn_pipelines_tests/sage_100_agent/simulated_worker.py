"""The worker with hosts of the simulated Sage: `python -m … FOLDER [MEMBER before|after]`; with the latter it ends itself there, once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sage_100_agent.boi.interface import BusinessObject, HostFailed, Ref, Value
from sage_100_agent.worker.loop import serve

UNAVAILABLE = -2147023174


class SocketHost:
    """Meets the host that is running, even one that hangs, or brings one up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._brought: set[int] = set()

    def script(self) -> BusinessObject:
        connection = self._connected()
        if connection is None:
            relay = Path(__file__).with_name("host_relay.py")
            # It inherits our pipes, as some systems have it: whoever waits for their end waits for the host.
            started = subprocess.Popen([sys.executable, "-S", "-E", str(relay), str(self._folder)], start_new_session=True)
            self._brought.add(started.pid)
            until = time.monotonic() + 10
            while (connection := self._connected()) is None and time.monotonic() < until:
                time.sleep(0.01)
        if connection is None:
            raise HostFailed("Class not registered", -2147221164)
        wire = Wire(connection)
        return SocketObject(wire, wire.ask({"op": "script"})["object"])

    def _connected(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self._folder / "host.sock"))
        except OSError:
            return None
        return connection

    @property
    def processes(self) -> frozenset[int]:
        return frozenset(self._brought)


class Wire:
    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._answers = connection, connection.makefile("rb")

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            self._connection.sendall(json.dumps(request).encode() + b"\n")
            line = self._answers.readline()
        except OSError:
            line = b""
        if not line:
            raise HostFailed("The RPC server is unavailable.", UNAVAILABLE)
        answer: dict[str, Any] = json.loads(line)
        return answer


class SocketObject:
    strike: tuple[str, str, Path] | None = None
    """Member, before or after, and a file that says that it struck already."""

    def __init__(self, wire: Wire, number: int, name: str = "") -> None:
        self._wire, self._number, self._name = wire, number, name

    def call(self, name: str, *args: Value | Ref | BusinessObject) -> Value | BusinessObject:
        given: list[Any] = []
        for arg in args:
            if isinstance(arg, Ref):
                given.append({"ref": arg.value})
            else:
                given.append({"object": arg._number} if isinstance(arg, SocketObject) else arg)
        self._strike(name, "before")
        answer = self._wire.ask({"op": "call", "object": self._number, "name": name, "args": given})
        self._strike(name, "after")
        for reference, value in zip((arg for arg in args if isinstance(arg, Ref)), answer["refs"], strict=True):
            reference.value = value
        return self._value(answer, str(args[0]) if name == "NewObject" else name)

    def get(self, name: str) -> Value | BusinessObject:
        return self._value(
            self._wire.ask({"op": "get", "object": self._number, "name": name, "args": []}), f"{self._name}.{name}"
        )

    def _value(self, answer: dict[str, Any], name: str) -> Value | BusinessObject:
        if "error" in answer:
            raise HostFailed(answer["error"], answer["code"])
        return SocketObject(self._wire, answer["object"], name) if "object" in answer else answer["value"]

    def _strike(self, name: str, when: str) -> None:
        if self.strike and self.strike[1] == when and f"{self._name}.{name}" == self.strike[0] and not self.strike[2].exists():
            self.strike[2].touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def release(self) -> None:
        self._wire.ask({"op": "release", "object": self._number})


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if len(sys.argv) > 2:
        SocketObject.strike = (sys.argv[2], sys.argv[3], place / "struck")
    sys.exit(serve(lambda: SocketHost(place), sys.stdin.buffer, sys.stdout.buffer))
