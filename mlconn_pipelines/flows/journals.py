"""The journal entries that documents made in the ERP, for people: read when somebody asks, and kept nowhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.comparing import due_headers
from mlconn_pipelines.flows.route import Route, System
from mlconn_pipelines.ports.journals import JournalEntry
from mlconn_pipelines.ports.records import Header, Record


def journal_entries(system: System, entity: str, keys: Sequence[str]) -> Mapping[str, JournalEntry]:
    """By the record's key, accounts by number and name; of a record that made none there is none."""
    journals = system.connector.journals
    if journals is None or not keys:
        return {}
    book = system.engine.intake.reference_book(system.name)
    return {key: _with_names(entry, book) for key, entry in journals.entries(entity, keys).items()}


def journal_entry_of_created(system: System, entity: str, reference: str, payload: Record | None) -> JournalEntry | None:
    """Of the record that we created from this payload under this reference. A draft has none until people post it."""
    connector = system.connector
    if connector.journals is None:
        return None
    stored = connector.target.find(entity, reference, payload)
    if stored is not None:
        key = "" if stored.draft else stored.key
    else:
        key = connector.key_when_posted(entity, payload) if connector.key_when_posted and payload else ""
    return journal_entries(system, entity, [key]).get(key) if key else None


def _with_names(entry: JournalEntry, book: ReferenceBook) -> JournalEntry:
    def called(code: str) -> str:
        held = next((account for account in book.accounts.get(code, ()) if account.name), None)
        return f"{held.number} {held.name}" if held else code

    return replace(entry, lines=tuple(replace(line, account=called(line.account)) for line in entry.lines))


def journal_entries_of_day(route: Route, day: dt.date, documents_max: int) -> list[tuple[Header, JournalEntry]]:
    """Of the documents dated that day which are due, the first so many of them. Errors: ConnectorError."""
    if route.system.connector.journals is None:
        return []
    headers = [header for page in due_headers(route, day, day) for header in page][:documents_max]
    made = journal_entries(route.system, route.declared.entity, [header.key for header in headers])
    return [(header, made[header.key]) for header in headers if header.key in made]
