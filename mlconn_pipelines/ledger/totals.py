"""What people and checks read: totals, tables, standing problems. `LedgerReports` of flows/ports/reports.py; reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.transaction_sets import shown_together
from mlconn_pipelines.flows.ports.reports import AcknowledgmentCounts, DayLedger, KnownRecord, ReasonCount, Standing
from mlconn_pipelines.ledger.document_status import files_received, standings
from mlconn_pipelines.ledger.tables import acknowledgment, claim, document, received_file
from mlconn_pipelines.ledger.tables_state import watermark
from mlconn_pipelines.reasons import Reason

COUNTED = (
    ~document.c.preview & (document.c.state != "superseded") & (document.c.is_effective | (document.c.state == "duplicate"))
)
"""One row a document: no previews, no older revisions, and of a redelivered one only the newest. Duplicates are answers of their
own, and so are change sets."""

NEEDS_A_LOOK = (State.ON_HOLD, State.OUTCOME_UNKNOWN, State.REJECTED_BY_PARTNER, State.SYNTAX_REJECTED)

LAST_CLAIM = (
    sa.select(sa.func.max(claim.c.id)).where(claim.c.document_id == document.c.id).correlate(document).scalar_subquery()
)


class PostgresReports:
    """Safe to use from several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def totals(
        self,
        integration: str,
        flow: str | Sequence[str],
        *,
        partition: dt.date | None = None,
        set_id: str = "",
        direction: str = "",
        destination: str = "",
    ) -> Mapping[str, int]:
        query = sa.select(document.c.state, sa.func.count()).where(
            *_of(integration, flow, partition, set_id, direction), COUNTED
        )
        if destination:
            query = query.where(sa.exists().where(claim.c.id == LAST_CLAIM, claim.c.destination == destination))
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(document.c.state))}

    def day_table(
        self,
        integration: str,
        flow: str | Sequence[str],
        partition: dt.date,
        *,
        set_id: str = "",
        direction: str = "",
        destination: str = "",
        limit: int = 200,
    ) -> Sequence[Mapping[str, Any]]:
        """Rows of document, number, partner, state, lines, amount, currency, reason, file, destination, changed.

        What somebody should look at comes first, then the newest.
        """
        query = (
            sa.select(
                document.c.id.label("document"),
                document.c.set_id.label("set"),
                document.c.business_number.label("number"),
                document.c.partner,
                document.c.state,
                document.c.line_count.label("lines"),
                document.c.amount,
                document.c.currency,
                sa.case((document.c.reason != "", document.c.reason), else_=document.c.exception).label("reason"),
                sa.func.coalesce(claim.c.file_name, "").label("file"),
                sa.func.coalesce(claim.c.destination, "").label("destination"),
                document.c.changed_at.label("changed"),
            )
            .select_from(document.outerjoin(claim, claim.c.id == LAST_CLAIM))
            .where(*_of(integration, flow, partition, set_id, direction), COUNTED)
            .order_by(document.c.state.not_in(NEEDS_A_LOOK), document.c.changed_at.desc(), document.c.id.desc())
            .limit(limit)
        )
        if destination:
            query = query.where(claim.c.destination == destination)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def acknowledgment_counts(self, integration: str, flow: str) -> AcknowledgmentCounts:
        """By the last claim of each delivered document."""
        later = claim.alias("later")
        query = (
            sa.select(acknowledgment.c.state, sa.func.count())
            .select_from(document.join(acknowledgment, acknowledgment.c.document_id == document.c.id))
            .where(*_of(integration, flow, None, "", ""), COUNTED)
            .where(document.c.state.in_(("sent", "accepted", "accepted_with_errors", "rejected_by_partner")))
            .where(~sa.exists().where(later.c.document_id == document.c.id, later.c.id > acknowledgment.c.claim_id))
            .group_by(acknowledgment.c.state)
        )
        with self._engine.connect() as connection:
            counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(query)}
        return AcknowledgmentCounts(
            acknowledged=counts.get("accepted", 0) + counts.get("accepted_with_errors", 0),
            awaited=counts.get("awaited", 0),
            overdue=counts.get("overdue", 0),
            rejected=counts.get("rejected", 0),
        )

    def reasons(self, integration: str, flow: str, *, set_id: str = "", direction: str = "") -> Sequence[ReasonCount]:
        """Documents with an open exception (changed or cancelled after sending) count too: a person must look at them."""
        code = sa.case((document.c.exception != "", document.c.exception_code), else_=document.c.reason_code).label("code")
        words = sa.case((document.c.exception != "", document.c.exception), else_=document.c.reason).label("words")
        documents = sa.select(code, document.c.id.label("example_id"), words).where(
            *_of(integration, flow, None, set_id, direction),
            COUNTED,
            sa.or_(sa.literal_column("document.state = 'on_hold'"), document.c.exception != ""),
        )
        sources: sa.Select[Any] | sa.CompoundSelect[Any] = documents
        if flow == "inbound" and not set_id:
            place = received_file.c.folder + "/" + received_file.c.name
            files = sa.select(received_file.c.reason_code, place, received_file.c.reason).where(
                received_file.c.integration == integration, received_file.c.state == "on_hold"
            )
            sources = documents.union_all(files)
        found = sources.subquery()
        examples = (
            sa.func.array_agg(sa.text("example_id ORDER BY example_id DESC")),
            sa.func.array_agg(sa.text("words ORDER BY example_id DESC")),
        )
        query = (
            sa.select(found.c.code, sa.func.count(), *examples)
            .group_by(found.c.code)
            .order_by(sa.func.count().desc(), found.c.code)
        )
        with self._engine.connect() as connection:
            return [ReasonCount(name, count, ids[0], said[0]) for name, count, ids, said in connection.execute(query)]

    def day_ledgers(self, integration: str, flow: str, first: dt.date, last: dt.date) -> Mapping[dt.date, DayLedger]:
        """What was cancelled in the source is left out as the ERP's own totals leave it out; a changed order counts as it is now."""
        known = _known(integration, flow, first, last).subquery()
        query = sa.select(
            known.c.day,
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(known.c.amount), 0),
            sa.func.sum(_SIXTY_BITS),
            sa.func.count().filter(known.c.state.in_(_UNFINISHED)),
        )
        with self._engine.connect() as connection:
            return {
                day: DayLedger(count, Decimal(amount), int(stamps), unfinished)
                for day, count, amount, stamps, unfinished in connection.execute(query.group_by(known.c.day))
            }

    def known_records(self, integration: str, flow: str, day: dt.date) -> Sequence[KnownRecord]:
        known = _known(integration, flow, day, day).subquery()
        query = sa.select(known.c.key, known.c.stamp, known.c.number, sa.func.coalesce(known.c.amount, 0))
        with self._engine.connect() as connection:
            return [KnownRecord(*row) for row in connection.execute(query.order_by(known.c.key))]

    def standings(self, integration: str, flow: str) -> Sequence[Standing]:
        with self._engine.connect() as connection:
            return standings(connection, integration, flow, COUNTED)

    def watermark_moved_at(self, integration: str, name: str) -> dt.datetime | None:
        with self._engine.connect() as connection:
            query = sa.select(watermark.c.at).where(watermark.c.integration == integration, watermark.c.name == name)
            moved: dt.datetime | None = connection.scalar(query)
        return moved

    def sets_received(self, integration: str) -> Mapping[tuple[str, str], int]:
        query = (
            sa.select(document.c.partner, document.c.set_id, sa.func.count())
            .where(document.c.integration == integration, document.c.direction == "inbound", COUNTED)
            .group_by(document.c.partner, document.c.set_id)
        )
        with self._engine.connect() as connection:
            return {(partner, set_id): count for partner, set_id, count in connection.execute(query)}

    def files_received(self, integration: str) -> Mapping[str, str]:
        with self._engine.connect() as connection:
            return files_received(connection, integration)


