"""Master data of the company, made from the world: business partners, items, units, cost assignments, accounts, user fields."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal

from mlconn_simulators.sap_business_one.accounting import chart
from mlconn_simulators.sap_business_one.clock import date_text
from mlconn_simulators.sap_business_one.company import ISO_OF, LOCAL_CURRENCY, Company
from mlconn_simulators.sap_business_one.schema import DOCUMENT_KINDS, Values
from mlconn_simulators.world.model import World, WorldItem, WorldPartner

CODE_OF_ISO = {iso: code for code, iso in ISO_OF.items()}
_VAT_GROUP = {"USD": "A0", "CAD": "A5", "EUR": "A19"}
STRANGERS = (
    ("C90010", "Walk-in Customer", "cCustomer"),
    ("C90020", "Local Café Übersee", "cCustomer"),
    ("C90030", "Internal Consumption", "cCustomer"),
    ("V90010", "City Power & Water", "cSupplier"),
    ("V90020", "Office Plants Ltd", "cSupplier"),
)
"""Business partners that are no trading partners: their documents have nowhere to go."""
PRICE_LISTS = ("Base Price", "Dealers", "Export")
"""By their numbers from 1 on. Only the first has prices at the start; the others hold a row of 0 for every item, as in life."""
INACTIVE_RULE, RULE_TO_INACTIVE_CENTRE = "R-OLD", "R-CLOSED"


def make_masters(company: Company, world: World, dice: random.Random) -> None:
    """Fill every set but the documents."""
    born = world.today - dt.timedelta(days=400)
    for number, values in enumerate(_partners(world, dice), start=1):
        values["ContactEmployees"] = [contact | {"InternalCode": number} for contact in values["ContactEmployees"]]
        # As in life, some masters have no update stamp until somebody changes them.
        company.sets["BusinessPartners"].add(values | _stamps(born, dice))
    units = _make_units(company, world)
    for item in world.items:
        company.sets["Items"].add(_item(item, units) | _stamps(born, dice))
    _make_catalogue(company, world)
    _make_cost_assignments(company, world.today)
    _make_currencies(company)
    for number, name in enumerate(PRICE_LISTS, start=1):
        company.sets["PriceLists"].add(
            {
                "PriceListNo": number,
                "PriceListName": name,
                "BasePriceList": 1,
                "Factor": 1.0,
                "Active": "tYES",
                "IsGrossPrice": "tNO",
            }
        )
    for account in chart():
        company.sets["ChartOfAccounts"].add(account)
    own = [name for name in company.sets["BusinessPartners"].type.kinds if name.startswith("U_")]
    tables = [kind.table for kind in DOCUMENT_KINDS.values()]
    for table, field in [(table, company.reference_field) for table in (*tables, "ODRF")] + [("OCRD", field) for field in own]:
        company.sets["UserFieldsMD"].add(
            {"TableName": table, "FieldID": own.index(field), "Name": field.removeprefix("U_"), "Type": "db_Alpha",
             "Description": "Reference of an integration", "SubType": "st_None", "Size": 100, "EditSize": 100,
             "LinkedSystemObject": "ulNone"}
        )  # fmt: skip


def _stamps(born: dt.date, dice: random.Random) -> Values:
    created = {"CreateDate": date_text(born), "CreateTime": "09:30:00"}
    if dice.random() < 0.5:
        return created
    changed = born + dt.timedelta(days=dice.randint(1, 300))
    return created | {"UpdateDate": date_text(changed), "UpdateTime": f"{dice.randint(8, 17):02}:{dice.randint(0, 59):02}:31"}


def _partners(world: World, dice: random.Random) -> Iterator[Values]:
    for partner in world.partners:
        if partner.customer_code:
            yield _partner(partner, partner.customer_code, "cCustomer", all_currencies=partner.name == "eastgate")
        if partner.supplier_code:
            yield _partner(partner, partner.supplier_code, "cSupplier")
    for code, name, kind in STRANGERS:
        yield _stranger(code, name, kind, dice)
    yield _stranger("C90090", "Frozen Foods Customer", "cCustomer", dice) | {"Frozen": "tYES", "Valid": "tNO"}
    yield _stranger("L90010", "A mere lead", "cLid", dice)


def _partner(partner: WorldPartner, code: str, kind: str, all_currencies: bool = False) -> Values:
    addresses = [
        {
            "AddressName": address.name,
            "AddressType": address_type,
            "Street": address.street,
            "City": address.city,
            "State": address.state,
            "ZipCode": address.postal_code,
            "Country": address.country,
            "GlobalLocationNumber": address.location_number if len(address.location_number) == 13 else None,
            "BPCode": code,
            "RowNum": row,
        }
        for row, (address, address_type) in enumerate(
            [(each, "bo_ShipTo") for each in partner.addresses] + [(partner.addresses[0], "bo_BillTo")]
        )
    ]
    return _common(code, partner.title, kind, partner.currency, addresses) | {
        "Currency": "##" if all_currencies else CODE_OF_ISO[partner.currency],
        "ShipToDefault": partner.addresses[-1].name,
        "BilltoDefault": partner.addresses[0].name,
        "EmailAddress": partner.contact_email,
        "EDIRecipientID": partner.id,
        "ContactEmployees": [
            {
                "CardCode": code,
                "Name": partner.contact_name,
                "E_Mail": partner.contact_email,
                "Phone1": partner.contact_phone,
                "Active": "tYES",
            }
        ],
    }


def _stranger(code: str, name: str, kind: str, dice: random.Random) -> Values:
    address = {
        "Street": f"{dice.randint(1, 90)} Side Street",
        "City": "Louisville",
        "State": "KY",
        "ZipCode": "40202",
        "Country": "US",
    }
    addresses = [
        address | {"AddressName": "Main", "AddressType": each, "BPCode": code, "RowNum": row}
        for row, each in enumerate(("bo_ShipTo", "bo_BillTo"))
    ]
    return _common(code, name, kind, "USD", addresses) | {
        "ShipToDefault": "Main",
        "BilltoDefault": "Main",
        "ContactEmployees": [],
    }


def _common(code: str, name: str, kind: str, currency: str, addresses: list[Values]) -> Values:
    return {
        "CardCode": code,
        "CardName": name,
        "CardType": kind,
        "Currency": CODE_OF_ISO[currency],
        "VatGroup": _VAT_GROUP[currency],
        "PayTermsGrpCode": -1,
        "Valid": "tYES",
        "Frozen": "tNO",
        "CreditLimit": 50_000.0 if kind == "cCustomer" else None,
        "BPAddresses": addresses,
        "ContactEmployees": [],
    }


def _make_units(company: Company, world: World) -> dict[tuple[tuple[str, Decimal], ...], int]:
    """Units and their groups; gives the group of each combination of units, -1 (Manual) for items with a single unit."""
    names = sorted({unit for item in world.items for unit in item.units})
    company.sets["UnitOfMeasurements"].add({"AbsEntry": -1, "Code": "Manual", "Name": "Manual"})
    entries = {name: entry for entry, name in enumerate(names, start=1)}
    for name, entry in entries.items():
        company.sets["UnitOfMeasurements"].add({"AbsEntry": entry, "Code": name, "Name": name})
    company.unit_entries = entries
    groups: dict[tuple[tuple[str, Decimal], ...], int] = {}
    company.sets["UnitOfMeasurementGroups"].add({"AbsEntry": -1, "Code": "Manual", "Name": "Manual", "BaseUoM": -1})
    for item in world.items:
        units = tuple(item.units.items())
        if len(units) == 1:
            groups[units] = -1
        elif units not in groups:
            entry = groups[units] = 1 + sum(group > 0 for group in groups.values())
            definitions = [
                {"AlternateUoM": entries[name], "AlternateQuantity": 1.0, "BaseQuantity": float(factor), "Active": "tYES"}
                for name, factor in units
            ]
            company.sets["UnitOfMeasurementGroups"].add(
                {"AbsEntry": entry, "Code": f"Group {entry}", "Name": " / ".join(name for name, _ in units),
                 "BaseUoM": entries[item.stock_unit], "UoMGroupDefinitionCollection": definitions}
            )  # fmt: skip
    return groups


def _item(item: WorldItem, groups: dict[tuple[tuple[str, Decimal], ...], int]) -> Values:
    group = groups[tuple(item.units.items())]
    # Without a unit group the unit is free text, and often nobody wrote any.
    unit = None if group == -1 and item.stock_unit == "Each" else item.stock_unit
    barcodes = [item.barcode, f"0{item.barcode}"] if item.barcode else []
    return {
        "ItemCode": item.code,
        "ItemName": item.name,
        "ItemType": "itItems",
        "BarCode": item.barcode or None,
        "ItemBarCodeCollection": [
            {"AbsEntry": number, "UoMEntry": -1, "Barcode": barcode, "FreeText": None}
            for number, barcode in enumerate(barcodes, 1)
        ],
        "Valid": "tYES" if item.active else "tNO",
        "Frozen": "tNO" if item.active else "tYES",
        "SalesItem": "tYES",
        "PurchaseItem": "tYES",
        "InventoryItem": "tYES",
        "InventoryUOM": item.stock_unit,
        "SalesUnit": unit,
        "PurchaseUnit": unit,
        "UoMGroupEntry": group,
        "ItemPrices": [
            {
                "PriceList": number,
                "Price": float(item.price) if number == 1 else 0.0,
                "Currency": LOCAL_CURRENCY if number == 1 else "",
            }
            for number in range(1, len(PRICE_LISTS) + 1)
        ],
        "DefaultWarehouse": "01",
        "QuantityOnStock": 500.0,
    }


def _make_catalogue(company: Company, world: World) -> None:
    for partner in world.partners:
        for code in filter(None, (partner.customer_code, partner.supplier_code)):
            for item in world.items:
                if number := item.partner_numbers.get(partner.name):
                    company.sets["AlternateCatNum"].add(
                        {"ItemCode": item.code, "CardCode": code, "Substitute": number, "IsDefault": "tYES"}
                    )
                    company.catalogue_numbers[code, item.code] = number


def _make_cost_assignments(company: Company, today: dt.date) -> None:
    for number, name in enumerate(("Department", "Region", "Product line", "Dimension 4", "Dimension 5"), start=1):
        company.sets["Dimensions"].add(
            {"DimensionCode": number, "DimensionName": f"Dimension {number}", "DimensionDescription": name,
             "IsActive": "tYES" if number < 4 else "tNO"}
        )  # fmt: skip
    since, ended = date_text(dt.date(today.year - 3, 1, 1)), date_text(today - dt.timedelta(days=60))
    centres = (
        ("SALES", 1, "tYES", None), ("LOGISTIC", 1, "tYES", None), ("SERVICE", 1, "tYES", None), ("CLOSED", 1, "tNO", ended),
        ("NORULE", 1, "tYES", None), ("EAST", 2, "tYES", None), ("WEST", 2, "tYES", None), ("OVERSEAS", 2, "tNO", ended),
        ("TOOLS", 3, "tYES", None),
    )  # fmt: skip
    for code, dimension, active, until in centres:
        company.sets["ProfitCenters"].add(
            {"CenterCode": code, "CenterName": code.title(), "InWhichDimension": dimension, "Active": active,
             "EffectiveFrom": since, "EffectiveTo": until}
        )  # fmt: skip
    rules = (
        ("SALES", 1, "tYES", ("SALES",)), ("LOGISTIC", 1, "tYES", ("LOGISTIC",)), ("SERVICE", 1, "tYES", ("SERVICE",)),
        ("R-SPLIT", 1, "tYES", ("SALES", "SERVICE")), (INACTIVE_RULE, 1, "tNO", ("SALES",)),
        (RULE_TO_INACTIVE_CENTRE, 1, "tYES", ("CLOSED",)), ("EAST", 2, "tYES", ("EAST",)), ("WEST", 2, "tYES", ("WEST",)),
        ("TOOLS", 3, "tYES", ("TOOLS",)),
    )  # fmt: skip
    for code, dimension, active, named in rules:
        lines = [{"CenterCode": each, "TotalInCenter": 100.0 / len(named), "EffectiveFrom": since} for each in named]
        company.sets["DistributionRules"].add(
            {"FactorCode": code, "FactorDescription": f"Rule {code}", "InWhichDimension": dimension, "TotalFactor": 100.0,
             "Direct": "Y" if named == (code,) else "N", "Active": active, "DistributionRuleLines": lines}
        )  # fmt: skip


def _make_currencies(company: Company) -> None:
    for code, iso in ISO_OF.items():
        company.sets["Currencies"].add(
            {"Code": code, "Name": {"USD": "US Dollar", "EUR": "Euro", "CAD": "Canadian Dollar"}[iso], "DocumentsCode": iso,
             "InternationalDescription": iso, "HundredthName": "Cent", "Decimals": "cd2Digits"}
        )  # fmt: skip
