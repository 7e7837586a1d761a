"""Numbers leave as their own digits, never by way of a double."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.records.decimal_json import dumps, fits, number_text, to_scale
from mlconn_pipelines.records.reading import whole_from_json

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)
PLAIN = st.none() | st.booleans() | st.integers() | st.text() | NUMBERS
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


def read(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=lambda digits: Decimal(digits))


@given(VALUES)
def test_every_digit_comes_back(value: Any) -> None:
    assert read(dumps(value)) == value
    assert "E+" not in dumps({"n": Decimal("1E+20")})


@given(NUMBERS, st.integers(0, 8))
def test_a_field_of_a_scale_has_exactly_so_many_decimals(number: Decimal, places: int) -> None:
    text = dumps({"lines": [{"UnitPrice": number, "Other": number}]}, {"UnitPrice": places})
    priced = text.partition('"UnitPrice": ')[2].partition(",")[0]
    assert len(priced.partition(".")[2]) == places
    assert abs(Decimal(priced) - number) <= Decimal(1).scaleb(-places) / 2
    assert to_scale(number, places) == Decimal(priced)
    assert fits(number, places) == (Decimal(priced) == number)


@pytest.mark.parametrize(
    ("number", "places", "text"),
    [
        ("0.1", 6, "0.100000"),
        ("12345678901234567.895", 2, "12345678901234567.90"),
        ("1.005", 2, "1.01"),
        ("-1.005", 2, "-1.01"),
        ("-0.001", 2, "0.00"),
        ("1E-7", None, "0.0000001"),
        ("1E+3", None, "1000"),
    ],
)
def test_text_of_a_number(number: str, places: int | None, text: str) -> None:
    assert number_text(Decimal(number), places) == text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_has_no_text(number: str) -> None:
    with pytest.raises(ValueError):
        dumps({"n": Decimal(number)})


def test_what_has_no_form_in_json_is_said() -> None:
    with pytest.raises(TypeError, match="object"):
        dumps({"n": object()})


@pytest.mark.parametrize(("value", "whole"), [(7, 7), (Decimal("7.000"), 7), ("7", 7), (7.0, 7), (Decimal("1E+2"), 100)])
def test_a_whole_number_however_it_came(value: Any, whole: int) -> None:
    assert whole_from_json(value) == whole


@pytest.mark.parametrize("value", [Decimal("7.5"), 7.5, "7.5", True, "seven", Decimal("NaN"), Decimal("Infinity")])
def test_a_fraction_is_no_whole_number(value: Any) -> None:
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        whole_from_json(value)
