"""Reads of reference data: whole sets, since none of them tells when a record changed; single records by key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlconn_pipelines.errors import ConfigurationError, ConnectorError, Retryable
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.finance_operations.api.service import DataService, enum
from mlconn_pipelines.transport.odata import all_of

KEYS_AT_ONCE = 30


@dataclass(frozen=True, slots=True)
class ReferenceEntity:
    """order: the key, by which pages are sorted. by: what single records are looked up by. select: what is read of them.

    company: the property that names the company; empty where companies share the set. shared: rows without one are every company's.
    optional: an environment that does not publish the set, or shows it to nobody, does without.
    """

    entity: str
    order: str
    by: str
    select: tuple[str, ...]
    company: str = "dataAreaId"
    shared: bool = False
    optional: bool = False


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
    "main_accounts": ReferenceEntity(
        "MainAccounts",
        "ChartOfAccounts,MainAccountId",
        "MainAccountId",
        ("ChartOfAccounts", "MainAccountId", "Name", "IsSuspended", "ActiveFrom", "ActiveTo"),
        company="",
    ),
    "company_accounts": ReferenceEntity(
        "MainAccountLegalEntities",
        "MainAccountId,ChartOfAccounts",
        "MainAccountId",
        ("MainAccountId", "ChartOfAccounts", "LegalEntityId", "IsSuspended", "ActiveFrom", "ActiveTo"),
        company="LegalEntityId",
    ),
    "dimension_formats": ReferenceEntity(
        "DimensionIntegrationFormats",
        "DimensionFormatName",
        "DimensionFormatName",
        ("DimensionFormatName", "DimensionFormatType", "IsActive", "FinancialDimensionFormat"),
        company="",
        optional=True,
    ),
    "dimension_values": ReferenceEntity(
        "FinancialDimensionValues",
        "FinancialDimension,LegalEntityId,DimensionValue",
        "DimensionValue",
        (
            *("FinancialDimension", "LegalEntityId", "DimensionValue", "Description", "IsSuspended", "IsTotal"),
            *("ActiveFrom", "ActiveTo"),
        ),
        company="LegalEntityId",
        shared=True,
        optional=True,
    ),
}
"""Reference sets by the names that the mapping declares."""
_PARAMETERS = ReferenceEntity(
    "DimensionParameters", "Key", "Key", ("Key", "DimensionSegmentDelimiter"), company="", optional=True
)


class ReferenceReader:
    """Reads reference sets of one company; the same code in another company is another record."""

    def __init__(self, service: DataService) -> None:
        self._service = service

    def items(self, name: str, since: str | None = None) -> Iterator[Sequence[Record]]:
        """Pages of the whole set, always: nothing there tells when a record changed."""
        declared = entity_of(name)
        if name == "dimension_formats":
            return iter([self._formats()])
        if name == "dimension_values":
            forms = self._formats()
            names = [part for form in forms for part in str(form.get("FinancialDimensionFormat") or "").split("-") if part]
            if not names:  # rows that are no formats are no values either: they are told, and nothing is dropped for them
                return iter([forms])
            where = self._service.one_of("FinancialDimension", names)
            return self._pages(declared, where, {"FinancialDimension": names})
        return self._pages(declared, "", {})

    def _formats(self) -> list[Record]:
        """The format of default dimensions that data entities have, with the delimiter that stands beside it; at most one is active.

        Where no delimiter is to be had, it is left out, and nothing can be told of lines.
        """
        declared = REFERENCE_ENTITIES["dimension_formats"]
        kind, yes = enum("DimensionHierarchyType", "DataEntityDefaultDimensionFormat"), enum("NoYes", "Yes")
        where = f"DimensionFormatType eq {kind} and IsActive eq {yes}"
        rows = [row for page in self._pages(declared, where, {}) for row in page]
        parameters = [row for page in self._pages(_PARAMETERS, "", {}) for row in page] if rows else []
        stated = [row["DimensionSegmentDelimiter"] for row in parameters if row.get("DimensionSegmentDelimiter")]
        return [{**row, "DimensionSegmentDelimiter": stated[0]} if stated else row for row in rows]

    def newest(self, name: str, records: Iterable[Record], since: str | None) -> str | None:
        return None

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        """Single records by key; a vendor's own number is looked up by that number, whoever's it is."""
        declared = entity_of(name)
        wanted = sorted({key for key in keys if key})
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            part = wanted[start : start + KEYS_AT_ONCE]
            where, asked_for = self._service.one_of(declared.by, part), {declared.by: part}
            for page in self._pages(declared, where, asked_for):
                yield from (row for row in page if str(row.get(declared.by)) in wanted)

    def _pages(
        self, declared: ReferenceEntity, where: str, asked_for: Mapping[str, Collection[str]]
    ) -> Iterator[Sequence[Record]]:
        by_area = declared.company == "dataAreaId"
        if declared.company and not by_area:
            companies = [self._service.company, *([""] if declared.shared else [])]
            where = all_of(self._service.one_of(declared.company, companies), where)
            asked_for = {**asked_for, declared.company: companies}
        try:
            yield from self._service.pages(
                declared.entity, where, select=declared.select, order=declared.order, company=by_area, asked_for=asked_for
            )
        except Retryable:
            raise
        except ConnectorError:
            if not declared.optional:
                raise


def entity_of(name: str) -> ReferenceEntity:
    """Errors: ConfigurationError naming the sets that there are."""
    if (declared := REFERENCE_ENTITIES.get(name)) is None:
        raise ConfigurationError(
            f"No reference set is called {name!r}", hint=f"There are {', '.join(sorted(REFERENCE_ENTITIES))}."
        )
    return declared
