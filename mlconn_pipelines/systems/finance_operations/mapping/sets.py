"""Which sets of Finance & Operations are read and written, and for what."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.ports.mapping import InboundTargets, OutboundSet, ReferenceSet
from mlconn_pipelines.systems.finance_operations.mapping.settings import FinanceOperationsSettings
from mlconn_pipelines.systems.finance_operations.records.naming import CONFIRMATIONS, INVOICES, ORDERS

OUTBOUND: Mapping[str, OutboundSet] = {
    "x12_850": OutboundSet(
        "x12_850", "850", CONFIRMATIONS, "purchase_order_confirmations", "supplier", "Confirmed purchase order"
    ),
}
"""What leaves. Vendor invoices, journals and vouchers never do."""

REFERENCE: tuple[ReferenceSet, ...] = (
    ReferenceSet("vendors", "partner", True, "Vendors with addresses"),
    ReferenceSet("released_products", "item", True, "Released products with units"),
    ReferenceSet("vendor_item_numbers", "cross_reference", True, "Vendors' own numbers for items"),
)


def inbound_targets(settings: FinanceOperationsSettings) -> InboundTargets:
    """What inbound documents become under these settings. No order is created here: an inbound 850 is set aside."""
    return InboundTargets(
        order="",
        order_partner_kind="customer",
        order_asset="vendor_invoices_received",
        our_orders=ORDERS,
        supplier_invoice=INVOICES if settings.supplier_invoices else "",
    )
