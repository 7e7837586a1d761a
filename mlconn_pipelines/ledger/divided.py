"""Received documents that were divided: each part a document of its own, by a key that hangs on the divided one's, so that it is once."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from mlconn_pipelines.documents.kinds import summary_of
from mlconn_pipelines.documents.lifecycle import Event
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.documents.storable import storable_identity
from mlconn_pipelines.flows.ports.parts import Part
from mlconn_pipelines.ledger import json_values
from mlconn_pipelines.ledger.fetch_batch import CLEARED
from mlconn_pipelines.ledger.inserts import Arrivals
from mlconn_pipelines.ledger.rows import Row


def enter_parts(arriving: Arrivals, divided: Sequence[tuple[Row, Sequence[Part]]]) -> None:
    """The parts of these documents, whose rows are locked, as documents that wait for their check; those that are there stay."""
    keyed = [(row, part, storable_identity(f"{row['source_key']}|{part.name}")) for row, parts in divided for part in parts]
    arriving.expect([key for _, _, key in keyed], len(keyed))
    for row, part, key in keyed:
        known = arriving.known.get(key)
        if known is None:
            arriving.enter([(Event.FETCHED, f"part of {row['id']}")], _values(row, part, key))
        elif known["preview"] and not arriving.run.preview:
            arriving.take_over(known, [(Event.FETCHED, f"part of {row['id']}")], _values(row, part, key))
    arriving.write()


def _values(row: Row, part: Part, key: str) -> dict[str, Any]:
    facts, canonical = summary_of(part.document), to_json(part.document)
    content_hash = sha256(json_values.dumps(canonical).encode()).hexdigest()
    return {
        **CLEARED,
        **{name: row[name] for name in ("direction", "set_id", "partner", "partition", "document_date")},
        "source_key": key,
        "content_hash": content_hash,
        "latest_hash": content_hash,
        "raw": part.raw,
        "canonical": canonical,
        "links": {"part_of": row["id"]},
        "business_number": facts.business_number,
        "line_count": facts.line_count,
        "amount": facts.amount,
        "currency": facts.currency,
    }
