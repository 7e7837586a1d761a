"""Writes: upserts by an external id, and updates by Id, in collections of at most 200, each record with a result of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx

from mlconn_pipelines.errors import ConfigurationError, DocumentRejected, Retryable
from mlconn_pipelines.ports.records import OurRecord, Record, Stored
from mlconn_pipelines.records.decimal_json import dumps
from mlconn_pipelines.systems.salesforce.api.client import SalesforceApi
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.faults import DUPLICATE, PASSES, Fault, faults_in, rejected
from mlconn_pipelines.systems.salesforce.api.objects import ALWAYS
from mlconn_pipelines.systems.salesforce.api.soql import literal, select
from mlconn_pipelines.systems.salesforce.records.stamps import key_of, long_id
from mlconn_pipelines.transport.http_responses import misshapen, parsed
from mlconn_pipelines.transport.retry import RetryPolicy

DELETED, MERGED_INTO = "ENTITY_IS_DELETED", "MasterRecordId"
COLLECTION_MAX = 200
"""Records of one request."""

TRIED_ALONE = frozenset({*PASSES, DUPLICATE})
"""Codes of a record that is tried again by itself: a lock, and an upsert that lost a race against another one."""


ALONE = RetryPolicy(attempts=3, wait_initial_s=0.3, wait_max_s=2.0, jitter_s=0.3, timeout_s=10.0)
"""How a record is tried alone. Whoever holds an account mostly holds it for less than a second."""
CURRENCY = "CurrencyIsoCode"


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of one record. external_id: of the record that was given. key: its id, empty where it was refused.

    faults: why it was refused; what passes by itself (`is_locked`) may be written again, the rest waits for a person.
    """

    external_id: str
    key: str = ""
    created: bool = False
    faults: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def is_locked(self) -> bool:
        """Whether somebody else held the record, or the server was busy; nothing is wrong with it."""
        return any(fault.code in PASSES for fault in self.faults)

    @property
    def error(self) -> DocumentRejected | Retryable | None:
        """The refusal as what follows from it, None where it was stored."""
        if not self.faults:
            return None
        refusal = rejected("Salesforce", self.faults)
        return Retryable(refusal.what, answered="system") if self.is_locked else refusal


