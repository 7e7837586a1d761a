"""Which canonical document belongs to which X12 transaction set, and what about it is worth a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.application_advice import ApplicationAdvice
from mlconn_pipelines.documents.change_acknowledgment import ChangeAcknowledgment
from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.inventory import InventoryAdvice
from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.order import GroceryOrder, PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.order_change import OrderChange
from mlconn_pipelines.documents.order_status import OrderStatus
from mlconn_pipelines.documents.price_catalogue import PriceCatalogue
from mlconn_pipelines.documents.receiving_advice import ReceivingAdvice
from mlconn_pipelines.documents.remittance import RemittanceAdvice
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.trading_partner_profile import TradingPartnerProfile
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.documents.vendor import Vendor

Document = (
    Invoice
    | RemittanceAdvice
    | ApplicationAdvice
    | PriceCatalogue
    | InventoryAdvice
    | PurchaseOrder
    | GroceryOrder
    | OrderAcknowledgment
    | OrderStatus
    | ShipNotice
    | OrderChange
    | ReceivingAdvice
    | ChangeAcknowledgment
    | FunctionalAcknowledgment
    | InterchangeAcknowledgment
    | TradingPartnerProfile
    | Vendor
)

DOCUMENT_OF_SET: Mapping[str, type[Document]] = {
    row.id: globals()[row.document] for row in TRANSACTION_SETS.values() if row.document
}
"""The canonical document of each set that has one, by the set's row."""

DOCUMENT_OF_KIND: Mapping[str, type[Document]] = {"vendor": Vendor}
"""Of those that are known by their kind, whatever form they travel in."""


def document_type(set_id: str, kind: str) -> type[Document]:
    """The canonical document of a ledger's document: by its set, or by its kind where it has none."""
    return DOCUMENT_OF_SET[set_id] if set_id else DOCUMENT_OF_KIND[kind]


def set_of(document: Document) -> str:
    """The set that a document is written as: a 997 for a functional acknowledgment, which may be a 999 too."""
    return next(set_id for set_id, kind in DOCUMENT_OF_SET.items() if type(document) is kind)


PARTED_BY = ("release", "store")
"""Fields of a canonical document by which two of one business number are two: releases of one order, orders of its stores."""


def part_of(canonical: Any) -> str:
    """By which a received document is told from others of its business number, empty for most.

    >>> part_of({"number": "4711", "release": "002"}), part_of({"number": "4711"})
    ('002|', '')
    """
    told = [str((canonical or {}).get(name, "")) for name in PARTED_BY]
    return "|".join(told) if any(told) else ""


@dataclass(frozen=True, slots=True)
class Summary:
    """business_number: what people call the document. amount: None where the document states none."""

    business_number: str
    line_count: int
    amount: Decimal | None = None
    currency: str = ""


def summary_of(document: Document) -> Summary:
    """What lists and checks show of a document."""
    match document:
        case Invoice():
            return Summary(document.number, len(document.lines), document.total, document.currency)
        case PurchaseOrder():
            return Summary(document.number, len(document.lines), document.total, document.currency)
        case ShipNotice():
            return Summary(document.number, sum(len(order.all_lines) for order in document.orders))
        case OrderAcknowledgment() | OrderChange() | ChangeAcknowledgment():
            return Summary(document.order_number, len(document.lines))
        case OrderStatus():
            return Summary(document.number, sum(len(order.lines) for order in document.orders))
        case ReceivingAdvice():
            return Summary(document.number, len(document.lines))
        case RemittanceAdvice():
            return Summary(document.number, len(document.items), document.amount, document.currency)
        case InventoryAdvice() | PriceCatalogue():
            return Summary(document.number, len(document.items))
        case ApplicationAdvice():
            return Summary(document.number, len(document.documents))
        case FunctionalAcknowledgment():
            return Summary(document.group_control_number, len(document.sets))
        case InterchangeAcknowledgment():
            return Summary(document.control_number, 0)
        case TradingPartnerProfile():
            return Summary(document.number, len(document.vendors))
        case Vendor():
            return Summary(document.number, 0)
