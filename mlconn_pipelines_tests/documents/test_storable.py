"""What can be kept of text and numbers from outside, and that identities stay apart."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.documents.storable import (
    DEPTH_MAX,
    IDENTITY_MAX,
    REPLACEMENT,
    is_identity,
    storable_amount,
    storable_identity,
    storable_json,
    storable_text,
    storable_whole,
)
from mlconn_pipelines.ledger import json_values
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.ports.records import KeyStamp

NASTY = st.text(st.sampled_from("a1#\x00\x1b\ud800\udfff\ufffdé𝄞\\u0"), max_size=2 * IDENTITY_MAX)


@given(NASTY)
def test_text_is_kept_but_for_what_cannot_be(text: str) -> None:
    kept = storable_text(text)
    assert len(kept) == len(text) and "\x00" not in kept
    kept.encode()
    assert all(new in (old, REPLACEMENT) for old, new in zip(text, kept, strict=True))


@given(NASTY, NASTY)
def test_two_identities_stay_two(one: str, other: str) -> None:
    kept = storable_identity(one)
    assert is_identity(kept) and storable_identity(kept) == kept
    assert (kept == storable_identity(other)) is (one == other)


VALUES = st.recursive(
    st.one_of(NASTY, st.integers(), st.floats(), st.decimals(), st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NASTY, inner, max_size=3)),
    max_leaves=8,
)


@given(VALUES)
def test_every_json_value_is_written_so_that_it_can_be_kept_and_read(value: object) -> None:
    text = json_values.dumps(value)
    assert "\\u0000" not in text.replace("\\\\", "")
    again = json_values.loads(text)
    json.dumps(again, default=str).encode()
    assert json_values.loads(json_values.dumps(again)) == again


@pytest.mark.parametrize("text", ["\x0012.5", "\x00\x00", "\x00" * 3 + "7", "\\u0000" + "12"])
def test_text_never_becomes_a_number(text: str) -> None:
    assert json_values.loads(json_values.dumps({"number": text})) == {"number": storable_text(text)}


def test_numbers_beyond_all_measure() -> None:
    values = {
        "a": Decimal("1E+999999999"),
        "b": Decimal("NaN"),
        "c": float("inf"),
        "d": Decimal("1E+400"),
        "e": 10**5000,
        "f": 2**70,
    }
    kept = json_values.loads(json_values.dumps(values))
    assert (kept["a"], kept["b"], kept["c"], kept["d"], kept["f"]) == (
        "1E+999999999",
        "NaN",
        "Infinity",
        Decimal("1E+400"),
        2**70,
    )
    assert REPLACEMENT in kept["e"]


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+400", "1E-400"])
def test_what_is_no_amount_is_left_out(number: str) -> None:
    assert storable_amount(Decimal(number)) is None
    assert storable_amount(Decimal("-12.50")) == Decimal("-12.50") and storable_amount(None) is None


def test_whole_numbers_fit_their_column() -> None:
    assert [storable_whole(number) for number in (2**63, 5, -(2**80))] == [2**63 - 1, 5, -(2**63)]


def test_what_is_nested_100_000_deep_is_cut() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    text = json_values.dumps({"lines": deep, "number": 7})
    assert text.count("[") == DEPTH_MAX - 1 and json_values.loads(text)["number"] == 7


def test_a_value_without_fault_is_given_back_as_it_is() -> None:
    record = {"DocNum": 7, "Lines": [{"Price": Decimal("1.50"), "Text": "Müller"}], "None": None}
    assert storable_json(record) is record


def test_a_key_that_cannot_be_kept_says_so() -> None:
    stamp, file = KeyStamp("7\x00", "now\x00"), RemoteFile("f\ud800", "na\x00me", "inbox", 2**64, "10:00")
    assert stamp.unusable and stamp.key != storable_text("7\x00") and stamp.stamp == "now" + REPLACEMENT
    assert file.unusable and file.name == "na" + REPLACEMENT + "me" and file.size == 2**63 - 1
    assert not KeyStamp("7", "now").unusable and not RemoteFile("f", "name", "inbox", None, "").unusable
    assert KeyStamp(stamp.key, stamp.stamp) == stamp, "as the ledger gives it back"
