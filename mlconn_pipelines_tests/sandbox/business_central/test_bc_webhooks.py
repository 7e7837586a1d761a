"""Subscriptions and notifications over sockets: handshake, expiry, collapse, retries, and what ends a subscription."""

import datetime as dt

import httpx

from mlconn_simulators.business_central.schema import KINDS


def test_a_subscription_begins_with_a_handshake(environment):
    e = environment
    made = e.subscribe()
    assert made.status_code == 201
    values = made.json()
    assert values["clientState"] == "a secret" and values["resource"].endswith("/salesInvoices")
    assert values["expirationDateTime"][:10] == "2026-11-23"
    assert e.http.get(f"{e.root}/subscriptions").json()["value"][0]["subscriptionId"] == values["subscriptionId"]
    e.receiver.echoes = False
    assert e.subscribe("salesOrders").status_code == 400
    assert e.subscribe("items", notificationUrl="http://203.0.113.5/hook").status_code == 400
    assert [each["agreed"] for each in e.sandbox.state()["handshakes"]] == [True, False]


def test_only_some_sets_can_be_subscribed_to(environment):
    e = environment
    for name in ("purchaseOrders", "salesShipments", "salesInvoiceLines", "locations"):
        assert e.subscribe(name).status_code == 400
    url = f"{e.root.replace('/api/v2.0', '/api/microsoft/runtime/beta')}/companies({e.sandbox.company.id})/webhookSupportedResources"
    listed = {row["resource"].rsplit("/", 1)[1] for row in e.http.get(url).json()["value"]}
    assert "salesInvoices" in listed and "purchaseOrders" not in listed


def test_renewal_wants_etag_body_and_handshake(environment):
    e = environment
    values = e.subscribe().json()
    path = f"{e.root}/subscriptions('{values['subscriptionId']}')"
    assert e.http.patch(path, json={"clientState": "new"}).status_code == 412
    match = {"If-Match": values["@odata.etag"]}
    assert e.http.patch(path, json={}, headers=match).status_code == 400
    e.sandbox.clock.move(dt.timedelta(days=2))
    renewed = e.http.patch(path, json={"notificationUrl": e.receiver.url, "clientState": "new"}, headers=match)
    assert renewed.status_code == 200 and renewed.json()["expirationDateTime"][:10] == "2026-11-25"
    assert len(e.sandbox.state()["handshakes"]) == 2
    e.sandbox.clock.move(dt.timedelta(days=2))
    assert e.http.get(path).status_code == 200
    e.sandbox.clock.move(dt.timedelta(days=2))
    assert e.http.get(path).status_code == 404
    assert e.sandbox.state()["subscriptions_ended"][0]["why"] == "expired"


def test_a_deleted_subscription_is_gone(environment):
    e = environment
    values = e.subscribe().json()
    path = f"{e.root}/subscriptions('{values['subscriptionId']}')"
    assert e.http.delete(path, headers={"If-Match": values["@odata.etag"]}).status_code == 204
    e.sandbox.activity(3, sound=True)
    assert e.receiver.wait_for(1, 1.0) == []


def test_changes_are_told_with_the_client_state(environment):
    e = environment
    subscription = e.subscribe().json()
    invoice = e.sandbox.add_document("salesInvoices", customerNumber=e.customer(), salesInvoiceLines=[{"description": "text"}])
    e.sandbox.change("salesInvoices", invoice, email="x@y.example")
    (body,) = e.receiver.wait_for(1)
    (value,) = body["value"]  # the update went into the creation
    assert set(value) == {
        "subscriptionId", "clientState", "expirationDateTime", "resource", "changeType", "lastModifiedDateTime"
    }  # fmt: skip
    assert value["resource"] == f"api/v2.0/companies({e.sandbox.company.id})/salesInvoices({invoice})"
    assert (value["changeType"], value["clientState"]) == ("created", "a secret")
    assert value["subscriptionId"] == subscription["subscriptionId"]
    assert e.receiver.headers[0]["content-type"] == "application/json" and "clientrequestid" in e.receiver.headers[0]
    e.sandbox.act("salesInvoices", invoice, "release")
    assert e.receiver.wait_for(2)[1]["value"][0]["changeType"] == "updated"


def test_a_line_change_tells_of_the_header_and_no_change_tells_nothing(environment):
    e = environment
    draft = e.draft()
    (line,) = e.http.get(f"salesInvoices({draft['id']})/salesInvoiceLines").json()["value"]
    e.subscribe()
    same = {"quantity": line["quantity"]}
    assert e.http.patch(f"salesInvoiceLines({line['id']})", json=same, headers={"If-Match": "*"}).status_code == 200
    assert e.receiver.wait_for(1, 1.0) == []
    e.http.patch(f"salesInvoiceLines({line['id']})", json={"quantity": 9}, headers={"If-Match": "*"})
    assert [v["changeType"] for v in e.receiver.wait_for(1)[0]["value"]] == ["updated"]


