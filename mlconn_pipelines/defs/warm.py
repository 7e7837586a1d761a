"""Pipelines kept open in the long-lived code server, so that a sensor's look costs a query and not a new connection."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Lock

from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.wiring.pipeline import open_pipeline

_open: dict[str, Pipeline] = {}
_stack = ExitStack()
_lock = Lock()


def warm_pipeline(integration: str) -> Pipeline:
    """The integration's pipeline of this process. Sensors only look through it; runs open their own."""
    with _lock:
        if integration not in _open:
            _open[integration] = _stack.enter_context(open_pipeline(integration))
        return _open[integration]
