"""Ready documents into partners' folders: outbound flows, and our own answers to what arrived."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mlconn_pipelines.flows.delivery_step import DeliveryStep, perform_all, refusal
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.outlet import Outlet
from mlconn_pipelines.flows.ports.claims import Claim
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.rendering import channel_of, renderer
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.delivery import Delivery, Receipt

DOCUMENTS_AT_ONCE = 400
"""Documents held in memory at once."""


def send_ready(engine: Engine, outlet: Outlet, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Send every outbound document of the run's flow that is ready, each by a claim of its own."""
    tally = Tally()
    if run.preview:
        return tally

    def documents(after: str) -> Sequence[DocumentRow]:
        return engine.queue.ready(
            engine.name,
            run.flow,
            direction="outbound",
            limit=DOCUMENTS_AT_ONCE,
            after=after,
            with_raw=run.flow == INBOUND,  # our answers are written to the group that their `raw` names
            **selection.query(),
        )

    with engine.claims.owner(run, engine.act_time_out_s) as owner:
        prepare = partial(_prepare, engine, outlet)
        perform_all(owner, documents, prepare, outlet.at_once, engine.hold_after_failures, tally)
    return tally


def _prepare(engine: Engine, outlet: Outlet, row: DocumentRow) -> DeliveryStep:
    partner = outlet.partners.named(row.partner)
    destination = outlet.destinations.get(row.partner)
    if partner is None or destination is None:
        return refusal(row, outlet.partners.missing(row.called, row.partner))
    return DeliveryStep(
        document=row,
        channel=channel_of(row, partner),
        entity="",
        render=renderer(engine, row, partner, destination.message),
        wait=destination.delivery.reserve,
        perform=partial(_deliver, destination.delivery),
        system=partner.destination if "://" in partner.destination else "folder",
    )


def _deliver(delivery: Delivery, claim: Claim) -> Receipt:
    return delivery.deliver(claim.file_name, claim.content)
