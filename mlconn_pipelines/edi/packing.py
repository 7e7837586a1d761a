"""How many single units a partner packs into the unit that a line is ordered in (PO4), held against our own content of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from mlconn_pipelines.documents.line import Packing
from mlconn_pipelines.documents.order import OrderLine
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.reasons import Reason

_COUNTED = frozenset(("EA", "PC", "UN", "ST", "C62"))
"""Element 355 of single things: PO402 then says how many of them an inner pack holds; in any other unit it is a size."""


def content_of(packing: Packing) -> Decimal | None:
    """Single units in one pack; None where it does not say.

    >>> content_of(Packing(24, Decimal(1), "EA")), content_of(Packing(4, Decimal(6), "EA")), content_of(Packing(24, Decimal(12), "OZ"))
    (Decimal('24'), Decimal('24'), Decimal('24'))
    """
    if packing.pack is None:
        return None
    return packing.pack * (packing.size if packing.size is not None and packing.size_unit in _COUNTED else Decimal(1))


def check_pack(line: OrderLine, factors: Mapping[str, Decimal], notes: Checklist, place: str) -> None:
    """factors: our stock units in one of each X12 unit of the item (`units.x12_factors`). A line in single units is packed in whatever."""
    if line.packing is None or line.unit in _COUNTED or (theirs := content_of(line.packing)) is None:
        return
    ours = factors.get(line.unit)
    if ours is None or ours in (1, theirs):
        return
    notes.reject(
        Reason.PACK_DIFFERS,
        f"The partner packs {plain(theirs)} into one {line.unit} (PO4), and we {plain(ours)}: {plain(line.quantity)} {line.unit} would be "
        f"{plain(line.quantity * ours)} of ours instead of {plain(line.quantity * theirs)}. Ask which is right, correct the item's unit or "
        f"unit_factors of the partner file; approve it if {plain(ours)} is right.",
        place,
    )
