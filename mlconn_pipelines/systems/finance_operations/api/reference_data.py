"""Reads of reference data: whole sets, since none of them tells when a record changed; single records by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.finance_operations.api.service import DataService

KEYS_AT_ONCE = 30


@dataclass(frozen=True, slots=True)
class ReferenceEntity:
    """order: the key, by which pages are sorted. by: what single records are looked up by. select: what is read of them."""

    entity: str
    order: str
    by: str
    select: tuple[str, ...]


REFERENCE_ENTITIES: Mapping[str, ReferenceEntity] = {
    "vendors": ReferenceEntity(
        "VendorsV2",
        "VendorAccountNumber",
        "VendorAccountNumber",
        (
            *("dataAreaId", "VendorAccountNumber", "VendorOrganizationName", "VendorSearchName", "CurrencyCode"),
            *("InvoiceVendorAccountNumber", "DUNSNumber", "PrimaryEmailAddress", "PrimaryPhoneNumber", "OnHoldStatus"),
            *("AddressStreet", "AddressCity", "AddressStateId", "AddressZipCode"),
            *("AddressCountryRegionId", "AddressCountryRegionISOCode"),
        ),
    ),
    "released_products": ReferenceEntity(
        "ReleasedProductsV2",
        "ItemNumber",
        "ItemNumber",
        (
            *("dataAreaId", "ItemNumber", "ProductNumber", "SearchName", "ProductSearchName"),
            *("PurchaseUnitSymbol", "InventoryUnitSymbol", "SalesUnitSymbol", "PurchasePrice"),
        ),
    ),
    "vendor_item_numbers": ReferenceEntity(
        "VendorProductDescriptionsV2",
        "VendorAccountNumber,ItemNumber,ProductColorId,ProductConfigurationId,ProductSizeId,ProductStyleId,ProductVersionId",
        "VendorProductNumber",
        (
            *("dataAreaId", "ItemNumber", "VendorAccountNumber", "VendorProductNumber", "ProductColorId"),
            *("ProductConfigurationId", "ProductSizeId", "ProductStyleId", "ProductVersionId"),
        ),
    ),
}
"""Reference sets by the names that the mapping declares."""


class ReferenceReader:
    """Reads reference sets of one company; the same code in another company is another record."""

    def __init__(self, service: DataService) -> None:
        self._service = service

    def items(self, name: str, since: str | None = None) -> Iterator[Sequence[Record]]:
        """Pages of the whole set, always: nothing there tells when a record changed."""
        declared = entity_of(name)
        return self._service.pages(declared.entity, select=declared.select, order=declared.order)

    def newest(self, name: str, records: Iterable[Record], since: str | None) -> str | None:
        return None

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        """Single records by key; a vendor's own number is looked up by that number, whoever's it is."""
        declared = entity_of(name)
        wanted = sorted({key for key in keys if key})
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            part = wanted[start : start + KEYS_AT_ONCE]
            where, asked_for = self._service.one_of(declared.by, part), {declared.by: part}
            pages = self._service.pages(
                declared.entity, where, select=declared.select, order=declared.order, asked_for=asked_for
            )
            for page in pages:
                yield from (row for row in page if str(row.get(declared.by)) in wanted)


def entity_of(name: str) -> ReferenceEntity:
    """Errors: ConfigurationError naming the sets that there are."""
    if (declared := REFERENCE_ENTITIES.get(name)) is None:
        raise ConfigurationError(
            f"No reference set is called {name!r}", hint=f"There are {', '.join(sorted(REFERENCE_ENTITIES))}."
        )
    return declared
