from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.documents.reference import Item, ReferenceBook, UnitOfMeasure
from mlconn_pipelines.edi.units import Measure, line_unit_of, to_erp, to_x12, x12_unit
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import partner

BOX = UnitOfMeasure("2", "BOX", "Box of 12")
BOOK = ReferenceBook(
    1, unit_factors={"g": {"BOX": Decimal(12), "Box of 12": Decimal(12)}}, units={"BOX": BOX, "Box of 12": BOX}
)
PARTNER = partner(units={"Stk": "EA", "Box of 12": "BX", "Karton": "CA"})

quantities = st.decimals("0.001", "10000", places=3, allow_nan=False)
prices = st.decimals("0", "5000", places=4, allow_nan=False)


@pytest.mark.parametrize(("erp_unit", "expected"), [("Stk", "EA"), ("", "EA"), ("EA", "EA"), ("BX", "BX"), ("Box of 12", "BX")])
def test_the_agreed_unit(erp_unit, expected):
    assert x12_unit(erp_unit, PARTNER) == expected


def test_a_unit_without_agreement_is_refused_with_what_to_add():
    with pytest.raises(DocumentRejected, match=r"Fass.*`units`.*Fass: EA") as refused:
        x12_unit("Fass", PARTNER)
    assert refused.value.code == "unit_unknown"


@given(quantities, prices, st.sampled_from(["Stk", "Karton"]), st.sampled_from([None, 6, 12, 24]))
def test_out_and_back_again_is_the_same(quantity, price, unit, agreed_content):
    """Whatever content the partner's carton has, a quantity that leaves comes back, and its amount stays within a cent."""
    item = Item("A", "", sales_unit=unit, stock_unit="Stk", unit_factors={"Stk": Decimal(1), "Karton": Decimal(12)})
    agreed = {"CA": Decimal(agreed_content)} if agreed_content else {}
    trading = partner(units=dict(PARTNER.units), unit_factors=agreed)
    try:
        out = to_x12(quantity, price, unit, trading, item.unit_factors)
    except DocumentRejected:
        assert agreed_content == 24 and unit == "Karton"
        return
    back = to_erp(out.quantity, out.unit_price, out.unit, trading, item, unit, BOOK)
    assert back.quantity == quantity and not back.in_stock_units
    assert out.unit_price is not None and back.unit_price is not None
    assert abs(out.quantity * out.unit_price - quantity * price) <= max(quantity, out.quantity) * Decimal("0.0000005")


def test_a_unit_spelled_by_code_in_the_item_and_by_name_in_the_partner_file_is_one():
    item = Item("A", "", purchase_unit="BOX", unit_group="g")
    assert to_erp(Decimal(3), Decimal(9), "BX", PARTNER, item, "BOX", BOOK) == Measure(Decimal(3), "BOX", Decimal(9))


def test_another_unit_of_the_items_group_is_named_by_its_id():
    item = Item("A", "", purchase_unit="Stk", stock_unit="Stk", unit_group="g")
    found = to_erp(Decimal(3), Decimal(9), "BX", PARTNER, item, "Stk", BOOK)
    assert (found.quantity, found.unit_price, found.unit_id) == (3, 9, "2")


def test_a_partners_other_content_wins_over_the_items_unit():
    item = Item("A", "", purchase_unit="Stk", stock_unit="Stk", unit_group="g")
    trading = partner(units=dict(PARTNER.units), unit_factors={"BX": Decimal(10)})
    found = to_erp(Decimal(3), Decimal(9), "BX", trading, item, "Stk", BOOK)
    assert (found.quantity, found.unit_price, found.unit_id) == (30, Decimal("0.9"), "")


@pytest.mark.parametrize(("unit", "words"), [("PL", "no ERP unit"), ("CA", "item A has no such unit")])
def test_what_cannot_be_converted_is_refused_with_its_reason(unit, words):
    item = Item("A", "", sales_unit="Stk", stock_unit="Stk")
    with pytest.raises(DocumentRejected, match=words):
        to_erp(Decimal(1), None, unit, PARTNER, item, "Stk", BOOK)


def test_the_unit_of_a_new_line_is_the_items_own_by_id_first():
    item = Item("A", "", sales_unit="Stk", purchase_unit="Stk", purchase_unit_id="2")
    assert (line_unit_of(item, BOOK, purchase=True), line_unit_of(item, BOOK, purchase=False)) == ("BOX", "Stk")
