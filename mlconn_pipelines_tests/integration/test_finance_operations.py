"""Finance & Operations all the way: a confirmed order leaves as an 850 and is acknowledged, what the vendor says comes back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import pytest

from mlconn_pipelines.cli.documents import show
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.comparing import compare_with_erp
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.systems.finance_operations.records.naming import CONFIRMATIONS
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene, run_of
from mlconn_pipelines_tests.systems.all_systems import FO
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations
from mlconn_pipelines_tests.transport.totals_of_days import day_totals
from mlconn_simulators.finance_operations.masters import MAIN, SUSPENDED_CENTRE
from mlconn_simulators.finance_operations.sandbox import FinanceOperationsSandbox

pytestmark = pytest.mark.database

SUPPLIER = "ferrolux"


@dataclass
class Purchasing:
    """scene: Cleo, the partners and our integration. system: what clerks do in. sandbox: their F&O."""

    scene: Scene
    system: FinanceOperations
    sandbox: FinanceOperationsSandbox

    def order(self) -> str:
        """A clerk's order over two sound items, confirmed."""
        return self.system.order(self.scene, SUPPLIER)

    def change(self, number: str, quantity: int) -> None:
        """Another quantity on the first line, and confirmed again."""
        self.system.change_order(number, quantity)

    def lines(self, number: str) -> list[dict[str, Any]]:
        return self.system.lines(number)

    def invoices(self) -> list[dict[str, Any]]:
        """Vendor invoices that came over the API, with their lines."""
        return list(self.sandbox.state(source=False)["vendor_invoices"])

    def received(self, set_id: str) -> DocumentRow:
        (row,) = self.scene.documents(INBOUND, set_ids=(set_id,), direction="inbound")
        return row


class Begin(Protocol):
    def __call__(self, **erp: Any) -> Purchasing: ...


@pytest.fixture
def begin(stage: Stage) -> Begin:
    """Opens a scene in which F&O stands where SAP does otherwise. erp: further settings of the connection."""

    def open_scene(*, documents: int = 0, only: tuple[str, ...] = (SUPPLIER,), flows: Any = None, **erp: Any) -> Purchasing:
        scene = stage(system=FO, late_max_s=3600, only=list(only), documents=documents, erp=erp, flows=flows or {})
        scene.know_reference()
        assert isinstance(scene.system, FinanceOperations)
        return Purchasing(scene, scene.system, scene.sandbox.finance_operations)

    return open_scene


def sent(purchasing: Purchasing) -> str:
    """The number of an order that its vendor has accepted."""
    number = purchasing.order()
    purchasing.scene.settle()
    assert purchasing.scene.states("x12_850") == {"accepted": 1}
    return number


def test_a_confirmed_order_becomes_an_850_in_the_vendors_folder_and_is_acknowledged(begin: Begin) -> None:
    fo = begin()
    number = sent(fo)
    (got,) = fo.scene.received("850", number, SUPPLIER)
    assert (got.status, got.faults) == ("accepted", [])
    assert got.facts is not None
    assert [(line.number, line.quantity) for line in got.facts.lines] == [("10", Decimal(10)), ("20", Decimal(11))]
    ordered = fo.lines(number)
    assert [line.price for line in got.facts.lines] == [
        Decimal(line["PurchasePrice"]) / Decimal(line["PurchasePriceQuantity"]) for line in ordered
    ]
    (upload,) = fo.scene.uploads("850")
    assert b"PCON" not in upload.content  # the confirmation's voucher is of the ledger
    with fo.scene.pipeline() as pipeline:
        day = fo.scene.world.today
        assert compare_with_erp(pipeline.route("x12_850"), day, day) == []
        assert day_totals(pipeline.erp, CONFIRMATIONS, day, day)[day].count == 1


