"""Confirmed orders as 850s, what counts as a change, and reference data."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.line import DateReference, ProductId
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.reference import BusinessPartner, Item
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines.x12.rendering import render_interchange
from mlconn_pipelines_tests.systems.finance_operations.mapping.fo_records import (
    VENDOR,
    account,
    book,
    confirmation,
    line,
    mapping,
    partner,
    product,
    value,
    vendor,
)

FLOW = "x12_850"


def mapped(record: Any, **changes: Any) -> Mapped:
    return mapping().outbound.document(FLOW, record, partner(**changes), book())


def ordered(record: Any, **changes: Any) -> PurchaseOrder:
    found = mapped(record, **changes)
    assert isinstance(found.document, PurchaseOrder) and found.findings == ()
    return found.document


def codes(found: Mapped) -> list[str]:
    return [finding.code for finding in found.findings]


def test_a_confirmed_order_is_an_850_with_its_own_line_numbers() -> None:
    order = ordered(confirmation([line(20, ItemNumber="M9202", ExternalItemNumber=""), line(10)]))
    assert (order.number, order.date, order.currency) == ("000042", dt.date(2026, 11, 20), "USD")
    first, second = order.lines
    assert (first.number, first.quantity, first.unit, first.unit_price) == ("10", Decimal(100), "EA", Decimal(30))
    assert first.product_ids == (ProductId("VP", "SUP-1"), ProductId("BP", "M9201"))
    assert second.product_ids[0] == ProductId("VP", "SUP-2")  # from the vendor's item numbers
    assert order.dates == (DateReference("002", dt.date(2026, 12, 1)),) == first.dates
    buyer, destination, seller = order.parties
    assert (buyer.role, buyer.id) == ("BY", "CONTOSO")
    assert (destination.id_qualifier, destination.id, destination.city, destination.country) == ("92", "24", "Seattle", "US")
    assert (seller.id, seller.street, seller.country) == (VENDOR, ("Werkstrasse 3 Tor 2",), "DE")
    assert (
        render_interchange(
            order,
            partner().guide,
            interchange_number=1,
            group_number=1,
            set_number=1,
            at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
        ).findings
        == ()
    )


def test_nothing_of_the_ledger_goes_out() -> None:
    """The confirmation's voucher stands in the record and nowhere in the document."""
    assert "PCV" not in str(ordered(confirmation()))


def test_a_price_is_for_so_many_units_and_net_of_discounts() -> None:
    hundred = line(1, PurchasePrice=125.0, PurchasePriceQuantity=100.0, OrderedPurchaseQuantity=250.0)
    reduced = line(2, PurchasePrice=10.0, LineDiscountPercentage=10.0, LineAmount=900.0)
    thirds = line(3, PurchasePrice=1.0, PurchasePriceQuantity=3.0)
    assert [row.unit_price for row in ordered(confirmation([hundred, reduced, thirds])).lines] == [
        Decimal("1.25"),
        Decimal(9),
        Decimal("0.333333"),
    ]


def test_cancelled_and_deleted_lines_are_left_out() -> None:
    rows = [line(1), line(2, PurchaseOrderLineStatus="Canceled"), line(3, IsDeleted="Yes")]
    assert [row.number for row in ordered(confirmation(rows)).lines] == ["1"]
    assert "no_lines" in codes(mapped(confirmation(rows[1:])))


def test_charges_and_discounts_of_the_whole_order_are_shown() -> None:
    extras = ordered(confirmation(TotalDiscountAmount=50.0, TotalChargeAmount=12.5)).allowances_and_charges
    assert [(extra.indicator, extra.amount) for extra in extras] == [("A", Decimal(50)), ("C", Decimal("12.5"))]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (confirmation(OrderVendorAccountNumber="US-404"), "partner_unknown"),
        (confirmation([line(ItemNumber="M404", ExternalItemNumber="")]), "item_unknown"),
        (confirmation([line(PurchaseUnitSymbol="pal")]), "unit_unknown"),
        (confirmation(CurrencyCode="U$"), "currency_without_iso_code"),
        (confirmation(ArePricesIncludingSalesTax="Maybe"), "record_unreadable"),
    ],
)
def test_what_does_not_fit_is_refused_with_words(record: Any, code: str) -> None:
    assert code in codes(mapped(record))


