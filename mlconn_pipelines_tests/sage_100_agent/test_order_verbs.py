"""Orders entered and changed: what is refused leaves nothing behind, what is taken is told before it is used."""

from __future__ import annotations

from typing import Any

import pytest

from mlconn_pipelines_tests.sage_100_agent.simulated import Kept, site_of
from mlconn_simulators.sage_100.sandbox import MAIN, Sage100Sandbox
from mlconn_simulators.world.making import make_world
from sage_100_agent.boi.interface import HostFailed
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.job import Job, OutcomeUnknown, Row

ORDER: Row = {
    "division": "00",
    "vendor": "V10090",
    "date": "20261129",
    "warehouse": "001",
    "lines": [
        {"item": "A1001", "quantity": "5.5", "unit_cost": "1.129999", "required_date": "20261215"},
        {"item": "A1002", "quantity": "12", "warehouse": "002"},
    ],
}
REFERENCE = "mlc:7f3a2b"


@pytest.fixture
def sandbox() -> Sage100Sandbox:
    return Sage100Sandbox(make_world(1, 40), orders=3)


def do(sandbox: Sage100Sandbox, verb: str, params: Row, kept: Kept, number: str = "") -> Row:
    site = site_of(sandbox)
    try:
        return VERBS[verb].run(Job(verb, MAIN, params, REFERENCE, number), site, kept)
    finally:
        site.session.close()


def test_an_order_is_entered_with_our_reference_and_its_number_told_first(sandbox: Sage100Sandbox) -> None:
    told = do(sandbox, "po.create", ORDER, kept := Kept())
    order = sandbox.order(told["number"])
    assert kept.told == [("number_taken", told["number"]), ("written", told["number"])]
    assert order["Comment$"] == REFERENCE and order["VendorNo$"] == "V10090" and order["ShipToName$"] == "East Warehouse"
    assert [(line["ItemCode$"], line["QuantityOrdered"], line["WarehouseCode$"]) for line in order["lines"]] == [
        ("A1001", 5.5, "001"),
        ("A1002", 12.0, "002"),
    ]
    assert order["lines"][0]["UnitCost"] == 1.129999 and order["lines"][0]["RequiredDate$"] == "20261215"
    assert told["lines"] == [line["LineKey$"] for line in order["lines"]]
    assert sandbox.company.locks == {}


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"vendor": "V99999"}, Category.NOT_FOUND),
        ({"warehouse": "999"}, Category.NOT_FOUND),
        ({"lines": [*ORDER["lines"], {"item": "NOSUCH", "quantity": "1"}]}, Category.NOT_FOUND),
        ({"ship_via": "ŁÓDŹ EXPRESS"}, Category.WIDTH),
    ],
)
def test_an_order_of_which_anything_is_refused_is_not_written_at_all(
    sandbox: Sage100Sandbox, change: dict[str, Any], category: Category
) -> None:
    before = sandbox.state()["records"]
    with pytest.raises(Refused) as refused:
        do(sandbox, "po.create", ORDER | change, kept := Kept())
    assert refused.value.category is category
    assert sandbox.state()["records"] == before and sandbox.company.locks == {}
    assert [step for step, _ in kept.told] == ["number_taken"]


def test_a_warning_does_not_stop_an_order(sandbox: Sage100Sandbox) -> None:
    told = do(sandbox, "po.create", ORDER | {"vendor": "V90090"}, Kept())
    assert any("on hold" in warning for warning in told["warnings"])
    assert sandbox.order(told["number"])["VendorNo$"] == "V90090"


def test_a_number_that_a_failing_call_took_is_told(sandbox: Sage100Sandbox) -> None:
    sandbox.site.faults.arm("raise_after", "nGetNextPurchaseOrderNo")
    with pytest.raises(HostFailed):
        do(sandbox, "po.create", ORDER, kept := Kept())
    assert kept.told == [("number_taken", "0000004")]
    assert do(sandbox, "po.create", ORDER, Kept(), number="0000004")["number"] == "0000004"
    assert sandbox.company.numbers["P/O purchase order"] == 5, "a second number was taken"


def test_a_number_that_somebody_else_used_is_for_a_person(sandbox: Sage100Sandbox) -> None:
    before = sandbox.order("0000002")
    with pytest.raises(OutcomeUnknown):
        do(sandbox, "po.create", ORDER, Kept(), number="0000002")
    assert sandbox.order("0000002") == before


@pytest.mark.parametrize(
    ("state", "category"),
    [
        ("locked", Category.IN_USE),
        ("closing", Category.PERIOD_END),
        ("lapsed", Category.LAPSED_SUBSCRIPTION),
        ("right", Category.NO_RIGHT),
    ],
)
def test_what_keeps_sage_from_writing_has_its_category(sandbox: Sage100Sandbox, state: str, category: Category) -> None:
    if state == "locked":
        sandbox.people.lock("PO_PurchaseOrderHeader", "0000002")
    elif state == "closing":
        sandbox.company.closing.add("P/O")
    elif state == "lapsed":
        sandbox.site.subscription_ends = "20200101"
    else:
        sandbox.user.tasks = {"PO_Receipt_ui"}
    with pytest.raises(Refused) as refused:
        do(sandbox, "po.update_dates", {"number": "0000002", "required_date": "20261224"}, Kept())
    assert refused.value.category is category
    assert sandbox.order("0000002")["RequiredExpireDate$"] != "20261224"


def test_dates_are_changed_and_nothing_else_and_twice_is_once(sandbox: Sage100Sandbox) -> None:
    before = sandbox.order("0000002")
    change = {"number": "0000002", "required_date": "20261224", "lines": [{"line_key": "000001", "required_date": "20261220"}]}
    for _ in range(2):
        told = do(sandbox, "po.update_dates", change, Kept())
        assert told["number"] == "0000002"
    after = sandbox.order("0000002")
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"RequiredExpireDate$", "DateUpdated$", "TimeUpdated$", "UserUpdatedKey$", "lines"}
    assert after["lines"][0]["RequiredDate$"] == "20261220"
    assert [line | {"RequiredDate$": ""} for line in after["lines"]] == [
        line | {"RequiredDate$": ""} for line in before["lines"]
    ]


def test_dates_of_an_order_or_a_line_that_is_not_there_are_refused(sandbox: Sage100Sandbox) -> None:
    for change in ({"number": "9999999"}, {"number": "0000002", "lines": [{"line_key": "77", "required_date": "20261220"}]}):
        with pytest.raises(Refused) as refused:
            do(sandbox, "po.update_dates", change, Kept())
        assert refused.value.category is Category.NOT_FOUND


def test_a_document_is_found_by_number_and_by_our_reference(sandbox: Sage100Sandbox) -> None:
    number = do(sandbox, "po.create", ORDER, Kept())["number"]
    for params in ({"number": number}, {"reference": REFERENCE}):
        found = do(sandbox, "doc.find", {"kind": "purchase_order", **params}, Kept())["found"]
        assert [(row["number"], row["reference"], row["place"]) for row in found] == [(number, REFERENCE, "open")]
    assert do(sandbox, "doc.find", {"kind": "purchase_order", "number": "9999999"}, Kept())["found"] == []
    hostile = {"kind": "purchase_order", "reference": 'x" OR "1"="1'}
    assert do(sandbox, "doc.find", hostile, Kept())["found"] == []
