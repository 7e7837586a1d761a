"""Ship notices, receiving advices, order status reports, stock, catalogues and vendors, drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

from mlconn_pipelines.documents.inventory import InventoryAdvice, StockedItem, StockQuantity
from mlconn_pipelines.documents.line import Price
from mlconn_pipelines.documents.order_status import ItemStatus, OrderStatus, ReportedLine, ReportedOrder, StatusQuantity
from mlconn_pipelines.documents.price_catalogue import CatalogueItem, PriceCatalogue
from mlconn_pipelines.documents.receiving_advice import OrderReference, QuantityInQuestion, ReceivedLine, ReceivingAdvice
from mlconn_pipelines.documents.ship_notice import Package, ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.documents.trading_partner_profile import TradingPartnerProfile
from mlconn_pipelines.documents.vendor import Vendor
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
    sscc,
    store_quantities,
    terms,
    texts,
    time_of_day,
    tuples,
    units,
)

TARES = ("000000000000000017", "000000000000000024")
shipped_lines = st.builds(
    ShippedLine,
    numbers,
    quantities,
    units,
    product_ids,
    optional(texts(200)),
    st.none() | quantities,
    st.none() | packings,
    tuples(references, 2),
    tuples(date_references, 2),
)


@st.composite
def packages(draw: st.DrawFn) -> Package:
    level = draw(st.sampled_from(("P", "T")))
    return Package(
        sscc=draw(st.just("") | sscc),
        lines=draw(tuples(shipped_lines, 2)),
        level=level,
        carrier_number=draw(optional(texts(48))),
        tare=draw(st.just("") | st.sampled_from(TARES)) if level == "P" else "",
        references=draw(tuples(references, 1)),
    )


@st.composite
def shipped_orders(draw: st.DrawFn) -> ShippedOrder:
    return ShippedOrder(
        order_number=draw(texts(22)),
        lines=draw(tuples(shipped_lines, 2)),
        packages=draw(tuples(packages(), 3)),
        order_date=draw(st.none() | dates),
        references=draw(tuples(references, 2)),
        release=draw(optional(texts(30))),
        parties=draw(tuples(parties, 1)),
        dates=draw(tuples(date_references, 2)),
    )


@st.composite
def ship_notices(draw: st.DrawFn) -> ShipNotice:
    weight, count = draw(st.none() | scaled(1, 99999, 1)), draw(st.none() | st.integers(0, 9_999_999))
    return ShipNotice(
        number=draw(texts(30, 2)),
        date=draw(dates),
        time=draw(time_of_day),
        orders=draw(tuples(shipped_orders(), 3)),
        purpose=draw(st.sampled_from(("00", "05"))),
        structure=draw(st.sampled_from(("", "0001", "0004"))),
        carrier=draw(optional(texts(20, 2))),
        tracking_number=draw(optional(texts(30))),
        bill_of_lading=draw(optional(texts(30))),
        package_count=count,
        weight=weight,
        weight_unit="" if weight is None else "LB",
        parties=draw(tuples(parties)),
        references=draw(tuples(references)),
        dates=draw(tuples(date_references)),
        contacts=draw(tuples(contacts, 2)),
        transport_mode=draw(st.sampled_from(("", "M", "U"))),
        routing=draw(optional(texts(35))),
        packaging="CTN" if count is None else draw(st.sampled_from(("CTN", "PLT"))),
    )


order_references = st.builds(OrderReference, texts(22), optional(texts(30)), st.none() | dates, optional(texts(20)))
questions = st.builds(QuantityInQuestion, quantities, units, st.sampled_from(("01", "02", "03", "05")))


@st.composite
def received_lines(draw: st.DrawFn) -> ReceivedLine:
    quantity, returned, shipped = draw(st.tuples(*[st.none() | quantities] * 3))
    return ReceivedLine(
        number=draw(numbers if quantity is None else optional(numbers)),  # a segment says something
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
    parties=tuples(parties),
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
    scaled(-999999, 999999, 3),
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
    locations=tuples(parties, 2),
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
    parties=tuples(parties),
    references=tuples(references),
    contacts=tuples(contacts),
    dates=tuples(date_references),
)


catalogue_items = st.builds(
    CatalogueItem,
    number=optional(numbers),
    product_ids=product_ids,
    prices=tuples(item_prices(True), 3),
    description=optional(texts(200)),
    packing=st.none() | packings,
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
    parties=tuples(parties),
    references=tuples(references),
    contacts=tuples(contacts),
    dates=tuples(date_references),
    terms=st.none() | terms,
)


status_quantities = st.builds(StatusQuantity, st.sampled_from(("01", "39", "63")), quantities, units)
_status = {
    "code": st.sampled_from(("BP", "CC", "IC")),
    "date": st.none() | dates,
    "reason": st.sampled_from(("", "A01")),
    "description": optional(texts(200)),
    "quantities": tuples(status_quantities, 2),
}
order_level_statuses = st.builds(ItemStatus, **_status)
line_statuses = st.builds(
    ItemStatus,
    **_status,
    dates=tuples(date_references, 2),
    references=tuples(references, 2),
    carriers=tuples(carriers, 1),
)


@st.composite
def reported_lines(draw: st.DrawFn) -> ReportedLine:
    quantity, price = draw(st.none() | quantities), draw(st.none() | prices)
    return ReportedLine(
        number=draw(numbers),
        product_ids=draw(product_ids),
        statuses=draw(tuples(line_statuses, 2)),
        quantity=quantity,
        unit="" if quantity is None else draw(units),
        unit_price=price,
        price_basis="" if price is None else draw(bases),
        description=draw(optional(texts(200))),
        dates=draw(tuples(date_references, 2)),
        references=draw(tuples(references, 2)),
    )


order_statuses = st.builds(
    OrderStatus,
    number=texts(30),
    date=dates,
    orders=tuples(
        st.builds(
            ReportedOrder,
            texts(22),
            tuples(reported_lines(), 3),
            tuples(order_level_statuses, 2),
            optional(texts(30)),
            st.none() | dates,
            tuples(date_references, 2),
            tuples(references, 2),
            tuples(contacts, 2),
            tuples(parties, 2),
        ),
        3,
        1,
    ),
    kind=st.sampled_from(("1", "3")),
    scope=st.sampled_from(("PP", "CA")),
    time=st.none() | time_of_day,
    inquiry=optional(texts(30)),
    carriers=tuples(carriers, 1),
    dates=tuples(date_references, 2),
    references=tuples(references, 2),
    parties=tuples(parties, 2),
)


@st.composite
def vendors(draw: st.DrawFn) -> Vendor:
    where, contact = draw(parties), draw(contacts)
    return Vendor(
        number=where.id,
        name=where.name or draw(texts(60)),
        active=draw(st.booleans()),
        street=where.street,
        city=where.city,
        state=where.state,
        postal_code=where.postal_code,
        country=where.country,
        phone=contact.phone,
        email=contact.email,
        terms=draw(optional(texts(30))),
        terms_description=draw(optional(texts(80))),
        net_days=draw(st.none() | st.integers(0, 365)),
    )


trading_partner_profiles = st.builds(
    TradingPartnerProfile,
    number=texts(30),
    date=dates,
    time=time_of_day,
    vendors=tuples(vendors(), 3, 1),
    purpose=st.sampled_from(("00", "05")),
)
