"""Which strategy draws documents of which set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from mlconn_pipelines_tests.x12 import drawn_deliveries, drawn_orders, drawn_payments

KINDS: Mapping[str, st.SearchStrategy[Any]] = {
    "810": drawn_payments.invoices,
    "820": drawn_payments.remittances(),
    "824": drawn_payments.advices,
    "832": drawn_deliveries.price_catalogues,
    "838": drawn_deliveries.trading_partner_profiles,
    "846": drawn_deliveries.inventory_advices,
    "850": drawn_orders.orders,
    "855": drawn_orders.order_acknowledgments,
    "856": drawn_deliveries.ship_notices(),
    "860": drawn_orders.order_changes,
    "861": drawn_deliveries.receiving_advices,
    "865": drawn_orders.change_acknowledgments,
    "870": drawn_deliveries.order_statuses,
    "875": drawn_orders.grocery_orders(),
    "997": drawn_payments.functional_acknowledgments,
}
