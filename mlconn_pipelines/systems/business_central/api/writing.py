"""Writes: look for an order of ours, create one with its lines in one request, change lines, remove what is incomplete."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mlconn_pipelines.errors import ConnectorError, NotFound, OutcomeUnknown, Retryable
from mlconn_pipelines.ports.records import OurRecord, Record, Stored
from mlconn_pipelines.systems.business_central.api.client import BusinessCentralApi, changed_since
from mlconn_pipelines.systems.business_central.api.entities import DOCUMENTS, SALES_INVOICES, SALES_ORDERS
from mlconn_pipelines.systems.business_central.records.correlation_reference import COMMENT, COMMENT_LINE, reference_in
from mlconn_pipelines.systems.business_central.records.reading import option
from mlconn_pipelines.systems.business_central.records.stamps import instant_of, instant_text, key_of
from mlconn_pipelines.transport.odata import Page, all_of, created_of

CLOCKS_DIFFER = dt.timedelta(minutes=10)
"""By how much the database's clock and the service's may be apart."""

CHANGED_MEANWHILE_TRIES = 3
"""Tries to change a line whose etag moved: each line written moves the others' too, since discounts are shared out anew."""


class DocumentWriter:
    """Creates and changes documents; implements RecordTarget, StepwiseTarget and OurRecords.

    reference_field: where each sales order of ours carries its reference. now: the time, aware.
    """

    def __init__(self, api: BusinessCentralApi, reference_field: str, now: Callable[[], dt.datetime]) -> None:
        self._api, self._reference_field, self._now = api, reference_field, now

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        """The order that bears our reference; one that was invoiced in full since is gone, and its invoice may bear a copy.

        payload: what was to be created. An external document number is nobody's for certain, so customer and number only
        narrow the search; our reference decides. None for a payload that creates nothing (changes of an order's lines, which
        are safe to repeat). older_than_s: how long ago it was to be created.
        Errors: OutcomeUnknown when an order of that customer and number was invoiced in full meanwhile, and may have been ours.
        """
        if entity != SALES_ORDERS or (payload is not None and not payload.get("externalDocumentNumber")):
            return None
        where = self._where(reference, payload)
        by_comment = payload is not None and self._reference_field == COMMENT_LINE
        asked_for = _told_again(payload or {}) if by_comment else {self._reference_field: _code(reference)}
        for row in self._with_lines(SALES_ORDERS, where, asked_for):
            if reference_in(row, self._reference_field) == reference:
                return self._stored(row, entity)
        invoices = list(self._with_lines(SALES_INVOICES, where, asked_for))
        for row in invoices:
            if reference_in(row, self._reference_field) == reference:
                return _invoiced(row, entity)
        begun = self._now() - dt.timedelta(seconds=older_than_s) - CLOCKS_DIFFER if older_than_s else None
        for row in invoices:
            if row.get("orderNumber") and (begun is None or instant_of(row) >= instant_text(begun)):
                raise OutcomeUnknown(
                    f"{self._api.system}: order {row['orderNumber']} of that customer and number is gone, invoiced by "
                    f"{row.get('number')}, and may have been the one that was to be stored",
                    hint="Look whether it was; then release the document with --delivered or --not-delivered.",
                )
        return None

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> list[OurRecord]:
        """Orders with our reference, and those that are gone but for an invoice with a copy of it; each order once."""
        if entity != SALES_ORDERS or (payload is not None and not payload.get("externalDocumentNumber")):
            return []
        return [each for each in self._ours(self._where(reference, payload)) if each.reference == reference]

    def our_records(self, entity: str, since: dt.date, ours: str) -> Iterator[OurRecord]:
        """By the last change. A comment line is found by reading all that changed, with lines."""
        if entity != SALES_ORDERS:
            return iter(())
        changed = changed_since(dt.datetime.combine(since, dt.time(), dt.UTC))
        return (each for each in self._ours(changed) if each.reference.startswith(ours))

    def _ours(self, where: str) -> Iterator[OurRecord]:
        seen = set[str]()
        for set_name in (SALES_ORDERS, SALES_INVOICES):
            for row in self._with_lines(set_name, where):
                of_order = row if set_name == SALES_ORDERS else {"id": row.get("orderId"), "number": row.get("orderNumber")}
                key = str(of_order.get("id") or "").lower()
                reference = reference_in(row, self._reference_field)
                if reference and key and key not in seen:
                    seen.add(key)
                    yield OurRecord(reference, key, str(of_order.get("number") or ""))

    def reserve(self) -> None:
        """Make sure that there is a token, that the company is known, and take the turn of the write that follows."""
        self._api.reserve("")

    def create(self, entity: str, payload: Record) -> Stored:
        """One POST of header and lines. Errors: DocumentRejected in the server's words, OutcomeUnknown, Retryable."""
        response = self._api.create(entity, _in_order(payload))
        return self._stored(created_of(response, "id", sent=_told_again(payload)), entity)

    def finish_or_remove(self, entity: str, partial: Stored, payload: Record) -> Stored | None:
        """None once an order that lacks lines is removed; the order itself when it turns out whole.

        Errors: ConnectorError when somebody has released it meanwhile, so that it is theirs.
        """
        declared = DOCUMENTS[entity]
        path = self._api.path(entity, partial.key)
        try:
            row = self._api.record(path, {"$expand": declared.lines})
        except NotFound:
            return None
        wanted = sum(1 for line in payload.get(declared.lines) or () if not _is_comment(line))
        stored = self._stored(row, entity)
        if (stored.line_count or 0) >= wanted:
            return stored
        if option(row.get("status")) != "Draft":
            raise ConnectorError(
                f"{self._api.system}: order {stored.number} has {stored.line_count} of {wanted} lines and is released already",
                hint="Reopen it in Business Central, or complete it by hand and release the document with --delivered.",
            )
        self._api.delete(path, str(row["@odata.etag"]))
        return None

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """Change fields of lines, each by a request of its own, then the record as read back. What is so already is not written.

        changes: {lines: [{sequence, field: value ...}]}. Errors: Retryable when others keep changing the same line.
        """
        declared = DOCUMENTS[entity]
        for wanted in changes.get(declared.lines) or ():
            self._change_line(entity, key, int(wanted["sequence"]), {n: v for n, v in wanted.items() if n != "sequence"})
        return self._api.record(self._api.path(entity, key), {"$expand": declared.lines})

    def _change_line(self, entity: str, key: str, sequence: int, fields: Mapping[str, Any]) -> None:
        below = DOCUMENTS[entity].lines
        for remaining in reversed(range(CHANGED_MEANWHILE_TRIES)):
            rows = [row for page in self._api.pages_at(self._api.path(entity, key, below), below) for row in page]
            line = next((row for row in rows if int(row["sequence"]) == sequence), None)
            if line is None:
                raise NotFound(f"{self._api.system}: order {key} has no line {sequence} any more")
            different = {name: value for name, value in fields.items() if not _same(line.get(name), value)}
            if not different:
                return
            try:
                path = self._api.path(entity, key, f"{below}({key_of(line)})")
                self._api.patch(path, str(line["@odata.etag"]), different, sent={"id": key_of(line)})
            except Retryable as busy:
                if not remaining or busy.retry_after_s is not None:
                    raise
                continue
            return

    def _where(self, reference: str, payload: Record | None) -> str:
        compare = self._api.dialect.compare
        if self._reference_field != COMMENT_LINE:
            return compare(self._reference_field, "eq", reference)
        if payload is None:
            raise ConnectorError(
                f"{self._api.system}: {reference} stands in a comment line, which no search reaches without the order's number"
            )
        return all_of(
            compare("customerNumber", "eq", _code(payload.get("customerNumber"))),
            compare("externalDocumentNumber", "eq", _code(payload["externalDocumentNumber"])),
        )

    def _with_lines(self, set_name: str, where: str, asked_for: Mapping[str, str] | None = None) -> Iterator[Record]:
        """asked_for: what a record has by `where`. Errors: Retryable for records that have something else."""

        def fits(page: Page) -> None:
            if any(name in row and _code(row[name]) != value for row in page.rows for name, value in (asked_for or {}).items()):
                raise Retryable(
                    f"{self._api.system}: asked for {set_name} of one customer and number, it answered with others",
                    hint="Look whether something between it and us answers with pages that it has kept.",
                )

        for rows in self._api.pages(set_name, {"$filter": where, "$expand": DOCUMENTS[set_name].lines}, fits):
            yield from rows

    def _stored(self, record: Record, entity: str) -> Stored:
        lines = record.get(DOCUMENTS[entity].lines)
        total = record.get("totalAmountIncludingTax")
        return Stored(
            key=key_of(record),
            number=str(record.get("number") or ""),
            entity=entity,
            line_count=sum(1 for line in lines if not _is_comment(line)) if isinstance(lines, list) else None,
            total=Decimal(str(total)) if total is not None else None,
        )


