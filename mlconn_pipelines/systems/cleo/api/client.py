"""Requests to Cleo: signed, repeated once after a refused token, links first and configured paths where there are none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from mlconn_pipelines.errors import ConnectorError, NotFound, Retryable, TryLater
from mlconn_pipelines.systems.cleo.api.resources import Entry, Page, Resource, entry_of, file_of, holds_the_file, page_of
from mlconn_pipelines.transport.http import Http, query
from mlconn_pipelines.transport.http_responses import asked, json_object, misshapen
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.session import SharedSession

PAGES_MAX = 10_000

JSON_TYPE = "application/json"
"""Sent with every request that may have a body: an empty one without it draws 415 from Cleo's proxy."""


class CleoClient:
    """Reads are tried again within bounds, writes never. Safe to use from several threads. page_size: asked for per page."""

    def __init__(self, http: Http, session: SharedSession, page_size: int, retry: RetryPolicy | None = None) -> None:
        self.http, self._session, self._page_size = http, session, page_size
        self._retry = retry or RetryPolicy()

    def sign_in(self) -> None:
        """Make sure that there is a token."""
        self._retry.read(self._session.token)

    def collection(self, path: str, template: str) -> Iterator[list[Entry]]:
        """Pages of a collection, each entry once: offsets move when others take files away meanwhile.

        path: relative to `url`, or server-absolute from a link. template: what the limiter counts by.
        """
        start, seen = 0, set[str]()
        joint = "&" if "?" in path else "?"
        for _ in range(PAGES_MAX):
            page = self._page(f"{path}{joint}{query({'startIndex': start, 'count': self._page_size})[1:]}", template)
            fresh = {entry.id: entry for entry in map(entry_of, page.resources) if entry.id not in seen}
            seen.update(fresh)
            yield list(fresh.values())
            count, total = len(page.resources), page.total
            start += count
            if not count or (total is not None and start >= total) or (total is None and count < self._page_size):
                return
        raise ConnectorError(
            f"{self.http.system}: {path} has over {PAGES_MAX} pages", hint="Archive old files or raise page_size."
        )

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
        turn_taken: bool = False,
    ) -> httpx.Response:
        """One request that changes something, whatever its status; see `http.checked`. Errors: OutcomeUnknown, Retryable."""
        return self._signed(method, path, template, headers, content, write=True, turn_taken=turn_taken)

    def change(self, method: str, path: str, template: str, body: Mapping[str, Any] | None = None) -> Resource | None:
        """A change that may be repeated (delete, move): tried again like a read. None when the thing is gone, or nothing is said.

        What is answered is nothing, or the thing as it is now; anything else is asked for again.

        Errors: Retryable; TryLater when the server refuses it.
        """
        content = json.dumps(body).encode() if body is not None else b""
        return self._retry.read(lambda: self._change_once(method, path, template, content))

    def _change_once(self, method: str, path: str, template: str, content: bytes) -> Resource | None:
        response = self._signed(method, path, template, {"Content-Type": JSON_TYPE}, content, write=False)
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

    def _page(self, path: str, template: str) -> Page:
        return self._retry.read(lambda: page_of(self._read(path, template, JSON_TYPE)))

    def _read(self, path: str, template: str, accept: str, size_max: int | None = None) -> httpx.Response:
        response = self._signed("GET", path, template, {"Accept": accept}, None, write=False, size_max=size_max)
        return self.http.checked(response, write=False)

    def _signed(
        self,
        method: str,
        path: str,
        template: str,
        headers: Mapping[str, str],
        content: bytes | None,
        write: bool,
        turn_taken: bool = False,
        size_max: int | None = None,
    ) -> httpx.Response:
        """The answer, after one renewal where the token was refused: what is refused so was surely not executed."""
        token = self._session.token()
        for is_last in (False, True):
            signed = {**headers, **self._session.headers(token)}
            response = self.http.send(
                method,
                path,
                write=write,
                template=template,
                headers=signed,
                content=content,
                turn_taken=turn_taken,
                size_max=size_max,
            )
            if response.status_code != 401:
                return response
            if not is_last:
                token, turn_taken = self._session.renew(token.generation), False
        raise TryLater(
            f"{self.http.system}: {asked(response)} was refused right after a sign-in ({self.http.words(response)})",
            hint="Look at the rights of the account.",
        )


def filled(template: str, id: str) -> str:
    """A configured path, relative to `url`, with the id in its place.

    >>> filled("/folders/{id}/children", "a/b")
    'folders/a%2Fb/children'
    """
    return template.replace("{id}", quote(id, safe="")).lstrip("/")
