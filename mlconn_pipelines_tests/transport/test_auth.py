"""One way in which every system's requests are signed: renewed once where the session is refused, then a person's matter."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from mlconn_pipelines.errors import TryLater
from mlconn_pipelines.ports.connections import Token
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.session import SharedSession
from mlconn_pipelines_tests.transport.in_memory import MemorySessions


class Counting:
    """A sign-in that numbers its sessions."""

    signed_in = 0

    def sign_in(self, previous: Token | None) -> Mapping[str, str]:
        self.signed_in += 1
        return {"number": str(self.signed_in)}

    def headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        return {"X-Session": values["number"]}

    def is_old(self, token: Token) -> bool:
        return False


def asked(refused: set[str]) -> tuple[httpx.Response, list[str], Counting]:
    """One request to a server that refuses these sessions; what it was shown."""
    way, shown = Counting(), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        shown.append(request.headers["X-Session"])
        return httpx.Response(401 if shown[-1] in refused else 200)

    auth = SessionAuth(SharedSession(MemorySessions(), way), lambda response: TryLater(f"still {response.status_code}"))
    with httpx.Client(transport=httpx.MockTransport(answer), auth=auth) as client:
        return client.post("https://erp.example.com/Orders", content=b"one"), shown, way


def test_a_request_bears_the_session() -> None:
    response, shown, way = asked(refused=set())
    assert (response.status_code, shown, way.signed_in) == (200, ["1"], 1)


def test_a_refused_session_is_renewed_once() -> None:
    response, shown, way = asked(refused={"1"})
    assert (response.status_code, shown, way.signed_in) == (200, ["1", "2"], 2)
    assert response.request.content == b"one"


def test_a_second_refusal_is_a_persons_matter() -> None:
    with pytest.raises(TryLater, match="still 401"):
        asked(refused={"1", "2"})
