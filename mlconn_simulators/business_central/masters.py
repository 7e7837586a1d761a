"""Master data of the company: its customers, vendors, items, units and the small tables around them, from the world."""

from __future__ import annotations

import random
import uuid
from decimal import ROUND_HALF_UP, Decimal

from mlconn_simulators.business_central.company import LOCAL_CURRENCY, Company, Record
from mlconn_simulators.business_central.schema import NO_ID, Values
from mlconn_simulators.world.items import BOX, CARTON, EACH, KILOGRAM, ODD
from mlconn_simulators.world.model import World, WorldItem, WorldPartner

UNIT_OF = {EACH: "PCS", BOX: "BOX12", CARTON: "CTN48", KILOGRAM: "KG", ODD: "WICKER"}
"""The world's units to this company's codes."""
_STANDARD = {"PCS": "EA", "BOX12": "BX", "CTN48": "CA", "KG": "KG", "WICKER": ""}
STRANGERS = (
    ("C90010", "Walk-in Customer", "customer"),
    ("C90020", "Local Café Übersee", "customer"),
    ("C90030", "Internal Consumption", "customer"),
    ("V90010", "City Power & Water", "vendor"),
    ("V90020", "Office Plants Ltd", "vendor"),
)
"""Customers and vendors that are no trading partners: their documents have nowhere to go."""
BLOCKED_CUSTOMER = "C90090"
HEADING_ACCOUNT, BLOCKED_ACCOUNT = "6000", "8999"
"""Accounts that nothing can be posted to."""
_CHART = (
    ("2310", "Customers Domestic", "Posting", False),
    ("5410", "Vendors Domestic", "Posting", False),
    ("5630", "Purchase Tax", "Posting", False),
    (HEADING_ACCOUNT, "Revenue", "Begin_x0020_Total", False),
    ("6110", "Sales, Retail", "Posting", True),
    ("6610", "Sales, Other Job Expenses", "Posting", True),
    ("7110", "Purchases, Retail", "Posting", True),
    (BLOCKED_ACCOUNT, "Closed plant", "Posting", True),
)
_CENT = Decimal("0.01")


def make_masters(company: Company, world: World, dice: random.Random) -> None:
    """Everything that documents refer to."""
    currencies = _small_tables(company)
    _accounts(company)
    _dimensions(company)
    _units_and_items(company, world)
    terms = [company.sets["paymentTerms"].find("code", code) for code in ("30 DAYS", "14 DAYS", "10 DAYS")]
    for partner in world.partners:
        for number, set_name in ((partner.customer_code, "customers"), (partner.supplier_code, "vendors")):
            if number:
                values = _party(partner, number, currencies) | {"paymentTermsId": _id(dice.choice(terms))}
                company.add(set_name, values | ({"type": "Company"} if set_name == "customers" else {}))
    for number, name, party in STRANGERS:
        company.add(f"{party}s", _plain_party(number, name, dice) | {"paymentTermsId": _id(terms[0])})
    company.add("customers", _plain_party(BLOCKED_CUSTOMER, "Blocked Customer", dice) | {"blocked": "All", "type": "Company"})


def _accounts(company: Company) -> None:
    """The chart of accounts. Ids of their own, so that those of everything else follow the seed as ever."""
    for number, name, kind, direct in _CHART:
        values = {
            "number": number,
            "displayName": name,
            "accountType": kind,
            "directPosting": direct,
            "blocked": number == BLOCKED_ACCOUNT,
        }
        company.add("accounts", values, record_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"account {number}")))


def _dimensions(company: Company) -> None:
    """Two dimensions and their values; ids of their own, as accounts have. Every line is of a department."""
    for code, name, values in (
        ("DEPARTMENT", "Department", (("ADM", "Administration"), ("SALES", "Sales"))),
        ("AREA", "Area", (("30", "North America"), ("SALES", "Sales areas"))),
    ):
        dimension_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"dimension {code}"))
        company.add("dimensions", {"code": code, "displayName": name}, record_id=dimension_id)
        for value, title in values:
            company.add("dimensionValues", {"code": value, "displayName": title, "dimensionId": dimension_id},
                        record_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"dimension {code} {value}")))  # fmt: skip
    company.default_dimensions = {"DEPARTMENT": "SALES"}


