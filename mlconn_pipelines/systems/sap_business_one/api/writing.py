"""Writes of documents: look for our reference, create with one request, change fields."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import httpx

from mlconn_pipelines.errors import ConnectorError, OutcomeUnknown, Retryable
from mlconn_pipelines.ports.records import OurRecord, Record, Stored
from mlconn_pipelines.systems.sap_business_one.api.client import EXISTS, NO_MATCH, ServiceLayer, ServiceLayerRefusal
from mlconn_pipelines.systems.sap_business_one.api.entities import DRAFTS, OBJECT_CODES
from mlconn_pipelines.systems.sap_business_one.api.reading import document_total, is_cancelled
from mlconn_pipelines.transport.odata import all_of, created_of, entity_path

_FOUND = ("DocEntry", "DocNum", "DocTotal", "DocTotalFc", "DocumentLines")
_MADE = (201, 204)
_LOCATION = re.compile(r"\((\d+)\)/?$")


class DocumentWriter:
    """Creates and changes documents; implements RecordTarget and OurRecords. reference_field: where each of ours carries its reference."""

    def __init__(self, server: ServiceLayer, reference_field: str) -> None:
        self._server, self._reference_field = server, reference_field

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        """The record whose reference field holds exactly this, else a draft of that kind; None when there is neither.

        A committed record is readable at once, so `older_than_s` changes nothing here.
        """
        for place, where in self._places(entity, reference):
            select = ",".join((*_FOUND, self._reference_field))
            page = self._server.page(place, {"$select": select, "$filter": where, "$orderby": "DocEntry", "$top": 1})
            if page.rows:
                return _stored(self._asked_for(page.rows[0], place, reference), entity, draft=place == DRAFTS)
        return None

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> list[OurRecord]:
        """All of them. A draft counts while it is open: one that was approved stays behind, closed, beside its document."""
        there = (each for place, where in self._places(entity, reference) for each in self._ours(place, where))
        return [each for each in there if each.reference.strip().casefold() == reference.casefold()]

    def our_records(self, entity: str, since: dt.date, ours: str) -> Iterator[OurRecord]:
        """By the day of the last change, which is none before that of the creation."""
        dialect = self._server.dialect
        begins = f"startswith({self._reference_field},{dialect.literal(ours)})"
        changed = dialect.compare("UpdateDate", "ge", since)
        for place, where in self._places(entity, begins=begins):
            yield from self._ours(place, all_of(where, changed))

    def _ours(self, place: str, where: str) -> Iterator[OurRecord]:
        select = ("DocEntry", "DocNum", "DocumentStatus", "Cancelled", "CancelStatus", self._reference_field)
        for rows in self._server.keyset(place, "DocEntry", where, select):
            for row in rows:
                if is_cancelled(row) or (place == DRAFTS and row.get("DocumentStatus") != "bost_Open"):
                    continue
                number = f"draft {row['DocEntry']}" if place == DRAFTS else str(row.get("DocNum") or row["DocEntry"])
                yield OurRecord(str(row.get(self._reference_field) or ""), f"{place} {row['DocEntry']}", number)

    def reserve(self) -> None:
        """Make sure that there is a session; the server has no budget of requests."""
        self._server.sign_in()

    def create(self, entity: str, payload: Record) -> Stored:
        """One POST: to the entity, or among the drafts where the payload names a DocObjectCode.

        -2028 may mean that an approval procedure took the document as a draft: only the drafts tell. -2035 may mean that the
        company keeps our reference unique, and that a request given up for lost was carried out after all.
        Errors: DocumentRejected in the server's words, OutcomeUnknown, Retryable when surely not stored.
        """
        place = DRAFTS if "DocObjectCode" in payload else entity
        try:
            response = self._server.create(place, payload)
        except ServiceLayerRefusal as refusal:
            if refusal.fault.code in (NO_MATCH, EXISTS) and (stored := self._there(entity, payload, refusal)) is not None:
                return stored
            raise
        return self._answered(entity, payload, response, draft=place == DRAFTS)

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """PATCH, then the record as read back. Lines are found by their LineNum and never removed."""
        path = entity_path(entity, int(key))
        if changes:
            self._server.patch(path, changes)
        return self._server.record(path)

    def _places(self, entity: str, reference: str = "", begins: str = "") -> Iterator[tuple[str, str]]:
        by_reference = begins or self._server.dialect.compare(self._reference_field, "eq", reference)
        if entity != DRAFTS:
            yield entity, by_reference
        code = OBJECT_CODES.get(entity)
        yield DRAFTS, all_of(by_reference, self._server.dialect.compare("DocObjectCode", "eq", code)) if code else by_reference

    def _there(self, entity: str, payload: Record, refusal: ServiceLayerRefusal) -> Stored | None:
        reference = str(payload.get(self._reference_field) or "")
        if not reference:
            return None
        try:
            return self.find(entity, reference)
        except ConnectorError as lost:
            raise OutcomeUnknown(
                f"{refusal.what}; whether it was stored all the same could not be seen ({lost.what})",
                hint="It may be there, or lie among the drafts awaiting approval; look for our reference before sending again.",
            ) from lost

    def _asked_for(self, record: Record, place: str, reference: str) -> Record:
        """Errors: Retryable for a record that bears another reference than the one that was looked for."""
        if str(record.get(self._reference_field) or "").strip().casefold() != reference.casefold():
            raise Retryable(
                f"{self._server.system}: asked for the {place} record with our reference {reference}, it answered with another one",
                hint="Look whether something between it and us answers with pages that it has kept.",
            )
        return record

    def _answered(self, entity: str, payload: Record, response: httpx.Response, draft: bool) -> Stored:
        """What the answer says was made: the record, or its address where no body was wanted."""
        place = _LOCATION.search(response.headers.get("location", ""))
        if place and not response.content and response.status_code in _MADE:
            return Stored(place[1], "", entity, draft=draft)
        sent = {self._reference_field: payload[self._reference_field]} if payload.get(self._reference_field) else {}
        return _stored(created_of(response, "DocEntry", sent=sent), entity, draft=draft)


def _stored(record: Record, entity: str, draft: bool) -> Stored:
    lines = record.get("DocumentLines")
    return Stored(
        key=str(record["DocEntry"]),
        number=str(record.get("DocNum") or ""),
        entity=entity,
        draft=draft,
        line_count=len(lines) if isinstance(lines, list) else None,
        total=document_total(record),
    )
