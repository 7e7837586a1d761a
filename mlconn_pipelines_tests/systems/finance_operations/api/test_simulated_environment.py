"""The connector against the simulated environment, which was written from the documentation and not from the connector."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.errors import CredentialRefused, DocumentRejected, OutcomeUnknown, PartiallyDone, Retryable
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.systems.finance_operations.records.naming import (
    CONFIRMATION_LINES,
    CONFIRMATIONS,
    INVOICE_LINES,
    INVOICES,
    ORDER_LINES,
    ORDERS,
)
from mlconn_pipelines_tests.systems.finance_operations.simulated_environment import (
    NOON,
    SimulatedEnvironment,
    simulated_environment,
)
from mlconn_pipelines_tests.transport.in_memory import MemoryLimiter
from mlconn_pipelines_tests.transport.totals_of_days import day_totals
from mlconn_simulators.finance_operations.masters import DIMENSIONS, FREIGHT

LONG_AGO, TODAY = dt.date(2026, 1, 1), NOON.date()
REFERENCE = "acme:VendorInvoiceHeaders:D1"


def stamps_of(environment: SimulatedEnvironment, since: str | None = None, **settings: Any) -> list[KeyStamp]:
    pages = environment.connector(**settings).source.changed(CONFIRMATIONS, since, LONG_AGO)
    return [stamp for page in pages for stamp in page]


def payload(environment: SimulatedEnvironment, number: str, **changes: Any) -> dict[str, Any]:
    """What the mapping would make of an invoice over a whole order."""
    (order,) = environment.connector().source.records(ORDERS, [f"usmf|{number}"])
    lines = [
        {
            "InvoiceLineNumber": place,
            "ItemNumber": line["ItemNumber"],
            "PurchaseOrder": number,
            "PurchLineNumber": line["LineNumber"],
            "ReceiveNow": line["OrderedPurchaseQuantity"],
            "Unit": line["PurchaseUnitSymbol"],
            "UnitPrice": line["PurchasePrice"],
            "PriceUnit": line["PurchasePriceQuantity"],
            "Currency": order["CurrencyCode"],
        }
        for place, line in enumerate(order[ORDER_LINES], start=1)
    ]
    return {
        "dataAreaId": "usmf",
        "HeaderReference": REFERENCE,
        "InvoiceNumber": "INV-1",
        "InvoiceAccount": order["InvoiceVendorAccountNumber"],
        "InvoiceDate": "2026-11-20T12:00:00Z",
        "PurchaseOrderNumber": number,
        "Currency": order["CurrencyCode"],
        INVOICE_LINES: lines,
        **changes,
    }


def test_every_confirmed_order_of_the_company_is_found_once_whatever_the_page_size() -> None:
    with simulated_environment(documents=250) as environment:
        whole = stamps_of(environment)
        confirmed = {record.key[:2] for record in environment.sandbox.store.sets[CONFIRMATIONS] if record.key[0] == "usmf"}
        assert {tuple(stamp.key.split("|")) for stamp in whole} == confirmed and len(whole) == len(confirmed)
        environment.sandbox.page_size = 7
        assert stamps_of(environment) == whole
        environment.sandbox.link_root = "https://inner.invalid:8443"  # all that a server behind a proxy knows of itself
        assert stamps_of(environment) == whole
        twice = [stamp for stamp in whole if stamp.stamp.endswith("-2")]
        assert twice, "no order of this world was confirmed twice"
        (record,) = environment.connector().source.records(CONFIRMATIONS, [twice[0].key])
        assert len(record["Confirmations"]) == 2 and record["ConfirmationNumber"].endswith("-2")


def test_another_companys_orders_are_another_matter() -> None:
    with simulated_environment(documents=250) as environment:
        ours, theirs = stamps_of(environment), stamps_of(environment, company="DEMF")
        assert theirs and {stamp.key[:5] for stamp in theirs} == {"demf|"} and {stamp.key[:5] for stamp in ours} == {"usmf|"}
        (record,) = environment.connector(company="demf").source.records(CONFIRMATIONS, [theirs[0].key])
        assert record["dataAreaId"] == "demf" and record[CONFIRMATION_LINES]


def test_whole_orders_have_all_their_lines_and_totals_agree_day_by_day() -> None:
    with simulated_environment(documents=250, page_size=9) as environment:
        stamps = stamps_of(environment)
        connector = environment.connector()
        records = {
            record["PurchaseOrderNumber"]: record for record in connector.source.records(CONFIRMATIONS, [s.key for s in stamps])
        }
        assert len(records) == len(stamps)
        for number, record in records.items():
            added = sum(Decimal(str(line["LineAmount"])) for line in record[CONFIRMATION_LINES])
            assert added == Decimal(str(record["SubTotalAmount"])), number
        totals = day_totals(connector, CONFIRMATIONS, LONG_AGO, TODAY)
        standing = [record for record in records.values() if record["PurchaseOrder"]["PurchaseOrderStatus"] != "Canceled"]
        assert len(standing) < len(records), "no order of this world was cancelled"
        assert sum(total.count for total in totals.values()) == len(standing)
        assert sum(total.amount for total in totals.values()) == sum(
            Decimal(str(record["TotalConfirmedAmount"])) for record in standing
        )
        days = sorted(totals)
        of_one_day = [stamp for page in connector.source.dated(CONFIRMATIONS, days[3], days[3]) for stamp in page]
        assert len(of_one_day) >= totals[days[3]].count


def test_orders_confirmed_since_are_found_by_day() -> None:
    with simulated_environment() as environment:
        newest = environment.connector().source.newest(stamps_of(environment), None)
        assert newest == "2026-11-19"
        number = environment.order()
        since = stamps_of(environment, newest)
        assert f"usmf|{number}" in {stamp.key for stamp in since} and len(since) < 6


def test_reference_data_is_of_the_company() -> None:
    with simulated_environment(page_size=50) as environment:
        connector, store = environment.connector(), environment.sandbox.store.sets
        for name, entity in (("vendors", "VendorsV2"), ("released_products", "ReleasedProductsV2")):
            rows = [row for page in connector.reference.items(name, None) for row in page]
            assert len(rows) == sum(record.key[0] == "usmf" for record in store[entity])
        (one,) = connector.reference.records("vendors", ["V10090", "nobody"])
        assert one["VendorAccountNumber"] == "V10090" and one["dataAreaId"] == "usmf"
        (item,) = connector.reference.records("released_products", ["A1001"])
        assert item["ItemNumber"] == "A1001"
        assert {row["VendorProductNumber"] for row in connector.reference.records("vendor_item_numbers", ["FE-00001"])} == {
            "FE-00001"
        }


def test_main_accounts_are_of_every_chart_and_rules_of_the_company() -> None:
    with simulated_environment() as environment:
        store = environment.sandbox.store
        store.add("MainAccountLegalEntities", {"ChartOfAccounts": "Germany", "MainAccountId": FREIGHT, "LegalEntityId": "demf"})
        reference = environment.connector().reference
        accounts = [row for page in reference.items("main_accounts", None) for row in page]
        assert len(accounts) == len(store.sets["MainAccounts"])
        assert {row["ChartOfAccounts"] for row in reference.records("main_accounts", [FREIGHT])} == {"Shared", "Germany"}
        (rule,) = [row for page in reference.items("company_accounts", None) for row in page]
        assert (rule["LegalEntityId"], list(reference.records("company_accounts", [FREIGHT, "9"]))) == ("usmf", [rule])


def test_values_of_the_dimensions_on_lines_are_read_by_the_format_that_is_active() -> None:
    with simulated_environment(documents=20) as environment:
        reference = environment.connector().reference
        (form,) = [row for page in reference.items("dimension_formats", None) for row in page]
        assert (form["FinancialDimensionFormat"], form["DimensionSegmentDelimiter"]) == ("-".join(DIMENSIONS), "Hyphen")
        values = [row for page in reference.items("dimension_values", None) for row in page]
        assert {row["FinancialDimension"] for row in values} == set(DIMENSIONS)  # none of Fund, which is on no line
        assert {row["LegalEntityId"] for row in values} == {""}  # none of the other company's
        assert [row["FinancialDimension"] for row in reference.records("dimension_values", ["001", "9"])] == ["BusinessUnit"]
        number = environment.order()
        (order,) = environment.connector().source.records(CONFIRMATIONS, [f"usmf|{number}"])
        assert {row["DefaultLedgerDimensionDisplayValue"] for row in order[CONFIRMATION_LINES]} == {"001-022-"}


@pytest.mark.parametrize("hidden", ["DimensionIntegrationFormats", "FinancialDimensionValues"])
def test_an_environment_that_does_not_publish_its_dimensions_is_read_without_them(hidden: str) -> None:
    with simulated_environment(documents=20) as environment:
        environment.sandbox.unpublished.add(hidden)
        reference = environment.connector().reference
        assert [row for page in reference.items("dimension_values", None) for row in page] == []
        environment.sandbox.unpublished |= {"DimensionParameters"}
        for form in (row for page in reference.items("dimension_formats", None) for row in page):
            assert "DimensionSegmentDelimiter" not in form
        environment.sandbox.faults.arm("503", path="Dimension", count=99)
        with pytest.raises(Retryable):
            list(reference.items("dimension_values", None))


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["requests", "batch"])
@pytest.mark.parametrize("status", [400, 500])
def test_an_invoice_is_made_once_and_found(in_one_batch: bool, status: int) -> None:
    with simulated_environment(refusal_status=status) as environment:
        connector = environment.connector(invoice_in_one_batch=in_one_batch)
        wanted = payload(environment, environment.order())
        stored = connector.target.create(INVOICES, wanted)
        found = connector.target.find(INVOICES, REFERENCE)
        assert found is not None and found.line_count == stored.line_count == len(wanted[INVOICE_LINES])
        (invoice,) = environment.invoices()
        assert invoice["HeaderReference"] == REFERENCE and len(invoice["lines"]) == stored.line_count
        with pytest.raises(DocumentRejected) as raised:
            connector.target.create(INVOICES, {**wanted, "HeaderReference": "acme:VendorInvoiceHeaders:D2"})
        assert raised.value.code == "invoice_exists"
        assert connector.target.create(INVOICES, wanted).line_count == stored.line_count  # our own is no twin
        assert len(environment.invoices()) == 1


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["requests", "batch"])
@pytest.mark.parametrize("policy", ["NoDuplicate", "NoDuplicateInYear", "AcceptDuplicate", "WarnDuplicate"])
def test_whatever_the_companys_rule_a_second_invoice_of_one_number_is_ours_to_refuse(in_one_batch: bool, policy: str) -> None:
    with simulated_environment(documents=20) as environment:
        environment.sandbox.set_duplicate_policy("usmf", policy)
        wanted = payload(environment, environment.order())
        connector = environment.connector(invoice_in_one_batch=in_one_batch)
        connector.target.create(INVOICES, wanted)
        with pytest.raises(DocumentRejected, match="already"):
            connector.target.create(INVOICES, {**wanted, "HeaderReference": "acme:VendorInvoiceHeaders:D2"})
        assert len(environment.invoices()) == 1


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["requests", "batch"])
@pytest.mark.parametrize("status", [400, 500])
def test_a_refused_line_leaves_nothing_behind(in_one_batch: bool, status: int) -> None:
    with simulated_environment(refusal_status=status) as environment:
        wanted = payload(environment, environment.order())
        wanted[INVOICE_LINES][-1]["ItemNumber"] = "NONE-SUCH"
        with pytest.raises(DocumentRejected, match="NONE-SUCH") as raised:
            environment.connector(invoice_in_one_batch=in_one_batch).target.create(INVOICES, wanted)
        assert "validate" not in str(raised.value) and "stacktrace" not in str(raised.value)
        assert environment.invoices() == []


@pytest.mark.parametrize(
    "fault", ["500", "503", "502_html", "cut_before", "cut_after", "500_after", "429", "update_conflict", "deadlock"]
)
def test_an_invoice_that_broke_off_is_finished(fault: str) -> None:
    with simulated_environment() as environment:
        connector = environment.connector(invoice_in_one_batch=False)
        wanted = payload(environment, environment.order())
        connector.target.reserve()
        environment.sandbox.faults.arm(fault, path="VendorInvoiceLines", method="POST")
        with pytest.raises(PartiallyDone):
            connector.target.create(INVOICES, wanted)
        partial = connector.target.find(INVOICES, REFERENCE)
        assert partial is not None and partial.line_count is not None
        assert connector.stepwise.finish_or_remove(INVOICES, partial, wanted) is not None
        (invoice,) = environment.invoices()
        assert len(invoice["lines"]) == len(wanted[INVOICE_LINES])


@pytest.mark.parametrize("fault", ["write_refused", "503", "cut_after", "429", "update_conflict", "deadlock"])
def test_a_header_that_got_no_good_answer_is_settled_by_a_look(fault: str) -> None:
    errors: dict[str, type[Exception]] = {
        "write_refused": DocumentRejected,
        "429": Retryable,
        "update_conflict": Retryable,
        "deadlock": Retryable,
    }
    with simulated_environment() as environment:
        connector = environment.connector(invoice_in_one_batch=False)
        wanted = payload(environment, environment.order())
        connector.target.reserve()
        environment.sandbox.faults.arm(fault, path="VendorInvoiceHeaders", method="POST")
        with pytest.raises(errors.get(fault, OutcomeUnknown)):
            connector.target.create(INVOICES, wanted)
        found = connector.target.find(INVOICES, REFERENCE)
        assert (found is not None) == (fault == "cut_after")
        if found is not None:
            assert connector.stepwise.finish_or_remove(INVOICES, found, wanted) is not None
            assert [len(invoice["lines"]) for invoice in environment.invoices()] == [len(wanted[INVOICE_LINES])]


@pytest.mark.parametrize(("status", "error"), [(500, OutcomeUnknown), (503, OutcomeUnknown), (429, Retryable)])
def test_a_batch_that_says_200_is_looked_into(status: int, error: type[Exception]) -> None:
    with simulated_environment() as environment:
        connector = environment.connector()
        wanted = payload(environment, environment.order())
        environment.sandbox.faults.arm("batch_inner", path="VendorInvoiceLines", method="POST", status=status)
        with pytest.raises(error):
            connector.target.create(INVOICES, wanted)
        assert environment.invoices() == []
        environment.limiter = MemoryLimiter()  # half a minute has passed
        assert environment.connector().target.create(INVOICES, wanted).line_count == len(wanted[INVOICE_LINES])


def test_an_invoice_line_keeps_its_variant() -> None:
    with simulated_environment(documents=20) as environment:
        wanted = payload(environment, environment.order())
        wanted[INVOICE_LINES][0] |= {"ProductColorId": "RED", "ProductSizeId": "XL", "ProductVersionId": "2"}
        environment.connector().target.create(INVOICES, wanted)
        lines = [each.values for each in environment.sandbox.store.sets[INVOICE_LINES]]
        (first, *_) = [each for each in lines if each["HeaderReference"] == REFERENCE]
        assert (first["ProductColorId"], first["ProductSizeId"], first["ProductVersionId"]) == ("RED", "XL", "2")


def test_a_confirmed_date_is_written_to_a_line_and_changes_no_confirmation() -> None:
    with simulated_environment() as environment:
        number = environment.order()
        connector = environment.connector()
        (before,) = connector.source.records(CONFIRMATIONS, [f"usmf|{number}"])
        line = before[CONFIRMATION_LINES][0]["LineNumber"]
        changes = {ORDER_LINES: [{"LineNumber": line, "ConfirmedDeliveryDate": "2026-12-03T12:00:00Z"}]}
        for _ in range(2):  # safe to repeat
            record = connector.target.update(ORDERS, f"usmf|{number}", changes)
        (changed,) = [row for row in record[ORDER_LINES] if row["LineNumber"] == line]
        assert changed["ConfirmedDeliveryDate"] == "2026-12-03T12:00:00Z"
        (after,) = connector.source.records(CONFIRMATIONS, [f"usmf|{number}"])
        assert after["Confirmations"] == before["Confirmations"]


def test_a_token_that_runs_out_is_renewed_and_a_wrong_secret_is_not_tried_on() -> None:
    with simulated_environment(documents=20) as environment:
        stamps_of(environment)
        environment.sandbox.faults.arm("expired_token", path="Confirmation")
        assert stamps_of(environment) and environment.sessions.generation == 2
    with simulated_environment(documents=20) as environment:
        with pytest.raises(CredentialRefused):
            list(environment.connector(secret="Planted-wrong-secret").source.changed(CONFIRMATIONS, None, LONG_AGO))
        assert environment.sessions.generation == 0 and len(environment.sessions.refusals) == 1


def test_what_check_shows() -> None:
    with simulated_environment(documents=20) as environment:
        reports = environment.connector().check()
        assert [report.ok for report in reports] == [True] * 4
        lost = environment.connector(company="nope").check()
        assert [report.ok for report in lost] == [True, True, False] and "Correct `company`" in lost[-1].detail
