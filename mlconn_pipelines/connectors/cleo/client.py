"""Requests to Cleo: signed, repeated once after a refused token, links first and configured paths where there are none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from mlconn_pipelines.connectors.answers import asked, json_object, parsed
from mlconn_pipelines.connectors.cleo.resources import Entry, Resource, entry_of, resources_of, total_of
from mlconn_pipelines.connectors.http import Http, query
from mlconn_pipelines.connectors.retry import RetryPolicy
from mlconn_pipelines.connectors.session import SharedSession
from mlconn_pipelines.errors import ConnectorError, NotFound, Retryable, TryLater

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
            body = self.read_json(f"{path}{joint}{query({'startIndex': start, 'count': self._page_size})[1:]}", template)
            resources = resources_of(body)
            fresh = {entry.id: entry for entry in map(entry_of, resources) if entry.id not in seen}
            seen.update(fresh)
            yield list(fresh.values())
            start += len(resources)
            total = total_of(body)
            if not resources or (total is not None and start >= total) or (total is None and len(resources) < self._page_size):
                return
        raise ConnectorError(
            f"{self.http.system}: {path} has over {PAGES_MAX} pages", hint="Archive old files or raise page_size."
        )

    def read_json(self, path: str, template: str) -> Resource:
        """A resource. Errors: NotFound, Retryable."""
        return self._retry.read(lambda: json_object(self._read(path, template, JSON_TYPE)))

    def read_bytes(self, path: str, template: str) -> bytes:
        """A file's content. Errors: NotFound, Retryable."""
        return self._retry.read(lambda: self._read(path, template, "*/*").content)

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
        try:
            answer = parsed(response) if response.content else None
        except ValueError:
            answer = None
        return answer if isinstance(answer, dict) else None

    def linked(self, link: str | None, documented: str) -> str:
        """The path that a link leads to; where there is none, or one to another host, the documented path."""
        return self.http.joined(documented, link) if link else documented

    def close(self) -> None:
        self.http.close()

    def _read(self, path: str, template: str, accept: str) -> httpx.Response:
        response = self._signed("GET", path, template, {"Accept": accept}, None, write=False)
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
    ) -> httpx.Response:
        """The answer, after one renewal where the token was refused: what is refused so was surely not executed."""
        token = self._session.token()
        for is_last in (False, True):
            signed = {**headers, **self._session.headers(token)}
            response = self.http.send(
                method, path, write=write, template=template, headers=signed, content=content, turn_taken=turn_taken
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
