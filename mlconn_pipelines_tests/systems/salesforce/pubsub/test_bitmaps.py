"""Bitmaps of changed fields: the documentation's examples, any set of fields there and back, and what fits no schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.systems.salesforce.pubsub.bitmaps import UnreadableBitmap, field_names

BEFORE = ["ChangeEventHeader", "Name", "Type", "ParentId", "BillingAddress", "ShippingAddress", "Phone", "Fax", "AccountNumber"]
ACCOUNT = [*BEFORE, *(f"Field{place}" for place in range(len(BEFORE), 22)), "LastModifiedDate"]
ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude")


def record(name: str, *fields: str) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": field, "type": ["null", "string"]} for field in fields]}


def schema(*compounds: str, names: list[str] | None = None) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [{"name": name, "type": ["null", "string"]} for name in names or ACCOUNT]
    for field in fields:
        if field["name"] in compounds:
            field["type"] = ["null", "string", record(field["name"], *ADDRESS)]
    return {"type": "record", "name": "AccountChangeEvent", "fields": fields}


@pytest.mark.parametrize(
    ("bitmaps", "names"),
    [
        (["0x400000", "4-0x06"], ("BillingAddress.City", "BillingAddress.State", "LastModifiedDate")),
        (["0x400100"], ("AccountNumber", "LastModifiedDate")),
        (["0x0000000000400100"], ("AccountNumber", "LastModifiedDate")),
        (["4-0x06"], ("BillingAddress.City", "BillingAddress.State")),
        ([], ()),
    ],
)
def test_the_examples_of_the_documentation(bitmaps: list[str], names: tuple[str, ...]) -> None:
    assert field_names(schema("BillingAddress"), bitmaps) == names


@given(
    names=st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=1, max_size=90, unique=True),
    chosen=st.sets(st.integers(0, 89)),
    within=st.dictionaries(st.integers(0, 89), st.sets(st.integers(0, 6), min_size=1), max_size=5),
    zeros=st.integers(0, 3),
)
def test_any_set_of_fields_there_and_back(names: list[str], chosen: set[int], within: dict[int, set[int]], zeros: int) -> None:
    chosen = {place for place in chosen if place < len(names)}
    within = {place: bits for place, bits in within.items() if place < len(names)}
    of = schema(*(names[place] for place in within), names=names)
    top = sum(1 << place for place in chosen)
    bitmaps = [f"0x{'0' * zeros}{top:X}"] if chosen else []
    bitmaps += [f"{place}-0x{sum(1 << bit for bit in bits):x}" for place, bits in within.items()]
    expected = {names[place] for place in chosen} | {
        f"{names[place]}.{ADDRESS[bit]}" for place, bits in within.items() for bit in bits
    }
    assert set(field_names(of, bitmaps)) == expected
    assert len(field_names(of, bitmaps)) == len(expected)


@pytest.mark.parametrize("bitmap", ["0x800000", "1-0x01", "99-0x01", "0xZZ", "12", "x-0x1", "4-0x80", "-0x1", "0x-1"])
def test_a_bitmap_that_does_not_fit_is_said_to_be_unreadable(bitmap: str) -> None:
    with pytest.raises(UnreadableBitmap):
        field_names(schema("BillingAddress"), [bitmap])
