"""How the connector creates, finds again, finishes and changes records of Business Central."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from mlconn_pipelines.errors import CredentialRefused, DocumentRejected, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines_tests.systems.business_central.api.scripted_service import (
    IN_COMPANY,
    ITEM_LINE,
    ORDER,
    REFERENCE_LINE,
    fault,
    guid,
    invoice,
    rows,
    service,
    stored_order,
)
from mlconn_pipelines_tests.transport.scripted_server import CUT, Answer, Asked

HELD = "is being updated in a transaction done by another session"
XMLNS = 'xmlns="http://docs.oasis-open.org/odata/ns/metadata"'


def test_an_order_is_created_with_its_lines_by_one_request_the_line_type_first() -> None:
    with service(POST_salesOrders=Answer(201, stored_order(ITEM_LINE, REFERENCE_LINE))) as bc:
        stored = bc.connector().target.create("salesOrders", ORDER)
        assert (stored.key, stored.number, stored.line_count, stored.total) == (guid(1), "S-ORD1", 1, Decimal("88.73"))
        (asked,) = bc.request_line("salesOrders")
        sent = json.loads(asked.body)
        assert list(sent["salesOrderLines"][0]) == ["lineType", "lineObjectNumber", "quantity", "unitPrice"]
        assert sent["salesOrderLines"][0]["unitPrice"] == 35.49
        assert "if-match" not in asked.headers


def test_amounts_leave_with_every_digit_and_in_their_fields_scale() -> None:
    line = {"lineType": "Item", "quantity": Decimal("0.1"), "unitPrice": Decimal("12345678901234567.89012")}
    with service(POST_salesOrders=Answer(201, stored_order(ITEM_LINE))) as bc:
        bc.connector().target.create("salesOrders", {**ORDER, "salesOrderLines": [line]})
        (asked,) = bc.request_line("salesOrders")
        assert b'"quantity": 0.10000, "unitPrice": 12345678901234567.89012' in asked.body


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (fault(400, "Application_DialogException", "The sell-to customer cannot be found."), DocumentRejected),
        (fault(400, "Internal_EntityWithSameKeyExists"), DocumentRejected),
        (fault(409, "Internal_ServerError", f"We can't save, because a record in table 'X' {HELD}."), Retryable),
        (fault(500, "Internal_ServerError", f"We can't save, because a record in table 'X' {HELD}."), Retryable),
        (fault(400, "Application_DialogException", "A record in the 'X' table was locked by another user."), Retryable),
        (
            fault(400, "Application_DialogException", "Your activity was deadlocked with another user who was modifying X."),
            Retryable,
        ),
        (fault(400, "Application_DialogException", "Item 'Deadlock' is locked."), DocumentRejected),
        (fault(500, "Internal_ServerError"), OutcomeUnknown),
        (fault(429, "Unknown"), Retryable),
        (fault(503, "Internal_TenantUnavailable"), OutcomeUnknown),
        (Answer(504, "<html>Gateway</html>"), OutcomeUnknown),
        (Answer(502), OutcomeUnknown),
        (Answer(408), OutcomeUnknown),
        (CUT, OutcomeUnknown),
        (fault(403, "Authorization_RequestDenied"), CredentialRefused),
        (Answer(404, "<h1>Not found</h1><p>Say <code>NoEnvironment</code></p>"), OutcomeUnknown),
        (Answer(404, f"<error {XMLNS}><code>NoEnvironment</code><message>x</message></error>"), TryLater),
        (Answer(201, b""), OutcomeUnknown),
    ],
)
def test_what_a_refused_or_lost_create_means(answer: Any, error: type[Exception]) -> None:
    with service(POST_salesOrders=lambda _: answer) as bc:
        with pytest.raises(error) as raised:
            bc.connector().target.create("salesOrders", ORDER)
        assert type(raised.value) is error or issubclass(type(raised.value), DocumentRejected)
        assert "CorrelationId" not in str(raised.value)
        assert len(bc.request_line("/salesOrders")) == 1, "a write is never tried again"


def test_a_refusal_is_told_in_the_services_words() -> None:
    refused = fault(400, "Application_StringExceededLength", "The length of the string is 36, but it must be at most 35.")
    with (
        service(POST_salesOrders=refused) as bc,
        pytest.raises(DocumentRejected, match=r"at most 35\. \(code Application_StringExceededLength, status 400\)"),
    ):
        bc.connector().target.create("salesOrders", ORDER)


def test_an_order_of_ours_is_found_among_those_of_its_customer_and_number() -> None:
    other = stored_order(ITEM_LINE, {**REFERENCE_LINE, "description": "acme:salesOrders:D0000009"}, number=8)
    ours = stored_order(ITEM_LINE, REFERENCE_LINE)
    with service(GET_salesOrders=rows(other, ours)) as bc:
        payload = {**ORDER, "externalDocumentNumber": " po'7 "}
        found = bc.connector().target.find("salesOrders", "acme:salesOrders:D0000001", payload)
        assert found is not None
        assert (found.key, found.number, found.line_count) == (guid(1), "S-ORD1", 1)
        asked = unquote(bc.request_line("salesOrders")[0].path)
        assert "customerNumber eq 'C10' and externalDocumentNumber eq 'PO''7'" in asked


def test_an_order_invoiced_in_full_since_is_found_by_its_invoice() -> None:
    copied = {"orderId": guid(1).upper(), "orderNumber": "S-ORD1", "salesInvoiceLines": [ITEM_LINE, REFERENCE_LINE]}
    with service(GET_salesOrders=rows(), GET_salesInvoices=rows(invoice(5, "Open", **copied))) as bc:
        found = bc.connector().target.find("salesOrders", "acme:salesOrders:D0000001", ORDER)
        assert found is not None
        assert (found.key, found.number, found.line_count) == (guid(1), "S-ORD1", None)


def test_an_invoice_from_before_it_was_to_be_created_is_nobodys_proof() -> None:
    old = invoice(5, "Open", orderNumber="S-ORD1", salesInvoiceLines=[ITEM_LINE])
    with service(GET_salesOrders=rows(), GET_salesInvoices=rows(old)) as bc:
        assert bc.connector().target.find("salesOrders", "acme:salesOrders:D0000001", ORDER, older_than_s=60) is None
        with pytest.raises(OutcomeUnknown, match="S-ORD1 of that customer and number is gone"):
            bc.connector().target.find("salesOrders", "acme:salesOrders:D0000001", ORDER)


def test_how_old_an_invoice_is_hangs_on_the_shared_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a machine's clock that is a day ahead, the order that was ours would be taken for one from before, and made again."""
    since = invoice(5, "Open", orderNumber="S-ORD1", salesInvoiceLines=[ITEM_LINE])
    with service(GET_salesOrders=rows(), GET_salesInvoices=rows(since)) as bc:
        stamped = dt.datetime.fromisoformat(since["lastModifiedDateTime"])
        monkeypatch.setattr(bc.sessions, "now", lambda: stamped + dt.timedelta(seconds=30))
        with pytest.raises(OutcomeUnknown, match="S-ORD1 of that customer and number is gone"):
            bc.connector().target.find("salesOrders", "acme:salesOrders:D0000001", ORDER, older_than_s=60)


