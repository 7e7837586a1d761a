from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest

from mlconn_pipelines.errors import ConnectionStopped, CredentialRefused, Retryable, TryLater, VaultError
from mlconn_pipelines.transport.auth import SessionAuth
from mlconn_pipelines.transport.entra.refusals import MEANINGS
from mlconn_pipelines.transport.entra.session import EntraApplication, EntraSignIn
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemorySessions
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked, Scripted, scripted_server

SECRET = "Planted~Client.Secret-1"
SCOPE = "https://api.example.com/.default"


def refused(code: int, error: str = "invalid_client", status: int = 401) -> Answer:
    """As Entra words it, the secret repeated by a careless proxy."""
    return Answer(
        status,
        {
            "error": error,
            "error_description": f"AADSTS{code}: It was {SECRET}. Trace ID: 1b Correlation ID: 2c Timestamp: 2026-01-01 00:00:00Z",
            "error_codes": [code],
        },
    )


@dataclass
class Directory:
    """A token endpoint and an API behind it on one server. refuse: the next answers of the token endpoint."""

    server: Scripted
    state: dict[str, Any]
    sessions: MemorySessions = field(default_factory=MemorySessions)
    entry: dict[str, str] = field(default_factory=lambda: {"client_id": "app-1", "client_secret": SECRET})

    def client(self, tenant: str = "contoso.example") -> tuple[Http, SessionAuth]:
        http = Http("Dynamics", self.server.url + "/api", timeout_s=5.0)
        application = EntraApplication(tenant, SCOPE, "dynamics", self.server.url)
        way = EntraSignIn(application, MemoryCredentials(dynamics=self.entry), http, timeout_s=5.0)
        return http, way.auth(self.sessions, "Look at the application's permissions.")

    def get(self, client: tuple[Http, SessionAuth] | None = None) -> int:
        http, auth = client or self.client()
        return http.send("GET", "things", write=False, template="/things", auth=auth).status_code

    @property
    def sign_ins(self) -> list[Asked]:
        return [asked for asked in self.server.asked if asked.path.endswith("/token")]


@contextmanager
def directory(token: Callable[[int], Answer | None] | None = None, expires_in: int = 3599) -> Iterator[Directory]:
    """token: the answer to the sign-in of that number, counted from 1. Tokens before state['valid_from'] are refused."""
    state: dict[str, Any] = {"given": 0, "valid_from": 0}

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/oauth2/v2.0/token"):
            state["given"] += 1
            given = token(state["given"]) if token else None
            return given or Answer(
                body={"token_type": "Bearer", "expires_in": expires_in, "access_token": f"token-{state['given']}"}
            )
        number = int(asked.headers.get("authorization", "Bearer token-0").rpartition("-")[2])
        return Answer(body={"value": []}) if number >= max(state["valid_from"], 1) else Answer(401, {"error": {"code": "x"}})

    with scripted_server(answer) as server:
        yield Directory(server, state)


def test_the_application_signs_in_once_for_every_run() -> None:
    with directory() as entra:
        assert [entra.get() for _ in range(3)] == [200, 200, 200]
        (asked,) = entra.sign_ins
        assert (asked.method, asked.path) == ("POST", "/contoso.example/oauth2/v2.0/token")
        assert parse_qs(asked.body.decode()) == {
            "grant_type": ["client_credentials"],
            "client_id": ["app-1"],
            "client_secret": [SECRET],
            "scope": [SCOPE],
        }


def test_a_token_is_renewed_a_minute_before_it_runs_out() -> None:
    with directory() as entra:
        entra.get()
        entra.sessions.passed_s = 3530
        entra.get()
        assert len(entra.sign_ins) == 1
        entra.sessions.passed_s = 3541
        entra.get()
        assert len(entra.sign_ins) == 2


