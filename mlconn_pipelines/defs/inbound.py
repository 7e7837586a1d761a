"""Assets of the inbound flow: the watched folders, the sets that arrived, what they became in the ERP, and our answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.checks import LAST_IN_ITS_RUN, FlowChecks
from mlconn_pipelines.defs.day_tables import OfDay, documents_of, received_of, show, show_again
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.metadata import COLUMN_SCHEMA, MOVED_BY
from mlconn_pipelines.defs.naming import warn_unknown_documents
from mlconn_pipelines.defs.partitions import days_of
from mlconn_pipelines.defs.presentation import DOCUMENT_SCHEMA, measured, of_tally
from mlconn_pipelines.defs.resources import PipelinesResource, RunOptions, performed, run_of, selection_of
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, answering_sets, shown_together
from mlconn_pipelines.flows.posting import post_ready
from mlconn_pipelines.flows.resolving import RESOLVERS, resolve_received
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import INBOUND_STEPS, through
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import ErpMapping

POSTED_SETS = tuple(row.id for row in TRANSACTION_SETS.values() if row.is_posted and not row.shown_with)
"""Received sets that may write to the ERP and have an asset."""


def received_sets() -> tuple[str, ...]:
    """The received sets that have an asset, in the order in which they are resolved."""
    return tuple(set_id for set_id in RESOLVERS if not TRANSACTION_SETS[set_id].shown_with)


def inbound_assets(
    integration: EdiIntegration, keys: Keys, mapping: ErpMapping, outbound: Sequence[FlowChecks], reference: Mapping[str, Any]
) -> list[dg.AssetsDefinition]:
    """`acme/cleo/inbox`, `acme/inbound/x12_850` …, `acme/SYSTEM/purchase_orders_received`, and our 997s and 824s.

    outbound: the flows whose documents are answered by what arrives. reference: which reference data the documents are checked
    against.
    """
    name = integration.integration
    common: dict[str, Any] = {
        "partitions_def": days_of(integration),
        "backfill_policy": dg.BackfillPolicy.single_run(),
    }
    shown: dict[str, Any] = {"group_name": keys.group("inbound"), "tags": {FLOW_TAG: INBOUND}}
    listed: dict[str, Any] = {**shown, "metadata": {COLUMN_SCHEMA: DOCUMENT_SCHEMA}}
    folders = ", ".join(integration.flows.inbound.folders) if integration.flows.inbound else "none"
    received_key = keys.received_orders(mapping.received_asset)
    made = " and ".join(mapping.created) or "Nothing"
    days = inbound_days(keys, mapping)

    @dg.asset(
        key=keys.inbox,
        deps=[keys.external(keys.exchange)],
        kinds={keys.exchange},
        description=(
            f"Files of the watched folders ({folders}): listed, downloaded, made sure to be "
            "whole, stored in the ledger, and only then removed.\n\nMaterializing a day by hand reads no folder: it takes up "
            "that day's documents on hold again."
        ),
        **common,
        **shown,
    )
    @in_one_sentence
    def inbox(context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions) -> dg.MaterializeResult:
        pipeline = pipelines.of(name)
        run, selection = run_of(context, pipeline, INBOUND), selection_of(context, choice)
        with measured(pipeline) as effort:
            pipeline.engine.queue.configuration_changed(name, pipeline.engine.config_hash)
            begin = through(INBOUND_STEPS, "revive" if selection.documents else "receive")
            tally = Tally.of(performed(begin, pipeline, run, selection, choice))
        warn_unknown_documents(context, pipeline, INBOUND, selection, tally)
        show(context, pipeline, keys.inbox, days[keys.inbox])
        context.log.info(f"{tally['files']} files, {tally['received']} documents, {tally['refused']} refused by our 997")
        return dg.MaterializeResult(metadata=of_tally(tally, effort))

    shown_sets = received_sets()
    # What a 997 or 824 is about is the documents, and not the folders that they left by, which hold our own 997s too: a circle.
    answerable = [flow.documents for flow in outbound]
    resolved = [
        dg.AssetSpec(
            keys.inbound(set_id),
            deps=[keys.inbox, *(answerable if TRANSACTION_SETS[set_id].answers_a_document else ())],
            kinds={"x12"},
            description=f"Received X12 {set_id}: {TRANSACTION_SETS[set_id].becomes}.",
            metadata={COLUMN_SCHEMA: DOCUMENT_SCHEMA, **(reference if set_id in POSTED_SETS else {})},
            **shown,
        )
        for set_id in shown_sets
    ]
    answers = [
        dg.AssetSpec(
            keys.outbound("x12_997"),
            deps=[keys.inbox],
            kinds={"x12"},
            description="Our 997 (or 999, where a partner wants that) for every group that arrived, and TA1s where asked for.",
            **listed,
        ),
        dg.AssetSpec(
            keys.outbound("x12_824"),
            deps=[keys.inbound("810")],
            kinds={"x12"},
            description="Our 824 for every supplier's invoice: accepted, or what is wrong with it.",
            **listed,
        ),
    ]

    @dg.multi_asset(
        name=f"{name}_inbound_documents",
        specs=resolved,
        description="Decides what each received document is to become: matched with what we sent and what the ERP holds.",
        **common,
    )
    @in_one_sentence
    def documents(
        context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions
    ) -> Iterator[dg.MaterializeResult]:
        pipeline = pipelines.of(name)
        with measured(pipeline) as effort:
            tallies = resolve_received(pipeline.inbound, run_of(context, pipeline, INBOUND), selection_of(context, choice))
        tallies = {set_id: Tally.of([tallies[each] for each in shown_together(set_id)]) for set_id in shown_sets}
        answered = Tally.of([tallies[set_id] for set_id in shown_sets if TRANSACTION_SETS[set_id].answers_a_document])
        moved = outbound if answered.counts else ()
        for flow in moved:  # 997s and 824s say what became of documents of ours
            show_again(context, pipeline, flow.documents, documents_of(flow.flow), {MOVED_BY: "received 997s and 824s"})
        for set_id in shown_sets:
            key = keys.inbound(set_id)
            show(context, pipeline, key, days[key])
            yield dg.MaterializeResult(asset_key=key, metadata=of_tally(tallies[set_id], effort))
        for flow in moved:  # whose checks would otherwise count as older than what they check
            for outcome in flow.outcomes(pipeline, flow.of_documents()):
                context.instance.report_runless_asset_event(outcome.evaluation())

    @dg.asset(
        key=received_key,
        deps=[keys.inbound(set_id) for set_id in POSTED_SETS],
        kinds={keys.system},
        description=f"{made} created from received documents, and whatever else these write to the ERP.",
        **common,
        **listed,
    )
    @in_one_sentence
    def received(context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions) -> dg.MaterializeResult:
        pipeline = pipelines.of(name)
        with measured(pipeline) as effort:
            tally = post_ready(pipeline.inbound, run_of(context, pipeline, INBOUND), selection_of(context, choice))
        context.log.info(f"{tally['posted']} posted, {tally['on_hold']} on hold, {tally['outcome_unknown']} without an answer")
        show(context, pipeline, received_key, days[received_key])
        if tally.counts:  # they were shown as ready a step ago
            for set_id in POSTED_SETS:
                key = keys.inbound(set_id)
                show_again(context, pipeline, key, days[key], of_tally(tally))
        return dg.MaterializeResult(metadata=of_tally(tally, effort))

    @dg.multi_asset(
        name=f"{name}_answers",
        specs=answers,
        description="Shows our own 997s and 824s; they were written with what they answer and leave with the folders.",
        **common,
    )
    @in_one_sentence
    def our_answers(context: dg.AssetExecutionContext, pipelines: PipelinesResource) -> Iterator[dg.MaterializeResult]:
        pipeline = pipelines.of(name)
        for spec in answers:
            show(context, pipeline, spec.key, days[spec.key])
            yield dg.MaterializeResult(asset_key=spec.key)

    return [inbox, documents, received, our_answers]


def inbound_days(keys: Keys, mapping: ErpMapping) -> dict[dg.AssetKey, OfDay]:
    """What these assets show of a day, upstream first."""

    def arrived(set_id: str) -> OfDay:
        return documents_of(INBOUND, set_id=set_id, direction="inbound")

    return {
        keys.inbox: received_of,
        **{keys.inbound(set_id): arrived(set_id) for set_id in received_sets()},
        keys.received_orders(mapping.received_asset): arrived("850" if mapping.orders else "810"),
        **{
            keys.outbound(f"x12_{set_id}"): documents_of(INBOUND, set_id=set_id, direction="outbound")
            for set_id in answering_sets()
        },
    }


def inbound_checks(integration: EdiIntegration, keys: Keys) -> tuple[FlowChecks, dg.AssetChecksDefinition]:
    """What a person must know of everything that arrived, and of each set; evaluated after every inbound run."""
    flow = FlowChecks(INBOUND, keys.inbox, sets={keys.inbound(set_id): set_id for set_id in received_sets()})

    @dg.multi_asset_check(name=f"{keys.job(INBOUND)}_checks", specs=flow.specs(), op_tags=LAST_IN_ITS_RUN, can_subset=True)
    @in_one_sentence
    def checks(context: dg.AssetCheckExecutionContext, pipelines: PipelinesResource) -> Iterator[dg.AssetCheckResult]:
        for outcome in flow.outcomes(pipelines.of(integration.integration), context.selected_asset_check_keys):
            yield outcome.result()

    return flow, checks