def test_somebody_elses_order_of_that_number_is_not_ours() -> None:
    with service(GET_salesOrders=rows(stored_order(ITEM_LINE)), GET_salesInvoices=rows()) as bc:
        assert bc.connector().target.find("salesOrders", "acme:salesOrders:D0000001", ORDER) is None


def test_the_ship_to_contact_is_searched_by_itself_where_it_holds_the_reference() -> None:
    ours = stored_order(ITEM_LINE, shipToContact="acme:salesOrders:D0000001")
    with service(GET_salesOrders=rows(ours)) as bc:
        found = bc.connector(reference_field="shipToContact").target.find("salesOrders", "acme:salesOrders:D0000001")
        assert found is not None and found.number == "S-ORD1"
        assert "shipToContact eq 'acme:salesOrders:D0000001'" in unquote(bc.request_line("salesOrders")[0].path)


def test_changes_of_lines_are_looked_for_by_nobody() -> None:
    with service() as bc:
        assert bc.connector().target.find("purchaseOrders", "acme:purchaseOrders:D1", {"purchaseOrderLines": []}) is None
        assert bc.connector().target.find("salesOrders", "acme:salesOrders:D1", {"salesOrderLines": []}) is None


def test_an_order_without_all_its_lines_is_removed() -> None:
    with service(GET_salesOrders=Answer(body=stored_order()), DELETE_salesOrders=Answer(204)) as bc:
        connector = bc.connector()
        assert connector.stepwise.finish_or_remove("salesOrders", Stored(guid(1), "S-ORD1", "salesOrders"), ORDER) is None
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
        changed = bc.connector().target.update("purchaseOrders", guid(50), CHANGES)
        assert [line["expectedReceiptDate"] for line in changed["purchaseOrderLines"]] == ["2026-04-01", "2026-04-02"]
        patched = [asked for asked in bc.server.asked if asked.method == "PATCH"]
        assert [json.loads(asked.body) for asked in patched] == [
            {"expectedReceiptDate": "2026-04-01"},
            {"expectedReceiptDate": "2026-04-02"},
        ]
        assert unquote(patched[0].path) == f"{unquote(IN_COMPANY)}/purchaseOrders({guid(50)})/purchaseOrderLines({guid(1)})"
        bc.connector().target.update("purchaseOrders", guid(50), CHANGES)
        assert len([asked for asked in bc.server.asked if asked.method == "PATCH"]) == 2, "repeating it writes nothing"


def test_a_line_that_others_change_is_read_again_and_then_left_for_later() -> None:
    for conflicts, raises in ((2, False), (9, True)):
        order = PurchaseOrder(conflicts)
        with service(GET_purchaseOrders=order.get, PATCH_purchaseOrders=order.patch) as bc:
            if raises:
                with pytest.raises(Retryable, match="change by someone else"):
                    bc.connector().target.update("purchaseOrders", guid(50), CHANGES)
            else:
                bc.connector().target.update("purchaseOrders", guid(50), CHANGES)
                assert order.lines[0]["expectedReceiptDate"] == "2026-04-01"


def test_a_missing_if_match_is_a_change_by_someone_else_and_never_a_refused_document() -> None:
    order = PurchaseOrder()
    with (
        service(GET_purchaseOrders=order.get, PATCH_purchaseOrders=fault(412, "BadRequest_InvalidToken")) as bc,
        pytest.raises(Retryable),
    ):
        bc.connector().target.update("purchaseOrders", guid(50), CHANGES)


def test_turns_are_taken_before_the_write_that_they_are_for() -> None:
    with service(POST_salesOrders=Answer(201, stored_order())) as bc:
        connector = bc.connector(requests_per_second=1000.0)
        connector.target.reserve()
        before = sum(bc.limiter.turns.values())
        connector.target.create("salesOrders", ORDER)
        assert sum(bc.limiter.turns.values()) == before