def _invoiced(invoice: Record, entity: str) -> Stored:
    """The order behind an invoice. How much of it that invoice holds says nothing about what was stored."""
    return Stored(
        key=str(invoice.get("orderId") or invoice["id"]).lower(),
        number=str(invoice.get("orderNumber") or invoice.get("number") or ""),
        entity=entity,
    )


_RANK: Mapping[str, int] = {"lineType": 0, "lineObjectNumber": 1, "itemVariantId": 2}


def _in_order(payload: Record) -> Record:
    """What says which item it is first in each line: the service resolves `lineObjectNumber` by the type that it has read before, and
    a variant among those of the item."""
    ordered = dict(payload)
    for name, rows in payload.items():
        if isinstance(rows, Sequence) and not isinstance(rows, str):
            ordered[name] = [dict(sorted(row.items(), key=lambda field: _RANK.get(field[0], len(_RANK)))) for row in rows]
    return ordered


def _told_again(payload: Record) -> Mapping[str, str]:
    """What an answer about the record repeats of it; another value there is another record's answer."""
    return {name: _code(payload[name]) for name in ("customerNumber", "externalDocumentNumber") if payload.get(name)}


def _is_comment(line: Record) -> bool:
    kind = option(line.get("lineType"))
    return kind == COMMENT or (not kind and not line.get("lineObjectNumber") and not line.get("itemId"))


def _code(value: Any) -> str:
    """As Business Central stores codes: trimmed, in capitals."""
    return str(value or "").strip().upper()


def _same(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, (int, float, Decimal)) and not isinstance(wanted, bool):
        return held is not None and Decimal(str(held)) == Decimal(str(wanted))
    return str(held or "") == str(wanted)
