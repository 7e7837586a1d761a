"""Which request does what below `/data`. One request in, one answer out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from mlconn_simulators.finance_operations import errors
from mlconn_simulators.finance_operations.bodies import read_object, writable
from mlconn_simulators.finance_operations.errors import DataError, WriteRefused, bad_query, no_segment
from mlconn_simulators.finance_operations.reading import Reader, options_of, set_named
from mlconn_simulators.finance_operations.schema import NAVIGATION, WRITABLE, Entity, Values, metadata
from mlconn_simulators.finance_operations.store import EntitySet, Record
from mlconn_simulators.odata.json_text import dumps
from mlconn_simulators.odata.query_options import Options
from mlconn_simulators.odata.resource_path import PathUnreadable, read_path

if TYPE_CHECKING:
    from mlconn_simulators.finance_operations.sandbox import FinanceOperationsSandbox


@dataclass(frozen=True)
class Asked:
    """root: the address up to `data`. path: below it, decoded. headers: names in lower case."""

    method: str
    root: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def whole(self) -> str:
        """What faults are matched with: path and query, decoded."""
        return f"/data/{self.path}?{unquote_plus(self.query)}" if self.query else f"/data/{self.path}"


@dataclass(frozen=True)
class Answer:
    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Service:
    """Answers what was asked of the data entities, with the sandbox's lock held by the caller."""

    def __init__(self, sandbox: FinanceOperationsSandbox) -> None:
        self._sandbox = sandbox
        self._store, self._faults, self._journal = sandbox.store, sandbox.faults, sandbox.journal
        self._reader = Reader(sandbox.store, sandbox.default_company)

    def answer(self, asked: Asked) -> Answer:
        """Errors: DataError."""
        try:
            segments = read_path(asked.path)
        except PathUnreadable as unreadable:
            raise DataError(404 if "segment" in str(unreadable) else 400, str(unreadable)) from None
        if not segments:
            return self._directory(asked)
        first = segments[0]
        if first.name == "$metadata" and asked.method == "GET":
            return Answer(200, metadata(), {"Content-Type": "application/xml"})
        if first.name in self._sandbox.unpublished:
            raise no_segment(first.name)
        options = options_of(asked.query)
        entities = set_named(self._store, first.name)
        if first.key is None:
            if len(segments) == 2 and segments[1].name == "$count" and asked.method == "GET":
                counted = self._reader.page(entities, options, len(entities) + 1)
                return Answer(200, str(len(counted.records)), {"Content-Type": "text/plain"})
            if len(segments) > 1:
                raise no_segment(segments[1].name)
            return self._on_set(asked, entities, options)
        record = self._reader.one(entities, first.key, options)
        if len(segments) == 2:
            rows = self._reader.related(record, entities.entity, segments[1].name)
            if rows is None or asked.method != "GET":
                raise no_segment(segments[1].name)
            inner = set_named(self._store, NAVIGATION[first.name][segments[1].name][0]).entity
            return _page(asked, inner.set_name, [self._reader.shown(row, inner, options) for row in rows], "", None)
        if len(segments) > 2:
            raise no_segment(segments[2].name)
        return self._on_record(asked, entities, record, options)

    def _directory(self, asked: Asked) -> Answer:
        rows = [{"name": name, "kind": "EntitySet", "url": name} for name in self._store.sets]
        return Answer(200, dumps({"@odata.context": f"{asked.root}/$metadata", "value": rows}))

    def _on_set(self, asked: Asked, entities: EntitySet, options: Options) -> Answer:
        entity = entities.entity
        if asked.method == "POST":
            return self._create(asked, entities)
        if asked.method != "GET":
            raise DataError(405, f"The requested resource does not support http method '{asked.method}'.")
        page = self._reader.page(entities, options, self._sandbox.page_size)
        rows = [self._reader.shown(record, entity, options) for record in page.records]
        answer = _page(asked, entity.set_name, rows, page.next, page.total)
        if page.next:
            self._sandbox.disturb(page.records, asked.whole)
        return answer

    def _on_record(self, asked: Asked, entities: EntitySet, record: Record, options: Options) -> Answer:
        entity = entities.entity
        match asked.method:
            case "GET":
                return _one(asked, entity, self._reader.shown(record, entity, options), 200)
            case "PATCH" | "PUT":
                body = read_object(asked.body)
                self._before_write(asked, entity, record)
                self._change(entity, record, body)
                self._journal.changed(entity.set_name, record, "patch", body)
                return Answer(204, "", {"ETag": record.etag})
            case "DELETE":
                self._before_write(asked, entity, record)
                self._remove(entity, record)
                self._journal.changed(entity.set_name, record, "delete", {})
                return Answer(204)
        raise DataError(405, f"The requested resource does not support http method '{asked.method}'.")

    def _create(self, asked: Asked, entities: EntitySet) -> Answer:
        entity = entities.entity
        _must_be_writable(entity)
        body = read_object(asked.body)
        given = writable(body, entity)
        company = given.get("dataAreaId") or self._sandbox.default_company
        if company not in self._sandbox.companies:
            raise errors.not_related(entity.name, company, "Company", "Legal entities")
        self._strike(asked, entity)
        sandbox = self._sandbox
        match entity.set_name:
            case "PurchaseOrderHeadersV2":
                record = sandbox.purchasing.create(company, given, over_api=True)
            case "PurchaseOrderLinesV2":
                record = sandbox.purchasing.add_line(company, given, over_api=True)
            case "VendorInvoiceHeaders":
                record = sandbox.invoices.create(company, given, over_api=True)
            case "VendorInvoiceLines":
                record = sandbox.invoices.add_line(company, given, over_api=True)
            case _:
                record = self._create_plain(entities, {"dataAreaId": company} | given)
        self._journal.created(entity.set_name, record, body)
        return _one(asked, entity, self._reader.shown(record, entity, Options()), 201)

    def _create_plain(self, entities: EntitySet, values: Values) -> Record:
        entity = entities.entity
        full = entity.defaults() | values
        if entities.find(*entities.key_of(full)) is not None:
            raise errors.exists(entity.name, entity.set_name, ", ".join(map(str, entities.key_of(full))))
        return self._store.add(entity.set_name, values, over_api=True)

    def _change(self, entity: Entity, record: Record, body: Values) -> None:
        _must_be_writable(entity)
        given = writable(body, entity)
        for name in entity.key:
            if name in given and given[name] != record.values[name]:
                raise bad_query(f"The key property '{name}' cannot be changed.")
        sandbox = self._sandbox
        match entity.set_name:
            case "PurchaseOrderHeadersV2":
                sandbox.purchasing.change_header(record, given)
            case "PurchaseOrderLinesV2":
                sandbox.purchasing.change_line(record, given)
            case "VendorInvoiceHeaders":
                sandbox.invoices.change_header(record, given)
            case "VendorInvoiceLines":
                sandbox.invoices.change_line(record, given)
            case _:
                self._store.write(record, given)

    def _remove(self, entity: Entity, record: Record) -> None:
        match entity.set_name:
            case "PurchaseOrderHeadersV2":
                self._sandbox.purchasing.remove(record)
            case "VendorInvoiceHeaders":
                self._sandbox.invoices.remove_header(record)
            case "VendorInvoiceLines":
                self._sandbox.invoices.remove_line(record)
            case _:
                raise errors.refused(entity.name, "The record cannot be deleted.")

    def _before_write(self, asked: Asked, entity: Entity, record: Record) -> None:
        """If-Match may be left out: then the last write wins. Errors: 412, update conflict."""
        self._strike(asked, entity)
        if self._faults.take("stale_etag", asked.whole, asked.method):
            self._store.write(record, {})
        wanted = asked.headers.get("if-match")
        if wanted not in (None, "*", record.etag):
            raise DataError(412, "The etag in the request header did not match with the current etag of the entity.")

    def _strike(self, asked: Asked, entity: Entity) -> None:
        if self._faults.take("update_conflict", asked.whole, asked.method):
            raise errors.conflict(entity.set_name, entity.name)
        if self._faults.take("deadlock", asked.whole, asked.method):
            raise errors.deadlock(entity.set_name, entity.name)
        if self._faults.take("write_refused", asked.whole, asked.method):
            raise errors.refused(entity.name, "Financial dimension CostCenter must be filled in.")


