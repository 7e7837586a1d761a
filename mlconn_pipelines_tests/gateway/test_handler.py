"""Calls over sockets, good ones and bad: what is stored, what is answered, what is counted, and that nothing else changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mlconn_pipelines_tests.gateway.calls import COMPANY, STAMP, confirmed, entry, notification, signature
from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway, gateway_of

pytestmark = pytest.mark.database

CENTRAL, FINANCE, SAP, SIGNED = (
    "/hooks/central/business-central",
    "/hooks/finance/finance-operations",
    "/hooks/sap/sap-business-one",
    "/hooks/signed/sap-business-one",
)
CLEO = "/hooks/central/cleo"


def shown(name: str) -> dict[str, str]:
    return {"X-Mlconn-Secret": SECRETS[name]}


# -- Business Central ---------------------------------------------------------------------------------------------------
def test_the_handshake_is_answered_with_its_token(gateway: Gateway) -> None:
    answer = gateway.http.post(CENTRAL, params={"validationToken": "a token/with+signs&<b>"})
    assert (answer.status_code, answer.text) == (200, "a token/with+signs&<b>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert gateway.counted("requests")["central", "business-central", "handshake"] == 1
    assert gateway.http.post("/hooks/nobody/business-central", params={"validationToken": "t"}).status_code == 404


def test_notifications_become_hints_of_the_flows_that_read_them(gateway: Gateway) -> None:
    told = notification(entry(), entry(at="2026-11-20T12:00:09Z"), entry("salesOrders"), entry("items"), entry("salesInvoices"))
    answer = gateway.http.post(CENTRAL, content=told)
    assert (answer.status_code, answer.json()) == (202, {"hints": 4, "new": 3})
    assert gateway.hints("central") == {"x12_810": 2, "x12_850": 1}
    assert gateway.counted("hints")["central", "business-central", "ignored"] == 1, "no flow reads items"


def test_a_collection_is_a_hint_for_its_entity(gateway: Gateway) -> None:
    bare = f"api/v2.0/companies({COMPANY})/salesOrders"
    filtered = f"{bare}?$filter=lastModifiedDateTime%20gt%20{STAMP}"
    for resource in (bare, filtered):
        gateway.http.post(CENTRAL, content=notification(entry(resource=resource, changeType="collection")))
    assert gateway.hints("central") == {"x12_850": 2}


def test_business_central_never_gets_an_answer_that_ends_its_subscription(gateway: Gateway) -> None:
    bad = [
        notification(entry(state="somebody else's state")),
        notification(entry(state="")),
        notification(entry(clientState=None)),
        b"",
        b"{",
        b"[]",
        b'{"value": 1}',
        b'{"value": []}',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"value": [{"clientState": "x" * 300_000}]}).encode(),
    ]
    for body in bad:
        assert gateway.http.post(CENTRAL, content=body).status_code == 202, body[:40]
    assert gateway.hints("central") == {}
    counted = gateway.counted("requests")
    outcomes = {outcome: count for (name, source, outcome), count in counted.items() if source == "business-central"}
    assert outcomes == {"forged": 4, "malformed": 6, "oversized": 1}


def test_one_forged_entry_among_genuine_ones_is_left_out(gateway: Gateway) -> None:
    told = notification(entry(), entry("salesOrders", state="forged"))
    assert gateway.http.post(CENTRAL, content=told).json() == {"hints": 1, "new": 1}
    assert gateway.hints("central") == {"x12_810": 1}
    assert gateway.counted("hints")["central", "business-central", "forged"] == 1


def test_more_changes_than_are_read_are_a_hint_for_every_flow(gateway: Gateway) -> None:
    """A thousand changes in one notification are longer than any body that is read."""
    told = notification(*(entry(record=f"{number:08}-2222-3333-4444-555555555555") for number in range(1_000)))
    assert len(told) > 256 * 1024
    answer = gateway.http.post(CENTRAL, content=told)
    assert (answer.status_code, answer.json()["new"]) == (202, 2)
    assert gateway.hints("central") == {"x12_810": 1, "x12_850": 1}
    forged = told.replace(SECRETS["bc_tells"].encode(), b"another-state-0123456789ab", 1)
    assert gateway.http.post(CENTRAL, content=forged).json() == {"hints": 0, "new": 0}


# -- Finance & Operations -----------------------------------------------------------------------------------------------
def test_a_business_event_is_known_by_its_control_number(gateway: Gateway) -> None:
    first = gateway.http.post(FINANCE, content=confirmed(), headers=shown("fo_tells"))
    assert (first.status_code, first.json()) == (202, {"hints": 1, "new": 1})
    again = gateway.http.post(f"{FINANCE}/{SECRETS['fo_tells']}", content=confirmed(EventTime="/Date(1)/"))
    assert (again.status_code, again.json()) == (202, {"hints": 1, "new": 0})
    gateway.http.post(FINANCE, content=confirmed(5637144580, company="USMF"), headers=shown("fo_tells"))
    assert gateway.hints("finance") == {"x12_850": 2}


def test_test_messages_and_what_concerns_no_flow_are_accepted_and_ignored(gateway: Gateway) -> None:
    others = [
        json.dumps({"BusinessEventId": "BusinessEventsTestEndpointContract", "ControlNumber": 0}).encode(),
        json.dumps({"BusinessEventId": "VendorInvoicePostedBusinessEvent", "ControlNumber": 7, "LegalEntity": "usmf"}).encode(),
        confirmed(company="brmf"),
    ]
    for body in others:
        assert gateway.http.post(FINANCE, content=body, headers=shown("fo_tells")).status_code == 202
    assert gateway.hints("finance") == {}
    assert gateway.counted("requests")["finance", "finance-operations", "ignored"] == 3


# -- SAP Business One and Cleo ------------------------------------------------------------------------------------------
def test_a_webhook_of_sap_is_about_the_flow_in_its_address(gateway: Gateway) -> None:
    answer = gateway.http.post(f"{SAP}/{SECRETS['sap_tells']}", params={"flow": "x12_810"}, content=b"any layout")
    assert (answer.status_code, answer.json()) == (202, {"hints": 1, "new": 1})
    basic = base64.b64encode(f"sap:{SECRETS['sap_tells']}".encode()).decode()
    for headers in ({"Authorization": f"Bearer {SECRETS['sap_tells']}"}, {"Authorization": f"Basic {basic}"}):
        assert gateway.http.post(SAP, content=b"{}", headers=headers).json()["hints"] == 3
    assert gateway.hints("sap") == {"x12_810": 2, "x12_850": 1, "x12_856": 1}
    wrong = gateway.http.post(f"{SAP}/{SECRETS['sap_tells']}", params={"flow": "x12_811"}, content=b"{}")
    assert (wrong.status_code, "x12_810, x12_850, x12_856" in wrong.json()["error"]) == (400, True)


@pytest.mark.parametrize("form", ["hex", "sha256=", "base64"])
def test_a_signed_body_is_taken_and_a_changed_one_is_not(gateway: Gateway, form: str) -> None:
    body = json.dumps({"BizObject": "13", "form": form}).encode()
    digest = hmac.new(SECRETS["signed_tells"].encode(), body, hashlib.sha256)
    said = {
        "hex": digest.hexdigest(),
        "sha256=": f"sha256={digest.hexdigest()}",
        "base64": base64.b64encode(digest.digest()).decode(),
    }
    headers = {"X-Signature": said[form]}
    assert gateway.http.post(SIGNED, content=body, headers=headers).json() == {"hints": 3, "new": 3}
    assert gateway.http.post(SIGNED, content=body + b" ", headers=headers).status_code == 401
    assert gateway.http.post(SIGNED, content=body, headers=shown("signed_tells")).status_code == 401, (
        "the key itself is no signature"
    )
    assert gateway.http.post(SIGNED, content=body).status_code == 401


def test_cleo_tells_that_a_file_landed(gateway: Gateway) -> None:
    answer = gateway.http.post(CLEO, json={"folder": "inbox", "file": "850_1.edi"}, headers=shown("cleo_tells"))
    assert (answer.status_code, answer.json()) == (202, {"hints": 1, "new": 1})
    assert gateway.hints("central") == {"inbound": 1}
    assert gateway.http.post(CLEO, json={}, headers=shown("bc_tells")).status_code == 401, "each sender has a secret of its own"


# -- what is refused ----------------------------------------------------------------------------------------------------
def test_replayed_calls_change_nothing_and_are_counted(gateway: Gateway) -> None:
    for _ in range(20):
        assert gateway.http.post(CENTRAL, content=notification()).status_code == 202
        assert gateway.http.post(FINANCE, content=confirmed(), headers=shown("fo_tells")).status_code == 202
    assert gateway.hints("central") == {"x12_810": 1} and gateway.hints("finance") == {"x12_850": 1}
    counted = gateway.counted("hints")
    assert counted["central", "business-central", "new"] == counted["finance", "finance-operations", "new"] == 1
    assert counted["central", "business-central", "known"] == counted["finance", "finance-operations", "known"] == 19


def test_forged_malformed_oversized_and_unknown_calls_change_nothing_and_are_counted(gateway: Gateway) -> None:
    long = b"x" * (256 * 1024 + 1)
    assert gateway.http.post(FINANCE, content=confirmed(), headers={"X-Mlconn-Secret": "guess"}).status_code == 401
    assert gateway.http.post(f"{FINANCE}/guess", content=confirmed()).status_code == 401
    assert gateway.http.post(FINANCE, content=confirmed()).status_code == 401
    assert gateway.http.post(FINANCE, content=b"{", headers=shown("fo_tells")).status_code == 400
    assert gateway.http.post(FINANCE, content=b"[]", headers=shown("fo_tells")).status_code == 400
    assert gateway.http.post(FINANCE, content=long, headers=shown("fo_tells")).status_code == 413
    chunked = gateway.http.post(FINANCE, content=(long[:65536] for _ in range(5)), headers=shown("fo_tells"))
    assert chunked.status_code == 413, "nor without its length said beforehand"
    for path in (
        "/hooks/nobody/finance-operations",
        "/hooks/silent/sap-business-one",
        "/hooks/finance/cleo",
        "/hooks/finance/x",
    ):
        assert gateway.http.post(path, content=confirmed(), headers=shown("fo_tells")).status_code == 404
    assert gateway.http.get(FINANCE).status_code == 405
    assert gateway.http.post("/elsewhere").status_code == 404
    assert gateway.hints("finance") == {}
    counted = gateway.counted("requests")
    assert counted == {
        ("finance", "finance-operations", "forged"): 3,
        ("finance", "finance-operations", "malformed"): 2,
        ("finance", "finance-operations", "oversized"): 2,
        ("-", "finance-operations", "unknown"): 1,
        ("-", "sap-business-one", "unknown"): 1,
        ("-", "cleo", "unknown"): 1,
        ("-", "-", "unknown"): 1,
        ("-", "-", "no_such_page"): 2,
    }


def test_a_burst_is_slowed_down_and_forgers_do_not_slow_down_the_genuine(tmp_path: Path, ledger_database: str) -> None:
    with gateway_of(tmp_path, ledger_database, requests_per_second=5) as gateway:
        forged = [
            gateway.http.post(FINANCE, content=confirmed(), headers={"X-Mlconn-Secret": "x"}).status_code for _ in range(60)
        ]
        assert set(forged) == {401, 429}
        assert gateway.http.post(FINANCE, content=confirmed(1), headers=shown("fo_tells")).status_code == 202
        answers = [gateway.http.post(FINANCE, content=confirmed(n), headers=shown("fo_tells")) for n in range(2, 40)]
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {202, 429}
        assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 429)
        assert gateway.hints("finance") == {"x12_850": 1 + statuses.count(202)}
        unknown = [gateway.http.post(f"/hooks/n{n}/cleo").status_code for n in range(80)]
        assert set(unknown) == {404, 429}
        told = [gateway.http.post(CENTRAL, content=notification(entry(at=str(n)))).status_code for n in range(40)]
        assert set(told) == {202, 429}, "Business Central tries again after 429"


def test_a_body_that_never_ends_is_given_up(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlconn_pipelines.gateway.bodies.BODY_WITHIN_S", 0.2)
    where = urlsplit(gateway.url)
    assert where.hostname is not None
    with socket.create_connection((where.hostname, where.port or 0), timeout=5) as line:
        line.sendall(f"POST {FINANCE} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 408")
    with socket.create_connection((where.hostname, where.port or 0), timeout=5) as line:
        line.sendall(f"POST {FINANCE} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    deadline = time.monotonic() + 5
    while gateway.counted("requests").get(("finance", "finance-operations", "slow")) != 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)


# -- the database, the vault, the log -----------------------------------------------------------------------------------
def test_many_at_once_are_all_stored_before_they_are_answered(gateway: Gateway) -> None:
    where = urlsplit(gateway.url)
    seconds: list[float] = []
    lock = threading.Lock()

    def call(first: int) -> int:
        line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=20)
        done = 0
        for number in range(first, first + 25):
            began = time.monotonic()
            line.request("POST", CENTRAL, notification(entry(at=f"stamp {number}")))
            answer = line.getresponse()
            done += answer.status == 202 and json.loads(answer.read())["new"] == 1
            with lock:
                seconds.append(time.monotonic() - began)
        line.close()
        return done

    with ThreadPoolExecutor(8) as callers:
        assert sum(callers.map(call, range(0, 200, 25))) == 200
    assert gateway.hints("central") == {"x12_810": 200}
    assert sorted(seconds)[len(seconds) // 2] < 0.2


def test_without_a_database_nothing_is_accepted_and_the_caller_is_told_to_come_again(gateway: Gateway) -> None:
    assert gateway.http.post(CENTRAL, content=notification()).status_code == 202
    assert gateway.http.get("/ready").status_code == 200
    with gateway.stores.engine.begin() as tx:
        tx.exec_driver_sql("ALTER TABLE notification RENAME TO notification_elsewhere")
    answer = gateway.http.post(CENTRAL, content=notification(entry(at="later")))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert gateway.http.post(FINANCE, content=confirmed(), headers=shown("fo_tells")).status_code == 503
    with gateway.stores.engine.begin() as tx:
        tx.exec_driver_sql("ALTER TABLE notification_elsewhere RENAME TO notification")
    assert gateway.http.post(CENTRAL, content=notification(entry(at="later"))).json() == {"hints": 1, "new": 1}


def test_a_changed_secret_counts_and_a_removed_one_lets_nobody_in(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlconn_pipelines.gateway.shared_secrets.KEPT_S", 0.0)
    gateway.stores.credentials.set("fo_tells", {"secret": "another-0123456789abcdef"})
    assert gateway.http.post(FINANCE, content=confirmed(), headers=shown("fo_tells")).status_code == 401
    assert (
        gateway.http.post(FINANCE, content=confirmed(), headers={"X-Mlconn-Secret": "another-0123456789abcdef"}).status_code
        == 202
    )
    gateway.stores.credentials.set("fo_tells", {"secret": "short"})
    assert gateway.http.post(FINANCE, content=confirmed(2), headers={"X-Mlconn-Secret": "short"}).status_code == 503
    gateway.stores.credentials.remove("fo_tells")
    assert gateway.http.post(FINANCE, content=confirmed(2), headers={"X-Mlconn-Secret": ""}).status_code == 503


def test_the_log_is_json_and_holds_no_secret(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    from mlconn_pipelines.gateway.access_log import JsonLines

    with caplog.at_level("DEBUG"):
        gateway.http.post(f"{FINANCE}/{SECRETS['fo_tells']}", content=confirmed(PurchaseOrderNumber="PO-SECRET"))
        gateway.http.post(CENTRAL, content=notification(), params={"x": "in-the-address"})
        gateway.http.post("/hooks/made-up-name/cleo", headers=shown("cleo_tells"))
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "mlconn.gateway"]
    calls = [line for line in lines if line["message"] == "call"]
    assert [(line["integration"], line["outcome"], line["status"]) for line in calls] == [
        ("finance", "stored", 202),
        ("central", "stored", 202),
        ("-", "unknown", 404),
    ]
    # Of every logger but the test's own client, which writes addresses.
    written = "".join(
        JsonLines().format(record) for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    )
    assert not [word for word in (*SECRETS.values(), "PO-SECRET", "in-the-address", "made-up-name") if word in written]


def test_the_pages_about_itself(gateway: Gateway) -> None:
    assert gateway.http.get("/health").json() == {"status": "ok"}
    described = gateway.http.get("/openapi.json").json()
    assert "/hooks/{integration}/business-central" in described["paths"]
    page = gateway.http.get("/docs").text
    assert all(path in page for path in described["paths"]) and "https://" not in page
    gateway.http.post(CENTRAL, content=notification())
    text = gateway.http.get("/metrics").text
    assert 'mlconn_gateway_answer_seconds_bucket{le="+Inf"} 1' in text and "mlconn_gateway_answer_seconds_count 1" in text


def test_a_signature_must_be_of_this_body() -> None:
    from mlconn_pipelines.gateway.verification import same, signed_by

    assert signed_by(signature(b"x"), b"x", SECRETS["signed_tells"])
    assert not signed_by(signature(b"x"), b"y", SECRETS["signed_tells"])
    assert not signed_by("", b"", SECRETS["signed_tells"]) and not signed_by("ü", b"", SECRETS["signed_tells"])
    assert same("ä\ud800", "ä\ud800") and not same("a", "b") and not same("", "b")
