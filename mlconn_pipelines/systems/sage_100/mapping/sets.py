"""Which tables of Sage 100 are read, and for what."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.ports.mapping import OutboundSet, ReferenceSet
from mlconn_pipelines.systems.sage_100.records.master_data import VENDORS
from mlconn_pipelines.systems.sage_100.records.purchase_order import ORDERS

SYSTEM_TITLE = "Sage"
VENDOR_FLOW = "vendors"

OUTBOUND: Mapping[str, OutboundSet] = {
    "x12_850": OutboundSet("x12_850", "850", ORDERS, "purchase_orders", "supplier", "Purchase order", records_stay=False),
    VENDOR_FLOW: OutboundSet(
        VENDOR_FLOW, "", VENDORS, "vendor_records", "supplier", "Vendor", kind="vendor", is_master_data=True
    ),
}
"""What leaves. The table of orders holds open ones only: a completed one leaves it sooner or later."""

REFERENCE: tuple[ReferenceSet, ...] = (
    ReferenceSet("vendors", "partner", False, "Vendors with addresses"),
    ReferenceSet("items", "item", True, "Items with units"),
    ReferenceSet("warehouses", "warehouse", True, "Warehouses with addresses"),
    ReferenceSet("gl_accounts", "account", True, "Accounts of the general ledger"),
    ReferenceSet("gl_segments", "dimension_value", True, "Values of the accounts' segments: cost centres"),
    ReferenceSet("terms", "terms", True, "Terms of payment"),
    ReferenceSet("tax_schedules", "tax_schedule", True, "Tax schedules"),
)
