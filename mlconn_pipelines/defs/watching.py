"""What is looked after without a run: overdue acknowledgments, alerts, the seal on the audit."""

from __future__ import annotations

import time

import dagster as dg

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.keys import Keys
from mlconn_pipelines.defs.warm import warm_pipeline
from mlconn_pipelines.flows.watching import watch

OVERDUE_EVERY_S = 900


def watch_sensor(integration: Integration, keys: Keys) -> dg.SensorDefinition:
    """Every 30 s: deliver alerts and seal the audit; every 15 minutes: which acknowledgments are overdue."""
    name = integration.integration

    @dg.sensor(
        name=f"{keys.integration}_watch_sensor",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        asset_selection=dg.AssetSelection.keys(keys.inbox),
        description="Delivers alerts, seals the audit, and every 15 minutes works out which 997s are overdue. Starts no run.",
    )
    def look_after(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = time.time()
        last = float(context.cursor or 0)
        due = now - last >= OVERDUE_EVERY_S
        said = watch(warm_pipeline(name), overdue=due)
        return dg.SensorResult(skip_reason=said or "Nothing to say.", cursor=str(now if due else last))

    return look_after
