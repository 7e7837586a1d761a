"""What the stores of the fake ledger share: rows in dictionaries, one lock, a clock that a test can move, transactions."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields
from typing import Any

from mlconn_pipelines.agents.jobs import Page
from mlconn_pipelines.agents.keys import PublicKey
from mlconn_pipelines.documents.lifecycle import Event, State
from mlconn_pipelines.errors import LedgerError, NotStorable
from mlconn_pipelines.flows.ports.field_states import FieldState
from mlconn_pipelines.ledger import json_values, transitions
from mlconn_pipelines.ledger.alerts import repeated_failure
from mlconn_pipelines.ledger.identity import from_number
from mlconn_pipelines.ledger.reprocessing import fresh, is_acknowledgment

Row = dict[str, Any]

OPEN_CLAIM = ("claimed", "sending", "outcome_unknown")

EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(("delivery", "syntax", "application", "partner", "partner_code", "currency", "stamp", "projection"), ""),
    **dict.fromkeys(("reason", "reason_code", "held_by", "exception", "exception_code", "config_hash", "responds_to"), ""),
    **dict.fromkeys(("raw", "pending_record", "canonical", "change", "findings", "receipt_findings", "links"), None),
    **dict.fromkeys(("amount", "document_date", "next_attempt_at", "reference_version"), None),
    **dict.fromkeys(("is_current", "is_effective"), True),
    **dict.fromkeys(("approved", "preview"), False),
    **dict.fromkeys(("attempts", "line_count"), 0),
}
"""A document of which nothing is known, by the defaults of its columns."""


@dataclass
class Shelves:
    """owners: numbers of those that live. numbers: last interchange, group and set number by channel.

    Where a row has a key of several parts, it is a tuple that begins with the integration.
    """

    documents: dict[str, Row] = field(default_factory=dict)
    claims: dict[int, Row] = field(default_factory=dict)
    acknowledgments: list[Row] = field(default_factory=list)
    numbers: dict[Any, tuple[int, int, int]] = field(default_factory=dict)
    watermarks: dict[tuple[str, str], tuple[str, dt.datetime]] = field(default_factory=dict)
    remembered: dict[tuple[str, str, str, str], Row] = field(default_factory=dict)
    our_records: dict[tuple[str, str, str], str] = field(default_factory=dict)
    our_updates: list[Row] = field(default_factory=list)
    answered: dict[tuple[str, str], dt.datetime] = field(default_factory=dict)
    attempts: dict[tuple[str, str], dt.datetime] = field(default_factory=dict)
    files: dict[int, Row] = field(default_factory=dict)
    hints: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    references: dict[str, list[dict[Any, Any]]] = field(default_factory=dict)
    alerts: list[Row] = field(default_factory=list)
    audit: list[Row] = field(default_factory=list)
    field_states: dict[tuple[str, str, str], FieldState] = field(default_factory=dict)
    agents: dict[str, Row] = field(default_factory=dict)
    agent_keys: dict[str, list[PublicKey]] = field(default_factory=dict)
    agent_codes: dict[str, Row] = field(default_factory=dict)
    job_keys: dict[str, Row] = field(default_factory=dict)
    agent_jobs: dict[str, Row] = field(default_factory=dict)
    agent_releases: dict[str, Row] = field(default_factory=dict)
    agent_pages: dict[tuple[str, int], Page] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.owners: set[int] = set()
        self.lock = threading.RLock()
        self._depth = 0
        self._last = dt.datetime.min.replace(tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        """Never twice the same, as no two statements of a database are of one time."""
        with self.lock:
            self._last = max(dt.datetime.now(dt.UTC), self._last + dt.timedelta(microseconds=1))
            return self._last

    def later(self, seconds: float) -> dt.datetime:
        return self.now() + dt.timedelta(seconds=seconds)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One at a time; what an error interrupts leaves nothing behind. Within another it is a part of that."""
        with self.lock:
            kept = {one.name: _copied(getattr(self, one.name)) for one in fields(self)} if not self._depth else {}
            self._depth += 1
            try:
                yield
            except BaseException:
                for name, value in kept.items():
                    setattr(self, name, value)
                raise
            finally:
                self._depth -= 1

    def document(self, document_id: str) -> Row:
        if document_id not in self.documents:
            raise LedgerError(f"There is no document {document_id!r}", hint="`documents list` shows the names of documents.")
        return self.documents[document_id]

    def enter(self, values: Mapping[str, Any]) -> Row:
        """A new document under the next name; it hangs on its own original unless the values say otherwise."""
        name = from_number("D", len(self.documents) + 1)
        at = self.now()
        row = {**EMPTY, "first_seen_at": at, "changed_at": at, **values, "id": name}
        row["original"] = row.get("original") or name
        self.documents[name] = row
        return row

    def move(self, row: Row, event: Event, run_id: str, why: str = "", values: Mapping[str, Any] | None = None) -> State:
        """As `trail.move`, by the same table."""
        follows, held = transitions.target(row, event), row["state"] == State.ON_HOLD
        self.audit.append(transitions.entry(row, event, follows, run_id, why))
        row |= {**transitions.standing(follows), **(values or {}), "changed_at": self.now()}
        if held:
            self.resolve_alert(repeated_failure(row["id"]))
        return follows

    def note(self, row: Row, event: str, run_id: str, why: str = "") -> None:
        self.audit.append(transitions.entry(row, event, row["state"], run_id, why))

    def open_claim(self, document_id: str) -> Row | None:
        found = (one for one in self.claims.values() if one["document_id"] == document_id and one["state"] in OPEN_CLAIM)
        return next(found, None)

    def raise_alert(self, integration: str, cause: str, text: str) -> bool:
        if any(one["cause"] == cause and one["resolved_at"] is None for one in self.alerts):
            return False
        row = {"id": len(self.alerts) + 1, "integration": integration, "cause": cause, "text": text, "opened_at": self.now()}
        self.alerts.append(row | {"resolved_at": None, "delivered_at": None, "resolution_delivered_at": None})
        return True

    def resolve_alert(self, cause: str) -> bool:
        found = [one for one in self.alerts if one["cause"] == cause and one["resolved_at"] is None]
        for one in found:
            one["resolved_at"] = self.now()
        return bool(found)


def back_to_seen(shelves: Shelves, row: Row, event: Event, run_id: str, why: str, **values: Any) -> State:
    """As `revival.back_to_seen`."""
    cleared = fresh(row)
    if row["direction"] == "inbound":
        cleared["findings"] = row["receipt_findings"]
    state = shelves.move(row, event, run_id, why, cleared | values)
    return shelves.move(row, Event.CHECKED, run_id) if is_acknowledgment(row) else state


def stored(value: Any) -> Any:
    """As a JSON column gives it back. NotStorable where it takes no such value."""
    if value is None:
        return None
    try:
        return json_values.loads(json_values.dumps(value))
    except (TypeError, ValueError) as trouble:
        raise NotStorable(f"no JSON value ({type(trouble).__name__})", hint="Nothing of the document was changed.") from trouble


def _copied(shelf: Any) -> Any:
    if isinstance(shelf, dict):
        return {key: copy(value) for key, value in shelf.items()}
    return [copy(value) for value in shelf]
