"""Finding out which input decides which result, for functions that look up, add up, cut, sort and refuse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlconn_pipelines.flows.tracing.differences import differences
from mlconn_pipelines.flows.tracing.influences import Influences, Outcome, influences
from mlconn_pipelines.flows.tracing.other_values import others
from mlconn_pipelines.flows.tracing.places import altered, leaf_at, leaves, path_text, plain


def deciding(inputs: Any, function: Any, **options: Any) -> dict[str, dict[str, str]]:
    found: Influences = influences(inputs, lambda given: Outcome(plain(function(given))), **options)
    return {path_text(leaf): {path_text(path): how for path, how in by.items()} for leaf, by in found.items()}


def test_a_copy_a_conversion_and_a_constant() -> None:
    told = deciding(
        {"DocNum": 7, "DocDate": "2026-01-31", "Comments": "none"},
        lambda record: {"number": str(record["DocNum"]), "date": dt.date.fromisoformat(record["DocDate"]), "kind": "DI"},
    )
    assert told == {"number": {"DocNum": "value"}, "date": {"DocDate": "value"}}


def test_a_sum_is_told_from_another_mixture() -> None:
    rows = [{"price": Decimal(n), "factor": Decimal(2)} for n in (3, 5, 100)]
    told = deciding(
        rows, lambda rows: {"total": sum(row["price"] for row in rows), "widest": max(row["price"] for row in rows)}
    )
    assert told["total"] == {f"[{n}].price": "sum" for n in range(3)}
    assert told["widest"] == {"[2].price": "value"}


@settings(max_examples=30)
@given(st.integers(1, 200), st.data())
def test_every_row_is_found_among_many(count: int, data: st.DataObject) -> None:
    """Rows are changed by halves; what is found must be as if each were changed alone."""
    order = data.draw(st.permutations(range(count)))
    rows = [{"text": f"row {n}", "unused": n} for n in range(count)]
    told = deciding({"rows": rows}, lambda given: [given["rows"][n]["text"].upper() for n in order])
    assert told == {f"[{place}]": {f"rows[{n}].text": "value"} for place, n in enumerate(order)}


def test_many_rows_cost_few_runs() -> None:
    runs = 0

    def function(given: Any) -> Outcome:
        nonlocal runs
        runs += 1
        return Outcome([row["price"] for row in given])

    influences([{"price": n, **{f"field{i}": n for i in range(40)}} for n in range(1, 501)], function)
    assert runs < 500


def test_what_is_there_only_with_it_is_its_condition() -> None:
    def function(record: Any) -> Any:
        return {"unit": "EA"} if record["unit"] == "Each" else {}

    assert deciding({"unit": "Each"}, function) == {"unit": {"unit": "condition"}}


def test_what_two_fields_say_both_is_found_all_the_same() -> None:
    """A person known by name or by mail address: neither alone changes who is meant."""

    def function(record: Any) -> Any:
        return {"code": 7} if record["who"]["name"] == "Max" or record["who"]["mail"] == "m@x" else {}

    told = deciding({"who": {"name": "Max", "mail": "m@x", "phone": "5"}}, function)
    assert told == {"code": {"who.name": "condition", "who.mail": "condition"}}


def test_values_that_a_function_refuses_or_breaks_on_tell_nothing_wrong() -> None:
    units = {"Each": "EA", "Box": "BX"}

    def function(record: Any) -> Any:
        return {"unit": units[record["unit"]], "number": record["number"]}

    inputs = {"unit": "Each", "number": "A"}
    assert deciding(inputs, function) == {"number": {"number": "value"}}
    told = deciding(inputs, function, known=lambda path, value: [u for u in units if u != value] if value in units else [])
    assert told == {"number": {"number": "value"}, "unit": {"unit": "value"}}


def test_no_result_is_an_error() -> None:
    with pytest.raises(ValueError, match="no result"):
        influences({"a": 1}, lambda given: None)


def test_rows_that_moved_are_the_same_rows() -> None:
    before = [["PID", "F", "one"], ["IT1", "1"], ["PID", "F", "two"]]
    assert list(differences(before, [before[1], before[2], before[0]])) == []
    assert list(differences(before, [["PID", "F", "ONE"], *before[1:]])) == [((0, 2), "altered")]
    assert {fate for _, fate in differences(before, before[1:])} == {"row gone"}


leaf_values = st.one_of(
    st.integers(-(10**6), 10**6), st.decimals(-1000, 1000, places=2), st.booleans(), st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)),
    st.text("abcXYZ0189 -.", min_size=1, max_size=12).filter(str.strip),
)  # fmt: skip


nested_values = st.recursive(
    leaf_values, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner), max_leaves=12
)


@given(leaf_values)
@example(dt.date.max)
@example(dt.datetime.max)
@example("99991231")
@example("00010101")
def test_other_values_are_other_values_of_the_same_kind(value: Any) -> None:
    for other in others(value):
        assert other != value and type(other) is type(value)
    if isinstance(value, str) and any(map(str.isalnum, value)):
        assert others(value)


@given(nested_values)
def test_a_leaf_that_is_altered_stands_at_its_path_and_alone(value: Any) -> None:
    for path, leaf in leaves(value):
        assert leaf_at(value, path) == leaf
        other = others(leaf)
        if other:
            changed = altered(value, {path: other[0]})
            assert leaf_at(changed, path) == other[0]
            kept = {place: inner for place, inner in leaves(changed) if place != path}
            assert kept == {place: inner for place, inner in leaves(value) if place != path}
