"""Fetched records into documents, revisions and the watermark: one transaction, decided by decisions.py."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from mlconn_pipelines.flows.ports.entries import FetchCounts, FetchedRecord, FetchRules, Run
from mlconn_pipelines.ledger.decisions import decide
from mlconn_pipelines.ledger.fetch_batch import FetchBatch
from mlconn_pipelines.ledger.locks import one_at_a_time
from mlconn_pipelines.ledger.projections import of_today
from mlconn_pipelines.ledger.remembered_keys import forget_keys
from mlconn_pipelines.ledger.rows import HEAD, Row
from mlconn_pipelines.ledger.tables import OPEN_CLAIM, claim, document
from mlconn_pipelines.ledger.tables_of_memory import our_update
from mlconn_pipelines.ledger.watermarks import write_watermark
from mlconn_pipelines.ports.records import KeyStamp


def unseen(engine: sa.Engine, integration: str, flow: str, stamps: Sequence[KeyStamp], preview: bool) -> list[str]:
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
    with engine.connect() as connection:
        values = {
            "keys": [stamp.key for stamp in stamps],
            "stamps": [stamp.stamp for stamp in stamps],
            "integration": integration,
            "flow": flow,
            "preview": preview,
        }
        return list(dict.fromkeys(connection.scalars(known, values)))


def store_fetched(
    engine: sa.Engine, run: Run, rules: FetchRules, records: Sequence[FetchedRecord], watermark: tuple[str, str] | None
) -> FetchCounts:
    """See flows/ports/ledger.py. A key that occurs twice counts as it was read last."""
    latest = {record.facts.key: record for record in records}
    with engine.begin() as tx:
        one_at_a_time(tx, "fetch", run.integration, run.flow)
        batch = FetchBatch(run, rules)
        known, open_claims, updates = _known(tx, run, list(latest))
        known, our_hashes = of_today(tx, rules.hashing, latest, known, updates)
        for key, record in latest.items():
            row = known.get(key)
            claimed = open_claims.get(row["id"], "") if row else ""
            batch.take(record, row, decide(run, rules, record, row, claimed, our_hashes.get(key, ())))
        batch.write(tx)
        forget_keys(tx, run.integration, run.flow, "missing", latest)
        if watermark is not None and not run.preview:
            write_watermark(tx, run.integration, *watermark, run.run_id)
    return FetchCounts(**batch.counts)


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
