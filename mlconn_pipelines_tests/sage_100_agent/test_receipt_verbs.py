"""Receipts and vendors' invoices entered: what came and nothing else, once, and not posted."""

from __future__ import annotations

from typing import Any

import pytest

from mlconn_pipelines_tests.sage_100_agent.simulated import Kept, site_of
from mlconn_simulators.sage_100.sandbox import MAIN, Sage100Sandbox
from mlconn_simulators.world.making import make_world
from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.job import Job, OutcomeUnknown, Row

REFERENCE = "mlc:7f3a2b"
INVOICE: Row = {
    "division": "00",
    "vendor": "V10090",
    "invoice": "inv-77",
    "date": "20261129",
    "amount": "112.50",
    "freight": "12.50",
    "lines": [{"account_key": "000000003", "amount": "100.00", "comment": "goods"}],
}


@pytest.fixture
def sandbox() -> Sage100Sandbox:
    return Sage100Sandbox(make_world(1, 40), orders=0)


def order(sandbox: Sage100Sandbox) -> str:
    lines: list[dict[str, str | float]] = [
        {"ItemCode$": "A1001", "QuantityOrdered": 5.0},
        {"ItemCode$": "A1002", "QuantityOrdered": 12.0},
    ]
    return sandbox.people.enter_order("V10090", lines, {"WarehouseCode$": "000"})


def do(sandbox: Sage100Sandbox, verb: str, params: Row, kept: Kept | None = None, number: str = "") -> Row:
    site = site_of(sandbox)
    try:
        return VERBS[verb].run(Job(verb, MAIN, params, REFERENCE, number), site, kept or Kept())
    finally:
        site.session.close()


def rows(sandbox: Sage100Sandbox, table: str) -> list[Any]:
    return list(sandbox.company[table].rows.values())


@pytest.mark.parametrize("fills", [False, True])
def test_a_receipt_has_what_came_and_nothing_of_what_is_only_due(sandbox: Sage100Sandbox, fills: bool) -> None:
    sandbox.site.receipt_fills_quantities = fills
    number = order(sandbox)
    line = {"line_key": "000002", "quantity": "7.5", "warehouse": "002"}
    told = do(sandbox, "receipt.enter", {"purchase_order": number, "date": "20261129", "lines": [line]}, kept := Kept())
    assert kept.told == [("number_taken", told["number"]), ("written", told["number"])] and told["posted"] is False
    [header], [detail] = rows(sandbox, "PO_ReceiptHeader"), rows(sandbox, "PO_ReceiptDetail")
    assert (header["ReceiptType$"], header["ReceiptNo$"], header["PurchaseOrderNo$"]) == ("G", told["number"], number)
    assert header["Comment$"] == REFERENCE and header["ReceiptDate$"] == "20261129"
    assert (detail["OrderLineKey$"], detail["QuantityReceived"], detail["WarehouseCode$"]) == ("000002", 7.5, "002")
    assert [line["QuantityReceived"] for line in sandbox.order(number)["lines"]] == [0.0, 0.0], "nothing moves before posting"
    assert sandbox.company.locks == {}


def test_where_a_company_enters_in_batches_sage_chooses_one_and_it_is_let_go(sandbox: Sage100Sandbox) -> None:
    sandbox.company.batches |= {"P/O", "A/P"}
    number = order(sandbox)
    params = {"purchase_order": number, "date": "20261129", "lines": [{"line_key": "000001", "quantity": "1"}]}
    told = do(sandbox, "receipt.enter", params)
    assert told["batch"] == "00001" == rows(sandbox, "PO_ReceiptHeader")[0]["BatchNo$"]
    assert do(sandbox, "ap_invoice.enter", INVOICE)["batch"] == "00001"
    assert sandbox.company.locks == {}


