"""Asset checks of a flow: what stands out and needs a person, in words."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from mlconn_pipelines.flows.pipeline import Pipeline

_CHECKS = {
    "nothing_set_aside": "No document waits for a person.",
    "no_overdue_acknowledgments": "Every 997 came in time.",
    "no_unknown_outcomes": "Every delivery and every post has a known outcome.",
}


def flow_check_specs(asset: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks that every flow has."""
    return [dg.AssetCheckSpec(name, asset=asset, description=description) for name, description in _CHECKS.items()]


def flow_check_results(pipeline: Pipeline, asset: dg.AssetKey, flow: str) -> Iterator[dg.AssetCheckResult]:
    """Their results now, over all partitions of the flow."""
    reports, name = pipeline.reports, pipeline.name
    totals = reports.totals(name, flow)
    reasons = reports.reasons(name, flow)
    waiting = sum(reason.count for reason in reasons)
    rows = [
        dg.TableRecord(
            {"reason": reason.code, "documents": reason.count, "example": reason.example_id, "in words": reason.example}
        )
        for reason in reasons[:50]
    ]
    yield _result(asset, "nothing_set_aside", waiting, f"{waiting} set aside; `mlconn documents list --state set_aside`", rows)
    overdue = reports.acknowledgment_counts(name, flow).overdue
    yield _result(
        asset, "no_overdue_acknowledgments", overdue, f"{overdue} documents were not acknowledged in time; ask the partner"
    )
    unknown = totals.get("unknown", 0)
    yield _result(
        asset, "no_unknown_outcomes", unknown, f"{unknown} without an answer; `mlconn reconcile`, then release or resend"
    )


def _result(
    asset: dg.AssetKey, name: str, count: int, words: str, rows: list[dg.TableRecord] | None = None
) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue] = {"count": dg.MetadataValue.int(count)}
    if rows:
        metadata["by reason"] = dg.MetadataValue.table(rows)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=count == 0,
        severity=dg.AssetCheckSeverity.WARN,
        description=words if count else _CHECKS[name],
        metadata=metadata,
    )
