"""Requests to Cleo: signed, repeated once after a refused token, links first and configured paths where there are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from mlconn_pipelines.errors import ConnectorError, NotFound, Retryable, TryLater
from mlconn_pipelines.systems.cleo.api.resources import Entry, Page, Resource, entry_of, file_of, holds_the_file, page_of
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.http import Http, query
from mlconn_pipelines.transport.http_responses import json_object, misshapen, request_line
from mlconn_pipelines.transport.paging import pages
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession

JSON_TYPE = "application/json"
"""Sent with every request that may have a body: an empty one without it draws 415 from Cleo's proxy."""


class CleoClient:
    """Reads are tried again within bounds, writes never. Safe to use from several threads. page_size: asked for per page."""

    def __init__(self, http: Http, session: SharedSession, page_size: int, retry: RetryPolicy | None = None) -> None:
        self.http, self._page_size = http, page_size
        self._auth = SessionAuth(session, self._refused_again)
        self._retry = retry or RetryPolicy()

    def sign_in(self) -> None:
        """Make sure that there is a token."""
        self._retry.read(self._auth.sign_in)

    def collection(self, path: str, template: str) -> Iterator[list[Entry]]:
        """Pages of a collection, each entry once: offsets move when others take files away meanwhile.

        path: relative to `url`, or server-absolute from a link. template: what the limiter counts by.
        """
        seen = set[str]()

        def read(at: str, check: Callable[[Page], None]) -> Page:
            return self._retry.read(lambda: page_of(self._read(at, template, JSON_TYPE)))

        for page in pages(read, OffsetPager(path, self._page_size), self.http.system, path):
            fresh = {entry.id: entry for entry in map(entry_of, page.rows) if entry.id not in seen}
            seen.update(fresh)
            yield list(fresh.values())

    def read_bytes(self, path: str, template: str, size: int | None = None, size_max: int | None = None) -> bytes:
        """A file's content. size: as it was listed. size_max: so many bytes are read at most.

        Errors: NotFound, TooLarge; Retryable, also for what is not that file.
        """

        def once() -> bytes:
            response = self._read(path, template, "*/*", size_max)
            if not holds_the_file(response, size):
                raise misshapen(response, f"the file{'' if size is None else f' of {size} bytes'}")
            return response.content

        return self._retry.read(once)

    def write(
        self,
        method: str,
        path: str,
        template: str,
        headers: Mapping[str, str],
        content: bytes = b"",
        reserved: bool = False,
    ) -> httpx.Response:
        """One request that changes something, whatever its status; see `http.checked`. Errors: OutcomeUnknown, Retryable."""
        return self._send(method, path, template, headers, content, write=True, reserved=reserved)

    def change(self, method: str, path: str, template: str, body: Mapping[str, Any] | None = None) -> Resource | None:
        """A change that may be repeated (delete, move): tried again like a read. None when the thing is gone, or nothing is said.

        What is answered is nothing, or the thing as it is now; anything else is asked for again.

        Errors: Retryable; TryLater when the server refuses it.
        """
        content = json.dumps(body).encode() if body is not None else b""
        return self._retry.read(lambda: self._change_once(method, path, template, content))

    def _change_once(self, method: str, path: str, template: str, content: bytes) -> Resource | None:
        response = self._send(method, path, template, {"Content-Type": JSON_TYPE}, content, write=False)
        try:
            self.http.checked(response, write=False)
        except NotFound:
            return None
        except Retryable:
            raise
        except ConnectorError as refused:
            raise TryLater(refused.what, hint="Give the account the right to it, or set after_receipt: leave.") from refused
        if not response.content:
            return None
        answer = json_object(response)
        if file_of(response) is None:
            raise misshapen(response, "the file as it is now")
        return answer

    def linked(self, link: str | None, documented: str) -> str:
        """The path that a link leads to; where there is none, or one to another host, the documented path."""
        return self.http.joined(documented, link) if link else documented

    def close(self) -> None:
        self.http.close()

    def _refused_again(self, response: httpx.Response) -> ConnectorError:
        return TryLater(
            f"{self.http.system}: {request_line(response)} was refused right after a sign-in ({self.http.error_text(response)})",
            hint="Look at the rights of the account.",
        )

    def _read(self, path: str, template: str, accept: str, size_max: int | None = None) -> httpx.Response:
        response = self._send("GET", path, template, {"Accept": accept}, None, write=False, size_max=size_max)
        return self.http.checked(response, write=False)

    def _send(
        self,
        method: str,
        path: str,
        template: str,
        headers: Mapping[str, str],
        content: bytes | None,
        write: bool,
        reserved: bool = False,
        size_max: int | None = None,
    ) -> httpx.Response:
        return self.http.send(
            method,
            path,
            write=write,
            template=template,
            headers=headers,
            content=content,
            auth=self._auth,
            reserved=reserved,
            size_max=size_max,
        )


class OffsetPager:
    """By how many were read so far; a page may be the last without saying so."""

    asks_again = False

    def __init__(self, path: str, page_size: int) -> None:
        self._base, self._page_size, self._start = path + ("&" if "?" in path else "?"), page_size, 0
        self.path = self._path()

    def check(self, page: Page) -> None:
        """Others take files away meanwhile, so that any page may follow."""

    def advance(self, page: Page) -> bool:
        count = len(page.rows)
        self._start += count
        self.path = self._path()
        return bool(count) and (self._start < page.total if page.total is not None else count >= self._page_size)

    def _path(self) -> str:
        return self._base + query({"startIndex": self._start, "count": self._page_size})[1:]


def filled(template: str, id: str) -> str:
    """A configured path, relative to `url`, with the id in its place.

    >>> filled("/folders/{id}/children", "a/b")
    'folders/a%2Fb/children'
    """
    return template.replace("{id}", quote(id, safe="")).lstrip("/")