def test_an_order_that_is_not_confirmed_stays(begin: Begin) -> None:
    fo = begin()
    with fo.sandbox.lock:
        fo.sandbox.purchasing.create(MAIN, {"OrderVendorAccountNumber": fo.scene.partner_named(SUPPLIER).supplier_code})
    fo.scene.run("x12_850")
    assert fo.scene.states("x12_850") == {} and fo.scene.uploads("850") == []


def test_an_order_whose_dimension_value_is_suspended_waits_until_it_is_opened(begin: Begin) -> None:
    fo = begin()
    number, store = fo.order(), fo.sandbox.store
    with fo.sandbox.lock:
        for line in store.sets["PurchaseOrderConfirmationLines"].beginning_with(MAIN, number):
            store.write(line, {"DefaultLedgerDimensionDisplayValue": "001-022-B\\-9"})
    fo.scene.settle()
    (row,) = fo.scene.documents("x12_850")
    assert (row.state, row.reason_code) == (State.ON_HOLD, "dimension_value_inactive"), row.reason
    assert "Value B-9 (Closed plant) of dimension CostCenter is blocked" in row.reason
    with fo.sandbox.lock:
        store.write(store.sets["FinancialDimensionValues"].get("CostCenter", "", SUSPENDED_CENTRE), {"IsSuspended": "No"})
    fo.scene.refresh_reference()
    fo.scene.settle()
    assert fo.scene.states("x12_850") == {"accepted": 1}


@pytest.mark.parametrize(("setting", "told"), [("ignore", False), ("on_hold", True)])
def test_an_order_confirmed_again_never_goes_out_by_itself(begin: Begin, setting: str, told: bool) -> None:
    fo = begin(flows={"x12_850": {"after_sending": setting}})
    number = sent(fo)
    fo.sandbox.confirm(MAIN, number)  # the same again
    fo.scene.settle()
    assert fo.scene.states("x12_850") == {"accepted": 1}
    fo.change(number, 12)
    fo.scene.settle()
    assert len(fo.scene.uploads("850")) == 1
    with fo.scene.pipeline() as pipeline:
        alerts = [alert.text for alert in pipeline.watch.alerts_to_deliver(pipeline.name)]
    assert any(number in text for text in alerts) == told, alerts


