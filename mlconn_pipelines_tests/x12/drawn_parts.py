"""What documents are made of, drawn at random: texts, numbers, dates, parties, terms, charges.

Each part is drawn as one seed: drawing every letter and field by itself takes ten times as long as checking the document. What
draws is made once and not for each document, since hypothesis looks through all that is new to it.
"""

from __future__ import annotations

import datetime as dt
import random
import string
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    DateReference,
    Packing,
    PaymentTerms,
    ProductId,
    Reference,
    StoreQuantity,
    Tax,
)
from mlconn_pipelines.documents.party import Contact, Party

LETTERS = string.ascii_letters + string.digits + "&'(),-./!+:;=?@#$%<|[]{}\\_\""
QUALIFIERS = ("VP", "BP", "UP", "EN", "SK")
UNITS = ("EA", "CA", "BX", "LB", "HU", "PC")
FIRST_DAY, LAST_DAY = dt.date(1950, 1, 1).toordinal(), dt.date(2099, 12, 31).toordinal()
T = TypeVar("T")


def seeded(make: Callable[[random.Random], T]) -> st.SearchStrategy[T]:
    return st.integers(0, 2**32).map(lambda seed: make(random.Random(seed)))


@cache
def texts(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    """Words with one blank between them, never longer."""
    return seeded(lambda chance: text(chance, longest, shortest))


@cache
def optional(texts_: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.just("") | texts_


@cache
def tuples(items: st.SearchStrategy[T], longest: int = 3, shortest: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(items, min_size=shortest, max_size=longest).map(tuple)


@cache
def scaled(lowest: int, highest: int, places: int) -> st.SearchStrategy[Decimal]:
    """Numbers with that many decimals, the bounds among them."""
    return st.integers(lowest * 10**places, highest * 10**places).map(lambda n: Decimal(n).scaleb(-places))


def text(chance: random.Random, longest: int, shortest: int = 1) -> str:
    wanted = chance.choice((shortest, longest, chance.randint(shortest, longest), chance.randint(shortest, longest)))
    made = ""
    while len(made) < wanted:
        made += "".join(chance.choices(LETTERS, k=chance.choice((1, 3, 8, 20, 90)))) + " "
    made = made[:wanted]
    return made if made == made.strip() else made[:-1] + "x"


def maybe(chance: random.Random, longest: int, shortest: int = 1) -> str:
    return text(chance, longest, shortest) if chance.random() < 0.6 else ""


def several(chance: random.Random, make: Callable[[random.Random], T], longest: int) -> tuple[T, ...]:
    return tuple(make(chance) for _ in range(chance.randint(0, longest)))


def number(chance: random.Random, highest: int, places: int) -> Decimal:
    bound = highest * 10**places
    return Decimal(chance.choice((0, bound, chance.randint(0, bound), chance.randint(0, 100)))).scaleb(-places)


def day(chance: random.Random) -> dt.date:
    return dt.date.fromordinal(chance.randint(FIRST_DAY, LAST_DAY))


def one_of(chance: random.Random, choices: Sequence[T]) -> T:
    return chance.choice(choices)


def reference(chance: random.Random) -> Reference:
    return Reference(one_of(chance, ("IA", "DP", "CO", "VR", "ZZ")), text(chance, 30), maybe(chance, 80))


def contact(chance: random.Random) -> Contact:
    return Contact(
        name=maybe(chance, 60),
        phone=maybe(chance, 80),
        email=maybe(chance, 80),
        function=one_of(chance, ("IC", "BD")),
        fax=maybe(chance, 80),
    )


def party(chance: random.Random) -> Party:
    id_ = maybe(chance, 80, 2)
    return Party(
        role=one_of(chance, ("ST", "BT", "BY", "SE", "SF", "VN")),
        name=maybe(chance, 60) if id_ else text(chance, 60),
        id_qualifier=one_of(chance, ("92", "91", "UL", "1")) if id_ else "",
        id=id_,
        name_2=maybe(chance, 60),
        street=several(chance, lambda chance: text(chance, 55), 4),
        city=maybe(chance, 30, 2),
        state=one_of(chance, ("", "NY", "ON")),
        postal_code=maybe(chance, 15, 3),
        country=one_of(chance, ("", "US", "CA", "DE")),
        contacts=several(chance, contact, 3),
        references=several(chance, reference, 2),
    )


def payment_terms(chance: random.Random) -> PaymentTerms:
    percent = one_of(chance, (None, number(chance, 99, 2)))
    return PaymentTerms(
        kind=one_of(chance, ("01", "02", "08", "14")),
        basis=one_of(chance, ("1", "3", "15")),
        discount_percent=percent,
        discount_days=None if percent is None else chance.randint(0, 365),
        net_days=one_of(chance, (None, chance.randint(0, 365))),
        net_due_date=one_of(chance, (None, day(chance))),
        description=maybe(chance, 80),
    )


def charge(chance: random.Random) -> AllowanceOrCharge:
    stated = one_of(chance, ("amount", "percent", "rate"))
    return AllowanceOrCharge(
        indicator=one_of(chance, ("A", "C")),
        code=one_of(chance, ("C310", "D240", "D500", "F050")),
        amount=number(chance, 9_999_999, 2) if stated == "amount" else None,
        description=maybe(chance, 80),
        handling=one_of(chance, ("", "02", "06")),
        percent=number(chance, 99, 2) if stated == "percent" else None,
        percent_of=one_of(chance, ("1", "2", "3")) if stated == "percent" else "",
        rate=number(chance, 999, 2) if stated == "rate" else None,
        rate_unit="EA" if stated == "rate" else "",
        rate_quantity=number(chance, 999, 0) if stated == "rate" else None,
    )


def tax(chance: random.Random) -> Tax:
    percent = one_of(chance, (None, number(chance, 99, 2)))
    return Tax(one_of(chance, ("ST", "GS", "SP")), number(chance, 9_999_999, 2), percent)


def store_quantity(chance: random.Random) -> StoreQuantity:
    return StoreQuantity(
        text(chance, 20, 2), number(chance, 999_999, 3), one_of(chance, UNITS[:2]), one_of(chance, ("92", "92", "UL"))
    )


def carrier(chance: random.Random) -> Carrier:
    if chance.random() < 0.3:
        return Carrier(mode=one_of(chance, ("M", "A")), routing=maybe(chance, 35))
    mode, qualifier = one_of(chance, ("", "M", "U")), one_of(chance, ("2", "92"))
    return Carrier(text(chance, 20, 2), mode, maybe(chance, 35), qualifier)


def packing(chance: random.Random) -> Packing:
    size, weight = (one_of(chance, (None, number(chance, 99_999, 3))) for _ in range(2))
    pack = chance.randint(0, 999_999)
    return Packing(
        pack=pack if size is None and weight is None else one_of(chance, (None, pack)),
        size=size,
        size_unit="" if size is None else one_of(chance, UNITS),
        weight=weight,
        weight_unit="" if weight is None else one_of(chance, UNITS),
    )


def ids(chance: random.Random) -> tuple[ProductId, ...]:
    """In the order in which a guide names the qualifiers, so that they read back alike."""
    chosen = chance.sample(QUALIFIERS, chance.randint(1, len(QUALIFIERS)))
    return tuple(ProductId(qualifier, text(chance, 48)) for qualifier in QUALIFIERS if qualifier in chosen)


dates = st.integers(FIRST_DAY, LAST_DAY).map(dt.date.fromordinal)
quantities = scaled(0, 999_999, 3)
prices = scaled(0, 99_999, 4)
money = scaled(0, 9_999_999, 2)
signed_money = scaled(-9_999_999, 9_999_999, 2)
units = st.sampled_from(UNITS)
numbers = texts(20)
bases = st.sampled_from(("", "PE", "HP", "TP"))
product_ids = seeded(ids)
references = seeded(reference)
date_references = seeded(lambda chance: DateReference(one_of(chance, ("002", "010", "011", "038")), day(chance)))
contacts = seeded(contact)
parties = seeded(party)
terms = seeded(payment_terms)
charges = seeded(charge)
taxes = seeded(tax)
store_quantities = seeded(lambda chance: several(chance, store_quantity, 13))
carriers = seeded(carrier)
packings = seeded(packing)
time_of_day = st.integers(0, 8_639_999).map(
    lambda hundredths: (dt.datetime(2026, 1, 1) + dt.timedelta(milliseconds=10 * hundredths)).time()
)
sscc = st.integers(0, 10**18 - 1).map(lambda n: f"{n:018d}")
