"""Which sets of Business Central are read and written, and for what."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.ports.mapping import OutboundSet, ReferenceSet
from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings

SYSTEM_TITLE = "Business Central"
SALES_INVOICES, SALES_ORDERS, PURCHASE_ORDERS = "salesInvoices", "salesOrders", "purchaseOrders"

_INVOICES = OutboundSet("x12_810", "810", SALES_INVOICES, "sales_invoices", "customer", "Sales invoice")
# An order that is invoiced in full is deleted, which is no cancellation and leaves nothing to compare.
_ORDERS: Mapping[str, OutboundSet] = {
    SALES_ORDERS: OutboundSet("x12_850", "850", SALES_ORDERS, "sales_orders", "customer", "Sales order", records_stay=False),
    PURCHASE_ORDERS: OutboundSet(
        "x12_850", "850", PURCHASE_ORDERS, "purchase_orders", "supplier", "Purchase order", records_stay=False
    ),
}

REFERENCE: tuple[ReferenceSet, ...] = (
    ReferenceSet("customers", "partner", False, "Customers with their address, which is also where their goods go"),
    ReferenceSet("vendors", "partner", False, "Vendors with their address"),
    ReferenceSet("items", "item", False, "Items with base unit and barcode"),
    ReferenceSet("item_variants", "variant", False, "Variants of items"),
    ReferenceSet("units_of_measure", "unit", False, "Units of measure with their international codes"),
    ReferenceSet("accounts", "account", False, "Chart of accounts"),
    ReferenceSet("dimension_values", "dimension_value", False, "Values of the dimensions on lines"),
    ReferenceSet("currencies", "currency", True, "Foreign currencies"),
)


def outbound_sets(settings: BusinessCentralSettings) -> Mapping[str, OutboundSet]:
    """The outbound flows; which orders x12_850 sends is a setting."""
    return {outbound.flow: outbound for outbound in (_INVOICES, _ORDERS[settings.orders_sent])}