class RecordWriter:
    """Upserts records; implements RecordTarget. lane: held while a request writes, so that few lock each other's accounts.

    winners: into which records deleted ones were merged, by the loser's id.
    """

    def __init__(
        self,
        api: SalesforceApi,
        descriptions: Descriptions,
        lane: Callable[[], AbstractContextManager[None]],
        winners: Callable[[str, Collection[str]], Mapping[str, str]],
        patience: RetryPolicy = ALONE,
    ) -> None:
        self._api, self._descriptions, self._lane = api, descriptions, lane
        self._winners, self._patience = winners, patience

    def collections(self, entity: str, rows: Sequence[Record], by: str = "") -> Iterator[Sequence[Record]]:
        """The records in the parts that one `upsert` each takes, those of one account together; no external id twice in one part."""
        name, account = self._by(entity, by), self._descriptions.object(entity).account
        part: list[Record] = []
        named: set[str] = set()
        for row in sorted(rows, key=lambda row: (str(row.get(account) or ""), str(row.get(name) or ""))):
            if len(part) == COLLECTION_MAX or str(row.get(name)).lower() in named:
                yield part
                part, named = [], set()
            part.append(row)
            named.add(str(row.get(name)).lower())
        if part:
            yield part

    def upsert(self, entity: str, rows: Sequence[Record], by: str = "") -> Sequence[UpsertResult]:
        """One collection of at most 200 records, each with its external id; results in the order of the records. Safe to repeat.

        by: the field that tells records apart; the mapped external id where left out, `Id` for records that are there already.
        A record that is locked, or lost a race, is tried again alone. Errors: OutcomeUnknown when no answer came, or none
        that says what became of the records; Retryable when nothing was stored.
        """
        name = self._by(entity, by)
        results = list(self._upserted(entity, rows, name)) if rows else []
        for place, result in enumerate(results):
            if any(fault.code in TRIED_ALONE for fault in result.faults):
                results[place] = self._alone(entity, rows[place], name, result)
        return self._with_winners(entity, results) if name == "Id" else results

    def _with_winners(self, entity: str, results: Sequence[UpsertResult]) -> Sequence[UpsertResult]:
        """Of records that were deleted or merged into others, into which: whoever reads the refusal has to know where they went."""
        deleted = [each.external_id for each in results if any(fault.code == DELETED for fault in each.faults)]
        if not deleted:
            return results
        winners = self._winners(entity, deleted) if MERGED_INTO in self._descriptions.fields(entity) else {}

        def told(one: UpsertResult) -> UpsertResult:
            winner = winners.get(long_id(one.external_id))
            in_bin = f"{entity} {one.external_id} was deleted; restore it from the recycle bin, or dismiss this document"
            words = f"it was merged into {winner}" if winner else in_bin
            faults = tuple(replace(fault, message=words) if fault.code == DELETED else fault for fault in one.faults)
            return replace(one, faults=faults) if one.faults else one

        return list(map(told, results))

    def reserve(self) -> None:
        """Make sure that there is a session, and take the turn of the write that follows."""
        self._api.reserve()

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        """The record whose external id is this reference."""
        found = self._under(entity, reference)
        return _stored(entity, found[0]) if found else None

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> list[OurRecord]:
        """At most one: the external id is unique."""
        return [OurRecord(reference, key_of(row), key_of(row)) for row in self._under(entity, reference)]

    def create(self, entity: str, payload: Record) -> Stored:
        """One record by its external id; there already, it is changed. Errors: as `upsert`; DocumentRejected, Retryable of a lock.

        A currency is left out where the org knows one, and has no field for it.
        """
        if CURRENCY in payload and CURRENCY not in self._descriptions.fields(entity):
            payload = {name: value for name, value in payload.items() if name != CURRENCY}
        (result,) = self.upsert(entity, [payload])
        if result.error is not None:
            raise result.error
        return Stored(key=result.key, number=result.external_id, entity=entity)

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """Change fields of a record by its id. One request: what is not stored is refused, so that nothing has to be read back."""
        written = {**changes, "Id": key}
        (result,) = self.upsert(entity, [written], by="Id")
        if result.error is not None:
            raise result.error
        return written

    def _alone(self, entity: str, row: Record, name: str, before: UpsertResult) -> UpsertResult:
        """The record once more by itself, a few times while it is locked. before: what came of it among the others."""
        last = before

        def once() -> UpsertResult:
            nonlocal last
            (last,) = self._upserted(entity, [row], name)
            if last.is_locked:
                raise Retryable(f"{self._api.system}: {entity} {last.external_id} is locked")
            return last

        try:
            return self._patience.read(once)
        except Retryable:
            if last.is_locked:
                return last
            raise

    def _under(self, entity: str, reference: str) -> list[Record]:
        where = f"{self._by(entity, '')} = {literal(reference)}"
        return [row for rows in self._api.pages(select(ALWAYS, entity, where), entity) for row in rows]

    def _by(self, entity: str, by: str) -> str:
        """Errors: ConfigurationError for a field by which records could double."""
        name = by or self._descriptions.mapped(entity).external_id
        if name == "Id":
            return name
        field = self._descriptions.fields(entity).get(name) if name else None
        if field is None or not (field.unique and field.external_id):
            raise ConfigurationError(
                f"{entity} is written by {name or 'no field'}, which is not a unique external id that the integration user sees",
                hint="Mark a custom field `External ID` and `Unique`, name it in the configuration, and give the user access to it.",
            )
        return name

    def _upserted(self, entity: str, rows: Sequence[Record], name: str) -> Sequence[UpsertResult]:
        if len(rows) > COLLECTION_MAX:
            raise ValueError(f"{len(rows)} records in one request of at most {COLLECTION_MAX}")
        # An upsert takes no ids of records: those that are there already are updated by them, which creates none either.
        path = "composite/sobjects" if name == "Id" else f"composite/sobjects/{entity}/{quote(name, safe='')}"
        records = [{"attributes": {"type": entity}, **_named(row)} for row in rows]
        with self._lane():
            response = self._api.write("PATCH", path, dumps({"allOrNone": False, "records": records}).encode())
        results = [_result(response, str(row[name]), told) for row, told in zip(rows, _told(response, len(rows)), strict=True)]
        stored = [(result.external_id, result.key) for result in results if result.ok]
        twice = len({key for _, key in stored}) < len(stored)
        if twice or (name == "Id" and any(long_id(asked) != key for asked, key in stored)):
            raise misshapen(response, "results of these records: it names others", write=True)
        return results


def _named(row: Record) -> Record:
    """The fields to send; an id is written in small letters there."""
    return {("id" if name == "Id" else name): value for name, value in row.items() if name != "attributes"}


def _told(response: httpx.Response, count: int) -> Sequence[Any]:
    """The answer's rows, one for each record that was sent. Errors: OutcomeUnknown."""
    try:
        rows = parsed(response)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or len(rows) != count:
        raise misshapen(response, f"a list of {count} results", write=True)
    return rows


def _result(response: httpx.Response, external_id: str, told: Any) -> UpsertResult:
    """Errors: OutcomeUnknown for a row that says neither what was stored nor why not."""
    row: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    if row.get("success") is True and isinstance(row.get("id"), str) and row["id"]:
        return UpsertResult(external_id, long_id(row["id"]), row.get("created") is True)
    if row.get("success") is False and (faults := faults_in(row.get("errors"), "statusCode")):
        return UpsertResult(external_id, faults=tuple(faults))
    raise misshapen(response, "a result with `id` or `errors` for each record", write=True)


def _stored(entity: str, row: Record) -> Stored:
    return Stored(key=key_of(row), number=key_of(row), entity=entity)
