"""What suppliers answer to our purchase orders, and customers to our invoices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.flows.orders_sent import OrdersSent
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.clerks import Written
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of

pytestmark = pytest.mark.database

SILENT: dict[str, Any] = {"late_max_s": 3600, "only": ["ferrolux", "northwind"]}
"""Partners acknowledge at once; what else they answer is sent by the test."""


def ordered(scene: Scene) -> Written:
    """A purchase order that the supplier has accepted."""
    order = clerks.purchase_order(scene)
    scene.settle()
    assert scene.states("x12_850") == {"accepted": 1}
    return order


def the_only(scene: Scene, set_id: str) -> DocumentRow:
    (row,) = scene.documents(INBOUND, set_ids=(set_id,), direction="inbound")
    return row


def lines_of(scene: Scene, order: Written) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = scene.erp.record("PurchaseOrders", order.entry)["DocumentLines"]
    return lines


def decide(scene: Scene, row: DocumentRow, word: str) -> None:
    """`mlconn approve` or `mlconn dismiss`."""
    with scene.pipeline() as pipeline:
        act = getattr(pipeline.operator, word)
        act(run_of(pipeline, row.flow), row.id, "agreed by telephone")


def nothing_more_goes_out(scene: Scene) -> None:
    """Neither our own change nor the copy of it that SAP stamps is sent."""
    before = len(scene.uploads("850"))
    for _ in range(2):
        scene.erp.move_clock(dt.timedelta(minutes=5))
        scene.run("x12_850")
    assert len(scene.uploads("850")) == before == 1
    assert scene.states("x12_850") == {"accepted": 1}


def test_a_confirmed_date_is_written_to_the_order_and_sends_nothing(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    due = {line["ShipDate"][:10] for line in lines_of(scene, order)}
    clerks.answer_order(scene, "ferrolux", order.number, "855", change="date")
    scene.settle()
    assert the_only(scene, "855").state == State.PROCESSED
    confirmed = {line["ShipDate"][:10] for line in lines_of(scene, order)}
    assert confirmed == {(dt.date.fromisoformat(day) + dt.timedelta(days=5)).isoformat() for day in due}
    nothing_more_goes_out(scene)


def test_a_confirmed_date_whose_answer_is_lost_is_written_again_and_is_no_exception(stage: Stage) -> None:
    scene = stage(**SILENT, flows={"x12_850": {"after_sending": "on_hold"}})
    order = ordered(scene)
    due = {line["ShipDate"][:10] for line in lines_of(scene, order)}
    clerks.answer_order(scene, "ferrolux", order.number, "855", change="date")
    scene.erp.faults.arm("500_after", "/PurchaseOrders", method="PATCH")
    scene.run(INBOUND)
    assert {line["ShipDate"][:10] for line in lines_of(scene, order)} != due
    scene.hours_pass()
    scene.run(INBOUND)
    assert the_only(scene, "855").state == State.PROCESSED
    nothing_more_goes_out(scene)
    assert scene.rows("SELECT exception FROM document WHERE exception <> ''") == []


def test_a_status_report_is_kept_with_our_order_and_changes_nothing_in_the_erp(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    before = lines_of(scene, order)
    report = [("BSR", "3", "PP", "RPT-1", "20990302"), ("HL", "1", "", "O"), ("PRF", order.number), ("PO1", "1", "10", "EA")]
    states = [("ISR", "BP", "20260305", "A02"), ("QTY", "39", "6", "EA"), ("CTT", "1")]
    clerks.send_set(scene, "ferrolux", "870", [*report, *states], "RPT-1")
    scene.settle()
    row = the_only(scene, "870")
    assert (row.state, row.business_number) == (State.PROCESSED, "RPT-1")
    (stored,) = scene.rows("SELECT links FROM document WHERE id = %s", row.id)
    links = stored["links"]
    (sent,) = scene.documents("x12_850")
    assert links["orders"] == {order.number: sent.id}
    assert links["lines"] == [{"order": order.number, "line": "1", "status": "BP", "date": "2026-03-05", "quantity": "6 EA"}]
    assert lines_of(scene, order) == before
    assert len(scene.uploads("997")) == 1
    nothing_more_goes_out(scene)


def test_a_status_report_of_an_order_that_we_never_sent_waits_for_a_person(stage: Stage) -> None:
    scene = stage(**SILENT)
    segments = [("BSR", "3", "PP", "RPT-2", "20990302"), ("HL", "1", "", "O"), ("PRF", "NO-SUCH"), ("ISR", "CC"), ("CTT", "1")]
    clerks.send_set(scene, "ferrolux", "870", segments, "RPT-2")
    scene.settle()
    row = the_only(scene, "870")
    assert (row.state, row.reason_code) == (State.ON_HOLD, "order_unknown")
    decide(scene, row, "approve")
    scene.settle()
    assert the_only(scene, "870").state == State.POSTED


def a_receipt(scene: Scene, number: str, partner: str, *segments: tuple[str, ...], header: Any = ()) -> DocumentRow:
    """An 861 of that number, received."""
    head = [("BRA", number, "20990302", "00", "1"), *header, ("DTM", "050", "20990301")]
    clerks.send_set(scene, partner, "861", [*head, *segments, ("CTT", "1")], number)
    scene.settle()
    (row,) = (row for row in scene.documents(INBOUND, set_ids=("861",)) if row.business_number == number)
    return row


def test_a_receiving_advice_is_kept_with_our_order_and_what_differs_waits_for_a_person(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    before, (sent,) = lines_of(scene, order), scene.documents("x12_850")
    (document,) = scene.rows("SELECT canonical FROM document WHERE id = %s", sent.id)
    line = document["canonical"]["lines"][0]
    (product, *_), prf = line["product_ids"], ("PRF", order.number, "", "", "", line["number"])
    item = ("LIN", "", product["qualifier"], product["id"])

    kept = a_receipt(scene, "RA-1", "ferrolux", ("RCD", "1", line["quantity"], line["unit"]), item, prf)
    assert kept.state == State.PROCESSED
    (stored,) = scene.rows("SELECT links FROM document WHERE id = %s", kept.id)
    row = {"order": order.number, "line": line["number"], "quantity": line["quantity"], "unit": line["unit"]}
    assert stored["links"] == {"orders": {order.number: sent.id}, "shipments": {}, "lines": [row], "date": "2099-03-02"}

    more = str(Decimal(line["quantity"]) + 1)
    over = a_receipt(scene, "RA-2", "ferrolux", ("RCD", "1", more, line["unit"]), item, prf)
    assert (over.state, over.reason_code) == (State.ON_HOLD, "quantity_differs")
    shown = plain(Decimal(more)), plain(Decimal(line["quantity"]))
    assert f"{shown[0]} {line['unit']} received, {shown[1]} {line['unit']} ordered" in over.reason
    decide(scene, over, "approve")

    # A warehouse says what came in of an order that went to a supplier.
    elsewhere = a_receipt(scene, "RA-3", "northwind", ("RCD", "1", more, line["unit"]), item, prf)
    assert (elsewhere.state, elsewhere.reason_code) == (State.ON_HOLD, "quantity_differs")

    again = a_receipt(scene, "RA-6", "ferrolux", ("RCD", "1", "1", line["unit"]), item, prf)
    assert (again.state, again.reason_code) == (State.ON_HOLD, "quantity_differs") and "advice RA-1" in again.reason

    stray = a_receipt(scene, "RA-4", "ferrolux", ("RCD", "1", "1", "EA"), item, ("PRF", "NO-SUCH"))
    nothing = a_receipt(scene, "RA-5", "ferrolux", ("RCD", "1", "1", "EA"), item)
    assert [(one.state, one.reason_code) for one in (stray, nothing)] == [(State.ON_HOLD, "order_unknown")] * 2
    assert "names neither an order nor a shipment" in nothing.reason
    scene.settle()
    assert [row.state for row in scene.documents(INBOUND, set_ids=("861",)) if row.id == over.id] == [State.POSTED]
    assert lines_of(scene, order) == before
    assert len(scene.uploads("997")) == 6
    nothing_more_goes_out(scene)


def test_a_receiving_advice_of_a_completed_order_is_compared_with_what_was_sent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    (document,) = scene.rows("SELECT canonical FROM document WHERE flow = 'x12_850'")
    line = document["canonical"]["lines"][0]
    product, prf = line["product_ids"][0], ("PRF", order.number, "", "", "", line["number"])
    item = ("LIN", "", product["qualifier"], product["id"])
    monkeypatch.setattr(OrdersSent, "_records", lambda self, keys: {})  # as Sage 100 forgets an order once it is completed
    kept = a_receipt(scene, "RA-7", "ferrolux", ("RCD", "1", line["quantity"], line["unit"]), item, prf)
    over = a_receipt(scene, "RA-8", "ferrolux", ("RCD", "1", "1", line["unit"]), item, prf)
    assert (kept.state, over.state, over.reason_code) == (State.PROCESSED, State.ON_HOLD, "quantity_differs")


def test_a_customers_receiving_advice_is_compared_with_our_ship_notice_and_their_order(stage: Stage) -> None:
    scene = stage(**SILENT)
    clerks.delivery(scene)
    scene.settle()
    (sent,) = scene.documents("x12_856")
    (document,) = scene.rows("SELECT canonical FROM document WHERE id = %s", sent.id)
    (shipped,) = document["canonical"]["orders"]
    line = shipped["lines"][0] if shipped.get("lines") else shipped["packages"][0]["lines"][0]
    product = line["product_ids"][0]
    less = str(Decimal(line["quantity"]) - 1)
    segments = (("RCD", "1", less, line["unit"]), ("LIN", "", product["qualifier"], product["id"]))
    row = a_receipt(scene, "RA-6", "northwind", *segments, header=(("REF", "SI", sent.business_number),))
    assert (row.state, row.reason_code) == (State.ON_HOLD, "quantity_differs")
    assert f"{line['unit']} shipped by ship notice {sent.business_number}" in row.reason
    (stored,) = scene.rows("SELECT links FROM document WHERE id = %s", row.id)
    assert stored["links"]["shipments"] == {sent.business_number: sent.id}


@pytest.mark.parametrize("change", ["price", "quantity"])
@pytest.mark.parametrize("applied", [True, False])
def test_another_price_or_quantity_waits_for_a_person(stage: Stage, change: Any, applied: bool) -> None:
    scene = stage(**SILENT, erp={"apply_differences": applied})
    order = ordered(scene)
    before = lines_of(scene, order)
    clerks.answer_order(scene, "ferrolux", order.number, "855", change=change)
    scene.settle()
    row = the_only(scene, "855")
    assert (row.state, row.reason_code) == (State.ON_HOLD, f"{change}_differs")
    assert lines_of(scene, order) == before
    decide(scene, row, "approve")
    scene.settle()
    assert the_only(scene, "855").state == State.POSTED
    name, factor = {"price": ("Price", Decimal("1.04")), "quantity": ("Quantity", Decimal("0.8"))}[change]
    was, now = (Decimal(str(lines[0][name])) for lines in (before, lines_of(scene, order)))
    assert now == (round(was * factor, 2) if applied else was)
    nothing_more_goes_out(scene)


def test_an_approved_change_whose_answer_is_lost_is_made_again_and_looked_for_nowhere(stage: Stage) -> None:
    scene = stage(**SILENT, erp={"apply_differences": True}, absence_proves_after_s=3600)
    order = ordered(scene)
    (was,) = {Decimal(str(lines_of(scene, order)[0]["Price"]))}
    clerks.answer_order(scene, "ferrolux", order.number, "855", change="price")
    scene.settle()
    decide(scene, the_only(scene, "855"), "approve")
    scene.erp.faults.arm("cut_after", "/PurchaseOrders", method="PATCH")
    scene.run(INBOUND)
    row = the_only(scene, "855")
    assert (row.state, row.reason_code) == (State.READY, "try_later")
    scene.rows("UPDATE document SET next_attempt_at = now() WHERE next_attempt_at > now()")
    scene.run(INBOUND)
    assert the_only(scene, "855").state == State.POSTED
    assert Decimal(str(lines_of(scene, order)[0]["Price"])) == round(was * Decimal("1.04"), 2)
    assert scene.rows("SELECT state, correlation_reference FROM claim WHERE document_id = %s", row.id) == [
        {"state": "done", "correlation_reference": ""}
    ]
    nothing_more_goes_out(scene)


def test_a_dismissed_answer_changes_nothing(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    before = lines_of(scene, order)
    clerks.answer_order(scene, "ferrolux", order.number, "855", change="price")
    scene.settle()
    decide(scene, the_only(scene, "855"), "dismiss")
    scene.settle()
    assert the_only(scene, "855").state == State.SKIPPED
    assert lines_of(scene, order) == before


def test_a_ship_notice_is_recorded_against_its_order(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    clerks.answer_order(scene, "ferrolux", order.number, "856", short=True)
    scene.settle()
    row = the_only(scene, "856")
    assert row.state == State.PROCESSED
    (kept,) = scene.rows("SELECT links FROM document WHERE id = %s", row.id)
    (sent,) = scene.documents("x12_850")
    assert kept["links"]["orders"] == {order.number: sent.id}
    quantities = [Decimal(line["quantity"]) for line in kept["links"]["lines"]]
    assert quantities == [Decimal(9), Decimal(11)]
    assert len(kept["links"]["packages"][0]) == 18
    assert scene.erp.state()["created"] == []


def test_a_ship_notice_becomes_a_draft_receipt_by_setting(stage: Stage) -> None:
    scene = stage(**SILENT, erp={"receipt_drafts": True})
    order = ordered(scene)
    clerks.answer_order(scene, "ferrolux", order.number, "856")
    scene.settle()
    row = the_only(scene, "856")
    (created,) = scene.erp.state()["created"]
    assert (row.state, created["set"], created["draft"]) == (State.POSTED, "PurchaseDeliveryNotes", True)
    assert [line["quantity"] for line in created["lines"]] == [10.0, 11.0]
    assert created["reference"] == f"acme:PurchaseDeliveryNotes:{row.id}"


def test_a_right_invoice_is_accepted_by_an_824(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    sent = clerks.answer_order(scene, "ferrolux", order.number, "810")
    scene.settle()
    assert the_only(scene, "810").state == State.PROCESSED
    assert (sent.acknowledged, sent.advised) == ("accepted", "TA")
    assert [(got.set_id, got.status, got.faults) for got in scene.received("824")] == [("824", "accepted", [])]
    assert scene.erp.state()["created"] == []


def test_an_invoice_with_a_wrong_price_is_rejected_by_an_824_and_waits(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    sent = clerks.answer_order(scene, "ferrolux", order.number, "810", wrong_price=True)
    scene.settle()
    row = the_only(scene, "810")
    assert (row.state, row.reason_code) == (State.ON_HOLD, "price_differs")
    assert (sent.acknowledged, sent.advised) == ("accepted", "TR")
    assert len(scene.received("824")) == 1


def test_an_invoice_becomes_a_draft_by_setting(stage: Stage) -> None:
    scene = stage(**SILENT, erp={"invoice_drafts": True})
    order = ordered(scene)
    clerks.answer_order(scene, "ferrolux", order.number, "810")
    scene.settle()
    (created,) = scene.erp.state()["created"]
    assert (created["set"], created["draft"], the_only(scene, "810").state) == ("PurchaseInvoices", True, State.POSTED)
    total = scene.erp.record("PurchaseOrders", order.entry)
    assert [line["price"] for line in created["lines"]] == [line["Price"] for line in total["DocumentLines"]]


def test_an_answer_to_an_order_that_we_never_sent_waits(stage: Stage) -> None:
    scene = stage(**SILENT)
    order = ordered(scene)
    sent = clerks.answer_order(scene, "ferrolux", order.number, "856")
    segments = [["BAK", "00", "AD", "99999", f"{dt.date.today():%Y%m%d}"]]
    clerks.send_set(scene, "ferrolux", "855", segments, "99999")
    scene.settle()
    assert sent.acknowledged == "accepted"
    row = the_only(scene, "855")
    assert (row.state, row.reason_code) == (State.ON_HOLD, "order_unknown")
    assert "99999" in row.reason


@pytest.mark.parametrize(("verdict", "severity"), [("TR", "reject"), ("TA", "ignore")])
def test_a_customers_advice_is_put_on_the_invoice(stage: Stage, verdict: Any, severity: str) -> None:
    scene = stage(**SILENT)
    invoice = clerks.invoice(scene)
    scene.settle()
    clerks.advise(scene, "northwind", invoice.number, verdict)
    scene.settle()
    assert the_only(scene, "824").state == State.PROCESSED
    (row,) = scene.documents("x12_810")
    assert row.state == State.ACCEPTED
    advice = [finding for finding in row.findings if finding.code == "advice"]
    assert [finding.severity for finding in advice] == [severity]
    with scene.pipeline() as pipeline:
        alerts = [alert.text for alert in pipeline.watch.alerts_to_deliver(pipeline.name)]
    assert [row.id in text for text in alerts] == ([True] if verdict == "TR" else [])
