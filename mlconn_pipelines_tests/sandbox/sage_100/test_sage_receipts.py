"""Receipts of goods and A/P invoices, judged by the facts: entered in batches, not posted, checked against what was posted before."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines_tests.sandbox.sage_100.conftest import ByReference, Client, value
from mlconn_simulators.sage_100.component import ComError, Component
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox
from mlconn_simulators.sage_100.seed import FREIGHT, PURCHASES


def receipt_entry(client: Client) -> Component:
    client.module("P/O", "PO_Receipt_ui")
    return client.new("PO_Receipt_bus")


def start_receipt(bus: Component, order: str) -> str:
    number = ByReference()
    assert bus.call("nGetNextReceiptNo", number) == 1
    bus.call("nSetKeyValue", "ReceiptType$", "G")
    bus.call("nSetKeyValue", "ReceiptNo$", number.value)
    assert bus.call("nSetKey") == 2, bus.get("sLastErrorMsg")
    assert bus.call("nSetValue", "PurchaseOrderNo$", order) == 1, bus.get("sLastErrorMsg")
    return str(number.value)


def receive_first(bus: Component, quantity: float) -> int:
    lines = bus.get("oLines")
    assert lines.call("nMoveFirst") == 1
    answer = lines.call("nSetValue", "QuantityReceived", quantity)
    assert lines.call("nWrite") != 0
    return int(answer)


def test_a_receipt_is_entered_and_moves_nothing(sage: Sage100Sandbox, client: Client) -> None:
    """Trap 9: stock and ledger do not move until the register is updated. Agent facts, row 15: six characters and the type."""
    order = client.entered(lines=2)
    bus = receipt_entry(client)
    number = start_receipt(bus, order)
    assert (number, value(bus, "VendorNo$")) == ("000001", "V10090")
    assert bus.get("oLines").call("nMoveFirst") == 1
    assert value(bus.get("oLines"), "QuantityReceived") == 0.0
    assert receive_first(bus, 2.0) == 1
    assert bus.call("nWrite") == 1
    assert sage.company["PO_ReceiptHeader"].rows["G", number]["ReceiptAmt"] == round(
        2 * sage.order(order)["lines"][0]["UnitCost"], 2
    )
    assert len(list(sage.company["PO_ReceiptDetail"].under("G", number))) == 1
    assert [line["QuantityReceived"] for line in sage.order(order)["lines"]] == [0.0, 0.0]
    assert bus.call("nFind", f"G{number}") == 1
    assert sage.people.post_receipts() == [f"G{number}"]
    posted = sage.order(order)
    assert ([line["QuantityReceived"] for line in posted["lines"]], posted["OrderStatus$"]) == ([2.0, 0.0], "B")
    assert posted["LastReceiptNo$"] == f"G{number}"
    assert bus.call("nFind", f"G{number}") == 0
    history = client.new("PO_ReceiptHistory_svc")
    assert history.call("nMoveFirst") == 1
    assert value(history, "TransactionDate$") == sage.clock.today()


def test_with_batches_on_a_batch_comes_first_and_its_number_by_reference(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, row 14."""
    order = client.entered()
    bus, batch = receipt_entry(client), ByReference()
    assert bus.call("nSelectBatch", batch) == 0
    sage.company.batches.add("P/O")
    assert bus.call("nSetKey", "G000009") == 0
    assert "batch number is required" in bus.get("sLastErrorMsg")
    assert bus.call("nSelectBatch", "") == 1
    assert bus.call("nSelectBatch", batch) == 1
    assert batch.value == "00002"
    assert bus.call("nSetValue", "BatchNo$", "00001") == 0
    assert bus.call("nSetValue", "BatchNo$", batch.value) == 1
    number = start_receipt(bus, order)
    receive_first(bus, 3.0)
    assert bus.call("nWrite") == 1
    assert sage.company["PO_ReceiptHeader"].rows["G", number]["BatchNo$"] == "00002"
    bus.release()
    sage.people.lock_batch("00002", for_s=20)
    other = receipt_entry(client)
    assert other.call("nSelectBatch", ByReference("00002")) == 0
    assert other.get("sLastErrorMsg") == "Batch 00002 is in use by SMITH on WS07."
    sage.clock.move(dt.timedelta(seconds=21))
    assert other.call("nSelectBatch", ByReference("00002")) == 1
    assert other.call("nSelectBatch", ByReference("00077")) == 0


