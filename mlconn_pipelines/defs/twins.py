"""Whether each of our references stands on one record of the ERP only, as an asset check of the nightly comparison."""

import datetime as dt

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.checks import LAST_IN_ITS_RUN, ruled_by
from mlconn_pipelines.defs.inbound import inbound_days
from mlconn_pipelines.defs.keys import Keys
from mlconn_pipelines.defs.quiet_days import QuietDays, days_before
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.receiving import look_for_files
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.twins import tell_of_twins
from mlconn_pipelines.printable import printable
from mlconn_pipelines.wiring.systems import mapping_of

TWINS = "each_reference_once"


def twins_key(integration: EdiIntegration, keys: Keys) -> dg.AssetCheckKey | None:
    """None where nothing that arrives becomes a record."""
    if integration.flows.inbound is None:
        return None
    return dg.AssetCheckKey(keys.received_orders(mapping_of(integration.erp).received_asset), TWINS)


def twins_check(integration: EdiIntegration, keys: Keys, key: dg.AssetCheckKey, quiet: QuietDays) -> dg.AssetChecksDefinition:
    """Counts records per reference, over those changed in the last days. Then it lists the watched folders, and where they answer
    reports the days on which nothing came. Last of its night, since folders' days hang on those of all flows."""
    days_back = integration.reconcile_days_back

    rule = f"No two records of the ERP that changed in the last {days_back} days bear the same reference of ours"

    @dg.asset_check(
        asset=key.asset_key,
        name=key.name,
        op_tags=LAST_IN_ITS_RUN,
        description=f"{rule}: a request that was given up for lost may have been carried out late. Evaluated every night.",
    )
    @in_one_sentence
    def once(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> dg.AssetCheckResult:
        pipeline = pipelines.of(integration.integration)
        today = pipeline.engine.today()
        run = Run(pipeline.name, INBOUND, context.op_execution_context.run_id, today, config_hash=pipeline.engine.config_hash)
        told = tell_of_twins(pipeline.inbound, run, today - dt.timedelta(days=days_back))
        if integration.flows.inbound is not None and not pipeline.engine.preview:
            begin = max(today - dt.timedelta(days=days_back), integration.flows.inbound.send_from)
            try:
                look_for_files(pipeline.inbound)
            except ConnectorError as trouble:  # then nobody knows that nothing came
                context.log.warning(printable(f"The watched folders could not be listed: {trouble}"))
            else:
                quiet.report(context, pipeline, inbound_days(keys, pipeline.mapping), days_before(today, begin))
        return dg.AssetCheckResult(
            passed=not told,
            severity=dg.AssetCheckSeverity.ERROR,
            description=" ".join(told[:3]) or "No reference of ours stands on two records.",
            metadata=ruled_by(f"{rule}.", len(told)),
        )

    return once
