from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.errors import DocumentRejected, MlconnError, NotFound, OutcomeUnknown, Retryable
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import Company, sap_company
from mlconn_pipelines_tests.transport.scripted_server import CUT, Answer, Asked, scripted_server

REFERENCE = "acme:PurchaseOrders:D1"


def created(company: Company) -> list[Any]:
    return list(company.sandbox.state(source=False)["created"])


@pytest.mark.parametrize("entity", ["PurchaseOrders", "Orders"])
def test_a_document_is_created_by_one_request_and_found_by_its_reference(entity: str) -> None:
    with sap_company() as company:
        connector = company.connector()
        reference = f"acme:{entity}:D1"
        assert connector.target.find(entity, reference) is None
        connector.target.reserve()
        calls = connector.calls
        stored = connector.target.create(entity, company.payload(reference, entity, DocTotal=Decimal("14.00")))
        assert connector.calls == calls + 1
        assert (stored.line_count, stored.draft, stored.entity) == (2, False, entity) and stored.number and stored.total
        assert connector.target.find(entity, reference) == stored
        assert connector.target.find(entity, reference + "0") is None
        assert connector.stepwise is None, "one request makes the whole document"


@pytest.mark.parametrize("fault", ["500", "500_empty", "502_html", "503", "cut_before", "cut_after", "500_after", "cut_body"])
def test_no_good_answer_is_an_open_outcome_and_the_look_up_settles_it(fault: str) -> None:
    with sap_company() as company:
        connector = company.connector()
        connector.target.reserve()
        company.sandbox.faults.arm(fault, path="PurchaseOrders", method="POST", count=None)
        with pytest.raises(OutcomeUnknown):
            connector.target.create("PurchaseOrders", company.payload(REFERENCE))
        assert company.requests("POST /b1s/v2/PurchaseOrders") == 1
        found = connector.target.find("PurchaseOrders", REFERENCE)
        assert (found is not None) == ("after" in fault or fault == "cut_body") == bool(created(company))


def test_amounts_leave_with_every_digit_and_in_their_fields_scale() -> None:
    sent: list[bytes] = []

    def answer(asked: Asked) -> Answer:
        sent.append(asked.body)
        return Answer(201, {"DocEntry": 1}) if asked.path.endswith("Orders") else Answer(body={"SessionId": "s"})

    with sap_company() as company, scripted_server(answer) as server:
        company.url = server.url + "/b1s/v2/"
        line = {"ItemCode": "I1", "Quantity": Decimal("0.1"), "UnitPrice": Decimal("12345678901.123456")}
        company.connector().target.create("Orders", {"CardCode": "C1", "DocumentLines": [line]})
    assert b'"Quantity": 0.100000, "UnitPrice": 12345678901.123456' in sent[-1]


def test_a_company_with_branches_refuses_a_document_that_names_none() -> None:
    with sap_company(branches={1: "Memphis", 2: "Toronto"}) as company:
        connector = company.connector(branch=2)
        with pytest.raises(DocumentRejected, match="branch"):
            connector.target.create("PurchaseOrders", company.payload(REFERENCE))
        stored = connector.target.create("PurchaseOrders", company.payload(REFERENCE, BPL_IDAssignedToInvoice=2))
        assert company.sandbox.record("PurchaseOrders", int(stored.key))["BPL_IDAssignedToInvoice"] == 2
        assert connector.check()[-1].ok and "2 (Toronto)" in connector.check()[-1].detail
        wrong = company.connector(branch=7).check()[-1]
        assert not wrong.ok and "1 (Memphis), 2 (Toronto)" in wrong.detail


def test_a_unique_key_over_our_reference_makes_the_second_post_find_the_first() -> None:
    with sap_company() as company:
        connector = company.connector()
        company.sandbox.reference_is_unique = True
        stored = connector.target.create("PurchaseOrders", company.payload(REFERENCE))
        assert connector.target.create("PurchaseOrders", company.payload(REFERENCE)) == stored
        assert len(created(company)) == 1


def test_a_429_on_a_write_stored_nothing() -> None:
    with sap_company() as company:
        connector = company.connector()
        company.sandbox.faults.arm("429", path="PurchaseOrders", method="POST", retry_after=2)
        with pytest.raises(Retryable) as raised:
            connector.target.create("PurchaseOrders", company.payload(REFERENCE))
        assert raised.value.retry_after_s == 2.0 and created(company) == []


def test_an_approval_draft_is_stored_and_never_posted_twice() -> None:
    with sap_company() as company:
        connector = company.connector()
        company.sandbox.faults.arm("approval_draft", path="PurchaseOrders")
        stored = connector.target.create("PurchaseOrders", company.payload(REFERENCE))
        assert stored.draft and stored.line_count == 2
        assert connector.target.find("PurchaseOrders", REFERENCE) == stored
        assert connector.target.find("Orders", REFERENCE) is None
        assert company.requests("POST /b1s/v2/PurchaseOrders") == 1


