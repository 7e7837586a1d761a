"""The documents that the company has at the start: a month of trade, nine in ten of them without a catch."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from mlconn_simulators.sap_business_one import actions
from mlconn_simulators.sap_business_one.clock import date_text
from mlconn_simulators.sap_business_one.company import Company
from mlconn_simulators.sap_business_one.documents import close_bases, make_document
from mlconn_simulators.sap_business_one.masters import INACTIVE_RULE, RULE_TO_INACTIVE_CENTRE, STRANGERS, make_masters
from mlconn_simulators.sap_business_one.schema import DOCUMENT_KINDS, DocumentKind, Values
from mlconn_simulators.sap_business_one.store import Record
from mlconn_simulators.world.items import BOX, CARTON, ODD
from mlconn_simulators.world.making import shares
from mlconn_simulators.world.model import World, WorldItem, WorldPartner

DAYS = 30
_CASES = {
    7: "cancelled",
    57: "cancelled",
    19: "odd_unit",
    31: "long_number",
    43: "stranger",
    63: "inactive_item",
    71: "inactive_rule",
    87: "inactive_centre",
}
"""Which of every hundred documents of a set have a catch; the others are plain."""
_RARE = {"bigbarn": 0.1}
"""Partners with few documents: a name over 60 characters fits into few partners' files."""


def seed_company(company: Company, world: World) -> None:
    """Fill an empty company with master data and documents; the same world gives the same records."""
    dice = random.Random(f"sap-business-one-{world.seed}")
    make_masters(company, world, dice)
    now = company.clock.now()
    trade = _Trade(company, world, dice)
    counts = shares(world.documents)
    trade.purchase_orders(counts.purchase_orders)
    trade.delivery_notes(counts.delivery_notes)
    trade.invoices(counts.invoices)
    company.clock.set(now)


