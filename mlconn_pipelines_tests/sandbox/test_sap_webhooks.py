"""The simulated SAP's webhooks: rights of the address, handshake, arrays, what becomes of calls that fail, replay."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from mlconn_pipelines_tests.sandbox.test_hooks import Called, called
from mlconn_simulators.sap_business_one.errors import ServiceLayerError
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world

__all__ = ["called"]


@pytest.fixture
def sap() -> Iterator[SapBusinessOneSandbox]:
    sandbox = SapBusinessOneSandbox(make_world(1, 30), user="manager", password="p", company_db="DB")
    sandbox.webhooks.retry_s = 0.0
    with closing(sandbox.webhooks):
        yield sandbox


def about(*pairs: str) -> list[dict[str, str]]:
    return [dict(zip(("BusinessObject", "TransactionType"), pair.split("."), strict=True)) for pair in pairs]


def test_an_administrator_subscribes_over_the_service_layer_and_is_told_in_arrays(
    called: Called, sap: SapBusinessOneSandbox
) -> None:
    signed = {"AuthenticationType": "HMAC", "AuthenticationCred": json.dumps({"Key": "key", "Algorithm": "HMACSha256"})}
    wanted = {
        "WebhookID": "w",
        "WebhookURL": called.url,
        **signed,
        "EventCollection": about("Invoices.Created", "Invoices.Closed"),
    }
    with serve(sap.app()) as endpoint, httpx.Client(base_url=f"{endpoint.url}/b1s/v2/") as http:
        assert http.post("EventSubscriptions", json=wanted).status_code == 401, "without a session"
        http.post("Login", json={"CompanyDB": "DB", "UserName": "manager", "Password": "p"}).raise_for_status()
        assert (
            http.post("EventSubscriptions", json=wanted).json()["error"]["message"] == "Webhook is not enabled for the company"
        )
        http.post("CompanyService_UpdateAdminInfo", json={"AdminInfo": {"EnableWebhook": "tYES"}}).raise_for_status()
        assert http.post("EventSubscriptions", json=wanted).status_code == 201
        again = http.post("EventSubscriptions", json=wanted | {"WebhookID": "x"})
        assert again.json()["error"]["message"] == "The WebhookURL must be unique in the company"
        made = sap.activity(4, sound=True)
        entry = made[0]["DocEntry"]
        sap.change("Invoices", entry, Comments="seen")
        sap.close("Invoices", entry)
        assert sap.webhooks.work.idle(5)
        events = [event for body in called.bodies for event in body]
        told = [(event["type"], event["subject"], event["data"]) for event in events]
        assert told == [
            ("sap.b1.Invoices.Created.v1", str(key), {"DocEntry": str(key)}) for key in (entry, made[3]["DocEntry"])
        ] + [("sap.b1.Invoices.Closed.v1", str(entry), {"DocEntry": str(entry)})]
        assert {event["source"] for event in events} == {"/default/sap.b1/DB"}
        for _, headers, body in called.calls:
            made_of = hmac.new(b"key", body, hashlib.sha256).digest()
            assert headers["x-b1-webhook-signature"] == base64.b64encode(made_of).decode()
        log = http.get("EventNotifications").json()["value"]
        assert {entry["BusinessObject"] for entry in log} == {"Invoices", "PurchaseOrders", "DeliveryNotes"}


def test_what_fails_again_and_again_becomes_inactive_and_is_replayed_while_others_wait(
    called: Called, sap: SapBusinessOneSandbox
) -> None:
    hooks = sap.webhooks
    hooks.enabled = True
    for name, kind in (("w", "Invoices.Created"), ("other", "Orders.Created")):
        hook = {"WebhookID": name, "WebhookURL": f"{called.url}/{name}", "Handshake": "tYES", "EventCollection": about(kind)}
        hooks.answer("POST", "EventSubscriptions", hook, False)
    called.statuses = [503] * 8
    for entry in (1, 2, 3):
        hooks.tell("Invoices", {"DocEntry": entry}, "A")
        assert hooks.work.idle(5)
    assert [call["tried"] for call in hooks.sent] == [1, 2, 3, 4] * 2, "the third event is not even tried"
    assert [one["Status"] for one in hooks.answer("GET", "EventSubscriptions", {}, False)[1]["value"]] == ["Inactive", "Active"]
    del called.calls[:]
    hooks.answer("POST", "EventSubscriptions('w')/Replay", {}, False)
    hooks.tell("Orders", {"DocEntry": 9}, "A")
    assert hooks.work.idle(5)
    assert [(path, [event["subject"] for event in json.loads(body)]) for path, _, body in called.calls] == [
        ("/w", ["1", "2", "3"]),
        ("/other", ["9"]),
    ]
    with pytest.raises(ServiceLayerError, match="only for an inactive webhook"):
        hooks.answer("POST", "EventSubscriptions('w')/Replay", {}, False)


def test_a_paused_subscription_hears_nothing_and_a_changed_one_hears_more(called: Called, sap: SapBusinessOneSandbox) -> None:
    hooks = sap.webhooks
    hooks.enabled = True
    hook = {"WebhookID": "w", "WebhookURL": called.url, "EventCollection": about("Invoices.Created")}
    hooks.answer("POST", "EventSubscriptions", hook, False)
    with pytest.raises(ServiceLayerError, match="The event catalogue has no Invoices Read"):
        hooks.answer("PATCH", "EventSubscriptions('w')", {"EventCollection": about("Invoices.Read")}, False)
    hooks.answer("PATCH", "EventSubscriptions('w')", {"EventCollection": about("Orders.Created")}, False)
    hooks.answer("POST", "EventSubscriptions('w')/Pause", {}, False)
    hooks.tell("Orders", {"DocEntry": 1}, "A")
    hooks.answer("POST", "EventSubscriptions('w')/Resume", {}, False)
    hooks.tell("Orders", {"DocEntry": 2}, "A")
    hooks.answer("PATCH", "EventSubscriptions('w')", {"EventCollection": about("Invoices.Created")}, True)
    hooks.tell("Orders", {"DocEntry": 3}, "A")
    assert hooks.work.idle(5)
    assert [event["subject"] for body in called.bodies for event in body] == ["2"]