def test_what_is_missing_is_worth_a_look() -> None:
    found = mapped(confirmation([line(ItemNumber="M404")], OrderVendorAccountNumber="US-404"))
    assert set(found.missing) == {("partner", "US-404"), ("item", "M404")}


def test_the_order_is_dated_by_its_first_confirmation_and_stamped_by_its_last() -> None:
    facts = mapping().outbound.header(FLOW, confirmation(number=2, day="2026-11-24"))
    assert (facts.key, facts.stamp) == ("usmf|000042", "2026-11-24|000042-2")
    assert (facts.date, facts.business_number, facts.partner_code) == (dt.date(2026, 11, 20), "000042", VENDOR)
    assert (facts.amount, facts.line_count, facts.cancelled) == (Decimal(3000), 1, False)


def test_an_order_cancelled_since_is_told() -> None:
    assert mapping().outbound.header(FLOW, confirmation(PurchaseOrder={"PurchaseOrderStatus": "Canceled"})).cancelled


def test_confirming_the_same_again_is_no_change_and_another_quantity_is() -> None:
    def hashed(record: Any) -> str:
        return mapping().outbound.header(FLOW, record).content_hash

    first = hashed(confirmation())
    same = [
        confirmation(number=2, day="2026-11-24", ConfirmationVoucherNumber="PCV-8"),
        confirmation([line(PurchaseOrderLineStatus="Received")]),
        confirmation([line(ConfirmedDeliveryDate="2026-12-03T12:00:00Z")]),
        confirmation(PurchaseOrder={"PurchaseOrderStatus": "Invoiced"}),
    ]
    assert [hashed(record) for record in same] == [first] * len(same)
    other = [
        confirmation([line(OrderedPurchaseQuantity=99.0)]),
        confirmation([line(PurchasePriceQuantity=10.0)]),
        confirmation([line(RequestedDeliveryDate="2026-12-02T12:00:00Z")]),
        confirmation([line(PurchaseOrderLineStatus="Canceled")]),
        confirmation(DeliveryAddressCity="Tacoma"),
        confirmation(TotalChargeAmount=5.0),
    ]
    assert len({first, *map(hashed, other)}) == len(other) + 1


def test_a_day_stays_the_day_whatever_the_zone_and_1900_is_none() -> None:
    order = ordered(
        confirmation([line(RequestedDeliveryDate="1900-01-01T12:00:00Z")], RequestedDeliveryDate="1900-01-01T12:00:00Z")
    )
    assert order.dates == () == order.lines[0].dates


def test_reference_records() -> None:
    ((key, held),) = mapping().reference.item("vendors", vendor(OnHoldStatus="All"))
    assert isinstance(held, BusinessPartner) and (key, held.active, held.kind) == (VENDOR, False, "supplier")
    for status in ("No", "Never", "Payment", "Invoice", "PurchOrder", "Requisition"):
        ((_, held),) = mapping().reference.item("vendors", vendor(OnHoldStatus=status))
        assert isinstance(held, BusinessPartner) and held.active
    ((_, item),) = mapping().reference.item("released_products", product("M1"))
    assert isinstance(item, Item) and (item.purchase_unit, item.description) == ("ea", "M1 search")
    for group in ({"VendorAccountNumber": ""}, {"VendorProductNumber": ""}):
        row = {"ItemNumber": "M1", "VendorAccountNumber": VENDOR, "VendorProductNumber": "X", **group}
        assert mapping().reference.item("vendor_item_numbers", row) == ()


