"""The documents of the company: a month of trade at the start, and new ones while it runs; nine in ten have no catch."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from mlconn_simulators.business_central import posting
from mlconn_simulators.business_central.company import Company, Record
from mlconn_simulators.business_central.documents import create_document
from mlconn_simulators.business_central.masters import STRANGERS, UNIT_OF
from mlconn_simulators.business_central.schema import KINDS, Values
from mlconn_simulators.world.items import BOX, CARTON, ODD
from mlconn_simulators.world.making import shares
from mlconn_simulators.world.model import World, WorldItem, WorldPartner

DAYS = 30
CASES = {
    7: "canceled",
    57: "corrective",
    19: "odd_unit",
    31: "long_number",
    43: "stranger",
    63: "blocked_item",
    71: "draft",
    75: "released_draft",
    87: "account_line",
}
"""Which of every hundred documents of a set have a catch. A draft of either kind is not to be sent, however it reads."""
_RARE = {"bigbarn": 0.1}
LONG = " / release 17, spring"


class Trade:
    """Makes documents through the company's own rules. The same world gives the same documents."""

    def __init__(self, company: Company, world: World, dice: random.Random) -> None:
        self._company, self._world, self._dice = company, world, dice
        self._customers = [partner for partner in world.partners if partner.customer_code]
        self._vendors = [partner for partner in world.partners if partner.supplier_code]
        self._items = [item for item in world.items if item.active]
        self._blocked = [item for item in world.items if not item.active]
        self._odd = [item for item in self._items if ODD in item.units]
        self._shipped: list[Record] = []
        self._made = 0

    def a_month(self) -> None:
        """The start: shipments, then invoices (a third for what was shipped), then purchase orders, up to yesterday."""
        counts = shares(self._world.documents)
        for index in self._moments(counts.delivery_notes):
            self.shipment(index)
        for index in self._moments(counts.invoices):
            self.invoice(index)
        for index in self._moments(counts.purchase_orders):
            self.purchase_order(index)

    def activity(self, count: int, *, sound: bool = False) -> list[dict[str, str]]:
        """New documents now, of the three kinds in turn. sound: none of them has a catch."""
        made = []
        for _ in range(count):
            self._made += 1
            index = 0 if sound else 1000 + self._made
            make = (self.invoice, self.purchase_order, self.shipment)[self._made % 3]
            record = make(index, tag=f"N{self._made:05}")
            made.append({"set": record.set_name, "id": record.id, "number": str(record.values["number"])})
        return made

    def invoice(self, index: int, tag: str = "") -> Record:
        """A sales invoice, posted unless it is a case of a draft; a third of them bill an order that was shipped."""
        case = CASES.get(index % 100)
        if case is None and index % 3 == 1 and self._shipped:
            order = self._shipped[0]
            if order.values["orderDate"] <= self._company.today():
                invoice = posting.ship_and_invoice(self._company, self._shipped.pop(0))
                assert invoice is not None
                return invoice
        with self._unblocked(case):
            record = create_document(self._company, KINDS["salesInvoices"], self._document("salesInvoices", index, case, tag))
        if case == "released_draft":
            posting.release(self._company, record)
        if case not in ("draft", "released_draft"):
            posting.post(self._company, record)
        if case == "canceled":
            posting.cancel(self._company, record)
        elif case == "corrective":
            posting.correct(self._company, record)
        elif case is None and index % 7 == 2:
            posting.pay(self._company, record)
        return record

    def shipment(self, index: int, tag: str = "") -> Record:
        """An order that was shipped and waits for its invoice; every ninth in part only."""
        case = CASES.get(index % 100)
        with self._unblocked(case):
            order = create_document(self._company, KINDS["salesOrders"], self._document("salesOrders", index, case, tag))
        posting.release(self._company, order)
        if index % 9 == 5:
            for line in self._company.lines_of(order):
                self._company.write(line, {"shipQuantity": (line.values["quantity"] / 2).to_integral_value() or Decimal(1)})
        shipment = posting.ship(self._company, order)
        assert shipment is not None
        if case is None:
            self._shipped.append(order)
        return shipment

    def purchase_order(self, index: int, tag: str = "") -> Record:
        """Released, unless it is a case of a draft."""
        case = CASES.get(index % 100)
        with self._unblocked(case):
            body = self._document("purchaseOrders", index, case, tag)
            record = create_document(self._company, KINDS["purchaseOrders"], body)
        if case not in ("draft", "canceled"):
            posting.release(self._company, record)
        return record

    def _moments(self, count: int) -> Iterator[int]:
        """Spread over the working hours of the days before today; the clock goes along."""
        for index in range(count):
            day = self._world.today - dt.timedelta(days=DAYS - index * DAYS // count)
            of_day = (index * DAYS % count) / count
            at = dt.datetime.combine(day, dt.time(7), dt.UTC)
            self._company.clock.set(at + dt.timedelta(hours=10 * of_day, milliseconds=self._dice.randint(0, 59_999)))
            yield index

    def _document(self, set_name: str, index: int, case: str | None, tag: str) -> Values:
        dice, kind = self._dice, KINDS[set_name]
        partners = self._customers if kind.party == "customer" else self._vendors
        partner = dice.choices(partners, [_RARE.get(each.name, 1.0) for each in partners])[0]
        number = partner.customer_code if kind.party == "customer" else partner.supplier_code
        if case == "stranger":
            number = dice.choice([each for each, _, party in STRANGERS if party == kind.party])
        today = self._company.clock.now().date()
        lines = [self._line(kind.price, case if place == 0 else None) for place in range(dice.choice((1, 2, 2, 3, 3, 4, 6)))]
        if case == "account_line":
            lines.append({"lineType": "Account", "lineObjectNumber": "6610", "quantity": 1, kind.price: Decimal("18.50"),
                          "description": "Freight and handling"})  # fmt: skip
        if index % 20 == 11:
            lines.insert(1, {"description": "Partial delivery as agreed"})
        body: Values = {f"{kind.party}Number": number, kind.lines: lines}
        wanted = (today + dt.timedelta(days=dice.choice((7, 14, 30)))).isoformat()
        if kind.party == "customer":
            body |= self._ship_to(partner) if case != "stranger" else {}
            external = f"{partner.name[:3].upper()}-{tag or f'{today:%y%m}{index:05}'}"
            body["externalDocumentNumber"] = external + LONG if case == "long_number" else external
        if kind.wanted:
            body[kind.wanted] = wanted
        if partner.name == "eastgate" and index % 4 == 0 and case != "stranger":
            body["currencyCode"] = "EUR"
        return body

    def _ship_to(self, partner: WorldPartner) -> Values:
        place = self._dice.choice(partner.addresses)
        return {
            "shipToName": f"{partner.title[:80]} {place.name}",
            "shipToContact": partner.contact_name,
            "shipToAddressLine1": place.street,
            "shipToCity": place.city,
            "shipToState": place.state,
            "shipToCountry": place.country,
            "shipToPostCode": place.postal_code,
        }

    def _line(self, price: str, case: str | None) -> Values:
        dice = self._dice
        special = {"blocked_item": self._blocked, "odd_unit": self._odd}.get(case or "")
        item = dice.choice(special or self._items)
        quantity = Decimal(dice.choice((1, 2, 5, 10, 24, 100)))
        unit = self._unit(item, case)
        line: Values = {"lineType": "Item", "lineObjectNumber": item.code, "unitOfMeasureCode": UNIT_OF[unit]}
        line["quantity"] = quantity + Decimal("0.25") if item.stock_unit == "kg" else quantity
        if dice.random() < 0.1:
            line["discountPercent"] = Decimal(dice.choice((5, 10)))
        if dice.random() < 0.1:
            line[price] = (item.price * item.units[unit] * Decimal("0.97")).quantize(Decimal("0.00001"))
        return line

    def _unit(self, item: WorldItem, case: str | None) -> str:
        if case == "odd_unit":
            return ODD
        return self._dice.choice([unit for unit in (item.stock_unit, item.stock_unit, BOX, CARTON) if unit in item.units])

    @contextmanager
    def _unblocked(self, case: str | None) -> Iterator[None]:
        """An item that is blocked today was not when the document was made."""
        records = [self._company.sets["items"].find("number", item.code) for item in self._blocked]
        found = [record for record in records if record is not None and case == "blocked_item"]
        for record in found:
            record.values["blocked"] = False
        try:
            yield
        finally:
            for record in found:
                record.values["blocked"] = True
