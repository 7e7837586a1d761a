"""Every valid document, rendered and read again, is the same document."""

from __future__ import annotations

import datetime as dt
import random
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlconn_pipelines.documents.application_advice import AdviceError, AdvisedDocument, ApplicationAdvice
from mlconn_pipelines.documents.functional_acknowledgment import (
    ElementNote,
    FunctionalAcknowledgment,
    SegmentNote,
    SetAcknowledgment,
)
from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    DateReference,
    PaymentTerms,
    ProductId,
    Reference,
    Tax,
)
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.ship_notice import Package, ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.second_opinion import ask
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import guide_of, only_set, rendered

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
percents = st.decimals(0, 99, places=2)
units = st.sampled_from(("EA", "CA", "BX", "LB", "KG", "PC"))
numbers = texts(20)
product_ids = st.lists(st.sampled_from(QUALIFIERS), min_size=1, max_size=5, unique=True).flatmap(
    lambda chosen: st.tuples(*(st.builds(ProductId, st.just(q), texts(48)) for q in QUALIFIERS if q in chosen))
)
references = st.builds(Reference, st.sampled_from(("IA", "DP", "CO", "VR", "ZZ")), texts(30), optional(texts(80)))
date_references = st.builds(DateReference, st.sampled_from(("002", "010", "011", "038")), dates)
contacts = st.builds(Contact, optional(texts(60)), optional(texts(80)), optional(texts(80)), st.sampled_from(("IC", "BD")))


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
invoices = st.builds(
    Invoice,
    number=texts(22),
    date=dates,
    currency=st.sampled_from(("", "USD", "CAD", "EUR")),
    total=st.decimals(-999999, 9999999, places=2),
    lines=tuples(
        st.builds(InvoiceLine, numbers, quantities, units, prices, product_ids, optional(texts(300)), tuples(references, 2)),
        5,
    ),
    order_number=optional(texts(22)),
    order_date=st.none() | dates,
    kind=st.sampled_from(("", "DI", "CR", "PR")),
    parties=tuples(parties()),
    references=tuples(references),
    terms=st.none() | terms(),
    dates=tuples(date_references),
    taxes=tuples(st.builds(Tax, st.sampled_from(("ST", "GS", "SP")), money, st.none() | percents)),
    allowances_and_charges=tuples(charges),
    notes=tuples(texts(250), 3),
)
orders = st.builds(
    PurchaseOrder,
    number=texts(22),
    date=dates,
    lines=tuples(
        st.builds(
            OrderLine,
            numbers,
            quantities,
            units,
            st.none() | prices,
            product_ids,
            optional(texts(300)),
            tuples(date_references, 2),
        ),
        5,
        1,
    ),
    purpose=st.sampled_from(("00", "01", "05")),
    kind=st.sampled_from(("SA", "NE", "DS")),
    release=optional(texts(30)),
    currency=st.sampled_from(("", "USD", "CAD")),
    parties=tuples(parties()),
    references=tuples(references),
    contacts=tuples(contacts),
    dates=tuples(date_references),
    terms=st.none() | terms(),
    allowances_and_charges=tuples(charges),
    notes=tuples(texts(700), 3),
)


@st.composite
def answers(draw: st.DrawFn) -> LineAnswer:
    quantity = draw(st.none() | quantities)
    date = draw(st.none() | dates)
    return LineAnswer(
        status=draw(st.sampled_from(("IA", "IQ", "IP", "DR", "IR", "IB"))),
        quantity=quantity,
        unit="" if quantity is None else draw(units),
        date_qualifier="" if date is None else "068",
        date=date,
    )


@st.composite
def acknowledged_lines(draw: st.DrawFn) -> AcknowledgedLine:
    quantity = draw(st.none() | quantities)
    return AcknowledgedLine(
        number=draw(numbers),
        quantity=quantity,
        unit="" if quantity is None else draw(units),
        unit_price=draw(st.none() | prices),
        product_ids=draw(product_ids),
        answers=draw(tuples(answers())),
        description=draw(optional(texts(200))),
    )


