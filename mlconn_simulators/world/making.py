"""Makes the world from a seed: the same seed and day give the same company, partners and items."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from mlconn_simulators.world.items import UNIT_CODES, make_items
from mlconn_simulators.world.model import World
from mlconn_simulators.world.partners import make_partners


@dataclass(frozen=True)
class Shares:
    """How many documents of each kind there are at the start; inbound_orders are 850s that partners send."""

    invoices: int
    purchase_orders: int
    delivery_notes: int
    inbound_orders: int


def make_world(seed: int = 1, documents: int = 500, today: dt.date | None = None, items: int = 200) -> World:
    """Sixteen partners, so many items, three currencies, all from `seed`. today: the real one when left out."""
    dice = random.Random(f"world-{seed}")
    partners = make_partners(dice)
    return World(
        seed=seed,
        documents=documents,
        today=today or dt.datetime.now(dt.UTC).date(),
        company_qualifier="ZZ",
        company_id="MERIDIAN",
        company_title="Meridian Trade & Supply Inc.",
        partners=partners,
        items=make_items(dice, partners, items),
        unit_codes=dict(UNIT_CODES),
    )


def shares(documents: int) -> Shares:
    """About 40 % invoices and 20 % of each of the others; the sum is `documents`.

    >>> shares(500)
    Shares(invoices=200, purchase_orders=100, delivery_notes=100, inbound_orders=100)
    """
    fifth = documents // 5
    return Shares(documents - 3 * fifth, fifth, fifth, fifth)
