"""The connector against a scripted service: what it asks, and what it makes of answers that no simulated service gives."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from mlconn_pipelines.config.business_central import BusinessCentralConnection
from mlconn_pipelines.connectors.business_central.connector import BusinessCentralConnector
from mlconn_pipelines.connectors.retry import RetryPolicy
from mlconn_pipelines.errors import CredentialRefused, DocumentRejected, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.flows.ports.erp import Stored
from mlconn_pipelines_tests.connectors.in_memory import MemoryCredentials, MemoryLimiter, MemorySessions
from mlconn_pipelines_tests.connectors.scripted_server import CUT, Answer, Asked, Scripted, scripted_server

QUICK = RetryPolicy(attempts=4, wait_initial_s=0.005, wait_max_s=0.02, jitter_s=0.005)
SECRET = "Planted~Client.Secret-2"
COMPANY = "f0a1b2c3-0000-4000-8000-000000000001"
BASE = "/v2.0/contoso.example/Sandbox%20EU/api/v2.0"
IN_COMPANY = f"{BASE}/companies({COMPANY})"
START = dt.date(2026, 3, 1)
COMPANIES = Answer(body={"value": [{"id": COMPANY, "name": "CRONUS US", "displayName": "Cronus"}]})


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def invoice(number: int, status: str, at: str = "2026-03-05T19:19:22.5Z", **more: Any) -> dict[str, Any]:
    return {
        "@odata.etag": f'W/"e{number}"',
        "id": guid(number),
        "number": f"PS-INV{number}",
        "status": status,
        "lastModifiedDateTime": at,
        **more,
    }


@dataclass
class Service:
    """A token endpoint and the service on one server."""

    server: Scripted
    sessions: MemorySessions = field(default_factory=MemorySessions)
    limiter: MemoryLimiter = field(default_factory=MemoryLimiter)

    def connector(self, **settings: Any) -> BusinessCentralConnector:
        connection = BusinessCentralConnection(
            kind="business_central",
            url=self.server.url,  # type: ignore[arg-type]
            authority=self.server.url,  # type: ignore[arg-type]
            tenant="contoso.example",
            environment="Sandbox EU",
            credential="bc",
            **{"company": "cronus us", "page_size": 2, "requests_per_second": None, **settings},
        )
        credentials = MemoryCredentials(bc={"client_id": "app", "client_secret": SECRET})
        return BusinessCentralConnector(connection, credentials, self.sessions, self.limiter, integration="acme", retry=QUICK)

    def asked(self, what: str) -> list[Asked]:
        return [asked for asked in self.server.asked if what in unquote(asked.path)]


@contextmanager
def service(**handlers: Any) -> Iterator[Service]:
    """handlers: `GET_salesInvoices` and the like, an Answer or a function of what was asked; by method and entity set."""
    by_key = {tuple(name.split("_", 1)): answer for name, answer in handlers.items()}

    def answer(asked: Asked) -> Any:
        if asked.path.endswith("/token"):
            return Answer(body={"access_token": "token-1", "expires_in": 3599})
        if asked.path == f"{BASE}/companies":
            return COMPANIES
        rest = asked.path.removeprefix(IN_COMPANY + "/")
        entity = rest.partition("?")[0].partition("(")[0]
        found = by_key.get((asked.method, entity))
        assert found is not None, f"nobody expected {asked.method} {asked.path}"
        return found(asked) if callable(found) else found

    with scripted_server(answer) as server:
        yield Service(server)


def rows(*records: dict[str, Any], link: str | None = None) -> Answer:
    return Answer(body={"value": list(records)} | ({"@odata.nextLink": link} if link else {}))


def keys(pages: Iterator[Any]) -> list[str]:
    return [stamp.key for page in pages for stamp in page]


def fault(status: int, code: str, message: str = "It went wrong.", **headers: str) -> Answer:
    said = f"{message}  CorrelationId:  9f1d7c8e-0000-0000-0000-000000000000."
    return Answer(status, {"error": {"code": code, "message": said}}, headers)


def test_what_changed_is_asked_with_ten_minutes_of_overlap_in_english() -> None:
    with service(GET_purchaseOrders=rows()) as bc:
        list(bc.connector().changed("purchaseOrders", "2026-03-05T19:19:22.500Z", START))
        list(bc.connector().changed("purchaseOrders", None, START))
        later, first = (unquote(asked.path) for asked in bc.asked("purchaseOrders"))
        assert "lastModifiedDateTime ge 2026-03-05T19:09:22.500Z and status eq 'Open'" in later
        assert "lastModifiedDateTime ge 2026-01-30T00:00:00.000Z" in first
        headers = bc.asked("purchaseOrders")[0].headers
        assert (headers["accept-language"], headers["prefer"]) == ("en-US", "odata.maxpagesize=2")
        assert headers["authorization"] == "Bearer token-1"


def test_a_quiet_source_is_read_from_later() -> None:
    with service(GET_salesInvoices=rows()) as bc:
        list(bc.connector().changed("salesInvoices", "2026-03-05T19:19:22.500Z", START, quiet_s=3600))
        assert "ge 2026-03-05T20:09:22.500Z" in unquote(bc.asked("salesInvoices")[0].path)


def test_a_released_draft_is_no_posted_invoice() -> None:
    listed = [invoice(1, "Open"), invoice(2, "Open"), invoice(3, "Draft"), invoice(4, "In_x0020_Review"), invoice(5, "Paid")]
    listed += [invoice(6, "Canceled"), invoice(7, "Corrective")]
    posted = {"documentNumber": "PS-INV2", "documentType": "Invoice"}
    other = {"documentNumber": "PS-INV1", "documentType": "Credit_x0020_Memo"}
    with service(GET_salesInvoices=rows(*listed), GET_generalLedgerEntries=rows(posted, posted, other)) as bc:
        connector = bc.connector()
        assert keys(connector.changed("salesInvoices", None, START)) == [guid(2), guid(5), guid(6), guid(7)]
        wanted = unquote(bc.asked("generalLedgerEntries")[0].path)
        assert "documentNumber eq 'PS-INV1' or documentNumber eq 'PS-INV2'" in wanted
        assert keys(connector.changed("salesInvoices", None, START)) == [guid(2), guid(5), guid(6), guid(7)]
        asked_again = unquote(bc.asked("generalLedgerEntries")[1].path)
        assert "PS-INV2" not in asked_again, "what is posted stays posted"


def test_stamps_sort_as_text_and_carry_the_etag() -> None:
    listed = rows(invoice(1, "Paid", "2026-03-05T19:19:22.5Z"), invoice(2, "Paid", "2026-03-05T19:19:22.47Z"))
    with service(GET_salesInvoices=listed) as bc:
        connector = bc.connector()
        (page,) = connector.changed("salesInvoices", None, START)
        assert [stamp.stamp for stamp in page] == ['2026-03-05T19:19:22.500Z W/"e1"', '2026-03-05T19:19:22.470Z W/"e2"']
        assert connector.newest(page, "2026-03-05T19:19:22.480Z") == "2026-03-05T19:19:22.500Z"
        assert connector.newest([], "2026-03-05T19:19:22.480Z") == "2026-03-05T19:19:22.480Z"


def test_next_links_are_followed_as_they_came() -> None:
    def pages(asked: Asked) -> Answer:
        if "skiptoken" in asked.path:
            return rows(invoice(3, "Paid"))
        link = f"http://{asked.headers['host']}{IN_COMPANY}/salesInvoices?aid=FIN&tenant=x%2Fy&$skiptoken={guid(2)}"
        return rows(invoice(1, "Paid"), invoice(2, "Paid"), link=link)

    with service(GET_salesInvoices=pages) as bc:
        assert keys(bc.connector().changed("salesInvoices", None, START)) == [guid(1), guid(2), guid(3)]
        second = bc.asked("skiptoken")[0]
        assert second.path == f"{IN_COMPANY}/salesInvoices?aid=FIN&tenant=x%2Fy&$skiptoken={guid(2)}"
        assert second.headers["prefer"] == "odata.maxpagesize=2"


def test_a_link_to_another_host_is_not_given_our_token() -> None:
    with (
        service(GET_salesInvoices=rows(invoice(1, "Paid"), link="https://evil.example/x?$skiptoken=1")) as bc,
        pytest.raises(TryLater, match="another host"),
    ):
        list(bc.connector().changed("salesInvoices", None, START))


def test_whole_records_come_with_their_lines_a_hundred_at_a_time() -> None:
    wanted = [guid(number) for number in range(205)]

    def some(asked: Asked) -> Answer:
        text = unquote(asked.path)
        assert "$expand=salesOrderLines" in text and len(asked.path) < 8_000
        return rows(*({"id": key, "salesOrderLines": []} for key in wanted if key in text and key != guid(7)))

    with service(GET_salesOrders=some) as bc:
        found = [record["id"] for record in bc.connector().records("salesOrders", wanted)]
        assert found == [key for key in wanted if key != guid(7)]
        assert len(bc.asked("salesOrders")) == 3


def test_the_company_is_found_by_its_display_name_and_asked_for_once() -> None:
    with service(GET_salesOrders=rows()) as bc:
        connector = bc.connector(company="Cronus")
        for _ in range(2):
            list(connector.changed("salesOrders", None, START))
        assert [asked.path for asked in bc.asked("/companies")].count(f"{BASE}/companies") == 1


def test_a_company_that_is_not_there_is_named_with_those_that_are() -> None:
    with service() as bc, pytest.raises(TryLater, match=r"no single company 'Fabrikam'.*'CRONUS US'"):
        bc.connector(company="Fabrikam").wait_turn()


def test_a_company_given_by_id_is_not_looked_up() -> None:
    with service(GET_salesOrders=rows()) as bc:
        list(bc.connector(company=COMPANY.upper()).changed("salesOrders", None, START))
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
        list(bc.connector(company=COMPANY).changed("salesOrders", None, START))


def test_a_busy_service_is_asked_again_and_everyone_waits() -> None:
    busy = [Answer(429, {"error": {"code": "x", "message": "slow down"}}, {"Retry-After": "0"}), Answer(503), Answer(504)]

    def sometimes(_: Asked) -> Answer:
        return busy.pop(0) if busy else rows(invoice(1, "Paid"))

    with service(GET_salesInvoices=sometimes) as bc:
        assert keys(bc.connector(requests_per_second=1000).changed("salesInvoices", None, START)) == [guid(1)]
        assert len(bc.limiter.postponed) == 1


def test_missing_permissions_stop_the_connection() -> None:
    with (
        service(GET_salesInvoices=fault(403, "Authorization_RequestDenied", "No permission set.")) as bc,
        pytest.raises(CredentialRefused, match=r"No permission set.*Microsoft Entra applications"),
    ):
        list(bc.connector().changed("salesInvoices", None, START))


ORDER = {
    "customerNumber": "C10",
    "externalDocumentNumber": "PO 7",
    "salesOrderLines": [
        {"lineObjectNumber": "1000", "lineType": "Item", "quantity": Decimal("2.5"), "unitPrice": Decimal("35.49")},
        {"description": "acme:salesOrders:D0000001"},
    ],
}


def stored_order(*lines: dict[str, Any], number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "@odata.etag": f'W/"o{number}"',
        "id": guid(number),
        "number": f"S-ORD{number}",
        "status": "Draft",
        "totalAmountIncludingTax": 88.73,
        "salesOrderLines": list(lines),
        **more,
    }


ITEM_LINE = {"lineType": "Item", "lineObjectNumber": "1000", "sequence": 10000, "quantity": 2.5}
REFERENCE_LINE = {"lineType": "Comment", "description": "acme:salesOrders:D0000001", "sequence": 20000}


def test_an_order_is_created_with_its_lines_by_one_request_the_line_type_first() -> None:
    with service(POST_salesOrders=Answer(201, stored_order(ITEM_LINE, REFERENCE_LINE))) as bc:
        stored = bc.connector().create("salesOrders", ORDER)
        assert (stored.key, stored.number, stored.line_count, stored.total) == (guid(1), "S-ORD1", 1, Decimal("88.73"))
        (asked,) = bc.asked("salesOrders")
        sent = json.loads(asked.body)
        assert list(sent["salesOrderLines"][0]) == ["lineType", "lineObjectNumber", "quantity", "unitPrice"]
        assert sent["salesOrderLines"][0]["unitPrice"] == 35.49
        assert "if-match" not in asked.headers


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (fault(400, "Application_DialogException", "The sell-to customer cannot be found."), DocumentRejected),
        (fault(400, "Internal_EntityWithSameKeyExists"), DocumentRejected),
        (fault(429, "Unknown"), Retryable),
        (fault(503, "Internal_TenantUnavailable"), OutcomeUnknown),
        (Answer(504, "<html>Gateway</html>"), OutcomeUnknown),
        (Answer(502), OutcomeUnknown),
        (Answer(408), OutcomeUnknown),
        (CUT, OutcomeUnknown),
        (fault(403, "Authorization_RequestDenied"), CredentialRefused),
        (Answer(404, "<error><code>NoEnvironment</code><message>x</message></error>"), TryLater),
        (Answer(201, b""), OutcomeUnknown),
    ],
)
def test_what_a_refused_or_lost_create_means(answer: Any, error: type[Exception]) -> None:
    with service(POST_salesOrders=lambda _: answer) as bc:
        with pytest.raises(error) as raised:
            bc.connector().create("salesOrders", ORDER)
        assert type(raised.value) is error or issubclass(type(raised.value), DocumentRejected)
        assert "CorrelationId" not in str(raised.value)
        assert len(bc.asked("/salesOrders")) == 1, "a write is never tried again"


def test_a_refusal_is_told_in_the_services_words() -> None:
    refused = fault(400, "Application_StringExceededLength", "The length of the string is 36, but it must be at most 35.")
    with (
        service(POST_salesOrders=refused) as bc,
        pytest.raises(DocumentRejected, match=r"at most 35\. \(code Application_StringExceededLength, status 400\)"),
    ):
        bc.connector().create("salesOrders", ORDER)


def test_an_order_of_ours_is_found_among_those_of_its_customer_and_number() -> None:
    other = stored_order(ITEM_LINE, {**REFERENCE_LINE, "description": "acme:salesOrders:D0000009"}, number=8)
    ours = stored_order(ITEM_LINE, REFERENCE_LINE)
    with service(GET_salesOrders=rows(other, ours)) as bc:
        payload = {**ORDER, "externalDocumentNumber": " po'7 "}
        found = bc.connector().find("salesOrders", "acme:salesOrders:D0000001", payload)
        assert found is not None
        assert (found.key, found.number, found.line_count) == (guid(1), "S-ORD1", 1)
        asked = unquote(bc.asked("salesOrders")[0].path)
        assert "customerNumber eq 'C10' and externalDocumentNumber eq 'PO''7'" in asked


def test_an_order_invoiced_in_full_since_is_found_by_its_invoice() -> None:
    copied = {"orderId": guid(1).upper(), "orderNumber": "S-ORD1", "salesInvoiceLines": [ITEM_LINE, REFERENCE_LINE]}
    with service(GET_salesOrders=rows(), GET_salesInvoices=rows(invoice(5, "Open", **copied))) as bc:
        found = bc.connector().find("salesOrders", "acme:salesOrders:D0000001", ORDER)
        assert found is not None
        assert (found.key, found.number, found.line_count) == (guid(1), "S-ORD1", None)


def test_an_invoice_from_before_it_was_to_be_created_is_nobodys_proof() -> None:
    old = invoice(5, "Open", orderNumber="S-ORD1", salesInvoiceLines=[ITEM_LINE])
    with service(GET_salesOrders=rows(), GET_salesInvoices=rows(old)) as bc:
        assert bc.connector().find("salesOrders", "acme:salesOrders:D0000001", ORDER, older_than_s=60) is None
        with pytest.raises(OutcomeUnknown, match="S-ORD1 of that customer and number is gone"):
            bc.connector().find("salesOrders", "acme:salesOrders:D0000001", ORDER)


def test_somebody_elses_order_of_that_number_is_not_ours() -> None:
    with service(GET_salesOrders=rows(stored_order(ITEM_LINE)), GET_salesInvoices=rows()) as bc:
        assert bc.connector().find("salesOrders", "acme:salesOrders:D0000001", ORDER) is None


def test_the_ship_to_contact_is_searched_by_itself_where_it_holds_the_reference() -> None:
    ours = stored_order(ITEM_LINE, shipToContact="acme:salesOrders:D0000001")
    with service(GET_salesOrders=rows(ours)) as bc:
        found = bc.connector(reference_field="shipToContact").find("salesOrders", "acme:salesOrders:D0000001")
        assert found is not None and found.number == "S-ORD1"
        assert "shipToContact eq 'acme:salesOrders:D0000001'" in unquote(bc.asked("salesOrders")[0].path)


def test_changes_of_lines_are_looked_for_by_nobody() -> None:
    with service() as bc:
        assert bc.connector().find("purchaseOrders", "acme:purchaseOrders:D1", {"purchaseOrderLines": []}) is None
        assert bc.connector().find("salesOrders", "acme:salesOrders:D1", {"salesOrderLines": []}) is None


def test_an_order_without_all_its_lines_is_removed() -> None:
    with service(GET_salesOrders=Answer(body=stored_order()), DELETE_salesOrders=Answer(204)) as bc:
        connector = bc.connector()
        assert connector.finish_or_remove("salesOrders", Stored(guid(1), "S-ORD1", "salesOrders"), ORDER) is None
        (deleted,) = [asked for asked in bc.server.asked if asked.method == "DELETE"]
        assert deleted.headers["if-match"] == 'W/"o1"'


class PurchaseOrder:
    """A purchase order of two lines whose etags move with every write, as the service shares discounts out anew."""

    def __init__(self, conflicts: int = 0) -> None:
        self.conflicts, self.version = conflicts, 1
        self.lines = [
            {"id": guid(n), "sequence": n * 10000, "expectedReceiptDate": "2026-03-20", "directUnitCost": 5} for n in (1, 2)
        ]

    def get(self, asked: Asked) -> Answer:
        listed = [{**line, "@odata.etag": f'W/"v{self.version}"'} for line in self.lines]
        if unquote(asked.path).partition("?")[0].endswith("/purchaseOrderLines"):
            return rows(*listed)
        return Answer(body={"id": guid(50), "number": "106001", "purchaseOrderLines": listed})

    def patch(self, asked: Asked) -> Answer:
        if self.conflicts:
            self.conflicts -= 1
            self.version += 1
            return fault(409, "Request_EntityChanged", "Another user has already changed the record.")
        if asked.headers.get("if-match") != f'W/"v{self.version}"':
            return fault(409, "Request_EntityChanged", "Another user has already changed the record.")
        line = next(line for line in self.lines if str(line["id"]) in asked.path)
        line.update(json.loads(asked.body))
        self.version += 1
        return Answer(body=line)


CHANGES = {
    "purchaseOrderLines": [
        {"sequence": 10000, "expectedReceiptDate": "2026-04-01", "directUnitCost": Decimal(5)},
        {"sequence": 20000, "expectedReceiptDate": "2026-04-02"},
    ]
}


def test_each_line_is_changed_under_its_newest_etag_and_only_where_it_differs() -> None:
    order = PurchaseOrder()
    with service(GET_purchaseOrders=order.get, PATCH_purchaseOrders=order.patch) as bc:
        changed = bc.connector().update("purchaseOrders", guid(50), CHANGES)
        assert [line["expectedReceiptDate"] for line in changed["purchaseOrderLines"]] == ["2026-04-01", "2026-04-02"]
        patched = [asked for asked in bc.server.asked if asked.method == "PATCH"]
        assert [json.loads(asked.body) for asked in patched] == [
            {"expectedReceiptDate": "2026-04-01"},
            {"expectedReceiptDate": "2026-04-02"},
        ]
        assert unquote(patched[0].path) == f"{unquote(IN_COMPANY)}/purchaseOrders({guid(50)})/purchaseOrderLines({guid(1)})"
        bc.connector().update("purchaseOrders", guid(50), CHANGES)
        assert len([asked for asked in bc.server.asked if asked.method == "PATCH"]) == 2, "repeating it writes nothing"


def test_a_line_that_others_change_is_read_again_and_then_left_for_later() -> None:
    for conflicts, raises in ((2, False), (9, True)):
        order = PurchaseOrder(conflicts)
        with service(GET_purchaseOrders=order.get, PATCH_purchaseOrders=order.patch) as bc:
            if raises:
                with pytest.raises(Retryable, match="change by someone else"):
                    bc.connector().update("purchaseOrders", guid(50), CHANGES)
            else:
                bc.connector().update("purchaseOrders", guid(50), CHANGES)
                assert order.lines[0]["expectedReceiptDate"] == "2026-04-01"


def test_a_missing_if_match_is_a_change_by_someone_else_and_never_a_refused_document() -> None:
    order = PurchaseOrder()
    with (
        service(GET_purchaseOrders=order.get, PATCH_purchaseOrders=fault(412, "BadRequest_InvalidToken")) as bc,
        pytest.raises(Retryable),
    ):
        bc.connector().update("purchaseOrders", guid(50), CHANGES)


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
    with service(GET_salesInvoices=listed, GET_generalLedgerEntries=entries, GET_salesOrders=orders) as bc:
        totals = bc.connector().day_totals("salesInvoices", START, dt.date(2026, 3, 31))
        assert {day: (held.count, held.amount) for day, held in totals.items()} == {dt.date(2026, 3, 5): (2, Decimal("20.20"))}
        asked = unquote(bc.asked("salesInvoices")[0].path)
        assert "invoiceDate ge 2026-03-01 and invoiceDate le 2026-03-31" in asked
        of_orders = bc.connector().day_totals("salesOrders", START, dt.date(2026, 3, 31))
        assert of_orders[dt.date(2026, 3, 5)].count == 1


def test_reference_data_is_read_by_what_changed_and_looked_up_by_number_or_barcode() -> None:
    item = {"number": "1000", "lastModifiedDateTime": "2026-03-05T19:19:22.5Z"}
    with service(GET_items=rows(item), GET_currencies=rows({"code": "EUR"})) as bc:
        connector = bc.connector()
        assert list(connector.reference_items("items", None)) == [[item]]
        list(connector.reference_items("items", "2026-03-05T19:19:22.500Z"))
        assert "lastModifiedDateTime ge 2026-03-05T19:09:22.500Z" in unquote(bc.asked("items")[1].path)
        assert connector.reference_newest("items", [item], None) == "2026-03-05T19:19:22.500Z"
        assert connector.reference_newest("currencies", [{"code": "EUR"}], None) is None
        list(connector.reference_records("items", ["a-1", "0036000291452", "X" * 21]))
        by_number, by_barcode = (unquote(asked.path) for asked in bc.asked("items")[2:])
        assert "number eq '0036000291452' or number eq 'A-1'" in by_number
        assert by_barcode.endswith("$filter=gtin eq '0036000291452'")


def test_check_reads_what_the_flows_read() -> None:
    with service(
        GET_salesInvoices=rows(invoice(1, "Paid")), GET_generalLedgerEntries=rows(), GET_salesOrders=rows(stored_order())
    ) as bc:
        reports = bc.connector().check()
        assert all(report.ok for report in reports), reports
        assert [report.detail for report in reports] == [
            f"signed in; company cronus us of environment Sandbox EU has id {COMPANY}",
            "read salesInvoices and generalLedgerEntries: number PS-INV1",
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


def test_turns_are_taken_before_the_write_that_they_are_for() -> None:
    with service(POST_salesOrders=Answer(201, stored_order())) as bc:
        connector = bc.connector(requests_per_second=1000.0)
        connector.wait_turn()
        before = sum(bc.limiter.turns.values())
        connector.create("salesOrders", ORDER)
        assert sum(bc.limiter.turns.values()) == before
        assert len(bc.limiter.turns) == 1, "one budget per user, whatever the path"
