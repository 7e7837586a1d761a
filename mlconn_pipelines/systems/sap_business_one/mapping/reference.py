"""SAP master records as reference values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.reference import (
    Account,
    BusinessPartner,
    CostAssignment,
    CostCentre,
    CrossReference,
    Currency,
    Dimension,
    Item,
    ReferenceItem,
    UnitGroup,
    UnitOfMeasure,
    Validity,
)
from mlconn_pipelines.edi.party_fitting import AddressParts, party
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.records import master_data as sap
from mlconn_pipelines.systems.sap_business_one.records.reading import read

_KIND_OF_CARD_TYPE = {"cCustomer": "customer", "cSupplier": "supplier"}
_DECIMALS = re.compile(r"cd(\d)Digit")
_ISO_4217 = re.compile(r"[A-Z]{3}")


def business_partner(record: Record) -> tuple[str, BusinessPartner]:
    """A lead (cLid) is `other`; the currency `##` (all of them) is empty."""
    card = read(sap.BusinessPartner, record)
    contacts = {str(person.InternalCode): person for person in card.ContactEmployees if person.InternalCode is not None}
    default = next((code for code, person in contacts.items() if person.Name == card.ContactPerson), "")
    return card.CardCode, BusinessPartner(
        code=card.CardCode,
        name=clean(card.CardName),
        kind=_KIND_OF_CARD_TYPE.get(card.CardType, "other"),
        active=_active(card),
        currency="" if card.Currency == "##" else card.Currency,
        contacts={code: _contact(person) for code, person in contacts.items()},
        bill_to=_addresses(card, "bo_BillTo", "BT"),
        ship_to=_addresses(card, "bo_ShipTo", "ST"),
        default_bill_to=card.BilltoDefault,
        default_ship_to=card.ShipToDefault,
        default_contact=default,
        global_location_number=card.GlobalLocationNumber,
        validity=_validity(card),
    )


def item(record: Record) -> tuple[str, Item]:
    """Barcodes: the item's own first, then those of its units."""
    article = read(sap.Item, record)
    factors: dict[str, Decimal] = {}
    if article.InventoryUOM:
        factors[article.InventoryUOM] = Decimal(1)
    for unit, per_unit in (
        (article.SalesUnit, article.SalesItemsPerUnit),
        (article.PurchaseUnit, article.PurchaseItemsPerUnit),
    ):
        if unit and per_unit > 0:
            factors[unit] = per_unit.normalize() + 0
    barcodes = (article.BarCode, *(row.Barcode for row in article.ItemBarCodeCollection))
    return article.ItemCode, Item(
        code=article.ItemCode,
        description=clean(article.ItemName),
        active=_active(article),
        sales_unit=article.SalesUnit,
        purchase_unit=article.PurchaseUnit,
        stock_unit=article.InventoryUOM,
        unit_factors=factors,
        barcodes=tuple(dict.fromkeys(filter(None, map(clean, barcodes)))),
        for_sale=article.SalesItem,
        for_purchase=article.PurchaseItem,
        unit_group=_entry(article.UoMGroupEntry),
        sales_unit_id=_entry(article.DefaultSalesUoMEntry),
        purchase_unit_id=_entry(article.DefaultPurchasingUoMEntry),
        validity=_validity(article),
    )


def profit_center(record: Record) -> tuple[str, CostCentre]:
    centre = read(sap.ProfitCenter, record)
    validity = Validity(active_from=centre.EffectiveFrom, active_to=centre.EffectiveTo)
    return centre.CenterCode, CostCentre(centre.CenterCode, centre.Active, centre.InWhichDimension, validity)


def distribution_rule(record: Record) -> tuple[str, CostAssignment]:
    """A rule without lines leads to the centre whose code it bears."""
    rule = read(sap.DistributionRule, record)
    centres = tuple(dict.fromkeys(line.CenterCode for line in rule.DistributionRuleLines if line.CenterCode))
    return rule.FactorCode, CostAssignment(rule.FactorCode, rule.InWhichDimension, rule.Active, centres or (rule.FactorCode,))


def dimension(record: Record) -> tuple[str, Dimension]:
    held = read(sap.Dimension, record)
    name = clean(held.DimensionDescription or held.DimensionName)
    return str(held.DimensionCode), Dimension(held.DimensionCode, name, held.IsActive)


def account(record: Record) -> tuple[str, Account]:
    """Blocked by `FrozenFor`, for good or between its dates; `ValidFor` counts with dates only. What may not be posted to by hand
    (`LockManualTransaction`, `BlockManualPosting`) is posted to by documents all the same."""
    held = read(sap.ChartOfAccount, record)
    valid = (held.ValidFrom, held.ValidTo) if held.ValidFor else (None, None)
    frozen = (held.FrozenFrom, held.FrozenTo) if held.FrozenFor else (None, None)
    return held.Code, Account(
        code=held.Code,
        number=held.FormatCode or held.Code,
        name=clean(held.Name),
        postable=held.ActiveAccount,
        active=not held.FrozenFor or frozen != (None, None),
        validity=Validity(*valid, *frozen),
    )


