"""What a buyer's order said that comes back to them in our ship notice and invoice: turnaround data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mlconn_pipelines.documents.line import ProductId, Reference
from mlconn_pipelines.documents.party import Party


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """number: PO101, as the buyer writes it."""

    number: str
    product_ids: tuple[ProductId, ...] = ()


@dataclass(frozen=True, slots=True)
class Returned:
    """document: id of the order's document, in which all of it stands. lines: in the order that we made records of them in."""

    document: str
    order_date: dt.date | None = None
    release: str = ""
    references: tuple[Reference, ...] = ()
    parties: tuple[Party, ...] = ()
    lines: tuple[ReturnedLine, ...] = ()
