import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import MarketingDocument
from mlconn_pipelines.systems.sap_business_one.records.reading import read
from mlconn_pipelines.systems.sap_business_one.records.stamps import key_of, stamp_of


def test_null_and_absent_are_defaults_and_unknown_properties_are_passed_over():
    found = read(MarketingDocument, {"DocEntry": 7, "NumAtCard": None, "AddressExtension": None, "SAPPassport": "x"})
    assert (found.DocEntry, found.NumAtCard, found.AddressExtension.ShipToCity) == (7, "", "")


@pytest.mark.parametrize("value", [600, 600.0, Decimal("600.0"), "600"])
def test_numbers_are_exact_however_they_came(value):
    assert read(MarketingDocument, {"DocTotal": value}).DocTotal == 600


def test_a_double_is_its_shortest_text():
    assert read(MarketingDocument, {"DocTotal": 35.49}).DocTotal == Decimal("35.49")


@pytest.mark.parametrize("text", ["2026-01-05T00:00:00Z", "2026-01-05", "2026-01-05T23:59:59+14:00"])
def test_a_date_is_never_moved_to_another_zone(text):
    assert read(MarketingDocument, {"DocDate": text}).DocDate == dt.date(2026, 1, 5)


@pytest.mark.parametrize(
    ("field", "value"),
    [("DocTotal", "much"), ("DocTotal", True), ("DocTotal", "NaN"), ("Cancelled", "maybe"), ("DocDate", "05.01.2026"),
     ("DocEntry", Decimal("7.5")), ("DocEntry", True), ("ContactPersonCode", 1.5)],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_by_name(field, value):
    with pytest.raises(DocumentRejected, match=field) as refused:
        read(MarketingDocument, {field: value})
    assert refused.value.code == "record_unreadable"


def test_lines_are_read_with_their_own_fields():
    record = {"DocumentLines": [{"LineNum": 3, "VisualOrder": 1, "CostingCode3": "X"}, {"LineNum": 9, "VisualOrder": 0}]}
    found = read(MarketingDocument, record)
    assert [line.LineNum for line in found.lines] == [9, 3]
    assert found.DocumentLines[0].costing_codes == ((3, "X"),)


@pytest.mark.parametrize(
    ("record", "stamp"),
    [
        ({"UpdateDate": "2026-01-05T00:00:00Z", "UpdateTime": "17:13:12"}, "2026-01-05T17:13:12"),
        ({"UpdateDate": "2026-01-05", "UpdateTime": "17:13:12Z"}, "2026-01-05T17:13:12"),
        ({"UpdateDate": "2026-01-05", "UpdateTime": "06:00"}, "2026-01-05T06:00:00"),
        ({"UpdateDate": "2026-01-05", "UpdateTime": None}, "2026-01-05T00:00:00"),
        ({"UpdateDate": None}, ""),
    ],
)
def test_stamps_sort_as_text(record, stamp):
    assert stamp_of(record) == stamp


def test_a_line_number_with_a_fraction_is_not_cut_off():
    with pytest.raises(DocumentRejected, match="LineNum"):
        read(MarketingDocument, {"DocumentLines": [{"LineNum": Decimal("2.5")}]})
    with pytest.raises(ValueError):
        key_of({"DocEntry": Decimal("421.5")})


def test_the_key_is_the_doc_entry():
    assert key_of({"DocEntry": Decimal("421"), "DocNum": 1}) == "421"
