"""Business partners as records of a flow: read by what changed, searched, created, changed; each write compared with what SAP kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mlconn_pipelines.errors import ConnectorError, DocumentRejected, OutcomeUnknown
from mlconn_pipelines.ports.records import Condition, ConnectionReport, KeyStamp, OurRecord, Record, Stored
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.api.client import EXISTS, ServiceLayer, ServiceLayerRefusal
from mlconn_pipelines.systems.sap_business_one.api.reading import KEYS_AT_ONCE, LATEST, newest, watermark_at, window_start
from mlconn_pipelines.systems.sap_business_one.records.contact_person import ROWS, key_of, partner_of, people_of
from mlconn_pipelines.systems.sap_business_one.records.stamps import master_stamp_of
from mlconn_pipelines.transport.listed_rows import key_stamps
from mlconn_pipelines.transport.odata import all_of, any_of, created_of, entity_path

PARTNERS, KEY, TABLE = "BusinessPartners", "CardCode", "OCRD"
KEYS = {PARTNERS: KEY, "Items": "ItemCode"}
"""Sets of master data that flows begin at, and their keys."""

TAKEN = "-10"
"""Of a create: the code is another business partner's already."""


class MasterReader:
    """Business partners, or another set of master data, by what changed; implements RecordSource.

    where: which of them. zone: see `DocumentReader`.
    """

    stamp_resolution_s = 1.0

    def __init__(self, server: ServiceLayer, entity: str, where: str = "", zone: dt.tzinfo | None = None) -> None:
        self._server, self._dialect, self._zone = server, server.dialect, zone
        self._entity, self._key, self._where = entity, KEYS[entity], where
        self._stamp: tuple[str, ...] = (self._key, "UpdateDate", "UpdateTime", "CreateDate", "CreateTime")

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """One that was never changed has no UpdateDate: what was created since the window's day comes too. start: none is early."""
        if since is None:
            return self._stamps("")
        at = window_start(since, quiet_s)
        created = self._dialect.compare("CreateDate", "ge", at.date())
        return self._stamps(any_of(self._dialect.since("UpdateDate", "UpdateTime", at), created))

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return newest((stamp.stamp for stamp in stamps), since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return watermark_at(moment.astimezone(self._zone) if self._zone else moment)

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        """By the day of their creation."""
        return self._stamps(self._dialect.within("CreateDate", first, last))

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        found: dict[str, KeyStamp] = {}
        day = dt.date.fromisoformat(until[:10])
        for field, order in (
            ("UpdateDate", "UpdateDate desc,UpdateTime desc"),
            ("CreateDate", "CreateDate desc,CreateTime desc"),
        ):
            where = all_of(self._where, self._dialect.compare(field, "le", day))
            asked = {"$select": ",".join(self._stamp), "$filter": where, "$orderby": order, "$top": LATEST}
            found |= {one.key: one for one in self._key_stamps(self._server.page(self._entity, asked).rows)}
        return list(found.values())

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        for start in range(0, len(keys), KEYS_AT_ONCE):
            part = keys[start : start + KEYS_AT_ONCE]
            for rows in self._server.keyset(self._entity, self._key, self._dialect.one_of(self._key, part)):
                yield from rows

    def _stamps(self, where: str) -> Iterator[Sequence[KeyStamp]]:
        for rows in self._server.keyset(self._entity, self._key, all_of(self._where, where), self._stamp):
            yield self._key_stamps(rows)

    def _key_stamps(self, rows: Sequence[Record]) -> Sequence[KeyStamp]:
        return key_stamps(rows, lambda row: str(row[self._key]), master_stamp_of)


class ContactPersons(MasterReader):
    """Contact persons of business partners, each a record of its own under its partner's stamp."""

    def __init__(self, server: ServiceLayer, zone: dt.tzinfo | None = None) -> None:
        super().__init__(server, PARTNERS, "", zone)
        self._stamp = (*self._stamp, "CardType", ROWS)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        """One that was removed is left out."""
        wanted, codes = set(keys), list(dict.fromkeys(map(partner_of, keys)))
        for start in range(0, len(codes), KEYS_AT_ONCE):
            where = self._dialect.one_of(self._key, codes[start : start + KEYS_AT_ONCE])
            for rows in self._server.keyset(self._entity, self._key, where, self._stamp):
                yield from (person for card in rows for person in people_of(card) if key_of(person) in wanted)

    def _key_stamps(self, rows: Sequence[Record]) -> Sequence[KeyStamp]:
        return key_stamps([person for card in rows for person in people_of(card)], key_of, master_stamp_of)


class PartnerRecords:
    """Creates and changes business partners; implements MasterRecords and RecordTarget."""

    def __init__(self, server: ServiceLayer, reference_field: str, zone: dt.tzinfo | None = None) -> None:
        self._server, self._reference_field, self._zone = server, reference_field, zone

    def ours(self, entity: str, begins: str = "") -> MasterReader:
        if entity == ROWS:
            return ContactPersons(self._server, self._zone)
        where = f"startswith({self._reference_field},{self._server.dialect.literal(begins)})" if begins else ""
        return MasterReader(self._server, entity, where, self._zone)

    def search(self, entity: str, conditions: Sequence[Condition], fields: Sequence[str] = ()) -> Iterator[Sequence[Record]]:
        """Pages of those that meet any of the conditions, each once; of all where there is none. fields: whole records where left out."""
        if not conditions:
            yield from self._server.keyset(PARTNERS, KEY, "", fields)
            return
        terms = [self._term(condition) for condition in dict.fromkeys(conditions)]
        seen = set[Any]()
        for start in range(0, len(terms), KEYS_AT_ONCE):
            for rows in self._server.keyset(PARTNERS, KEY, any_of(*terms[start : start + KEYS_AT_ONCE]), fields):
                yield [row for row in rows if row.get(KEY) not in seen]
                seen.update(row.get(KEY) for row in rows)

    def check(self, fields: Sequence[str]) -> list[ConnectionReport]:
        where = self._server.dialect.compare("TableName", "eq", TABLE)
        rows = [row for page in self._server.pages("UserFieldsMD", {"$filter": where}) for row in page]
        there = {f"U_{row.get('Name')}" for row in rows}
        if missing := [field for field in fields if field.startswith("U_") and field not in there]:
            words = (
                f"user field {', '.join(missing)} does not exist on business partners ({TABLE}). Create it there, alphanumeric."
            )
            return [ConnectionReport("SAP Business One", False, words)]
        return [ConnectionReport("SAP Business One", True, f"{', '.join(fields)} of business partners take what we write")]

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        for record in self._under(reference):
            return _stored(record)
        return None

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> list[OurRecord]:
        return [OurRecord(reference, str(row[KEY]), str(row[KEY])) for row in self._under(reference)]

    def reserve(self) -> None:
        self._server.sign_in()

    def create(self, entity: str, payload: Record) -> Stored:
        """One POST. What the answer does not show as it was sent, SAP has passed over: the record is there, and a person looks.

        Errors: DocumentRejected in the server's words where the code is taken, OutcomeUnknown, Retryable when surely not stored.
        """
        try:
            response = self._server.create(PARTNERS, payload)
        except ServiceLayerRefusal as refusal:
            if refusal.fault.code in (TAKEN, EXISTS) and (stored := self._there(payload, refusal)) is not None:
                return stored
            if refusal.fault.code == TAKEN:
                raise DocumentRejected(refusal.what, hint=refusal.hint, code=Reason.RECORD_EXISTS) from refusal
            raise
        sent = {self._reference_field: payload[self._reference_field]} if payload.get(self._reference_field) else {}
        record = created_of(response, KEY, sent=sent)
        _check_kept(payload, record, "was created")
        return _stored(record)

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """PATCH, then the record as read back. Errors: DocumentRejected for fields that SAP did not take."""
        path = entity_path(PARTNERS, key)
        if changes:
            self._server.patch(path, changes, KEY)
        record = self._server.record(path, KEY)
        _check_kept(changes, record, "was changed")
        return record

    def _under(self, reference: str) -> list[Record]:
        where = self._server.dialect.compare(self._reference_field, "eq", reference)
        rows = [row for page in self._server.keyset(PARTNERS, KEY, where, (KEY, self._reference_field)) for row in page]
        return [row for row in rows if str(row.get(self._reference_field) or "").strip().casefold() == reference.casefold()]

    def _there(self, payload: Record, refusal: ServiceLayerRefusal) -> Stored | None:
        """Ours, made by a request that was given up for lost."""
        try:
            return self.find(PARTNERS, str(payload[self._reference_field])) if payload.get(self._reference_field) else None
        except ConnectorError as lost:
            raise OutcomeUnknown(
                f"{refusal.what}; whether it was stored all the same could not be seen ({lost.what})",
                hint="Look for our reference among the business partners before creating it again.",
            ) from lost

    def _term(self, condition: Condition) -> str:
        if condition.operator == "eq":
            return self._server.dialect.compare(condition.field, "eq", condition.value)
        return f"{condition.operator}({condition.field},{self._server.dialect.literal(condition.value)})"


def not_kept(sent: Record, record: Record) -> list[str]:
    """Names of the fields that a record does not have as they were sent. Rows of collections are looked for among those there.

    >>> not_kept({"CardName": "A ", "Phone1": "1", "Series": 71}, {"CardName": "A", "Phone1": None, "Series": 71})
    ['Phone1']
    >>> rows = {"BPAddresses": [{"AddressName": "Bill to", "City": "X"}]}
    >>> not_kept(rows, {"BPAddresses": [{"AddressName": "Bill to", "City": "X", "RowNum": 0}]}), not_kept(rows, {})
    ([], ['BPAddresses'])
    """
    return [name for name, value in sent.items() if not _kept(value, record.get(name))]


def _kept(sent: Any, there: Any) -> bool:
    if isinstance(sent, list):
        rows = there if isinstance(there, list) else []
        return all(any(isinstance(row, Mapping) and not not_kept(one, row) for row in rows) for one in sent)
    if isinstance(sent, (int, Decimal)) and isinstance(there, (int, Decimal)):
        return sent == there
    return str(sent or "").strip() == str(there or "").strip()


def _check_kept(sent: Record, record: Record, what_happened: str) -> None:
    if lost := not_kept(sent, record):
        raise DocumentRejected(
            f"Business partner {record[KEY]} {what_happened}, but SAP did not take {', '.join(lost)} as sent",
            hint="Look whether the field may be written by our SAP user, and what the company's rules make of it; then reprocess this.",
            code=Reason.VALUE_NOT_TAKEN,
        )


def _stored(record: Record) -> Stored:
    return Stored(key=str(record[KEY]), number=str(record[KEY]), entity=PARTNERS)
