"""Pipelines kept open in the long-lived code server, so that a sensor's look costs a query and not a new connection."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from threading import Lock, Thread
from typing import TypeVar

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.resources import remembered
from mlconn_pipelines.errors import ConnectionStopped, Retryable
from mlconn_pipelines.ledger.connection_states import stopped
from mlconn_pipelines.ledger.run_heartbeat import is_alive
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines.wiring.sync.opening import AnyPipeline, open_of_any_kind

LOOK_WITHIN_S = 40.0
"""A look that takes longer goes on by itself and is asked for at the next tick: Dagster gives a tick 60 s."""

T = TypeVar("T")

_open: dict[str, AnyPipeline] = {}
_stores: list[Stores] = []
_looks: dict[str, Future[object]] = {}
_stack = ExitStack()
_lock = Lock()


def warm_pipeline(integration: str) -> AnyPipeline:
    """The integration's pipeline of this process. Sensors only look through it; runs open their own.

    A process begins with the configuration as it is now, so what another one refused is due again.
    """
    with _lock:
        if integration not in _open:
            settings = read_settings()
            stores = _warm_stores()
            opened = open_of_any_kind(integration, remembered(settings.config), settings, stores)
            pipeline = _stack.enter_context(opened)
            pipeline.engine.queue.configuration_changed(integration, pipeline.engine.config_hash)
            _open[integration] = pipeline
        return _open[integration]


def refuse_stopped(integration: Integration) -> None:
    """ConnectionStopped while a sign-in of the integration waits for a person; one query, no call to a system."""
    with _lock:
        engine = _warm_stores().engine
    for credential in integration.credentials:
        if (state := stopped(engine, credential)) is not None:
            raise ConnectionStopped(
                f"connection {credential!r} is stopped: {state.reason}",
                f"Run `mlconn credentials set {credential}`, or `mlconn connection resume {credential}`.",
            )


def works_on(run_id: str) -> bool:
    """Whether a worker of that run lives."""
    with _lock:
        engine = _warm_stores().engine
    return is_alive(engine, run_id)


def within(name: str, look: Callable[[], T], seconds: float = LOOK_WITHIN_S) -> T:
    """What the look finds, or Retryable when it takes longer; it then goes on, and the next call of that name gets its result."""
    with _lock:
        future = _looks.get(name)
        if future is None:
            future = _looks[name] = Future()
            Thread(target=_fill, args=(future, look), name=f"look {name}", daemon=True).start()
    try:
        found = future.result(seconds)
    except TimeoutError:
        if not future.done():
            raise Retryable(f"the look at {name} has no answer after {seconds:.0f} s", "It is asked for again.") from None
        raise
    finally:
        if future.done():
            with _lock:
                _looks.pop(name, None)
    return found  # type: ignore[return-value]


def close_cached() -> None:
    """Close everything; the next look opens it again."""
    with _lock:
        _open.clear()
        _stores.clear()
        _looks.clear()
        _stack.close()


def _fill(future: Future[object], look: Callable[[], object]) -> None:
    try:
        future.set_result(look())
    except BaseException as trouble:  # handed to whoever asks, as a call would have raised it
        future.set_exception(trouble)


def _warm_stores() -> Stores:
    if not _stores:
        _stores.append(_stack.enter_context(open_stores(read_settings())))
    return _stores[0]
