"""The simulated business objects behind the agent's interface, in the process of the test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mlconn_simulators.sage_100.component import ComError, Component
from mlconn_simulators.sage_100.sandbox import MAIN, PASSWORD, USER, Sage100Sandbox
from sage_100_agent.boi.interface import BusinessObject, HostFailed, Ref, Value
from sage_100_agent.boi.session import Session, SignIn
from sage_100_agent.verbs.job import Row, Site

SIGN_IN = SignIn(MAIN, USER, PASSWORD)


class SimulatedObject:
    def __init__(self, component: Component) -> None:
        self.component = component

    def call(self, name: str, *args: Value | Ref | BusinessObject) -> Value | BusinessObject:
        given = [arg.component if isinstance(arg, SimulatedObject) else arg for arg in args]
        try:
            return self._handed_out(self.component.call(name, *given))
        except ComError as wrong:
            raise HostFailed(wrong.text, wrong.code) from None

    def get(self, name: str) -> Value | BusinessObject:
        try:
            return self._handed_out(self.component.get(name))
        except ComError as wrong:
            raise HostFailed(wrong.text, wrong.code) from None

    def _handed_out(self, value: Any) -> Value | BusinessObject:
        return SimulatedObject(value) if isinstance(value, Component) else value  # type: ignore[no-any-return]

    def release(self) -> None:
        self.component.release()


class SimulatedHost:
    def __init__(self, sandbox: Sage100Sandbox) -> None:
        self._activations = sandbox.host()

    def script(self) -> SimulatedObject:
        try:
            return SimulatedObject(self._activations.script())
        except ComError as wrong:
            raise HostFailed(wrong.text, wrong.code) from None

    @property
    def processes(self) -> frozenset[int]:
        return self._activations.processes


def site_of(sandbox: Sage100Sandbox) -> Site:
    session = Session(SimulatedHost(sandbox), sandbox.site.home, SIGN_IN, sandbox.clock.local().date())
    return Site(session, (MAIN,), now=sandbox.clock.local)


class Kept:
    """Steps as a test sees them: what was told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.rows: list[Row] = []
        self.cursors: list[list[str]] = []

    def number_taken(self, number: str) -> None:
        self.told.append(("number_taken", number))

    def written(self, number: str) -> None:
        self.told.append(("written", number))

    def page(self, rows: Sequence[Row], cursor: Sequence[str]) -> None:
        self.rows += rows
        self.cursors.append(list(cursor))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