def test_a_draft_that_cannot_be_looked_for_is_an_open_outcome() -> None:
    with sap_company() as company:
        connector = company.connector()
        company.sandbox.faults.arm("approval_draft", path="PurchaseOrders")
        company.sandbox.faults.arm("503", path="Drafts", count=None)
        with pytest.raises(OutcomeUnknown, match="could not be seen"):
            connector.target.create("PurchaseOrders", company.payload(REFERENCE))


@pytest.mark.parametrize(
    ("changes", "words", "code"),
    [
        ({"CardCode": "NOBODY"}, "No matching records found", "reference_unknown"),
        ({"DocumentLines": []}, "no lines", "refused_by_server"),
    ],
)
def test_a_refusal_is_told_in_saps_words(changes: dict[str, Any], words: str, code: str) -> None:
    with sap_company() as company:
        with pytest.raises(DocumentRejected, match=words) as raised:
            company.connector().target.create("PurchaseOrders", {**company.payload(REFERENCE), **changes})
        assert raised.value.code == code and created(company) == []


def test_a_payload_with_an_object_code_is_stored_among_the_drafts_and_found_there() -> None:
    with sap_company() as company:
        connector = company.connector()
        order = connector.target.create("PurchaseOrders", company.payload(REFERENCE))
        line = {"BaseType": 22, "BaseEntry": int(order.key), "BaseLine": 0, "Quantity": 1}
        reference = "acme:PurchaseDeliveryNotes:D2"
        payload = company.payload(reference, DocObjectCode="oPurchaseDeliveryNotes", DocumentLines=[line])
        stored = connector.target.create("PurchaseDeliveryNotes", payload)
        assert stored.draft and (stored.entity, stored.line_count) == ("PurchaseDeliveryNotes", 1)
        assert connector.target.find("PurchaseDeliveryNotes", reference) == stored
        assert connector.target.find("PurchaseInvoices", reference) is None
        assert company.requests("POST /b1s/v2/Drafts") == 1


def test_references_with_quotes_are_found_exactly() -> None:
    with sap_company() as company:
        connector = company.connector()
        connector.target.create("PurchaseOrders", company.payload("a'b:PurchaseOrders:D%1"))
        assert connector.target.find("PurchaseOrders", "a'b:PurchaseOrders:D%1")


def test_an_update_merges_lines_by_number_and_reads_back() -> None:
    with sap_company() as company:
        connector = company.connector()
        stored = connector.target.create("PurchaseOrders", company.payload(REFERENCE))
        changes = {"DocumentLines": [{"LineNum": 1, "ShipDate": "2027-01-15"}]}
        for _ in range(2):
            record = connector.target.update("PurchaseOrders", stored.key, changes)
            assert [line["ShipDate"][:10] for line in record["DocumentLines"]] == ["2026-12-01", "2027-01-15"]
            assert len(record["DocumentLines"]) == 2


@pytest.mark.parametrize(("fault", "kind"), [("cut_after", OutcomeUnknown), ("500", OutcomeUnknown), ("stale_etag", Retryable)])
def test_an_update_that_fails_says_whether_it_may_have_happened(fault: str, kind: type[MlconnError]) -> None:
    with sap_company() as company:
        connector = company.connector()
        key = company.keys("PurchaseOrders")[0]
        company.sandbox.faults.arm(fault, path="PurchaseOrders(", method="PATCH")
        with pytest.raises(kind):
            connector.target.update("PurchaseOrders", key, {"Comments": "x"})


def test_an_update_of_what_is_gone_is_not_found() -> None:
    with sap_company() as company, pytest.raises(NotFound):
        company.connector().target.update("PurchaseOrders", "99999999", {"Comments": "x"})


def test_many_threads_post_each_document_once() -> None:
    with sap_company() as company:
        connector = company.connector(calls_in_flight=4)
        threads = [
            threading.Thread(
                target=connector.target.create, args=("PurchaseOrders", company.payload(f"acme:PurchaseOrders:D{number}"))
            )
            for number in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(created(company)) == 12 and company.sandbox.sessions.logins == 1
        assert company.limiter.most_at_once <= 4


def test_an_answer_without_body_gives_the_key_by_its_location() -> None:
    def answer(asked: Asked) -> Any:
        if asked.path.endswith("Login"):
            return Answer(body={"SessionId": "s"})
        return Answer(201, headers={"Location": "https://sap:50000/b1s/v2/Orders(4711)"})

    with sap_company() as company, scripted_server(answer) as server:
        company.url = server.url + "/b1s/v2/"
        assert company.connector().target.create("Orders", {}).key == "4711"


@pytest.mark.parametrize("answer", [CUT, Answer(200, b"<html>Sign in</html>"), Answer(201, b'{"value": 1}')])
def test_an_answer_that_names_nothing_is_an_open_outcome(answer: Any) -> None:
    def answered(asked: Asked) -> Any:
        return Answer(body={"SessionId": "s"}) if asked.path.endswith("Login") else answer

    with sap_company() as company, scripted_server(answered) as server:
        company.url = server.url + "/b1s/v2/"
        with pytest.raises(OutcomeUnknown):
            company.connector().target.create("Orders", {})
        assert server.paths().count("POST /b1s/v2/Orders") == 1
