"""Requests to the org's data resources: signed, at the instance that the session names, with errors that say what follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import httpx

from mlconn_pipelines.errors import Retryable, TryLater
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.salesforce.api.faults import QuotaReached, checked_answer
from mlconn_pipelines.systems.salesforce.api.quota import BUDGET, Quota
from mlconn_pipelines.systems.salesforce.api.sign_in import SYSTEM, Granted, Hosts
from mlconn_pipelines.systems.salesforce.api.soql import query_path
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.http_responses import json_object, misshapen, parsed
from mlconn_pipelines.transport.odata import Page
from mlconn_pipelines.transport.paging import LinkPager, pages
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession

T = TypeVar("T")
Check = Callable[[Page], None]


def any_page(page: Page) -> None:
    return None


class SalesforceApi:
    """Reads are tried again within bounds, writes never. Safe to use from several threads.

    version: `v63.0`. page_size: records asked for per page. quota: what stops us before the org does. now: the time, aware.
    """

    def __init__(
        self,
        hosts: Hosts,
        session: SharedSession,
        auth: SessionAuth,
        version: str,
        page_size: int,
        quota: Quota,
        now: Callable[[], dt.datetime],
        retry: RetryPolicy | None = None,
    ) -> None:
        self._hosts, self._session, self._auth, self._quota = hosts, session, auth, quota
        self._now = now
        self._root = f"/services/data/{version}/"
        self._paged = {"Sforce-Query-Options": f"batchSize={page_size}"}
        self._retry = retry or RetryPolicy()
        self.version = version

    @property
    def system(self) -> str:
        return SYSTEM

    @property
    def calls(self) -> int:
        return self._hosts.calls

    def granted(self) -> Granted:
        """Sign in where needed, and say what the session is for. Errors: CredentialRefused, ConnectionStopped, Retryable."""
        return self._retry.read(lambda: Granted.of(self._session.token().values))

    def reserve(self) -> None:
        """A fresh session and a turn for this thread's next write, so that it need not wait. Errors: TryLater."""
        http = self._hosts.at(self.granted().instance_url)
        try:
            http.throttle.reserve(BUDGET)
        except TryLater as wait:
            raise self._quota.paused(wait, self._now()) from wait

    def read(self, path: str, taken: Callable[[httpx.Response], T], headers: Mapping[str, str] | None = None) -> T:
        """path: below the version, or whole from `/` on. taken: what is made of the answer; else it is asked for again."""
        return self._retry.read(lambda: taken(self._sent("GET", path, headers or {})))

    def object(self, path: str) -> Record:
        """One JSON object. Errors: NotFound."""
        return self.read(path, json_object)

    def listed(self, path: str) -> Sequence[Any]:
        """One JSON list."""

        def taken(response: httpx.Response) -> Sequence[Any]:
            try:
                body = parsed(response)
            except (ValueError, RecursionError):
                body = None
            if not isinstance(body, list):
                raise misshapen(response, "a list")
            return body

        return self.read(path, taken)

    def pages(
        self, soql: str, entity: str, *, deleted: bool = False, fits: Check = any_page, complete: bool = False
    ) -> Iterator[Sequence[Record]]:
        """All pages of a query. deleted: what lies in the recycle bin too. fits: raises Retryable for a page that answers another question.

        complete: there must be as many records as the query is said to have; Retryable else, at the end.
        Errors: DeadLocator, QueryTooLarge, ConnectorError with the field that is not there.
        """
        whole: list[int] = []

        def taken(check: Check, response: httpx.Response) -> Page:
            total, page = page_of(response)
            if whole and total != whole[0]:
                raise Retryable(f"{SYSTEM}: a page of {entity} is one of another query, of {total} records and not {whole[0]}")
            if any(row.get("attributes", {}).get("type") != entity for row in page.rows[:1]):
                raise Retryable(f"{SYSTEM}: asked for {entity}, it answered with other records")
            fits(page)
            check(page)
            whole[:] = [total]
            return page

        def read(path: str, check: Check) -> Page:
            return self.read(path, lambda response: taken(check, response), self._paged)

        pager = LinkPager(query_path(soql, deleted), self._joined, SYSTEM, entity)
        came = 0
        for page in pages(read, pager, SYSTEM, entity):
            came += len(page.rows)
            yield page.rows
        if complete and whole and came != whole[0]:
            raise Retryable(f"{SYSTEM}: a query of {entity} has {whole[0]} records, and {came} of them came")

    def write(self, method: str, path: str, content: bytes) -> httpx.Response:
        """One request that changes something. Errors: as `checked_answer`; OutcomeUnknown, Retryable."""
        return self._sent(method, path, {"Content-Type": "application/json"}, content, write=True)

    def close(self) -> None:
        self._hosts.close()

    def _sent(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None = None, write: bool = False
    ) -> httpx.Response:
        http = self._hosts.at(Granted.of(self._session.token().values).instance_url)
        at = path if path.startswith("/") else self._root + path
        try:
            response = http.send(
                method, at, write=write, template=BUDGET, headers=headers, content=content, auth=self._auth, reserved=write
            )
        except TryLater as wait:
            raise self._quota.paused(wait, self._now()) from wait
        if self._quota.note(response, http.throttle) and not write:
            raise self._quota.reached(self._now())
        try:
            return checked_answer(http, response, write)
        except QuotaReached as used_up:
            raise self._quota.reached(self._now()) from used_up

    def _joined(self, asked: str, link: str) -> str:
        http = self._hosts.at(Granted.of(self._session.token().values).instance_url)
        return http.joined(asked if asked.startswith("/") else self._root + asked, link)


def page_of(response: httpx.Response) -> tuple[int, Page]:
    """How many records the whole query has, and those of this answer. Errors: Retryable when it is no page of a query."""
    body = json_object(response)
    rows, total, done, link = (body.get(name) for name in ("records", "totalSize", "done", "nextRecordsUrl"))
    told = isinstance(rows, list) and isinstance(total, int) and isinstance(done, bool)
    if (
        not told
        or not isinstance(rows, list)
        or not isinstance(total, int)
        or (not done and not (isinstance(link, str) and link))
    ):
        raise misshapen(response, "records of a query (`totalSize`, `done`, `records`)")
    if not all(isinstance(row, Mapping) and isinstance(row.get("attributes", {}), Mapping) for row in rows):
        raise misshapen(response, "records of a query")
    return total, Page(rows, None if done else str(link))
