"""The simulated Sage in the test's process, its hosts in processes of their own: what is in a host dies with it, what is saved stays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlconn_simulators.sage_100.component import ComError, Component
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from sage_100_agent.boi.interface import Ref

UPSTREAM = "sage.sock"


class SageServer:
    """Each connection is one host process: its requests come one after another, and its end is the host's.

    kill_host: (member, before or after) at which the host that asks is ended with SIGKILL, once.
    """

    def __init__(self, sandbox: Sage100Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.kill_host: tuple[str, str] | None = None
        self.hosts: list[int] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / UPSTREAM))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for pid in self.hosts:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                pid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
                self.hosts.append(pid)
                threading.Thread(target=self._watch, args=(connection, pid), daemon=True).start()

    def _watch(self, connection: socket.socket, pid: int) -> None:
        """Serve on one thread and see the other side go on this one: a host that hangs can still be ended."""
        _Host(self, connection, pid).serve()

    def strikes(self, pid: int, path: str, when: str) -> bool:
        if self.kill_host is None or self.kill_host[1] != when or self.kill_host[0].lower() not in path.lower():
            return False
        self.kill_host = None
        os.kill(pid, signal.SIGKILL)
        return True


class _Host:
    def __init__(self, server: SageServer, connection: socket.socket, pid: int) -> None:
        self._server, self._connection, self._pid = server, connection, pid
        self._process, _ = server.sandbox.activate()
        self._objects: dict[int, Component] = {}
        self._requests: list[bytes] = []
        self._come = threading.Condition()
        self._gone = False

    def serve(self) -> None:
        threading.Thread(target=self._work, daemon=True).start()
        with contextlib.suppress(OSError), self._connection.makefile("rb") as lines:
            for line in lines:
                with self._come:
                    self._requests.append(line)
                    self._come.notify()
        with self._come:
            self._gone = True
            self._come.notify()
        self._process.end()

    def _work(self) -> None:
        for line in self._lines():
            answer = self._answer(json.loads(line))
            if answer is None or not self._process.alive:
                self._connection.shutdown(socket.SHUT_RDWR)  # the relay ends by that
                return
            with contextlib.suppress(OSError):
                self._connection.sendall(json.dumps(answer).encode() + b"\n")

    def _lines(self) -> Iterator[bytes]:
        while True:
            with self._come:
                self._come.wait_for(lambda: self._requests or self._gone)
                if self._gone:
                    return
                line = self._requests.pop(0)
            yield line

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        if asked["op"] == "script":
            return self._handed_out(self._script())
        target = self._objects[asked["object"]]
        if asked["op"] == "release":
            target.release()
            return {}
        path = f"{target.title}.{asked['name']}"
        if self._server.strikes(self._pid, path, "before"):
            return None
        references = [Ref(each["ref"]) if isinstance(each, dict) and "ref" in each else None for each in asked["args"]]
        args = [ref or self._argument(each) for ref, each in zip(references, asked["args"], strict=True)]
        try:
            result = target.call(asked["name"], *args) if asked["op"] == "call" else target.get(asked["name"])
            told = self._handed_out(result)
        except ComError as wrong:
            told = {"error": wrong.text, "code": wrong.code}
        if self._server.strikes(self._pid, path, "after"):
            return None
        return told | {"refs": [ref.value for ref in references if ref is not None]}

    def _script(self) -> Component:
        from mlconn_simulators.sage_100.script import Script

        script = Script(self._process)
        script.handed_out = True
        return script

    def _argument(self, told: Any) -> Any:
        return self._objects[told["object"]] if isinstance(told, dict) else told

    def _handed_out(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, Component):
            return {"value": value}
        number = len(self._objects) + 1
        self._objects[number] = value
        return {"object": number}
