"""The simulated Sage server as other processes meet it: a client in a process of its own, and a host process that can be killed.

They share nothing but lines of JSON on loopback. Each host is a real process without work of its own: ending it by its id ends the
simulated host with everything that hangs in it, and a simulated death ends the process.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

from mlconn_simulators.sage_100.component import ComError, Component
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.script import Script

_BODY = "import sys; sys.stdin.buffer.read()"
"""What a host process runs: it waits until its server is gone."""


@dataclass
class Reference:
    """An argument by reference on its way through."""

    value: Any


class SageServer:
    """Serves one sandbox. Use it in a `with` block. address: of loopback, for `RemoteHost`.

    run_down_s: how long after a client broke off its objects are let go, as Windows does after minutes; None: never.
    """

    def __init__(self, sandbox: Sage100Sandbox, run_down_s: float | None = None) -> None:
        self.sandbox, self.run_down_s = sandbox, run_down_s
        sandbox.spawn = self._spawn
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._closed = threading.Event()
        owner = self

        class Connection(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                Client(owner).answer(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection, bind_and_activate=False)
        self._server.daemon_threads, self._server.request_queue_size = True, 64
        self._server.block_on_close = False
        self._server.server_bind()
        self._server.server_activate()
        self.address: tuple[str, int] = ("127.0.0.1", self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sage-100", daemon=True).start()

    def __enter__(self) -> SageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all hosts, and stop listening."""
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        for host in list(self.sandbox.running.values()):
            host.end()
        for process in list(self._processes.values()):
            process.kill()
            process.wait()

    def _spawn(self, ended: threading.Event) -> int:
        """Start a host's process; gives its id. It is killed when the host ends, and the host ends with it."""
        process = subprocess.Popen([sys.executable, "-I", "-S", "-c", _BODY], stdin=subprocess.PIPE)
        self._processes[process.pid] = process
        threading.Thread(target=self._watch, args=(process,), name=f"host {process.pid}", daemon=True).start()
        threading.Thread(target=self._follow, args=(process, ended), name=f"end of host {process.pid}", daemon=True).start()
        return process.pid

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        self._processes.pop(process.pid, None)
        host = self.sandbox.running.get(process.pid)
        if host is not None:
            host.end()

    def _follow(self, process: subprocess.Popen[bytes], ended: threading.Event) -> None:
        ended.wait()
        process.kill()

    def run_down(self, objects: list[Component]) -> None:
        """What becomes of the objects of a client that broke off."""
        if self.run_down_s is None or self._closed.wait(self.run_down_s):
            return
        for each in reversed(objects):
            each.release()


class Client:
    """One connection: its objects by number."""

    def __init__(self, server: SageServer) -> None:
        self._server, self._sandbox = server, server.sandbox
        self._objects: dict[int, Component] = {}

    def answer(self, connection: socketserver.StreamRequestHandler) -> None:
        with contextlib.suppress(OSError):
            for line in connection.rfile:
                connection.wfile.write(json.dumps(self._do(json.loads(line))).encode() + b"\n")
        self._server.run_down(list(self._objects.values()))

    def _do(self, asked: dict[str, Any]) -> dict[str, Any]:
        references: list[Reference] = []
        answer: dict[str, Any] = {}
        try:
            if asked["do"] == "script":
                host, new = self._sandbox.activate()
                answer |= {"process": host.pid, "brought": new, "result": self._handed_out(_script_of(host))}
            elif asked["do"] == "release":
                self._objects[asked["object"]].release()
            else:
                target = self._objects[asked["object"]]
                args = [self._incoming(each, references) for each in asked["args"]]
                result = target.call(asked["name"], *args) if asked["do"] == "call" else target.get(asked["name"])
                answer["result"] = self._handed_out(result)
        except ComError as error:
            answer |= {"error": error.text, "code": error.code}
        return answer | {"references": [each.value for each in references]}

    def _incoming(self, argument: Any, references: list[Reference]) -> Any:
        if isinstance(argument, dict) and "object" in argument:
            return self._objects[argument["object"]]
        if isinstance(argument, dict):
            references.append(Reference(argument["reference"]))
            return references[-1]
        return argument

    def _handed_out(self, result: Any) -> Any:
        if not isinstance(result, Component):
            return result
        self._objects[id(result)] = result
        return {"object": id(result)}


def _script_of(host: HostProcess) -> Script:
    script = Script(host)
    script.handed_out = True
    return script
