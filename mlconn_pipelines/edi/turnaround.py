"""A buyer's own data put back into our ship notice (856) and invoice (810), as far as the partner file wants it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import Reference
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.ship_notice import ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.documents.turnaround import Returned, ReturnedLine
from mlconn_pipelines.edi.order_comparison import LineMatcher, OrderedLine
from mlconn_pipelines.edi.order_remarks import MARKED_FOR

_OF_THE_BUYER = ("BY", *MARKED_FOR)
"""N101 of the store that an order is of or for."""

Line = TypeVar("Line", InvoiceLine, ShippedLine)


def returned_of(order: PurchaseOrder, document_id: str) -> Returned:
    """What of a received order comes back."""
    parties = tuple(replace(one, contacts=(), references=()) for one in order.parties if one.role in _OF_THE_BUYER)
    return Returned(
        document=document_id,
        order_date=order.date,
        release=order.release,
        references=order.references,
        parties=parties,
        lines=tuple(ReturnedLine(line.number, line.product_ids) for line in order.lines),
    )


def with_returned(document: Invoice | ShipNotice, returned: Returned, wanted: Collection[str]) -> Invoice | ShipNotice:
    """The document with what of it the partner wants back, and with all of it beside. What the document says itself stays."""
    if isinstance(document, Invoice):
        return replace(
            document,
            order_date=document.order_date or (returned.order_date if "order_date" in wanted else None),
            release=document.release or (returned.release if "release" in wanted else ""),
            references=_references(document.references, returned, wanted),
            parties=_parties(document.parties, returned, wanted),
            lines=_numbered(document.lines, returned, wanted),
            returned=returned,
        )
    return replace(document, orders=tuple(_order(one, returned, wanted) for one in document.orders), returned=returned)


def _order(order: ShippedOrder, returned: Returned, wanted: Collection[str]) -> ShippedOrder:
    packages = tuple(replace(package, lines=_numbered(package.lines, returned, wanted)) for package in order.packages)
    return replace(
        order,
        order_date=order.order_date or (returned.order_date if "order_date" in wanted else None),
        release=order.release or (returned.release if "release" in wanted else ""),
        references=_references(order.references, returned, wanted),
        parties=_parties(order.parties, returned, wanted),
        lines=_numbered(order.lines, returned, wanted),
        packages=packages,
    )


def _references(own: tuple[Reference, ...], returned: Returned, wanted: Collection[str]) -> tuple[Reference, ...]:
    if "references" not in wanted:
        return own
    named = {one.qualifier for one in own}
    return (*own, *(one for one in returned.references if one.qualifier not in named))


def _parties(own: tuple[Party, ...], returned: Returned, wanted: Collection[str]) -> tuple[Party, ...]:
    if "stores" not in wanted:
        return own
    named = {one.role for one in own}
    return (*own, *(one for one in returned.parties if one.role not in named))


def _numbered(lines: Sequence[Line], returned: Returned, wanted: Collection[str]) -> tuple[Line, ...]:
    """By the number that the buyer gave the line, where it is found by number or item; else by our own."""
    if "line_numbers" not in wanted:
        return tuple(lines)
    matcher = LineMatcher(
        [OrderedLine(place, one.number, "", Decimal(), "", None, one.product_ids) for place, one in enumerate(returned.lines)]
    )
    found = [matcher.match(line.number, line.product_ids) for line in lines]
    return tuple(
        replace(line, number=ordered.number) if ordered is not None and ordered.number else line
        for line, ordered in zip(lines, found, strict=True)
    )
