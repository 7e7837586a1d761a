"""Assets of one outbound flow: the extracted records, and the validated and rendered documents."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.checks import LAST_IN_ITS_RUN, FlowChecks
from mlconn_pipelines.defs.day_tables import OfDay, documents_of, records_of, show
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.metadata import COLUMN_SCHEMA, WATERMARK_FROM, WATERMARK_TO
from mlconn_pipelines.defs.naming import warn_unknown_documents
from mlconn_pipelines.defs.partitions import days_of
from mlconn_pipelines.defs.presentation import DOCUMENT_SCHEMA, RECORD_SCHEMA, measured, of_tally
from mlconn_pipelines.defs.resources import PipelinesResource, RunOptions, performed, run_of, selection_of
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.flows.running import OUTBOUND_STEPS, Step, between, through
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import OutboundSet
from mlconn_pipelines.printable import printable


def outbound_assets(
    integration: EdiIntegration, keys: Keys, declared: OutboundSet, reference: Mapping[str, Any]
) -> list[dg.AssetsDefinition]:
    """`acme/SYSTEM/invoices` and `acme/outbound/x12_810`. reference: which reference data documents are checked against."""
    name, flow = integration.integration, declared.flow
    records_key, documents_key = keys.records(declared.asset), keys.outbound(flow)
    common: dict[str, Any] = {
        "partitions_def": days_of(integration),
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "group_name": keys.group("outbound"),
    }

    @dg.asset(
        key=records_key,
        deps=[keys.external(keys.system)],
        kinds={keys.system},
        tags={FLOW_TAG: flow, "mlconn/entity": declared.entity},
        metadata={COLUMN_SCHEMA: RECORD_SCHEMA},
        description=(
            f"{declared.entity} read from the ERP into the ledger: what changed since the last run, with overlap, each revision "
            "once.\n\nA partition is a day: documents are filed under the day they were first seen. Materializing a day by hand "
            "reads the records *dated* that day which were never seen, takes up that day's documents on hold again, and "
            "neither reads nor moves the watermark."
        ),
        **common,
    )
    @in_one_sentence
    def records(context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions) -> dg.MaterializeResult:
        pipeline = pipelines.of(name)
        run, selection = run_of(context, pipeline, flow), selection_of(context, choice)
        live = not selection.days and not selection.documents
        before = pipeline.engine.queue.watermark(name, flow) if live else None
        with measured(pipeline) as effort:
            pipeline.engine.queue.configuration_changed(name, pipeline.engine.config_hash)
            tally = Tally.of(performed(through(OUTBOUND_STEPS, "fetch"), pipeline, run, selection, choice))
        warn_unknown_documents(context, pipeline, flow, selection, tally)
        watermark = {
            WATERMARK_FROM: before or "none yet",
            WATERMARK_TO: pipeline.engine.queue.watermark(name, flow) or "none yet",
        }
        show(context, pipeline, records_key, records_of(flow))
        return dg.MaterializeResult(metadata={**of_tally(tally, effort), **(watermark if live else {})})

    checking = between(OUTBOUND_STEPS, "fetch", "send")
    ops = [_op(name, keys, flow, step, documents_key if step is checking[-1] else None) for step in checking]

    @dg.graph_asset(
        key=documents_key,
        ins={"records": dg.AssetIn(key=records_key, dagster_type=dg.Nothing)},
        kinds={"x12"} if declared.set_id else set(),
        tags={FLOW_TAG: flow, **({"mlconn/set": declared.set_id} if declared.set_id else {})},
        metadata={COLUMN_SCHEMA: DOCUMENT_SCHEMA, **reference},
        description=_words_of(declared),
        **common,
    )
    def documents(records: Any) -> Any:
        for op in ops:
            records = op(records)
        return records

    return [records, documents]


def _words_of(declared: OutboundSet) -> str:
    held = "What passes is ready to go; what does not is put on hold with a reason a clerk can act on."
    if declared.is_master_data:
        return f"{declared.description} records in the form that the partner takes, whenever created or changed. {held}"
    return (
        f"{declared.description} as X12 {declared.set_id}: mapped and checked against partners, items, cost assignments "
        f"and accounts, then test-rendered and validated against the partner's implementation guide. {held}"
    )


def outbound_days(keys: Keys, declared: OutboundSet) -> dict[dg.AssetKey, OfDay]:
    """What these assets show of a day, upstream first."""
    flow = declared.flow
    return {keys.records(declared.asset): records_of(flow), keys.outbound(flow): documents_of(flow)}


def _op(name: str, keys: Keys, flow: str, step: Step, shown: dg.AssetKey | None) -> dg.OpDefinition:
    """A step as an op of its own. shown: the asset that its documents are shown on."""

    @dg.op(
        name=f"{keys.job(flow)}_{step.name}",
        ins={"before": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        description=step.words,
    )
    @in_one_sentence
    def perform(context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions) -> None:
        pipeline = pipelines.of(name)
        with measured(pipeline) as effort:
            tally = step.perform(pipeline, run_of(context, pipeline, flow), selection_of(context, choice))
        if shown is not None:
            show(context, pipeline, shown, documents_of(flow))
        context.add_output_metadata(of_tally(tally, effort))
        context.log.info(printable(step.says.format_map(tally)))

    return perform


def outbound_checks(
    integration: EdiIntegration, keys: Keys, declared: OutboundSet
) -> tuple[FlowChecks, dg.AssetChecksDefinition]:
    """What a person must know of a flow's documents; evaluated after every run of the flow."""
    flow = FlowChecks(declared.flow, keys.outbound(declared.flow), keys.records(declared.asset))

    @dg.multi_asset_check(
        name=f"{keys.job(declared.flow)}_checks", specs=flow.specs(), op_tags=LAST_IN_ITS_RUN, can_subset=True
    )
    @in_one_sentence
    def checks(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> Iterator[dg.AssetCheckResult]:
        for outcome in flow.outcomes(pipelines.of(integration.integration), context.selected_asset_check_keys):
            yield outcome.result()

    return flow, checks