def _must_be_writable(entity: Entity) -> None:
    if entity.set_name not in WRITABLE:
        raise WriteRefused(
            f"Write failed for table row of type '{entity.name}'. Infolog: Error: {entity.set_name} is for reading only."
        )


def _one(asked: Asked, entity: Entity, values: Values, status: int) -> Answer:
    context: dict[str, Any] = {"@odata.context": f"{asked.root}/$metadata#{entity.set_name}/$entity"}
    headers = {"ETag": values["@odata.etag"]}
    if status == 201:
        key = ",".join(_literal(values[name], entity.kinds[name]) for name in entity.key)
        headers["Location"] = f"{asked.root}/{entity.set_name}({key})".encode("ascii", "backslashreplace").decode()
    return Answer(status, dumps(context | values), headers)


def _literal(value: Any, kind: str) -> str:
    return "'" + str(value).replace("'", "''").replace("\n", " ") + "'" if kind == "text" else str(value)


def _page(asked: Asked, set_name: str, rows: list[Values], following: str, total: int | None) -> Answer:
    body: dict[str, Any] = {"@odata.context": f"{asked.root}/$metadata#{set_name}"}
    if total is not None:
        body["@odata.count"] = total
    body["value"] = rows
    if following:
        body["@odata.nextLink"] = f"{asked.root}/{set_name}?{following}"
    return Answer(200, dumps(body))
