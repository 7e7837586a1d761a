"""What the connector knows of entity sets: lines, dates, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SALES_INVOICES, SALES_ORDERS, PURCHASE_ORDERS = "salesInvoices", "salesOrders", "purchaseOrders"


@dataclass(frozen=True, slots=True)
class DocumentEntity:
    """lines: navigation property of its lines, and their set's name. date: property of the document date."""

    name: str
    lines: str
    date: str


DOCUMENTS: Mapping[str, DocumentEntity] = {
    entity.name: entity
    for entity in (
        DocumentEntity(SALES_INVOICES, "salesInvoiceLines", "invoiceDate"),
        DocumentEntity(SALES_ORDERS, "salesOrderLines", "orderDate"),
        DocumentEntity(PURCHASE_ORDERS, "purchaseOrderLines", "orderDate"),
    )
}


@dataclass(frozen=True, slots=True)
class ReferenceEntity:
    """key: the property that people call a record by. stamped: it has lastModifiedDateTime, so that only changes need reading.

    also_by: a further property that single records are looked up by. by_id: single records are looked up by their id too.
    optional: a company whose permissions leave it out does without.
    """

    name: str
    key: str
    stamped: bool = True
    also_by: str = ""
    by_id: bool = False
    optional: bool = False


REFERENCE_ENTITIES: Mapping[str, ReferenceEntity] = {
    "customers": ReferenceEntity("customers", "number"),
    "vendors": ReferenceEntity("vendors", "number"),
    "items": ReferenceEntity("items", "number", also_by="gtin"),
    "item_variants": ReferenceEntity("itemVariants", "itemNumber", by_id=True, optional=True),
    "units_of_measure": ReferenceEntity("unitsOfMeasure", "code"),
    "accounts": ReferenceEntity("accounts", "number", optional=True),
    "dimension_values": ReferenceEntity("dimensionValues", "code", optional=True),
    "currencies": ReferenceEntity("currencies", "code", stamped=False),
}
"""Reference sets by the names that the mapping declares."""

CODE_MAX = 20
"""Characters of a number; a longer one is nobody's."""
