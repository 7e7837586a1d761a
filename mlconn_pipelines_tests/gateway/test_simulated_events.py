"""Events of the simulated systems at the gateway: F&O with test message, doubles and disorder, SAP signed or not, Cleo."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway
from mlconn_pipelines_tests.scenario import wait_until
from mlconn_pipelines_tests.systems.finance_operations.simulated_environment import simulated_environment
from mlconn_simulators.cleo import CleoSandbox
from mlconn_simulators.finance_operations.masters import MAIN
from mlconn_simulators.sap_business_one.errors import ServiceLayerError
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.world.making import make_world

pytestmark = pytest.mark.database


def test_confirmed_orders_become_hints_however_they_are_told(gateway: Gateway) -> None:
    with simulated_environment(documents=0) as environment:
        sandbox = environment.sandbox
        sandbox.events.retry_s = 0.01
        with pytest.raises(ValueError, match="did not accept the test message: 401"):
            sandbox.add_endpoint(f"{gateway.url}/hooks/finance/finance-operations/a-guess-of-the-secret")
        sandbox.add_endpoint(f"{gateway.url}/hooks/finance/finance-operations/{SECRETS['fo_tells']}")
        assert gateway.hints("finance") == {}, "a test message is no event"
        sandbox.faults.arm("event_twice", count=1)
        sandbox.faults.arm("event_reordered", count=1)
        for _ in range(3):
            environment.order()
        assert wait_until(lambda: gateway.hints("finance") == {"x12_850": 3}, 5), sandbox.events.sent
        sandbox.faults.arm("event_lost", count=1)
        environment.order()
        environment.order()
        assert wait_until(lambda: gateway.hints("finance") == {"x12_850": 4}, 5)
        company = {message["message"]["LegalEntity"] for message in sandbox.events.sent if "LegalEntity" in message["message"]}
        assert company == {MAIN}


WANTED = [{"BusinessObject": name, "TransactionType": "Created"} for name in ("Invoices", "DeliveryNotes", "Orders")]


def subscribed(sap: SapBusinessOneSandbox, url: str, **how: Any) -> tuple[int, Any]:
    how["AuthenticationCred"] = json.dumps(how.pop("credential", {}))
    return sap.webhooks.answer("POST", "EventSubscriptions", {"WebhookURL": url, "EventCollection": WANTED, **how}, False)


def hmac_by(key: str) -> dict[str, Any]:
    return {"AuthenticationType": "HMAC", "Handshake": "tYES", "credential": {"Key": key, "Algorithm": "HMACSha256"}}


def test_webhooks_of_sap_become_hints_of_the_flows_that_begin_at_their_sets(gateway: Gateway) -> None:
    """SLG chapter 7: handshake, one array of events for all sets, signed, with Basic, or with the secret in the address."""
    sap = SapBusinessOneSandbox(make_world(1, 30), user="manager", password="p", company_db="SBODEMOUS")
    with closing(sap.webhooks) as hooks:
        hooks.retry_s, hooks.enabled = 0.01, True
        plain = f"{gateway.url}/hooks/sap/sap-business-one"
        subscribed(sap, f"{gateway.url}/hooks/signed/sap-business-one", WebhookID="a", **hmac_by(SECRETS["signed_tells"]))
        subscribed(sap, f"{plain}/{SECRETS['sap_tells']}", WebhookID="b", Handshake="tYES")
        sap.activity(4, sound=True)
        assert hooks.work.idle(10)
        assert gateway.hints("sap") == gateway.hints("signed") == {"x12_810": 2, "x12_856": 1}, "Orders begin no flow"
        basic = {"AuthenticationType": "Basic", "credential": {"UserName": "sap", "Password": SECRETS["sap_tells"]}}
        subscribed(sap, plain, WebhookID="c", Handshake="tYES", **basic)
        sap.activity(2, sound=True)
        assert hooks.work.idle(10)
        assert {call["status"] for call in hooks.sent} == {202}
        assert gateway.hints("sap") == {"x12_810": 2, "x12_856": 2}, "told by both, an event is one hint"


def test_the_header_that_sap_signs_in_needs_no_setting_and_a_wrong_key_gets_no_handshake(gateway: Gateway) -> None:
    sap = SapBusinessOneSandbox(make_world(1, 30), user="manager", password="p", company_db="SBODEMOUS")
    with closing(sap.webhooks) as hooks:
        hooks.retry_s, hooks.enabled = 0.01, True
        address = f"{gateway.url}/hooks/sap/sap-business-one"
        with pytest.raises(ServiceLayerError, match=r"Handshake with .* failed: 401"):
            subscribed(sap, address, WebhookID="a", **hmac_by("a guess of the key"))
        subscribed(sap, address, WebhookID="a", **hmac_by(SECRETS["sap_tells"]))
        subscribed(sap, f"{address}?wrong", WebhookID="b", **hmac_by("a guess of the key") | {"Handshake": "tNO"})
        sap.activity(1, sound=True)
        assert hooks.work.idle(10)
        assert [call["status"] for call in hooks.sent] == [202, 401], "a refusal is not tried again"
        assert gateway.hints("sap") == {"x12_810": 1}
        assert gateway.http.head("/hooks/sap/sap-business-one").status_code == 200


def test_a_look_whether_we_live_is_answered_though_nobody_signs_it(gateway: Gateway) -> None:
    assert gateway.http.head("/hooks/signed/sap-business-one").status_code == 200
    greeted = gateway.http.get("/hooks/signed/sap-business-one", headers={"X-B1-Webhook-Token": "t"})
    assert greeted.status_code == 401, "a token without its signature, of a sender that is to sign"


def test_handshakes_of_strangers_take_nothing_from_genuine_calls(gateway: Gateway) -> None:
    asked = [gateway.http.get("/hooks/sap/sap-business-one", headers={"X-B1-Webhook-Token": "t"}) for _ in range(40)]
    assert {answer.status_code for answer in asked} == {200, 429}
    assert {answer.json()["Challenge"] for answer in asked if answer.status_code == 200} == {"t"}
    told = gateway.http.post(f"/hooks/sap/sap-business-one/{SECRETS['sap_tells']}", params={"flow": "x12_810"}, content=b"[]")
    assert told.status_code == 202


def test_a_call_of_a_thousand_events_is_taken(gateway: Gateway) -> None:
    sap = SapBusinessOneSandbox(make_world(1, 30), user="manager", password="p", company_db="SBODEMOUS")
    with closing(sap.webhooks) as hooks:
        hooks.retry_s, hooks.enabled, hooks.batch_s = 0.0, True, 1.0  # all of them gather first
        subscribed(sap, f"{gateway.url}/hooks/sap/sap-business-one", WebhookID="a", **hmac_by(SECRETS["sap_tells"]))
        for entry in range(2_000):
            hooks.tell("Invoices", {"DocEntry": entry}, "A")
        assert hooks.work.idle(10)
        assert gateway.hints("sap") == {"x12_810": 2_000}
        assert max(len(json.loads(call["body"])) for call in hooks.sent) == 1_024 and {
            call["status"] for call in hooks.sent
        } == {202}


def test_cleos_calls_become_hints_of_the_inbound_flow(gateway: Gateway) -> None:
    tenant = CleoSandbox(["inbox"])
    try:
        shown = {"X-Mlconn-Secret": SECRETS["cleo_tells"]}
        tenant.hooks.add(f"{gateway.url}/hooks/central/cleo", ["inbox"], shown)
        for number in range(3):
            tenant.put("inbox", f"850_{number}.edi", b"ISA")
        assert tenant.hooks.work.idle(10)
        assert gateway.hints("central") == {"inbound": 3}
    finally:
        tenant.close()
