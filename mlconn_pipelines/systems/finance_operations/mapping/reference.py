"""F&O master records as reference values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mlconn_pipelines.documents.item_id import item_id, variant_of
from mlconn_pipelines.documents.party import Contact
from mlconn_pipelines.documents.reference import (
    Account,
    BusinessPartner,
    CrossReference,
    DimensionFormat,
    DimensionValue,
    Item,
    ReferenceItem,
    Validity,
)
from mlconn_pipelines.edi.party_fitting import AddressParts, party
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.finance_operations.records import master_data as fo
from mlconn_pipelines.systems.finance_operations.records.reading import read
from mlconn_pipelines.systems.finance_operations.records.variants import variant_parts

_PRIMARY = "primary"
DELIMITERS: Mapping[str, str] = {
    name: sign * times
    for single, sign in (("Hyphen", "-"), ("Hypen", "-"), ("Period", "."), ("Underscore", "_"), ("Bar", "|"), ("Tilde", "~"))
    for name, times in ((single, 1), (f"Double{single}", 2))
}
"""By their symbols in F&O, which spells the double hyphen `DoubleHypen`."""


def vendor(record: Record) -> tuple[str, BusinessPartner]:
    """Inactive only when on hold for everything; a hold of payments or of invoices is F&O's to mind."""
    held = read(fo.Vendor, record)
    parts = AddressParts(
        street=held.AddressStreet.replace("\n", " "),
        city=held.AddressCity,
        postal_code=held.AddressZipCode,
        state=held.AddressStateId,
        country=held.AddressCountryRegionISOCode or held.AddressCountryRegionId,
    )
    contact = Contact(phone=clean(held.PrimaryPhoneNumber), email=clean(held.PrimaryEmailAddress))
    name = clean(held.VendorOrganizationName or held.VendorSearchName)
    return held.VendorAccountNumber, BusinessPartner(
        code=held.VendorAccountNumber,
        name=name,
        kind="supplier",
        active=held.OnHoldStatus != "All",
        currency=held.CurrencyCode,
        contacts={_PRIMARY: contact} if contact.phone or contact.email else {},
        bill_to={} if parts.empty else {_PRIMARY: party("VN", name, parts)},
        default_bill_to="" if parts.empty else _PRIMARY,
        default_contact=_PRIMARY if contact.phone or contact.email else "",
    )


def released_product(record: Record) -> tuple[str, Item]:
    """Factors between units are not among a product's own fields; only that one stock unit is one is known."""
    held = read(fo.ReleasedProduct, record)
    return held.ItemNumber, Item(
        code=held.ItemNumber,
        description=clean(held.ProductSearchName or held.SearchName),
        sales_unit=held.SalesUnitSymbol,
        purchase_unit=held.PurchaseUnitSymbol,
        stock_unit=held.InventoryUnitSymbol,
    )


def vendor_item_number(record: Record) -> tuple[str, CrossReference]:
    row = read(fo.VendorProductDescription, record)
    variant = (row.ProductColorId, row.ProductConfigurationId, row.ProductSizeId, row.ProductStyleId, row.ProductVersionId)
    key = "|".join((row.VendorAccountNumber, row.VendorProductNumber, row.ItemNumber, *variant))
    item = item_id(row.ItemNumber, *variant_parts(row))
    return key, CrossReference(row.VendorAccountNumber, clean(row.VendorProductNumber), row.ItemNumber, variant_of(item))


def main_account(record: Record) -> tuple[str, Account]:
    """Which types of account are totals is not known for sure, so that none is taken for one. `DoNotAllowManualEntry` is for people."""
    held = read(fo.MainAccount, record)
    key, validity = f"{held.ChartOfAccounts}|{held.MainAccountId}", Validity(held.ActiveFrom, held.ActiveTo)
    number, name = held.MainAccountId, clean(held.Name)
    return key, Account(number, number, name, True, not held.IsSuspended, validity, held.ChartOfAccounts)


def company_account(record: Record) -> tuple[str, Account]:
    held = read(fo.MainAccountLegalEntity, record)
    key, validity = f"{held.ChartOfAccounts}|{held.MainAccountId}", Validity(held.ActiveFrom, held.ActiveTo)
    number = held.MainAccountId
    return key, Account(number, number, "", True, not held.IsSuspended, validity, held.ChartOfAccounts, of_company=True)


def dimension_value(record: Record) -> tuple[str, DimensionValue]:
    """Names of dimensions in one case, since F&O compares texts without it. `IsBlockedForManualEntry` is for people."""
    held = read(fo.FinancialDimensionValue, record)
    key = f"{held.FinancialDimension}|{held.LegalEntityId}|{held.DimensionValue}"
    dimension, validity = held.FinancialDimension.casefold(), Validity(held.ActiveFrom, held.ActiveTo)
    name, active = clean(held.Description), not held.IsSuspended
    return key, DimensionValue(dimension, held.DimensionValue, name, not held.IsTotal, active, validity)


def dimension_format(record: Record) -> tuple[str, DimensionFormat]:
    held = read(fo.DimensionIntegrationFormat, record)
    dimensions = tuple(held.FinancialDimensionFormat.split("-"))
    return held.DimensionFormatName, DimensionFormat(dimensions, DELIMITERS.get(held.DimensionSegmentDelimiter, ""))


_READERS: Mapping[str, Callable[[Record], tuple[str, ReferenceItem]]] = {
    "vendors": vendor,
    "released_products": released_product,
    "vendor_item_numbers": vendor_item_number,
    "main_accounts": main_account,
    "company_accounts": company_account,
    "dimension_values": dimension_value,
    "dimension_formats": dimension_format,
}


def reference_item(name: str, record: Record) -> Sequence[tuple[str, ReferenceItem]]:
    """(key, value) of one record of a set of `sets.REFERENCE`; none of a record without what it is for. KeyError for another name."""
    key, value = _READERS[name](record)
    if isinstance(value, CrossReference) and not (value.partner_code and value.partner_item):
        return ()  # a description for a vendor group, or without the vendor's own number
    return ((key, value),)
