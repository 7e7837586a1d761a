"""What posted documents did to the ERP's general ledger, read from the simulated systems."""

from __future__ import annotations

from typing import Any

import pytest

from mlconn_pipelines.errors import ConnectorError, Retryable
from mlconn_pipelines.flows.journals import journal_entries, journal_entry_of_created
from mlconn_pipelines.flows.route import System
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger
from mlconn_pipelines_tests.systems.business_central.business_central_company import business_central_company
from mlconn_pipelines_tests.systems.finance_operations.simulated_environment import SimulatedEnvironment, simulated_environment
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import Company, sap_company

REFERENCE = "acme:PurchaseInvoices:D1"


INVOICES = "VendorInvoiceHeaders"


def system_of(company: Company | SimulatedEnvironment) -> System:
    return System(engine_on(FakeLedger()), company.connector(), None)  # type: ignore[arg-type]


def test_each_posted_document_has_its_entry_and_orders_have_none() -> None:
    with sap_company() as company:
        keys = company.keys("Invoices")
        found = journal_entries(system_of(company), "Invoices", [*keys, "999999"])
        assert sorted(found) == sorted(keys)
        for key, entry in found.items():
            document = company.sandbox.record("Invoices", int(key))
            assert sum(line.debit - line.credit for line in entry.lines) == 0
            assert document["CardCode"] in [line.partner for line in entry.lines]
            assert (entry.number, str(entry.day)) == (str(document["TransNum"]), document["DocDate"][:10])
        assert journal_entries(system_of(company), "PurchaseOrders", company.keys("PurchaseOrders")) == {}


def test_what_we_created_has_an_entry_once_it_is_posted_and_a_draft_has_none() -> None:
    with sap_company() as company:
        system = system_of(company)
        assert journal_entry_of_created(system, "PurchaseInvoices", REFERENCE, None) is None
        payload = dict(company.payload(REFERENCE, "PurchaseInvoices"))
        system.connector.target.create("PurchaseInvoices", payload | {"DocObjectCode": "oPurchaseInvoices"})
        assert journal_entry_of_created(system, "PurchaseInvoices", REFERENCE, None) is None
        system.connector.target.create("PurchaseInvoices", payload)
        entry = journal_entry_of_created(system, "PurchaseInvoices", REFERENCE, None)
        assert entry and [line.partner for line in entry.lines if line.partner] == [payload["CardCode"]]


def test_a_journal_that_cannot_be_read_is_told() -> None:
    with sap_company() as company:
        company.sandbox.faults.arm("503", path="JournalEntries", count=99)
        with pytest.raises(Retryable):
            journal_entries(system_of(company), "Invoices", company.keys("Invoices"))


def test_a_posted_invoice_of_business_central_is_entered_under_its_number() -> None:
    with business_central_company() as central:
        system = System(engine_on(FakeLedger()), central.connector(), None)  # type: ignore[arg-type]
        posted = {record.id: record.values for record in central.sandbox.company.sets["salesInvoices"] if record.posted}
        draft = central.draft_invoice()
        found = journal_entries(system, "salesInvoices", [*posted, draft])
        assert set(found) == set(posted)
        for key, entry in found.items():
            assert (entry.number, str(entry.day)) == (posted[key]["number"], posted[key]["postingDate"])
            owed = [line.debit for line in entry.lines if line.account == "2310"]
            assert owed == [posted[key]["totalAmountIncludingTax"]]
        assert journal_entries(system, "salesOrders", [draft]) == {}


def invoice(environment: SimulatedEnvironment, reference: str, number: str) -> dict[str, Any]:
    """Created in F&O for the first line of a new order, and still pending."""
    order = environment.sandbox.record("PurchaseOrderHeadersV2", "usmf", environment.order())
    line = {"InvoiceLineNumber": 1, "ProcurementCategoryName": "Freight", "ReceiveNow": 2, "UnitPrice": 10, "NetAmount": 20}
    payload = {
        "dataAreaId": "usmf",
        "HeaderReference": reference,
        "InvoiceNumber": number,
        "InvoiceAccount": order["OrderVendorAccountNumber"],
        "DimensionDisplayValue": "001-022",
        "Currency": "EUR",
        "VendorInvoiceLines": [line | {"Currency": "EUR"}],
    }
    environment.connector().target.create(INVOICES, payload)
    return payload


def test_a_vendor_invoice_of_finance_and_operations_has_an_entry_once_people_posted_it() -> None:
    with simulated_environment(documents=20) as environment:
        system, sandbox = system_of(environment), environment.sandbox
        payload = invoice(environment, REFERENCE, "INV-7")
        assert journal_entry_of_created(system, INVOICES, REFERENCE, payload) is None
        sandbox.post_invoice("usmf", REFERENCE)
        for number in ("INV-70", "INV*"):  # what another one did is not its own
            invoice(environment, f"other {number}", number)
            sandbox.post_invoice("usmf", f"other {number}")
        entry = journal_entry_of_created(system, INVOICES, REFERENCE, payload)
        assert entry and (entry.number, str(entry.day)) == ("APIN-000001", "2026-11-20")
        assert [(line.account, line.debit, line.credit) for line in entry.lines] == [("600150", 22, 0), ("200100", 0, 22)]
        assert journal_entry_of_created(system, INVOICES, REFERENCE, {**payload, "InvoiceNumber": "INV-8"}) is None
        assert journal_entries(system, "PurchaseOrderConfirmationHeaders", ["usmf|00000001"]) == {}


def test_an_environment_that_publishes_no_journal_shows_the_voucher_or_says_so() -> None:
    with simulated_environment(documents=20) as environment:
        system, sandbox = system_of(environment), environment.sandbox
        payload = invoice(environment, REFERENCE, "INV-7")
        sandbox.post_invoice("usmf", REFERENCE)
        sandbox.unpublished |= {"GeneralJournalAccountEntryBiEntities", "GeneralJournalEntryBiEntities"}
        entry = journal_entry_of_created(system, INVOICES, REFERENCE, payload)
        assert entry and (entry.number, entry.lines) == ("APIN-000001", ())
        sandbox.unpublished.add("VendInvoiceJourBiEntities")
        with pytest.raises(ConnectorError, match="does not publish it"):
            journal_entry_of_created(system, INVOICES, REFERENCE, payload)
