"""Which objects of an org begin a flow."""

from __future__ import annotations

from mlconn_pipelines.ports.mapping import OutboundSet

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
