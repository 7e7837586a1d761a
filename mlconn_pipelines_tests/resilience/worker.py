"""A process of its own that runs flows, and that dies, or freezes, at a named step.

The product knows nothing of it: the parts of its pipeline are wrapped, and a signal strikes before or after a named call.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.flows import agent_desk
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.outlet import Destination
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.running import reprocess, run_flow
from mlconn_pipelines.flows.sync import pipeline as sync
from mlconn_pipelines.flows.sync.route import Collects
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.pipeline import open_pipeline
from mlconn_pipelines.wiring.sync.opening import open_sync
from mlconn_pipelines_tests.resilience.own_clock import set_off
from mlconn_pipelines_tests.scenario import run_of
from mlconn_simulators.demo.configuration import INTEGRATION

STORES = ("queue", "intake", "claims", "acknowledgments")
STEPS = frozenset(
    {
        *("claim", "sending", "complete", "refuse", "retry_later", "unknown"),
        *("deliver", "create", "update", "download", "store_files", "remove", "files_removed", "settle"),
        *("store_fetched", "store_checked"),
        *("store", "take", "upsert", "ended"),
    }
)
"""Calls that the switch is asked before and after: of the claim, of a delivery or the ERP, of receiving, of reading and checking, of
rows that are kept in step."""


@dataclass(frozen=True)
class Errand:
    """What a process is to do. flows: run in this order, `rounds` times. replay: ids of documents to replay instead of a run.

    at: where the signal strikes, such as `after sending`, at the nth time; empty for nowhere. clock_off_s: instead of a signal the
    process's own clock is set wrong there, from the beginning where `at` is empty. integration: one with trading partners, or another
    by its name, a sync integration. agent_wait_s: how long it waits for an agent to take a job on, or to tell a result.
    """

    environment: Mapping[str, str]
    flows: tuple[str, ...]
    act_time_out_s: float
    at: str = ""
    nth: int = 1
    signal: int = signal.SIGKILL
    rounds: int = 1
    replay: tuple[str, ...] = ()
    clock_off_s: float = 0.0
    integration: str = INTEGRATION
    agent_wait_s: float = agent_desk.WAIT_S


@dataclass
class Switch:
    """Strikes this very process when a step is reached for the nth time; or sets its clock wrong, where that is the errand."""

    at: str
    nth: int
    signal: int
    clock_off_s: float = 0.0
    _reached: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reached(self, step: str) -> None:
        with self._lock:
            if step != self.at:
                return
            self._reached += 1
            if self._reached == self.nth and self.clock_off_s:
                set_off(self.clock_off_s)
            elif self._reached == self.nth:
                # To this thread: it is struck here, and not some steps further on by a signal that another thread took.
                signal.pthread_kill(threading.get_ident(), self.signal)


class Watched:
    """Passes everything on to what it wraps, and tells the switch before and after each named step."""

    def __init__(self, wrapped: Any, switch: Switch) -> None:
        self._wrapped, self._switch = wrapped, switch

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._wrapped, name)
        return self._told(name, value) if name in STEPS else value

    def _told(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def told(*values: Any, **named: Any) -> Any:
            self._switch.reached(f"before {name}")
            result = call(*values, **named)
            self._switch.reached(f"after {name}")
            return Watched(result, self._switch) if name == "claim" and result is not None else result

        return told

    @contextmanager
    def owner(self, *values: Any) -> Iterator[Watched]:
        with self._wrapped.owner(*values) as owner:
            yield Watched(owner, self._switch)


def watched(pipeline: Pipeline, errand: Errand) -> Pipeline:
    """The pipeline with a switch at every step."""
    switch = _switch(errand)
    destinations = {
        name: Destination(Watched(destination.delivery, switch), destination.message)
        for name, destination in pipeline.destinations.items()
    }
    return dataclasses.replace(
        pipeline,
        engine=_watched_engine(pipeline.engine, errand, switch),
        erp=dataclasses.replace(pipeline.erp, target=Watched(pipeline.erp.target, switch)),
        exchange=Watched(pipeline.exchange, switch),
        destinations=destinations,
    )


def watched_sync(pipeline: sync.SyncPipeline, errand: Errand) -> sync.SyncPipeline:
    """As `watched`; of the two systems, the one that a flow writes to."""
    switch = _switch(errand)
    engine = _watched_engine(pipeline.engine, errand, switch)
    by_flow = {
        flow: dataclasses.replace(
            route,
            engine=engine,
            erp=dataclasses.replace(route.erp, engine=engine),
            target=dataclasses.replace(route.target, target=Watched(route.target.target, switch)),
            act=_watched_rows(route.act, switch),
        )
        for flow, route in pipeline.by_flow.items()
    }
    return dataclasses.replace(pipeline, engine=engine, by_flow=by_flow)


def _watched_rows(act: Any, switch: Switch) -> Any:
    if not isinstance(act, Collects):
        return act
    states, collections = (Watched(each, switch) for each in (act.states, act.collections))
    return dataclasses.replace(act, states=states, collections=collections)


def _switch(errand: Errand) -> Switch:
    return Switch(errand.at, errand.nth, errand.signal, errand.clock_off_s)


def _watched_engine(engine: Engine, errand: Errand, switch: Switch) -> Engine:
    stores: dict[str, Any] = {name: Watched(getattr(engine, name), switch) for name in STORES}
    return dataclasses.replace(engine, **stores, act_time_out_s=errand.act_time_out_s)


def work(errand: Errand, parent: Connection) -> None:
    """The process. Says `ready`, waits for a word, works, and says what became of it: {flow: {step: counts}} or an error."""
    if errand.clock_off_s and not errand.at:
        set_off(errand.clock_off_s)
    agent_desk.WAIT_S = errand.agent_wait_s
    settings = read_settings(errand.environment)
    configuration = load_configuration(settings.config)
    with ExitStack() as stack:
        if errand.integration == INTEGRATION:
            pipeline = watched(stack.enter_context(open_pipeline(INTEGRATION, configuration, settings)), errand)
            done = partial(_done, pipeline, errand)
        else:
            opened = stack.enter_context(open_sync(errand.integration, configuration, settings))
            done = partial(_done_in_sync, watched_sync(opened, errand), errand)
        parent.send("ready")
        parent.recv()
        try:
            parent.send(done())
        except MlconnError as trouble:
            parent.send(f"{type(trouble).__name__}: {trouble}")


def _done_in_sync(pipeline: sync.SyncPipeline, errand: Errand) -> list[dict[str, dict[str, int]]]:
    runs = [
        pipeline.run(flow, f"process-{os.getpid()}", pipeline.engine.today())
        for flow in errand.flows
        for _ in range(errand.rounds)
    ]
    return [{step: dict(tally.counts) for step, tally in sync.run_flow(pipeline, run).items()} for run in runs]


def _done(pipeline: Pipeline, errand: Errand) -> list[dict[str, dict[str, int]]]:
    done: list[dict[str, dict[str, int]]] = []
    for flow in errand.flows:
        run = run_of(pipeline, flow, run_id=f"process-{os.getpid()}")
        if errand.replay:
            rows = [
                row for id_ in errand.replay if (row := pipeline.engine.queue.document(id_)) is not None and row.flow == flow
            ]
            outcomes = reprocess(pipeline, run, rows, "tried again")
            done.append({"replay": {"asked": len(rows), "refused": sum(bool(outcome.refused) for outcome in outcomes)}})
            continue
        for _ in range(errand.rounds):
            done.append({step: dict(tally.counts) for step, tally in run_flow(pipeline, run).items()})
    return done
