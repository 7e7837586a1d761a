"""Requests to data entities: the company, the pages, the token, and what errors mean."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import unquote

import pytest

from mlconn_pipelines.errors import ConnectorError, CredentialRefused, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.systems.finance_operations.api.faults import clerk_words, fault_of
from mlconn_pipelines.systems.finance_operations.api.orders import newest
from mlconn_pipelines.systems.finance_operations.api.service import PAUSE_S, Refusal
from mlconn_pipelines.systems.finance_operations.records.naming import CONFIRMATIONS, ORDER_LINES, ORDERS
from mlconn_pipelines_tests.systems.finance_operations.scripted_environment import SECRET, environment, refused, rows
from mlconn_pipelines_tests.transport.scripted_server import CUT, Answer, Asked

START = dt.date(2026, 11, 1)


def confirmed(number: str, confirmation: int, day: str = "2026-11-20", **more: Any) -> dict[str, Any]:
    return {
        "PurchaseOrderNumber": number,
        "ConfirmationNumber": f"{number}-{confirmation}",
        "ConfirmationDate": f"{day}T12:00:00Z",
        **more,
    }


def test_a_token_is_for_the_environment_and_every_read_for_the_company() -> None:
    with environment(lambda _: rows()) as fo:
        assert list(fo.connector().source.changed(CONFIRMATIONS, None, START)) == [[]]
        (token,) = [asked for asked in fo.server.asked if asked.path.endswith("/token")]
        assert token.path == "/contoso.example/oauth2/v2.0/token"
        scope = unquote(token.body.decode()).partition("scope=")[2].partition("&")[0]
        assert scope == f"{fo.server.url}/.default"
        (read,) = fo.data
        assert read.headers["authorization"].startswith("Bearer token-")
        assert "cross-company=true" in read.path
        assert "dataAreaId eq 'usmf' and ConfirmationDate ge 2026-11-01T00:00:00Z" in unquote(read.path)


def test_pages_follow_the_servers_links_and_an_order_on_two_pages_is_one() -> None:
    """The link forgets cross-company, which would show another company."""

    def answer(asked: Asked) -> Answer:
        if "skiptoken" not in asked.path:
            return rows(confirmed("P1", 1), confirmed("P2", 1), more="/data/PurchaseOrderConfirmationHeaders?$skiptoken=2")
        return rows(confirmed("P2", 2, "2026-11-21"), confirmed("P3", 1))

    with environment(answer) as fo:
        pages = list(fo.connector().source.changed(CONFIRMATIONS, None, START))
        assert [stamp for page in pages for stamp in page] == [
            KeyStamp("usmf|P1", "2026-11-20|P1-1"),
            KeyStamp("usmf|P2", "2026-11-21|P2-2"),
            KeyStamp("usmf|P3", "2026-11-20|P3-1"),
        ]
        assert fo.data[1].path.endswith("skiptoken=2&cross-company=true")


def test_of_a_link_to_another_host_only_the_query_is_used() -> None:
    def answer(asked: Asked) -> Answer:
        if "skip=1" in asked.path:
            return rows(confirmed("P2", 1))
        return rows(confirmed("P1", 1), more="https://inner.example/other/x?$skip=1")

    with environment(answer) as fo:
        pages = list(fo.connector().source.changed(CONFIRMATIONS, None, START))
        assert [stamp.key for page in pages for stamp in page] == ["usmf|P1", "usmf|P2"]
        assert fo.data[1].path == f"/data/{CONFIRMATIONS}?$skip=1&cross-company=true"


def test_pages_in_a_circle_end() -> None:
    with environment(lambda _: rows(more="/data/x?$skip=1")) as fo, pytest.raises(ConnectorError, match="lead back"):
        list(fo.connector().source.changed(CONFIRMATIONS, None, START))


@pytest.mark.parametrize(("quiet_s", "first"), [(0, "2026-11-19"), (3600, "2026-11-19"), (86_400, "2026-11-20")])
def test_the_day_before_the_newest_confirmation_is_read_again(quiet_s: float, first: str) -> None:
    with environment(lambda _: rows()) as fo:
        list(fo.connector().source.changed(CONFIRMATIONS, "2026-11-20", START, quiet_s))
        assert f"ConfirmationDate ge {first}T00:00:00Z" in fo.told()[0]


def test_the_watermark_is_the_newest_day() -> None:
    stamps = [KeyStamp("usmf|P1", "2026-11-20|P1-1"), KeyStamp("usmf|P2", "2026-11-19|P2-9")]
    assert newest(stamps, None) == newest(stamps, "2026-11-01") == "2026-11-20"
    assert newest([], "2026-11-21") == "2026-11-21" and newest([], None) is None


def test_the_tenth_confirmation_is_later_than_the_ninth_of_the_same_day() -> None:
    with environment(lambda _: rows(confirmed("P1", 10), confirmed("P1", 9))) as fo:
        stamps = [stamp for page in fo.connector().source.changed(CONFIRMATIONS, None, START) for stamp in page]
        assert stamps == [KeyStamp("usmf|P1", "2026-11-20|P1-10")]


def test_a_read_is_tried_again_and_a_token_that_is_refused_is_renewed_once() -> None:
    answers = iter([Answer(503, "<html><h1>busy</h1></html>"), CUT, Answer(401, {"error": {"code": "x"}}), rows()])
    with environment(lambda _: next(answers)) as fo:
        connector = fo.connector()
        assert list(connector.source.changed(CONFIRMATIONS, None, START)) == [[]]
        assert fo.sessions.generation == 2
    with environment(lambda _: Answer(401, {"error": {"code": "x"}})) as fo:
        with pytest.raises(CredentialRefused, match="Map the application to a user"):
            list(fo.connector().source.changed(CONFIRMATIONS, None, START))
        assert len(fo.data) == 2


def test_a_429_without_a_time_holds_everyone_back_for_half_a_minute() -> None:
    """Requests sent meanwhile would lengthen it."""
    body = {"error": {"code": "", "message": "This request could not be processed at this time."}}
    with environment(lambda _: Answer(429, body)) as fo:
        with pytest.raises(Retryable) as raised:
            fo.connector().target.update(ORDERS, "usmf|P1", {ORDER_LINES: [{"LineNumber": 1, "ConfirmedDeliveryDate": "x"}]})
        assert raised.value.retry_after_s == PAUSE_S == max(map(max, fo.limiter.backed_off.values()))
        assert len(fo.data) == 1
    with environment(lambda _: Answer(429, body, {"Retry-After": "61"})) as fo:
        with pytest.raises(TryLater):
            list(fo.connector().source.changed(CONFIRMATIONS, None, START))
        assert fo.limiter.backed_off == {f"127.0.0.1:{fo.server.url.rpartition(':')[2]}/data": [61.0]}


LINE = {ORDER_LINES: [{"LineNumber": 3, "ConfirmedDeliveryDate": "2026-12-01T12:00:00Z"}]}


@pytest.mark.parametrize("status", [400, 500])
def test_a_refusal_is_told_by_its_words_and_never_by_its_status(status: int) -> None:
    said = (
        "Warning: Item 'L-10780-02' is blocked for 'Purchase order'.; Warning: validateWrite failed on data source 'PurchLine'."
    )
    with environment(lambda _: refused(said, status)) as fo:
        with pytest.raises(Refusal, match="Item 'L-10780-02' is blocked for 'Purchase order'") as raised:
            fo.connector().target.update(ORDERS, "usmf|P1", LINE)
        assert "validateWrite" not in str(raised.value) and "Stack" not in str(raised.value)
        assert fo.told() == [
            "PATCH /data/PurchaseOrderLinesV2(dataAreaId='usmf',PurchaseOrderNumber='P1',LineNumber=3)?cross-company=true"
        ]


def test_a_change_by_someone_else_may_be_tried_again() -> None:
    said = (
        "Error: Cannot edit a record in PurchLine. An update conflict occurred due to another user process deleting the record or "
        "changing one or more fields in the record."
    )
    with environment(lambda _: refused(said)) as fo, pytest.raises(Retryable):
        fo.connector().target.update(ORDERS, "usmf|P1", LINE)
    moved = {"error": {"code": "", "message": "The etag is another one by now."}}
    with environment(lambda _: Answer(412, moved)) as fo, pytest.raises(Retryable):
        fo.connector().target.update(ORDERS, "usmf|P1", LINE)


@pytest.mark.parametrize(
    "answer", [CUT, Answer(502, "<html>Bad gateway</html>"), Answer(412, b""), Answer(500, {"error": {"message": "x"}})]
)
def test_a_write_without_a_good_answer_is_an_open_outcome(answer: Any) -> None:
    with environment(lambda _: answer) as fo:
        with pytest.raises(OutcomeUnknown):
            fo.connector().target.update(ORDERS, "usmf|P1", LINE)
        assert len(fo.data) == 1


def test_no_secret_gets_into_an_error() -> None:
    with environment(lambda _: Answer(400, {"error": {"message": f"{SECRET} is bad"}})) as fo:
        with pytest.raises(ConnectorError) as raised:
            list(fo.connector().source.changed(CONFIRMATIONS, None, START))
        assert SECRET not in str(raised.value) and "***" in str(raised.value)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Infolog: Info: The value 'Local' in field 'Group' is not found in the related table 'Groups'.", None),
        ("Write failed for table row of type 'X'. Infolog: Error: A.; Error: B.; Error: A.", "A; B"),
        ("Resource not found for the segment 'Vendrs'.", "Resource not found for the segment 'Vendrs'"),
        ("Write failed for table row of type 'X'. Infolog: Warning: validateField failed on 'Y'.", None),
    ],
)
def test_words_for_a_clerk(message: str, words: str | None) -> None:
    found = clerk_words(message)
    assert found == words if words else found and not found.startswith(("Info", "Warning"))


def test_an_answer_that_is_no_error_of_odata_has_no_fault() -> None:
    import httpx

    for body in (b"<html>", b"[]", b'{"value": []}', b""):
        assert fault_of(httpx.Response(500, content=body)) is None


def test_a_turn_taken_ahead_is_the_next_requests() -> None:
    with environment(lambda _: rows()) as fo:
        connector = fo.connector()
        connector.target.reserve()
        turns = sum(fo.limiter.turns.values())
        assert turns == 1
        list(connector.source.changed(CONFIRMATIONS, None, START))
        assert sum(fo.limiter.turns.values()) == turns
        list(connector.source.changed(CONFIRMATIONS, None, START))
        assert sum(fo.limiter.turns.values()) == turns + 1