def test_what_cannot_be_received_is_refused(sage: Sage100Sandbox, client: Client) -> None:
    order = client.entered()
    bus = receipt_entry(client)
    start_receipt(bus, order)
    assert bus.call("nWrite") == 0
    assert "no lines" in bus.get("sLastErrorMsg")
    assert receive_first(bus, 4.0) == -1
    assert bus.call("nSetValue", "PurchaseOrderNo$", "0000006") == 0
    assert bus.call("nSetValue", "PurchaseOrderNo$", "7777777") == 0
    sage.people.lock("PO_PurchaseOrderHeader", "0000002")
    assert bus.call("nSetValue", "PurchaseOrderNo$", "0000002") == 0
    assert "in use" in bus.get("sLastErrorMsg")
    bus.call("nSetValue", "ReceiptDate$", "20250101")
    sage.company.open_from = "20260101"
    assert bus.call("nWrite") == 0
    assert "open period" in bus.get("sLastErrorMsg")
    assert bus.call("nSetValue", "ReceiptDate$", "20260131") == 1
    assert bus.call("nWrite") == 1


def test_lines_may_come_with_all_that_is_open(sage: Sage100Sandbox, client: Client) -> None:
    order = client.entered()
    sage.site.receipt_fills_quantities = True
    bus = receipt_entry(client)
    start_receipt(bus, order)
    assert bus.call("nWrite") == 1
    sage.people.post_receipts()
    assert sage.order(order)["lines"][0]["QuantityReceived"] == 3.0


