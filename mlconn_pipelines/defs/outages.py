"""A system that does not answer: said once when it lasts, and once more when it is over."""

from __future__ import annotations

import time

from mlconn_pipelines.errors import ConnectorError, TryLater
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
from mlconn_pipelines.wiring.sync.opening import AnyPipeline

_silent_since: dict[str, float] = {}
_known_to_answer: set[str] = set()


def note_unreachable(pipeline: AnyPipeline, flow: str, trouble: ConnectorError) -> None:
    """A look of that flow failed. Shorter silences are everyday life, and all goes on by itself; after ten minutes an alert is open.

    A used-up quota is told at once, by one alert of all flows and integrations that wait for it.
    """
    cause = _cause(pipeline, flow)
    _known_to_answer.discard(cause)
    if isinstance(trouble, TryLater) and trouble.shared:
        pipeline.watch.raise_alert(pipeline.name, _quota(trouble.shared), str(trouble))
        return
    since = _silent_since.setdefault(cause, time.monotonic())
    if (lasted := time.monotonic() - since) >= pipeline.settings.schedules.outage_alert_after_s:
        text = f"{flow} of {pipeline.name} could not look for work for {lasted / 60:.0f} minutes: {trouble}"
        pipeline.watch.raise_alert(pipeline.name, cause, text)


def note_answer(pipeline: AnyPipeline, flow: str, asked: bool = True) -> None:
    """A look succeeded. The alert of an earlier silence, perhaps raised before this process began, is resolved.

    asked: whether the other side was asked; else nothing is known of a quota yet.
    """
    cause = _cause(pipeline, flow)
    _silent_since.pop(cause, None)
    if cause not in _known_to_answer:
        pipeline.watch.resolve_alert(cause)
        if isinstance(pipeline, SyncPipeline):
            if not asked:
                return
            pipeline.watch.resolve_alert(_quota(pipeline.settings.ends[pipeline.route(flow).between[0]].session_of))
        _known_to_answer.add(cause)


def _quota(of: str) -> str:
    """of: the system that was asked, by `session_of` of its connection."""
    return f"quota:{of}"


def _cause(pipeline: AnyPipeline, flow: str) -> str:
    return f"no_answer:{pipeline.name}/{flow}"
