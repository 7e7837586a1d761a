"""When hints are done with: a run of the flow begins to look outside."""

from __future__ import annotations

from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.entries import Run


def mark_consumed(engine: Engine, run: Run) -> None:
    """Called before the first look outside, never after it. A preview of a live integration leaves hints to the live runs."""
    if run.preview == engine.preview:
        engine.intake.mark_consumed(run)
