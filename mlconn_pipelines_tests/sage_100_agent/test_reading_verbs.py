"""What is read from the simulated Sage, and with how many calls: each costs the time of a trip to another process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from mlconn_pipelines_tests.sage_100_agent.simulated import Kept, site_of
from mlconn_simulators.sage_100.sandbox import MAIN, Sage100Sandbox
from mlconn_simulators.world.making import make_world
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.job import Job, Row, Site

CALL_S = 0.05
UTC = dt.UTC


class Sage:
    """A sandbox with a session of the agent's on it."""

    def __init__(self, orders: int = 12, start: dt.datetime | None = None) -> None:
        self.sandbox = Sage100Sandbox(make_world(1, 40), orders=orders, start=start)
        self.site: Site = site_of(self.sandbox)

    def ask(self, verb: str, **params: Any) -> tuple[Row, Kept]:
        kept = Kept()
        return VERBS[verb].run(Job(verb, MAIN, params), self.site, kept), kept

    def calls(self) -> int:
        return sum(self.sandbox.site.calls.values())

    def touch(self, number: str) -> None:
        """A buyer changes the header of an order."""
        with self.sandbox.site.lock:
            row = self.sandbox.company["PO_PurchaseOrderHeader"].rows[(number,)]
            row["ConfirmTo$"] = "Jo"
            self.sandbox.company.stamp(row, "0000000001", False)


@pytest.fixture
def sage() -> Iterator[Sage]:
    yield (sage := Sage())
    sage.site.session.close()
    assert sage.sandbox.site.alarms == [], "something was evaluated"
    assert sage.sandbox.site.seated == set()


def test_all_orders_come_with_their_lines_as_sage_holds_them(sage: Sage) -> None:
    told, kept = sage.ask("po.changed")
    orders = {row["PurchaseOrderNo"]: row for row in kept.rows}
    quotes = {key[0] for key, row in sage.sandbox.company["PO_PurchaseOrderHeader"].rows.items() if row["OrderType$"] == "Q"}
    assert quotes and told["left_out"] == len(quotes)
    assert orders.keys() | quotes == {key[0] for key in sage.sandbox.company["PO_PurchaseOrderHeader"].rows}
    for number, row in orders.items():
        held = sage.sandbox.order(number)
        assert row["VendorNo"] == held["VendorNo$"] and row["PurchaseName"] == held["PurchaseName$"].strip()
        assert [(line["LineKey"], float(line["QuantityOrdered"])) for line in row["lines"]] == [
            (line["LineKey$"], line["QuantityOrdered"]) for line in held["lines"]
        ]


def test_orders_that_are_named_come_as_the_listing_has_them_and_cost_few_calls(sage: Sage) -> None:
    listed = {row["PurchaseOrderNo"]: row for row in sage.ask("po.changed")[1].rows}
    before = sage.sandbox.site.calls.total()
    told, kept = sage.ask("po.changed", keys=[*([number] for number in listed), ["0009999"]])
    assert {row["PurchaseOrderNo"]: row for row in kept.rows} == listed and told["rows"] == len(listed)
    assert sage.sandbox.site.calls.total() - before < 30


def test_only_what_changed_since_comes_again(sage: Sage) -> None:
    told, _ = sage.ask("po.changed")
    sage.sandbox.clock.set(sage.sandbox.clock.now() + dt.timedelta(hours=3))
    sage.touch("0000002")
    again, kept = sage.ask("po.changed", since=told["until"])
    assert "0000002" in {row["PurchaseOrderNo"] for row in kept.rows}
    assert len(kept.rows) < 5 and [*again["until"].values()] > [*told["until"].values()]
    quiet, kept = sage.ask("po.changed", since={"date": "20991231", "time": "0"})
    assert kept.rows == [] and quiet["until"] == {"date": "20991231", "time": "0"}


def test_a_later_hour_of_the_morning_is_not_lost_to_an_earlier_one_of_the_evening(sage: Sage) -> None:
    """15.5 is before 9.5 as text, and a record of the next morning has an earlier time than the mark."""
    zone = sage.sandbox.clock.zone
    sage.sandbox.clock.set(dt.datetime(2027, 3, 1, 15, 30, tzinfo=zone).astimezone(UTC))
    sage.touch("0000002")
    told, _ = sage.ask("po.changed", since={"date": "20270301", "time": "9.5"})
    assert told["until"]["date"] == "20270301" and told["until"]["time"].startswith("15.5")
    sage.sandbox.clock.set(dt.datetime(2027, 3, 2, 9, 30, tzinfo=zone).astimezone(UTC))
    sage.touch("0000003")
    _, kept = sage.ask("po.changed", since=told["until"])
    assert "0000003" in {row["PurchaseOrderNo"] for row in kept.rows}


@pytest.mark.parametrize("until_change", [dt.timedelta(minutes=10), dt.timedelta(minutes=59)])
def test_the_hour_that_comes_twice_hides_nothing(sage: Sage, until_change: dt.timedelta) -> None:
    back = dt.datetime(2027, 11, 7, 7, tzinfo=UTC)  # 2 o'clock in Chicago becomes 1 o'clock
    sage.sandbox.clock.set(back - dt.timedelta(minutes=1))
    sage.touch("0000002")
    told, _ = sage.ask("po.changed", since={"date": "20271107", "time": "0"})
    sage.sandbox.clock.set(back + until_change)
    sage.touch("0000003")
    _, kept = sage.ask("po.changed", since=told["until"])
    assert "0000003" in {row["PurchaseOrderNo"] for row in kept.rows}


