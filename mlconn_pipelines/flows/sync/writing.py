"""Ready documents into the other system, each by a claim of its own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from mlconn_pipelines.documents.sales_order import SalesOrder, SalesOrderStatus
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.delivery_step import DeliveryStep, perform_all, refusal
from mlconn_pipelines.flows.outlet import Outlet
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.claims import Claim
from mlconn_pipelines.flows.ports.entries import ControlNumbers, DocumentRow, Rendered, Run
from mlconn_pipelines.flows.posting import creating
from mlconn_pipelines.flows.recovering import recover_outcomes
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sync.route import Creates, SyncRoute, Updates
from mlconn_pipelines.flows.sync.translating import creation_of
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines.records.decimal_json import dumps

DOCUMENTS_AT_ONCE = 400
"""Documents held in memory at once."""


def write_ready(route: SyncRoute, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Create a record for every ready document, or set the fields that it names."""
    tally = Tally()
    if run.preview:
        return tally

    def documents(after: str) -> Sequence[DocumentRow]:
        return route.engine.queue.ready(
            route.name,
            run.flow,
            direction="outbound",
            limit=DOCUMENTS_AT_ONCE,
            after=after,
            with_raw=False,
            **selection.query(),
        )

    engine = route.engine
    with engine.claims.owner(run, engine.act_time_out_s, engine.absence_proves_after_s) as owner:
        perform_all(owner, documents, partial(_prepare, route, run), route.at_once, engine.hold_after_failures, tally)
    return tally


def recover(route: SyncRoute, run: Run) -> Tally:
    """What a lost process or a lost answer of the run's flow left open. Nothing of it lies in a partner's folder."""
    return recover_outcomes(route.written, Outlet(Partners(()), {}, 1), run, resend_identical=False)


def _prepare(route: SyncRoute, run: Run, row: DocumentRow) -> DeliveryStep:
    match route.act:
        case Creates() as act:
            order: SalesOrder = from_json(SalesOrder, row.canonical)
            try:
                return creating(route.written, row, creation_of(route, act, run, row, order)[0])
            except DocumentRejected as reason:
                return refusal(row, reason)
        case Updates() as act:
            return _updating(route, act, row)


def _updating(route: SyncRoute, act: Updates, row: DocumentRow) -> DeliveryStep:
    status: SalesOrderStatus = from_json(SalesOrderStatus, row.canonical)

    def render(_: ControlNumbers, at: dt.datetime) -> Rendered:
        return Rendered(content=dumps(act.changes(status, at), sort_keys=True).encode(), file_name="", destination=act.entity)

    def update(claim: Claim) -> Stored:
        route.target.target.update(act.entity, status.of, json.loads(claim.content, parse_float=Decimal))
        return Stored(key=status.of, number=status.number, entity=act.entity)

    return DeliveryStep(
        document=row,
        channel=None,
        entity=act.entity,
        render=render,
        wait=route.target.target.reserve,
        perform=update,
        repeatable=True,
    )