def test_an_810_becomes_a_pending_vendor_invoice_with_lines(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fo = begin()
    number = sent(fo)
    answer = clerks.answer_order(fo.scene, SUPPLIER, number, "810")
    fo.scene.settle()
    row = fo.received("810")
    assert (row.state, answer.acknowledged, answer.advised) == (State.POSTED, "accepted", "TA"), row.reason
    (invoice,) = fo.invoices()
    assert invoice["HeaderReference"] == f"acme:VendorInvoiceHeaders:{row.id}"
    assert (invoice["InvoiceNumber"], invoice["dataAreaId"]) == (row.business_number, "usmf")
    assert invoice["InvoiceAccount"] == fo.scene.partner_named(SUPPLIER).supplier_code
    with fo.sandbox.lock:
        lines = [dict(line.values) for line in fo.sandbox.store.sets["VendorInvoiceLines"]]
    assert [(line["PurchLineNumber"], line["ReceiveNow"]) for line in lines] == [(10, Decimal(10)), (20, Decimal(11))]
    assert [(line["UnitPrice"], line["PriceUnit"]) for line in lines] == [
        (line["PurchasePrice"], line["PurchasePriceQuantity"]) for line in fo.lines(number)
    ]
    assert fo.sandbox.state(source=False)["business_duplicates"] == []
    for name, value in fo.scene.environment.items():
        monkeypatch.setenv(name, value)
    show(row.id, journal=True)
    fo.sandbox.post_invoice("usmf", invoice["HeaderReference"])
    show(row.id, journal=True)
    pending, posted = capsys.readouterr().out.split("Journal entry")[1:]
    assert "shows none for it" in pending and "APIN-000001" in posted and "140200 Inventory" in posted, posted


def test_what_was_invoiced_or_shipped_before_is_held_and_becomes_no_second_invoice(begin: Begin) -> None:
    fo = begin()
    number = sent(fo)
    for name in ("", "IN-AGAIN"):
        clerks.answer_order(fo.scene, SUPPLIER, number, "810", named=name)
        clerks.answer_order(fo.scene, SUPPLIER, number, "856")
        fo.scene.settle()
    became = {
        set_id: [
            row.reason_code or row.state.value for row in fo.scene.documents(INBOUND, set_ids=(set_id,), direction="inbound")
        ]
        for set_id in ("810", "856")
    }
    assert became == {"810": ["posted", "invoiced_before"], "856": ["processed", "business_duplicate"]}
    assert len(fo.invoices()) == 1
    assert len(fo.scene.received("824")) == 1


@pytest.mark.parametrize(("fault", "skip"), [("503", 0), ("cut_after", 1), ("429", 1)])
def test_an_invoice_that_broke_off_between_its_requests_is_finished_by_a_later_run(begin: Begin, fault: str, skip: int) -> None:
    fo = begin(invoice_in_one_batch=False)
    number = sent(fo)
    clerks.answer_order(fo.scene, SUPPLIER, number, "810")
    fo.sandbox.faults.arm(fault, path="VendorInvoiceLines", method="POST", skip=skip)
    fo.scene.run(INBOUND)
    assert fo.received("810").state == State.OUTCOME_UNKNOWN
    fo.scene.hours_pass()
    fo.scene.run(INBOUND)
    assert fo.received("810").state == State.POSTED
    (invoice,) = fo.invoices()
    assert len(invoice["lines"]) == 2
    assert fo.sandbox.state(source=False)["headers_without_lines"] == []


@pytest.mark.parametrize(("hours", "state"), [(0, State.POSTED), (3, State.OUTCOME_UNKNOWN)])
def test_that_no_invoice_is_pending_proves_only_for_a_while_that_none_was_made(begin: Begin, hours: int, state: State) -> None:
    """After that somebody may have posted it, and a second one would be paid twice."""
    fo = begin()
    number = sent(fo)
    clerks.answer_order(fo.scene, SUPPLIER, number, "810")
    fo.sandbox.faults.arm("cut_before", path="$batch", method="POST")
    fo.scene.run(INBOUND)
    assert fo.received("810").state == State.OUTCOME_UNKNOWN and fo.invoices() == []
    fo.scene.rows("UPDATE claim SET sending_at = sending_at - make_interval(hours => %s)", hours)
    fo.scene.hours_pass()
    fo.scene.run(INBOUND)
    assert fo.received("810").state == state
    (claim,) = fo.scene.rows("SELECT evidence FROM claim WHERE target = 'erp'")
    assert "may have been posted" in (claim["evidence"] or "") if hours else len(fo.invoices()) == 1


@pytest.mark.parametrize("in_one_batch", [True, False], ids=["batch", "requests"])
def test_a_refused_line_leaves_no_invoice_and_tells_why(begin: Begin, in_one_batch: bool) -> None:
    fo = begin(invoice_in_one_batch=in_one_batch)
    number = sent(fo)
    clerks.answer_order(fo.scene, SUPPLIER, number, "810")
    fo.sandbox.faults.arm("write_refused", path="VendorInvoiceLines", method="POST", skip=1)
    fo.scene.run(INBOUND)
    row = fo.received("810")
    assert (row.state, row.reason_code) == (State.ON_HOLD, "refused_by_server") and row.reason
    assert fo.invoices() == []
    with fo.scene.pipeline() as pipeline:
        pipeline.operator.reprocess(run_of(pipeline, INBOUND), row.id, "the rule is gone")
    fo.scene.run(INBOUND)
    assert fo.received("810").state == State.POSTED and len(fo.invoices()) == 1


def test_an_invoice_that_a_clerk_has_entered_already_is_not_made_again(begin: Begin) -> None:
    fo = begin()
    number = sent(fo)
    sandbox = fo.sandbox
    with sandbox.lock:
        header = {"InvoiceNumber": f"IN{number}", "InvoiceAccount": fo.scene.partner_named(SUPPLIER).supplier_code}
        sandbox.invoices.create(MAIN, {**header, "Currency": fo.scene.partner_named(SUPPLIER).currency})
    sandbox.set_duplicate_policy(MAIN, "AcceptDuplicate")
    clerks.answer_order(fo.scene, SUPPLIER, number, "810")
    fo.scene.settle()
    row = fo.received("810")
    assert (row.state, row.reason_code) == (State.ON_HOLD, "invoice_exists"), row.reason
    assert sum(1 for _ in sandbox.store.sets["VendorInvoiceHeaders"]) == 1


def test_a_wrong_price_waits_for_a_person_and_is_posted_once_approved(begin: Begin) -> None:
    fo = begin()
    number = sent(fo)
    answer = clerks.answer_order(fo.scene, SUPPLIER, number, "810", wrong_price=True)
    fo.scene.settle()
    row = fo.received("810")
    assert (row.state, row.reason_code, answer.advised) == (State.ON_HOLD, "price_differs", "TR")
    assert fo.invoices() == []
    with fo.scene.pipeline() as pipeline:
        pipeline.operator.approve(run_of(pipeline, INBOUND), row.id, "agreed by telephone")
    fo.scene.settle()
    assert fo.received("810").state == State.POSTED and len(fo.invoices()) == 1


@pytest.mark.parametrize("written", [False, True])
def test_an_855_is_recorded_and_by_setting_its_dates_are_written_without_an_echo(begin: Begin, written: bool) -> None:
    fo = begin(confirmed_dates=written)
    number = sent(fo)
    clerks.answer_order(fo.scene, SUPPLIER, number, "855")
    fo.scene.settle()
    row = fo.received("855")
    assert row.state == State.PROCESSED, row.reason
    (kept,) = fo.scene.rows("SELECT links FROM document WHERE id = %s", row.id)
    assert [(line["line"], line["status"]) for line in kept["links"]["lines"]] == [("10", "accepted"), ("20", "accepted")]
    days = {str(line["ConfirmedDeliveryDate"])[:10] for line in fo.lines(number)}
    assert days == ({line["date"] for line in kept["links"]["lines"]} if written else {"1900-01-01"})
    if written:
        fo.sandbox.confirm(MAIN, number)
    fo.scene.settle()
    assert fo.scene.states("x12_850") == {"accepted": 1} and len(fo.scene.uploads("850")) == 1


def test_an_856_is_recorded_against_its_order(begin: Begin) -> None:
    fo = begin()
    number = sent(fo)
    clerks.answer_order(fo.scene, SUPPLIER, number, "856", short=True)
    fo.scene.settle()
    row = fo.received("856")
    assert row.state == State.PROCESSED, row.reason
    assert fo.sandbox.state(source=False)["created"] == []


def test_orders_of_a_month_leave_once_and_counts_agree(begin: Begin) -> None:
    """Drafts, other companies' orders, strangers, cancelled lines, orders confirmed twice: whatever a month brings."""
    fo = begin(documents=100, only=("ferrolux", "polarpack", "eastgate", "granitform"))
    fo.scene.settle(rounds=4)
    states = fo.scene.states("x12_850")
    assert states.get("accepted", 0) > 20 and set(states) <= {"accepted", "on_hold", "before_go_live", "skipped"}, states
    with fo.scene.pipeline() as pipeline:
        last = fo.scene.world.today
        assert compare_with_erp(pipeline.route("x12_850"), last - dt.timedelta(days=27), last) == []
    numbers = [got.business_number for got in fo.scene.received("850")]
    assert len(numbers) == len(set(numbers)) == states["accepted"]
    assert not fo.scene.partner.inbox.business_duplicates
    assert {got.status for got in fo.scene.received("850")} == {"accepted"}
