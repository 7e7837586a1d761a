"""What the connector asks Business Central for, and what it makes of the answers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from mlconn_pipelines.errors import CredentialRefused, TryLater
from mlconn_pipelines_tests.systems.business_central.api.scripted_service import (
    BASE,
    COMPANY,
    IN_COMPANY,
    REFERENCE_LINE,
    SECRET,
    START,
    fault,
    guid,
    invoice,
    keys,
    rows,
    service,
    stored_order,
)
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked
from mlconn_pipelines_tests.transport.totals_of_days import day_totals


def test_what_changed_is_asked_with_ten_minutes_of_overlap_in_english() -> None:
    with service(GET_purchaseOrders=rows()) as bc:
        list(bc.connector().source.changed("purchaseOrders", "2026-03-05T19:19:22.500Z", START))
        list(bc.connector().source.changed("purchaseOrders", None, START))
        later, first = (unquote(asked.path) for asked in bc.request_line("purchaseOrders"))
        assert "lastModifiedDateTime ge 2026-03-05T19:09:22.500Z and status eq 'Open'" in later
        assert "lastModifiedDateTime ge 2026-01-30T00:00:00.000Z" in first
        headers = bc.request_line("purchaseOrders")[0].headers
        assert (headers["accept-language"], headers["prefer"]) == ("en-US", "odata.maxpagesize=2")
        assert headers["authorization"] == "Bearer token-1"


def test_a_quiet_source_is_read_from_later() -> None:
    with service(GET_salesInvoices=rows()) as bc:
        list(bc.connector().source.changed("salesInvoices", "2026-03-05T19:19:22.500Z", START, quiet_s=3600))
        assert "ge 2026-03-05T20:09:22.500Z" in unquote(bc.request_line("salesInvoices")[0].path)


def test_a_released_draft_is_no_posted_invoice() -> None:
    listed = [invoice(1, "Open"), invoice(2, "Open"), invoice(3, "Draft"), invoice(4, "In_x0020_Review"), invoice(5, "Paid")]
    listed += [invoice(6, "Canceled"), invoice(7, "Corrective")]
    posted = {"documentNumber": "PS-INV2", "documentType": "Invoice"}
    other = {"documentNumber": "PS-INV1", "documentType": "Credit_x0020_Memo"}
    entries = rows(posted, posted, other)
    with service(GET_salesInvoices=rows(*listed), GET_generalLedgerEntries=entries, GET_purchaseInvoices=rows()) as bc:
        connector = bc.connector()
        assert keys(connector.source.changed("salesInvoices", None, START)) == [guid(2), guid(5), guid(6), guid(7)]
        wanted = unquote(bc.request_line("generalLedgerEntries")[0].path)
        assert "documentNumber eq 'PS-INV1' or documentNumber eq 'PS-INV2'" in wanted
        assert keys(connector.source.changed("salesInvoices", None, START)) == [guid(2), guid(5), guid(6), guid(7)]
        asked_again = unquote(bc.request_line("generalLedgerEntries")[1].path)
        assert "PS-INV2" not in asked_again, "what is posted stays posted"


TOTAL = {"postingDate": "2026-03-05", "totalAmountIncludingTax": 108.25}
LOCAL = {**TOTAL, "currencyId": "00000000-0000-0000-0000-000000000000"}
FOREIGN = {**TOTAL, "currencyId": guid(9)}


def entry(account: str, debit: Any = 0, credit: Any = 0, day: str = "2026-03-05", kind: str = "Invoice") -> dict[str, Any]:
    amounts = {"debitAmount": debit, "creditAmount": credit}
    return {"documentNumber": "PS-INV1", "documentType": kind, "postingDate": day, "accountNumber": account, **amounts}


def purchase(total: Any, day: str = "2026-03-05", status: str = "Open") -> dict[str, Any]:
    return {"number": "PS-INV1", "status": status, "postingDate": day, "totalAmountIncludingTax": total}


SOLD = (entry("2310", 108.25), entry("6110", credit=100), entry("5610", credit=8.25))
BOUGHT = (entry("7110", 50), entry("5630", 4.12), entry("5410", credit=54.12))
BOUGHT_FOR_THE_SAME = (entry("7110", 108.25), entry("5410", credit=108.25))


@pytest.mark.parametrize(
    ("more", "entries", "purchases", "posted"),
    [
        (LOCAL, SOLD, [], True),
        (LOCAL, [], [], False),
        (LOCAL, BOUGHT, [purchase(54.12)], False),
        (LOCAL, BOUGHT, [], False),
        (LOCAL, [*SOLD, *BOUGHT], [purchase(54.12)], True),
        (LOCAL, BOUGHT_FOR_THE_SAME, [purchase(108.25)], False),
        (LOCAL, SOLD, [purchase(108.25, day="2026-02-01")], True),
        (LOCAL, SOLD, [purchase(108.25, status="Draft")], True),
        (LOCAL, [entry("2310", 108.25, day="2026-02-01"), entry("6110", credit=108.25, day="2026-02-01")], [], False),
        (LOCAL, [entry("2310", 60), entry("2310", 48.25), entry("6110", credit=108.25)], [], True),
        (LOCAL, [entry("2310", 108.25, kind="Payment")], [], False),
        (FOREIGN, [entry("2310", 79.18), entry("6110", credit=79.18)], [], True),
        (FOREIGN, BOUGHT, [purchase(54.12)], False),
        (FOREIGN, [], [], False),
        ({**LOCAL, "orderNumber": "S-ORD7"}, [], [], True),
    ],
)
def test_an_open_invoice_is_posted_only_by_a_sign_of_the_sale(
    more: dict[str, Any], entries: Any, purchases: list[dict[str, Any]], posted: bool
) -> None:
    """A purchase invoice may bear the number of a released draft: its entries are no sale."""
    with service(
        GET_salesInvoices=rows(invoice(1, "Open", **more)),
        GET_generalLedgerEntries=rows(*entries),
        GET_purchaseInvoices=rows(*purchases),
    ) as bc:
        assert keys(bc.connector().source.changed("salesInvoices", None, START)) == [guid(1)] * posted


@pytest.mark.parametrize("status", [403, 404, 400])
def test_without_a_right_to_read_purchases_the_entries_themselves_tell(status: int) -> None:
    for entries, posted in ((SOLD, True), (BOUGHT, False)):
        with service(
            GET_salesInvoices=rows(invoice(1, "Open", **LOCAL)),
            GET_generalLedgerEntries=rows(*entries),
            GET_purchaseInvoices=fault(status, "Authorization_RequestDenied" if status == 403 else "BadRequest"),
        ) as bc:
            assert keys(bc.connector().source.changed("salesInvoices", None, START)) == [guid(1)] * posted


def test_a_number_that_changed_since_it_was_a_drafts_is_a_sign() -> None:
    seen = [invoice(1, "Open", **LOCAL) | {"number": "S-INV1"}]
    with service(GET_salesInvoices=lambda _: rows(*seen), GET_generalLedgerEntries=rows(), GET_purchaseInvoices=rows()) as bc:
        connector = bc.connector()
        assert keys(connector.source.changed("salesInvoices", None, START)) == []
        seen[0] = invoice(1, "Open", **LOCAL)
        assert keys(connector.source.changed("salesInvoices", None, START)) == [guid(1)]


def test_stamps_sort_as_text_and_carry_the_etag() -> None:
    listed = rows(invoice(1, "Paid", "2026-03-05T19:19:22.5Z"), invoice(2, "Paid", "2026-03-05T19:19:22.47Z"))
    with service(GET_salesInvoices=listed) as bc:
        connector = bc.connector()
        (page,) = connector.source.changed("salesInvoices", None, START)
        assert [stamp.stamp for stamp in page] == ['2026-03-05T19:19:22.500Z W/"e1"', '2026-03-05T19:19:22.470Z W/"e2"']
        assert connector.source.newest(page, "2026-03-05T19:19:22.480Z") == "2026-03-05T19:19:22.500Z"
        assert connector.source.newest([], "2026-03-05T19:19:22.480Z") == "2026-03-05T19:19:22.480Z"


def test_next_links_are_followed_as_they_came() -> None:
    def pages(asked: Asked) -> Answer:
        if "skiptoken" in asked.path:
            return rows(invoice(3, "Paid"))
        link = f"http://{asked.headers['host']}{IN_COMPANY}/salesInvoices?aid=FIN&tenant=x%2Fy&$skiptoken={guid(2)}"
        return rows(invoice(1, "Paid"), invoice(2, "Paid"), link=link)

    with service(GET_salesInvoices=pages) as bc:
        assert keys(bc.connector().source.changed("salesInvoices", None, START)) == [guid(1), guid(2), guid(3)]
        second = bc.request_line("skiptoken")[0]
        assert second.path == f"{IN_COMPANY}/salesInvoices?aid=FIN&tenant=x%2Fy&$skiptoken={guid(2)}"
        assert second.headers["prefer"] == "odata.maxpagesize=2"


def test_of_a_link_to_another_host_only_the_query_is_used() -> None:
    def pages(asked: Asked) -> Answer:
        if "skiptoken" in asked.path:
            return rows(invoice(2, "Paid"))
        return rows(invoice(1, "Paid"), link="https://inner.example:7048/BC/x?aid=FIN&$skiptoken=1")

    with service(GET_salesInvoices=pages) as bc:
        assert keys(bc.connector().source.changed("salesInvoices", None, START)) == [guid(1), guid(2)]
        assert bc.request_line("skiptoken")[0].path == f"{IN_COMPANY}/salesInvoices?aid=FIN&$skiptoken=1"


def test_whole_records_come_with_their_lines_a_hundred_at_a_time() -> None:
    wanted = [guid(number) for number in range(205)]

    def some(asked: Asked) -> Answer:
        text = unquote(asked.path)
        assert "$expand=salesOrderLines" in text and len(asked.path) < 8_000
        return rows(*({"id": key, "salesOrderLines": []} for key in wanted if key in text and key != guid(7)))

    with service(GET_salesOrders=some) as bc:
        found = [record["id"] for record in bc.connector().source.records("salesOrders", wanted)]
        assert found == [key for key in wanted if key != guid(7)]
        assert len(bc.request_line("salesOrders")) == 3


def test_the_company_is_found_by_its_display_name_and_asked_for_once() -> None:
    with service(GET_salesOrders=rows()) as bc:
        connector = bc.connector(company="Cronus")
        for _ in range(2):
            list(connector.source.changed("salesOrders", None, START))
        assert [asked.path for asked in bc.request_line("/companies")].count(f"{BASE}/companies") == 1


def test_a_company_that_is_not_there_is_named_with_those_that_are() -> None:
    with service() as bc, pytest.raises(TryLater, match=r"no single company 'Fabrikam'.*'CRONUS US'"):
        bc.connector(company="Fabrikam").target.reserve()


def test_a_company_given_by_id_is_not_looked_up() -> None:
    with service(GET_salesOrders=rows()) as bc:
        list(bc.connector(company=COMPANY.upper()).source.changed("salesOrders", None, START))
        assert not [asked for asked in bc.server.asked if asked.path == f"{BASE}/companies"]


def test_an_environment_that_is_not_there_answers_xml_and_is_a_matter_of_configuration() -> None:
    xml = (
        '<error xmlns="http://docs.oasis-open.org/odata/ns/metadata"><code>NoEnvironment</code>'
        "<message>Environment does not exist.</message></error>"
    )
    with (
        service(GET_salesOrders=Answer(404, xml)) as bc,
        pytest.raises(TryLater, match=r"NoEnvironment: Environment does not exist.*`environment`"),
    ):
        list(bc.connector(company=COMPANY).source.changed("salesOrders", None, START))


def test_a_busy_service_is_asked_again_and_everyone_waits() -> None:
    busy = [Answer(429, {"error": {"code": "x", "message": "slow down"}}, {"Retry-After": "0"}), Answer(503), Answer(504)]

    def sometimes(_: Asked) -> Answer:
        return busy.pop(0) if busy else rows(invoice(1, "Paid"))

    with service(GET_salesInvoices=sometimes) as bc:
        assert keys(bc.connector(requests_per_second=1000).source.changed("salesInvoices", None, START)) == [guid(1)]
        assert len(bc.limiter.backed_off) == 1


def test_missing_permissions_stop_the_connection() -> None:
    with (
        service(GET_salesInvoices=fault(403, "Authorization_RequestDenied", "No permission set.")) as bc,
        pytest.raises(CredentialRefused, match=r"No permission set.*Microsoft Entra applications"),
    ):
        list(bc.connector().source.changed("salesInvoices", None, START))


def test_totals_of_a_day_leave_out_drafts_cancelled_invoices_and_orders_of_ours() -> None:
    day = {"invoiceDate": "2026-03-05", "totalAmountIncludingTax": 10.10}
    listed = rows(
        invoice(1, "Paid", **day), invoice(2, "Canceled", **day), invoice(3, "Draft", **day), invoice(4, "Open", **day)
    )
    entries = rows({"documentNumber": "PS-INV4", "documentType": "Invoice"})
    ordered = {"orderDate": "2026-03-05", "totalAmountIncludingTax": 7}
    orders = rows(
        stored_order(REFERENCE_LINE, **ordered), stored_order({**REFERENCE_LINE, "description": "Thanks"}, number=2, **ordered)
    )
    with service(
        GET_salesInvoices=listed, GET_generalLedgerEntries=entries, GET_purchaseInvoices=rows(), GET_salesOrders=orders
    ) as bc:
        totals = day_totals(bc.connector(), "salesInvoices", START, dt.date(2026, 3, 31))
        assert {day: (held.count, held.amount) for day, held in totals.items()} == {dt.date(2026, 3, 5): (2, Decimal("20.20"))}
        asked = unquote(bc.request_line("salesInvoices")[0].path)
        assert "invoiceDate ge 2026-03-01 and invoiceDate le 2026-03-31" in asked
        of_orders = day_totals(bc.connector(), "salesOrders", START, dt.date(2026, 3, 31))
        assert of_orders[dt.date(2026, 3, 5)].count == 1


def test_reference_data_is_read_by_what_changed_and_looked_up_by_number_or_barcode() -> None:
    item = {"number": "1000", "lastModifiedDateTime": "2026-03-05T19:19:22.5Z"}
    with service(GET_items=rows(item), GET_currencies=rows({"code": "EUR"})) as bc:
        connector = bc.connector()
        assert list(connector.reference.items("items", None)) == [[item]]
        list(connector.reference.items("items", "2026-03-05T19:19:22.500Z"))
        assert "lastModifiedDateTime ge 2026-03-05T19:09:22.500Z" in unquote(bc.request_line("items")[1].path)
        assert connector.reference.newest("items", [item], None) == "2026-03-05T19:19:22.500Z"
        assert connector.reference.newest("currencies", [{"code": "EUR"}], None) is None
        list(connector.reference.records("items", ["a-1", "0036000291452", "X" * 21]))
        by_number, by_barcode = (unquote(asked.path) for asked in bc.request_line("items")[2:])
        assert "number eq '0036000291452' or number eq 'A-1'" in by_number
        assert by_barcode.endswith("$filter=gtin eq '0036000291452'")


@pytest.mark.parametrize("status", [403, 404])
def test_a_company_whose_permissions_leave_variants_out_does_without(status: int) -> None:
    code = "Authorization_RequestDenied" if status == 403 else "BadRequest_ResourceNotFound"
    with service(GET_itemVariants=fault(status, code)) as bc:
        connector = bc.connector()
        assert list(connector.reference.items("item_variants", None)) == []
        assert list(connector.reference.records("item_variants", [guid(1), "1896-S"])) == []
    denied = fault(403, "Authorization_RequestDenied")
    with service(GET_items=denied) as bc, pytest.raises(CredentialRefused):
        list(bc.connector().reference.items("items", None))


def test_check_reads_what_the_flows_read() -> None:
    with service(
        GET_salesInvoices=rows(invoice(1, "Paid")),
        GET_generalLedgerEntries=rows(),
        GET_purchaseInvoices=rows(),
        GET_salesOrders=rows(stored_order()),
    ) as bc:
        reports = bc.connector().check()
        assert all(report.ok for report in reports), reports
        assert [report.detail for report in reports] == [
            f"signed in; company cronus us of environment Sandbox EU has id {COMPANY}",
            "read salesInvoices, generalLedgerEntries and purchaseInvoices: number PS-INV1",
            "read salesOrders: number S-ORD1",
            "our reference goes into a comment line of each sales order",
        ]


def test_check_says_which_permission_is_missing_and_tries_nothing_more() -> None:
    denied = fault(403, "Authorization_RequestDenied", "You do not have permission to read G/L Entry.")
    with service(GET_salesInvoices=rows(), GET_generalLedgerEntries=denied) as bc:
        reports = bc.connector().check()
        assert [report.ok for report in reports] == [True, False]
        assert "G/L Entry" in reports[-1].detail
        assert SECRET not in str(reports)


def test_a_page_of_whole_records_that_is_no_json_is_asked_for_again() -> None:
    answers = iter((Answer(200, "<html>One moment</html>"), rows(invoice(1, "Open"))))
    with service(GET_salesInvoices=lambda asked: next(answers)) as bc:
        assert [record["number"] for record in bc.connector().source.records("salesInvoices", [guid(1)])] == [
            invoice(1, "Open")["number"]
        ]
        assert len(bc.request_line("salesInvoices")) == 2
