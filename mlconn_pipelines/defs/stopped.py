"""What a mistake in a file has stopped, where people look: a sensor that says so, and alerts."""

from __future__ import annotations

import re

import dagster as dg

from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.config.schedules import STOPPED_SAID_EVERY_S
from mlconn_pipelines.config.stopping import StoppedIntegration
from mlconn_pipelines.defs.sentences import skipped
from mlconn_pipelines.wiring.sync.opening import AnyPipeline

INTEGRATION, PARTNER = "integration_stopped", "partner_stopped"
"""How the causes of their alerts begin."""


def stopped_sensor(stopped: StoppedIntegration) -> dg.SensorDefinition:
    """Stands in for everything of a stopped integration, and says why it is not there."""
    why = f"Integration {stopped.name} is stopped: {stopped.why} Correct the file, run `mlconn check`, and restart."

    @dg.sensor(
        name=f"{re.sub(r'[^A-Za-z0-9_]', '_', stopped.name)}_stopped_sensor",
        minimum_interval_seconds=STOPPED_SAID_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=why,
    )
    def say_why(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return skipped(why)

    return say_why


def tell_of_stopped(pipeline: AnyPipeline, configuration: Configuration) -> list[str]:
    """Open an alert for each stopped integration and each stopped partner of this one; close those of what goes on again.

    A stopped integration has nobody who watches it: whoever runs tells of it. Returns what is new, in words.
    """
    wanted = {
        f"{INTEGRATION}:{one.name}": f"Integration {one.name} is stopped: {one.why}"
        for one in configuration.stopped_integrations.values()
    }
    wanted |= {
        f"{PARTNER}:{pipeline.name}/{one.name}": f"Partner {one.name} of {pipeline.name} is stopped: {one.why}"
        for one in configuration.stopped_of(pipeline.name)
    }
    ours = (f"{INTEGRATION}:", f"{PARTNER}:{pipeline.name}/")
    for alert in pipeline.watch.open_alerts():
        if alert.cause.startswith(ours) and alert.cause not in wanted:
            pipeline.watch.resolve_alert(alert.cause)
    return [text for cause, text in wanted.items() if pipeline.watch.raise_alert(pipeline.name, cause, text)]
