from __future__ import annotations

import datetime as dt
from decimal import Decimal

import httpx
import pytest

from mlconn_pipelines.transport.odata import Dialect, Fault, Page, Value, all_of, any_of, entity_path, fault_of, page_of


def answer(content: bytes) -> httpx.Response:
    return httpx.Response(400, content=content, request=httpx.Request("GET", "http://h/"))


def answer_with(body: object) -> httpx.Response:
    return httpx.Response(200, json=body, request=httpx.Request("GET", "http://h/"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("O'Neil's", "'O''Neil''s'"),
        ("", "''"),
        (17, "17"),
        (Decimal("3.50"), "3.50"),
        (True, "true"),
        (None, "null"),
        (dt.date(2026, 1, 5), "'2026-01-05'"),
        (dt.time(9, 5), "'09:05:00'"),
    ],
)
def test_values_are_quoted(value: Value, text: str) -> None:
    assert Dialect(quoted_dates=True).literal(value) == text


def test_dates_are_bare_where_the_server_wants_the_standard() -> None:
    assert Dialect().literal(dt.date(2026, 1, 5)) == "2026-01-05"


def test_an_instant_is_no_filter_value() -> None:
    with pytest.raises(TypeError):
        Dialect().literal(dt.datetime(2026, 1, 5))


def test_the_window_keeps_a_later_days_earlier_hours() -> None:
    assert Dialect(True).since("UpdateDate", "UpdateTime", dt.datetime(2026, 1, 5, 17, 13, 59)) == (
        "UpdateDate gt '2026-01-05' or (UpdateDate eq '2026-01-05' and UpdateTime ge '17:13:00')"
    )


def test_joined_terms_are_bracketed() -> None:
    assert all_of("a eq 1", "", any_of("b eq 2", "c eq 3")) == "a eq 1 and (b eq 2 or c eq 3)"
    assert all_of("a eq 1") == "a eq 1"
    assert Dialect().one_of("K", ["x"]) == "K eq 'x'"


def test_keys_in_paths() -> None:
    assert entity_path("Items", "50%/ä 'x'") == "Items('50%25%2F%C3%A4%20''x''')"
    assert entity_path("Orders", 7) == "Orders(7)"


def test_both_versions_links_and_rows() -> None:
    for name in ("@odata.nextLink", "odata.nextLink"):
        assert page_of(answer_with({"value": [{"a": 1}], name: "Orders?$skip=20"})) == Page([{"a": 1}], "Orders?$skip=20")
    assert page_of(answer_with({"value": []})) == Page([], None)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (
            b'{"error":{"code":"-2028","details":[{"code":"","message":""}],"message":"No match"}}',
            Fault("-2028", "No match"),
        ),
        (b'{"error":{"code":-5002,"message":{"lang":"en-us","value":"Bad BP"}}}', Fault("-5002", "Bad BP")),
        (b'{"error":{"code":"x","message":"a","details":[{"message":"b"},{"message":"a"}]}}', Fault("x", "a; b")),
        (b'{"error":{"message":null}}', Fault("", "")),
        (b'{"error":"text"}', None),
        (b"<html>502</html>", None),
        (b"", None),
    ],
)
def test_both_error_forms_are_read(content: bytes, fault: Fault | None) -> None:
    assert fault_of(answer(content)) == fault
