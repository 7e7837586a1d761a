"""Ready documents into the other system, each by a claim of its own."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.delivery_step import DeliveryStep, perform_all, refusal
from mlconn_pipelines.flows.holding import reason_of
from mlconn_pipelines.flows.outlet import Outlet
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.claims import Claim
from mlconn_pipelines.flows.ports.entries import ControlNumbers, DocumentRow, Rendered, Run
from mlconn_pipelines.flows.posting import creating
from mlconn_pipelines.flows.recovering import recover_outcomes
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sync.collecting import CollectedRow, end_collection, rows_of
from mlconn_pipelines.flows.sync.route import Collects, SyncRoute, Updates
from mlconn_pipelines.flows.sync.translating import outcome_of
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Change
from mlconn_pipelines.ports.records import Record, Stored
from mlconn_pipelines.ports.rows import RowResult
from mlconn_pipelines.records.decimal_json import dumps

DOCUMENTS_AT_ONCE = 400
"""Documents held in memory at once."""


def write_ready(route: SyncRoute, run: Run, selection: Selection = EVERYTHING) -> Tally:
    """Create a record for every ready document, or set the fields of one that is there."""
    tally = Tally()
    if run.preview:
        return tally

    # A row that is named is written by a collection, whose document is another one.
    of_these = EVERYTHING if isinstance(route.act, Collects) else selection

    def documents(after: str) -> Sequence[DocumentRow]:
        return route.engine.queue.ready(
            route.name,
            run.flow,
            direction="outbound",
            limit=DOCUMENTS_AT_ONCE,
            after=after,
            with_raw=False,
            **of_these.query(),
        )

    engine = route.engine
    with engine.claims.owner(run, engine.act_time_out_s, engine.absence_proves_after_s) as owner:
        perform_all(owner, documents, partial(_prepare, route, run, tally), route.at_once, engine.hold_after_failures, tally)
    return tally


def recover(route: SyncRoute, run: Run) -> Tally:
    """What a lost process or a lost answer of the run's flow left open. Nothing of it lies in a partner's folder."""
    return recover_outcomes(route.written, Outlet(Partners(()), {}, 1), run, resend_identical=False)


def _prepare(route: SyncRoute, run: Run, tally: Tally, row: DocumentRow) -> DeliveryStep:
    match route.act:
        case Updates() as act:
            return _updating(route, act, row)
        case Collects() as act:
            return _collecting(route, act, run, row, tally)
        case act:
            try:
                outcome, _ = outcome_of(route, act, run, row, from_json(act.kind, row.canonical))
            except DocumentRejected as reason:
                return refusal(row, reason)
            if isinstance(outcome, Change):
                return _changing(route, act.entity, row, outcome)
            return creating(route.written, row, outcome)


def _changing(route: SyncRoute, entity: str, row: DocumentRow, change: Change) -> DeliveryStep:
    """Fields of a record that was there; no request where it is by now as it should be."""
    if (reason := reason_of(change.findings)) is not None:
        return refusal(row, DocumentRejected(reason.message, code=reason.code))

    def update(claim: Claim) -> Stored:
        if change.changes:
            route.target.target.update(entity, change.key, json.loads(claim.content, parse_float=Decimal))
        return Stored(key=change.key, number=change.key, entity=entity)

    return _repeatable(route, entity, row, lambda _: change.changes, update)


def _updating(route: SyncRoute, act: Updates, row: DocumentRow) -> DeliveryStep:
    status: Any = from_json(act.kind, row.canonical)
    if not row.approved and (objection := act.objection(status)) is not None:
        return refusal(row, DocumentRejected(objection.message, code=objection.code))

    def update(claim: Claim) -> Stored:
        route.target.target.update(act.entity, status.of, json.loads(claim.content, parse_float=Decimal))
        return Stored(key=status.of, number=status.number, entity=act.entity)

    return _repeatable(route, act.entity, row, lambda at: act.changes(status, at), update)


def _collecting(route: SyncRoute, act: Collects, run: Run, row: DocumentRow, tally: Tally) -> DeliveryStep:
    """All rows of a collection by one request, with a result for each."""
    rows = rows_of(row)

    def record_of(one: CollectedRow) -> Record:
        return act.record(one.target, one.fields, one.as_of)

    def write(claim: Claim) -> Stored:
        written = end_collection(route, act, run, row, partial(_upserted, act, claim), tally)
        return Stored(key=row.id, number=f"{written} of {len(rows)}", entity=act.entity)

    return _repeatable(route, act.entity, row, lambda _: {"records": [record_of(one) for one in rows]}, write)


def _upserted(act: Collects, claim: Claim) -> Sequence[RowResult]:
    records = json.loads(claim.content, parse_float=Decimal)["records"]
    return act.collections.upsert(act.entity, records, by="Id")


def _repeatable(
    route: SyncRoute,
    entity: str,
    row: DocumentRow,
    changes: Callable[[dt.datetime], Record],
    update: Callable[[Claim], Stored],
) -> DeliveryStep:
    def render(_: ControlNumbers, at: dt.datetime) -> Rendered:
        return Rendered(content=dumps(changes(at), sort_keys=True).encode(), file_name="", destination=entity)

    return DeliveryStep(
        document=row,
        channel=None,
        entity=entity,
        render=render,
        wait=route.target.target.reserve,
        perform=update,
        repeatable=True,
    )
