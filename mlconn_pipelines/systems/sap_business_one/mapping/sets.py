"""Which sets of SAP Business One are read and written, and for what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mlconn_pipelines.ports.mapping import OutboundSet, ReferenceSet

Kind = Literal["customer", "supplier"]

OUTBOUND: Mapping[str, OutboundSet] = {
    outbound.flow: outbound
    for outbound in (
        OutboundSet("x12_810", "810", "Invoices", "invoices", "customer", "A/R invoice"),
        OutboundSet("x12_850", "850", "PurchaseOrders", "purchase_orders", "supplier", "Purchase order"),
        OutboundSet("x12_856", "856", "DeliveryNotes", "delivery_notes", "customer", "Delivery note"),
    )
}

REFERENCE: tuple[ReferenceSet, ...] = (
    ReferenceSet("business_partners", "partner", False, "Customers and suppliers with addresses and contacts"),
    ReferenceSet("items", "item", False, "Items with units and barcodes"),
    ReferenceSet("profit_centers", "cost_centre", True, "Profit centres"),
    ReferenceSet("dimensions", "dimension", True, "Dimensions of cost accounting"),
    ReferenceSet("distribution_rules", "cost_assignment", True, "Distribution rules, which lead to profit centres"),
    ReferenceSet("accounts", "account", True, "Chart of accounts"),
    ReferenceSet("currencies", "currency", True, "Currencies and their ISO codes"),
    ReferenceSet("units_of_measure", "unit", True, "Units of measure"),
    ReferenceSet("unit_groups", "unit_group", True, "Groups of units with their factors"),
    ReferenceSet("alternate_catalogue_numbers", "cross_reference", True, "Business partners' own numbers for items"),
)

PARTNER_KIND_OF_TARGET: Mapping[str, Kind] = {"PurchaseOrders": "supplier", "Orders": "customer"}

CUSTOMER_CODES = OutboundSet(
    flow="customer_codes",
    set_id="",
    entity="BusinessPartners",
    asset="customer_codes",
    partner_kind="customer",
    description="Business partner",
    kind="customer_code",
    leaves_cancelled=True,
)
"""Business partners that a sync integration made or found for an account, on their way back to it."""

CUSTOMERS = OutboundSet(
    flow="customers",
    set_id="",
    entity="BusinessPartners",
    asset="customers_entered",
    partner_kind="customer",
    description="Customer",
    kind="customer",
    leaves_cancelled=True,
)
"""Customers that people entered in SAP, on their way to those who sell to them."""

CONTACT_EMPLOYEES = OutboundSet(
    flow="contact_employees",
    set_id="",
    entity="BusinessPartners",
    asset="contact_employees_entered",
    partner_kind="customer",
    description="Contact person",
    kind="customer_contact",
    leaves_cancelled=True,
)
"""Contact persons of business partners, on their way to those who sell to them."""

SALES_ITEMS = OutboundSet(
    flow="sales_items",
    set_id="",
    entity="Items",
    asset="sales_items",
    partner_kind="customer",
    description="Item",
    kind="product",
    leaves_cancelled=True,
)
"""Items on their way to those who sell them."""

ORDERS_MADE = OutboundSet(
    flow="orders",
    set_id="",
    entity="Orders",
    asset="orders",
    partner_kind="customer",
    description="Sales order",
    records_stay=False,
    kind="sales_order_status",
    leaves_cancelled=True,
)
"""Orders that a sync integration made, on their way back to where they came from."""