def test_a_receipt_of_a_line_or_an_order_that_is_not_there_is_refused(sandbox: Sage100Sandbox) -> None:
    number = order(sandbox)
    for purchase_order, line_key in ((number, "000009"), ("9999999", "000001")):
        with pytest.raises(Refused) as refused:
            line = {"line_key": line_key, "quantity": "1"}
            do(sandbox, "receipt.enter", {"purchase_order": purchase_order, "date": "20261129", "lines": [line]})
        assert refused.value.category is Category.NOT_FOUND
    assert rows(sandbox, "PO_ReceiptHeader") == [] and sandbox.company.locks == {}


def test_a_receipt_is_found_by_its_number_and_our_reference(sandbox: Sage100Sandbox) -> None:
    params = {"purchase_order": order(sandbox), "date": "20261129", "lines": [{"line_key": "000001", "quantity": "1"}]}
    number = do(sandbox, "receipt.enter", params)["number"]
    for known in ({"number": number}, {"reference": REFERENCE}):
        [found] = do(sandbox, "doc.find", {"kind": "receipt", **known})["found"]
        assert (found["number"], found["reference"], found["place"]) == (number, REFERENCE, "entered")
    with pytest.raises(OutcomeUnknown):
        do(sandbox, "receipt.enter", params, number=number)


def test_an_invoice_is_entered_under_the_vendors_number(sandbox: Sage100Sandbox) -> None:
    told = do(sandbox, "ap_invoice.enter", INVOICE, kept := Kept())
    assert told["number"] == "INV-77" and kept.told == [("number_taken", "INV-77"), ("written", "INV-77")]
    [header], [detail] = rows(sandbox, "AP_InvoiceHeader"), rows(sandbox, "AP_InvoiceDetail")
    assert (header["InvoiceNo$"], header["InvoiceAmt"], header["FreightAmt"]) == ("INV-77", 112.5, 12.5)
    assert (detail["AccountKey$"], detail["DistributionAmt"], detail["CommentText$"]) == ("000000003", 100.0, "goods")
    assert header["Comment$"] == REFERENCE and sandbox.company.locks == {}


@pytest.mark.parametrize("table", ["AP_InvoiceHeader", "AP_OpenInvoice", "AP_InvoiceHistoryHeader"])
def test_an_invoice_that_is_entered_open_or_paid_is_not_entered_again(sandbox: Sage100Sandbox, table: str) -> None:
    sandbox.site.duplicate_invoices = "none"
    sandbox.company[table].put({"APDivisionNo$": "00", "VendorNo$": "V10090", "InvoiceNo$": "INV-77", "Comment$": "by hand"})
    with pytest.raises(Refused) as refused:
        do(sandbox, "ap_invoice.enter", INVOICE, kept := Kept())
    assert refused.value.category is Category.DUPLICATE and kept.told == []
    do(sandbox, "ap_invoice.enter", INVOICE | {"vendor": "V10160"})


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"amount": "113.00"}, Category.OTHER),
        ({"lines": [{"account_key": "000000006", "amount": "100.00"}]}, Category.OTHER),
        ({"lines": [{"account_key": "000000099", "amount": "100.00"}]}, Category.NOT_FOUND),
        ({"vendor": "V99999"}, Category.NOT_FOUND),
    ],
)
def test_an_invoice_that_does_not_add_up_or_names_what_is_not_there_is_refused(
    sandbox: Sage100Sandbox, change: Row, category: Category
) -> None:
    with pytest.raises(Refused) as refused:
        do(sandbox, "ap_invoice.enter", INVOICE | change)
    assert refused.value.category is category
    assert rows(sandbox, "AP_InvoiceHeader") == [] and sandbox.company.locks == {}


def test_a_closed_period_has_its_category(sandbox: Sage100Sandbox) -> None:
    sandbox.company.open_from = "20261201"
    with pytest.raises(Refused) as refused:
        do(sandbox, "ap_invoice.enter", INVOICE)
    assert refused.value.category is Category.PERIOD_CLOSED
    do(sandbox, "ap_invoice.enter", INVOICE | {"posting_date": "20261201"})
