"""Hashes of content by versions of their projection: comparable within one, made again between two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines_tests.systems.business_central.mapping import business_central_records
from mlconn_pipelines_tests.systems.finance_operations.mapping import fo_records
from mlconn_pipelines_tests.systems.sap_business_one.mapping import sap_records

MAPPINGS: Mapping[str, ErpMapping] = {
    "sap_business_one": sap_records.mapping(),
    "business_central": business_central_records.mapping(),
    "finance_operations": fo_records.mapping(),
}
FROZEN = json.loads(Path(__file__).with_name("hashed_without_versions.json").read_text(), parse_float=Decimal)
"""Records of every entity with the hashes that the last release without versions made of them. Never to be made anew."""

NAMES = tuple("abcdef")
VALUES = st.none() | st.integers(-3, 3) | st.text("xyz", max_size=2)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES), max_size=3).map(
    lambda rows: [{**row, "no": number} for number, row in enumerate(rows)]
)
RECORDS = st.builds(lambda header, rows: {**header, "rows": rows}, st.dictionaries(st.sampled_from(NAMES), VALUES), ROWS)
FIELDS = st.sets(st.sampled_from(NAMES))


def projection(header: set[str], line: set[str]) -> Projection:
    return Projection(tuple(sorted(header)), {"rows": Projection(("no", *sorted(line)), ordered_by="no")})


def stripped(record: Mapping[str, Any], to: Projection) -> dict[str, Any]:
    """The record as a read of just these fields would have given it."""
    rows = [{name: value for name, value in row.items() if name in to.parts["rows"].fields} for row in record["rows"]]
    return {name: value for name, value in record.items() if name in to.fields} | {"rows": rows[::-1]}


@given(RECORDS, FIELDS, FIELDS, FIELDS, FIELDS)
def test_a_wider_projection_changes_nothing(
    record: dict[str, Any], header: set[str], more: set[str], line: set[str], more_of_line: set[str]
) -> None:
    then, today = projection(header, line), projection(header | more, line | more_of_line)
    before, hashing = RecordHashing("E", then), RecordHashing("E", today, earlier=(then,))
    for version in ("", before.version, "forgotten"):
        assert hashing.again(record, record, version) == hashing.of(record)
        assert hashing.again(stripped(record, then), record, version) == hashing.of(record)
    assert hashing.as_of("", record) == hashing.as_of(before.version, record) == before.of(record)
    assert hashing.as_of(hashing.version, record) == hashing.of(record) and hashing.as_of("forgotten", record) is None


@given(RECORDS, RECORDS, FIELDS, FIELDS, FIELDS, FIELDS)
def test_a_change_of_what_was_stored_shows(
    stored: dict[str, Any], now: dict[str, Any], header: set[str], more: set[str], line: set[str], more_of_line: set[str]
) -> None:
    then, today = projection(header, line), projection(header | more, line | more_of_line)
    hashing = RecordHashing("E", today, earlier=(then,))
    if RecordHashing("E", then).of(stored) != RecordHashing("E", then).of(now):
        assert hashing.again(stored, now, "") != hashing.of(now)
        assert hashing.again(stripped(stored, then), now, "") != hashing.of(now)


def test_versions_are_of_the_projection_and_of_nothing_else() -> None:
    one = RecordHashing("A", Projection(("a", "b"), {"rows": Projection(("c",), ordered_by="c")}))
    same = RecordHashing("B", Projection(("b", "a"), {"rows": Projection(("c",), ordered_by="c")}))
    others = [
        RecordHashing("A", Projection(("a",), {"rows": Projection(("c",), ordered_by="c")})),
        RecordHashing("A", Projection(("a", "b"), {"rows": Projection(("c",))})),
        RecordHashing("A", Projection(("a", "b"), {"rows": Projection(("c", "d"), ordered_by="c")})),
        RecordHashing("A", one.projection, rules=2),
    ]
    assert one.version == same.version
    assert len({one.version, *(each.version for each in others)}) == 5
    assert one.projection.without("b", rows=Projection(("d",))) == Projection(("a",), {"rows": Projection(("d",))})


def test_rows_without_an_order_are_matched_by_their_place() -> None:
    before, today = Projection((), {"rows": Projection(("a",))}), Projection((), {"rows": Projection(("a", "b"))})
    hashing = RecordHashing("E", today, earlier=(before,))
    stored, now = {"rows": [{"a": 1}, {"a": 2}]}, {"rows": [{"a": 1, "b": 5}, {"a": 2, "b": 6}]}
    assert hashing.again(stored, now, "") == hashing.of(now)
    assert hashing.again({"rows": [{"a": 1}]}, now, "") != hashing.of(now)


def test_a_part_that_is_new_as_a_whole() -> None:
    before, today = Projection(("a",)), Projection(("a",), {"terms": Projection(("days",))})
    hashing = RecordHashing("E", today, earlier=(before,))
    now = {"a": 1, "terms": {"days": 30}}
    assert hashing.again({"a": 1}, now, "") == hashing.of(now)
    assert hashing.again({"a": 1, "terms": {}}, now, "") == hashing.of(now), "read by a narrower request"
    assert hashing.again({"a": 1, "terms": {"days": 60}}, now, "") != hashing.of(now)


@pytest.mark.parametrize("case", FROZEN, ids=lambda case: case["entity"])
def test_hashes_without_a_version_are_known_again(case: dict[str, Any]) -> None:
    """A ledger filled by the release before: its hashes by the record as it is now, and its records by today's projection."""
    hashing, record = MAPPINGS[case["system"]].outbound.hashing(case["entity"]), case["record"]
    assert hashing.as_of("", record) == case["hash"]
    assert hashing.again(record, record, "") == hashing.of(record)
