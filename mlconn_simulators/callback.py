"""How a simulated system calls back: a request to an address that a client named, on this machine only."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class CallbackAnswer:
    """status: 0 where nobody answered, with the reason as the text."""

    status: int
    text: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float = 5.0) -> CallbackAnswer:
    """`request` with POST."""
    return request("POST", url, body, headers, timeout_s)


def request(method: str, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float = 5.0) -> CallbackAnswer:
    """Ask and read the answer. Never raises for what the network or the receiver does.

    Errors: ValueError for an address that is not on this machine; a simulated system calls nobody else.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        raise ValueError(f"{url!r} is not an http address on this machine")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout_s)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        return CallbackAnswer(answer.status, answer.read(65_536).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException) as lost:
        return CallbackAnswer(0, f"{type(lost).__name__}: {lost}")
    finally:
        connection.close()