def test_a_refused_token_is_renewed_once_and_the_request_repeated() -> None:
    with directory() as entra:
        client = entra.client()
        assert entra.get(client) == 200
        entra.state["valid_from"] = 2
        assert entra.get(client) == 200
        assert [path for path in entra.server.paths() if path == "GET /api/things"] == ["GET /api/things"] * 3
        assert len(entra.sign_ins) == 2


def test_a_system_that_refuses_fresh_tokens_is_a_persons_matter() -> None:
    with directory() as entra:
        entra.state["valid_from"] = 99
        with pytest.raises(CredentialRefused, match=r"answered 401 to a token that Entra gave just now.*permissions"):
            entra.get()
        assert len(entra.sign_ins) == 2


def test_many_threads_renew_once() -> None:
    with directory() as entra:
        client = entra.client()
        entra.get(client)
        entra.state["valid_from"] = 2
        threads = [threading.Thread(target=entra.get, args=(client,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(entra.sign_ins) == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (7000215, "client secret is wrong"),
        (7000222, "client secret has expired.*mlconn credentials set dynamics"),
        (90002, "no such tenant"),
        (700016, "knows no such application"),
        (65001, "nobody has consented"),
        (500011, "does not hold the system"),
    ],
)
def test_a_refusal_says_in_plain_words_what_to_do(code: int, words: str) -> None:
    with directory(lambda _: refused(code)) as entra:
        with pytest.raises(CredentialRefused, match=f"{words}") as raised:
            entra.get()
        assert f"AADSTS{code}" in str(raised.value)
        assert SECRET not in str(raised.value) + repr(raised.value)
        assert "Trace ID" not in str(raised.value)


def test_a_code_that_we_do_not_know_is_told_in_its_own_words_without_the_secret() -> None:
    with directory(lambda _: refused(999999)) as entra:
        with pytest.raises(CredentialRefused, match=r"It was \*\*\*.*AADSTS999999") as raised:
            entra.get()
        assert SECRET not in str(raised.value)


def test_every_known_refusal_has_a_hint_that_can_be_shown() -> None:
    for meaning in MEANINGS.values():
        assert meaning.hint.format(credential="bc").endswith(".")


def test_a_refused_secret_is_tried_twice_and_then_the_connection_stops() -> None:
    with directory(lambda _: refused(7000215)) as entra:
        for _ in range(2):
            with pytest.raises(CredentialRefused):
                entra.get()
        with pytest.raises(ConnectionStopped):
            entra.get()
        assert len(entra.sign_ins) == 2


@pytest.mark.parametrize("busy", [Answer(503), Answer(429), refused(90033, "temporarily_unavailable", 400), refused(50196)])
def test_a_busy_directory_is_no_refusal(busy: Answer) -> None:
    with directory(lambda number: busy if number == 1 else None) as entra:
        with pytest.raises(Retryable):
            entra.get()
        assert entra.get() == 200
        assert entra.sessions.refusals == []


def test_a_page_of_a_proxy_is_no_refusal_and_asked_past_once_it_is_gone() -> None:
    with directory(lambda number: Answer(403, "<html>Blocked by policy</html>") if number == 1 else None) as entra:
        with pytest.raises(Retryable, match="Blocked by policy") as raised:
            entra.get()
        assert not isinstance(raised.value, TryLater), "the run tries once more"
        assert entra.get() == 200
        assert entra.sessions.refusals == []


def test_an_entry_without_secret_says_so() -> None:
    with directory() as entra:
        entra.entry = {"client_id": "app-1"}
        with pytest.raises(VaultError, match="has no client_secret"):
            entra.get()
        assert entra.sign_ins == []


def test_the_secret_and_the_token_stay_out_of_errors_of_the_system() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/token"):
            return Answer(body={"access_token": "token-abcdef", "expires_in": 3599})
        return Answer(401, {"error": {"message": f"bad {asked.headers['authorization']} {SECRET}"}})

    with scripted_server(answer) as server:
        with pytest.raises(CredentialRefused) as raised:
            Directory(server, {}).get()
        assert "token-abcdef" not in str(raised.value)
        assert SECRET not in str(raised.value)