order_acknowledgments = st.builds(
    OrderAcknowledgment,
    order_number=texts(22),
    date=dates,
    kind=st.sampled_from(("AC", "AD", "RJ", "AK")),
    purpose=st.sampled_from(("00", "06")),
    seller_reference=optional(texts(30)),
    acknowledged_on=st.none() | dates,
    lines=tuples(acknowledged_lines(), 4),
    parties=tuples(parties()),
    references=tuples(references),
    dates=tuples(date_references),
)
shipped_lines = st.builds(ShippedLine, numbers, quantities, units, product_ids, optional(texts(200)), st.none() | quantities)
packages = st.builds(
    Package,
    st.just("") | st.text("0123456789", min_size=18, max_size=18),
    tuples(shipped_lines, 2),
    st.sampled_from(("P", "T")),
)
shipped_orders = st.builds(
    ShippedOrder, texts(22), tuples(shipped_lines, 2), tuples(packages, 2), st.none() | dates, tuples(references, 2)
)
ship_notices = st.builds(
    lambda weight, **settings: ShipNotice(weight=weight, weight_unit="" if weight is None else "LB", **settings),
    st.none() | st.decimals(1, 99999, places=1),
    number=texts(30, 2),
    date=dates,
    time=st.times().map(lambda t: t.replace(microsecond=t.microsecond // 10_000 * 10_000)),
    orders=tuples(shipped_orders, 3),
    purpose=st.sampled_from(("00", "05")),
    structure=st.sampled_from(("", "0001", "0004")),
    carrier=optional(texts(20, 2)),
    tracking_number=optional(texts(30)),
    bill_of_lading=optional(texts(30)),
    package_count=st.none() | st.integers(0, 9_999_999),
    parties=tuples(parties()),
    references=tuples(references),
    dates=tuples(date_references),
)
advice_errors = st.builds(
    AdviceError,
    code=st.sampled_from(("011", "024", "009")),
    text=optional(texts(200)),
    segment=st.sampled_from(("", "IT1", "BIG")),
    position=st.none() | st.integers(1, 999_999),
    bad_value=optional(texts(60)),
)
advices = st.builds(
    ApplicationAdvice,
    number=texts(30),
    date=dates,
    documents=tuples(
        st.builds(
            AdvisedDocument,
            verdict=st.sampled_from(("TA", "TE", "TR")),
            reference_qualifier=st.sampled_from(("IV", "SI", "PO")),
            reference=texts(30),
            set_id=st.sampled_from(("", "810", "856")),
            group_control_number=st.integers(1, 999_999_999).map(str),
            set_control_number=st.integers(1, 999_999_999).map(lambda n: f"{n:04d}"),
            group_sender=optional(texts(15, 2)),
            group_receiver=optional(texts(15, 2)),
            amount=st.none() | money,
            errors=tuples(advice_errors),
        ),
        3,
        1,
    ),
    purpose=st.sampled_from(("00", "11")),
    time=st.none() | st.times().map(lambda t: t.replace(microsecond=0)),
    parties=tuples(parties(), 2),
)
element_notes = st.builds(
    ElementNote,
    element=st.integers(1, 30),
    code=st.sampled_from(("1", "5", "7")),
    component=st.none() | st.integers(1, 15),
    reference=st.sampled_from(("", "355", "373")),
    value=optional(texts(99)),
)
segment_notes = st.builds(
    SegmentNote,
    segment=st.sampled_from(("PO1", "N1", "DTM")),
    position=st.integers(1, 999_999),
    loop=st.sampled_from(("", "PO1")),
    code=st.sampled_from(("", "3", "8")),
    elements=tuples(element_notes),
)
set_answers = st.builds(
    SetAcknowledgment,
    set_id=st.sampled_from(("850", "810")),
    control_number=st.integers(1, 999_999_999).map(lambda n: f"{n:04d}"),
    status=st.sampled_from(("A", "E", "R")),
    codes=tuples(st.sampled_from(("1", "4", "5")), 5),
    segments=tuples(segment_notes),
)
functional_acknowledgments = st.builds(
    FunctionalAcknowledgment,
    functional_id=st.sampled_from(("PO", "IN")),
    group_control_number=st.integers(1, 999_999_999).map(str),
    status=st.sampled_from(("A", "E", "P", "R")),
    sets_stated=st.integers(0, 9999),
    sets_received=st.integers(0, 9999),
    sets_accepted=st.integers(0, 9999),
    sets=tuples(set_answers),
    codes=tuples(st.sampled_from(("3", "4", "5")), 5),
)
KINDS = {
    "810": invoices,
    "824": advices,
    "850": orders,
    "855": order_acknowledgments,
    "856": ship_notices,
    "997": functional_acknowledgments,
}


@pytest.mark.parametrize("version", ["004010", "005010"])
@pytest.mark.parametrize("set_id", list(KINDS))
def test_what_is_rendered_reads_back_as_the_same_document(set_id: str, version: str) -> None:
    guide = guide_of(version=version, product_id_qualifiers=QUALIFIERS)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[set_id])
    def holds(document: Document) -> None:
        made = rendered(document, guide)
        assert made.can_be_sent, [f.message for f in made.findings if f.severity == "reject"]
        assert [f for f in made.findings if f.severity == "accept_with_error"] == []
        transaction_set = only_set(made.content)
        assert transaction_set.set_id == set_id == made.set_id
        again, findings = parse_document(transaction_set)
        assert findings == ()
        assert again == document

    holds()


@pytest.mark.parametrize("set_id", list(KINDS))
def test_the_other_reader_agrees_on_envelope_and_counts(set_id: str) -> None:
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[set_id])
    def holds(document: Document) -> None:
        assert ask(rendered(document).content) == []

    holds()


@pytest.mark.parametrize("set_id", list(KINDS))
def test_the_same_input_gives_the_same_bytes(set_id: str) -> None:
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[set_id])
    def holds(document: Document) -> None:
        assert rendered(document).content == rendered(document).content
        assert validate(only_set(rendered(document).content), "004010") == ()

    holds()