def _of(
    integration: str, flow: str | Sequence[str], partition: dt.date | None, set_id: str, direction: str
) -> list[sa.ColumnElement[bool]]:
    of_flow = document.c.flow == flow if isinstance(flow, str) else document.c.flow.in_(flow)
    conditions = [document.c.integration == integration, of_flow]
    if partition is not None:
        conditions.append(document.c.partition == partition)
    if set_id:
        conditions.append(document.c.set_id.in_(shown_together(set_id)))
    if direction:
        conditions.append(document.c.direction == direction)
    return conditions


_UNFINISHED = ("pending_validation", "ready", "on_hold", "outcome_unknown")
_SIXTY_BITS: sa.ColumnElement[Decimal] = sa.literal_column(
    "('x' || left(encode(sha256(convert_to(key || ' ' || stamp, 'UTF8')), 'hex'), 15))::bit(60)::bigint::numeric"
)
"""Of the key and stamp of a known record, as `flows.comparing.sixty_bits` has it."""


def _known(integration: str, flow: str, first: dt.date, last: dt.date) -> sa.Select[Any]:
    """Records as they are known to stand in the ERP: where one was changed after it had been sent, as it was changed."""
    changed = sa.func.coalesce(sa.func.jsonb_typeof(document.c.pending_record), "null") == "object"

    def now(name: str, type_: sa.types.TypeEngine[Any], column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        return sa.case((changed, sa.cast(document.c.pending_record.op("->>")(name), type_)), else_=column)

    day = now("document_date", sa.Date(), document.c.document_date)
    return (
        sa.select(
            document.c.source_key.label("key"),
            document.c.stamp,
            document.c.business_number.label("number"),
            document.c.state,
            day.label("day"),
            now("amount", sa.Numeric(), document.c.amount).label("amount"),
        )
        .where(*_of(integration, flow, None, "", ""), COUNTED, document.c.is_current, document.c.state != "duplicate")
        .where(day >= first, day <= last)
        .where(document.c.reason_code != Reason.CANCELLED, ~document.c.latest_hash.startswith("cancelled:"))
    )
