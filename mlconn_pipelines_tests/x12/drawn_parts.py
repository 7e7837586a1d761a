"""What documents are made of, drawn at random: texts, numbers, dates, parties, terms, charges."""

from __future__ import annotations

import datetime as dt
import random
import string

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


def texts(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    """Words with one blank between them, never longer; drawn from a seed, as drawing letter by letter takes too long."""
    return st.integers(0, 2**32).map(lambda seed: _text(random.Random(seed), longest, shortest))


def _text(chance: random.Random, longest: int, shortest: int) -> str:
    wanted = chance.choice((shortest, longest, chance.randint(shortest, longest), chance.randint(shortest, longest)))
    text = ""
    while len(text) < wanted:
        text += "".join(chance.choices(LETTERS, k=chance.choice((1, 3, 8, 20, 90)))) + " "
    text = text[:wanted]
    return text if text == text.strip() else text[:-1] + "x"


def optional(texts_: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.just("") | texts_


def tuples(items: st.SearchStrategy, longest: int = 3, shortest: int = 0):
    return st.lists(items, min_size=shortest, max_size=longest).map(tuple)


dates = st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31))
quantities = st.decimals(0, 999999, places=3)
prices = st.decimals(0, 99999, places=4)
money = st.decimals(0, 9999999, places=2)
signed_money = st.decimals(-9999999, 9999999, places=2)
percents = st.decimals(0, 99, places=2)
units = st.sampled_from(("EA", "CA", "BX", "LB", "KG", "PC"))
numbers = texts(20)
bases = st.sampled_from(("", "PE", "HP"))
product_ids = st.lists(st.sampled_from(QUALIFIERS), min_size=1, max_size=5, unique=True).flatmap(
    lambda chosen: st.tuples(*(st.builds(ProductId, st.just(q), texts(48)) for q in QUALIFIERS if q in chosen))
)
references = st.builds(Reference, st.sampled_from(("IA", "DP", "CO", "VR", "ZZ")), texts(30), optional(texts(80)))
date_references = st.builds(DateReference, st.sampled_from(("002", "010", "011", "038")), dates)
contacts = st.builds(
    Contact, optional(texts(60)), optional(texts(80)), optional(texts(80)), st.sampled_from(("IC", "BD")), optional(texts(80))
)


@st.composite
def parties(draw: st.DrawFn) -> Party:
    id_ = draw(optional(texts(80, 2)))
    return Party(
        role=draw(st.sampled_from(("ST", "BT", "BY", "SE", "SF", "VN"))),
        name=draw(texts(60) if not id_ else optional(texts(60))),
        id_qualifier=draw(st.sampled_from(("92", "91", "UL", "1"))) if id_ else "",
        id=id_,
        name_2=draw(optional(texts(60))),
        street=draw(tuples(texts(55), 4)),
        city=draw(optional(texts(30, 2))),
        state=draw(st.sampled_from(("", "NY", "ON"))),
        postal_code=draw(optional(texts(15, 3))),
        country=draw(st.sampled_from(("", "US", "CA", "DE"))),
        contacts=draw(tuples(contacts, 3)),
        references=draw(tuples(references, 2)),
    )


@st.composite
def terms(draw: st.DrawFn) -> PaymentTerms:
    percent = draw(st.none() | percents)
    return PaymentTerms(
        kind=draw(st.sampled_from(("01", "02", "08", "14"))),
        basis=draw(st.sampled_from(("1", "3", "15"))),
        discount_percent=percent,
        discount_days=draw(st.integers(0, 365)) if percent is not None else None,
        net_days=draw(st.none() | st.integers(0, 365)),
        net_due_date=draw(st.none() | dates),
        description=draw(optional(texts(80))),
    )


charges = st.builds(
    AllowanceOrCharge,
    st.sampled_from(("A", "C")),
    st.sampled_from(("C310", "D240", "D500", "F050")),
    money,
    optional(texts(80)),
    st.sampled_from(("", "02", "06")),
)
taxes = st.builds(Tax, st.sampled_from(("ST", "GS", "SP")), money, st.none() | percents)
store_quantities = st.lists(
    st.builds(StoreQuantity, texts(20, 2), quantities, units, st.sampled_from(("92", "UL"))), max_size=13
).map(tuple)
carriers = st.builds(
    Carrier, texts(20, 2), st.sampled_from(("", "M", "U")), optional(texts(35)), st.sampled_from(("2", "92"))
) | st.builds(Carrier, st.just(""), st.sampled_from(("M", "A")), optional(texts(35)))
time_of_day = st.times().map(lambda t: t.replace(microsecond=t.microsecond // 10_000 * 10_000))
sscc = st.text("0123456789", min_size=18, max_size=18)


@st.composite
def packings(draw: st.DrawFn) -> Packing:
    size, weight = draw(st.tuples(*[st.none() | st.decimals(0, 99999, places=3)] * 2))
    return Packing(
        pack=draw(st.none() | st.integers(0, 999_999) if size is not None or weight is not None else st.integers(0, 999_999)),
        size=size,
        size_unit="" if size is None else draw(units),
        weight=weight,
        weight_unit="" if weight is None else draw(units),
    )
