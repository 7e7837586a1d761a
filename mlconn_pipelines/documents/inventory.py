"""An inventory advice (X12 846): what is in stock, and where."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.line import DateReference, Price, ProductId, Reference, StoreQuantity
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class StockQuantity:
    """One QTY. kind: element 673 (`33` available for sale, `17` on hand, `29` projected, `63` on order ...).

    unit: X12 element 355. dates: when (`018` available, `169` expected ...).
    """

    kind: str
    quantity: Decimal
    unit: str = ""
    dates: tuple[DateReference, ...] = ()


@dataclass(frozen=True, slots=True)
class StockedItem:
    """One LIN. number: LIN01. maintenance: G5301 (`001` change, `002` delete ...). locations: parties of this item (`WH` ...)."""

    number: str
    product_ids: tuple[ProductId, ...]
    quantities: tuple[StockQuantity, ...] = ()
    description: str = ""
    prices: tuple[Price, ...] = ()
    dates: tuple[DateReference, ...] = ()
    references: tuple[Reference, ...] = ()
    store_quantities: tuple[StoreQuantity, ...] = ()
    maintenance: str = ""
    locations: tuple[Party, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryAdvice(Received):
    """number: BIA03. kind: BIA02, element 755 (`SI` seller's stock, `DD` distributor's, `MB` manufacturer's ...)."""

    number: str
    date: dt.date
    items: tuple[StockedItem, ...]
    kind: str = "SI"
    purpose: str = "00"
    time: dt.time | None = None
    currency: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    dates: tuple[DateReference, ...] = ()
