"""Business Central's master records as reference values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial

from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.documents.reference import (
    Account,
    BusinessPartner,
    Currency,
    DimensionValue,
    Item,
    ItemVariant,
    ReferenceItem,
    UnitOfMeasure,
)
from mlconn_pipelines.edi.party_fitting import AddressParts, party
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.business_central.records import general_ledger
from mlconn_pipelines.systems.business_central.records import master_data as bc
from mlconn_pipelines.systems.business_central.records.reading import read

EVERYTHING = "All"
_ISO_4217 = re.compile(r"[A-Z]{3}")
_PLACES = re.compile(r"(\d):(\d)")


def trade_account(kind: str, record: Record) -> tuple[str, BusinessPartner]:
    """A customer or a vendor. Its one address is where bills go and, under its own number, where goods go.

    Only what is blocked for everything is inactive: a customer blocked for shipping may still be invoiced.
    """
    held = read(bc.TradeAccount, record)
    address = AddressParts(
        street=held.addressLine1,
        block=held.addressLine2,
        city=held.city,
        state=held.state,
        postal_code=held.postalCode,
        country=held.country,
    )
    contact = Contact(clean(held.displayName), clean(held.phoneNumber), clean(held.email))
    return held.number, BusinessPartner(
        code=held.number,
        name=clean(held.displayName),
        kind=kind,
        active=held.blocked != EVERYTHING,
        currency=held.currencyCode,
        contacts={held.number: contact} if contact.phone or contact.email else {},
        bill_to={held.number: party("BT", held.displayName, address)},
        ship_to={held.number: party("ST", held.displayName, address)},
        default_bill_to=held.number,
        default_ship_to=held.number,
        default_contact=held.number,
    )


def item(record: Record) -> tuple[str, Item]:
    """API v2.0 shows the base unit only; what other units hold stands in the partner file (`unit_factors`)."""
    held = read(bc.Item, record)
    unit = held.baseUnitOfMeasureCode
    return held.number, Item(
        code=held.number,
        description=clean(held.displayName),
        active=not held.blocked,
        sales_unit=unit,
        purchase_unit=unit,
        stock_unit=unit,
        unit_factors={unit: Decimal(1)} if unit else {},
        barcodes=(held.gtin,) if held.gtin else (),
    )


def item_variant(record: Record) -> tuple[str, ItemVariant]:
    held = read(bc.ItemVariant, record)
    return held.id.lower(), ItemVariant(held.id.lower(), held.itemNumber, held.code.upper(), clean(held.description))


def unit_of_measure(record: Record) -> tuple[str, UnitOfMeasure]:
    """Its second name is the international code, the bridge to X12's units."""
    held = read(bc.UnitOfMeasure, record)
    return held.id, UnitOfMeasure(held.id, held.code, held.internationalStandardCode)


def account(record: Record) -> tuple[str, Account]:
    """`directPosting` says what people may enter; documents post beside it, as rounding does, and it is no reason."""
    held = read(general_ledger.Account, record)
    postable = held.accountType == general_ledger.POSTING
    return held.number, Account(held.number, held.number, clean(held.displayName), postable, not held.blocked)


def dimension_value(record: Record) -> tuple[str, DimensionValue]:
    held = read(general_ledger.DimensionValue, record)
    return held.id.lower(), DimensionValue(held.dimensionId.lower(), held.code, clean(held.displayName))


def currency(record: Record) -> tuple[str, Currency]:
    """amountDecimalPlaces is `least:most`."""
    held = read(bc.Currency, record)
    places = _PLACES.fullmatch(held.amountDecimalPlaces)
    return held.code, Currency(held.code, held.code if _ISO_4217.fullmatch(held.code) else "", int(places[2]) if places else 2)


_READERS: Mapping[str, Callable[[Record], tuple[str, ReferenceItem]]] = {
    "customers": partial(trade_account, "customer"),
    "vendors": partial(trade_account, "supplier"),
    "items": item,
    "item_variants": item_variant,
    "units_of_measure": unit_of_measure,
    "accounts": account,
    "dimension_values": dimension_value,
    "currencies": currency,
}


def reference_item(name: str, record: Record) -> Sequence[tuple[str, ReferenceItem]]:
    """(key in Business Central, value) of one record of a set of `sets.REFERENCE`. KeyError for another name."""
    return (_READERS[name](record),)
