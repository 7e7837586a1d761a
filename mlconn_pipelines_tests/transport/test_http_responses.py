from __future__ import annotations

import datetime as dt
from decimal import Decimal

import httpx
import pytest

from mlconn_pipelines.errors import (
    ConnectorError,
    DocumentRejected,
    MlconnError,
    NotFound,
    OutcomeUnknown,
    Retryable,
    TryLater,
)
from mlconn_pipelines.transport.http_responses import checked, error_text, json_object, parsed, retry_after_s


def answer(status: int, content: bytes = b"", headers: dict[str, str] | None = None, method: str = "GET") -> httpx.Response:
    request = httpx.Request(method, "https://user:hush@h/api/things?token=hush")
    return httpx.Response(status, content=content, headers=headers, request=request)


@pytest.mark.parametrize(
    ("status", "write", "kind"),
    [
        (429, False, Retryable),
        (429, True, Retryable),
        (423, True, Retryable),
        (500, False, Retryable),
        (500, True, OutcomeUnknown),
        (502, True, OutcomeUnknown),
        (503, True, OutcomeUnknown),
        (504, False, Retryable),
        (408, True, OutcomeUnknown),
        (404, False, NotFound),
        (404, True, NotFound),
        (400, True, DocumentRejected),
        (409, True, DocumentRejected),
        (403, False, ConnectorError),
        (302, False, TryLater),
        (302, True, OutcomeUnknown),
        (401, True, TryLater),
    ],
)
def test_a_status_means_what_the_program_does_next(status: int, write: bool, kind: type[MlconnError]) -> None:
    with pytest.raises(MlconnError) as raised:
        checked(answer(status), "X", write)
    assert type(raised.value) is kind


def test_an_error_shows_method_path_status_and_the_servers_words_but_no_query_and_no_user() -> None:
    with pytest.raises(DocumentRejected) as raised:
        checked(answer(400, b'{"message": "bad field"}', method="POST"), "X", True)
    assert "X: POST /api/things answered 400 (bad field)" in str(raised.value)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"message": "plain"}', "plain"),
        (b'{"error": {"code": -1, "message": {"lang": "en", "value": "old form"}}}', "old form"),
        (b'{"error": {"code": "-1", "message": "new form"}}', "new form"),
        (b'{"error": "invalid_client", "error_description": "no such client"}', "no such client"),
        (b"<html><head><style>p{}</style><title>502 Proxy Error</title></head><p>gone &amp; lost</p></html>", "gone & lost"),
        (b"\xff\xfe no text at all", "no text at all"),
        (b"", "Bad Gateway"),
        (b'["list"]', "Bad Gateway"),
    ],
)
def test_the_servers_words_are_found_in_any_body(content: bytes, said: str) -> None:
    assert said in error_text(answer(502, content))


def test_what_the_server_repeats_of_a_secret_is_redacted() -> None:
    assert error_text(answer(400, b'{"message": "token abcdef is bad"}'), {"abcdef"}) == "token *** is bad"


def test_long_words_are_cut() -> None:
    assert len(error_text(answer(500, b"x" * 10_000))) == 400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("Sat, 21 Nov 2026 10:00:30 GMT", 30.0), ("soon", None), ("", None)],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    now = dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC)
    assert retry_after_s(answer(429, headers={"retry-after": header}), now) == seconds


def test_fractions_are_exact() -> None:
    assert parsed(answer(200, b'{"p": 35.49, "n": 7, "e": 1e2}')) == {"p": Decimal("35.49"), "n": 7, "e": Decimal("100")}


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b"", b"[]"])
def test_a_page_instead_of_json_is_retryable_for_a_read(content: bytes) -> None:
    with pytest.raises(Retryable, match="instead of a JSON object"):
        json_object(answer(200, content))