def test_several_subscriptions_share_a_body_and_orders_end_as_deleted(environment):
    e = environment
    order = e.order()
    e.subscribe("salesOrders")
    e.subscribe("salesInvoices")
    e.sandbox.act("salesOrders", order["id"], "shipAndInvoice")
    (body,) = e.receiver.wait_for(1)
    told = {(value["resource"].split("/")[3].split("(")[0], value["changeType"]) for value in body["value"]}
    assert {("salesOrders", "deleted"), ("salesInvoices", "created")} <= told


def test_many_changes_collapse_into_one(environment_with):
    with environment_with(collapse_above=3, notification_delay_s=1.0) as e:  # the drafts are all made meanwhile
        e.subscribe()
        made = [e.draft()["id"] for _ in range(4)]
        values = [value for body in e.receiver.wait_for(1) for value in body["value"]]
        (value,) = values
        assert value["changeType"] == "collection"
        resource, _, query = value["resource"].partition("?")
        assert resource.endswith("/salesInvoices") and query.startswith("$filter=lastModifiedDateTime%20gt%20")
        rows = e.http.get(f"{e.root.split('/api/')[0]}/{value['resource']}").json()["value"]
        assert {row["id"] for row in rows} == set(made)
        e.sandbox.remove("salesInvoices", made[0])
        e.sandbox.faults.arm("notification_collection")
        e.receiver.wait_for(2)
        assert e.receiver.bodies[1]["value"][0]["resource"].endswith("/salesInvoices")


def test_a_busy_receiver_is_tried_again_and_one_4xx_ends_it_all(environment_with):
    with environment_with(notification_waits_s=(0.05, 0.05)) as e:
        e.subscribe()
        e.receiver.statuses = [503, 429, 200]
        e.draft()
        assert len(e.receiver.wait_for(3)) == 3
        assert len(e.http.get(f"{e.root}/subscriptions").json()["value"]) == 1
        e.receiver.statuses = [404]
        e.draft()
        e.receiver.wait_for(4)
        e.receiver.wait_for(5, 0.2)
        assert e.http.get(f"{e.root}/subscriptions").json()["value"] == []
        assert e.sandbox.state()["subscriptions_ended"][0]["why"] == "answered 404"


def test_a_receiver_that_never_answers_well_loses_the_subscription(environment_with):
    with environment_with(notification_waits_s=(0.02,)) as e:
        e.subscribe()
        e.receiver.statuses = [500, 500]
        e.draft()
        e.receiver.wait_for(2)
        e.receiver.wait_for(3, 0.2)
        assert "2 tries" in e.sandbox.state()["subscriptions_ended"][0]["why"]


def test_notifications_are_lost_doubled_late_and_turned_round_by_fault(environment_with):
    with environment_with(notification_delay_s=0.6) as e:  # both drafts are made meanwhile
        e.subscribe()
        root = e.root.split("/v2.0")[0]
        for name in ("notification_lost", "notification_twice", "notification_foreign", "notification_reordered"):
            httpx.post(f"{root}/_sandbox/faults", json={"name": name, "path": "salesInvoices"})
        first, second = e.draft()["id"], e.draft()["id"]
        assert e.receiver.wait_for(1, 1.0) == []
        assert e.sandbox.state()["notifications"][0]["value"][0]["resource"].endswith(f"({second})")
        assert [first in v["resource"] for v in e.sandbox.state()["notifications"][0]["value"]] == [False, True]
        assert {v["clientState"] for v in e.sandbox.state()["notifications"][0]["value"]} == {"somebody else's state"}
        e.draft()
        bodies = e.receiver.wait_for(2)
        assert len(bodies) == 2 and bodies[0] == bodies[1] and bodies[0]["value"][0]["clientState"] == "a secret"
        e.sandbox.faults.arm("notification_late", seconds=0.5)
        e.draft()
        assert len(e.receiver.wait_for(3, 0.3)) == 2 and len(e.receiver.wait_for(3)) == 3


def test_every_kind_of_document_names_its_party_and_price():
    assert {kind.party for kind in KINDS.values()} == {"customer", "vendor"}
    for kind in KINDS.values():
        assert kind.price in kind.line_type.writable and kind.line_day in kind.line_type.writable
        assert f"{kind.party}Number" in kind.type.writable and "number" not in kind.type.writable
