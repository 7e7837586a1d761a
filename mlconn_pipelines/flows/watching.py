"""What an integration needs looking after without any document: overdue acknowledgments, alerts, the seal on the audit."""

from __future__ import annotations

from mlconn_pipelines.flows.ahead import forget_reached
from mlconn_pipelines.flows.pipeline import Pipeline


def watch(pipeline: Pipeline, overdue: bool) -> str:
    """One look; overdue: also work out which acknowledgments are late. Returns what happened, in words."""
    said = []
    if overdue and (late := pipeline.ledger.mark_overdue(pipeline.name)):
        said.append(f"{late} acknowledgments became overdue")
    for flow in pipeline.settings.flows.outbound() if overdue else ():
        forget_reached(pipeline, flow)
    pipeline.ledger.seal_audit()
    for alert in pipeline.ledger.alerts_to_deliver(pipeline.name):
        if pipeline.alert(alert):
            pipeline.ledger.alert_delivered(alert.id)
            said.append(f"alert delivered: {alert.text}")
    return "; ".join(said)
