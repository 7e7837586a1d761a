"""Which request does what: companies, entity sets, lines, actions and subscriptions. One request in, one answer out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from mlconn_simulators.business_central import documents, posting
from mlconn_simulators.business_central.bodies import read_object, writable
from mlconn_simulators.business_central.company import Company, Record
from mlconn_simulators.business_central.errors import ApiError, bad, locked, no_segment, not_allowed, not_found, refused
from mlconn_simulators.business_central.reading import (
    Page,
    Reader,
    document_id_of,
    guards_lines,
    options_of,
    page_size,
    readable,
)
from mlconn_simulators.business_central.schema import (
    BLANK,
    DIMENSION_LINES,
    HEADER_SETS,
    KINDS,
    LINE_SETS,
    NAVIGATION,
    SETS,
    WEBHOOK_SETS,
    Values,
    metadata,
)
from mlconn_simulators.odata.json_text import dumps
from mlconn_simulators.odata.query_options import Options
from mlconn_simulators.odata.resource_path import PathUnreadable, Segment, read_path

if TYPE_CHECKING:
    from mlconn_simulators.business_central.sandbox import BusinessCentralSandbox

MASTERS = {"customers": "C", "vendors": "V", "items": "I"}
"""Master data that clients may write, with the number series."""
_ACTION = re.compile(r"Microsoft\.NAV\.(\w+)")


@dataclass(frozen=True)
class Asked:
    """root: the address up to `api/v2.0`. path: below it, decoded. headers: names in lower case."""

    method: str
    root: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def whole(self) -> str:
        """What faults are matched with: path and query, decoded."""
        return f"/{self.path}?{unquote_plus(self.query)}" if self.query else f"/{self.path}"


@dataclass(frozen=True)
class Answer:
    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Service:
    """Answers what was asked of the API below its root, with the sandbox's lock held by the caller."""

    def __init__(self, sandbox: BusinessCentralSandbox) -> None:
        self._sandbox = sandbox
        self._company, self._faults, self._journal = sandbox.company, sandbox.faults, sandbox.journal
        self._reader = Reader(sandbox.company)
        self._remembered: dict[tuple[str, ...], Answer] = {}
        self._remembered_at = 0

    def answer(self, asked: Asked) -> Answer:
        """Errors: ApiError."""
        if asked.headers.get("data-access-intent", "").lower() == "readonly" and asked.method != "GET":
            raise bad("Data-Access-Intent ReadOnly is possible on GET requests only.")
        try:
            segments = read_path(asked.path)
        except PathUnreadable as unreadable:
            raise ApiError(404, "BadRequest_ResourceNotFound", str(unreadable)) from None
        first, rest = segments[0], segments[1:]
        if first.name == "$metadata" and asked.method == "GET":
            return Answer(200, metadata(), {"Content-Type": "application/xml"})
        options = options_of(asked.query)
        if first.name == "subscriptions" and not rest:
            return self._subscriptions(asked, first)
        if first.name == "companies":
            if first.key is None:
                if rest or asked.method != "GET":
                    raise not_allowed(asked.method, "companies")
                rows = [_company_values(each) for each in (self._company, *self._sandbox.neighbours)]
                return _page_answer(asked, "companies", rows, "", None)
            self._check_company(first.key[0].value)
            if not rest:
                return _one(asked, "companies", _company_values(self._company))
            return self._in_company(asked, rest, options)
        named = options.others.get("company") or asked.headers.get("company", "")
        if first.name in SETS and not named:
            raise bad("You must choose a company, as in companies(id)/ or ?company=id.", "BadRequest_RequiredParamNotProvided")
        if named:
            self._check_company(named)
        return self._in_company(asked, segments, options)

    def webhook_resources(self, asked: Asked) -> Answer:
        """The sets that can be subscribed to, as the runtime API lists them."""
        rows: list[Values] = [{"resource": f"v2.0/companies({self._company.id})/{name}"} for name in WEBHOOK_SETS]
        return _page_answer(asked, "webhookSupportedResources", rows, "", None)

    def _in_company(self, asked: Asked, segments: tuple[Segment, ...], options: Options) -> Answer:
        first = segments[0]
        if first.name not in SETS:
            raise no_segment(first.name)
        if first.name == DIMENSION_LINES:
            raise refused("You must get to the parent first to get to the dimension set line.")
        readable(self._company, first.name)
        if first.key is None:
            if len(segments) > 1:
                raise no_segment(segments[1].name)
            return self._on_set(asked, first.name, options, None)
        record = self._company.get(first.name, first.key[0].value)
        if len(segments) == 1:
            return self._on_record(asked, record, options)
        second = segments[1]
        if action := _ACTION.fullmatch(second.name):
            return self._act(asked, record, action[1])
        if LINE_SETS.get(record.set_name) == second.name:
            if second.key is None:
                return self._on_set(asked, second.name, options, record)
            line = self._company.get(second.name, second.key[0].value)
            if line.values["documentId"] != record.id:
                raise not_found("The line")
            return self._on_record(asked, line, options)
        if second.name == DIMENSION_LINES and second.key is None and asked.method == "GET":
            return _page_answer(asked, second.name, self._reader.dimension_lines(record), "", None)
        if second.name in NAVIGATION and asked.method == "GET":
            linked = self._reader.linked(record, second.name)
            if linked is None:
                return Answer(204)
            return _one(asked, linked.set_name, self._reader.shown(linked, options))
        raise no_segment(second.name)

    def _on_set(self, asked: Asked, set_name: str, options: Options, header: Record | None) -> Answer:
        if asked.method == "POST":
            return self._create(asked, set_name, header, options)
        if asked.method != "GET":
            raise not_allowed(asked.method, set_name)
        if not self._sandbox.remembers_pages:
            return self._page(asked, set_name, options, header)
        if self._remembered_at != self._company.version:
            self._remembered.clear()
            self._remembered_at = self._company.version
        as_asked = (asked.root, asked.path, asked.query, asked.headers.get("prefer", ""))
        if (answer := self._remembered.get(as_asked)) is None:
            answer = self._remembered[as_asked] = self._page(asked, set_name, options, header)
        return answer

    def _page(self, asked: Asked, set_name: str, options: Options, header: Record | None) -> Answer:
        entities = self._company.sets[set_name]
        pool = None
        if header is not None:
            pool = self._company.lines_of(header)
        elif guards_lines(set_name) and (document_id := document_id_of(options)):
            pool = entities.all_with("documentId", document_id)
        size = page_size(asked.headers, self._sandbox.page_size)
        page: Page = self._reader.page(entities, options, size, pool)
        rows = [self._reader.shown(record, options) for record in page.records]
        answer = _page_answer(asked, set_name, rows, page.next, page.total)
        if page.records and page.next:
            self._sandbox.disturb(page.records, asked.whole)
        return answer

    def _on_record(self, asked: Asked, record: Record, options: Options) -> Answer:
        match asked.method:
            case "GET":
                if record.set_name in KINDS and self._faults.take("rewritten_on_read", asked.whole) and not record.posted:
                    self._company.touch(record)
                return _one(asked, record.set_name, self._reader.shown(record, options))
            case "PATCH":
                body = read_object(asked.body)
                self._check_etag(asked, record)
                self._change(record, body)
                self._journal.changed(record, "patch", body)
                return _one(asked, record.set_name, self._reader.shown(record, options))
            case "DELETE":
                self._check_etag(asked, record)
                self._remove(record)
                self._journal.changed(record, "delete", {})
                return Answer(204)
        raise not_allowed(asked.method, record.set_name)

    def _create(self, asked: Asked, set_name: str, header: Record | None, options: Options) -> Answer:
        body = read_object(asked.body)
        self._strike(asked, set_name)
        if set_name in KINDS:
            record = documents.create_document(self._company, KINDS[set_name], body, over_api=True)
        elif set_name in HEADER_SETS and HEADER_SETS[set_name] in KINDS:
            if header is None:
                header = self._company.get(HEADER_SETS[set_name], str(body.get("documentId") or ""))
            record = documents.add_line(self._company, header, body, over_api=True)
        elif set_name in MASTERS:
            record = self._create_master(set_name, body)
        else:
            raise not_allowed("POST", set_name)
        self._journal.created(record, body)
        return _one(asked, set_name, self._reader.shown(record, options), 201)

    def _create_master(self, set_name: str, body: Values) -> Record:
        values = writable(body, self._company.sets[set_name].type)
        if not values.get("displayName"):
            raise bad('The property "displayName" must be provided.', "BadRequest_RequiredParamNotProvided")
        number = values.get("number") or self._company.take_number(MASTERS[set_name])
        if self._company.sets[set_name].find("number", number):
            raise ApiError(400, "Internal_EntityWithSameKeyExists", f"The record already exists: No.='{number}'.")
        if set_name == "items":
            self._company.item_units[number] = {values.get("baseUnitOfMeasureCode") or "PCS": Decimal(1)}
        blank = {} if set_name == "items" else {"blocked": BLANK}
        return self._company.add(set_name, blank | values | {"number": number}, over_api=True)

    def _change(self, record: Record, body: Values) -> None:
        if record.set_name in KINDS:
            documents.change_document(self._company, record, body)
        elif record.set_name in HEADER_SETS and HEADER_SETS[record.set_name] in KINDS:
            documents.patch_line(self._company, record, body)
        elif record.set_name in MASTERS:
            self._company.write(record, writable(body, self._company.sets[record.set_name].type))
        else:
            raise not_allowed("PATCH", record.set_name)

    def _remove(self, record: Record) -> None:
        if record.set_name in KINDS:
            documents.remove_document(self._company, record)
        elif record.set_name in HEADER_SETS and HEADER_SETS[record.set_name] in KINDS:
            documents.remove_line(self._company, record)
        else:
            raise not_allowed("DELETE", record.set_name)

    def _act(self, asked: Asked, record: Record, action: str) -> Answer:
        if asked.method != "POST":
            raise not_allowed(asked.method, f"Microsoft.NAV.{action}")
        if self._faults.take("posting_refused", asked.whole):
            raise refused("Gen. Bus. Posting Group must have a value. It cannot be zero or empty.")
        posting.act(self._company, record, action)
        self._journal.changed(record, action, {})
        return Answer(204)

    def _subscriptions(self, asked: Asked, segment: Segment) -> Answer:
        subscriptions = self._sandbox.subscriptions
        if segment.key is None:
            if asked.method == "GET":
                return _page_answer(asked, "subscriptions", [each.as_values() for each in subscriptions.live()], "", None)
            if asked.method == "POST":
                return _one(asked, "subscriptions", subscriptions.create(read_object(asked.body)).as_values(), 201)
            raise not_allowed(asked.method, "subscriptions")
        found = subscriptions.get(segment.key[0].value)
        if asked.method in ("PATCH", "DELETE"):
            _check_match(asked, found.etag)
        match asked.method:
            case "GET":
                return _one(asked, "subscriptions", found.as_values())
            case "PATCH":
                subscriptions.renew(found, read_object(asked.body))
                return _one(asked, "subscriptions", found.as_values())
            case "DELETE":
                subscriptions.end(found, "deleted")
                return Answer(204)
        raise not_allowed(asked.method, "subscriptions")

    def _check_company(self, named: str) -> None:
        if named.lower() not in (self._company.id, self._company.name.lower()):
            raise ApiError(404, "Internal_CompanyNotFound", f"The company with id '{named}' cannot be found.")

    def _strike(self, asked: Asked, set_name: str) -> None:
        if self._faults.take("record_locked", asked.whole, asked.method):
            raise locked(set_name)

    def _check_etag(self, asked: Asked, record: Record) -> None:
        self._strike(asked, record.set_name)
        if self._faults.take("stale_etag", asked.whole, asked.method):
            self._company.touch(record)
        _check_match(asked, record.etag)