def test_a_register_is_printed_before_it_is_updated_and_restarts_when_cut_off(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, rows 16 and 18: never end the host during an update."""
    order = client.entered()
    bus = receipt_entry(client)
    start_receipt(bus, order)
    receive_first(bus, 3.0)
    bus.call("nWrite")
    client.module("P/O", "PO_ReceiptRegister_ui")
    register = client.new("PO_ReceiptRegister_upd")
    assert register.call("nUpdate") == 0
    assert register.call("nSetPostingDate", "20260130") == 1
    assert register.call("nProcessReport", "PRINT") == 1
    assert register.call("nUpdate") == 1
    assert sage.order(order)["OrderStatus$"] == "O"
    register.call("nProcessReport", "PRINT")
    sage.site.faults.arm("die", "nUpdate")
    with pytest.raises(ComError):
        register.call("nUpdate")
    assert sage.site.half_posted == [""]


def test_an_order_is_complete_when_all_came_and_was_invoiced(sage: Sage100Sandbox) -> None:
    sage.people.receive("0000001")
    assert sage.order("0000001")["OrderStatus$"] == "O"
    sage.people.invoice("0000001", "INV-1")
    assert sage.order("0000001")["OrderStatus$"] == "X"
    vendor = sage.order("0000001")["VendorNo$"]
    assert sage.company["AP_OpenInvoice"].rows["00", vendor, "INV-1"]["InvoiceAmt"] > 0
    sage.people.pay("00", vendor, "INV-1")
    assert len(sage.company["AP_OpenInvoice"].rows) == 0
    assert len(sage.company["AP_InvoiceHistoryHeader"].rows) == 1


# A/P invoices.


def invoice_entry(client: Client) -> Component:
    client.module("A/P", "AP_Invoice_ui")
    return client.new("AP_Invoice_bus")


def open_invoice(bus: Component, number: str, vendor: str = "V10090") -> int:
    for name, part in (("APDivisionNo$", "00"), ("VendorNo$", vendor), ("InvoiceNo$", number)):
        assert bus.call("nSetKeyValue", name, part) == 1
    return int(bus.call("nSetKey"))


def distribute(bus: Component, amount: float, account: str = PURCHASES) -> int:
    lines = bus.get("oLines")
    lines.call("nAddLine")
    if lines.call("nSetValue", "AccountKey$", account) == 0:
        return 0
    lines.call("nSetValue", "DistributionAmt", amount)
    return int(lines.call("nWrite"))


def test_an_invoice_is_entered_in_balance_and_posted_by_people(sage: Sage100Sandbox, client: Client) -> None:
    bus = invoice_entry(client)
    assert open_invoice(bus, "inv-7") == 2
    assert value(bus, "InvoiceNo$") == "INV-7"
    assert bus.call("nSetValue", "InvoiceDate$", "20260115") == 1
    assert value(bus, "InvoiceDueDate$") == "20260214"
    bus.call("nSetValue", "InvoiceAmt", 110.0)
    bus.call("nSetValue", "FreightAmt", 10.0)
    assert distribute(bus, 99.0) == 1
    assert bus.call("nWrite") == 0
    assert "out of balance by 1.00" in bus.get("sLastErrorMsg")
    assert distribute(bus, 1.0, FREIGHT) == 1
    assert bus.call("nWrite") == 1
    assert client.new("AP_OpenInvoice_svc").call("nMoveFirst") == 0
    assert open_invoice(bus, "INV-7") == 1
    assert sage.people.post_invoices() == ["INV-7"]
    found = client.new("AP_OpenInvoice_svc")
    assert found.call("nMoveFirst") == 1
    assert value(found, "Balance") == 110.0


@pytest.mark.parametrize("behaviour", ["refuse", "warn"])
def test_a_vendors_number_is_looked_for_in_open_and_paid_invoices(sage: Sage100Sandbox, client: Client, behaviour: str) -> None:
    """Traps 8 and 7: the number is the vendor's, so that no helper protects."""
    sage.site.duplicate_invoices = behaviour
    order = sage.order("0000001")
    sage.people.invoice("0000001", "INV-1")
    bus = invoice_entry(client)
    expected = 0 if behaviour == "refuse" else -1
    assert open_invoice(bus, "INV-1", order["VendorNo$"]) == expected
    assert "already been used" in bus.get("sLastErrorMsg")
    sage.people.pay("00", order["VendorNo$"], "INV-1")
    assert open_invoice(bus, "INV-1", order["VendorNo$"]) == expected
    history = client.new("AP_InvoiceHistoryHeader_svc")
    history.call("nSetBrowseFilter", f"00{order['VendorNo$']}".ljust(9) + "INV-1")
    assert history.call("nMoveFirst") == 1
    assert open_invoice(bus, "INV-1", "V90010") == 2
    assert open_invoice(bus, "INV-1", "NOBODY") == 0


def test_accounts_have_to_be_active_and_of_their_time(client: Client) -> None:
    """Facts, section 4: an account can be outside its dates though active."""
    bus = invoice_entry(client)
    open_invoice(bus, "INV-8")
    assert [distribute(bus, 1.0, key) for key in ("000000006", "000000007", "000000008", "000009999", PURCHASES)] == [
        0,
        0,
        0,
        0,
        1,
    ]
    accounts = client.new("GL_Account_svc")
    assert accounts.call("nFind", "8") == 1
    assert (value(accounts, "Account$"), value(accounts, "Status$"), value(accounts, "DateEnd$")) == (
        "6400-01-20",
        "A",
        "20201231",
    )


# Vendors and reference lists.


def test_vendors_and_lists_are_read(sage: Sage100Sandbox, client: Client) -> None:
    vendors = client.new("AP_Vendor_svc")
    vendors.call("nSetKeyValue", "APDivisionNo$", "00")
    assert vendors.call("nFind") == 0
    assert vendors.call("nFind", "00V10090") == 1
    assert value(vendors, "VendorName$") == "Ferrolux Metals SpA".ljust(50)
    for name in (
        "CI_ItemCode_svc",
        "IM_Warehouse_svc",
        "AP_TermsCode_svc",
        "AR_TermsCode_svc",
        "SY_SalesTaxSchedule_svc",
        "GL_MainAccount_svc",
    ):
        assert client.new(name).call("nMoveFirst") == 1
    sage.people.edit_vendor("V10090", TelephoneNo="+1 555 0100")
    sage.people.edit_vendor("V99999", VendorName="New Vendor")
    assert sage.company["AP_Vendor"].rows["00", "V10090"]["DateUpdated$"] == "20260130"
    assert sage.company["AP_Vendor"].rows["00", "V99999"]["DateCreated$"] == "20260130"


def test_a_vendor_is_written_by_its_object(sage: Sage100Sandbox, client: Client) -> None:
    client.module("A/P", "AP_Vendor_ui")
    bus = client.new("AP_Vendor_bus")
    assert bus.call("nSetKey", "00NEW1") == 2
    assert bus.call("nWrite") == 0
    bus.call("nSetValue", "VendorName$", "New One")
    assert bus.call("nSetValue", "TermsCode$", "77") == 0
    assert bus.call("nWrite") == 1
    assert bus.call("nSetKey", "01NEW1") == 0
    assert sage.company["AP_Vendor"].rows["00", "NEW1"]["VendorStatus$"] == "A"
    with pytest.raises(ComError):
        bus.get("oLines")


def test_versions_call_a_column_otherwise(sage: Sage100Sandbox, client: Client) -> None:
    """Trap 19."""
    sage.company["AP_Vendor"].rename_column("VendorStatus$", "Status$")
    vendors = client.new("AP_Vendor_svc")
    columns = vendors.call("sGetColumns", "AP_Vendor").split("Š")
    assert ("Status$" in columns, "VendorStatus$" in columns) == (True, False)
    vendors.call("nFind", "00V90080")
    assert value(vendors, "Status$") == "I"
    bus = client.order_entry()
    bus.call("nSetKey", "9000001")
    bus.call("nSetValue", "APDivisionNo$", "00")
    assert bus.call("nSetValue", "VendorNo$", "V90080") == -1
