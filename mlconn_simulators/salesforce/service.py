"""The org's data resources under /services/data/vNN.0: what is asked, and what is answered."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from mlconn_simulators.faults import Fault
from mlconn_simulators.salesforce import composite, replication
from mlconn_simulators.salesforce.errors import ApiError, malformed, not_found
from mlconn_simulators.salesforce.reading import Reader
from mlconn_simulators.salesforce.rows import Collections, struck_rows
from mlconn_simulators.salesforce.schema import SObject, Values
from mlconn_simulators.salesforce.soql import parse
from mlconn_simulators.salesforce.store import Record
from mlconn_simulators.salesforce.writing import Matches

if TYPE_CHECKING:
    from mlconn_simulators.salesforce.sandbox import SalesforceSandbox

PAGE_MAX, PAGE_MIN = 2_000, 200
LOCATOR_LIFE = dt.timedelta(days=2)
LOCKED = ApiError(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records")
INVALID_DATA = ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "The value is not allowed by a validation rule of this org.")


@dataclass(frozen=True)
class Asked:
    """path: decoded, with its query. root: path of the version. parts: what follows it, each part decoded; headers in lower case."""

    method: str
    path: str
    root: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Asked:
        """target: path with query, still percent-encoded; headers: names in lower case."""
        path, _, query = target.partition("?")
        version, _, rest = path.removeprefix("/services/data").strip("/").partition("/")
        parts = tuple(unquote(part) for part in rest.strip("/").split("/")) if rest.strip("/") else ()
        given = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
        return cls(method, unquote(target), f"/services/data/{version}", parts, given, headers, body)

    @property
    def allow_duplicate(self) -> bool:
        return "allowsave=true" in self.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()

    def json(self) -> Values:
        """Errors: 400 JSON_PARSER_ERROR."""
        try:
            body = json.loads(self.body, parse_float=Decimal)
        except ValueError as wrong:
            raise ApiError(400, "JSON_PARSER_ERROR", f"Unexpected character: {wrong}") from None
        if not isinstance(body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "An object is expected")
        return body


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Locator:
    """A query's records as they were found, and how they are shown; its page size goes with it."""

    records: list[Record]
    show: Callable[[Record], Values]
    size: int
    ends: dt.datetime


