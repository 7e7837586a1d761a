"""What posted documents did to the ERP's general ledger, read from the simulated systems."""

from __future__ import annotations

import pytest

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.flows.journals import journal_entries, journal_entry_of_created
from mlconn_pipelines.flows.route import System
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger
from mlconn_pipelines_tests.systems.business_central.business_central_company import business_central_company
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import Company, sap_company

REFERENCE = "acme:PurchaseInvoices:D1"


def system_of(company: Company) -> System:
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
