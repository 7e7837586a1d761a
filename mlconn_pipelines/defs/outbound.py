"""Assets of one outbound flow: the extracted records, and the validated and rendered documents."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.defs.checks import flow_check_results, flow_check_specs
from mlconn_pipelines.defs.day_tables import day_metadata
from mlconn_pipelines.defs.keys import Keys
from mlconn_pipelines.defs.partitions import days_of
from mlconn_pipelines.defs.presentation import of_tally
from mlconn_pipelines.defs.resources import ChoiceResource, PipelinesResource, run_of, selection_of
from mlconn_pipelines.flows.checking import render_on_trial, validate_records
from mlconn_pipelines.flows.ports.erp import OutboundSet
from mlconn_pipelines.flows.reconciling import reconcile
from mlconn_pipelines.flows.replaying import revive
from mlconn_pipelines.flows.running import fetch
from mlconn_pipelines.flows.tally import Tally


def outbound_assets(integration: Integration, keys: Keys, declared: OutboundSet) -> list[dg.AssetsDefinition]:
    """`acme/SYSTEM/invoices` and `acme/outbound/x12_810`."""
    days, flow = days_of(integration), declared.flow
    common: dict[str, Any] = {
        "partitions_def": days,
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "group_name": integration.integration,
        "owners": [integration.owner],
    }
    records_key, documents_key = keys.records(declared.asset), keys.outbound(flow)

    @dg.asset(
        key=records_key,
        kinds={keys.system},
        tags={"mlconn/flow": flow, "mlconn/entity": declared.entity},
        description=(
            f"{declared.entity} read from the ERP into the ledger: what changed since the last run, with overlap, each revision "
            "once. A backfill of a day reads that day's records and moves no watermark."
        ),
        check_specs=[
            dg.AssetCheckSpec("watermark_fresh", asset=records_key, description="The ERP was read up to a recent change.")
        ],
        **common,
    )
    def records(
        context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: ChoiceResource
    ) -> dg.MaterializeResult:
        pipeline = pipelines.of(integration.integration)
        run, selection = run_of(context, pipeline, flow), selection_of(context, choice)
        before = pipeline.ledger.watermark(pipeline.name, flow)
        pipeline.ledger.configuration_changed(pipeline.name, pipeline.config_hash)
        tally = Tally.of([reconcile(pipeline, run), revive(pipeline, run, selection, choice.reason, choice.redeliver)])
        tally = Tally.of([tally, fetch(pipeline, run, selection)])
        after = pipeline.ledger.watermark(pipeline.name, flow)
        metadata = {
            **of_tally(tally),
            "watermark from": before or "none yet",
            "watermark to": after or "none yet",
            "calls to the ERP": pipeline.erp.calls,
            **day_metadata(context, pipeline, flow),
        }
        fresh = dg.AssetCheckResult(
            check_name="watermark_fresh",
            passed=after is not None or bool(selection.days) or run.preview,
            metadata={"watermark": after or "none yet"},
        )
        return dg.MaterializeResult(metadata=metadata, check_results=[fresh])

    @dg.op(
        name=f"{keys.job(flow)}_validate",
        ins={"records": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        description="Map each record to its document and check it against partners, items and cost assignments.",
    )
    def validate(context: dg.OpExecutionContext, pipelines: PipelinesResource, choice: ChoiceResource) -> None:
        pipeline = pipelines.of(integration.integration)
        tally = validate_records(pipeline, run_of(context, pipeline, flow), selection_of(context, choice))
        context.add_output_metadata(of_tally(tally))
        context.log.info(f"validated {tally['validated']} documents, {tally['set_aside']} set aside")

    @dg.op(
        name=f"{keys.job(flow)}_render",
        ins={"validated": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        description="Render each document on trial with control numbers 1 and check the partner's guide.",
    )
    def render(context: dg.OpExecutionContext, pipelines: PipelinesResource, choice: ChoiceResource) -> None:
        pipeline = pipelines.of(integration.integration)
        tally = render_on_trial(pipeline, run_of(context, pipeline, flow), selection_of(context, choice))
        context.add_output_metadata({**of_tally(tally), **day_metadata(context, pipeline, flow)})
        context.log.info(f"rendered {tally['rendered']} documents, {tally['ready']} ready, {tally['set_aside']} set aside")

    @dg.graph_asset(
        key=documents_key,
        ins={"records": dg.AssetIn(key=records_key, dagster_type=dg.Nothing)},
        kinds={"x12"},
        tags={"mlconn/flow": flow, "mlconn/set": declared.set_id},
        description=f"{declared.description}: validated, rendered as X12 {declared.set_id} on trial, and ready to go or set aside.",
        **common,
    )
    def documents(records: Any) -> Any:
        return render(validate(records))

    return [records, documents]


def outbound_checks(integration: Integration, keys: Keys, declared: OutboundSet) -> dg.AssetChecksDefinition:
    """What a person must know of a flow's documents; evaluated after every run of the flow."""
    asset = keys.outbound(declared.flow)

    @dg.multi_asset_check(name=f"{keys.job(declared.flow)}_checks", specs=flow_check_specs(asset))
    def checks(pipelines: PipelinesResource) -> Iterator[dg.AssetCheckResult]:
        yield from flow_check_results(pipelines.of(integration.integration), asset, declared.flow)

    return checks
