"""Orders, those of the grocery trade, their changes, and what suppliers say to both, drawn at random."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.change_acknowledgment import AcknowledgedChange, ChangeAcknowledgment
from mlconn_pipelines.documents.line import AllowanceOrCharge, Packing, ProductId, Schedule
from mlconn_pipelines.documents.order import GroceryOrder, OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines.documents.order_change import ChangedLine, OrderChange
from mlconn_pipelines.documents.party import Contact, Party
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
    scaled,
    store_quantities,
    taxes,
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
        product_ids=draw(st.just(()) | product_ids),
        dates=draw(tuples(date_references, 1)),
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
        taxes=draw(tuples(taxes, 2)),
        schedules=draw(tuples(st.builds(Schedule, quantities, units, tuples(date_references, 2, 1)), 2)),
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
    taxes=tuples(taxes, 2),
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


@st.composite
def grocery_charges(draw: st.DrawFn) -> AllowanceOrCharge:
    """Without a percentage, which G72 has only with the amount that it is of."""
    stated, sign = draw(st.sampled_from(("amount", "rate"))), draw(st.sampled_from(("A", "N")))
    return AllowanceOrCharge(
        indicator=sign,
        code=draw(st.sampled_from(("1", "97", "504"))),
        amount=draw(scaled(1, 99_999, 2)) if stated == "amount" else None,
        description=draw(optional(texts(200))),
        handling=draw(st.sampled_from(("02", "06"))),
        rate=draw(scaled(1, 999, 4)) if stated == "rate" else None,
        rate_unit="CA" if stated == "rate" else "",
        rate_quantity=draw(scaled(1, 999, 0)) if stated == "rate" else None,
    )


@st.composite
def grocery_lines(draw: st.DrawFn) -> OrderLine:
    case_code = draw(st.just("") | st.integers(0, 10**12 - 1).map(lambda number: f"{number:012d}"))
    others = draw(product_ids)[:2]
    return OrderLine(
        number="",
        quantity=draw(quantities),
        unit=draw(units),
        unit_price=draw(st.none() | scaled(0, 99_999, 4)),
        product_ids=(*((ProductId("UA", case_code),) if case_code else ()), *others),
        description=draw(optional(texts(100))),
        references=draw(tuples(grocery_references, 2)),
        allowances_and_charges=draw(tuples(grocery_charges(), 2)),
        parties=draw(tuples(st.builds(Party, st.just("ST"), texts(60)), 2)),
        packing=draw(st.none() | st.builds(Packing, st.integers(0, 999_999), scaled(0, 99_999, 3), units)),
    )


grocery_references = references.map(lambda one: replace(one, description=one.description[:45].strip()))
grocery_parties = parties.map(lambda one: replace(one, references=(), contacts=()))
grocery_terms = terms.filter(lambda one: one.net_due_date is not None or one.net_days is not None).map(
    lambda one: replace(one, description=one.description[:60].strip())
)
grocery_carriers = st.builds(Carrier, st.just(""), st.sampled_from(("M", "U")), optional(texts(35)))


@st.composite
def grocery_orders(draw: st.DrawFn) -> GroceryOrder:
    """A G61 has one number, and there are three of them at most."""
    numbers_of_contact = {name: optional(texts(80)) for name in ("phone", "email", "fax")}
    return GroceryOrder(
        number=draw(texts(22)),
        date=draw(dates),
        lines=tuple(
            replace(line, number=str(number)) for number, line in enumerate(draw(tuples(grocery_lines(), 4, 1)), start=1)
        ),
        purpose=draw(st.sampled_from(("00", "01", "04", "T"))),
        kind=draw(st.sampled_from(("SA", "NE"))),
        parties=draw(tuples(grocery_parties, shortest=1)),
        references=draw(tuples(grocery_references)),
        contacts=draw(tuples(st.builds(Contact, name=texts(60), **numbers_of_contact), 1)),
        dates=draw(tuples(date_references)),
        terms=draw(st.none() | grocery_terms),
        allowances_and_charges=draw(tuples(grocery_charges(), 2)),
        notes=draw(tuples(texts(250), 3)),
        carriers=draw(tuples(grocery_carriers, 1)),
    )
