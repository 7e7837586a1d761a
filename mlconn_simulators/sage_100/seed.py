"""The company's master data and its orders at the start, made from the world that all simulated systems share."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from mlconn_simulators.sage_100.clock import ServerClock
from mlconn_simulators.sage_100.layouts import Refused, Row
from mlconn_simulators.sage_100.people import People
from mlconn_simulators.sage_100.site import Site
from mlconn_simulators.sage_100.store import Company
from mlconn_simulators.world.items import BOX, CARTON, EACH, KILOGRAM, ODD
from mlconn_simulators.world.model import World, WorldItem, WorldPartner

UNIT_OF = {EACH: "EACH", BOX: "BX12", CARTON: "CT48", KILOGRAM: "KG", ODD: "WICK"}
WAREHOUSES = (
    ("000", "Central Warehouse", "100 Main Street", "Columbus", "OH", "43215"),
    ("001", "East Warehouse", "12 Harbor Road", "Savannah", "GA", "31401"),
    ("002", "West Warehouse", "7 Desert Way", "Reno", "NV", "89501"),
)
STRANGERS = (("V90010", "City Power & Water"), ("V90020", "Office Plants Ltd"))
"""Vendors that are no trading partners."""
INACTIVE_VENDOR, HELD_VENDOR = "V90080", "V90090"
OTHER_DIVISION = "01"
ACCOUNTS = (
    # key, account, description, type, status, from, to
    ("000000001", "1000-00-00", "Inventory", "03", "A", "", ""),
    ("000000002", "2000-00-00", "Accounts payable", "09", "A", "", ""),
    ("000000003", "5000-01-00", "Purchases plant", "16", "A", "", ""),
    ("000000004", "5000-02-00", "Purchases office", "16", "A", "", ""),
    ("000000005", "6100-01-10", "Freight plant east", "18", "A", "", ""),
    ("000000006", "6200-02-10", "Office supplies", "18", "I", "", ""),
    ("000000007", "6300-02-20", "Former supplies", "18", "D", "", ""),
    ("000000008", "6400-01-20", "Spring campaign", "18", "A", "20200101", "20201231"),
)
PAYABLE, PURCHASES, FREIGHT = "000000002", "000000003", "000000005"
TERMS = (("00", "No terms", 0.0, 0.0), ("01", "Net 30 days", 30.0, 0.0), ("02", "2% 10 days net 30", 30.0, 2.0))
TAX_SCHEDULES = (("DEFAULT", "No tax"), ("OH", "Ohio"), ("GA", "Georgia"))
_COUNTRY = {"US": "USA", "DE": "DEU", "IT": "ITA", "PL": "POL", "CA": "CAN"}


def unit_codes(world: World) -> dict[str, str]:
    """This company's units to the X12 units that everyone has agreed on; one without an agreement is left out."""
    return {UNIT_OF[unit]: code for unit, code in world.unit_codes.items()}


