"""What documents wait, how far each source is read, which keys are kept in mind. `Queue` of flows/ports/queue.py."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.errors import TransitionRefused
from mlconn_pipelines.flows.ports.entries import (
    Checked,
    Direction,
    DocumentRow,
    FetchCounts,
    FetchedRecord,
    FetchRules,
    Run,
    WatermarkNow,
)
from mlconn_pipelines.flows.ports.remembered import KeyToRemember, Reason, RememberedKey
from mlconn_pipelines.ledger import checking, divided, responses, transitions
from mlconn_pipelines.ledger.claims import TWIN_LOOK_DUE
from mlconn_pipelines.ledger.fetch_batch import FetchBatch
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.locks import LIVE_OWNERS, one_at_a_time
from mlconn_pipelines.ledger.projections import of_today
from mlconn_pipelines.ledger.reprocessing import back_to_seen, refused_by_check
from mlconn_pipelines.ledger.revision_rules import decide
from mlconn_pipelines.ledger.rows import HEAD, WHOLE, WITHOUT_RAW, Row, document_row
from mlconn_pipelines.ledger.tables import OPEN_CLAIM, claim, document, received_file
from mlconn_pipelines.ledger.tables_state import our_update, remembered_key
from mlconn_pipelines.ledger.tables_state import watermark as watermarks
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.reasons import Cure

_HELD = sa.text(
    "NOT EXISTS (SELECT FROM claim c WHERE c.document_id = document.id AND "
    f"(c.state = 'sending' OR c.state = 'claimed' AND c.owner IN ({LIVE_OWNERS})))"
)
_DUE = document.c.next_attempt_at.is_(None) | (document.c.next_attempt_at <= sa.func.now())

_WORK = sa.text(
    f"""
    SELECT (SELECT count(*) FROM document WHERE integration = :integration AND flow = :flow AND preview = :preview
            AND (state = 'pending_validation'
                 OR state = 'ready' AND (next_attempt_at IS NULL OR next_attempt_at <= now()) AND {_HELD.text}))
         + (SELECT count(*) FROM claim c JOIN document d ON d.id = c.document_id
            WHERE d.integration = :integration AND d.flow = :flow AND NOT :preview AND c.expires_at <= now()
            AND (c.state = 'sending' AND d.state = 'ready' AND (c.owner IS NULL OR c.owner NOT IN ({LIVE_OWNERS}))
                 OR c.state = 'outcome_unknown' AND coalesce(c.next_check_at, now()) <= now()))
         + (SELECT count(*) FROM claim c JOIN document d ON d.id = c.document_id
            WHERE d.integration = :integration AND d.flow = :flow AND NOT :preview AND {TWIN_LOOK_DUE})
         + (SELECT count(*) FROM received_file WHERE integration = :integration AND :flow = 'inbound' AND NOT :preview
            AND state = 'on_hold' AND config_hash = '')
    """  # noqa: S608 - constants of ours
)

_COLUMNS = (
    "r.key, r.stamp, r.note, r.asks, r.gone_at IS NOT NULL AS gone, "
    "extract(epoch FROM clock_timestamp() - r.first_seen_at)::float8 AS seen_s_ago, "
    "extract(epoch FROM clock_timestamp() - r.last_asked_at)::float8 AS asked_s_ago"
)

# Another stamp is another record under that key: what was found out about the one before proves nothing about it.
_REMEMBER = sa.text(
    "INSERT INTO remembered_key AS r (integration, flow, reason, key, stamp, note, run_id, asks, last_asked_at, absent_since) "
    "SELECT :integration, :flow, :reason, new.key, new.stamp, new.note, :run_id, new.asked::int, "
    "CASE WHEN new.asked THEN clock_timestamp() END, CASE WHEN new.absent THEN clock_timestamp() END "
    "FROM unnest(cast(:keys AS text[]), cast(:stamps AS text[]), cast(:notes AS text[]), cast(:asked AS boolean[]), "
    "cast(:absent AS boolean[])) AS new(key, stamp, note, asked, absent) "
    "ON CONFLICT (integration, flow, reason, key) DO UPDATE SET stamp = excluded.stamp, note = excluded.note, "
    "run_id = excluded.run_id, asks = r.asks + excluded.asks, "
    "last_asked_at = coalesce(excluded.last_asked_at, r.last_asked_at), "
    "first_seen_at = CASE WHEN r.stamp <> excluded.stamp AND r.gone_at IS NOT NULL THEN clock_timestamp() "
    "ELSE r.first_seen_at END, "
    "absent_since = CASE WHEN r.stamp <> excluded.stamp THEN excluded.absent_since "
    "ELSE coalesce(r.absent_since, excluded.absent_since) END, "
    "gone_at = CASE WHEN r.stamp <> excluded.stamp THEN NULL WHEN r.gone_at IS NOT NULL THEN r.gone_at "
    "WHEN excluded.absent_since >= r.absent_since + make_interval(secs => :gone_after_s) THEN clock_timestamp() END "
    "RETURNING COLUMNS".replace("COLUMNS", _COLUMNS)
)


class PostgresQueue:
    """engine: of `ledger_engine`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # -- documents --------------------------------------------------------------------------------------------------
    def document(self, document_id: str) -> DocumentRow | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(*WHOLE).where(document.c.id == document_id)).mappings().one_or_none()
            return document_row(row) if row else None

    def documents(
        self,
        integration: str,
        flow: str,
        states: Collection[State],
        *,
        ids: Collection[str] = (),
        partner: str = "",
        partitions: Collection[dt.date] = (),
        set_ids: Collection[str] = (),
        source_keys: Collection[str] = (),
        about: Collection[str] = (),
        direction: Direction | None = None,
        due_only: bool = True,
        preview: bool = False,
        limit: int = 100_000,
        after: str = "",
        with_raw: bool = True,
        free_only: bool = False,
    ) -> list[DocumentRow]:
        """ids: a name stands for the document as it is now, so an older revision's finds the newest. A duplicate, and a document
        that a change set follows, are found as themselves: what hangs on them does not take their place.

        free_only: leave out what a live owner holds or a request is under way for.
        """
        query = sa.select(*(WHOLE if with_raw else WITHOUT_RAW)).where(
            document.c.integration == integration,
            document.c.flow == flow,
            # Written out, not bound: only so does the planner see that the partial index on open states fits.
            document.c.state.in_([sa.literal_column(f"'{State(state)}'") for state in states]),
            document.c.preview == preview,
        )
        if after:
            query = query.where(document.c.id > after)
        if ids:
            named = document.c.id.in_(list(ids))
            stands = document.c.is_effective & ~document.c.is_current
            originals = sa.select(document.c.original).where(named, ~stands).scalar_subquery()
            query = query.where(document.c.is_current & document.c.original.in_(originals) | named & stands)
        if partner:
            query = query.where(document.c.partner == partner)
        if partitions:
            query = query.where(document.c.partition.in_(list(partitions)))
        if set_ids:
            query = query.where(document.c.set_id.in_(list(set_ids)))
        if source_keys:
            query = query.where(document.c.source_key.in_(list(source_keys)))
        if about:
            records, links = list(about), document.c.links
            became = sa.or_(document.c.partner_code.in_(records), links["stored"]["key"].astext.in_(records))
            query = query.where(
                became
                | document.c.business_number.in_(records)
                | links["told"].has_any(sa.cast(records, postgresql.ARRAY(sa.Text)))
            )
        if direction:
            query = query.where(document.c.direction == direction)
        if due_only:
            query = query.where(_DUE)
        if free_only:
            query = query.where(_HELD)
        with self._engine.connect() as connection:
            return [document_row(row) for row in connection.execute(query.order_by(document.c.id).limit(limit)).mappings()]

    def ready(self, integration: str, flow: str, **selection: Any) -> list[DocumentRow]:
        return self.documents(integration, flow, (State.READY,), free_only=True, **selection)

    def work(self, integration: str, flow: str, preview: bool = False) -> int:
        """An unknown outcome is work when its next look for evidence is due.

        So is a file that was put on hold under a configuration that is not in force any more.
        """
        with self._engine.connect() as connection:
            values = {"integration": integration, "flow": flow, "preview": preview}
            return int(connection.scalar(_WORK, values) or 0)

    def store_checked(self, run: Run, results: Sequence[Checked]) -> Mapping[State, int]:
        """A document that is not `seen` any more, or has a newer revision, is left out."""
        by_id = {result.document_id: result for result in results}
        for result in by_id.values():
            if result.outcome is not None and result.outcome not in checking.EVENT_OF:
                raise TransitionRefused(
                    f"A check of {result.document_id} wants it {result.outcome}", hint="Checks never deliver."
                )
        if not by_id:
            return {}
        ids = sa.func.any(sa.cast(list(by_id), sa.ARRAY(sa.Text)))
        seen = (
            sa.select(*HEAD)
            .where(document.c.id == ids, document.c.state == "pending_validation", document.c.is_current)
            .order_by(document.c.id)
            .with_for_update(key_share=True)
        )
        counts: Counter[State] = Counter()
        orders: set[tuple[str, ...]] = set()
        with self._engine.begin() as tx:
            rows, entries, wanted, parted = [], [], [], []
            for row in tx.execute(seen).mappings():
                result = checking.alone(row, by_id[row["id"]], orders)
                rows.append(checking.values_of(run, row, result))
                if result.outcome is not None:
                    state = transitions.target(row, checking.EVENT_OF[result.outcome])
                    entries.append(transitions.entry(row, checking.EVENT_OF[result.outcome], state, run.run_id, result.reason))
                    counts[state] += 1
                if result.answer is not None:
                    wanted.append((row, result.answer))
                if result.parts:
                    parted.append((row, result.parts))
            if rows:
                tx.execute(checking.STORE, rows)
            transitions.write(tx, entries)
            if wanted:
                responses.answer_documents(Arrivals(tx, run), wanted)
            if parted:
                divided.enter_parts(Arrivals(tx, run), parted)
        return dict(counts)

    def configuration_changed(self, integration: str, config_hash: str) -> int:
        with self._engine.begin() as tx:
            found = refused_by_check(tx, integration, Cure.CONFIGURATION, document.c.config_hash != config_hash)
            for row in found:
                back_to_seen(tx, row, Event.REVALIDATED, "", "the configuration changed")
            here = (received_file.c.integration == integration, received_file.c.state == "on_hold")
            under_another = received_file.c.config_hash != config_hash
            tx.execute(sa.update(received_file).where(*here, under_another).values(config_hash=""))  # work for the inbound flow
            return len(found)

    # -- what is read of the sources --------------------------------------------------------------------------------
    def watermark(self, integration: str, name: str) -> str | None:
        query = sa.select(watermarks.c.value).where(watermarks.c.integration == integration, watermarks.c.name == name)
        with self._engine.connect() as connection:
            return connection.scalar(query)

    def watermark_now(self, integration: str, name: str) -> WatermarkNow:
        here = sa.and_(watermarks.c.integration == integration, watermarks.c.name == name)
        clock = sa.select(sa.func.clock_timestamp().label("now")).subquery()
        query = sa.select(watermarks.c.value, watermarks.c.at, clock.c.now).select_from(clock.outerjoin(watermarks, here))
        with self._engine.connect() as connection:
            return WatermarkNow(*connection.execute(query).one())

    def now(self) -> dt.datetime:
        with self._engine.connect() as connection:
            at: dt.datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return at

    def unseen(self, integration: str, flow: str, stamps: Sequence[KeyStamp], preview: bool = False) -> list[str]:
        """Keys to read whole. A live run has seen nothing that only a preview saw."""
        if not stamps:
            return []
        known = sa.text(
            "SELECT asked.key FROM unnest(cast(:keys AS text[]), cast(:stamps AS text[])) WITH ORDINALITY AS asked(key, stamp, n) "
            "LEFT JOIN document d ON d.integration = :integration AND d.flow = :flow AND d.source_key = asked.key AND d.is_current "
            "LEFT JOIN our_record o ON o.integration = :integration AND o.flow = :flow AND o.source_key = asked.key "
            "WHERE coalesce(d.stamp = asked.stamp AND (:preview OR NOT d.preview), false) IS FALSE "
            "AND coalesce(o.stamp = asked.stamp, false) IS FALSE ORDER BY asked.n"
        )
        with self._engine.connect() as connection:
            values = {
                "keys": [stamp.key for stamp in stamps],
                "stamps": [stamp.stamp for stamp in stamps],
                "integration": integration,
                "flow": flow,
                "preview": preview,
            }
            return list(dict.fromkeys(connection.scalars(known, values)))

    def store_fetched(
        self, run: Run, rules: FetchRules, records: Sequence[FetchedRecord], watermark: tuple[str, str] | None
    ) -> FetchCounts:
        """A key that occurs twice counts as it was read last."""
        latest = {record.facts.key: record for record in records}
        with self._engine.begin() as tx:
            one_at_a_time(tx, "fetch", run.integration, run.flow)
            batch = FetchBatch(run, rules)
            known, open_claims, updates = _known(tx, run, list(latest))
            known, our_hashes = of_today(partial(_payloads, tx), rules.hashing, latest, known, updates)
            for key, record in latest.items():
                row = known.get(key)
                claimed = open_claims.get(row["id"], "") if row else ""
                batch.take(record, row, decide(run, rules, record, row, claimed, our_hashes.get(key, ())))
            batch.write(tx)
            _forget_keys(tx, run.integration, run.flow, "missing", latest)
            if watermark is not None and not run.preview:
                write_watermark(tx, run.integration, *watermark, run.run_id)
        return FetchCounts(**batch.counts)

    def note_our_update(self, integration: str, flow: str, key: str, content_hash: str, projection: str = "") -> None:
        named = {"integration": integration, "flow": flow, "source_key": key}
        values = {**named, "content_hash": content_hash, "projection": projection}
        with self._engine.begin() as tx:
            tx.execute(postgresql.insert(our_update).values(values).on_conflict_do_nothing())

    def remember_keys(
        self, run: Run, reason: Reason, found: Sequence[KeyToRemember], gone_after_s: float = 60.0
    ) -> list[RememberedKey]:
        rows = [one for _, one in sorted({one.key: one for one in found}.items())]  # in one order, so that no two writers block
        if not rows:
            return []
        values: dict[str, Any] = {
            "integration": run.integration,
            "flow": run.flow,
            "reason": reason,
            "run_id": run.run_id,
            "keys": [one.key for one in rows],
            "stamps": [one.stamp for one in rows],
            "notes": [one.note for one in rows],
            "asked": [one.asked for one in rows],
            "absent": [one.absent for one in rows],
            "gone_after_s": gone_after_s,
        }
        with self._engine.begin() as tx:
            return [RememberedKey(**row) for row in tx.execute(_REMEMBER, values).mappings()]

    def remembered_keys(self, integration: str, flow: str, reason: Reason) -> list[RememberedKey]:
        query = sa.text(
            f"SELECT {_COLUMNS} FROM remembered_key r WHERE r.integration = :integration AND r.flow = :flow "  # noqa: S608 - our own
            "AND r.reason = :reason ORDER BY r.first_seen_at, r.key"
        )
        with self._engine.connect() as connection:
            values = {"integration": integration, "flow": flow, "reason": reason}
            return [RememberedKey(**row) for row in connection.execute(query, values).mappings()]

    def forget_keys(self, integration: str, flow: str, reason: Reason, keys: Collection[str]) -> int:
        with self._engine.begin() as tx:
            return _forget_keys(tx, integration, flow, reason, keys)


