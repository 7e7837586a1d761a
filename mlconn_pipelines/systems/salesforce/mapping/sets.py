"""Which objects of an org begin a flow."""

from __future__ import annotations

from mlconn_pipelines.ports.mapping import OutboundSet

ACCOUNTS = OutboundSet(
    flow="accounts",
    set_id="",
    entity="Account",
    asset="accounts",
    partner_kind="customer",
    description="Account",
    kind="customer",
    leaves_cancelled=True,
)

CONTACTS = OutboundSet(
    flow="contacts",
    set_id="",
    entity="Contact",
    asset="contacts",
    partner_kind="customer",
    description="Contact",
    kind="customer_contact",
    leaves_cancelled=True,
)

OPPORTUNITIES = OutboundSet(
    flow="opportunities",
    set_id="",
    entity="Opportunity",
    asset="opportunities",
    partner_kind="customer",
    description="Opportunity",
    kind="sales_order",
    leaves_cancelled=True,
)
