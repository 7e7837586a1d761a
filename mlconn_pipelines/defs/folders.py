"""Partners' folders as assets: one multi-asset an integration, which sends for every outbound flow and answers what arrived."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.defs.day_tables import OfDay, documents_of, show, show_again
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.metadata import COLUMN_SCHEMA, RUN_FILES
from mlconn_pipelines.defs.partitions import days_of
from mlconn_pipelines.defs.presentation import DOCUMENT_SCHEMA, measured, of_tally
from mlconn_pipelines.defs.resources import PipelinesResource, RunOptions, run_of, selection_of
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.documents.transaction_sets import answering_sets
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.sending import send_ready
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import OutboundSet
from mlconn_pipelines.printable import printable


def destination_of(partner: TradingPartner) -> str:
    """The folder, or for a partner behind an API Provider endpoint their name, as the asset is named."""
    if partner.folder:
        return partner.folder
    return f"{partner.partner}_api" if partner.api_provider else partner.partner


def address_of(partner: TradingPartner) -> str:
    """The destination as claims and tallies name it."""
    return partner.folder or str(partner.api_provider.url if partner.api_provider else "")


def folder_assets(
    integration: EdiIntegration, partners: Sequence[TradingPartner], keys: Keys, sets: Mapping[str, OutboundSet]
) -> dg.AssetsDefinition:
    """`acme/cleo/FOLDER` for every configured folder. sets: what the ERP has outbound flows for, by flow."""
    key_of = keys.folders(sorted({destination_of(partner) for partner in partners}))
    members = {key: [one for one in partners if key_of[destination_of(one)] == key] for key in key_of.values()}
    asset_of = {address_of(partner): key_of[destination_of(partner)] for partner in partners}
    days = folder_days(integration, partners, keys)
    declared = [sets[flow] for flow in integration.flows.outbound()]
    specs = [
        dg.AssetSpec(
            key,
            deps=sorted({upstream for partner in theirs for upstream in _upstream(integration, partner, keys, declared)}),
            skippable=True,
            group_name=keys.group("folders"),
            kinds={keys.exchange},
            metadata={COLUMN_SCHEMA: DOCUMENT_SCHEMA},
            tags={f"mlconn/partner-{partner.partner}": "" for partner in theirs},
            description=_description(theirs),
        )
        for key, theirs in members.items()
    ]

    @dg.multi_asset(
        name=f"{keys.integration}_{keys.exchange}_folders",
        specs=specs,
        partitions_def=days_of(integration),
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
        description="Sends what is ready: each document claimed, sent once, and completed.",
    )
    @in_one_sentence
    def cleo_folders(
        context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: RunOptions
    ) -> Iterator[dg.MaterializeResult]:
        pipeline = pipelines.of(integration.integration)
        named = context.run.tags.get(FLOW_TAG)
        flows = [named] if named in pipeline.settings.flow_names else list(pipeline.settings.flow_names)
        wanted = [partner.partner for key in selected_among(context, members) for partner in members[key]]
        with measured(pipeline) as effort:
            tallies = []
            for selection in _narrowed(selection_of(context, choice), wanted, len(wanted) == len(partners)):
                for flow in flows:
                    tallies.append(send_ready(pipeline.engine, pipeline.outlet, run_of(context, pipeline, flow), selection))
                    _say(context, flow, tallies[-1])
                    if tallies[-1].counts:
                        _show_again(context, pipeline, keys, flow, tallies[-1])
        total = Tally.of(tallies)
        for address, count in total.folders.items():
            key = asset_of.get(address)
            if key is not None and key in context.selected_asset_keys:
                show(context, pipeline, key, days[key])
                yield dg.MaterializeResult(asset_key=key, metadata={RUN_FILES: count, **of_tally(total, effort, "all_folders")})

    return cleo_folders


def folder_days(integration: EdiIntegration, partners: Sequence[TradingPartner], keys: Keys) -> dict[dg.AssetKey, OfDay]:
    """What each folder shows of a day: all that went there, whatever its flow."""
    key_of = keys.folders(sorted({destination_of(partner) for partner in partners}))
    return {
        key_of[destination_of(partner)]: documents_of(integration.flow_names, destination=address_of(partner))
        for partner in partners
    }


def _upstream(
    integration: EdiIntegration, partner: TradingPartner, keys: Keys, declared: Sequence[OutboundSet]
) -> Iterator[dg.AssetKey]:
    """What may end up with that partner: what customers or suppliers get, and our answers to what they send."""
    codes = {"customer": partner.customer_codes, "supplier": partner.supplier_codes}
    yield from (
        keys.outbound(one.flow) for one in declared if (partner.vendors if one.is_master_data else codes[one.partner_kind])
    )
    if integration.flows.inbound:
        yield keys.outbound("x12_997")
        if partner.supplier_codes:
            yield keys.outbound("x12_824")


def selected_among(context: dg.AssetExecutionContext, members: dict[dg.AssetKey, list[TradingPartner]]) -> list[dg.AssetKey]:
    """The folders that this run is about."""
    return [key for key in members if key in context.selected_asset_keys]


def _narrowed(selection: Selection, wanted: Sequence[str], everybody: bool) -> Iterator[Selection]:
    """Where a person chose some folders in the UI, nothing goes to any other."""
    if everybody:
        yield selection
        return
    for partner in wanted:
        if selection.partner in ("", partner):
            yield replace(selection, partner=partner)


def _show_again(context: dg.AssetExecutionContext, pipeline: Pipeline, keys: Keys, flow: str, tally: Tally) -> None:
    """The flow's documents as they stand after sending, on the page of their own asset."""
    if flow != INBOUND:
        show_again(context, pipeline, keys.outbound(flow), documents_of(flow), of_tally(tally))
        return
    for set_id in answering_sets():
        of_day = documents_of(flow, set_id=set_id, direction="outbound")
        show_again(context, pipeline, keys.outbound(f"x12_{set_id}"), of_day, of_tally(tally))


def _say(context: dg.AssetExecutionContext, flow: str, tally: Tally) -> None:
    if tally.counts or tally.stopped:
        said = f"{flow}: {tally['sent']} sent, {tally['on_hold']} on hold, {tally['outcome_unknown']} without an answer"
        context.log.info(printable(said + (f"; ended early: {tally.stopped}" if tally.stopped else "")))


def _description(partners: Sequence[TradingPartner]) -> str:
    names = ", ".join(partner.name or partner.partner for partner in partners)
    if any(partner.api_provider for partner in partners):
        return f"Documents delivered to {names} by API Provider call, each once."
    return f"Files delivered to {names} in Cleo folder `{partners[0].folder}`, one document a file, each once."
