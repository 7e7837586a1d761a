"""A change event as it is understood: whose records, what happened to them, who did it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import Any

import fastavro

from mlconn_pipelines.systems.salesforce.pubsub.bitmaps import UnreadableBitmap, field_names

GAP, OVERFLOW = "GAP_", "GAP_OVERFLOW"
_HEADER = "ChangeEventHeader"


class UnreadableEvent(ValueError):
    """An event whose bytes do not fit the schema that it names."""


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """record_ids: several where equal changes were merged; none where the event says no more than that something of the entity changed.

    changed: fields that got another value, `BillingAddress.City` within compounds; those of them in `nulled` are empty now.
    values: what the event tells of them; a field that is not among them is unchanged, not empty.
    """

    id: str
    replay_id: bytes
    entity: str
    record_ids: tuple[str, ...]
    change_type: str
    origin: str
    transaction_key: str
    sequence: int
    committed_at: dt.datetime
    commit_number: int
    changed: tuple[str, ...] = ()
    nulled: tuple[str, ...] = ()
    values: Mapping[str, Any] | None = None

    @property
    def is_gap(self) -> bool:
        """The bus lost the details: there is a header and no values."""
        return self.change_type.startswith(GAP)

    def made_by(self, client: str) -> bool:
        """Whether it was a request under this name, as `Sforce-Call-Options` gives it."""
        named = [part.partition("=")[2] for part in self.origin.split(";") if part.startswith("client=")]
        return client != "" and named == [client]


class Schema:
    """An Avro schema by which events are read. text: JSON of it."""

    def __init__(self, text: str) -> None:
        self._json: Mapping[str, Any] = json.loads(text)
        self._parsed = fastavro.parse_schema(json.loads(text))

    def event(self, event_id: str, replay_id: bytes, payload: bytes) -> ChangeEvent:
        """Errors: UnreadableEvent."""
        try:
            body: Any = fastavro.schemaless_reader(BytesIO(payload), self._parsed, None)
            header = body.pop(_HEADER)
            change_type = str(header["changeType"])
            changed = field_names(self._json, header["changedFields"])
            nulled = field_names(self._json, header["nulledFields"])
            committed_at = dt.datetime.fromtimestamp(header["commitTimestamp"] / 1000, dt.UTC)
            ids = () if change_type == OVERFLOW else tuple(each for each in header["recordIds"] if "*" not in each)
            wild = len(ids) != len(header["recordIds"])
            return ChangeEvent(
                event_id,
                replay_id,
                header["entityName"],
                () if wild else ids,
                change_type,
                header["changeOrigin"],
                header["transactionKey"],
                header["sequenceNumber"],
                committed_at,
                header["commitNumber"],
                changed,
                nulled,
                {name: value for name, value in body.items() if value is not None} | dict.fromkeys(nulled),
            )
        except UnreadableBitmap as wrong:
            raise UnreadableEvent(str(wrong)) from None
        except Exception as wrong:  # fastavro raises whatever its reading ran into: EOFError, IndexError, UnicodeDecodeError …
            raise UnreadableEvent(f"its bytes do not fit its schema ({type(wrong).__name__})") from None


def in_transactions(events: Iterable[ChangeEvent]) -> list[ChangeEvent]:
    """Events of one transaction that follow each other, by their number in it; those of a gap, which all bear 1, stay in place."""
    ordered: list[ChangeEvent] = []
    for _, together in groupby(events, lambda event: event.transaction_key):
        ordered += sorted(together, key=lambda event: event.sequence)
    return ordered
