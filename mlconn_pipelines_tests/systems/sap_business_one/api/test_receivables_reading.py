"""Whose balance moved, and what each customer owes, read from a simulated company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.account_balance import AccountBalance
from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.rows import RowSource
from mlconn_pipelines.systems.sap_business_one.mapping.receivables import account_balance_of
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import Company, sap_company
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox

CODE = "C90010"
LINES = [{"ItemCode": "A1001", "Quantity": 2, "UnitPrice": 50}]


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with sap_company() as company:
        yield company


@pytest.fixture
def source(company: Company) -> RowSource:
    receivables = company.connector().receivables
    assert receivables is not None
    return receivables(lambda: company.sandbox.clock.now().date() - dt.timedelta(days=30))


def _order(sandbox: SapBusinessOneSandbox) -> int:
    return sandbox.add_document("Orders", CardCode=CODE, DocumentLines=LINES)


@pytest.mark.parametrize(
    "move",
    [
        lambda sandbox: sandbox.add_document("Invoices", CardCode=CODE, DocumentLines=LINES),
        lambda sandbox: sandbox.receive_payment(CODE, 5),
        lambda sandbox: sandbox.cancel_payment(sandbox.receive_payment(CODE, 5)),
        _order,
        lambda sandbox: sandbox.close("Orders", _order(sandbox)),
        lambda sandbox: sandbox.change("BusinessPartners", CODE, CreditLimit=1000.0),
        lambda sandbox: sandbox.add_document("DownPayments", CardCode=CODE, DocumentLines=LINES),
    ],
    ids=["invoice", "payment", "payment_cancelled", "order", "order_closed", "credit_limit", "down_payment"],
)
def test_whatever_moves_a_row_is_found_once(
    company: Company, source: RowSource, move: Callable[[SapBusinessOneSandbox], object]
) -> None:
    company.sandbox.move_clock(dt.timedelta(hours=3))
    marks = source.marks()
    assert source.moved(marks).keys == frozenset() and source.moved(marks).marks == marks
    move(company.sandbox)
    moved = source.moved(marks)
    assert CODE in moved.keys and CODE in source.moved(marks, at_a_glance=True).keys
    assert source.moved(moved.marks).keys == source.moved(moved.marks, at_a_glance=True).keys == frozenset()


def test_a_document_that_is_stamped_late_within_the_overlap_is_found(company: Company, source: RowSource) -> None:
    company.sandbox.move_clock(dt.timedelta(hours=3))
    _order(company.sandbox)
    marks = source.marks()
    company.sandbox.move_clock(dt.timedelta(minutes=-5))
    _order(company.sandbox)
    moved = source.moved(marks)
    assert CODE in moved.keys and moved.marks["Orders"][:19] == marks["Orders"][:19]


def test_rows_are_what_customers_owe_alone_or_all_together(company: Company, source: RowSource) -> None:
    sandbox = company.sandbox
    today = sandbox.clock.now().date()
    before = {str(row["CardCode"]): row for rows in source.rows() for row in rows}
    cards = [one.values for one in sandbox.company.sets["BusinessPartners"] if one.values["CardType"] == "cCustomer"]
    assert set(before) == {card["CardCode"] for card in cards}
    for code, row in before.items():
        balance = account_balance_of(row, today, "USD")
        assert balance.balance == Decimal(str(sandbox.record("BusinessPartners", code)["CurrentAccountBalance"]))
    late, due = (str(today + dt.timedelta(days=days)) for days in (-3, 3))
    for day in (late, due):
        invoice = sandbox.add_document("Invoices", CardCode=CODE, DocDueDate=day, DocumentLines=LINES)
    sandbox.pay("Invoices", invoice, amount=30)
    sandbox.change("BusinessPartners", CODE, Frozen="tYES")
    [[row]] = source.rows([CODE, "V20010", "nobody"])
    was, now = (account_balance_of(one, today, "USD") for one in (before[CODE], row))
    assert (now.balance - was.balance, now.open_invoices - was.open_invoices) == (170, 170)
    assert (
        now.overdue - was.overdue == 100
        and now.oldest_due_date is not None
        and now.oldest_due_date <= dt.date.fromisoformat(late)
    )
    assert (was.is_blocked, now.is_blocked) == (False, True)
    sandbox.change("BusinessPartners", CODE, Frozen="tNO")


def test_the_last_payment_is_one_that_stands(company: Company, source: RowSource) -> None:
    def last() -> dt.date | None:
        [[row]] = source.rows([CODE])
        return account_balance_of(row, dt.date(2026, 1, 1), "USD").last_payment_date

    company.sandbox.move_clock(dt.timedelta(days=1))
    company.sandbox.receive_payment(CODE, 5)
    first = company.sandbox.clock.now().date()
    company.sandbox.move_clock(dt.timedelta(days=1))
    payment = company.sandbox.receive_payment(CODE, 5)
    assert last() == first + dt.timedelta(days=1)
    company.sandbox.cancel_payment(payment)
    assert last() == first
    company.sandbox.move_clock(dt.timedelta(days=40))
    assert last() is None and CODE in {row["CardCode"] for rows in source.rows() for row in rows}


@pytest.mark.parametrize("entity", ["Invoices", "BusinessPartners"])
def test_an_answer_to_another_question_is_none(company: Company, source: RowSource, entity: str) -> None:
    company.sandbox.add_document("Invoices", CardCode="C90020", DocumentLines=LINES)
    company.sandbox.faults.arm("200_duplicate", path="/nothing", count=1)  # from now on answers are kept
    list(source.rows(["C90020"]))
    company.sandbox.faults.arm("200_duplicate", path=f"/{entity}?", count=1)
    with pytest.raises(Retryable, match="it answered with others"):
        list(source.rows([CODE]))
    company.sandbox.faults.disarm()
    assert list(source.rows([CODE]))


def test_a_check_reads_one_record_of_each_set(company: Company, source: RowSource) -> None:
    [report] = source.check()
    assert report.ok and "JournalEntries" in report.detail and "BusinessPartners" in report.detail


def test_an_open_credit_note_is_taken_off_what_is_open(company: Company, source: RowSource) -> None:
    def open_invoices() -> Decimal:
        [[row]] = source.rows([CODE])
        return account_balance_of(row, dt.date(2026, 1, 1), "USD").open_invoices

    before = open_invoices()
    company.sandbox.add_document("CreditNotes", CardCode=CODE, DocumentLines=LINES)
    assert open_invoices() == before - 100
    invoice = company.sandbox.add_document("Invoices", CardCode=CODE, DocumentLines=LINES)
    base = {"BaseType": 13, "BaseEntry": invoice, "BaseLine": 0}
    company.sandbox.add_document("CreditNotes", CardCode=CODE, DocumentLines=[base])
    assert open_invoices() == before - 100, "one that was made from an invoice has settled it"


def _balance(source: RowSource, today: dt.date) -> AccountBalance:
    [[row]] = source.rows([CODE])
    return account_balance_of(row, today, "USD")


def test_money_on_account_and_credit_notes_that_are_matched_later_lower_what_is_open(
    company: Company, source: RowSource
) -> None:
    sandbox = company.sandbox
    sandbox.move_clock(dt.timedelta(hours=3))
    today = sandbox.clock.now().date()
    late = {"DocDueDate": str(today - dt.timedelta(days=3))}
    invoice = sandbox.add_document("Invoices", CardCode=CODE, DocumentLines=LINES, **late)
    payment = sandbox.receive_payment(CODE, 30)
    note = sandbox.add_document("CreditNotes", CardCode=CODE, DocumentLines=[{**LINES[0], "Quantity": 1}])
    before, marks = _balance(source, today), source.marks()
    sandbox.move_clock(dt.timedelta(hours=3))
    matched = sandbox.reconcile("Invoices", invoice, "IncomingPayments", payment)
    moved = source.moved(marks)
    assert moved.keys == source.moved(marks, at_a_glance=True).keys == {CODE}, "nothing else tells of it"
    after = _balance(source, today)
    assert (before.balance - after.balance, before.open_invoices - after.open_invoices, before.overdue - after.overdue) == (
        0,
        30,
        30,
    )
    assert after.last_payment_date == before.last_payment_date == today
    sandbox.reconcile("Invoices", invoice, "CreditNotes", note)
    last = _balance(source, today)
    assert (after.open_invoices - last.open_invoices, after.overdue - last.overdue) == (0, 50), "both sides are open no more"
    marks = source.moved(moved.marks).marks
    sandbox.cancel_reconciliation(matched)
    assert source.moved(marks).keys == {CODE} and _balance(source, today).overdue == last.overdue + 30
    assert source.moved(source.moved(marks).marks).keys == frozenset()


def test_a_down_payment_invoice_is_open_until_it_is_paid_and_a_request_is_not(company: Company, source: RowSource) -> None:
    sandbox = company.sandbox
    sandbox.move_clock(dt.timedelta(days=1))
    today = sandbox.clock.now().date()
    before = _balance(source, today)
    late = {"CardCode": CODE, "DocDueDate": str(today - dt.timedelta(days=1)), "DocumentLines": LINES}
    sandbox.add_document("DownPayments", DownPaymentType="dptRequest", **late)
    entry = sandbox.add_document("DownPayments", DownPaymentPercentage=40.0, **late)
    owed = _balance(source, today)
    assert (owed.balance - before.balance, owed.open_invoices - before.open_invoices, owed.overdue - before.overdue) == (
        40,
        40,
        40,
    )
    sandbox.pay("DownPayments", entry)
    paid = _balance(source, today)
    assert (paid.balance, paid.open_invoices, paid.overdue) == (before.balance, before.open_invoices, before.overdue)
    assert paid.last_payment_date == today
    sandbox.add_document("Invoices", DownPaymentsToDraw=[{"DocEntry": entry}], **late)
    drawn = _balance(source, today)
    assert (drawn.balance - paid.balance, drawn.open_invoices - paid.open_invoices, drawn.overdue - paid.overdue) == (
        60,
        60,
        60,
    )


def test_marks_of_an_earlier_release_begin_at_the_newest_reconciliation(company: Company, source: RowSource) -> None:
    marks = dict(source.marks())
    del marks["InternalReconciliations"], marks["DownPayments"]
    again = source.moved(marks)
    assert set(again.marks) == set(source.marks()) and source.moved(again.marks).keys == frozenset()
