"""Partners' folders as assets: one multi-asset an integration, which sends for every outbound flow and answers what arrived."""

from collections.abc import Iterator
from itertools import product

import dagster as dg

from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.defs.day_tables import folder_metadata
from mlconn_pipelines.defs.keys import FLOW_TAG, Keys
from mlconn_pipelines.defs.partitions import days_of
from mlconn_pipelines.defs.presentation import of_tally
from mlconn_pipelines.defs.resources import ChoiceResource, PipelinesResource, run_of, selection_of
from mlconn_pipelines.flows.pipeline import INBOUND
from mlconn_pipelines.flows.sending import send_ready
from mlconn_pipelines.flows.tally import Tally


def destination_of(partner: TradingPartner) -> str:
    """The folder or the endpoint's host, as the asset is named."""
    if partner.folder:
        return partner.folder
    return f"{partner.partner}_api" if partner.api_provider else partner.partner


def folder_assets(integration: Integration, partners: list[TradingPartner], keys: Keys) -> dg.AssetsDefinition:
    """`acme/cleo/FOLDER` for every configured folder."""
    by_destination: dict[str, list[TradingPartner]] = {}
    for partner in partners:
        by_destination.setdefault(destination_of(partner), []).append(partner)
    upstream = [keys.outbound(flow) for flow in integration.flows.outbound()]
    if integration.flows.inbound:
        upstream += [keys.outbound("x12_997"), keys.outbound("x12_824")]
    specs = [
        dg.AssetSpec(
            keys.folder(destination),
            deps=upstream,
            skippable=True,
            group_name=integration.integration,
            kinds={"cleo"},
            owners=[integration.owner],
            tags={f"mlconn/partner-{partner.partner}": "" for partner in members},
            description=f"What {', '.join(partner.name or partner.partner for partner in members)} was sent, a file a document.",
        )
        for destination, members in by_destination.items()
    ]
    asset_of = {
        (partner.folder or str(partner.api_provider.url if partner.api_provider else "")): keys.folder(destination)
        for destination, members in by_destination.items()
        for partner in members
    }

    @dg.multi_asset(
        name=f"{keys.integration}_cleo_folders",
        specs=specs,
        partitions_def=days_of(integration),
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def cleo_folders(
        context: dg.AssetExecutionContext, pipelines: PipelinesResource, choice: ChoiceResource
    ) -> Iterator[dg.MaterializeResult]:
        pipeline = pipelines.of(integration.integration)
        selection = selection_of(context, choice)
        named = context.run.tags.get(FLOW_TAG)
        flows = [named] if named else [*integration.flows.outbound(), INBOUND]
        tallies: list[Tally] = []
        for flow in flows:
            tally = send_ready(pipeline, run_of(context, pipeline, flow), selection)
            context.log.info(
                f"{flow}: {tally['sent']} sent, {tally['set_aside']} set aside, {tally['unknown']} without an answer"
            )
            tallies.append(tally)
        total = Tally.of(tallies)
        for destination, count in total.folders.items():
            key = asset_of.get(destination)
            if key is None or key not in context.selected_asset_keys:
                continue
            for day, flow in product(context.partition_keys, flows):
                context.add_asset_metadata(folder_metadata(pipeline, flow, day, destination), asset_key=key, partition_key=day)
            yield dg.MaterializeResult(asset_key=key, metadata={"run/files": count, **of_tally(total)})

    return cleo_folders
