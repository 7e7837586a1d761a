"""Orders as the agent tells them, where it tells of too few, of others, or of one twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pytest

from mlconn_pipelines.errors import Retryable, TryLater
from mlconn_pipelines.systems.sage_100.api.record_reader import KEYS_AT_ONCE, RecordReader
from mlconn_pipelines.systems.sage_100.api.reference_data import ReferenceReader
from mlconn_pipelines.systems.sage_100.records.purchase_order import ORDERS, key_of
from mlconn_pipelines_tests.systems.sage_100.sage_rows import VENDOR, line, order


class Telling:
    """A desk whose agent tells these orders, whatever it is asked for. asked: the keys of each job."""

    def __init__(self, *told: Mapping[str, Any]) -> None:
        self.told, self.asked = list(told), cast(list[Any], [])

    def pages(self, company: str, verb: str, params: Mapping[str, Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
        self.asked.append([key for (key,) in params.get("keys", ())])
        yield self.told


def reader(desk: Telling, *split: str) -> RecordReader:
    return RecordReader(cast(Any, desk), "ABC", frozenset(split), None)


def numbered(number: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return order(*(lines or (line(),)), PurchaseOrderNo=number, content=number)


def test_an_answer_about_another_order_is_not_taken_for_the_one_that_was_asked_for() -> None:
    with pytest.raises(Retryable, match="told of another one"):
        list(reader(Telling(numbered("0000002"))).records(ORDERS, ["0000001"]))


def test_an_order_that_a_listing_lacked_comes_with_the_next_and_one_that_it_tells_twice_is_one() -> None:
    desk = Telling(numbered("0000002"))
    source = reader(desk)

    def listed() -> set[str]:
        return {stamp.key for page in source.changed(ORDERS, None, dt.date(2026, 1, 1)) for stamp in page}

    assert listed() == {"0000002"}
    desk.told += [numbered("0000001"), numbered("0000001")]
    assert listed() == {"0000001", "0000002"}
    assert sorted(map(key_of, source.records(ORDERS, ["0000001", "0000002"]))) == ["0000001", "0000002"]
    assert len(desk.asked) == 2, "they came with the listing"


def test_many_orders_are_asked_for_at_once_and_parts_by_the_order_that_they_are_of() -> None:
    desk = Telling()
    keys = [f"{number:07}" for number in range(2 * KEYS_AT_ONCE)]
    assert list(reader(desk).records(ORDERS, keys)) == []
    assert [len(asked) for asked in desk.asked] == [KEYS_AT_ONCE, KEYS_AT_ONCE] and [
        key for asked in desk.asked for key in asked
    ] == keys

    desk = Telling(numbered("0000001", line(1), line(2, WarehouseCode="001")))
    parts = ["0000001-000", "0000001-001", "0000001-002"]
    assert [key_of(part) for part in reader(desk, VENDOR).records(ORDERS, parts)] == parts[:2]
    assert desk.asked == [["0000001"]]


def test_reference_records_are_asked_for_by_keys_that_can_be_there_and_a_refusal_is_no_absence() -> None:
    desk = Telling()
    reference = ReferenceReader(cast(Any, desk), "ABC")
    assert list(reference.records("items", ["A1001", "", "A" * 41, "A\x00"])) == [] and desk.asked == [["A1001"]]
    assert list(reference.records("vendors", ["V10090", "00-"])) == [] and len(desk.asked) == 1, "no key of a vendor"

    class Refusing:
        def pages(self, company: str, verb: str, params: Mapping[str, Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
            raise TryLater("item.list was not read (no_right: You are not authorized.)")

    with pytest.raises(TryLater):
        list(ReferenceReader(cast(Any, Refusing()), "ABC").records("items", ["A1001"]))
