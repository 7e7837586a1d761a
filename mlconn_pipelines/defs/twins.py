"""Whether each of our references stands on one record of the ERP only, as an asset check of the nightly comparison."""

import datetime as dt

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.checks import ruled_by
from mlconn_pipelines.defs.keys import Keys
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.flows.pipeline import INBOUND
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.twins import tell_of_twins
from mlconn_pipelines.wiring.systems import mapping_of

TWINS = "each_reference_once"


def twins_key(integration: EdiIntegration, keys: Keys) -> dg.AssetCheckKey | None:
    """None where nothing that arrives becomes a record."""
    if integration.flows.inbound is None:
        return None
    return dg.AssetCheckKey(keys.received_orders(mapping_of(integration.erp).received_asset), TWINS)


def twins_check(integration: EdiIntegration, key: dg.AssetCheckKey, days_back: int) -> dg.AssetChecksDefinition:
    """Counts records per reference, over those changed in the last days."""

    rule = f"No two records of the ERP that changed in the last {days_back} days bear the same reference of ours"

    @dg.asset_check(
        asset=key.asset_key,
        name=key.name,
        description=f"{rule}: a request that was given up for lost may have been carried out late. Evaluated every night.",
    )
    def once(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> dg.AssetCheckResult:
        pipeline = pipelines.of(integration.integration)
        today = pipeline.engine.today()
        run = Run(pipeline.name, INBOUND, context.op_execution_context.run_id, today, config_hash=pipeline.engine.config_hash)
        told = tell_of_twins(pipeline, run, today - dt.timedelta(days=days_back))
        return dg.AssetCheckResult(
            passed=not told,
            severity=dg.AssetCheckSeverity.ERROR,
            description=" ".join(told[:3]) or "No reference of ours stands on two records.",
            metadata=ruled_by(f"{rule}.", len(told)),
        )

    return once