def test_a_server_clock_that_was_an_hour_ahead_hides_nothing(sage: Sage) -> None:
    sage.sandbox.clock.error = dt.timedelta(hours=1)
    sage.touch("0000002")
    told, _ = sage.ask("po.changed", since={"date": "20200101", "time": "0"})
    sage.sandbox.clock.error = dt.timedelta()
    sage.touch("0000003")
    _, kept = sage.ask("po.changed", since=told["until"])
    assert "0000003" in {row["PurchaseOrderNo"] for row in kept.rows}


def test_a_stamp_of_another_century_does_not_move_the_mark(sage: Sage) -> None:
    with sage.sandbox.site.lock:
        sage.sandbox.company["PO_PurchaseOrderHeader"].rows[("0000002",)]["DateUpdated$"] = "20991231"
    told, kept = sage.ask("po.changed")
    assert told["until"]["date"] < "20991231"
    assert "0000002" in {row["PurchaseOrderNo"] for row in kept.rows}


def test_a_read_that_broke_off_goes_on_behind_its_last_page(sage: Sage) -> None:
    _, whole = sage.ask("po.changed")
    middle = whole.rows[4]
    stamp = max((middle["DateUpdated"], middle["TimeUpdated"] or "0"), (middle["DateCreated"], middle["TimeCreated"]))
    _, rest = sage.ask("po.changed", cursor=[*stamp, middle["PurchaseOrderNo"]])
    assert [row["PurchaseOrderNo"] for row in rest.rows] == [row["PurchaseOrderNo"] for row in whole.rows[5:]]


def test_text_that_holds_what_divides_texts_is_read_one_by_one(sage: Sage) -> None:
    header, detail = sage.sandbox.company["PO_PurchaseOrderHeader"].rows, sage.sandbox.company["PO_PurchaseOrderDetail"].rows
    header[("0000002",)]["ConfirmTo$"] = "a_,_b"
    header[("0000003",)]["ConfirmTo$"] = "Šárka"
    next(row for key, row in detail.items() if key[0] == "0000004")["ItemCodeDesc$"] = "x_,_y"
    _, kept = sage.ask("po.changed")
    orders = {row["PurchaseOrderNo"]: row for row in kept.rows}
    assert orders["0000002"]["ConfirmTo"] == "a_,_b" and orders["0000003"]["ConfirmTo"] == "Šárka"
    assert "x_,_y" in {line["ItemCodeDesc"] for line in orders["0000004"]["lines"]}
    for number, order in orders.items():
        assert len(order["lines"]) == len(sage.sandbox.order(number)["lines"])


def test_content_changes_with_a_line_and_not_with_a_stamp(sage: Sage) -> None:
    before = sage.ask("po.get", number="0000001")[0]["order"]["content"]
    with sage.sandbox.site.lock:
        row = sage.sandbox.company["PO_PurchaseOrderHeader"].rows[("0000001",)]
        sage.sandbox.company.stamp(row, "0000000001", False)
    assert sage.ask("po.get", number="0000001")[0]["order"]["content"] == before
    sage.sandbox.company["PO_PurchaseOrderDetail"].rows[("0000001", "000001")]["QuantityOrdered"] = 7.0
    assert sage.ask("po.get", number="0000001")[0]["order"]["content"] != before


def test_an_order_that_left_the_open_table_is_told_as_not_found(sage: Sage) -> None:
    with pytest.raises(Refused) as refused:
        sage.ask("po.get", number="9999999")
    assert refused.value.category is Category.NOT_FOUND


def test_two_thousand_orders_would_take_seconds() -> None:
    """Calls of 600 in two and a half batches; 2,000 take eight, each a header and a line read."""
    sage = Sage(orders=600)
    before = sage.calls()
    told, _ = sage.ask("po.changed")
    assert told["rows"] > 550
    assert (sage.calls() - before) * CALL_S < 2


@pytest.mark.parametrize(
    ("verb", "params", "table", "key"),
    [
        ("vendor.changed", {}, "AP_Vendor", "VendorNo"),
        ("gl_account.list", {}, "GL_Account", "AccountKey"),
        ("item.list", {}, "CI_Item", "ItemCode"),
        ("ref.list", {"list": "warehouses"}, "IM_Warehouse", "WarehouseCode"),
        ("ref.list", {"list": "terms"}, "AP_TermsCode", "TermsCode"),
        ("ref.list", {"list": "tax_schedules"}, "SY_SalesTaxSchedule", "TaxSchedule"),
        ("ref.list", {"list": "main_accounts"}, "GL_MainAccount", "MainAccountCode"),
    ],
)
def test_lists_are_whole_and_stripped(sage: Sage, verb: str, params: dict[str, str], table: str, key: str) -> None:
    told, kept = sage.ask(verb, **params)
    rows = sage.sandbox.company[table].rows
    assert told["rows"] == len(kept.rows) == len(rows)
    assert sorted(row[key] for row in kept.rows) == sorted(str(row[f"{key}$"]).strip() for row in rows.values())
    assert all(value == value.strip() for row in kept.rows for value in row.values())


def test_companies_are_those_that_the_agent_may_work_in(sage: Sage) -> None:
    _, kept = sage.ask("company.list")
    assert [row["CompanyCode"] for row in kept.rows] == [MAIN]


def test_the_probe_finds_what_this_version_lacks() -> None:
    sage = Sage(orders=0)
    sage.sandbox.company.modules.discard("I/M")
    told, _ = sage.ask("probe")
    assert told["modules"]["I/M"] and not told["modules"]["P/O"]
    assert told["objects"]["IM_Warehouse_svc"] and told["objects"]["PO_PurchaseOrder_bus"] == ""
