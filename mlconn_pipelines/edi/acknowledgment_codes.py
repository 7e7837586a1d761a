"""What a supplier's codes on an 855 mean. Source: X12 elements 668 (ACK01) and 587 (BAK02)."""

from __future__ import annotations

ACCEPTED = {
    "IA": "accepted",
    "AC": "accepted and shipped",
    "AR": "accepted and released for shipment",
    "IC": "accepted with changes",
    "DR": "accepted, date rescheduled",
    "IQ": "accepted, quantity changed",
    "IP": "accepted, price changed",
    "IS": "accepted, item substituted",
    "IB": "backordered",
    "BP": "partly shipped, the rest backordered",
}
PENDING = {"IE": "accepted, price pending", "IH": "on hold", "SP": "accepted, schedule pending"} | {
    "IF": "on hold, description incomplete",
    "IW": "on hold, waiver required",
}
REJECTED = {
    "IR": "rejected",
    "ID": "deleted",
    "R1": "rejected, not a contract item",
    "R2": "rejected, invalid item number",
    "R3": "rejected, invalid unit",
    "R4": "rejected, item not available",
    "R5": "rejected, reorder under another number",
    "R6": "rejected, invalid item or number",
    "R7": "rejected, reorder the item as another one",
    "R8": "rejected, reorder the item as another one",
}
NEEDS_A_LOOK = frozenset({"IS", *PENDING})
"""Statuses that change nothing by themselves and that a buyer should know of."""

ORDER_REJECTED = frozenset({"RJ", "RD", "RF", "RN", "RO", "RV"})
ORDER_ON_HOLD = frozenset({"AH"})
ONLY_EXCEPTIONS = frozenset({"AE"})
"""BAK02 of an answer that states lines only where something is otherwise: the others are as ordered."""

DELIVERY_DATES = frozenset(
    {
        *("002", "010", "011", "017", "035", "067", "068", "069", "070", "074", "075", "076", "077"),
        *("079", "106", "118", "371"),
    }
)
"""DTM01 and ACK04 that say when goods leave or come; order dates, deadlines and the like are none. Without ACK04 there is but the
day that the line is acknowledged for."""

ASKED_FOR = frozenset({"002", "010", "074", "077", "106", "118"})
"""Of these, days that an order asks for: a supplier who repeats one beside a promise of his own means the promise."""

BACKORDERED = frozenset({"IB", "BP"})
"""ACK01 whose quantity is not there yet: what is left of the line comes, or came, as ordered."""


def words_for(status: str) -> str:
    """An ACK01 code in words; the code itself where it is none of the usual ones."""
    return ACCEPTED.get(status) or PENDING.get(status) or REJECTED.get(status) or f"status {status}"
