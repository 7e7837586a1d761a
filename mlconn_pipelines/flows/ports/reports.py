"""What people and checks read out of the ledger: totals, tables, standing problems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class AcknowledgmentCounts:
    """Of delivered documents that expect a 997. acknowledged: accepted, with errors or not."""

    acknowledged: int
    awaited: int
    overdue: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Why documents are on hold. example: one document's id and sentence."""

    code: str
    count: int
    example_id: str
    example: str


@dataclass(frozen=True, slots=True)
class DayLedger:
    """What the ledger holds of one document date, whatever the state: originals only, no preview.

    stamps: sum of the first 60 bits of the SHA-256 over each one's `KEY STAMP`. unfinished: how many wait to be sent, or for a person.
    """

    count: int
    amount: Decimal
    stamps: int
    unfinished: int


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """One record as the ledger knows it, a change after sending included. key, stamp: the ERP's. number: what people call it."""

    key: str
    stamp: str
    number: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one document stands. source_key: outbound the ERP's key, inbound the control numbers. file: of its last claim."""

    document_id: str
    set_id: str
    direction: str
    source_key: str
    state: str
    partner: str
    business_number: str
    file: str = ""


class LedgerReports(Protocol):
    """Reading only; never in the way of a run."""

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
        """Documents by state, of one flow or several; superseded revisions and previews left out."""
        ...

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
        """The partition's documents, newest change first: document, number, partner, state, lines, amount, reason, file."""
        ...

    def acknowledgment_counts(self, integration: str, flow: str) -> AcknowledgmentCounts: ...

    def reasons(self, integration: str, flow: str, *, set_id: str = "", direction: str = "") -> Sequence[ReasonCount]:
        """Why documents and files are on hold, commonest first; files count under flow `inbound`, and under none of its sets."""
        ...

    def day_ledgers(self, integration: str, flow: str, first: dt.date, last: dt.date) -> Mapping[dt.date, DayLedger]:
        """Per document date, over all partitions: for the comparison with the ERP."""
        ...

    def known_records(self, integration: str, flow: str, day: dt.date) -> Sequence[KnownRecord]:
        """What `day_ledgers` adds up for that document date, one by one."""
        ...

    def standings(self, integration: str, flow: str) -> Sequence[Standing]:
        """Every original document of a flow, previews and superseded revisions left out; for comparing both sides."""
        ...

    def watermark_moved_at(self, integration: str, name: str) -> dt.datetime | None:
        """When the watermark last moved, aware, UTC; None before the first read."""
        ...

    def sets_received(self, integration: str) -> Mapping[tuple[str, str], int]:
        """How many sets came, by partner and ST01; redeliveries and previews left out."""
        ...

    def files_received(self, integration: str) -> Mapping[str, str]:
        """Name of every file that a watched folder showed, to what became of it (`seen`, `stored`, `removed`, `on_hold`)."""
        ...