def currency(record: Record) -> tuple[str, Currency]:
    """ISO 4217 from the international or the documents' code, else from the company's own code where both are empty."""
    held = read(sap.Currency, record)
    spellings = [text for text in map(clean, (held.InternationalDescription, held.DocumentsCode)) if text] or [held.Code]
    iso = next((text for text in spellings if _ISO_4217.fullmatch(text)), "")
    stated = _DECIMALS.match(held.Decimals)
    decimals = 0 if held.Decimals == "cdNoDecimals" else int(stated.group(1)) if stated else 2
    return held.Code, Currency(held.Code, iso, decimals)


def alternate_catalogue_number(record: Record) -> tuple[str, CrossReference]:
    row = read(sap.AlternateCatNum, record)
    return f"{row.CardCode}|{row.Substitute}|{row.ItemCode}", CrossReference(row.CardCode, clean(row.Substitute), row.ItemCode)


def unit_of_measure(record: Record) -> tuple[str, UnitOfMeasure]:
    unit = read(sap.UnitOfMeasurement, record)
    return str(unit.AbsEntry), UnitOfMeasure(str(unit.AbsEntry), unit.Code, clean(unit.Name))


def unit_group(record: Record) -> tuple[str, UnitGroup]:
    group = read(sap.UnitOfMeasurementGroup, record)
    factors = {
        str(row.AlternateUoM): row.BaseQuantity / row.AlternateQuantity
        for row in group.UoMGroupDefinitionCollection
        if row.AlternateQuantity > 0 and row.BaseQuantity > 0
    }
    factors.setdefault(str(group.BaseUoM), Decimal(1))
    return str(group.AbsEntry), UnitGroup(str(group.AbsEntry), group.Code, str(group.BaseUoM), factors)


_READERS: Mapping[str, Callable[[Record], tuple[str, ReferenceItem]]] = {
    "business_partners": business_partner,
    "items": item,
    "profit_centers": profit_center,
    "dimensions": dimension,
    "distribution_rules": distribution_rule,
    "accounts": account,
    "currencies": currency,
    "units_of_measure": unit_of_measure,
    "unit_groups": unit_group,
    "alternate_catalogue_numbers": alternate_catalogue_number,
}


def reference_item(name: str, record: Record) -> Sequence[tuple[str, ReferenceItem]]:
    """(key in SAP, value) of one record of a set of `sets.REFERENCE`. KeyError for another name."""
    return (_READERS[name](record),)


def _entry(number: int) -> str:
    """A unit or group by its entry; -1 (`Manual`) and 0 are none."""
    return str(number) if number > 0 else ""


def active_on(record: Any, day: dt.date) -> bool:
    """Whether a master record may be used on that day: by both marks and all of their dates."""
    return _active(record) and _validity(record).covers(day)


def _active(record: Any) -> bool:
    """Both marks must allow it: `Valid` with its dates, and `Frozen`, which without dates means always."""
    dated = record.FrozenFrom is not None or record.FrozenTo is not None
    return bool(record.Valid and (not record.Frozen or dated))


def _validity(record: Any) -> Validity:
    return Validity(
        active_from=record.ValidFrom,
        active_to=record.ValidTo,
        inactive_from=record.FrozenFrom if record.Frozen else None,
        inactive_to=record.FrozenTo if record.Frozen else None,
    )


def _contact(person: sap.ContactEmployee) -> Contact:
    full = " ".join(filter(None, (clean(person.FirstName), clean(person.LastName))))
    return Contact(
        name=full or clean(person.Name), phone=clean(person.Phone1 or person.MobilePhone), email=clean(person.E_Mail)
    )


def _addresses(card: sap.BusinessPartner, address_type: str, role: str) -> Mapping[str, Party]:
    return {row.AddressName: _address(card, row, role) for row in card.BPAddresses if row.AddressType == address_type}


def _address(card: sap.BusinessPartner, row: sap.BPAddress, role: str) -> Party:
    parts = AddressParts(
        street=row.Street,
        street_no=row.StreetNo,
        block=row.Block,
        building=row.BuildingFloorRoom,
        city=row.City,
        postal_code=row.ZipCode,
        state=row.State,
        country=row.Country,
        location_number=row.GlobalLocationNumber,
        line_2=row.AddressName2,
        line_3=row.AddressName3,
    )
    return replace(party(role, card.CardName, parts), role=role)
