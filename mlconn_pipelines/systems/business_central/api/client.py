"""Requests to API v2.0 below one company: signed, paged by the service's own links, with errors that say what follows."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mlconn_pipelines.errors import Retryable, TryLater
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.records.decimal_json import dumps
from mlconn_pipelines.systems.business_central.api.faults import checked_answer
from mlconn_pipelines.systems.business_central.records.scales import SCALES
from mlconn_pipelines.systems.business_central.records.stamps import instant_text
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.http import Http, query
from mlconn_pipelines.transport.http_responses import misshapen
from mlconn_pipelines.transport.odata import Page, any_of, created_of, page_of, record_of
from mlconn_pipelines.transport.odata_service import Check, ODataService, any_page
from mlconn_pipelines.transport.retry import RetryPolicy

ENGLISH = {"Accept-Language": "en-US"}
"""Another language would also change how numbers and dates in messages are written."""

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The answer that holds the first page of a set. entity: its name for people. path: where it was asked for."""

    entity: str
    path: str
    response: httpx.Response


class BusinessCentralApi(ODataService):
    """Reads are tried again within bounds, writes never; safe to use from several threads.

    company: its name, display name or id.
    """

    def __init__(self, http: Http, auth: SessionAuth, company: str, page_size: int, retry: RetryPolicy | None = None) -> None:
        super().__init__(http, auth, {"Prefer": f"odata.maxpagesize={page_size}"}, retry)
        self._company = company
        self._company_id = company.lower() if GUID.fullmatch(company) else ""
        self._lock = threading.Lock()

    def budget(self, path: str) -> str:
        """One for everything: the service counts per user, whatever the path."""
        return "/"

    def judged(self, response: httpx.Response, write: bool) -> httpx.Response:
        return checked_answer(self.http, response, write)

    def sign_in(self) -> None:
        """Make sure that there is a token and that the company is known."""
        super().sign_in()
        self.company_id()

    def company_id(self) -> str:
        """The company's id, asked for once. Errors: TryLater naming the companies that there are."""
        with self._lock:
            if not self._company_id:
                self._company_id = self._looked_up()
            return self._company_id

    def path(self, entity: str, key: str = "", below: str = "") -> str:
        """`companies(ID)/entity(key)/below`."""
        keyed = f"{entity}({key})" if key else entity
        return f"companies({self.company_id()})/{keyed}" + (f"/{below}" if below else "")

    def record(self, path: str, parameters: Mapping[str, Any] | None = None) -> Record:
        """One record, known by its id. Errors: NotFound."""
        return self.read(path + query(parameters or {}), {}, lambda response: record_of(response, "id"))

    def first(self, entity: str, parameters: Mapping[str, Any]) -> Sequence[Record]:
        """At most one record of a set, for looking whether it can be read at all."""
        return self.page_at(self.path(entity) + query({**parameters, "$top": 1})).rows

    def pages(self, entity: str, parameters: Mapping[str, Any], fits: Check = any_page) -> Iterator[Sequence[Record]]:
        """All pages of a set of the company. fits: raises Retryable for a page that answers another question.

        By the service's links, their query sent back as it came: they name the last row read, so rows that come or go move no others.
        """
        path = self.path(entity) + query({name: value for name, value in parameters.items() if value})
        return self.pages_at(path, entity, fits)

    def first_page(self, entity: str, parameters: Mapping[str, Any]) -> FirstPage:
        """The first page of a set of the company, not read yet: `pages_from` does that.

        For threads that fetch side by side: reading JSON at the same time, they would only wait for each other.
        """
        path = self.path(entity) + query(parameters)
        return FirstPage(entity, path, self.read(path, self._paged, lambda response: response))

    def pages_from(self, first: FirstPage) -> Iterator[Sequence[Record]]:
        """That page and those that follow. One that is no page is asked for again, as `pages` does."""
        try:
            page = page_of(first.response)
        except Retryable:
            return self.pages_at(first.path, first.entity)
        return self.pages_at(first.path, first.entity, first=page)

    def create(self, entity: str, payload: Record) -> httpx.Response:
        """One POST. Errors: as `checked_answer`."""
        return self.create_at(self.path(entity), payload)

    def create_at(self, path: str, payload: Record) -> httpx.Response:
        """One POST to a set that may lie outside of the company."""
        return self._send("POST", path, payload, {})

    def patch(self, path: str, etag: str, changes: Record, key: str = "id", sent: Mapping[str, Any] | None = None) -> Record:
        """Change fields of the record that still has this etag, and return it. key, sent: as of `created_of`.

        Errors: Retryable when it has another etag by now; OutcomeUnknown when the answer is not the record.
        """
        return created_of(self._send("PATCH", path, changes, {"If-Match": etag}), key, sent=sent)

    def delete(self, path: str, etag: str) -> None:
        """Delete the record that still has this etag. Errors: OutcomeUnknown when it is answered with a body."""
        response = self.write("DELETE", path, None, {"If-Match": etag})
        if response.content:
            raise misshapen(response, "an answer without a body", write=True)

    def _looked_up(self) -> str:
        there: list[Record] = []

        def some(page: Page) -> None:
            if not page.rows and not there:  # every environment has one
                raise Retryable(
                    f"{self.system}: asked for the companies of this environment, it answered with none",
                    hint="If it stays so, the application may see none: look at its permission sets in Business Central.",
                )

        for rows in self.pages_at("companies", "companies", some):
            there += rows
        wanted = self._company.casefold()
        for name in ("name", "displayName"):
            found = [row for row in there if str(row.get(name) or "").casefold() == wanted]
            if len(found) == 1:
                return str(found[0]["id"]).lower()
        names = ", ".join(repr(str(row.get("name") or "")) for row in there) or "none"
        raise TryLater(
            f"{self.system} has no single company {self._company!r} in this environment",
            hint=f"There are: {names}. Correct `company` in the configuration, or write the company's id.",
        )

    def _send(self, method: str, path: str, body: Record, headers: Mapping[str, str]) -> httpx.Response:
        return self.write(method, path, dumps(body, SCALES).encode(), {**headers, "Content-Type": "application/json"})


def changed_since(at: dt.datetime) -> str:
    """Changed at or after an aware moment; moments stand bare in filters."""
    return f"lastModifiedDateTime ge {instant_text(at)}"


def has_id(ids: Iterable[str]) -> str:
    """One of these records; ids stand bare in filters. (`in` would need another schema version.)"""
    return any_of(*(f"id eq {one}" for one in ids))