class Service:
    def __init__(self, org: SalesforceSandbox) -> None:
        self._org, self._store, self._access, self._writer = org, org.store, org.access, org.writer
        self._reader = Reader(org.store, org.access)
        self._collections = Collections(org.store, org.access, org.writer)
        self._locators: dict[str, _Locator] = {}
        self._asked = 0

    def answer(self, asked: Asked) -> Answer:
        """Errors: ApiError."""
        match asked.method, asked.parts:
            case "GET", ():
                return Answer(
                    body={name: f"{asked.root}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "composite")}
                )
            case "GET", ("limits",):
                return Answer(body={"DailyApiRequests": {"Max": self._org.quota, "Remaining": self._org.remaining}})
            case "GET", ("query" | "queryAll" as kind,):
                return self._query(asked, deleted=kind == "queryAll")
            case "GET", ("query" | "queryAll", locator):
                return self._next(asked, locator)
            case "GET", ("sobjects",):
                listed = [self._access.listed(one, f"{asked.root}/sobjects/{one.name}") for one in self._access.objects()]
                return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})
            case _, ("sobjects", name, *rest):
                return self._sobject(asked, self._object(name), rest)
            case "POST", ("composite",):
                return Answer(body=composite.answer(self, self._store, asked, self._org.writes))
            case method, ("composite", "sobjects", *rest):
                return self._collection(asked, method, rest)
        raise not_found()

    def _object(self, name: str) -> SObject:
        """In a path a hidden object is as little there as an unknown one. Errors: 404."""
        for one in self._access.objects():
            if one.name.lower() == name.lower():
                return one
        raise not_found()

    # Queries.

    def _query(self, asked: Asked, deleted: bool) -> Answer:
        if self._org.faults.take("query_timeout", asked.path, asked.method):
            raise ApiError(400, "QUERY_TIMEOUT", "Your query request was running for too long.")
        text = asked.query.get("q", "")
        if not text:
            raise malformed("A query string has to be specified")
        query = parse(text)
        records = self._reader.select(query, deleted)
        if not query.fields:
            return Answer(body={"totalSize": len(records), "done": True, "records": []})
        show = self._reader.shower(query, asked.root)
        size = _batch_size(asked.headers.get("sforce-query-options", ""))
        if self._org.page_size:
            size = min(size, self._org.page_size)
        self._asked += 1
        name = f"01gRO{self._asked:010d}YA2"
        locator = _Locator(records, show, size, self._store.clock.now() + LOCATOR_LIFE)
        return self._page(asked, name, locator, 0)

    def _next(self, asked: Asked, text: str) -> Answer:
        name, _, start = text.rpartition("-")
        locator = self._locators.get(name)
        dead = self._org.faults.take("dead_locator", asked.path, asked.method)
        if dead or locator is None or locator.ends <= self._store.clock.now() or not start.isdecimal():
            self._locators.pop(name, None)
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(asked, name, locator, int(start))

    def _page(self, asked: Asked, name: str, locator: _Locator, start: int) -> Answer:
        short = self._org.faults.take("short_page", asked.path, asked.method)
        end = start + (max(1, locator.size // 2) if short else locator.size)
        page: Values = {"totalSize": len(locator.records), "done": end >= len(locator.records)}
        if end < len(locator.records):
            self._locators[name] = locator
            page["nextRecordsUrl"] = f"{asked.root}/query/{name}-{end}"
        return Answer(body=page | {"records": [locator.show(record) for record in locator.records[start:end]]})

    # Single records.

    def _sobject(self, asked: Asked, of: SObject, rest: list[str]) -> Answer:
        path = f"{asked.root}/sobjects/{of.name}"
        match asked.method, rest:
            case "GET", []:
                return Answer(body={"objectDescribe": self._access.listed(of, path), "recentItems": []})
            case "POST", []:
                self._strike(asked)
                record = self._writer.create(of, asked.json(), asked.allow_duplicate)
                return self._created(asked, of, record, {})
            case "GET", ["describe"]:
                return Answer(body=self._access.described(of, path))
            case "GET", ["updated"]:
                return Answer(body=replication.updated(self._store, of.name, asked.query, self._org.covered_lag_s))
            case "GET", ["deleted"]:
                return Answer(body=replication.deleted(self._store, of.name, asked.query, self._org.covered_lag_s))
            case method, [record_id]:
                return self._one(asked, of, method, self._store.get(of.name, record_id))
            case method, [name, *value]:
                return self._by_external_id(asked, of, method, name, "/".join(value))
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{asked.method}' not allowed.")

    def _one(self, asked: Asked, of: SObject, method: str, record: Record) -> Answer:
        match method:
            case "GET":
                wanted = [name for name in asked.query.get("fields", "").split(",") if name]
                return Answer(body=self._reader.whole(of, asked.root, wanted)(record))
            case "PATCH":
                self._strike(asked)
                self._writer.update(of, record, asked.json())
            case "DELETE":
                self._strike(asked)
                self._writer.delete(of, record)
            case _:
                raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed.")
        self._org.wrote(asked, [record.id])
        return Answer(204)

    def _by_external_id(self, asked: Asked, of: SObject, method: str, name: str, value: str) -> Answer:
        key = self._writer.external_id(of, name)
        found = self._store.having(of.name, key.name, value)
        if method == "PATCH":
            self._strike(asked)
            if self._org.faults.take("upsert_race", asked.path, asked.method):
                other, _ = self._writer.upsert(of, key, value, asked.json(), asked.allow_duplicate)
                message = f"duplicate value found: {key.name} duplicates value on record with id: {other.id}"
                raise ApiError(400, "DUPLICATE_VALUE", message, [key.name])
            try:
                record, created = self._writer.upsert(of, key, value, asked.json(), asked.allow_duplicate)
            except Matches as several:
                return _choices(asked, of, several.records)
            if created:
                return self._created(asked, of, record, {"created": True})
            self._org.wrote(asked, [record.id])
            if self._org.update_status == 204 or _version(asked) < 46:
                return Answer(204)
            return Answer(200, {"id": record.id, "success": True, "errors": [], "created": False})
        if not found:
            raise not_found()
        return _choices(asked, of, found) if len(found) > 1 else self._one(asked, of, method, found[0])

    def _created(self, asked: Asked, of: SObject, record: Record, more: Values) -> Answer:
        self._org.wrote(asked, [record.id])
        location = f"{asked.root}/sobjects/{of.name}/{record.id}"
        return Answer(201, {"id": record.id, "success": True, "errors": []} | more, {"Location": location})

    # Collections.

    def _collection(self, asked: Asked, method: str, rest: list[str]) -> Answer:
        match method, rest:
            case "POST", []:
                results = self._collections.create(asked.json(), self._struck(asked), asked.allow_duplicate)
            case "PATCH", []:
                results = self._collections.update(asked.json(), self._struck(asked))
            case "PATCH", [name, key]:
                of = self._object(name)
                results = self._collections.upsert(of, key, asked.json(), self._struck(asked), asked.allow_duplicate)
            case "DELETE", []:
                ids = [each for each in asked.query.get("ids", "").split(",") if each]
                together = asked.query.get("allOrNone", "").lower() == "true"
                results = self._collections.delete(ids, together, self._struck(asked))
            case "GET" | "POST", [name]:
                return self._retrieve(asked, self._object(name))
            case _:
                raise not_found()
        self._org.wrote(asked, [result["id"] for result in results if result["success"]])
        return Answer(body=results)

    def _retrieve(self, asked: Asked, of: SObject) -> Answer:
        """Records by their ids, null where there is none."""
        if asked.method == "GET":
            ids, fields = (asked.query.get(name, "").split(",") for name in ("ids", "fields"))
        else:
            ids, fields = (_texts(asked.json(), name) for name in ("ids", "fields"))
        show = self._reader.whole(of, asked.root, filter(None, fields))
        found = [self._store.find(of.name, each) for each in ids]
        return Answer(body=[show(each) if each and each.deleted_at is None else None for each in found])

    # Faults.

    def _fault(self, asked: Asked) -> tuple[Fault | None, ApiError]:
        for name, error in (("row_locked", LOCKED), ("validation_rule", INVALID_DATA)):
            if fault := self._org.faults.take(name, asked.path, asked.method):
                return fault, error
        return None, LOCKED

    def _strike(self, asked: Asked) -> None:
        fault, error = self._fault(asked)
        if fault is not None:
            raise error

    def _struck(self, asked: Asked) -> Callable[[int], ApiError | None]:
        return struck_rows(*self._fault(asked))


def _texts(body: Values, name: str) -> list[str]:
    """Errors: 400 for what is no list."""
    given: Any = body.get(name) or []
    if not isinstance(given, list):
        raise ApiError(400, "JSON_PARSER_ERROR", f"{name} must be an array")
    return list(map(str, given))


def _choices(asked: Asked, of: SObject, records: list[Record]) -> Answer:
    return Answer(300, [f"{asked.root}/sobjects/{of.name}/{record.id}" for record in records])


def _batch_size(options: str) -> int:
    """Of a Sforce-Query-Options header; sizes beyond the limits are taken as the limits."""
    name, _, size = options.replace(" ", "").partition("=")
    return max(PAGE_MIN, min(PAGE_MAX, int(size))) if name.lower() == "batchsize" and size.isdecimal() else PAGE_MAX


def _version(asked: Asked) -> float:
    return float(asked.root.rpartition("/v")[2])