def make_masters(site: Site, company: Company, world: World, dice: random.Random, divisions: bool) -> None:
    """Everything that documents refer to. divisions: there is a second one, in which the same numbers are other vendors."""
    stamp: Row = {"DateCreated$": "20200115", "TimeCreated$": "9.5", "UserCreatedKey$": "0000000001"}
    _ledger(company, stamp)
    for code, name, days, rate in TERMS:
        company["AP_TermsCode"].put(
            stamp | {"TermsCode$": code, "TermsCodeDesc$": name, "DaysBeforeDue": days, "DiscountRate": rate}
        )
        company["AR_TermsCode"].put(
            stamp | {"TermsCode$": code, "TermsCodeDesc$": f"{name} (customers)", "DaysBeforeDue": days}
        )
    for code, name in TAX_SCHEDULES:
        company["SY_SalesTaxSchedule"].put(stamp | {"TaxSchedule$": code, "TaxScheduleDesc$": name})
    for code, name, street, city, state, zip_code in WAREHOUSES:
        company["IM_Warehouse"].put(
            stamp
            | {"WarehouseCode$": code, "WarehouseDesc$": name, "WarehouseName$": name, "WarehouseAddress1$": street, "WarehouseCity$": city,
               "WarehouseState$": state, "WarehouseZipCode$": zip_code, "WarehouseCountryCode$": "USA", "WarehouseStatus$": "A"}
        )  # fmt: skip
    company["AP_Division"].put({"APDivisionNo$": "00", "APDivisionDesc$": "Default", "AccountsPayableAcctKey$": PAYABLE})
    if divisions:
        company["AP_Division"].put(
            {"APDivisionNo$": OTHER_DIVISION, "APDivisionDesc$": "Services", "AccountsPayableAcctKey$": PAYABLE}
        )
    suppliers = [partner for partner in world.partners if partner.supplier_code]
    for place, partner in enumerate(suppliers):
        company["AP_Vendor"].put(stamp | _vendor(site, partner, dice, padded=place % 3 == 0))
        if divisions and place % 2:
            other = {
                "APDivisionNo$": OTHER_DIVISION,
                "VendorNo$": partner.supplier_code,
                "VendorName$": f"Nobody {place} Services",
            }
            company["AP_Vendor"].put(stamp | other | {"VendorStatus$": "A", "TermsCode$": "00"})
    strange = [*STRANGERS, (INACTIVE_VENDOR, "Former Vendor"), (HELD_VENDOR, "Vendor on Hold")]
    for number, name in strange:
        company["AP_Vendor"].put(
            stamp | {"APDivisionNo$": "00", "VendorNo$": number, "VendorName$": name, "TermsCode$": "01", "TaxSchedule$": "DEFAULT",
                     "VendorStatus$": "I" if number == INACTIVE_VENDOR else "A", "HoldPayment$": "Y" if number == HELD_VENDOR else "N"}
        )  # fmt: skip
    for place, item in enumerate(world.items, start=1):
        _item(site, company, item, place, stamp, suppliers)


def _ledger(company: Company, stamp: Row) -> None:
    for key, account, description, kind, status, start, end in ACCOUNTS:
        main = account.split("-")[0]
        company["GL_Account"].put(
            stamp
            | {"AccountKey$": key, "Account$": account, "RawAccount$": account.replace("-", ""), "AccountDesc$": description,
               "MainAccountCode$": main, "AccountType$": kind, "Status$": status, "DateStart$": start, "DateEnd$": end,
               "CashFlowsType$": "O"}
        )  # fmt: skip
        company["GL_MainAccount"].put(stamp | {"SegmentNo$": "01", "MainAccountCode$": main, "MainAccountDesc$": description})


def _vendor(site: Site, partner: WorldPartner, dice: random.Random, padded: bool) -> Row:
    """padded: trailing blanks, as old imports left them."""
    office = partner.addresses[0]
    name = site.ansi(partner.title)[:50]
    return {
        "APDivisionNo$": "00",
        "VendorNo$": partner.supplier_code,
        "VendorName$": name.ljust(50) if padded else name,
        "AddressLine1$": site.ansi(office.street)[:40],
        "City$": site.ansi(office.city)[:30],
        "State$": office.state,
        "ZipCode$": office.postal_code,
        "CountryCode$": _COUNTRY[office.country],
        "TelephoneNo$": partner.contact_phone,
        "EmailAddress$": partner.contact_email,
        "TermsCode$": dice.choice(("01", "02")),
        "VendorStatus$": "A",
        "HoldPayment$": "N",
        "TaxSchedule$": "DEFAULT",
        "AccountKey$": PURCHASES,
    }