def unit_codes(world: World) -> dict[str, str]:
    """This company's unit codes to the X12 units that everyone has agreed on; a unit without an agreement is left out."""
    return {UNIT_OF[unit]: code for unit, code in world.unit_codes.items()}


def _id(record: Record | None) -> str:
    return record.id if record else NO_ID


def _small_tables(company: Company) -> dict[str, str]:
    """Currencies, terms, shipment methods, locations, tax groups; gives each foreign currency's id."""
    ids = {LOCAL_CURRENCY: NO_ID}
    for code, name, symbol in (("EUR", "Euro", "€"), ("CAD", "Canadian dollar", "$")):
        values = {"code": code, "displayName": name, "symbol": symbol, "amountDecimalPlaces": "2:2"}
        ids[code] = company.add("currencies", values | {"amountRoundingPrecision": _CENT}).id
    for code, days in (("30 DAYS", 30), ("14 DAYS", 14), ("10 DAYS", 10), ("COD", 0)):
        company.add("paymentTerms", {"code": code, "displayName": f"Net {days} days", "dueDateCalculation": f"{days}D"})
    for code, name in (("EXW", "Ex Warehouse"), ("DAP", "Delivered at Place")):
        company.add("shipmentMethods", {"code": code, "displayName": name})
    place = {"addressLine1": "1 Meridian Plaza", "city": "Chicago", "state": "IL", "country": "US", "postalCode": "60606"}
    company.add("locations", {"code": "MAIN", "displayName": "Main warehouse", "contact": "Receiving, dock 3"} | place)
    for code in ("TAXABLE", "NONTAXABLE"):
        company.add("taxGroups", {"code": code, "displayName": code.title(), "taxType": "Sales Tax"})
    return ids


def _units_and_items(company: Company, world: World) -> None:
    units: dict[str, str] = {}
    for name, code in UNIT_OF.items():
        values = {"code": code, "displayName": name, "internationalStandardCode": _STANDARD[code]}
        units[code] = company.add("unitsOfMeasure", values).id
    for item in world.items:
        company.add("items", _item(item, units))
        company.item_units[item.code] = {UNIT_OF[unit]: factor for unit, factor in item.units.items()}


def _item(item: WorldItem, units: dict[str, str]) -> Values:
    base = UNIT_OF[item.stock_unit]
    return {
        "number": item.code,
        "displayName": item.name[:100],
        "displayName2": item.name[100:150],
        "type": "Inventory",
        "itemCategoryCode": "TRADE",
        "blocked": not item.active,
        "gtin": item.barcode,
        "inventory": Decimal(500),
        "unitPrice": item.price,
        "unitCost": (item.price * Decimal("0.7")).quantize(_CENT, ROUND_HALF_UP),
        "taxGroupCode": "TAXABLE",
        "baseUnitOfMeasureId": units[base],
        "baseUnitOfMeasureCode": base,
        "generalProductPostingGroupCode": "RETAIL",
        "inventoryPostingGroupCode": "RESALE",
    }


def _party(partner: WorldPartner, number: str, currencies: dict[str, str]) -> Values:
    office = partner.addresses[0]
    return {
        "number": number,
        "displayName": partner.title,
        "addressLine1": office.street,
        "city": office.city,
        "state": office.state,
        "country": office.country,
        "postalCode": office.postal_code,
        "phoneNumber": partner.contact_phone,
        "email": partner.contact_email,
        "currencyId": currencies[partner.currency],
        # Blank in the table for local currency, as everywhere in this system.
        "currencyCode": "" if partner.currency == LOCAL_CURRENCY else partner.currency,
        "taxLiable": partner.currency == LOCAL_CURRENCY,
    }


def _plain_party(number: str, name: str, dice: random.Random) -> Values:
    return {
        "number": number,
        "displayName": name,
        "addressLine1": f"{dice.randint(1, 90)} Side Street",
        "city": "Louisville",
        "state": "KY",
        "country": "US",
        "postalCode": "40202",
    }
