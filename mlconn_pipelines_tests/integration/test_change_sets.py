"""An order that changes after its supplier has it goes on as an 860: what changed, once, and traceable like any document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from mlconn_pipelines.cli.document_report import paragraphs
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.backtesting.rerendering import rerender
from mlconn_pipelines.flows.comparing import compare_with_erp
from mlconn_pipelines.flows.fetching import fetch_changes
from mlconn_pipelines.flows.running import reprocess
from mlconn_pipelines.flows.tracing.stored import trace_document
from mlconn_pipelines.ledger.document_history import story
from mlconn_pipelines.ledger.history import PostgresHistory
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines.wiring.translation import translation_of
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import FO, SAP
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.finance_operations.masters import MAIN
from mlconn_simulators.partner.habits import PROMPT

pytestmark = pytest.mark.database

SUPPLIER = "ferrolux"
FLOWS = {"x12_850": {"after_sending": "change_set"}}


@dataclass
class Buying:
    """order: a clerk's order over two items; its number. change: other quantities on its first line."""

    scene: Scene
    order: Callable[[], str]
    change: Callable[[str, int], None]


@pytest.fixture(params=[SAP, FO], ids=lambda system: str(system.kind))
def buying(request: pytest.FixtureRequest, stage: Stage) -> Buying:
    return begin(request.param, stage)


def begin(system: type[System], stage: Stage) -> Buying:
    scene = stage(system=system, late_max_s=3600, only=[SUPPLIER], documents=0, flows=FLOWS)
    scene.know_reference()
    fo = scene.system
    if isinstance(fo, FinanceOperations):
        return Buying(scene, lambda: fo.order(scene, SUPPLIER), fo.change_order)
    entries: dict[str, int] = {}

    def order() -> str:
        written = clerks.purchase_order(scene)
        entries[written.number] = int(written.entry)
        return written.number

    def change(number: str, quantity: int) -> None:
        scene.erp.move_clock(dt.timedelta(minutes=1))
        scene.erp.change("PurchaseOrders", entries[number], DocumentLines=[{"LineNum": 0, "Quantity": float(quantity)}])

    return Buying(scene, order, change)


def sent(buying: Buying) -> str:
    number = buying.order()
    buying.scene.settle()
    assert buying.scene.states("x12_850") == {"accepted": 1}
    return number


def test_a_changed_order_goes_on_as_an_860_with_what_changed(buying: Buying) -> None:
    scene = buying.scene
    number = sent(buying)
    (order,) = scene.received("850", number, SUPPLIER)
    buying.change(number, 12)
    scene.settle()
    (got,) = scene.received("860", number, SUPPLIER)
    assert (got.status, got.faults) == ("accepted", [])
    assert order.facts is not None and got.facts is not None
    first = order.facts.lines[0]
    (changed,) = got.facts.lines
    assert (changed.number, changed.raw[2], changed.quantity) == (first.number, "QI", Decimal(12))
    assert (changed.price, changed.unit, changed.item) == (first.price, first.unit, first.item)
    assert (got.facts.change_number, got.facts.order_date) == ("1", order.facts.date)
    assert scene.states("x12_850") == {"accepted": 2}
    scene.settle()
    assert len(scene.uploads("850")) == len(scene.uploads("860")) == 1
    assert scene.partner.inbox.business_duplicates == []
    with scene.pipeline() as pipeline:
        today = scene.world.today
        assert compare_with_erp(pipeline.route("x12_850"), today, today) == []


@pytest.mark.parametrize(
    ("names_set", "names_control_numbers", "about"),
    [(False, False, "860"), (True, False, "850"), (False, True, "850"), (True, True, "850")],
)
def test_an_824_is_put_on_the_one_that_it_means(
    buying: Buying, names_set: bool, names_control_numbers: bool, about: str
) -> None:
    """Order and change bear one number. Without more than that, the later one is meant."""
    scene = buying.scene
    number = sent(buying)
    (order,) = scene.received("850", number, SUPPLIER)
    buying.change(number, 12)
    scene.settle()
    control = [order.group, order.set_control] if names_control_numbers else ["", ""]
    oti = ["OTI", "TR", "PO", number, "", "", "", "", *control, *(["850"] if names_set else [])]
    today = f"{dt.date.today():%Y%m%d}"
    clerks.send_set(scene, SUPPLIER, "824", [["BGN", "00", "AD1", today], oti, ["TED", "024", "Price list closed"]], "AD1")
    scene.settle()
    advised = [row.set_id for row in scene.documents("x12_850") if any(found.code == "advice" for found in row.findings)]
    assert advised == [about]