class _Trade:
    def __init__(self, company: Company, world: World, dice: random.Random) -> None:
        self._company, self._world, self._dice = company, world, dice
        self._customers = [partner for partner in world.partners if partner.customer_code]
        self._suppliers = [partner for partner in world.partners if partner.supplier_code]
        self._items = [item for item in world.items if item.active]
        # Descriptions over 80 characters fit into few partners' files; they are as rare as the long name.
        self._weights = [0.5 if len(item.name) > 80 else 1.0 for item in self._items]
        self._inactive = [item for item in world.items if not item.active]
        self._odd = [item for item in self._items if ODD in item.units]
        self._delivered: list[Record] = []

    def purchase_orders(self, count: int) -> None:
        kind = DOCUMENT_KINDS["PurchaseOrders"]
        for index, _moment in self._moments(count):
            record = self._add(kind, self._document(kind, index, self._suppliers))
            self._finish(kind, record, index)

    def delivery_notes(self, count: int) -> None:
        """Seven in ten are copied from a sales order."""
        kind, order_kind = DOCUMENT_KINDS["DeliveryNotes"], DOCUMENT_KINDS["Orders"]
        for index, moment in self._moments(count):
            body = self._document(kind, index, self._customers)
            if self._dice.random() < 0.7:
                self._company.clock.set(moment - dt.timedelta(days=2))
                order = self._add(order_kind, body)
                self._company.clock.set(moment)
                body = {"CardCode": body["CardCode"], "DocumentLines": _lines_from(order_kind, order)}
            record = self._add(kind, body)
            if _CASES.get(index % 100) is None:
                self._delivered.append(record)
            self._finish(kind, record, index)

    def invoices(self, count: int) -> None:
        """Half are copied from a delivery note."""
        kind, delivery_kind = DOCUMENT_KINDS["Invoices"], DOCUMENT_KINDS["DeliveryNotes"]
        delivered = iter(self._delivered)
        delivery = next(delivered, None)
        for index, moment in self._moments(count):
            if delivery and index % 2 and _CASES.get(index % 100) is None and delivery.values["DocDate"] <= date_text(moment):
                lines = _lines_from(delivery_kind, delivery)
                record = self._add(kind, {"CardCode": delivery.values["CardCode"], "DocumentLines": lines})
                delivery = next(delivered, None)
            else:
                record = self._add(kind, self._document(kind, index, self._customers))
            self._finish(kind, record, index)
            if index * 3 < count and index % 3 == 0 and record.values["DocumentStatus"] == "bost_Open":
                actions.pay(self._company, kind, record, stamped=False)

    def _moments(self, count: int) -> Iterator[tuple[int, dt.datetime]]:
        """Spread over the working hours of the days before today; the company's clock goes along."""
        for index in range(count):
            day = self._world.today - dt.timedelta(days=DAYS - index * DAYS // count)
            of_day = (index * DAYS % count) / count
            moment = dt.datetime.combine(day, dt.time(7)) + dt.timedelta(hours=10 * of_day, seconds=self._dice.randint(0, 59))
            self._company.clock.set(moment)
            yield index, moment

    def _add(self, kind: DocumentKind, body: Values) -> Record:
        values = make_document(self._company, kind, body, checked=False)
        record = self._company.add_document(kind, values)
        close_bases(self._company, values)
        return record

    def _document(self, kind: DocumentKind, index: int, partners: list[WorldPartner]) -> Values:
        dice, case = self._dice, _CASES.get(index % 100)
        partner = dice.choices(partners, [_RARE.get(each.name, 1.0) for each in partners])[0]
        code = partner.customer_code if kind.sales else partner.supplier_code
        if case == "stranger":
            code = dice.choice([each for each, _, card_type in STRANGERS if (card_type == "cCustomer") == kind.sales])
        today = self._company.clock.now().date()
        lines = [self._line(case if place == 0 else None, place) for place in range(dice.choice((1, 2, 2, 3, 3, 4, 6)))]
        if index % 7 == 3:  # a line was deleted once: LineNum has a gap
            for line in lines[1:]:
                line["LineNum"] += 1
        number = f"{partner.name[:3].upper()}-{today:%y%m}{index:05}"
        return {
            "CardCode": code,
            "DocDate": date_text(today),
            "DocDueDate": date_text(today + dt.timedelta(days=dice.choice((7, 14, 30)))),
            "NumAtCard": f"{number} / release 17 for the spring campaign" if case == "long_number" else number,
            "ShipToCode": dice.choice(partner.addresses).name if kind.sales and case != "stranger" else None,
            "Comments": dice.choice(
                (None, None, "Bitte früh liefern – Tor 3", "Call before delivery", "Señor Núñez asked twice")
            ),
            "DocCurrency": "EUR"
            if partner.name == "eastgate" and kind.sales and index % 4 == 0 and case != "stranger"
            else None,
            "DocumentLines": lines,
        }

    def _line(self, case: str | None, place: int) -> Values:
        dice = self._dice
        special = {"inactive_item": self._inactive, "odd_unit": self._odd}.get(case or "")
        item = dice.choice(special) if special else dice.choices(self._items, self._weights)[0]
        line: Values = {"LineNum": place, "ItemCode": item.code, "Quantity": float(dice.choice((1, 2, 5, 10, 24, 100)))}
        unit = self._unit(item, case)
        if unit != item.stock_unit:
            line["UoMEntry"] = self._company.unit_entries[unit]
        elif item.stock_unit == "kg":
            line["Quantity"] += 0.25
        if dice.random() < 0.1:
            line["DiscountPercent"] = dice.choice((5.0, 10.0))
        if dice.random() < 0.5:
            line["CostingCode"] = dice.choice(("SALES", "LOGISTIC", "SERVICE", "R-SPLIT"))
            line["CostingCode2"] = dice.choice((None, "EAST", "WEST"))
        line |= {
            "inactive_rule": {"CostingCode": INACTIVE_RULE},
            "inactive_centre": {"CostingCode": RULE_TO_INACTIVE_CENTRE},
        }.get(case or "", {})
        return line

    def _unit(self, item: WorldItem, case: str | None) -> str:
        if case == "odd_unit":
            return ODD
        usual = [unit for unit in (item.stock_unit, item.stock_unit, BOX, CARTON) if unit in item.units]
        return self._dice.choice(usual)

    def _finish(self, kind: DocumentKind, record: Record, index: int) -> None:
        entities = self._company.sets[kind.set_name]
        if kind.sales and index % 9 == 4:
            record.values["AddressExtension"] = None  # only the free text and the codes are left
        if index % 20 == 11:
            record.values["DocumentSpecialLines"] = [
                {"LineNum": 0, "AfterLineNumber": 0, "LineType": "dslt_Text", "LineText": "Partial delivery as agreed"}
            ]
        if _CASES.get(index % 100) == "cancelled":
            self._company.clock.move(dt.timedelta(minutes=40))
            actions.cancel(self._company, kind, record)
        elif index % 10 == 6:
            self._company.clock.move(dt.timedelta(hours=3))
            self._company.write(entities, record, {"JournalMemo": "Seen by accounting"})


def _lines_from(kind: DocumentKind, base: Record) -> list[Values]:
    entry = base.values["DocEntry"]
    return [{"BaseType": kind.code, "BaseEntry": entry, "BaseLine": line["LineNum"]} for line in base.values["DocumentLines"]]
