"""The invoice of several requests: what is left of it when one of them fails, and how it is finished or removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from mlconn_pipelines.errors import ConnectorError, DocumentRejected, OutcomeUnknown, PartiallyDone, Retryable
from mlconn_pipelines.ports.records import Connector, Stored
from mlconn_pipelines.systems.finance_operations.api.connector import PENDING_FOR_SURE_S
from mlconn_pipelines.systems.finance_operations.records.naming import INVOICE_LINES, INVOICES
from mlconn_pipelines_tests.systems.finance_operations.scripted_environment import Environment, environment, refused, rows
from mlconn_pipelines_tests.transport.scripted_server import CUT, Answer, Asked

REFERENCE = "acme:VendorInvoiceHeaders:D1"
PAYLOAD = {
    "dataAreaId": "usmf",
    "HeaderReference": REFERENCE,
    "InvoiceNumber": "INV-1",
    "InvoiceAccount": "V1",
    INVOICE_LINES: [{"InvoiceLineNumber": n, "ItemNumber": f"I{n}", "ReceiveNow": 2, "NetAmount": 7.5} for n in (1, 2, 3)],
}
REFUSAL = refused("Error: Item 'I2' is stopped.; Error: validateWrite failed on data source 'VendInvoiceInfoLine'.")
HEADER = {name: value for name, value in PAYLOAD.items() if name != INVOICE_LINES}
LINES: list[dict[str, Any]] = [{"dataAreaId": "usmf", "HeaderReference": REFERENCE, **line} for line in PAYLOAD[INVOICE_LINES]]  # type: ignore[dict-item]
TAKEN = refused("Error: Cannot create a record in Vendor invoice line (VendInvoiceInfoLine). The record already exists.")
BUSY = Answer(429, {"error": {"message": "slow down"}}, {"Retry-After": "1"})


@dataclass
class Books:
    """Pending invoices as F&O holds them. line: its answer to the n-th line that is posted, None for the usual one."""

    headers: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    line: Callable[[int], Any] = lambda _: None
    header: Any = None
    deletes: Any = None
    posted: int = 0

    def answer(self, asked: Asked) -> Any:
        path = unquote(asked.path)
        if asked.method == "GET":
            held: Any = self.lines if path.startswith(f"/data/{INVOICE_LINES}") else self.headers
            return rows(*held.values())
        if asked.method == "DELETE":
            if self.deletes is not None:
                return self.deletes
            if INVOICE_LINES in path:
                number = int(path.partition("InvoiceLineNumber=")[2].partition(")")[0])
                del self.lines[REFERENCE, number]
            else:
                if self.lines:
                    return refused("Error: Lines exist.")
                del self.headers[REFERENCE]
            return Answer(204)
        body = json.loads(asked.body)
        if INVOICE_LINES in path:
            self.posted += 1
            answer = self.line(self.posted)
            if answer is None or answer is CUT:  # cut after it was stored
                self.lines[body["HeaderReference"], body["InvoiceLineNumber"]] = body
        else:
            answer = self.header
            if answer is None or answer is CUT:
                self.headers[body["HeaderReference"]] = body
        return answer or Answer(201, body)

    @property
    def whole(self) -> bool:
        return list(self.headers) == [REFERENCE] and sorted(number for _, number in self.lines) == [1, 2, 3]

    @property
    def empty(self) -> bool:
        return not self.headers and not self.lines


def request_by_request(fo: Environment) -> Connector:
    return fo.connector(invoice_in_one_batch=False)


def writes(fo: Environment) -> list[str]:
    return [told.partition("?")[0] for told in fo.told() if not told.startswith("GET")]


def test_a_header_then_its_lines_one_after_another_and_found_by_our_reference() -> None:
    books = Books()
    with environment(books.answer) as fo:
        connector = request_by_request(fo)
        assert connector.target.find(INVOICES, REFERENCE) is None
        stored = connector.target.create(INVOICES, PAYLOAD)
        assert (stored.key, stored.number, stored.line_count, float(stored.total or 0)) == (REFERENCE, "INV-1", 3, 22.5)
        assert writes(fo) == [f"POST /data/{INVOICES}", *[f"POST /data/{INVOICE_LINES}"] * 3]
        assert connector.target.find(INVOICES, REFERENCE) == stored
        assert books.whole and all(line["dataAreaId"] == "usmf" for line in books.lines.values())
        assert INVOICE_LINES not in books.headers[REFERENCE]


def test_an_invoice_of_the_same_vendor_and_number_is_never_made_twice() -> None:
    """F&O itself might take it, whatever its parameter says."""
    books = Books(headers={"theirs": {"HeaderReference": "theirs", "InvoiceNumber": "inv-1", "InvoiceAccount": "V1"}})
    with environment(books.answer) as fo:
        with pytest.raises(DocumentRejected, match="pending invoice INV-1 of vendor V1 already") as raised:
            request_by_request(fo).target.create(INVOICES, PAYLOAD)
        assert raised.value.code == "invoice_exists" and writes(fo) == []


def test_a_number_with_a_wildcard_finds_no_twin_in_another_number() -> None:
    books = Books(headers={"theirs": {"HeaderReference": "theirs", "InvoiceNumber": "INV-77", "InvoiceAccount": "V1"}})
    with environment(books.answer) as fo:
        assert request_by_request(fo).target.create(INVOICES, {**PAYLOAD, "InvoiceNumber": "INV-*"}).line_count == 3


def test_nothing_is_written_while_nobody_can_look_for_a_twin() -> None:
    for status in (400, 403, 500):
        with environment(lambda _, status=status: Answer(status, {"error": {"message": "no"}})) as fo:  # type: ignore[misc]
            with pytest.raises(Retryable):
                request_by_request(fo).target.create(INVOICES, PAYLOAD)
            assert writes(fo) == []


def test_a_refused_line_takes_the_whole_invoice_back() -> None:
    books = Books(line=lambda number: REFUSAL if number == 2 else None)
    with environment(books.answer) as fo:
        with pytest.raises(DocumentRejected, match="Item 'I2' is stopped"):
            request_by_request(fo).target.create(INVOICES, PAYLOAD)
        assert books.empty


@pytest.mark.parametrize("trouble", [CUT, BUSY, Answer(503, "<html/>"), Answer(500, {"error": {"message": "?"}})])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_whatever_breaks_off_a_line_the_invoice_is_finished_afterwards(trouble: Any, at: int) -> None:
    books = Books(line=lambda number: trouble if number == at else None)
    with environment(books.answer) as fo:
        connector = request_by_request(fo)
        with pytest.raises(PartiallyDone, match=f"line {at} of 3"):
            connector.target.create(INVOICES, PAYLOAD)
        partial = connector.target.find(INVOICES, REFERENCE)
        assert partial is not None and partial.line_count == len(books.lines) < 4
        whole = connector.stepwise.finish_or_remove(INVOICES, partial, PAYLOAD)
        assert whole is not None and whole.line_count == 3 and books.whole
        assert connector.stepwise.finish_or_remove(INVOICES, whole, PAYLOAD) == whole  # safe to repeat


@pytest.mark.parametrize("kept", [[], [1], [1, 3]])
def test_what_a_dead_process_left_is_finished_by_its_missing_lines(kept: list[int]) -> None:
    header, lines = {k: v for k, v in PAYLOAD.items() if k != INVOICE_LINES}, PAYLOAD[INVOICE_LINES]
    books = Books({REFERENCE: header}, {(REFERENCE, n): {**header, **lines[n - 1]} for n in kept})  # type: ignore[dict-item, index]
    with environment(books.answer) as fo:
        connector = request_by_request(fo)
        partial = connector.target.find(INVOICES, REFERENCE)
        assert partial is not None and partial.line_count == len(kept)
        assert connector.stepwise.finish_or_remove(INVOICES, partial, PAYLOAD) is not None
        assert books.whole and len(writes(fo)) == 3 - len(kept)


def test_what_cannot_be_finished_is_removed() -> None:
    header = {k: v for k, v in PAYLOAD.items() if k != INVOICE_LINES}
    books = Books({REFERENCE: header}, {(REFERENCE, 1): {**header, "InvoiceLineNumber": 1}}, line=lambda _: REFUSAL)
    with environment(books.answer) as fo:
        assert request_by_request(fo).stepwise.finish_or_remove(INVOICES, Stored(REFERENCE, "INV-1", INVOICES), PAYLOAD) is None
        assert books.empty


def test_what_can_neither_be_made_nor_taken_back_is_looked_at_again() -> None:
    books = Books(line=lambda number: REFUSAL if number == 2 else None, deletes=Answer(503, ""))
    with environment(books.answer) as fo:
        with pytest.raises(PartiallyDone, match=r"Item 'I2' is stopped.*could not be removed"):
            request_by_request(fo).target.create(INVOICES, PAYLOAD)
        books.deletes, books.line = None, lambda _: REFUSAL
        assert request_by_request(fo).stepwise.finish_or_remove(INVOICES, Stored(REFERENCE, "INV-1", INVOICES), PAYLOAD) is None
        assert books.empty


@pytest.mark.parametrize("stored", [True, False])
def test_a_header_without_an_answer_is_an_open_outcome_and_a_look_settles_it(stored: bool) -> None:
    books = Books(header=CUT if stored else Answer(504, ""))
    with environment(books.answer) as fo:
        connector = request_by_request(fo)
        with pytest.raises(OutcomeUnknown):
            connector.target.create(INVOICES, PAYLOAD)
        partial = connector.target.find(INVOICES, REFERENCE)
        assert (partial is not None) == stored
        if partial is not None:
            assert connector.stepwise.finish_or_remove(INVOICES, partial, PAYLOAD) is not None
            assert books.whole


def test_that_none_is_pending_proves_nothing_once_it_may_have_been_posted() -> None:
    with environment(Books().answer) as fo:
        connector = request_by_request(fo)
        assert connector.target.find(INVOICES, REFERENCE, PAYLOAD, older_than_s=300) is None
        with pytest.raises(OutcomeUnknown, match="may have been posted"):
            connector.target.find(INVOICES, REFERENCE, PAYLOAD, older_than_s=2 * PENDING_FOR_SURE_S)


def test_a_line_that_arrived_after_all_is_no_refusal() -> None:
    """Given up for lost, it was stored while its successor looked."""
    books = Books({REFERENCE: HEADER})

    def line(number: int) -> Any:
        if number == 1:
            books.lines[REFERENCE, 1] = LINES[0]
            return TAKEN
        return None

    books.line = line
    with environment(books.answer) as fo:
        assert (
            request_by_request(fo).stepwise.finish_or_remove(INVOICES, Stored(REFERENCE, "INV-1", INVOICES), PAYLOAD)
            is not None
        )
        assert len(books.lines) == 3 and books.headers


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        (TAKEN, None),
        (TAKEN, {"ReceiveNow": 5}),
        (TAKEN, {"ItemNumber": "I9"}),
        (TAKEN, {"NetAmount": 7.51}),
        (refused("Error: Cannot create a record in Inventory dimensions (InventDim). 4711. The record already exists."), None),
        (refused("Error: Invoice number INV-1 already exists for vendor V1."), {}),
        (refused("Error: Item 'already exists' is stopped."), {}),
    ],
)
def test_a_line_counts_as_stored_only_for_a_key_that_is_taken_by_an_equal_line(
    answer: Any, held: dict[str, Any] | None
) -> None:
    books = Books()

    def line(number: int) -> Any:
        if number != 1:
            return None
        if held is not None:
            books.lines[REFERENCE, 1] = {**LINES[0], **held}
        return answer

    books.line = line
    with environment(books.answer) as fo:
        with pytest.raises(DocumentRejected):
            request_by_request(fo).target.create(INVOICES, PAYLOAD)
        assert books.empty


@pytest.mark.parametrize("in_one_batch", [False, True], ids=["requests", "batch"])
@pytest.mark.parametrize("held", [[], [1], [1, 2, 3]])
def test_a_header_whose_key_is_taken_by_a_late_request_of_ours_is_gone_on_with(in_one_batch: bool, held: list[int]) -> None:
    """The first request was given up for lost and came in between our look and our second one."""
    books = Books()

    def answer(asked: Asked) -> Any:
        late = asked.method == "POST" and not books.headers
        if late:
            books.headers[REFERENCE] = HEADER
            books.lines |= {(REFERENCE, number): LINES[number - 1] for number in held}
            if not in_one_batch:
                return TAKEN
            text = FAILED.format(status=500, body=json.dumps(TAKEN.body))
            return Answer(200, text, KIND)
        return books.answer(asked)

    with environment(answer) as fo:
        assert fo.connector(invoice_in_one_batch=in_one_batch).target.create(INVOICES, PAYLOAD).line_count == 3
        assert books.whole


def test_an_invoice_of_ours_that_somebody_changed_is_not_taken_for_ours() -> None:
    books = Books({REFERENCE: HEADER}, {(REFERENCE, 1): {**LINES[0], "ReceiveNow": 1}})
    with environment(books.answer) as fo:
        with pytest.raises(DocumentRejected, match="its line 1 is another") as raised:
            request_by_request(fo).target.create(INVOICES, PAYLOAD)
        assert raised.value.code == "invoice_exists" and len(books.lines) == 1


def test_numbers_are_equal_as_far_as_the_server_keeps_them() -> None:
    rounded = {**LINES[0], "UnitPrice": 3.33, "itemnumber": "i1"}
    payload = {**PAYLOAD, INVOICE_LINES: [{**line, "UnitPrice": 3.333333} for line in PAYLOAD[INVOICE_LINES]]}  # type: ignore[misc, dict-item]
    books = Books({REFERENCE: HEADER}, {(REFERENCE, 1): rounded})
    with environment(books.answer) as fo:
        assert request_by_request(fo).target.create(INVOICES, payload).line_count == 3


@pytest.mark.parametrize(
    ("infolog", "error"),
    [
        ("Error: Cannot create a record in X (X). Deadlock, where one or more users have simultaneously locked the whole table or "
         "part of it.", Retryable),
        ("Error: Transaction (Process ID 52) was deadlocked on lock resources with another process and has been chosen as the "
         "deadlock victim. Rerun the transaction.", Retryable),
        ("Error: An update conflict occurred due to another user process deleting the record or changing one or more fields in the "
         "record.", Retryable),
        ("Error: Item 'Deadlock bolt' is stopped.", DocumentRejected),
        ("Error: Update conflict rule 7 forbids it.", DocumentRejected),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [400, 500])
def test_a_deadlock_is_tried_again(infolog: str, error: type[ConnectorError], status: int) -> None:
    with environment(Books(header=refused(infolog, status)).answer) as fo, pytest.raises(error) as raised:
        request_by_request(fo).target.create(INVOICES, PAYLOAD)
    assert type(raised.value) is not OutcomeUnknown


def test_a_second_act_goes_on_with_what_the_first_left() -> None:
    """A person said that it was not delivered, and a part of it was."""
    header = {k: v for k, v in PAYLOAD.items() if k != INVOICE_LINES}
    books = Books({REFERENCE: header})
    with environment(books.answer) as fo:
        assert request_by_request(fo).target.create(INVOICES, PAYLOAD).line_count == 3
        assert books.whole and len(writes(fo)) == 3


BATCH = "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n{parts}--batchresponse_1--\r\n"
PART = (
    "--changesetresponse_2\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {number}\r\n\r\n"
    "HTTP/1.1 201 Created\r\nContent-Type: application/json; odata.metadata=minimal\r\nOData-Version: 4.0\r\n\r\n"
    "{body}\r\n"
)
FAILED = (
    "--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n\r\n{body}\r\n--batchresponse_1--\r\n"
)
KIND = {"Content-Type": "multipart/mixed; boundary=batchresponse_1"}


def batched(body: str) -> Callable[[Asked], Any]:
    return lambda asked: Answer(200, body, KIND) if asked.method == "POST" else rows()


def parts_of(*made: dict[str, Any]) -> str:
    """A changeset in which each of these was made."""
    told = (json.dumps({"dataAreaId": "usmf", "HeaderReference": REFERENCE, **one}) for one in made)
    parts = (PART.format(number=number, body=body) for number, body in enumerate(told, start=1))
    return "".join(parts) + "--changesetresponse_2--\r\n"


MADE = ({"Comment": "a -- b"}, *({"InvoiceLineNumber": number} for number in (1, 2.0, 3)))


def test_one_batch_holds_header_and_lines_in_one_changeset() -> None:
    parts = parts_of(*MADE)
    with environment(batched(BATCH.format(parts=parts))) as fo:
        assert fo.connector().target.create(INVOICES, PAYLOAD).line_count == 3
        (batch,) = [asked for asked in fo.data if asked.method == "POST"]
        assert batch.path == "/data/$batch" and batch.headers["content-type"].startswith("multipart/mixed; boundary=batch_")
        assert batch.headers["accept"].startswith("multipart/mixed")
        text = batch.body.decode()
        assert text.count("Content-Type: application/http") == 4 and text.count("Content-Transfer-Encoding: binary") == 4
        assert text.count(f"POST {fo.server.url}/data/{INVOICE_LINES}?cross-company=true HTTP/1.1") == 3
        assert [f"Content-ID: {number}" in text for number in (1, 2, 3, 4)] == [True] * 4


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_amounts_leave_with_every_digit_and_in_their_fields_scale(in_one_batch: bool) -> None:
    amounts = {"ReceiveNow": Decimal("0.1"), "UnitPrice": Decimal("12345678901.123456"), "NetAmount": Decimal("1234567890.1")}
    payload = {**PAYLOAD, INVOICE_LINES: [{"InvoiceLineNumber": 1, **amounts}]}
    books = Books()
    with environment(json_batched(*BOTH_MADE) if in_one_batch else books.answer) as fo:
        fo.connector(invoice_in_one_batch=in_one_batch).target.create(INVOICES, payload)
        body = next(asked.body for asked in fo.data if b"ReceiveNow" in asked.body)
    assert b'"ReceiveNow": 0.100000, "UnitPrice": 12345678901.123456, "NetAmount": 1234567890.10' in body


BOTH_MADE = [
    {"id": str(n), "status": 201, "headers": {}, "body": {"dataAreaId": "usmf", "HeaderReference": REFERENCE, **one}}
    for n, one in enumerate(({}, {"InvoiceLineNumber": 1}), start=1)
]


def json_batched(*responses: dict[str, Any]) -> Callable[[Asked], Any]:
    body = {"responses": list(responses)}
    return lambda asked: (
        Answer(200, body, {"Content-Type": "application/json; odata.metadata=minimal"}) if asked.method == "POST" else rows()
    )


def test_a_json_batch_is_read_where_one_comes_all_the_same() -> None:
    key = {"dataAreaId": "usmf", "HeaderReference": REFERENCE}
    made = [{"id": str(n), "status": 201, "headers": {}, "body": {**key, **one}} for n, one in enumerate(MADE, start=1)]
    with environment(json_batched(*made)) as fo:
        assert fo.connector().target.create(INVOICES, PAYLOAD).line_count == 3
    with environment(json_batched(*made[:2])) as fo, pytest.raises(OutcomeUnknown, match="2 of 4"):
        fo.connector().target.create(INVOICES, PAYLOAD)
    undone = [{"id": "1", "status": 424}, {"id": "2", "status": 400, "body": REFUSAL.body}, {"id": "3", "status": 424}]
    with environment(json_batched(*undone)) as fo, pytest.raises(DocumentRejected, match="Item 'I2' is stopped"):
        fo.connector().target.create(INVOICES, PAYLOAD)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (FAILED.format(status=500, body=json.dumps(REFUSAL.body)), DocumentRejected),
        (FAILED.format(status=400, body=json.dumps(REFUSAL.body)), DocumentRejected),
        (FAILED.format(status=503, body="<html/>"), OutcomeUnknown),
        (FAILED.format(status=429, body="{}"), Retryable),
        (BATCH.format(parts=parts_of(*MADE[:1])), OutcomeUnknown),
        (BATCH.format(parts=parts_of(*MADE[:3], {"InvoiceLineNumber": 4})), OutcomeUnknown),
        (BATCH.format(parts=parts_of(*MADE[:3], {"error": {"message": "upstream"}, "InvoiceLineNumber": 3})), OutcomeUnknown),
        (BATCH.format(parts=parts_of(*MADE[:3], {})), OutcomeUnknown),
        ("nothing of the kind", OutcomeUnknown),
    ],
)
def test_a_batch_says_200_and_each_part_what_became_of_it(body: str, error: type[ConnectorError]) -> None:
    with environment(batched(body)) as fo, pytest.raises(error) as raised:
        fo.connector().target.create(INVOICES, PAYLOAD)
    if error is DocumentRejected:
        assert "Item 'I2' is stopped" in str(raised.value)
