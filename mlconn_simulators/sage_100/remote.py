"""The client's side of `server`: scripts and objects of a simulated Sage server in another process, used as if they were here."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

from mlconn_simulators.sage_100.component import CALL_FAILED, ComError


class RemoteHost:
    """processes: ids of the host processes that our activations brought. Errors: ComError, where the server is gone too."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._connection: socket.socket | None = None
        self.processes: frozenset[int] = frozenset()

    def script(self) -> RemoteObject:
        answer = self.ask({"do": "script"})
        if answer["brought"]:
            self.processes |= {answer["process"]}
        made = self.handed_out(answer["result"])
        assert isinstance(made, RemoteObject)
        return made

    def ask(self, question: dict[str, Any], references: Sequence[Any] = ()) -> dict[str, Any]:
        """Ask and fill the arguments by reference, even where the call raised."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address)
                self._lines = self._connection.makefile("rb")
            self._connection.sendall(json.dumps(question).encode() + b"\n")
            line = self._lines.readline()
        except OSError:
            line = b""
        if not line:
            self.close()
            raise ComError("The RPC server is unavailable.", CALL_FAILED)
        answer: dict[str, Any] = json.loads(line)
        for reference, value in zip(references, answer["references"], strict=True):
            reference.value = value
        if "error" in answer:
            raise ComError(answer["error"], answer["code"])
        return answer

    def close(self) -> None:
        """Break off, as a process does that dies: nothing is released."""
        if self._connection is not None:
            self._lines.close()
            self._connection.close()
            self._connection = None

    def handed_out(self, result: Any) -> Any:
        return RemoteObject(self, result["object"]) if isinstance(result, dict) else result


class RemoteObject:
    """An object of the server's, as `Component` is one."""

    def __init__(self, host: RemoteHost, number: int) -> None:
        self._host, self.number = host, number

    def call(self, name: str, *args: Any) -> Any:
        references = [each for each in args if hasattr(each, "value")]
        told = [_outgoing(each) for each in args]
        asked = {"do": "call", "object": self.number, "name": name, "args": told}
        return self._host.handed_out(self._host.ask(asked, references)["result"])

    def get(self, name: str) -> Any:
        return self._host.handed_out(self._host.ask({"do": "get", "object": self.number, "name": name, "args": []})["result"])

    def release(self) -> None:
        self._host.ask({"do": "release", "object": self.number})


def _outgoing(argument: Any) -> Any:
    if isinstance(argument, RemoteObject):
        return {"object": argument.number}
    return {"reference": argument.value} if hasattr(argument, "value") else argument
