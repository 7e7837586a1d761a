"""How partners behave: what they answer, how late, and how often something is off. All of it follows from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Literal

Syntax = Literal["as_found", "reject", "accept_with_error"]
Change = Literal["", "quantity", "price", "date"]
Advice = Literal["", "TA", "TR"]


@dataclass(frozen=True)
class Habits:
    """Shares of documents, 0 to 1; all zero is a partner who answers everything correctly and at once.

    late, missing, rejecting, accepting_with_error: of the 997s. changed_order: 855s with another quantity, price or date.
    refused_order: 855s that reject the order. short_shipment: 856s. wrong_price, advised, advice_rejects: of 810s they send,
    of 810s answered with an 824, and of these the ones that reject.
    """

    late: float = 0.10
    missing: float = 0.01
    rejecting: float = 0.02
    accepting_with_error: float = 0.02
    changed_order: float = 0.15
    refused_order: float = 0.02
    short_shipment: float = 0.08
    wrong_price: float = 0.08
    advised: float = 0.20
    advice_rejects: float = 0.15


PROMPT = Habits(late=0, missing=0, rejecting=0, accepting_with_error=0, changed_order=0, refused_order=0, short_shipment=0,
                wrong_price=0, advised=0, advice_rejects=0)  # fmt: skip
"""Everything is answered at once and as asked: 997, 855, 856, 810, never an 824."""


@dataclass(frozen=True)
class Plan:
    """What one partner does about one document. Delays: seconds after it arrived; None: never.

    line: a number that picks the line a change is about, by its remainder.
    """

    acknowledged_after_s: float | None
    syntax: Syntax
    change: Change
    refuses_order: bool
    short: bool
    wrong_price: bool
    advice: Advice
    order_acknowledged_after_s: float
    shipped_after_s: float
    invoiced_after_s: float
    advised_after_s: float
    line: int
    dice: random.Random = field(repr=False)


def plan_for(habits: Habits, seed: int, late_max_s: float, partner: str, set_id: str, business_number: str) -> Plan:
    """The same document draws the same plan, whatever its control numbers and whenever it comes."""
    dice = random.Random(f"{seed}:{partner}:{set_id}:{business_number}")
    roll = dice.random()
    late, reply = dice.uniform(0.3, 1.0), dice.uniform(0.02, 0.25)
    after: float | None = 0.0
    if roll < habits.missing:
        after = None
    elif roll < habits.missing + habits.late:
        after = late * late_max_s
    roll = dice.random()
    syntax: Syntax = "as_found"
    if roll < habits.rejecting:
        syntax = "reject"
    elif roll < habits.rejecting + habits.accepting_with_error:
        syntax = "accept_with_error"
    rolls = [dice.random() for _ in range(6)]
    shipped = reply + dice.uniform(0.05, 0.3)
    return Plan(
        acknowledged_after_s=after,
        syntax=syntax,
        change=dice.choice(("quantity", "price", "date")) if rolls[0] < habits.changed_order else "",
        refuses_order=rolls[1] < habits.refused_order,
        short=rolls[2] < habits.short_shipment,
        wrong_price=rolls[3] < habits.wrong_price,
        advice=("TR" if rolls[5] < habits.advice_rejects else "TA") if rolls[4] < habits.advised else "",
        order_acknowledged_after_s=reply * late_max_s,
        shipped_after_s=shipped * late_max_s,
        invoiced_after_s=(shipped + dice.uniform(0.05, 0.3)) * late_max_s,
        advised_after_s=dice.uniform(0.05, 0.5) * late_max_s,
        line=dice.randrange(1_000_000),
        dice=dice,
    )