def test_each_further_change_is_told_from_the_last(buying: Buying) -> None:
    scene = buying.scene
    number = sent(buying)
    for quantity in (12, 7):
        buying.change(number, quantity)
        scene.settle()
    changes = [one.facts for one in scene.received("860", number, SUPPLIER)]
    assert [(facts.change_number, facts.lines[0].raw[2]) for facts in changes if facts] == [("1", "QI"), ("2", "QD")]
    assert scene.partner.inbox.business_duplicates == []


def test_a_change_that_is_taken_back_before_it_left_says_nothing(buying: Buying) -> None:
    scene = buying.scene
    number = sent(buying)
    (order,) = scene.received("850", number, SUPPLIER)
    assert order.facts is not None and order.facts.lines[0].quantity is not None
    buying.change(number, 12)
    with scene.pipeline() as pipeline:
        fetch_changes(pipeline.route("x12_850"), run_of(pipeline, "x12_850"))
    buying.change(number, int(order.facts.lines[0].quantity))
    scene.settle()
    assert scene.uploads("860") == []
    assert scene.states("x12_850") == {"accepted": 1, "superseded": 1, "processed": 1}


def test_a_change_set_is_traced_rendered_again_and_found(buying: Buying) -> None:
    scene = buying.scene
    number = sent(buying)
    buying.change(number, 12)
    scene.settle()
    (row,) = scene.documents("x12_850", set_ids=("860",))
    translation = translation_of(load_configuration(scene.settings.config), "acme")
    with open_stores(scene.settings, with_vault=False) as stores:
        history = PostgresHistory(stores.engine)
        (once,) = history.sent([row.id])
        assert set(history.sent_ids("acme", scene.world.today, None)) >= {row.id, row.change["of"]}
        again = rerender(translation, once, history.reference_book("acme", row.reference_version))
        assert again.content == once.content
        known = replace(once, document=replace(row, change=row.change | {"had": row.change["has"]}))
        refusal = rerender(translation, known, history.reference_book("acme", row.reference_version)).refusal
        assert refusal is not None and "would tell the partner nothing that is new" in refusal.message
        trace = trace_document(translation, history, row)
        told = story(stores.engine, row.id)
    assert told is not None and f"It is change 1 of what was sent as {row.change['of']}." in "\n".join(paragraphs(told))
    assert trace.same_as_stored
    (quantity,) = [one for one in trace.traced if one.name == "POC03"]
    assert "uantity" in str(quantity.origins[0])


def test_a_change_of_an_order_that_was_rejected_waits_for_a_person(stage: Stage) -> None:
    buying = begin(FO, stage)
    scene = buying.scene
    scene.partner.habits = replace(PROMPT, rejecting=1.0)
    number = buying.order()
    scene.run("x12_850")
    buying.change(number, 12)
    with scene.pipeline() as pipeline:
        fetch_changes(pipeline.route("x12_850"), run_of(pipeline, "x12_850"))
    scene.wait_for_partners()
    scene.run("inbound")
    scene.run("x12_850")
    (change,) = scene.documents("x12_850", set_ids=("860",))
    assert (change.state, change.reason_code) == (State.ON_HOLD, "changes_what_was_rejected")
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(run_of(pipeline, "x12_850"), change.id, "they want the change")
    scene.run("x12_850")
    assert len(scene.uploads("860")) == 1


def test_a_cancelled_order_sends_no_change(stage: Stage) -> None:
    buying = begin(FO, stage)
    number = sent(buying)
    fo = buying.scene.system
    assert isinstance(fo, FinanceOperations)
    with fo.sandbox.lock:
        fo.sandbox.purchasing.cancel(MAIN, number)
    (order,) = buying.scene.documents("x12_850")
    with buying.scene.pipeline() as pipeline:
        reprocess(pipeline, run_of(pipeline, "x12_850"), [order], "look again")
        (alert,) = pipeline.watch.alerts_to_deliver(pipeline.name)
    assert number in alert.text and "cancelled" in alert.text
    assert buying.scene.uploads("860") == []
