"""The connector against the simulated company: what it reads and writes there, and what it makes of its faults."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.errors import CredentialRefused, DocumentRejected, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.systems.business_central.mapping.change_detection import header_of
from mlconn_pipelines_tests.systems.business_central.business_central_company import (
    NOON,
    START,
    Company,
    business_central_company,
)
from mlconn_pipelines_tests.transport.totals_of_days import day_totals

REFERENCE = "acme:salesOrders:D0000001"


def keys(pages: Iterable[Sequence[KeyStamp]]) -> list[str]:
    return [stamp.key for page in pages for stamp in page]


def changed(company: Company, entity: str = "salesInvoices", since: str | None = None, **settings: Any) -> list[str]:
    return keys(company.connector(**settings).source.changed(entity, since, START))


def test_posted_invoices_are_read_and_drafts_of_either_kind_are_not() -> None:
    with business_central_company() as company:
        draft, released, posted = (company.draft_invoice() for _ in range(3))
        company.sandbox.act("salesInvoices", released, "release")
        company.sandbox.act("salesInvoices", posted, "post")
        found = changed(company)
        assert sorted(found) == sorted(company.ids("salesInvoices", posted=True))
        assert posted in found and draft not in found and released not in found
        assert len(found) == len(set(found)) > 7, "several pages"
        company.sandbox.link_root = "https://inner.invalid:7048"  # all that a server behind a proxy knows of itself
        assert changed(company) == found


def test_a_released_draft_is_no_posted_invoice_because_a_purchase_invoice_has_its_number() -> None:
    with business_central_company() as company:
        draft = company.draft_invoice()
        company.sandbox.act("salesInvoices", draft, "release")
        bought = company.sandbox.buy(company.sandbox.record("salesInvoices", draft)["number"])
        assert bought["number"] == company.sandbox.record("salesInvoices", draft)["number"]
        connector = company.connector()
        assert draft not in keys(connector.source.changed("salesInvoices", None, START))
        company.sandbox.act("salesInvoices", draft, "post")
        company.sandbox.buy(company.sandbox.record("salesInvoices", draft)["number"])
        assert draft in keys(connector.source.changed("salesInvoices", None, START))
        assert draft in changed(company), "a process that never saw the draft tells it by the ledger"


def test_a_draft_is_read_once_it_is_posted_under_the_number_that_it_then_has() -> None:
    with business_central_company() as company:
        draft = company.draft_invoice()
        connector = company.connector()
        since = connector.source.newest(
            [stamp for page in connector.source.changed("salesInvoices", None, START) for stamp in page], None
        )
        assert since is not None
        draft_number = company.sandbox.record("salesInvoices", draft)["number"]
        company.sandbox.act("salesInvoices", draft, "post")
        assert draft in keys(connector.source.changed("salesInvoices", since, START))
        (record,) = connector.source.records("salesInvoices", [draft])
        assert record["number"] != draft_number and record["id"] == draft


def test_keys_and_stamps_are_those_of_the_whole_record() -> None:
    with business_central_company() as company:
        connector = company.connector()
        stamps = {stamp.key: stamp.stamp for page in connector.source.changed("salesInvoices", None, START) for stamp in page}
        for record in connector.source.records("salesInvoices", list(stamps)):
            header = header_of("salesInvoices", record, "comment_line")
            assert stamps[header.key] == header.stamp
            assert header.line_count > 0


def test_lines_are_read_with_their_dimensions_where_the_application_may_read_them() -> None:
    def dimensions(record: Any) -> set[Any]:
        return {(held["code"], held["valueCode"]) for line in record["salesInvoiceLines"] for held in line["dimensionSetLines"]}

    with business_central_company() as company:
        (one, other, *_) = company.ids("salesInvoices", posted=True)
        connector, faults = company.connector(), company.sandbox.faults
        faults.arm("403_html", path="dimensionSetLines")  # something between it and us, once
        (record,) = connector.source.records("salesInvoices", [one])
        assert dimensions(record) == {("DEPARTMENT", "SALES")}
        faults.arm("503", path="dimensionSetLines")
        assert dimensions(next(connector.source.records("salesInvoices", [one]))) == {("DEPARTMENT", "SALES")}
        values = [row["code"] for page in connector.reference.items("dimension_values", None) for row in page]
        assert sorted(values) == ["30", "ADM", "SALES", "SALES"]
        assert len(list(connector.reference.records("dimension_values", ["SALES", "X"]))) == 2

        company.sandbox.company.unreadable |= {"dimensionSetLines", "dimensionValues"}
        (record,) = connector.source.records("salesInvoices", [one])
        assert "dimensionSetLines" not in record["salesInvoiceLines"][0]
        before = connector.calls
        assert list(connector.source.records("salesInvoices", [other])) and connector.calls == before + 1
        assert list(connector.reference.items("dimension_values", None)) == []


def test_paying_an_invoice_shows_as_a_change_with_the_same_content() -> None:
    with business_central_company() as company:
        (paid, *_) = company.ids("salesInvoices", posted=True, status="Open")
        connector = company.connector()
        (before,) = connector.source.records("salesInvoices", [paid])
        company.sandbox.act("salesInvoices", paid, "pay")
        assert paid in changed(company, since="2026-11-20T12:05:00.000Z")
        (after,) = connector.source.records("salesInvoices", [paid])
        old, new = (header_of("salesInvoices", record, "comment_line") for record in (before, after))
        assert old.stamp != new.stamp and old.content_hash == new.content_hash


def test_rows_that_come_or_move_while_pages_are_read_lose_nothing() -> None:
    with business_central_company() as company:
        there = set(company.ids("salesInvoices", posted=True))
        company.sandbox.faults.arm("row_added", path="salesInvoices")
        company.sandbox.faults.arm("row_changed", path="salesInvoices", skip=1)
        found = changed(company)
        assert there <= set(found) and len(found) == len(set(found))


def test_only_released_orders_are_read_unless_told_so() -> None:
    with business_central_company() as company:
        lines = [{"lineType": "Item", "lineObjectNumber": company.item_codes()[0], "quantity": 1}]
        draft = company.sandbox.add_document("purchaseOrders", vendorNumber=company.vendor(), purchaseOrderLines=lines)
        released = company.purchase_order()
        found = changed(company, "purchaseOrders")
        assert released in found and draft not in found
        assert draft in changed(company, "purchaseOrders", send_unreleased_orders=True)


def test_a_day_and_its_totals_agree() -> None:
    with business_central_company() as company:
        connector = company.connector()
        totals = day_totals(connector, "salesInvoices", START, NOON.date())
        for day, held in totals.items():
            of_day = keys(connector.source.dated("salesInvoices", day, day))
            records = [r for r in connector.source.records("salesInvoices", of_day) if r["status"] != "Canceled"]
            assert held.count == len(records)
            assert held.amount == sum(Decimal(str(record["totalAmountIncludingTax"])) for record in records)
        assert sum(held.count for held in totals.values()) > 5


def test_a_token_that_runs_out_while_pages_are_read_is_renewed() -> None:
    with business_central_company() as company:
        company.sandbox.faults.arm("expired_token", path="skiptoken")
        assert sorted(changed(company)) == sorted(company.ids("salesInvoices", posted=True))
        assert sum(company.entra.state()["logins"].values()) == 2


@pytest.mark.parametrize("fault", ["429", "503", "504", "500", "cut_before"])
def test_a_read_is_tried_again(fault: str) -> None:
    with business_central_company() as company:
        options = {"retry_after": None} if fault == "429" else {}
        company.sandbox.faults.arm(fault, path="skiptoken", **options)
        assert sorted(changed(company)) == sorted(company.ids("salesInvoices", posted=True))


def test_secrets_that_are_wrong_or_expired_stop_the_connection_in_plain_words() -> None:
    with business_central_company(secret="Not~The.Secret") as company:
        with pytest.raises(CredentialRefused, match="client secret is wrong") as raised:
            company.connector().target.reserve()
        assert "Not~The.Secret" not in str(raised.value)
    with business_central_company() as company:
        company.entra.expire_secret()
        with pytest.raises(CredentialRefused, match=r"client secret has expired.*credentials set bc"):
            company.connector().target.reserve()


def test_wrong_places_are_a_matter_of_configuration() -> None:
    with business_central_company() as company:
        with pytest.raises(TryLater, match="Environment does not exist"):
            company.connector(environment="Sandbox").target.reserve()
        with pytest.raises(TryLater, match="no single company 'Fabrikam'"):
            company.connector(company="Fabrikam").target.reserve()
        with pytest.raises(CredentialRefused, match="no such tenant"):
            company.connector(tenant="nobody.example").target.reserve()


def test_an_environment_without_a_company_is_asked_again() -> None:
    with business_central_company() as company:
        company.sandbox.faults.arm("200_empty_list", "/companies$")
        company.connector().target.reserve()
        company.sandbox.faults.arm("200_empty_list", "/companies$", count=None)
        with pytest.raises(Retryable, match="it answered with none"):
            company.connector().target.reserve()


def test_check_finds_the_company_and_what_the_flows_read() -> None:
    with business_central_company() as company:
        reports = company.connector(orders_sent="purchaseOrders").check()
        assert [(report.ok, report.system) for report in reports] == [(True, "Business Central")] * 4, reports


def test_an_order_is_stored_with_its_lines_and_found_by_our_reference() -> None:
    with business_central_company() as company:
        connector = company.connector()
        connector.target.reserve()
        stored = connector.target.create("salesOrders", company.payload(REFERENCE))
        lines = company.sandbox.lines("salesOrders", stored.key)
        assert [(line["lineType"], line["lineObjectNumber"]) for line in lines] == [
            *(("Item", code) for code in company.item_codes()),
            ("Comment", ""),
        ]
        found = connector.target.find("salesOrders", REFERENCE, company.payload(REFERENCE))
        assert found is not None
        assert (found.key, found.number, found.line_count) == (stored.key, stored.number, 2)
        assert connector.target.find("salesOrders", "acme:salesOrders:D0000002", company.payload("x")) is None


def test_our_own_order_is_recognized_and_left_out_of_the_days_totals() -> None:
    with business_central_company() as company:
        before = day_totals(company.connector(), "salesOrders", NOON.date(), NOON.date())
        stored = company.connector().target.create("salesOrders", company.payload(REFERENCE))
        company.sandbox.act("salesOrders", stored.key, "release")
        (record,) = company.connector().source.records("salesOrders", [stored.key])
        assert header_of("salesOrders", record, "comment_line").correlation_reference == REFERENCE
        assert day_totals(company.connector(), "salesOrders", NOON.date(), NOON.date()) == before
        assert day_totals(company.connector(), "salesOrders", NOON.date(), NOON.date(), "other") != before


def test_the_reference_may_stand_in_the_ship_to_contact() -> None:
    with business_central_company() as company:
        connector = company.connector(reference_field="shipToContact")
        payload = {**company.payload("nothing"), "shipToContact": REFERENCE}
        stored = connector.target.create("salesOrders", payload)
        found = connector.target.find("salesOrders", REFERENCE, payload)
        assert found is not None and found.key == stored.key
        assert connector.check()[-1].ok


@pytest.mark.parametrize("fault", ["cut_after", "504", "503", "500"])
def test_a_create_without_an_answer_is_unknown_and_then_found_or_not(fault: str) -> None:
    with business_central_company() as company:
        connector = company.connector()
        connector.target.reserve()
        company.sandbox.faults.arm(fault, path="salesOrders", method="POST")
        with pytest.raises(OutcomeUnknown):
            connector.target.create("salesOrders", company.payload(REFERENCE))
        found = connector.target.find("salesOrders", REFERENCE, company.payload(REFERENCE))
        stored = [entry for entry in company.sandbox.state()["created"] if entry["set"] == "salesOrders"]
        assert (found is not None) == bool(stored) == (fault == "cut_after")


def test_an_order_that_was_invoiced_in_full_since_is_no_proof_of_absence() -> None:
    with business_central_company() as company:
        connector = company.connector()
        stored = connector.target.create("salesOrders", company.payload(REFERENCE))
        company.sandbox.act("salesOrders", stored.key, "shipAndInvoice")
        assert list(connector.source.records("salesOrders", [stored.key])) == []
        with pytest.raises(OutcomeUnknown, match=f"order {stored.number} of that customer and number is gone, invoiced by"):
            connector.target.find("salesOrders", REFERENCE, company.payload(REFERENCE))


def test_by_the_ship_to_contact_an_order_is_found_even_after_it_was_invoiced_in_full() -> None:
    with business_central_company() as company:
        connector = company.connector(reference_field="shipToContact")
        payload = {**company.payload("nothing"), "shipToContact": REFERENCE}
        stored = connector.target.create("salesOrders", payload)
        company.sandbox.act("salesOrders", stored.key, "shipAndInvoice")
        found = connector.target.find("salesOrders", REFERENCE, payload)
        assert found is not None and (found.key, found.number) == (stored.key, stored.number)


def test_a_create_that_was_surely_not_stored_may_be_tried_again() -> None:
    with business_central_company() as company:
        connector = company.connector()
        connector.target.reserve()
        company.sandbox.faults.arm("429", path="salesOrders", method="POST", retry_after=None)
        with pytest.raises(Retryable):
            connector.target.create("salesOrders", company.payload(REFERENCE))
        assert connector.target.create("salesOrders", company.payload(REFERENCE)).number


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"customerNumber": "C00000"}, "The sell-to customer cannot be found"),
        ({"externalDocumentNumber": "X" * 36}, "equal to 35 characters"),
        ({"currencyCode": "XXX"}, "does not match to a Currency"),
        ({"salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "NONE"}]}, "Item does not exist"),
    ],
)
def test_what_is_refused_is_told_in_the_services_words_and_stores_nothing(fields: dict[str, Any], words: str) -> None:
    with business_central_company() as company:
        before = company.sandbox.state()["records"]
        with pytest.raises(DocumentRejected, match=words):
            company.connector().target.create("salesOrders", company.payload(REFERENCE, **fields))
        assert company.sandbox.state()["records"] == before


def changes(date: str, **fields: Any) -> dict[str, Any]:
    return {
        "purchaseOrderLines": [
            {"sequence": 10000, "expectedReceiptDate": date, **fields},
            {"sequence": 20000, "expectedReceiptDate": date},
        ]
    }


def test_confirmed_dates_and_costs_go_to_the_lines_of_a_purchase_order() -> None:
    with business_central_company() as company:
        order = company.purchase_order()
        record = company.connector().target.update(
            "purchaseOrders", order, changes("2026-12-24", directUnitCost=Decimal("2.5"))
        )
        lines = company.sandbox.lines("purchaseOrders", order)
        assert [line["expectedReceiptDate"] for line in lines] == ["2026-12-24"] * 2
        assert lines[0]["directUnitCost"] == Decimal("2.5")
        assert [row["expectedReceiptDate"] for row in record["purchaseOrderLines"]] == ["2026-12-24"] * 2


def test_a_line_that_somebody_else_changed_meanwhile_is_read_again() -> None:
    with business_central_company() as company:
        order = company.purchase_order()
        company.sandbox.faults.arm("stale_etag", path="purchaseOrderLines", count=2)
        company.connector().target.update("purchaseOrders", order, changes("2026-12-24"))
        assert {line["expectedReceiptDate"] for line in company.sandbox.lines("purchaseOrders", order)} == {"2026-12-24"}
        company.sandbox.faults.arm("stale_etag", path="purchaseOrderLines", count=None)
        with pytest.raises(Retryable, match="change by someone else"):
            company.connector().target.update("purchaseOrders", order, changes("2026-12-28"))


def test_an_order_names_the_variant_of_an_item_after_the_item() -> None:
    """However the payload is sorted: the service looks a variant up among those of the item that it has read before."""
    with business_central_company() as company:
        code = company.item_codes()[0]
        variant = company.sandbox.add_variant(code, "BLUE")
        line = {"itemVariantId": variant, "lineObjectNumber": code, "lineType": "Item", "quantity": 2}
        connector = company.connector()
        stored = connector.target.create(
            "salesOrders", company.payload(REFERENCE, salesOrderLines=[line, {"description": REFERENCE}])
        )
        assert company.sandbox.lines("salesOrders", stored.key)[0]["itemVariantId"] == variant
        with pytest.raises(DocumentRejected, match="does not match to an Item Variant"):
            connector.target.create(
                "salesOrders", company.payload(REFERENCE, salesOrderLines=[line | {"itemVariantId": company.customer_id()}])
            )


def test_variants_are_reference_data_found_by_item_and_by_id() -> None:
    with business_central_company() as company:
        code, other = company.item_codes()
        blue, red = company.sandbox.add_variant(code, "BLUE"), company.sandbox.add_variant(other, "RED")
        connector = company.connector()
        whole = [row for rows in connector.reference.items("item_variants", None) for row in rows]
        assert {row["id"] for row in whole} == {blue, red}
        found = list(connector.reference.records("item_variants", [blue, other]))
        assert sorted((row["itemNumber"], row["code"]) for row in found) == sorted([(code, "BLUE"), (other, "RED")])


def test_a_record_that_another_session_holds_is_tried_again() -> None:
    with business_central_company() as company:
        connector, order = company.connector(), company.purchase_order()
        connector.target.reserve()
        company.sandbox.faults.arm("record_locked", path="salesOrders", method="POST")
        with pytest.raises(Retryable, match="in a transaction done by another session"):
            connector.target.create("salesOrders", company.payload(REFERENCE))
        assert connector.target.find("salesOrders", REFERENCE, company.payload(REFERENCE)) is None
        assert connector.target.create("salesOrders", company.payload(REFERENCE)).number
        company.sandbox.faults.arm("record_locked", path="purchaseOrderLines", method="PATCH", count=2)
        connector.target.update("purchaseOrders", order, changes("2026-12-24"))
        assert {line["expectedReceiptDate"] for line in company.sandbox.lines("purchaseOrders", order)} == {"2026-12-24"}


def test_reference_data_is_read_whole_and_then_by_what_changed() -> None:
    with business_central_company() as company:
        connector = company.connector()
        whole = [row for rows in connector.reference.items("customers", None) for row in rows]
        assert {row["number"] for row in whole} >= {company.customer()}
        since = connector.reference.newest("customers", whole, None)
        assert since is not None
        (found,) = connector.reference.records("customers", [company.customer().lower()])
        company.sandbox.company.write(company.sandbox.company.get("customers", found["id"]), {"city": "Provo"})
        later = [row for rows in connector.reference.items("customers", since) for row in rows]
        assert company.customer() in {row["number"] for row in later}
        barcode = next(item.barcode for item in company.sandbox.world.items if item.barcode)
        assert [row["gtin"] for row in connector.reference.records("items", [barcode])] == [barcode]
        for name in ("vendors", "items", "units_of_measure", "currencies"):
            assert any(rows for rows in connector.reference.items(name, None)), name


def test_a_partial_order_is_removed_while_it_is_a_draft() -> None:
    with business_central_company() as company:
        connector = company.connector()
        whole = company.payload(REFERENCE)
        partial = connector.target.create("salesOrders", {**whole, "salesOrderLines": whole["salesOrderLines"][1:]})
        assert connector.stepwise.finish_or_remove("salesOrders", partial, whole) is None
        assert partial.key not in company.sandbox.company.sets["salesOrders"].records
        complete = connector.target.create("salesOrders", whole)
        again = connector.stepwise.finish_or_remove("salesOrders", complete, whole)
        assert again is not None and again.key == complete.key
        assert dt.date.fromisoformat(company.sandbox.record("salesOrders", complete.key)["orderDate"]) == NOON.date()
