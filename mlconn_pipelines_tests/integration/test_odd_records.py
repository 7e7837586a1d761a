"""Records that no sane ERP gives out: each is held by itself with a reason, and the sound ones are sent in the same run."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.integration.test_held_by_itself import numbers_received, run
from mlconn_pipelines_tests.scenario import wait_until
from mlconn_pipelines_tests.systems.all_systems import each_system_over_http
from mlconn_pipelines_tests.systems.system import System

pytestmark = pytest.mark.database


class Fields(NamedTuple):
    """What the flow's records call it. number: the document's. part: an object within it, or a list of such."""

    number: str
    lines: str
    quantity: str
    price: str
    date: str
    partner: str
    currency: str
    item: str
    part: str


FIELDS: Mapping[str, Fields] = {
    "sap_business_one": Fields(
        "DocNum", "DocumentLines", "Quantity", "Price", "DocDate", "CardCode", "DocCurrency", "ItemCode", "AddressExtension"
    ),
    "business_central": Fields(
        *("number", "salesInvoiceLines", "quantity", "unitPrice", "invoiceDate", "customerNumber", "currencyCode"),
        *("lineObjectNumber", "salesInvoiceLines"),
    ),
    "finance_operations": Fields(
        *("PurchaseOrderNumber", "PurchaseOrderConfirmationLines", "OrderedPurchaseQuantity", "PurchasePrice"),
        *("ConfirmationDate", "OrderVendorAccountNumber", "CurrencyCode", "ItemNumber", "PurchaseOrder"),
    ),
}

Change = Callable[[dict[str, Any], Fields], None]


def in_line(field: str, value: Any) -> Change:
    def change(record: dict[str, Any], fields: Fields) -> None:
        record[fields.lines][0][getattr(fields, field)] = value

    return change


def in_header(field: str, value: Any) -> Change:
    def change(record: dict[str, Any], fields: Fields) -> None:
        record[getattr(fields, field)] = value
        for confirmation in record.get("Confirmations", ()):
            if field == "date":
                confirmation[fields.date] = value

    return change


def without(field: str) -> Change:
    return lambda record, fields: record.pop(getattr(fields, field))


def deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


ODD: Mapping[str, Change] = {
    "quantity 1e400": in_line("quantity", Decimal("1E+400")),
    "quantity beyond memory": in_line("quantity", Decimal("1E+999999999")),
    "quantity NaN": in_line("quantity", float("nan")),
    "price Infinity": in_line("price", float("inf")),
    "price minus Infinity": in_line("price", Decimal("-Infinity")),
    "quantity a list": in_line("quantity", [1]),
    "quantity text": in_line("quantity", "two"),
    "no lines": in_header("lines", None),
    "a null line": in_header("lines", [None]),
    "lines an object": in_header("lines", {"a": 1}),
    "lines a text": in_header("lines", "none"),
    "a part that is a list": in_header("part", [[1]]),
    "a part nested deep": in_header("part", deep()),
    "a date that is none": in_header("date", "31.12.2026"),
    "no date": in_header("date", None),
    "a NUL in the partner's code": in_header("partner", "C2\x000020"),
    "a NUL in the currency": in_header("currency", "U\x00SD"),
    "half a pair in the currency": in_header("currency", "US\ud800"),
    "a NUL in an item": in_line("item", "A\x001001"),
    "no partner": without("partner"),
    "a number of 100 kB": in_header("currency", "x" * 100_000),
}


class OddRecords:
    """A source whose records are changed as they arrive. odd: by document number."""

    def __init__(self, source: Any, fields: Fields, odd: Mapping[str, Change]) -> None:
        self._source, self._fields, self._odd = source, fields, odd

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Any]:
        for record in self._source.records(entity, keys):
            number = str(record[self._fields.number])
            changed = copy.deepcopy(dict(record))
            if number in self._odd:
                self._odd[number](changed, self._fields)
            yield changed


def odd_source(pipeline: Pipeline, fields: Fields, odd: Mapping[str, Change]) -> Connector:
    source: Any = OddRecords(pipeline.erp.source, fields, odd)
    return replace(pipeline.erp, source=source)


@each_system_over_http
def test_each_is_held_with_a_reason_and_the_sound_ones_are_sent(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    fields = FIELDS[system.kind]
    odd = {scene.system.write(scene).number: name for name in ODD}
    sound = {scene.system.write(scene).number for _ in range(2)}
    scene.system.time_passes(dt.timedelta(minutes=2))
    changes = {number: ODD[name] for number, name in odd.items()}
    run(scene, system.flow, lambda pipeline: replace(pipeline, erp=odd_source(pipeline, fields, changes)))
    assert wait_until(lambda: numbers_received(scene) >= sound, 5.0), numbers_received(scene)
    rows = scene.documents(system.flow)
    assert len(rows) == len(odd) + len(sound), "every one of them is in the ledger"
    gone_on = {odd.get(row.business_number, "sound") for row in rows if row.state is not State.ON_HOLD}
    reasons = {odd.get(row.business_number, row.business_number): row.reason_code for row in rows}
    assert gone_on == {"sound"}, reasons
    assert all(row.reason for row in rows if row.state is State.ON_HOLD)
    assert len(scene.uploads()) == len(sound)
    scene.run(system.flow)  # and once more, as the records really are; nothing changed for those that went on
    assert len(scene.uploads()) >= len(sound)


@each_system_over_http
def test_what_was_mended_in_the_erp_is_sent(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    fields = FIELDS[system.kind]
    written = [scene.system.write(scene) for _ in range(3)]
    scene.system.time_passes(dt.timedelta(minutes=2))
    kinds = ("quantity NaN", "lines a text", "a date that is none")
    changes = {one.number: ODD[name] for one, name in zip(written, kinds, strict=True)}
    run(scene, system.flow, lambda pipeline: replace(pipeline, erp=odd_source(pipeline, fields, changes)))
    held = scene.documents(system.flow, State.ON_HOLD)
    assert len(held) == 3 and scene.uploads() == []
    scene.system.time_passes(dt.timedelta(minutes=2))
    correct = scene.system.changes()[3]
    for one in written:
        correct(scene, one)
    scene.settle()
    assert numbers_received(scene) == {one.number for one in written}, [row.reason for row in scene.documents(system.flow)]
