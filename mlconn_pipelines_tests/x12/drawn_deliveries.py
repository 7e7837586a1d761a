"""Ship notices, receiving advices, stock and catalogues, drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

from mlconn_pipelines.documents.inventory import InventoryAdvice, StockedItem, StockQuantity
from mlconn_pipelines.documents.line import Price
from mlconn_pipelines.documents.price_catalogue import CatalogueItem, Packing, PriceCatalogue
from mlconn_pipelines.documents.receiving_advice import OrderReference, QuantityInQuestion, ReceivedLine, ReceivingAdvice
from mlconn_pipelines.documents.ship_notice import Package, ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines_tests.x12.drawn_parts import (
    carriers,
    charges,
    contacts,
    date_references,
    dates,
    numbers,
    optional,
    parties,
    prices,
    product_ids,
    quantities,
    references,
    sscc,
    store_quantities,
    terms,
    texts,
    time_of_day,
    tuples,
    units,
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
order_references = st.builds(OrderReference, texts(22), optional(texts(30)), st.none() | dates, optional(texts(20)))
questions = st.builds(QuantityInQuestion, quantities, units, st.sampled_from(("01", "02", "03", "05")))


@st.composite
def received_lines(draw: st.DrawFn) -> ReceivedLine:
    quantity, returned, shipped = draw(st.tuples(*[st.none() | quantities] * 3))
    return ReceivedLine(
        number=draw(optional(numbers)),
        product_ids=draw(product_ids),
        quantity=quantity,
        unit="" if quantity is None else draw(units),
        quantity_returned=returned,
        returned_unit="" if returned is None else draw(units),
        in_question=draw(tuples(questions, 5)),
        shipped=shipped,
        shipped_unit="" if shipped is None else draw(units),
        description=draw(optional(texts(200))),
        references=draw(tuples(references, 2)),
        dates=draw(tuples(date_references, 2)),
        orders=draw(tuples(order_references, 2)),
        sscc=draw(tuples(sscc, 2)),
    )


receiving_advices = st.builds(
    ReceivingAdvice,
    number=texts(30),
    date=dates,
    dates=tuples(date_references, 3, 1),
    lines=tuples(received_lines(), 4),
    kind=st.sampled_from(("1", "2", "8")),
    purpose=st.sampled_from(("00", "05")),
    time=st.none() | time_of_day,
    condition=st.sampled_from(("", "01", "07")),
    orders=tuples(order_references),
    carriers=tuples(carriers),
    parties=tuples(parties()),
    references=tuples(references),
    contacts=tuples(contacts),
)


@st.composite
def item_prices(draw: st.DrawFn, of_a_catalogue: bool) -> Price:
    quantity = draw(st.none() | quantities)
    return Price(
        kind=draw(st.sampled_from(("WHL", "RES", "CON", "MSR"))),
        amount=draw(prices),
        from_quantity=quantity,
        unit="" if quantity is None else draw(units),
        trade_class=draw(st.sampled_from(("", "WS", "DE"))),
        currency=draw(st.sampled_from(("", "USD", "EUR"))) if of_a_catalogue else "",
        dates=draw(tuples(date_references, 2)) if of_a_catalogue else (),
    )


stock_quantities = st.builds(
    StockQuantity,
    st.sampled_from(("17", "33", "29", "63")),
    st.decimals(-999999, 999999, places=3),
    st.just("") | units,
    tuples(date_references, 2),
)
stocked_items = st.builds(
    StockedItem,
    number=optional(numbers),
    product_ids=product_ids,
    quantities=tuples(stock_quantities, 3),
    description=optional(texts(200)),
    prices=tuples(item_prices(False), 2),
    dates=tuples(date_references, 2),
    references=tuples(references, 2),
    store_quantities=store_quantities,
    maintenance=st.sampled_from(("", "001", "002")),
    locations=tuples(parties(), 2),
)
inventory_advices = st.builds(
    InventoryAdvice,
    number=texts(30),
    date=dates,
    items=tuples(stocked_items, 4, 1),
    kind=st.sampled_from(("SI", "DD", "MB")),
    purpose=st.sampled_from(("00", "05")),
    time=st.none() | time_of_day,
    currency=st.sampled_from(("", "USD")),
    parties=tuples(parties()),
    references=tuples(references),
    contacts=tuples(contacts),
    dates=tuples(date_references),
)


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


catalogue_items = st.builds(
    CatalogueItem,
    number=optional(numbers),
    product_ids=product_ids,
    prices=tuples(item_prices(True), 3),
    description=optional(texts(200)),
    packing=st.none() | packings(),
    dates=tuples(date_references, 2),
    references=tuples(references, 2),
    allowances_and_charges=tuples(charges, 2),
    maintenance=st.sampled_from(("", "001", "003")),
)
price_catalogues = st.builds(
    PriceCatalogue,
    number=texts(15),
    items=tuples(catalogue_items, 4),
    kind=st.sampled_from(("PC", "SC", "PS")),
    version=optional(texts(15)),
    revision=optional(texts(6)),
    description=optional(texts(80)),
    purpose=st.sampled_from(("", "00", "04")),
    currency=st.sampled_from(("", "USD")),
    parties=tuples(parties()),
    references=tuples(references),
    contacts=tuples(contacts),
    dates=tuples(date_references),
    terms=st.none() | terms(),
)
