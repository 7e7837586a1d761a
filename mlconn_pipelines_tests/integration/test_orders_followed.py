"""What becomes of the orders that came from deals: delivered, invoiced, paid, told back although nothing stamped the order."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.flows.sync.pipeline import look_at, run_flow
from mlconn_pipelines.flows.sync.route import Updates
from mlconn_pipelines.systems.sap_business_one.api.order_chains import OrderChains
from mlconn_pipelines_tests.integration.sync_scene import FLOWS, SyncScene, sync_scene

pytestmark = pytest.mark.database

FIELDS = {
    "ordered_quantity": "ERP_Ordered_Quantity__c",
    "delivered_quantity": "ERP_Delivered_Quantity__c",
    "open_quantity": "ERP_Open_Quantity__c",
    "delivered_amount": "ERP_Delivered_Amount__c",
    "open_amount": "ERP_Open_Amount__c",
    "last_delivery_number": "ERP_Last_Delivery__c",
    "last_delivery_date": "ERP_Last_Delivery_Date__c",
    "tracking_number": "ERP_Tracking_Number__c",
    "invoice_numbers": "ERP_Invoices__c",
    "invoiced_amount": "ERP_Invoiced__c",
    "credited_amount": "ERP_Credited__c",
    "paid_amount": "ERP_Paid__c",
    "payment_status": "ERP_Payment_Status__c",
    "due_date": "ERP_Due_Date__c",
}


class Followed:
    """One order that came from a deal, and a clerk in SAP. Each `told` is a poll a minute later."""

    def __init__(self, scene: SyncScene) -> None:
        self.scene, self.erp, self.today = scene, scene.erp, dt.date.today()
        self.deal = scene.org.win(1, lines=2)[0]["Id"]
        scene.run()
        self.entry = scene.made()[0]["DocEntry"]
        self.lines = [line["Quantity"] for line in self.order["DocumentLines"]]
        self.stamp = self._stamp()

    @property
    def order(self) -> Mapping[str, Any]:
        return self.erp.record("Orders", self.entry)

    def deliver(self, quantities: Mapping[int, float] | None = None, **fields: Any) -> int:
        return self.erp.copy("Orders", self.entry, "DeliveryNotes", quantities, **fields)

    def number(self, set_name: str, entry: int) -> str:
        return str(self.erp.record(set_name, entry)["DocNum"])

    def told(self, *names: str) -> tuple[Any, ...]:
        self.erp.move_clock(dt.timedelta(minutes=1))
        with self.scene.pipeline() as pipeline:
            route = pipeline.route("orders")
            if isinstance(route.source, OrderChains) and isinstance(route.act, Updates):
                source = replace(route.source, today=lambda: self.today)
                route = replace(route, source=source, act=replace(route.act, day=source.day))
            run = pipeline.run("orders", "test", self.today)
            run_flow(replace(pipeline, by_flow={**pipeline.by_flow, "orders": route}), run)
        assert self._stamp() == self.stamp, "nothing stamps the order"
        deal = self.scene.deal(self.deal)
        return tuple(deal["ERP_Order_Status__c"] if name == "status" else deal[FIELDS[name]] for name in names)

    def _stamp(self) -> tuple[str, str]:
        return self.order["UpdateDate"], self.order["UpdateTime"]


@pytest.fixture
def followed(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., Followed]]:
    with ExitStack() as stack:

        def made(**fields: str) -> Followed:
            orders = {**FLOWS["orders"], **(fields or FIELDS)}
            scene = stack.enter_context(sync_scene(tmp_path, ledger_database, flows={**FLOWS, "orders": orders}))
            return Followed(scene)

        yield made


def test_an_order_that_is_delivered_in_parts_is_told_part_by_part(followed: Callable[..., Followed]) -> None:
    one = followed()
    told = ("status", "delivered_quantity", "open_quantity", "last_delivery_number", "tracking_number")
    assert one.told(*told) == ("Open", 0, sum(one.lines), None, None)
    first = one.deliver({0: one.lines[0]}, TrackingNumber="1Z-1")
    assert one.told(*told) == ("Partly delivered", one.lines[0], one.lines[1], one.number("DeliveryNotes", first), "1Z-1")
    second = one.deliver()
    assert one.told(*told) == ("Delivered", sum(one.lines), 0, one.number("DeliveryNotes", second), "1Z-1")
    one.erp.cancel("DeliveryNotes", second)
    assert one.told(*told) == ("Partly delivered", one.lines[0], one.lines[1], one.number("DeliveryNotes", first), "1Z-1")
    states = one.scene.states("orders")
    one.told("status")
    assert one.scene.states("orders") == states, "what did not change is written once"


def test_invoices_and_payments_are_told_with_what_is_left(followed: Callable[..., Followed]) -> None:
    one = followed()
    told = ("invoice_numbers", "payment_status", "paid_amount", "credited_amount")
    assert one.told(*told) == (None, None, 0, 0)
    due = dt.date.fromisoformat(one.order["DocDate"][:10]) + dt.timedelta(days=30)
    invoice = one.erp.copy("DeliveryNotes", one.deliver(), "Invoices", DocDueDate=due.isoformat())
    total, number = one.erp.record("Invoices", invoice)["DocTotal"], one.number("Invoices", invoice)
    assert one.told(*told) == (number, "Open", 0, 0)
    assert [float(value) for value in one.told("invoiced_amount")] == [total] and one.told("due_date") == (due,)
    payment = one.erp.pay("Invoices", invoice, stamped=False, amount=10)
    assert one.told(*told) == (number, "Partly paid", 10, 0)
    assert payment is not None
    one.erp.cancel_payment(payment)
    assert one.told(*told) == (number, "Open", 0, 0)
    note = one.erp.copy("Invoices", invoice, "CreditNotes", {0: 1})
    credited = one.erp.record("CreditNotes", note)["DocTotal"]
    assert [*map(float, one.told("credited_amount", "paid_amount"))] == [credited, 0]
    one.erp.pay("Invoices", invoice, stamped=False)
    status, *amounts = one.told("payment_status", "paid_amount", "credited_amount")
    assert (status, [*map(float, amounts)]) == ("Paid", [round(total - credited, 2), credited])


def test_a_down_payment_and_what_is_matched_later_are_told_though_nothing_stamps_them(
    followed: Callable[..., Followed],
) -> None:
    one = followed()
    told = ("payment_status", "invoiced_amount", "paid_amount", "credited_amount", "invoice_numbers")
    total = one.order["DocTotal"]
    entry = one.erp.copy("Orders", one.entry, "DownPayments", DownPaymentPercentage=40.0)
    asked = one.erp.record("DownPayments", entry)["DocTotal"]

    def shows() -> tuple[Any, ...]:
        status, *amounts, numbers = one.told(*told)
        return status, *(round(float(value), 2) for value in amounts), numbers

    assert shows() == ("Open", asked, 0, 0, one.number("DownPayments", entry))
    one.erp.pay("DownPayments", entry, stamped=False)
    assert shows() == ("Paid", asked, asked, 0, one.number("DownPayments", entry))
    invoice = one.erp.copy("Orders", one.entry, "Invoices", DownPaymentsToDraw=[{"DocEntry": entry}])
    number, code = one.number("Invoices", invoice), one.order["CardCode"]
    assert shows() == ("Partly paid", total, asked, 0, number)
    note = one.erp.add_document(
        "CreditNotes", CardCode=code, DocumentLines=[{"ItemCode": "A1001", "Quantity": 1, "UnitPrice": 1}]
    )
    credited = one.erp.record("CreditNotes", note)["DocTotal"]
    assert shows() == ("Partly paid", total, asked, 0, number)
    matched = one.erp.reconcile("Invoices", invoice, "CreditNotes", note)
    assert shows() == ("Partly paid", total, asked, credited, number)
    one.erp.cancel_reconciliation(matched)
    assert shows() == ("Partly paid", total, asked, 0, number)
    payment = one.erp.receive_payment(code, round(total - asked, 2))
    assert shows() == ("Partly paid", total, asked, 0, number)
    one.erp.reconcile("Invoices", invoice, "IncomingPayments", payment)
    assert shows() == ("Paid", total, total, 0, number)


def test_an_order_invoiced_without_a_delivery_is_delivered_by_its_invoice(followed: Callable[..., Followed]) -> None:
    one = followed()
    invoice = one.erp.copy("Orders", one.entry, "Invoices")
    number = one.number("Invoices", invoice)
    assert one.told("status", "last_delivery_number", "invoice_numbers") == ("Delivered", number, number)


def test_goods_that_come_back_are_told(followed: Callable[..., Followed]) -> None:
    one = followed()
    delivery = one.deliver()
    assert one.told("status", "delivered_quantity") == ("Delivered", sum(one.lines))
    one.erp.copy("DeliveryNotes", delivery, "Returns", {0: 1})
    assert one.told("delivered_quantity", "open_quantity") == (sum(one.lines) - 1, 0)


def test_deliveries_of_other_orders_are_remembered_and_asked_for_once(followed: Callable[..., Followed]) -> None:
    one = followed()
    code = one.order["CardCode"]
    other = one.erp.add_document("Orders", CardCode=code, DocumentLines=[{"ItemCode": "A1001", "Quantity": 3}])
    one.erp.copy("Orders", other, "DeliveryNotes")
    one.told("status")

    def asked() -> int:
        return sum(count for path, count in one.erp.state(source=False)["requests"].items() if "crossjoin" in path)

    assert (before := asked()) > 0
    one.told("status")
    assert asked() == before and one.scene.states("orders") == {"posted": 1}


OF_GOODS = ("Orders", "DeliveryNotes", "DownPayments", "Invoices", "Returns", "CreditNotes")


@pytest.mark.parametrize(
    ("fields", "sets"),
    [
        (FIELDS, (*OF_GOODS, "IncomingPayments", "InternalReconciliations")),
        ({"open_quantity": "ERP_Open_Quantity__c"}, OF_GOODS),
        ({"status": ""}, ("Orders",)),
    ],
    ids=["payments", "goods", "numbers"],
)
def test_a_look_that_finds_nothing_lists_each_set_once_and_only_those_that_are_told(
    followed: Callable[..., Followed], fields: Mapping[str, str], sets: tuple[str, ...]
) -> None:
    """None of them can stand in for another: SAP stamps no base of what is copied, and neither payments nor what is matched."""
    one = followed(**fields)
    one.scene.run("orders")
    with one.scene.pipeline() as pipeline:
        before = Counter(one.erp.state(source=False)["requests"])
        assert look_at(pipeline.route("orders")) == 0
        asked = Counter(one.erp.state(source=False)["requests"]) - before
    # The sandbox counts a name of so many letters like a key.
    names = {"{}": "InternalReconciliations"}
    read = {names.get(name := path.rpartition("/")[2], name): count for path, count in asked.items() if "Login" not in path}
    assert read == dict.fromkeys(sets, 1)


def test_where_only_numbers_are_told_nothing_else_is_read(followed: Callable[..., Followed]) -> None:
    one = followed(status="")
    one.deliver()
    one.scene.run("orders")
    assert not any("DeliveryNotes" in path for path in one.erp.state(source=False)["requests"])


def test_the_next_day_tells_what_fell_due_and_what_nothing_said(followed: Callable[..., Followed]) -> None:
    one = followed()
    due = {"DocDueDate": (one.today + dt.timedelta(days=3)).isoformat()}
    invoice = one.erp.copy("Orders", one.entry, "Invoices", **due)
    assert one.told("payment_status", "paid_amount") == ("Open", 0)
    with one.erp.lock:  # as a reconciliation does that no payment of these days belongs to
        entities = one.erp.company.sets["Invoices"]
        one.erp.company.write(entities, entities.get((invoice,)), {"PaidToDate": 1.0}, stamped=False)
    assert one.told("payment_status", "paid_amount") == ("Open", 0)
    for days, told in ((1, "Partly paid"), (2, "Partly paid"), (1, "Overdue")):
        one.today += dt.timedelta(days=days)
        assert one.told("payment_status", "paid_amount") == (told, 1)


def test_a_delivery_that_no_poll_saw_is_found_the_next_day(followed: Callable[..., Followed]) -> None:
    one = followed()
    note = one.deliver({0: one.lines[0]})
    with one.erp.lock:  # committed long after its stamp
        entities = one.erp.company.sets["DeliveryNotes"]
        entities.write(entities.get((note,)), {"UpdateDate": "2020-01-01T00:00:00Z"})
    assert one.told("status") == ("Open",)
    one.today += dt.timedelta(days=1)
    assert one.told("status", "delivered_quantity") == ("Partly delivered", one.lines[0])


def test_goods_that_an_invoice_reserves_are_still_to_come(followed: Callable[..., Followed]) -> None:
    one = followed()
    reserving = one.erp.copy("Orders", one.entry, "Invoices", ReserveInvoice="tYES")
    assert one.told("status", "open_quantity", "last_delivery_number") == ("Open", sum(one.lines), None)
    one.erp.copy("Invoices", reserving, "DeliveryNotes", {0: one.lines[0]})
    assert one.told("status", "delivered_quantity", "open_quantity") == ("Partly delivered", one.lines[0], one.lines[1])
    one.erp.copy("Invoices", reserving, "DeliveryNotes")
    assert one.told("status", "open_quantity") == ("Delivered", 0)


def test_of_more_invoices_than_the_field_takes_the_last_are_told(followed: Callable[..., Followed]) -> None:
    one = followed(invoice_numbers=FIELDS["tracking_number"])
    entries = [one.erp.copy("Orders", one.entry, "Invoices", {0: one.lines[0] / 16}) for _ in range(16)]
    (told,) = one.told("tracking_number")
    assert len(told) <= 80 and told.startswith("…, ") and told.endswith(one.number("Invoices", entries[-1]))