@pytest.mark.parametrize(
    ("shown", "accounts", "rules", "code"),
    [
        ("", [account("600150")], [], ""),
        ("600150", [], [], ""),
        ("600150", [account("600150")], [], ""),
        ("600150-022--", [account("600150")], [], ""),
        ("600199", [account("600150")], [], "account_unknown"),
        ("600150", [account("600150", IsSuspended="Yes")], [], "account_inactive"),
        ("600150", [account("600150", ActiveTo="2026-11-19T12:00:00Z")], [], "account_inactive"),
        ("600150", [account("600150")], [account("600150", IsSuspended="Yes")], "account_inactive"),
        ("600150", [account("600150"), account("600150", "Germany", IsSuspended="Yes")], [], ""),
        ("600150", [account("600150"), account("600150", "Germany", IsSuspended="Yes")], [account("600150", "Germany")],
         "account_inactive"),
    ],
)  # fmt: skip
def test_the_main_account_of_a_line_is_checked_in_the_chart_and_in_the_company(
    shown: str, accounts: list[Any], rules: list[Any], code: str
) -> None:
    record = confirmation([line(MainAccountIdDisplayValue=shown)])
    found = mapping().outbound.document(FLOW, record, partner(), book(accounts=accounts, company_accounts=rules))
    assert codes(found) == ([code] if code else [])


@pytest.mark.parametrize(
    ("shown", "values", "code"),
    [
        ("002-022", [], ""),  # a ledger that has read no values yet
        ("", [value("Department", "022")], ""),
        ("-022", [value("Department", "022")], ""),
        ("-022", [value("Department", "023")], "dimension_value_unknown"),
        ("022-", [value("Department", "022")], ""),  # whose values stand elsewhere
        ("022", [value("Department", "023")], ""),  # in a format of former days
        ("-022", [value("DEPARTMENT", "022", IsSuspended="Yes")], "dimension_value_inactive"),
        ("-022", [value("Department", "022"), value("Department", "022", LegalEntityId="usmf", IsSuspended="Yes")],
         "dimension_value_inactive"),
        ("-022", [value("Department", "022", IsTotal="Yes")], "dimension_value_inactive"),
        ("-022", [value("Department", "022", ActiveTo="2026-11-19T12:00:00Z")], "dimension_value_inactive"),
        ("-022", [value("Department", "022", ActiveTo="1900-01-01T12:00:00Z")], ""),
        ("A\\-7-022", [value("BusinessUnit", "A-7"), value("Department", "022")], ""),
        ("A\\-8-022", [value("BusinessUnit", "A-7"), value("Department", "022")], "dimension_value_unknown"),
    ],
)  # fmt: skip
def test_each_financial_dimension_of_a_line_is_checked_with_the_company(shown: str, values: list[Any], code: str) -> None:
    record = confirmation([line(DefaultLedgerDimensionDisplayValue=shown)])
    found = mapping().outbound.document(FLOW, record, partner(), book(dimension_values=values))
    assert codes(found) == ([code] if code else [])


def test_dimension_values_are_told_apart_by_the_delimiter_that_the_environment_has_and_named_to_a_clerk() -> None:
    record = confirmation([line(DefaultLedgerDimensionDisplayValue="A-7||022")])
    values = [value("BusinessUnit", "A-7", Description="Closed plant", IsSuspended="Yes"), value("Department", "022")]
    found = mapping().outbound.document(FLOW, record, partner(), book(dimension_values=values, delimiter="DoubleBar"))
    (finding,) = found.findings
    assert finding.message == (
        "Value A-7 (Closed plant) of dimension BusinessUnit is blocked or not in use on 2026-11-20. Open it in F&O, or use another one."
    )
    assert found.missing == (("dimension_value", "A-7"),)
    unheard_of = book(dimension_values=values, delimiter="Slash")
    assert mapping().outbound.document(FLOW, record, partner(), unheard_of).findings == ()


def test_hashes_of_releases_that_did_not_look_at_main_accounts_are_known_again() -> None:
    hashing = mapping().outbound.hashing("PurchaseOrderConfirmationHeaders")
    before, now = confirmation([line()]), confirmation([line(MainAccountIdDisplayValue="600150")])
    with_values = confirmation([line(DefaultLedgerDimensionDisplayValue="001-022")])
    assert len({hashing.of(record) for record in (before, now, with_values)}) == 3
    assert hashing.of(before) != hashing.of(now)
    assert hashing.again(before, now, "") == hashing.of(now)
