"""The simulated business objects behind the agent's interface, in the process of the test."""

from __future__ import annotations

from collections.abc import Sequence

from mlconn_simulators.demo.sage_100_worker import SimulatedHost
from mlconn_simulators.sage_100.sandbox import MAIN, PASSWORD, USER, Sage100Sandbox
from sage_100_agent.boi.session import Session, SignIn
from sage_100_agent.verbs.job import Row, Site

SIGN_IN = SignIn(MAIN, USER, PASSWORD)


def site_of(sandbox: Sage100Sandbox) -> Site:
    session = Session(SimulatedHost(sandbox.host()), sandbox.site.home, SIGN_IN, sandbox.clock.local().date())
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
