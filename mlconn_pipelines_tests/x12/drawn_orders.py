"""Orders, their changes, and what suppliers say to both, drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

from mlconn_pipelines.documents.change_acknowledgment import AcknowledgedChange, ChangeAcknowledgment
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.order_change import ChangedLine, OrderChange
from mlconn_pipelines_tests.x12.drawn_parts import (
    bases,
    carriers,
    charges,
    contacts,
    date_references,
    dates,
    numbers,
    optional,
    packings,
    parties,
    prices,
    product_ids,
    quantities,
    references,
    store_quantities,
    terms,
    texts,
    tuples,
    units,
)


@st.composite
def order_lines(draw: st.DrawFn) -> OrderLine:
    price = draw(st.none() | prices)
    return OrderLine(
        number=draw(numbers),
        quantity=draw(quantities),
        unit=draw(units),
        unit_price=price,
        product_ids=draw(product_ids),
        description=draw(optional(texts(300))),
        dates=draw(tuples(date_references, 2)),
        references=draw(tuples(references, 2)),
        allowances_and_charges=draw(tuples(charges, 2)),
        store_quantities=draw(store_quantities),
        price_basis="" if price is None else draw(bases),
        notes=draw(tuples(texts(300), 2)),
        parties=draw(tuples(parties, 1)),
        packing=draw(st.none() | packings),
    )


orders = st.builds(
    PurchaseOrder,
    number=texts(22),
    date=dates,
    lines=tuples(order_lines(), 4, 1),
    purpose=st.sampled_from(("00", "01", "05")),
    kind=st.sampled_from(("SA", "NE", "DS")),
    release=optional(texts(30)),
    currency=st.sampled_from(("", "USD", "CAD")),
    parties=tuples(parties),
    references=tuples(references),
    contacts=tuples(contacts),
    dates=tuples(date_references),
    terms=st.none() | terms,
    allowances_and_charges=tuples(charges),
    notes=tuples(texts(700), 3),
    carriers=tuples(carriers, 2),
    contract=optional(texts(30)),
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
    quantity, price = draw(st.none() | quantities), draw(st.none() | prices)
    return AcknowledgedLine(
        number=draw(numbers),
        quantity=quantity,
        unit="" if quantity is None else draw(units),
        unit_price=price,
        product_ids=draw(product_ids),
        answers=draw(tuples(answers())),
        description=draw(optional(texts(200))),
        references=draw(tuples(references, 2)),
        dates=draw(tuples(date_references, 2)),
        allowances_and_charges=draw(tuples(charges, 2)),
        price_basis="" if price is None else draw(bases),
        notes=draw(tuples(texts(300), 2)),
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
    parties=tuples(parties),
    references=tuples(references),
    dates=tuples(date_references),
    release=optional(texts(30)),
    contract=optional(texts(30)),
    currency=st.sampled_from(("", "USD", "CAD")),
    contacts=tuples(contacts, 2),
    terms=st.none() | terms,
    allowances_and_charges=tuples(charges, 2),
    notes=tuples(texts(700), 2),
    carriers=tuples(carriers, 2),
)


@st.composite
def changed_lines(draw: st.DrawFn) -> ChangedLine:
    quantity, price = draw(st.none() | quantities), draw(st.none() | prices)
    return ChangedLine(
        number=draw(numbers),
        change=draw(st.sampled_from(("AI", "CA", "DI", "PC", "QD", "QI", "RS"))),
        product_ids=draw(product_ids),
        quantity=quantity,
        quantity_left=None if quantity is None else draw(quantities),
        unit="" if quantity is None else draw(units),
        unit_price=price,
        description=draw(optional(texts(200))),
        references=draw(tuples(references, 2)),
        dates=draw(tuples(date_references, 2)),
        allowances_and_charges=draw(tuples(charges, 2)),
        store_quantities=draw(store_quantities),
        price_basis="" if price is None else draw(bases),
        notes=draw(tuples(texts(300), 2)),
        parties=draw(tuples(parties, 1)),
    )


_heading = {
    "order_number": texts(22),
    "order_date": dates,
    "date": st.none() | dates,
    "release": optional(texts(30)),
    "change_number": optional(texts(8)),
    "contract": optional(texts(30)),
    "seller_reference": optional(texts(30)),
    "currency": st.sampled_from(("", "USD", "CAD")),
    "parties": tuples(parties),
    "references": tuples(references),
    "contacts": tuples(contacts),
    "dates": tuples(date_references),
    "terms": st.none() | terms,
    "allowances_and_charges": tuples(charges),
    "notes": tuples(texts(700), 2),
    "carriers": tuples(carriers, 2),
}
order_changes = st.builds(
    OrderChange,
    lines=tuples(changed_lines(), 4),
    purpose=st.sampled_from(("01", "04")),
    kind=st.sampled_from(("SA", "NE", "BK")),
    **_heading,
)
change_acknowledgments = st.builds(
    ChangeAcknowledgment,
    kind=st.sampled_from(("AC", "AT", "RD")),
    purpose=st.sampled_from(("00", "06")),
    changed_on=st.none() | dates,
    lines=tuples(st.builds(AcknowledgedChange, changed_lines(), tuples(answers())), 4),
    **_heading,
)
