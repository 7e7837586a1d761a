"""All definitions of one sync integration: what is read from one system, and what it became in the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.config.stopping import RELEASE
from mlconn_pipelines.defs.both_sides import (
    both_sides_check,
    both_sides_job,
    both_sides_schedule,
    deleted_check,
    deleted_job,
    deleted_schedule,
)
from mlconn_pipelines.defs.checks import LAST_IN_ITS_RUN, FlowChecks
from mlconn_pipelines.defs.dagster_private import AssetJob
from mlconn_pipelines.defs.day_tables import documents_of, records_of, show
from mlconn_pipelines.defs.hint_sensor import hint_sensor
from mlconn_pipelines.defs.jobs import flow_job
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.metadata import COLUMN_SCHEMA, WATERMARK_FROM, WATERMARK_TO
from mlconn_pipelines.defs.naming import warn_unknown_documents
from mlconn_pipelines.defs.partitions import days_of
from mlconn_pipelines.defs.presentation import DOCUMENTS_SHOWN_MAX, RECORD_SCHEMA, SYNC_SCHEMA, measured, of_rows, of_tally
from mlconn_pipelines.defs.reference import REFERENCE, reference_asset, reference_used
from mlconn_pipelines.defs.resources import PipelinesResource, RunOptions, run_of, selection_of
from mlconn_pipelines.defs.sensors import flow_sensor, reference_sensor
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.defs.watching import watch_sensor
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.sync.pipeline import READ_STEPS, WRITE_STEPS, SyncPipeline, SyncStep, bring_back
from mlconn_pipelines.flows.sync.route import Collects
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.wiring.sync.flow import SyncFlow, titles_of
from mlconn_pipelines.wiring.sync.opening import open_flows
from mlconn_pipelines.wiring.systems import mapping_of


@dataclass(frozen=True, slots=True)
class SyncAssets:
    """Where a flow stands in the asset graph. source, target: the kinds of its systems. made: what documents become.

    source_title: what sentences call the source. of_rows: its records are no documents; see flows/sync/collecting.py. is_compared:
    whether both sides are, every night.
    """

    flow: str
    entity: str
    source: str
    source_title: str
    target: str
    records: dg.AssetKey
    made: dg.AssetKey
    description: str
    poll_every_s: int
    of_rows: bool
    is_compared: bool

    @property
    def words(self) -> tuple[str, str]:
        """What is said of both assets."""
        if self.of_rows:
            return (
                f"Rows read from {self.source_title} into the ledger: those that something moved since the last run, and all of them once "
                "a day. They are no documents.\n\nMaterializing a day by hand reads those again that the day's documents hold, "
                "and moves no watermark.",
                f"{self.description}: what differs from what was last written, in collections of at most 200. Each collection is a "
                "document, and so is a row that could not be written; `mlconn/rows` shows all rows as they stand.",
            )
        return (
            f"{self.entity} read from {self.source_title} into the ledger: what changed since the last run, with overlap, each revision "
            "once.\n\nA partition is a day: documents are filed under the day they were first seen. Materializing a day by hand "
            "reads the records *dated* that day which were never seen, takes up that day's documents on hold again, and "
            "neither reads nor moves the watermark.",
            f"{self.description}. Each document is checked against reference data first; what cannot be told to the other system "
            "is put on hold with a reason a clerk can act on.",
        )


def sync_definitions(configuration: Configuration, name: str) -> dg.Definitions:
    """Assets, checks, jobs and sensors of the sync integration `name`."""
    integration = configuration.syncs[name]
    keys = Keys(name, integration.erp.kind, integration.salesforce.kind)
    declared = mapping_of(integration.erp).reference.sets
    reference = [reference_asset(integration, keys, one) for one in declared]
    links = reference_used(keys, declared)
    flows = [_assets_of(integration, keys, one) for one in open_flows(integration)]
    compared = {flow.flow: flow.made for flow in flows if flow.is_compared}
    both_sides = both_sides_job(keys, compared)
    may_vanish = {flow.flow: flow.records for flow in flows if flow.source == integration.salesforce.kind and not flow.of_rows}
    deletions = deleted_job(keys, may_vanish)
    assets: list[dg.AssetsDefinition] = [
        *reference,
        *(asset for flow in flows for asset in _assets(integration, keys, flow, links)),
    ]
    checks = [FlowChecks(flow.flow, flow.made, flow.records, acknowledged=False, of_rows=flow.of_rows) for flow in flows]
    made = [asset.map_asset_specs(lambda spec: spec.replace_attributes(code_version=RELEASE or None)) for asset in assets]
    jobs = _jobs(integration, keys, [asset.key for asset in reference], flows, checks)
    sensors = [hint_sensor(integration, keys, jobs[1:])] if integration.is_told else []
    outside = [_outside(keys, end.kind) for end in integration.ends.values()]
    return dg.Definitions(
        assets=dg.map_asset_specs(lambda spec: spec.replace_attributes(owners=[integration.owner]), [*made, *outside]),
        asset_checks=[
            *(_checks(name, keys, one) for one in checks),
            *(both_sides_check(integration, flow, asset) for flow, asset in compared.items()),
            deleted_check(integration, may_vanish),
        ],
        jobs=[*jobs, both_sides, deletions],
        schedules=[both_sides_schedule(integration, keys, both_sides), deleted_schedule(integration, keys, deletions)],
        sensors=[
            *sensors,
            reference_sensor(integration, keys),
            *(flow_sensor(integration, keys, flow.flow, flow.poll_every_s) for flow in flows),
            watch_sensor(integration, keys, checks),
        ],
    )


def _assets_of(integration: SyncIntegration, keys: Keys, flow: SyncFlow) -> SyncAssets:
    source, target = (integration.ends[end].kind for end in flow.between)
    read_from, written_to = titles_of(integration, flow.between)
    return SyncAssets(
        flow=flow.name,
        entity=flow.declared.entity,
        source=source,
        source_title=read_from,
        target=target,
        records=keys.of_system(source, flow.declared.asset),
        made=keys.of_system(target, flow.made),
        description=f"What {flow.name if flow.of_rows else flow.declared.entity} of {read_from} became in {written_to}",
        poll_every_s=getattr(integration.flows, flow.name).poll_every_s,
        of_rows=flow.of_rows,
        is_compared=flow.comparison is not None,
    )


def _assets(integration: SyncIntegration, keys: Keys, flow: SyncAssets, links: Any) -> list[dg.AssetsDefinition]:
    """`acme_sf/salesforce/opportunities` and `acme_sf/sap_business_one/orders_created`."""
    name, (of_records, of_made) = integration.integration, flow.words
    common: dict[str, Any] = {
        "partitions_def": days_of(integration),
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "group_name": keys.group("sync"),
        "tags": {FLOW_TAG: flow.flow, "mlconn/entity": flow.entity},
    }

    @dg.asset(
        key=flow.records,
        deps=[keys.external(flow.source)],
        kinds={flow.source},
        metadata={COLUMN_SCHEMA: RECORD_SCHEMA},
        description=of_records,
        **common,
    )
    @in_one_sentence
    def records(context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions) -> dg.MaterializeResult:
        pipeline = pipelines.sync(name)
        run, selection = run_of(context, pipeline, flow.flow), selection_of(context, choice)
        live = not selection.days and not selection.documents
        before = pipeline.engine.queue.watermark(name, flow.flow) if live else None
        with measured(pipeline) as effort:
            pipeline.engine.queue.configuration_changed(name, pipeline.engine.config_hash)
            tally = Tally.of(_performed(READ_STEPS, pipeline, run, selection, choice))
        warn_unknown_documents(context, pipeline, flow.flow, selection, tally)
        after = pipeline.engine.queue.watermark(name, flow.flow)
        watermark = {WATERMARK_FROM: before or "none yet", WATERMARK_TO: after or "none yet"} if live else {}
        show(context, pipeline, flow.records, records_of(flow.flow))
        return dg.MaterializeResult(metadata={**of_tally(tally, effort), **watermark})

    @dg.asset(
        key=flow.made,
        deps=[flow.records],
        kinds={flow.target},
        metadata={COLUMN_SCHEMA: SYNC_SCHEMA, **links},
        description=of_made,
        **common,
    )
    @in_one_sentence
    def made(context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions) -> dg.MaterializeResult:
        pipeline = pipelines.sync(name)
        run, selection = run_of(context, pipeline, flow.flow), selection_of(context, choice)
        with measured(pipeline) as effort:
            tally = Tally.of(_performed(WRITE_STEPS, pipeline, run, selection, choice))
        show(context, pipeline, flow.made, documents_of(flow.flow))
        return dg.MaterializeResult(metadata={**of_tally(tally, effort), **_rows_of(pipeline, flow.flow)})

    return [records, made]


def _rows_of(pipeline: SyncPipeline, flow: str) -> dict[str, Any]:
    """Of a flow whose records are rows that are kept in step."""
    act = pipeline.route(flow).act
    if not isinstance(act, Collects):
        return {}
    return of_rows(act.states.standing(pipeline.name, flow, DOCUMENTS_SHOWN_MAX), pipeline.engine.zone)


def _performed(
    steps: Sequence[SyncStep], pipeline: SyncPipeline, run: Run, selection: Selection, choice: RunOptions
) -> Iterator[Tally]:
    for step in steps:
        if step.name == "revive":
            yield bring_back(pipeline, run, selection, choice.reason)
        else:
            yield step.perform(pipeline, run, selection)


def _checks(name: str, keys: Keys, flow: FlowChecks) -> dg.AssetChecksDefinition:
    """What a person must know of a flow's documents; evaluated after every run of the flow."""

    @dg.multi_asset_check(name=f"{keys.job(flow.flow)}_checks", specs=flow.specs(), op_tags=LAST_IN_ITS_RUN, can_subset=True)
    @in_one_sentence
    def checks(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> Iterator[dg.AssetCheckResult]:
        for outcome in flow.outcomes(pipelines.sync(name), context.selected_asset_check_keys):
            yield outcome.result()

    return checks


def _jobs(
    integration: SyncIntegration,
    keys: Keys,
    reference: Sequence[dg.AssetKey],
    flows: Sequence[SyncAssets],
    checks: Sequence[FlowChecks],
) -> list[AssetJob]:
    name = integration.integration
    selected = dg.AssetSelection.assets(*reference)
    jobs = [flow_job(integration, keys, REFERENCE, selected, f"Read the reference data of {name}.")]
    for flow, checked in zip(flows, checks, strict=True):
        own = dg.AssetSelection.assets(flow.records, flow.made).without_checks()
        evaluated = dg.AssetSelection.checks(*(spec.key for spec in checked.specs()))
        jobs.append(flow_job(integration, keys, flow.flow, own | evaluated, f"{flow.description}, for {name}."))
    return jobs


def _outside(keys: Keys, kind: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        keys.external(kind),
        kinds={kind},
        group_name=keys.group("external"),
        tags={"mlconn/external": ""},
        description=f"{kind}, as people work in it. What is read from it, and what is made in it, are assets of their own.",
    )
