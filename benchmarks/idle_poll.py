"""What a poll costs that finds nothing: calls counted by the simulated systems, as the sensors make them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil

from benchmarks.figures import Figure, figure, say
from benchmarks.scene import Scene, SimulatedSystems, scene, server
from mlconn_pipelines.defs.sensors import reason_to_run
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.route import INBOUND

IDLE_S = 7_200
LOOK_EVERY_S = 600
TOUCHED = 700
"""Invoices saved again by a clerk: traffic that stays within the overlap."""

ENTITIES = ("Invoices", "PurchaseOrders", "DeliveryNotes")
OUTBOUND = ("x12_810", "x12_850", "x12_856")


def measure(quick: bool) -> Iterator[Figure]:
    """Two hours after the last change, and right after traffic."""
    with server() as database, SimulatedSystems(documents=2_000) as systems, scene(database, systems) as made:
        for flow in (*OUTBOUND, INBOUND):
            made.run(flow)
        clock = _Clock()
        with made.pipeline() as pipeline:
            pipeline = replace(pipeline, engine=replace(pipeline.engine, clock=clock))
            yield from _after_traffic(made, pipeline)
            yield from _idle(made, pipeline, clock)


class _Clock:
    """Our running seconds, put forward together with the company's clock."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


def _after_traffic(made: Scene, pipeline: Pipeline) -> Iterator[Figure]:
    """Many invoices saved again; the run that follows knows them; then polls read them again while the overlap lasts."""
    touched = made.systems.ask("touch_documents", entity="Invoices", count=TOUCHED)
    made.run("x12_810")
    _looked(made, pipeline, (*OUTBOUND, INBOUND))  # the session is warm and folders are known from here on
    calls, reasons = _looked(made, pipeline, ("x12_810",))
    about = f"{touched} invoices saved again within the overlap, read again by each poll"
    yield figure("poll after traffic", calls.total() / ceil(touched / 100), "calls a 100 changed", "<=", 1, about)
    yield figure("runs started after traffic", len(reasons), "runs", "<=", 0, "; ".join(reasons) or "none")


def _idle(made: Scene, pipeline: Pipeline, clock: _Clock) -> Iterator[Figure]:
    """The same ledger with that traffic in it; sensors look all the while, here every ten minutes."""
    for _ in range(0, IDLE_S, LOOK_EVERY_S):
        made.systems.ask("move_clock", seconds=LOOK_EVERY_S)
        clock.ahead_s += LOOK_EVERY_S
        _looked(made, pipeline, OUTBOUND, aloud=False)
    calls, reasons = _looked(made, pipeline, OUTBOUND)
    about = f"SAP unchanged for {IDLE_S // 3600} h, session warm; {len(OUTBOUND)} document sets, the most that one of them took"
    most = max(sum(count for path, count in calls.items() if path.endswith(entity)) for entity in ENTITIES)
    yield figure("idle poll of the ERP", max(most, calls.total() / len(OUTBOUND)), "calls a set", "<=", 1, about)
    folders = len(pipeline.inbound.settings.folders)
    listed, more = _looked(made, pipeline, (INBOUND,))
    about = f"{folders} watched folders of one page each"
    yield figure("idle poll of Cleo", listed.total() / folders, "calls a page", "<=", 1, about)
    started = [*reasons, *more]
    yield figure("runs started by idle polls", len(started), "runs", "<=", 0, "; ".join(started) or "none")


def _looked(made: Scene, pipeline: Pipeline, flows: tuple[str, ...], aloud: bool = True) -> tuple[Counter[str], list[str]]:
    """One tick of each flow's sensor: calls made by system and path, and reasons to start a run."""
    before = _requests(made)
    reasons = [f"{flow}: {why}" for flow in flows if (why := reason_to_run(pipeline, flow)) is not None]
    calls = _requests(made) - before
    if aloud:
        say(f"  looked at {', '.join(flows)}: {dict(calls)} {reasons}")
    return calls, reasons


def _requests(made: Scene) -> Counter[str]:
    told: Mapping[str, Mapping[str, Mapping[str, int]]] = made.systems.ask("requests")
    return Counter({f"{system} {path}": count for system, menu in told.items() for path, count in menu["requests"].items()})
