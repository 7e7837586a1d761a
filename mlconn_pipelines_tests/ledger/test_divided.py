"""Received documents that are divided, and those that share a number and are two all the same."""

from __future__ import annotations

import datetime as dt

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.ports.parts import Part
from mlconn_pipelines_tests.ledger.workbench import DAY, INBOUND, Workbench, on_both, received_set

DAYS = dt.timedelta(days=40)


def order(release: str = "", store: str = "") -> PurchaseOrder:
    return PurchaseOrder("PO1", DAY, (), release=release, store=store)


@on_both
def test_releases_of_one_number_are_two_orders_and_the_same_release_is_one(bench: Workbench) -> None:
    rows = [
        bench.received(
            received_set("0001", str(place), group=str(place), business_number="PO1", canonical=to_json(order(name)))
        )
        for place, name in enumerate(("001", "002", "001"))
    ]
    bench.check(rows[0], State.READY, run=INBOUND, canonical=rows[0].canonical)
    found = bench.intake.business_duplicates(rows[1:], DAYS)
    assert {asked: twin.id for asked, twin in found.items()} == {rows[2].id: rows[0].id}


@on_both
def test_a_divided_document_leaves_its_parts_once(bench: Workbench) -> None:
    whole = bench.received(received_set("0001", "1", group="A", business_number="PO1", canonical=to_json(order())))
    parts = tuple(Part(f"store {name}", order(store=name), whole.raw) for name in ("0100", "0101"))
    assert bench.check(whole, State.PROCESSED, run=INBOUND, parts=parts).state is State.PROCESSED
    made = [row for row in bench.all(flow="inbound") if row.id != whole.id]
    assert [(row.source_key, row.state, row.business_number) for row in made] == [
        (f"{whole.source_key}|store {name}", State.PENDING_VALIDATION, "PO1") for name in ("0100", "0101")
    ]
    assert [row.canonical["store"] for row in made] == ["0100", "0101"]
    assert [(row.partner, row.raw, row.partition) for row in made] == [(whole.partner, whole.raw, whole.partition)] * 2
    bench.check(whole, State.PROCESSED, run=INBOUND, parts=parts)
    assert len(bench.all(flow="inbound")) == 3
    bench.check(made[0], State.READY, run=INBOUND, canonical=made[0].canonical)
    assert bench.intake.business_duplicates([made[1]], DAYS) == {}


@on_both
def test_orders_in_the_erp_are_found_by_partner_and_number(bench: Workbench) -> None:
    row = bench.received(received_set("0001", "1", group="A", business_number="PO1", canonical=to_json(order())))
    bench.check(row, State.READY, run=INBOUND, canonical=row.canonical)
    assert bench.intake.orders_received("acme", "wholesale", "PO1") == [], "it is not there yet"
