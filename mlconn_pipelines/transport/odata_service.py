"""Requests to one OData service: signed, paged by its own links, reads tried again within bounds, writes never."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import httpx

from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.odata import Dialect, Page, page_of
from mlconn_pipelines.transport.paging import LinkPager, pages
from mlconn_pipelines.transport.retry import RetryPolicy

T = TypeVar("T")
Check = Callable[[Page], None]
"""Raises Retryable for a page that cannot be right, or answers another question."""


def any_page(page: Page) -> None:
    return None


class ODataService(ABC):
    """What the clients of OData systems share; each says how its refusals are judged. Safe to use from several threads.

    paged: headers of a request for a page. retry: of reads.
    """

    reserves: ClassVar[bool] = True
    """A turn is reserved before an act, since the service has a budget of requests."""
    reads_in_acts: ClassVar[bool] = False
    """An act begins with a read, which is what the turn was reserved for."""

    def __init__(
        self,
        http: Http,
        auth: SessionAuth,
        paged: Mapping[str, str],
        retry: RetryPolicy | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self.http, self.auth, self.dialect = http, auth, dialect or Dialect()
        self._paged, self._retry = paged, retry or RetryPolicy()

    @abstractmethod
    def budget(self, path: str) -> str:
        """What the limiter counts a request of this path by."""

    @abstractmethod
    def judged(self, response: httpx.Response, write: bool) -> httpx.Response:
        """The answer itself when it is a success, else the error that fits."""

    def read_judge(self) -> Callable[[httpx.Response], httpx.Response]:
        """What judges the answers of one read and its repetitions."""
        return lambda response: self.judged(response, write=False)

    @property
    def system(self) -> str:
        return self.http.system

    @property
    def calls(self) -> int:
        return self.http.calls

    def sign_in(self) -> None:
        """Make sure that there is a session."""
        self._retry.read(self.auth.sign_in)

    def reserve(self, path: str) -> None:
        """A fresh session and a turn for this thread's next write, so that it need not wait. Errors: TryLater."""
        self.sign_in()
        self.http.throttle.reserve(self.budget(path))

    def read(
        self,
        path: str,
        headers: Mapping[str, str],
        taken: Callable[[httpx.Response], T],
        retry: RetryPolicy | None = None,
    ) -> T:
        """taken: what is made of the answer; where nothing can be, it is asked for again."""
        judge = self.read_judge()

        def once() -> T:
            response = self.http.send(
                "GET",
                path,
                write=False,
                template=self.budget(path),
                headers=headers,
                auth=self.auth,
                reserved=self.reads_in_acts,
            )
            return taken(judge(response))

        return (retry or self._retry).read(once)

    def page_at(self, path: str, check: Check = any_page, retry: RetryPolicy | None = None) -> Page:
        """The page at a path or link, read again until the check is content."""

        def taken(response: httpx.Response) -> Page:
            page = page_of(response)
            check(page)
            return page

        return self.read(path, self._paged, taken, retry)

    def pages_at(
        self,
        path: str,
        entity: str,
        fits: Check = any_page,
        first: Page | None = None,
        retry: RetryPolicy | None = None,
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """All pages from a path on, by the service's own links. entity: for people. first: the page there, if read already.

        fits: raises Retryable for a page that answers another question.
        """

        def read(link: str, check: Check) -> Page:
            def both(page: Page) -> None:
                fits(page)
                check(page)

            return self.page_at(link, both, retry)

        pager = LinkPager(path, self.joined, self.system, entity)
        return (page.rows for page in pages(read, pager, self.system, entity, first))

    def joined(self, asked: str, link: str) -> str:
        """See `Http.joined`."""
        return self.http.joined(asked, link)

    def write(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> httpx.Response:
        """One request that changes something. Errors: as `judged`; OutcomeUnknown, Retryable."""
        response = self.http.send(
            method,
            path,
            write=True,
            template=self.budget(path),
            headers=headers,
            content=content,
            auth=self.auth,
            reserved=self.reserves,
        )
        return self.judged(response, write=True)

    def close(self) -> None:
        self.http.close()
