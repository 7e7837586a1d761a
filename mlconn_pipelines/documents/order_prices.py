"""Which of the prices that an order states is the one to be paid. X12 has room for many beside PO104: CTP of the line, CTP of the heading.

Some are what somebody else pays (resale, suggested retail): they are told and never taken. Some are list prices, by whose side
another one may well be paid. What does not follow is said in words, and not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.line import Price
from mlconn_pipelines.documents.price_basis import power_of_ten, units_of_price

_EXACT = ("", "UCP", "CUP", "NET", "CON", "PUR", "INV", "ACT", "ICL", "FUP", "SPC", "SPE", "OPP", "QTE")
_LISTED = (
    *("CAT", "CHG", "D01", "D02", "D03", "DAP", "DIS", "DPR", "DSD", "DSP", "EUP", "FCP", "FDS", "GOV", "GTP", "IND", "INS"),
    *("LPR", "PBQ", "PRF", "PRO", "PRP", "STA", "TRF", "WHL", "ZNP"),
    *(f"{letter}{number:02}" for letter in "CN" for number in range(1, 31)),
)
PAID = frozenset((*_EXACT, *_LISTED))
"""CTP02 (element 236) of what a buyer pays; where PO104 is stated too, one of `_LISTED` may be another without a contradiction."""

OF_OTHERS = frozenset(("RES", "RTL", "MSR", "SLP", "SWP", "SDP", "SFP", "GSP", "GAP", "GDP", "AWP", "AGC", "FUL", "THP", "MAX"))
"""CTP02 of what somebody else pays, or of a limit: it says nothing of what this order costs."""

_MULTIPLIED = ("", "DIS", "SEL")
"""CTP06 by which the amount is simply multiplied."""
_SAME = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class PaidPrice:
    """amount: of one unit, None where none is stated or none follows. doubt: in words, why a person has to look."""

    amount: Decimal | None
    doubt: str = ""


def paid_price(
    stated: Decimal | None, quantity: Decimal, unit: str, of_line: Sequence[Price], of_heading: Sequence[Price]
) -> PaidPrice:
    """stated: PO104, for one unit. A price of the line goes before one of the heading; of several, those that hold from the highest
    quantity on that is reached.

    >>> paid_price(None, Decimal(10), "EA", [Price("UCP", Decimal("9.75")), Price("RES", Decimal(20))], []).amount
    Decimal('9.75')
    """
    own = _applying(of_line, quantity)
    if stated:
        for price in own:
            amount = amount_of(price, unit)
            if price.kind in _EXACT and amount is not None and abs(amount - stated) > _SAME:
                return PaidPrice(stated, f"it states {_plain(stated)} in PO104 and {_plain(amount)} in {in_words(price)}")
        return PaidPrice(stated)
    prices = own or _applying(of_heading, quantity)
    if not prices:
        strange = [price for price in (*of_line, *of_heading) if price.kind not in OF_OTHERS and price.kind not in PAID]
        return PaidPrice(stated, f"it states {in_words(strange[0])} only" if strange else "")
    amounts = dict.fromkeys(amount_of(price, unit) for price in prices)
    if len(amounts) == 1 and (only := next(iter(amounts))) is not None:
        return PaidPrice(only)
    return PaidPrice(None, f"it states {' and '.join(dict.fromkeys(map(in_words, prices)))}")


def amount_of(price: Price, unit: str) -> Decimal | None:
    """For one of that unit; None where it does not follow: another unit, a mark-up on what we do not know, a measure.

    >>> amount_of(Price("NET", Decimal(20), multiplier_kind="DIS", multiplier=Decimal("0.9")), "EA")
    Decimal('18.0')
    """
    units = units_of_price(price.basis, unit)
    if price.amount is None or (price.unit and price.unit != unit) or units is None:
        return None
    amount = price.amount.scaleb(-power_of_ten(price.basis, unit)) / units
    if price.multiplier is not None:
        if price.multiplier_kind not in _MULTIPLIED:
            return None
        amount *= price.multiplier
    return amount / price.per if price.per else amount


def in_words(price: Price) -> str:
    """As its segment states it: `CTP RES 19.99 SEL 0.9`."""
    said = (
        price.kind,
        "" if price.amount is None else _plain(price.amount),
        "" if price.from_quantity is None else f"from {_plain(price.from_quantity)}",
        price.unit,
        price.multiplier_kind,
        "" if price.multiplier is None else _plain(price.multiplier),
        price.basis,
        "" if price.rebate is None else f"rebate {_plain(price.rebate)}",
    )
    return " ".join(filter(None, ("CTP", *said)))


def _applying(prices: Iterable[Price], quantity: Decimal) -> list[Price]:
    """Of those that a buyer pays, the ones that hold from the highest quantity on that is reached."""
    reached = [price for price in prices if price.kind in PAID and price.amount is not None and _start(price) <= quantity]
    highest = max(map(_start, reached), default=Decimal())
    return [price for price in reached if _start(price) == highest]


def _start(price: Price) -> Decimal:
    return price.from_quantity or Decimal()


def _plain(number: Decimal) -> str:
    return f"{round(number, 6).normalize():f}" if number else "0"
