"""Which sets of Finance & Operations are read and written, and for what."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.ports.mapping import OutboundSet, ReferenceSet
from mlconn_pipelines.systems.finance_operations.records.naming import CONFIRMATIONS

OUTBOUND: Mapping[str, OutboundSet] = {
    "x12_850": OutboundSet(
        "x12_850", "850", CONFIRMATIONS, "purchase_order_confirmations", "supplier", "Confirmed purchase order"
    ),
}
"""What leaves. Vendor invoices, journals and vouchers never do."""

REFERENCE: tuple[ReferenceSet, ...] = (
    ReferenceSet("vendors", "partner", True, "Vendors with addresses"),
    ReferenceSet("released_products", "item", True, "Released products with units"),
    ReferenceSet("main_accounts", "account", True, "Main accounts of all charts"),
    ReferenceSet("company_accounts", "account", True, "The company's own rules for main accounts"),
    ReferenceSet("dimension_formats", "dimension_format", True, "How financial dimensions stand on lines"),
    ReferenceSet("dimension_values", "dimension_value", True, "Values of the financial dimensions on lines"),
    ReferenceSet("vendor_item_numbers", "cross_reference", True, "Vendors' own numbers for items"),
)
