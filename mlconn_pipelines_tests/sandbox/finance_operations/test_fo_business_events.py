"""Business events over sockets: the test message, payload, retries, error log and Resend, and what faults do to them."""

import re
import time
from itertools import pairwise

import httpx

CONFIRMED = "PurchaseOrderConfirmedBusinessEvent"


def listen(environment, **fields) -> httpx.Response:
    return httpx.post(f"{environment.root}/_sandbox/endpoints", json={"url": environment.endpoint.url} | fields)


def test_an_endpoint_gets_a_test_message_and_must_accept_it(environment):
    e = environment
    e.endpoint.statuses = [404]
    assert listen(e).status_code == 400
    assert httpx.post(f"{e.root}/_sandbox/endpoints", json={"url": "http://203.0.113.9/"}).status_code == 400
    e.sandbox.activity(1, sound=True)
    assert listen(e).status_code == 200
    assert [message["BusinessEventId"] for message in e.endpoint.messages] == ["BusinessEventsTestEndpointContract"] * 2
    assert e.sandbox.state()["endpoints"] == [e.endpoint.url]


def test_a_confirmation_is_told_once_with_its_journal(environment):
    e = environment
    listen(e)
    number = e.sandbox.activity(1, sound=True)[0]["PurchaseOrderNumber"]
    (event,) = e.endpoint.wait_for(2)
    order = e.http.get(f"PurchaseOrderHeadersV2(dataAreaId='usmf',PurchaseOrderNumber='{number}')").json()
    confirmation = e.rows("PurchaseOrderConfirmationHeaders", filter=f"PurchaseOrderNumber eq '{number}'")[0]
    assert event["BusinessEventId"] == CONFIRMED and event["LegalEntity"] == "usmf"
    assert (event["PurchaseOrderNumber"], event["PurchaseJournal"]) == (number, f"{number}-1")
    assert event["TransactionCurrencyAmount"] == confirmation["TotalConfirmedAmount"]
    assert event["VendorAccount"] == order["OrderVendorAccountNumber"]
    assert re.fullmatch(r"/Date\(\d{13}\)/", event["EventTime"]) and event["PurchaseOrderDate"] == "/Date(1795132800000)/"
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", event["EventId"])


def test_control_numbers_grow_with_gaps_and_a_second_confirmation_is_another_event(environment):
    e = environment
    listen(e)
    made = e.sandbox.activity(12, sound=True)
    number = made[0]["PurchaseOrderNumber"]
    line = e.http.get(f"PurchaseOrderLinesV2?$filter=PurchaseOrderNumber eq '{number}'").json()["value"][0]
    key = f"PurchaseOrderLinesV2(dataAreaId='usmf',PurchaseOrderNumber='{number}',LineNumber={line['LineNumber']})"
    e.http.patch(key, json={"OrderedPurchaseQuantity": 77})
    assert e.sandbox.confirm("usmf", number) == {"ConfirmationNumber": f"{number}-2"}
    events = e.endpoint.wait_for(14)
    steps = [b["ControlNumber"] - a["ControlNumber"] for a, b in pairwise(events)]
    assert min(steps) == 1 and max(steps) > 1
    assert [event["PurchaseJournal"] for event in events if event["PurchaseOrderNumber"] == number] == [
        f"{number}-1",
        f"{number}-2",
    ]


def test_endpoints_may_be_for_some_companies_only(environment):
    e = environment
    listen(e, companies=["DEMF"])
    e.sandbox.activity(2, sound=True)
    assert e.endpoint.wait_for(2, 0.2) == []


def test_three_retries_then_the_error_log_until_resend(environment):
    e = environment
    listen(e)
    e.endpoint.statuses = [500] * 4
    e.sandbox.activity(1, sound=True)
    assert len(e.endpoint.wait_for(5)) == 4
    deadline = time.monotonic() + 5
    while not e.sandbox.state()["event_errors"] and time.monotonic() < deadline:
        time.sleep(0.01)
    (error,) = e.sandbox.state()["event_errors"]
    assert error["reason"].startswith("500")
    assert httpx.post(f"{e.root}/_sandbox/resend").json() == {"resent": 1}
    events = e.endpoint.wait_for(6)
    assert len(events) == 5 and len({event["EventId"] for event in events}) == 1
    assert e.sandbox.state()["event_errors"] == []


def test_events_are_lost_doubled_turned_round_and_late_by_fault(environment):
    e = environment
    listen(e)
    e.sandbox.faults.arm("event_lost", CONFIRMED)
    lost = e.sandbox.activity(1, sound=True)[0]["PurchaseOrderNumber"]
    e.sandbox.faults.arm("event_twice", CONFIRMED)
    twice = e.sandbox.activity(1, sound=True)[0]["PurchaseOrderNumber"]
    e.endpoint.wait_for(3)
    e.sandbox.faults.arm("event_reordered", CONFIRMED)
    behind, before = [row["PurchaseOrderNumber"] for row in e.sandbox.activity(2, sound=True)]
    e.endpoint.wait_for(5)
    e.sandbox.faults.arm("event_late", CONFIRMED, seconds=0.3)
    late, soon = [row["PurchaseOrderNumber"] for row in e.sandbox.activity(2, sound=True)]
    numbers = [event["PurchaseOrderNumber"] for event in e.endpoint.wait_for(7)]
    assert numbers == [twice, twice, before, behind, soon, late] and lost not in numbers
    assert e.endpoint.messages[1]["EventId"] == e.endpoint.messages[2]["EventId"]
