"""Invoices, remittances and the two acknowledgments of what was received, drawn at random."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from mlconn_pipelines.documents.application_advice import AdviceError, AdvisedDocument, ApplicationAdvice
from mlconn_pipelines.documents.functional_acknowledgment import (
    ElementNote,
    FunctionalAcknowledgment,
    SegmentNote,
    SetAcknowledgment,
)
from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import UnitsShipped
from mlconn_pipelines.documents.remittance import Adjustment, BankAccount, PaidItem, RemittanceAdvice, RemittanceGroup
from mlconn_pipelines_tests.x12.drawn_parts import (
    bases,
    charges,
    contacts,
    date_references,
    dates,
    maybe,
    money,
    number,
    numbers,
    optional,
    parties,
    prices,
    product_ids,
    quantities,
    references,
    scaled,
    seeded,
    several,
    signed_money,
    taxes,
    terms,
    text,
    texts,
    time_of_day,
    tuples,
    units,
)

invoices = st.builds(
    Invoice,
    number=texts(22),
    date=dates,
    currency=st.sampled_from(("", "USD", "CAD", "EUR")),
    total=scaled(-999999, 9999999, 2),
    lines=tuples(
        st.builds(
            InvoiceLine,
            numbers,
            quantities,
            units,
            prices,
            product_ids,
            optional(texts(300)),
            tuples(references, 2),
            tuples(date_references, 2),
            tuples(taxes, 2),
            tuples(charges, 2),
            bases,
            tuples(st.builds(UnitsShipped, quantities, units), 2),
        ),
        4,
    ),
    order_number=optional(texts(22)),
    order_date=st.none() | dates,
    kind=st.sampled_from(("", "DI", "CR", "PR")),
    parties=tuples(parties),
    references=tuples(references),
    terms=st.none() | terms,
    dates=tuples(date_references),
    taxes=tuples(taxes),
    allowances_and_charges=tuples(charges),
    notes=tuples(texts(250), 3),
    contacts=tuples(contacts, 3),
    units_shipped=tuples(st.builds(UnitsShipped, quantities, units, quantities, units), 2),
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
    time=st.none() | time_of_day,
    parties=tuples(parties, 2),
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


def bank_account(chance: random.Random) -> BankAccount:
    bank, account = maybe(chance, 12, 3), maybe(chance, 35)
    return BankAccount("01" if bank else "", bank, chance.choice(("", "DA", "03")) if account else "", account)


def adjustment(chance: random.Random) -> Adjustment:
    reference = maybe(chance, 30)
    return Adjustment(
        amount=number(chance, 9_999_999, 2) * chance.choice((1, -1)),
        reason=chance.choice(("01", "06", "59")),
        reference_qualifier="CM" if reference else "",
        reference=reference,
        notes=several(chance, lambda chance: text(chance, 250), 2),
    )


bank_accounts = seeded(bank_account)
adjustments = seeded(adjustment)


@st.composite
def paid_items(draw: st.DrawFn) -> PaidItem:
    adjustment = draw(st.none() | signed_money)
    return PaidItem(
        reference_qualifier=draw(st.sampled_from(("IV", "CM", "PO"))),
        reference=draw(texts(30)),
        paid=draw(st.none() | signed_money),
        invoiced=draw(st.none() | signed_money),
        discount=draw(st.none() | money),
        action=draw(st.sampled_from(("", "PO", "PI"))),
        adjustment_reason="" if adjustment is None else "01",
        adjustment=adjustment,
        notes=draw(tuples(texts(250), 2)),
        references=draw(tuples(references, 2)),
        dates=draw(tuples(date_references, 2)),
        adjustments=draw(tuples(adjustments, 2)),
    )


@st.composite
def remittance_groups(draw: st.DrawFn) -> RemittanceGroup:
    id_ = draw(optional(texts(80, 2)))
    return RemittanceGroup(
        number=draw(st.integers(1, 999_999).map(str)),
        role="PE" if id_ else "",
        id_qualifier="92" if id_ else "",
        id=id_,
        items=draw(tuples(paid_items(), 3)),
        adjustments=draw(tuples(adjustments, 2)),
    )


@st.composite
def remittances(draw: st.DrawFn) -> RemittanceAdvice:
    number = draw(optional(texts(30)))
    return RemittanceAdvice(
        number=number,
        amount=draw(money),
        groups=draw(tuples(remittance_groups(), 3)),
        date=draw(st.none() | dates),
        handling=draw(st.sampled_from(("C", "I", "D"))),
        direction=draw(st.sampled_from(("C", "D"))),
        method=draw(st.sampled_from(("ACH", "CHK", "FWT"))),
        payment_format=draw(st.sampled_from(("", "CCP", "CTX"))),
        payer_account=draw(bank_accounts),
        payee_account=draw(bank_accounts),
        originator=draw(optional(texts(10, 10))),
        trace_kind=draw(st.sampled_from(("1", "3"))) if number else "1",
        trace_originator=draw(optional(texts(10, 10))) if number else "",
        currency=draw(st.sampled_from(("", "USD", "CAD"))),
        parties=draw(tuples(parties)),
        references=draw(tuples(references)),
        dates=draw(tuples(date_references)),
        notes=draw(tuples(texts(250), 3)),
    )
