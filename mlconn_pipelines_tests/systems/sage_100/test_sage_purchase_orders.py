"""Purchase orders of Sage 100 as 850s, and what counts as a change of one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.line import DateReference, ProductId, StoreQuantity
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines.systems.sage_100.mapping.change_detection import header_of
from mlconn_pipelines.systems.sage_100.mapping.outbound import document_of
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.records.order_parts import parts_of
from mlconn_pipelines.systems.sage_100.records.purchase_order import ORDERS
from mlconn_pipelines.x12.rendering import render_interchange
from mlconn_pipelines_tests.sage_100_agent.simulated import Kept, site_of
from mlconn_pipelines_tests.systems.sage_100.sage_rows import VENDOR, book, line, order, partner
from mlconn_simulators.sage_100.sandbox import MAIN, Sage100Sandbox
from mlconn_simulators.sage_100.seed import UNIT_OF, unit_codes
from mlconn_simulators.world.making import make_world
from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.job import Job

FLOW = "x12_850"
AT = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)


def mapped(record: Any, settings: Sage100Settings | None = None, **changes: Any) -> Mapped:
    return document_of(FLOW, record, partner(**changes), book(), settings or Sage100Settings())


def ordered(record: Any, settings: Sage100Settings | None = None, **changes: Any) -> PurchaseOrder:
    found = mapped(record, settings, **changes)
    assert isinstance(found.document, PurchaseOrder) and found.findings == ()
    return found.document


def codes(found: Mapped) -> list[str]:
    return [finding.code for finding in found.findings]


def header(record: Any) -> Any:
    return header_of(ORDERS, record, "USD")


def found_in_writing(document: PurchaseOrder) -> tuple[Any, ...]:
    written = render_interchange(document, partner().guide, interchange_number=1, group_number=1, set_number=1, at=AT)
    return tuple(finding for finding in written.findings if finding.severity != "ignore")


def test_an_order_is_an_850_under_the_vendors_numbers() -> None:
    document = ordered(order(line(2, ItemCode="NUT", VendorAliasItemNo=""), line(1)))
    assert (document.number, document.date, document.kind, document.currency) == ("0001234", dt.date(2026, 11, 28), "SA", "USD")
    first, second = document.lines
    assert (first.number, second.number) == ("2", "1")
    assert (second.quantity, second.unit, second.unit_price) == (Decimal(100), "EA", Decimal("1.25"))
    assert second.product_ids == (ProductId("VP", "V-BOLT"), ProductId("BP", "BOLT"))
    assert document.dates == (DateReference("002", dt.date(2026, 12, 15)),) == first.dates
    buyer, destination, seller = document.parties
    assert (buyer.role, buyer.id) == ("BY", "ACME")
    assert (destination.id_qualifier, destination.id, destination.city) == ("92", "000", "Columbus")
    assert (seller.id, seller.name, seller.contacts[0].email) == (VENDOR, "Abc Fasteners", "sales@abc.example")
    assert document.terms is not None and document.terms.net_days == 30
    assert document.carriers[0].routing == "UPS GROUND" and document.contacts[0].name == "Jo Baker"
    assert found_in_writing(document) == ()


def test_the_ship_to_is_the_warehouse_of_the_lines_under_the_partners_number_for_it() -> None:
    place = ordered(order(line(WarehouseCode="001"))).parties[1]
    assert (place.id, place.name, place.street, place.city) == ("0142", "East Warehouse", ("12 Harbor Road",), "Savannah")


def test_lines_of_several_warehouses_have_each_their_own_ship_to() -> None:
    document = ordered(order(line(1), line(2, WarehouseCode="001"), line(3, WarehouseCode="")))
    assert document.parties[1].id == "000"
    assert [[(place.role, place.id, place.city) for place in each.parties] for each in document.lines] == [
        [("ST", "000", "Columbus")],
        [("ST", "0142", "Savannah")],
        [("ST", "000", "Columbus")],
    ]


def test_by_setting_a_vendor_is_told_places_with_their_quantities() -> None:
    settings = Sage100Settings(several_warehouses={VENDOR: "store_quantities"})
    document = ordered(order(line(1), line(2, WarehouseCode="001", QuantityOrdered="40")), settings)
    assert [each.store_quantities for each in document.lines] == [
        (StoreQuantity("000", Decimal(100), "EA"),),
        (StoreQuantity("0142", Decimal(40), "EA"),),
    ]
    assert all(each.parties == () for each in document.lines) and found_in_writing(document) == ()
    assert [each.store_quantities for each in ordered(order(line(1)), settings).lines] == [()]


def test_an_order_of_several_warehouses_becomes_one_for_each_with_numbers_of_their_own() -> None:
    comment = {"ItemCode": "/C", "ItemType": "4", "CommentText": "Call ahead", "QuantityOrdered": "0"}
    record = order(
        line(1, ExtensionAmt="100"),
        line(2, WarehouseCode="001", ExtensionAmt="25.5"),
        line(3, **comment),
        line(4, WarehouseCode=""),
    )
    parts = parts_of(record)
    assert [(header(part).key, header(part).line_count, header(part).amount) for part in parts] == [
        ("0001234-000", 2, Decimal(225)),
        ("0001234-001", 1, Decimal("150.5")),
    ]
    central, east = map(ordered, parts)
    assert [(each.number, each.parties[1].id, [row.number for row in each.lines]) for each in (central, east)] == [
        ("0001234-000", "000", ["1", "4"]),
        ("0001234-001", "0142", ["2"]),
    ]
    assert east.lines[0].notes == ("Call ahead",) and all(row.parties == () for row in central.lines)


def test_a_further_warehouse_later_leaves_the_part_that_was_sent_as_it_is() -> None:
    """Under a key of the whole order, what was sent would go out once more under that of its part."""
    charge = line(5, ItemCode="/F", ItemType="3", WarehouseCode="", ExtensionAmt="9")
    [sent] = parts_of(order(line(2), charge))
    before, now = (
        header(sent),
        {header(part).key: header(part) for part in parts_of(order(line(1, WarehouseCode="001"), line(2), charge))},
    )
    assert (before.key, list(now)) == ("0001234-000", ["0001234-001", "0001234-000"])
    assert now[before.key].content_hash == before.content_hash
    assert [header(part).key for part in parts_of(order(line(ItemType="4")))] == ["0001234-000"]


def test_a_drop_shipment_goes_to_the_customers_address_on_the_order() -> None:
    document = ordered(order(OrderType="D", ShipToName="Kim Lee", ShipToAddress1="9 Elm St", ShipToCity="Troy"))
    place = document.parties[1]
    assert (document.kind, place.name, place.street, place.id) == ("DS", "Kim Lee", ("9 Elm St",), "")


@pytest.mark.parametrize(
    ("changes", "begins"),
    [({}, True), ({"OrderType": "D"}, True), ({"OnHold": "Y"}, False), *(({"OrderType": kind}, False) for kind in "QMRX")],
)
def test_requests_for_quote_templates_requisitions_and_orders_on_hold_begin_no_document(changes: Any, begins: bool) -> None:
    assert header(order(**changes)).begins is begins


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"APDivisionNo": "00"}, ["partner_inactive"]),  # the same number is another vendor there
        ({"APDivisionNo": "02"}, ["partner_unknown"]),
        ({"lines": [line(ItemCode="")]}, ["item_missing"]),
        ({"lines": [line(ItemCode="OLD")]}, ["item_inactive"]),
        ({"lines": [line(ItemCode="GONE")]}, ["item_unknown"]),
        ({"lines": [line(ItemCode="*DRILL", ItemType="2")]}, []),
        ({"lines": [line(UnitOfMeasure="WICK")]}, ["unit_unknown"]),
        ({"lines": [line(WarehouseCode="777")]}, ["ship_to_unknown"]),
        ({"WarehouseCode": "002", "lines": [line(WarehouseCode="002")]}, ["warehouse_inactive"]),
        ({"lines": [line(WarehouseCode="002")]}, ["warehouse_inactive"]),
        ({"lines": [line(), line(2, WarehouseCode="002")]}, ["warehouse_inactive"]),
        ({"lines": [line(QuantityOrdered="100.00-")]}, ["quantity_not_positive"]),
        ({"lines": [line(PurchasesAcctKey="000000077")]}, ["account_unknown"]),
        ({"lines": [line(PurchasesAcctKey="000000008")]}, ["account_inactive", "dimension_value_inactive"]),
        (
            {"lines": [line(PurchasesAcctKey="000000006")]},
            ["account_inactive", "dimension_value_inactive", "dimension_value_inactive"],
        ),
        ({"lines": [line(ItemType="4")]}, ["no_lines"]),
        ({"lines": [line(UnitCost="a lot")]}, ["record_unreadable"]),
        ({"OnHold": "maybe"}, ["record_unreadable"]),
        ({"PurchaseOrderDate": "1753-01-01"}, ["record_unreadable"]),
        ({"PurchaseOrderDate": "20261399"}, ["record_unreadable"]),
    ],
)
def test_what_a_clerk_must_correct_is_found(changes: Any, found: list[str]) -> None:
    assert codes(mapped(order(**changes))) == found
    assert header(order(**changes)).key == "0001234"


def test_a_closed_cost_centre_is_named_as_the_company_calls_it() -> None:
    settings = Sage100Settings(segments=("department", "location"))
    said = [f.message for f in mapped(order(line(PurchasesAcctKey="000000006")), settings).findings]
    assert said[1] == (
        "Value 02 of dimension department is blocked or not in use on 2026-11-28. Open it in Sage, or use another one."
    )


def test_charges_and_comments_of_lines_are_told_and_are_no_lines() -> None:
    document = ordered(
        order(
            line(1, ItemCode="/C", ItemType="4", CommentText="Deliver to dock 7", UnitOfMeasure=""),
            line(2),
            line(3, ItemCode="/C", ItemType="4", CommentText="Wrap  well"),
            line(4, ItemCode="/F", ItemType="3", ItemCodeDesc="Handling", ExtensionAmt="12.50"),
            Comment="Call ahead",
        )
    )
    assert [each.number for each in document.lines] == ["2"] and document.lines[0].notes == ("Wrap well",)
    assert document.notes == ("Call ahead", "Deliver to dock 7")
    assert [(each.indicator, each.amount, each.description) for each in document.allowances_and_charges] == [
        ("C", Decimal("12.5"), "Handling")
    ]


def test_units_convert_by_the_item_where_the_partner_means_another_content() -> None:
    document = ordered(order(line(UnitOfMeasure="BX12", UnitOfMeasureConvFactor="12", QuantityOrdered="2", UnitCost="24")),
                       unit_factors={"BX": Decimal(6)})  # fmt: skip
    assert (document.lines[0].quantity, document.lines[0].unit, document.lines[0].unit_price) == (Decimal(4), "BX", Decimal(12))


def test_a_header_tells_key_time_and_sum_as_the_server_has_them() -> None:
    held = header(order(SalesTaxAmt="10.50", FreightAmt="5.00-", DateUpdated="20261129", TimeUpdated="8.49238"))
    assert (held.key, held.stamp, held.partner_code) == ("0001234", "20261129 08.49238 0123456789abcdef", VENDOR)
    assert (held.amount, held.currency, held.line_count, held.date) == (Decimal("130.5"), "USD", 1, dt.date(2026, 11, 28))
    assert header(order(TaxableAmt="much")).amount is None


def test_stamps_sort_by_the_time_as_a_number() -> None:
    early, late = order(TimeCreated="9.5"), order(TimeCreated="15.5")
    assert header(early).stamp < header(late).stamp


@pytest.mark.parametrize(
    "changes",
    [
        {"OrderStatus": "B", "LastReceiptNo": "000001", "TimeUpdated": "9.1", "DateUpdated": "20261130", "content": "f"},
        {"lines": [line(QuantityReceived="40", QuantityOrdered="100.000000", UnitCost=" 1.250000")]},
        {"OnHold": "Y", "PurchaseName": "Abc Fasteners", "NonTaxableAmt": "125.00"},
    ],
)
def test_receiving_restamping_and_other_spellings_are_no_change(changes: Any) -> None:
    assert header(order(**changes)).content_hash == header(order()).content_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": [line(QuantityOrdered="99")]},
        {"lines": [line(WarehouseCode="001")]},
        {"lines": [line(), line(2)]},
        {"RequiredExpireDate": "20261216"},
        {"ShipToCity": "Dayton"},
    ],
)
def test_what_a_vendor_would_read_otherwise_is_a_change(changes: Any) -> None:
    assert header(order(**changes)).content_hash != header(order()).content_hash


def test_all_that_the_simulated_sage_sends_is_read_mapped_and_written() -> None:
    """Through the agent's verbs, so that the shapes are theirs. Refused are only units that nobody agreed on."""
    world = make_world(1, 40)
    sandbox = Sage100Sandbox(world, orders=100)
    site = site_of(sandbox)

    def rows(verb: str, **params: Any) -> list[dict[str, Any]]:
        kept = Kept()
        VERBS[verb].run(Job(verb, MAIN, params), site, kept)
        return kept.rows

    accounts = rows("gl_account.list")
    lists = {name: rows("ref.list", list=name) for name in ("warehouses", "terms", "tax_schedules")}
    known = book(vendors=rows("vendor.changed"), items=rows("item.list"), gl_accounts=accounts, **lists)
    orders = rows("po.changed")
    site.session.close()
    assert len(orders) > 90 and len(known.warehouses) == 3 and len(known.tax_schedules) == 3
    units = unit_codes(world)
    receiver = partner(units=units)
    strange = {unit for unit in UNIT_OF.values() if unit not in units}
    sent = 0
    for record in orders:
        if not header(record).begins:
            assert record["OrderType"] == "M"
            continue
        found = document_of(FLOW, record, receiver, known, Sage100Settings())
        refused = {finding.code for finding in found.findings if finding.severity == "reject"}
        if any(row["UnitOfMeasure"] in strange for row in record["lines"]):
            assert "unit_unknown" in refused
            continue
        assert refused == set(), found.findings
        assert isinstance(found.document, PurchaseOrder)
        assert found_in_writing(found.document) == ()
        assert header(record).amount == found.document.total + sum(c.signed for c in found.document.allowances_and_charges)
        sent += 1
    assert sent > 50