def _company_values(company: Company) -> Values:
    user = "00000000-0000-0000-0000-000000000001"
    return {
        "id": company.id,
        "systemVersion": "25.0.23364.0",
        "timestamp": 20111,
        "name": company.name,
        "displayName": company.name,
        "businessProfileId": "",
        "systemCreatedAt": "2024-01-02T08:00:00Z",
        "systemCreatedBy": user,
        "systemModifiedAt": "2024-01-02T08:00:00Z",
        "systemModifiedBy": user,
    }


def _check_match(asked: Asked, etag: str) -> None:
    """If-Match must be there, and fit. Errors: 412, 409."""
    wanted = asked.headers.get("if-match")
    if wanted is None:
        raise ApiError(412, "BadRequest_RequiredParamNotProvided", "The If-Match header must be specified for this request.")
    if wanted not in ("*", etag):
        raise ApiError(409, "Request_EntityChanged", "Another user has already changed the record.")


def _one(asked: Asked, set_name: str, values: Values, status: int = 200) -> Answer:
    context: dict[str, Any] = {"@odata.context": f"{asked.root}/$metadata#{set_name}/$entity"}
    headers = {"ETag": values["@odata.etag"]} if "@odata.etag" in values else {}
    return Answer(status, dumps(context | values), headers)


def _page_answer(asked: Asked, set_name: str, rows: list[Values], following: str, total: int | None) -> Answer:
    body: dict[str, Any] = {"@odata.context": f"{asked.root}/$metadata#{set_name}"}
    if total is not None:
        body["@odata.count"] = total
    body["value"] = rows
    if following:
        body["@odata.nextLink"] = f"{asked.root}/{asked.path}?{following}"
    return Answer(200, dumps(body))
