"""What the connector knows of entity sets: keys, change stamps, object codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OBJECT_CODES: Mapping[str, str] = {
    "Invoices": "oInvoices",
    "CreditNotes": "oCreditNotes",
    "DeliveryNotes": "oDeliveryNotes",
    "Orders": "oOrders",
    "Quotations": "oQuotations",
    "PurchaseInvoices": "oPurchaseInvoices",
    "PurchaseCreditNotes": "oPurchaseCreditNotes",
    "PurchaseDeliveryNotes": "oPurchaseDeliveryNotes",
    "PurchaseOrders": "oPurchaseOrders",
    "PurchaseRequests": "oPurchaseRequest",
}
"""DocObjectCode that a draft of each document has."""

DRAFTS = "Drafts"


@dataclass(frozen=True, slots=True)
class ReferenceEntity:
    """key: its property. stamped: it has UpdateDate, UpdateTime and CreateDate, so that only changes need reading.

    by: the property that single records are looked up by, where it is not the key. pages_by_link: several properties make the
    key, so that only the server's own links page it.
    """

    entity: str
    key: str
    stamped: bool = False
    by: str = ""
    pages_by_link: bool = False


REFERENCE_ENTITIES: Mapping[str, ReferenceEntity] = {
    "business_partners": ReferenceEntity("BusinessPartners", "CardCode", stamped=True),
    "items": ReferenceEntity("Items", "ItemCode", stamped=True),
    "profit_centers": ReferenceEntity("ProfitCenters", "CenterCode"),
    "dimensions": ReferenceEntity("Dimensions", "DimensionCode"),
    "distribution_rules": ReferenceEntity("DistributionRules", "FactorCode"),
    "accounts": ReferenceEntity("ChartOfAccounts", "Code"),
    "currencies": ReferenceEntity("Currencies", "Code"),
    "units_of_measure": ReferenceEntity("UnitOfMeasurements", "AbsEntry"),
    "unit_groups": ReferenceEntity("UnitOfMeasurementGroups", "AbsEntry"),
    "alternate_catalogue_numbers": ReferenceEntity(
        "AlternateCatNum", "ItemCode,CardCode,Substitute", by="Substitute", pages_by_link=True
    ),
}
"""Reference sets by the names that the mapping declares. Only partners and items carry change stamps."""