def _item(site: Site, company: Company, item: WorldItem, place: int, stamp: Row, suppliers: list[WorldPartner]) -> None:
    name = site.ansi(item.name.replace("\n", " ")).rstrip()
    units = list(item.units.items())
    bought_in, factor = units[place % len(units)]
    extended = f"{place:010}" if len(name) > 30 else ""
    if extended:
        company["CI_ExtendedDescription"].put({"ExtendedDescriptionKey$": extended, "ExtendedDescriptionText$": name})
    company["CI_Item"].put(
        stamp
        | {"ItemCode$": item.code, "ItemType$": "1", "ItemCodeDesc$": name[:30], "ExtendedDescriptionKey$": extended, "UseInPO$": "Y",
           "UseInSO$": "Y", "ProductLine$": "MAIN", "ProductType$": "F", "Valuation$": "2",
           "DefaultWarehouseCode$": WAREHOUSES[place % 3][0],
           "StandardUnitOfMeasure$": UNIT_OF[item.stock_unit], "SalesUnitOfMeasure$": UNIT_OF[item.stock_unit],
           "PurchaseUnitOfMeasure$": UNIT_OF[bought_in], "PurchaseUMConvFctr": float(factor), "StandardUnitCost": float(item.price),
           "PurchasesAcctKey$": PURCHASES, "InactiveItem$": "N" if item.active else "Y"}
    )  # fmt: skip
    for partner in suppliers:
        if partner.name in item.partner_numbers:
            company["IM_ItemVendor"].put(
                {"ItemCode$": item.code, "APDivisionNo$": "00", "VendorNo$": partner.supplier_code,
                 "VendorAliasItemNo$": item.partner_numbers[partner.name]}
            )  # fmt: skip


CASES = {
    5: "quote",
    17: "drop_ship",
    29: "master",
    41: "stranger",
    53: "held",
    61: "comment",
    67: "charge",
    73: "closed",
    89: "received",
}
"""Which of every hundred orders have a catch."""


class Trade:
    """Makes orders as buyers enter them. The same world gives the same orders."""

    def __init__(self, people: People, world: World, dice: random.Random) -> None:
        self._people, self._dice, self._made = people, dice, 0
        self._vendors = [partner.supplier_code for partner in world.partners if partner.supplier_code]
        self._items = [item.code for item in world.items if item.active]
        agreed = unit_codes(world)
        units = {str(row["ItemCode$"]): row["PurchaseUnitOfMeasure$"] for row in people.items()}
        self._sound = [code for code in self._items if units[code] in agreed]

    def start(self, orders: int, clock: ServerClock, days: int) -> None:
        """So many, spread over the days that the clock still has to go; it stands still in between."""
        step = dt.timedelta(days=days) / max(orders, 1)
        for index in range(orders):
            clock.move(step)
            self.order(index)

    def activity(self, count: int, sound: bool = False) -> list[str]:
        """New orders now; gives their numbers. sound: none has a catch."""
        numbers = []
        for _ in range(count):
            self._made += 1
            numbers.append(self.order(0 if sound else 1000 + self._made, self._sound if sound else self._items))
        return numbers

    def order(self, index: int, items: Sequence[str] = ()) -> str:
        """items: left out for all, those with a unit that nobody has agreed on among them."""
        dice, case = self._dice, CASES.get(index % 100)
        vendor = dice.choice(self._vendors)
        if case in ("stranger", "held"):
            vendor = STRANGERS[0][0] if case == "stranger" else HELD_VENDOR
        lines: list[Row] = []
        for place in range(dice.choice((1, 2, 2, 3, 4))):
            line: Row = {
                "ItemCode$": dice.choice(items or self._items), "QuantityOrdered": float(dice.choice((1, 5, 12, 100)))}  # fmt: skip
            if index % 6 == 2 and place:
                line["WarehouseCode$"] = WAREHOUSES[place % 3][0]
            lines.append(line)
        if case == "comment":
            lines.append({"ItemCode$": "/C", "CommentText$": "Deliver to dock 7"})
        if case == "charge":
            lines.append({"ItemCode$": "/M", "ItemCodeDesc$": "Handling", "QuantityOrdered": 1.0, "UnitCost": 12.5,
                          "PurchasesAcctKey$": FREIGHT})  # fmt: skip
        header: Row = {
            "WarehouseCode$": WAREHOUSES[index % 3][0],
            "Comment$": dice.choice(("", "Dock 7", "Call ahead")),
            "OrderType$": {"quote": "Q", "drop_ship": "D", "master": "M"}.get(case or "", "S"),
        }
        try:
            number = self._people.enter_order(vendor, lines, header)
        except Refused as refusal:  # a maker that goes against the rules is our own mistake
            raise ValueError(str(refusal)) from refusal
        if case in ("received", "closed"):
            self._people.receive(number)
        if case == "closed":
            self._people.close_order(number)
        return number