def _known(tx: sa.Connection, run: Run, keys: list[str]) -> tuple[dict[str, Row], dict[str, str], Sequence[Row]]:
    """Newest revisions by key and states of open claims by document, both locked; our own updates of these records."""
    wanted = sa.func.any(sa.cast(keys, sa.ARRAY(sa.Text)))
    newest = (
        sa.select(*HEAD)
        .where(document.c.integration == run.integration, document.c.flow == run.flow, document.c.is_current)
        .where(document.c.source_key == wanted)
        .order_by(document.c.id)
        .with_for_update(key_share=True)
    )
    rows: dict[str, Row] = {row["source_key"]: row for row in tx.execute(newest).mappings()}
    ids = sa.func.any(sa.cast([row["id"] for row in rows.values()], sa.ARRAY(sa.Text)))
    held = (
        sa.select(claim.c.document_id, claim.c.state)
        .where(claim.c.document_id == ids, sa.text(OPEN_CLAIM))
        .order_by(claim.c.id)
        .with_for_update()
    )
    claims = {row.document_id: row.state for row in tx.execute(held)}
    ours = sa.select(our_update.c.source_key, our_update.c.content_hash, our_update.c.projection).where(
        our_update.c.integration == run.integration, our_update.c.flow == run.flow, our_update.c.source_key == wanted
    )
    return rows, claims, tx.execute(ours).mappings().all()


def _payloads(tx: sa.Connection, ids: Collection[str]) -> Sequence[Any]:
    wanted = sa.func.any(sa.cast(list(ids), sa.ARRAY(sa.Text)))
    return tx.execute(sa.select(document.c.id, document.c.raw, document.c.pending_record).where(document.c.id == wanted)).all()


def _forget_keys(tx: sa.Connection, integration: str, flow: str, reason: Reason, keys: Collection[str]) -> int:
    found = sa.delete(remembered_key).where(
        remembered_key.c.integration == integration,
        remembered_key.c.flow == flow,
        remembered_key.c.reason == reason,
        remembered_key.c.key == sa.func.any(sa.cast(list(keys), sa.ARRAY(sa.Text))),
    )
    return tx.execute(found).rowcount


def write_watermark(tx: sa.Connection, integration: str, name: str, value: str, run_id: str) -> None:
    """In the transaction that stores what was read up to there, never before it."""
    insert = postgresql.insert(watermarks).values(integration=integration, name=name, value=value, run_id=run_id)
    newer = {"value": insert.excluded.value, "run_id": insert.excluded.run_id, "at": sa.func.now()}
    tx.execute(insert.on_conflict_do_update(index_elements=["integration", "name"], set_=newer))
