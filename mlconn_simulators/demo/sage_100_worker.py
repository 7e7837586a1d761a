"""The agent's worker over the simulated business objects: `python -m mlconn_simulators.demo.sage_100_worker PORT`.

Setting `sage.worker` of an agent names it; PORT is that of a `SageServer` on loopback.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol

from mlconn_simulators.sage_100.component import ComError
from mlconn_simulators.sage_100.remote import RemoteHost
from sage_100_agent.boi.interface import BusinessObject, HostFailed, Ref, Value
from sage_100_agent.worker.loop import serve

Seen = Callable[[str, str], None]
"""Told of `PO_PurchaseOrder_bus.nWrite` and `before` or `after` it."""


class Source(Protocol):
    """What brings up scripts: a sandbox's activations, or a remote host."""

    def script(self) -> Any: ...

    @property
    def processes(self) -> frozenset[int]: ...


class SimulatedHost:
    def __init__(self, source: Source, seen: Seen = lambda path, when: None) -> None:
        self._source, self._seen = source, seen

    def script(self) -> BusinessObject:
        return SimulatedObject(_raising(self._source.script), "ProvideX.Script", self._seen)

    @property
    def processes(self) -> frozenset[int]:
        return self._source.processes


class SimulatedObject:
    def __init__(self, component: Any, name: str, seen: Seen) -> None:
        self.component, self._name, self._seen = component, name, seen

    def call(self, name: str, *args: Value | Ref | BusinessObject) -> Value | BusinessObject:
        path = f"{self._name}.{name}"
        self._seen(path, "before")
        returned = _raising(
            self.component.call, name, *(arg.component if isinstance(arg, SimulatedObject) else arg for arg in args)
        )
        self._seen(path, "after")
        return self._handed_out(returned, str(args[0]) if name == "NewObject" else path)

    def get(self, name: str) -> Value | BusinessObject:
        return self._handed_out(_raising(self.component.get, name), f"{self._name}.{name}")

    def _handed_out(self, value: Any, name: str) -> Value | BusinessObject:
        return value if value is None or isinstance(value, str | int | float) else SimulatedObject(value, name, self._seen)

    def release(self) -> None:
        _raising(self.component.release)


def _raising(act: Callable[..., Any], *args: Any) -> Any:
    try:
        return act(*args)
    except ComError as wrong:
        raise HostFailed(wrong.text, wrong.code) from None


if __name__ == "__main__":
    sys.exit(serve(lambda: SimulatedHost(RemoteHost(("127.0.0.1", int(sys.argv[1])))), sys.stdin.buffer, sys.stdout.buffer))
