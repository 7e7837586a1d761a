"""What a poll asks the ledger for before it decides anything of received documents."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.resolving import RESOLVERS, resolve_received
from mlconn_pipelines.flows.route import INBOUND, InboundRoute


def test_a_poll_that_finds_nothing_asks_once_for_all_sets() -> None:
    asked: list[dict[str, Any]] = []

    def documents(*_: Any, **conditions: Any) -> list[Any]:
        asked.append(conditions)
        return []

    route = cast(InboundRoute, SimpleNamespace(name="acme", engine=SimpleNamespace(queue=SimpleNamespace(documents=documents))))
    tallies = resolve_received(route, Run("acme", INBOUND, "run-1", dt.date(2026, 3, 10)))
    assert [one["set_ids"] for one in asked] == [()]
    assert {name: dict(tally.counts) for name, tally in tallies.items()} == {name: {} for name in (*RESOLVERS, "other")}
