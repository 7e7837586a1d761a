"""What is known around received documents when they are resolved: learnt for many of them at once, since each look has its price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.flows.orders_sent import OrdersSent
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.ports.entries import DocumentRow


@dataclass(frozen=True, slots=True)
class Known:
    """orders: ours, that the documents may refer to. twins: by document id, another one that came with its business number.

    Two of one number that are resolved together know nothing of each other: the ledger looks at that when it stores both.
    """

    orders: OrdersSent
    twins: Mapping[str, DocumentRow]


def known_around(pipeline: Pipeline, rows: Sequence[DocumentRow]) -> Known:
    """For documents that are resolved next, in this order. One that a person approved is wanted, whatever came before."""
    orders = OrdersSent(pipeline)
    orders.expect(rows)
    asking = [row for row in rows if TRANSACTION_SETS[row.set_id].is_once and not row.approved]
    tolerance = dt.timedelta(days=pipeline.inbound_flow.order_tolerance_days)
    return Known(orders, pipeline.ledger.business_duplicates(asking, tolerance) if asking else {})
