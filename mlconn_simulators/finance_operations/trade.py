"""The documents of the environment: a month of purchase orders and pending invoices, and new ones while it runs."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

from mlconn_simulators.finance_operations.bodies import noon
from mlconn_simulators.finance_operations.masters import MAIN, OTHER, STRANGERS, UNIT_OF
from mlconn_simulators.finance_operations.purchasing import Purchasing
from mlconn_simulators.finance_operations.schema import Values
from mlconn_simulators.finance_operations.store import Record
from mlconn_simulators.finance_operations.vendor_invoices import VendorInvoices
from mlconn_simulators.utc_clock import UtcClock
from mlconn_simulators.world.items import BOX, CARTON, ODD
from mlconn_simulators.world.model import World, WorldItem

DAYS = 30
CASES = {
    3: "draft",
    7: "canceled",
    13: "reconfirmed",
    19: "odd_unit",
    31: "long_reference",
    37: "approved_only",
    43: "stranger",
    53: "other_company",
    57: "changed_back",
    63: "obsolete_item",
    71: "in_review",
    77: "canceled_line",
    83: "deleted_line",
    91: "invoiced",
}
"""Which of every hundred orders have a catch. Drafts, reviewed and merely approved ones have no confirmation."""


class Trade:
    """Makes documents through the environment's own rules. The same world gives the same documents."""

    def __init__(
        self, purchasing: Purchasing, invoices: VendorInvoices, clock: UtcClock, world: World, dice: random.Random
    ) -> None:
        self._purchasing, self._invoices, self._clock = purchasing, invoices, clock
        self._world, self._dice = world, dice
        self._vendors = [partner for partner in world.partners if partner.supplier_code]
        self._items = [item for item in world.items if item.active]
        self._obsolete = [item for item in world.items if not item.active]
        self._odd = [item for item in self._items if ODD in item.units]
        self._made = 0

    def a_month(self) -> None:
        """The start, up to yesterday: four fifths purchase orders, one fifth pending invoices for them."""
        invoices = self._world.documents // 5
        orders = [self.purchase_order(index) for index in self._moments(self._world.documents - invoices)]
        confirmed = [order for order in orders if order.values["DocumentApprovalStatus"] == "Confirmed"]
        for index in self._moments(invoices if confirmed else 0):
            self._invoice(confirmed[index * len(confirmed) // invoices], f"INV-{index:05}")

    def activity(self, count: int, *, sound: bool = False) -> list[dict[str, str]]:
        """New purchase orders now, most of them confirmed at once. sound: each is confirmed and has no catch."""
        made = []
        for _ in range(count):
            self._made += 1
            record = self.purchase_order(0 if sound else 1000 + self._made)
            made.append({"dataAreaId": record.key[0], "PurchaseOrderNumber": record.key[1]})
        return made

    def purchase_order(self, index: int) -> Record:
        """One order with its lines, moved on as its case has it."""
        dice, case = self._dice, CASES.get(index % 100)
        company = OTHER if case == "other_company" else MAIN
        partner = dice.choice(self._vendors)
        account = dice.choice(STRANGERS)[0] if case == "stranger" else partner.supplier_code
        wanted = noon(self._clock.now().date() + dt.timedelta(days=dice.choice((7, 14, 30))))
        header: Values = {
            "OrderVendorAccountNumber": account,
            "RequestedDeliveryDate": wanted,
            "VendorOrderReference": f"Q-{index:05}"
            + (" / frame contract of the spring campaign" if case == "long_reference" else ""),
            "AttentionInformation": dice.choice(("", "Señor Núñez", "Müller, Tor 3", "Receiving")),
        }
        if partner.name == "eastgate" and index % 4 == 0:
            header["CurrencyCode"] = "EUR"
        order = self._purchasing.create(company, header)
        number = order.values["PurchaseOrderNumber"]
        for place in range(dice.choice((1, 2, 2, 3, 3, 4, 6))):
            line = self._line(case if place == 0 else None) | {"PurchaseOrderNumber": number}
            if index % 7 == 3 and place:
                line["LineNumber"] = 10 * place + 5  # numbers need not be 1, 2, 3
            self._purchasing.add_line(company, line, checked=False)
        self._move_on(order, company, number, case)
        return order

    def _move_on(self, order: Record, company: str, number: str, case: str | None) -> None:
        purchasing = self._purchasing
        if case in ("draft", "in_review"):
            purchasing.approve(company, number, "Draft" if case == "draft" else "InReview")
            return
        if order.values["DocumentApprovalStatus"] == "Draft":  # change management
            purchasing.approve(company, number)
        if case == "approved_only":
            return
        first = int(purchasing.lines(company, number)[0].values["LineNumber"])
        if case in ("canceled_line", "deleted_line"):
            extra = self._line(None) | {"PurchaseOrderNumber": number}
            last = purchasing.add_line(company, extra).values["LineNumber"]
            purchasing.cancel_line(company, number, int(last), deleted=case == "deleted_line")
        purchasing.confirm(company, number)
        if case in ("reconfirmed", "changed_back"):
            line = next(each for each in purchasing.lines(company, number) if each.values["LineNumber"] == first)
            purchasing.change_line(line, {"OrderedPurchaseQuantity": line.values["OrderedPurchaseQuantity"] + 3})
            if case == "reconfirmed":
                purchasing.approve(company, number)
                purchasing.confirm(company, number)
        elif case == "canceled":
            purchasing.cancel(company, number)
        elif case == "invoiced":
            purchasing.move(company, number, "Received")
            purchasing.move(company, number, "Invoiced")

    def _invoice(self, order: Record, number: str) -> None:
        """A clerk's pending invoice for an order's first line."""
        company, order_number = order.key
        line = self._purchasing.lines(company, order_number)[0].values
        currency = order.values["CurrencyCode"]
        header = {"InvoiceNumber": number, "InvoiceAccount": order.values["OrderVendorAccountNumber"], "Currency": currency,
                  "PurchaseOrderNumber": order_number, "InvoiceDate": noon(self._clock.now().date())}  # fmt: skip
        made = self._invoices.create(company, header)
        if line["ItemNumber"] not in {item.code for item in self._obsolete}:
            self._invoices.add_line(company, {
                "HeaderReference": made.values["HeaderReference"], "ItemNumber": line["ItemNumber"], "Currency": currency,
                "ReceiveNow": line["OrderedPurchaseQuantity"], "Unit": line["PurchaseUnitSymbol"], "PurchaseOrder": order_number,
                "UnitPrice": line["PurchasePrice"], "PriceUnit": line["PurchasePriceQuantity"],
                "PurchLineNumber": int(line["LineNumber"]),
            })  # fmt: skip

    def _moments(self, count: int) -> Iterator[int]:
        for index in range(count):
            day = self._world.today - dt.timedelta(days=DAYS - index * DAYS // count)
            of_day = (index * DAYS % count) / count
            self._clock.set(dt.datetime.combine(day, dt.time(7), dt.UTC) + dt.timedelta(hours=10 * of_day))
            yield index

    def _line(self, case: str | None) -> Values:
        dice = self._dice
        special = {"obsolete_item": self._obsolete, "odd_unit": self._odd}.get(case or "")
        item = dice.choice(special or self._items)
        unit = ODD if case == "odd_unit" else self._unit(item)
        quantity = Decimal(dice.choice((1, 2, 5, 10, 24, 100)))
        line: Values = {"ItemNumber": item.code, "LineDescription": item.name.strip(), "PurchaseUnitSymbol": UNIT_OF[unit]}
        line["OrderedPurchaseQuantity"] = quantity + Decimal("0.25") if item.stock_unit == "kg" else quantity
        if unit != item.stock_unit:
            line["PurchasePrice"] = (item.price * Decimal("0.7") * item.units[unit]).quantize(Decimal("0.01"))
            line["PurchasePriceQuantity"] = Decimal(1)
        if dice.random() < 0.1:
            line["LineDiscountPercentage"] = Decimal(dice.choice((5, 10)))
        return line

    def _unit(self, item: WorldItem) -> str:
        return self._dice.choice([unit for unit in (item.stock_unit, item.stock_unit, BOX, CARTON) if unit in item.units])
