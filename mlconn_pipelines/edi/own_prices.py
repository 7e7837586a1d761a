"""The prices of a partner's order held against those that the ERP would take itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.reasons import Reason

StatedPrice = tuple[str, Decimal | None]
"""Where a line stands, in words, and its price in the ERP's unit."""


def check_own_prices(
    stated: Sequence[StatedPrice], own: Sequence[Decimal | None], tolerance_percent: Decimal, system: str, notes: Checklist
) -> None:
    """A line without a price is priced by the ERP anyway. One for which the ERP has none is told as not compared."""
    for (place, price), ours in zip(stated, own, strict=True):
        if price is None:
            continue
        if ours is None:
            words = f"The price {plain(price)} was not compared: {system} tells none of its own for the item in this unit and currency."
            notes.note(Reason.LIST_PRICE_DIFFERS, words, place, "accept_with_error")
        elif abs(price - ours) * 100 > tolerance_percent * ours:
            notes.reject(
                Reason.LIST_PRICE_DIFFERS,
                f"The price is {plain(price)}, and {system} would charge {plain(ours)}: more than {plain(tolerance_percent)} % apart. "
                "Approve it if the partner's price holds; else agree with them, or correct the price list and reprocess this.",
                place,
            )
