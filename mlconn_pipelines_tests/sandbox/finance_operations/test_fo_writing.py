"""Writes over sockets: pending vendor invoices, purchase orders, errors, batches, faults and what the sandbox tells of it."""

import concurrent.futures
import email
import json
import time

import httpx
import pytest


def inner(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    return answer.json()["error"]["innererror"]["message"]


def test_an_invoice_header_first_then_its_lines(environment):
    e = environment
    assert "Header reference" in inner(e.line())
    order = e.order()
    number = order["PurchaseOrderNumber"]
    made = e.header(
        InvoiceAccount=order["OrderVendorAccountNumber"], PurchaseOrderNumber=number, InvoiceDate="2026-11-19T12:00:00Z"
    )
    assert made.status_code == 201 and made.headers["etag"] == made.json()["@odata.etag"]
    header = made.json()
    assert header["DueDate"] == "1900-01-01T12:00:00Z" and header["InvoiceDate"] == "2026-11-19T12:00:00Z"
    assert header["Currency"] == order["CurrencyCode"]
    first = e.http.get(f"PurchaseOrderLinesV2?$filter=PurchaseOrderNumber eq '{number}'").json()["value"][0]
    line = e.line(
        ItemNumber=first["ItemNumber"],
        PurchaseOrder=number,
        PurchLineNumber=first["LineNumber"],
        ReceiveNow=4,
        UnitPrice=250,
        PriceUnit=100,
    )
    assert line.status_code == 201
    assert (line.json()["InvoiceLineNumber"], line.json()["NetAmount"], line.json()["Unit"]) == (
        1,
        10,
        "ea" if first["PurchaseUnitSymbol"] != "kg" else "kg",
    )
    assert e.line(ItemNumber=first["ItemNumber"]).json()["InvoiceLineNumber"] == 2
    expanded = e.http.get("VendorInvoiceHeaders(dataAreaId='usmf',HeaderReference='REF-1')?$expand=VendorInvoiceLine").json()
    assert [each["InvoiceLineNumber"] for each in expanded["VendorInvoiceLine"]] == [1, 2]
    told = e.sandbox.state()["vendor_invoices"][0]
    assert (told["InvoiceNumber"], len(told["lines"]), told["net"]) == ("4711", 2, "17")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"InvoiceNumber": None}, "Field 'Invoice number' must be filled in."),
        ({"InvoiceAccount": "V1"}, "The value 'V1' in field 'Invoice account' is not found in the related table 'Vendors'."),
        ({"InvoiceAccount": "V90090"}, "on hold"),
        ({"dataAreaId": "xxxx"}, "Legal entities"),
        ({"Currency": "JPY"}, "Currencies"),
        ({"PurchaseOrderNumber": "99999999"}, "Purchase orders"),
        ({"InvoiceDate": "2026-11-19"}, "Edm.DateTimeOffset"),
        ({"IsOnHold": True}, "NoYes"),
        ({"Quantity": 1}, "does not exist on type"),
    ],
)
def test_headers_that_cannot_be(environment, changed, words):
    assert words in inner(environment.header(**changed))
    assert environment.sandbox.state()["vendor_invoices"] == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ItemNumber": "NOSUCH"}, "The value 'NOSUCH' in field 'Item number' is not found in the related table 'Items'."),
        ({"ItemNumber": "A1040"}, "Item 'A1040' is blocked"),
        ({"ItemNumber": None}, "Field 'Item number' must be filled in."),
        ({"Currency": None}, "Field 'Currency' must be filled in."),
        ({"Unit": "dozen"}, "Units"),
        ({"PurchaseOrder": "00000001"}, "Both the purchase order and"),
        ({"PurchaseOrder": "00000001", "PurchLineNumber": 77}, "Purchase order lines"),
        ({"PurchLineNumber": "1"}, "Edm.Int64"),
    ],
)
def test_lines_that_cannot_be_leave_half_an_invoice(environment, changed, words):
    e = environment
    assert e.header().status_code == 201
    message = inner(e.line(**changed))
    assert words in message and (message.startswith("Cannot convert") or "Infolog: " in message)
    assert e.sandbox.state()["headers_without_lines"] == ["REF-1"]
    assert e.line().status_code == 201 and e.sandbox.state()["headers_without_lines"] == []


def test_the_reference_is_the_only_guard_against_a_second_pending_invoice(environment):
    e = environment
    assert e.header().status_code == 201
    assert "The record already exists." in inner(e.header())
    assert e.header(HeaderReference="REF-2").status_code == 201
    assert e.sandbox.state()["business_duplicates"] == [
        {"dataAreaId": "usmf", "InvoiceAccount": "V10100", "InvoiceNumber": "4711", "times": 2}
    ]
    found = e.rows(
        "VendorInvoiceHeaders", filter="dataAreaId eq 'usmf' and InvoiceAccount eq 'V10100' and InvoiceNumber eq '4711'"
    )
    assert len(found) == 2
    assert e.header(HeaderReference=None, InvoiceNumber="4712").json()["HeaderReference"].startswith("VIH-")


@pytest.mark.parametrize(
    ("policy", "refused"),
    [("NoDuplicate", True), ("NoDuplicateInYear", True), ("AcceptDuplicate", False), ("WarnDuplicate", False)],
)
def test_the_companys_rule_about_duplicate_numbers(environment, policy, refused):
    e = environment
    asked = {"company": "usmf", "policy": policy, "pending": True}
    assert httpx.post(f"{e.root}/_sandbox/policy", json=asked).status_code == 200
    assert e.header(InvoiceDate="2026-11-19T12:00:00Z").status_code == 201
    second = e.header(HeaderReference="REF-2", InvoiceDate="2026-11-18T12:00:00Z")
    assert (second.status_code == 400) is refused
    next_year = e.header(HeaderReference="REF-3", InvoiceDate="2027-01-02T12:00:00Z")
    assert (next_year.status_code == 400) is (policy == "NoDuplicate")
    assert e.header(HeaderReference="REF-4", InvoiceAccount="V10140").status_code == 201


def test_posted_invoices_leave_the_set_and_their_number_is_taken(environment):
    e = environment
    e.header()
    e.line()
    assert httpx.post(f"{e.root}/_sandbox/post_invoice", json={"company": "usmf", "reference": "REF-1"}).status_code == 200
    assert e.rows("VendorInvoiceHeaders", filter="InvoiceNumber eq '4711'") == []
    assert "already used" in inner(e.header())
    assert e.sandbox.state()["vendor_invoices"][0]["posted"]


def test_changes_and_deletions(environment):
    e = environment
    etag = e.header().json()["@odata.etag"]
    key = "VendorInvoiceHeaders(dataAreaId='usmf',HeaderReference='REF-1')"
    changed = e.http.patch(key, json={"InvoiceDescription": "second look"}, headers={"If-Match": etag})
    assert changed.status_code == 204 and not changed.content
    assert e.http.patch(key, json={"InvoiceDescription": "third"}, headers={"If-Match": etag}).status_code == 412
    assert e.http.patch(key, json={"InvoiceDescription": "third"}).status_code == 204
    e.sandbox.faults.arm("stale_etag", "/VendorInvoiceHeaders")
    fresh = e.http.get(key).json()["@odata.etag"]
    assert e.http.patch(key, json={"Comment": "x"}, headers={"If-Match": fresh}).status_code == 412
    assert e.line().status_code == 201
    assert "dependent Vendor invoice lines exist" in inner(e.http.delete(key))
    line = "VendorInvoiceLines(dataAreaId='usmf',HeaderReference='REF-1',InvoiceLineNumber=1)"
    assert e.http.patch(line, json={"ReceiveNow": 3}).status_code == 204
    assert e.http.get(line).json()["NetAmount"] == 10.5
    assert e.http.delete(line).status_code == 204 and e.http.delete(key).status_code == 204
    assert e.http.get(key).status_code == 404
    assert "cannot be changed" in inner(e.http.patch("VendorParameters(dataAreaId='usmf')", json={"dataAreaId": "demf"}))


def test_lines_of_one_header_in_parallel_collide(environment_with):
    with environment_with(line_write_s=0.1) as e:
        e.header()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: e.line(), range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
        refused = next(answer for answer in answers if answer.status_code == 400)
        assert "An update conflict occurred due to another user process" in inner(refused)


def test_purchase_orders_through_the_api(environment):
    e = environment
    made = e.http.post("PurchaseOrderHeadersV2", json={"dataAreaId": "USMF", "OrderVendorAccountNumber": "V10100"})
    assert (
        made.status_code == 201 and made.json()["DocumentApprovalStatus"] == "Approved" and made.json()["dataAreaId"] == "usmf"
    )
    number = made.json()["PurchaseOrderNumber"]
    line = e.http.post(
        "PurchaseOrderLinesV2", json={"PurchaseOrderNumber": number, "ItemNumber": "A1001", "OrderedPurchaseQuantity": 3}
    )
    assert line.status_code == 201 and line.json()["dataAreaId"] == "usmf"
    row = line.json()
    assert row["LineAmount"] == pytest.approx(3 * row["PurchasePrice"] / row["PurchasePriceQuantity"], abs=0.005)
    assert "blocked for 'Purchase order'" in inner(
        e.http.post("PurchaseOrderLinesV2", json={"PurchaseOrderNumber": number, "ItemNumber": "A1040"})
    )
    assert inner(
        e.http.post("PurchaseOrderHeadersV2", json={"OrderVendorAccountNumber": "V10100", "PurchaseOrderStatus": "Invoiced"})
    )
    key = f"PurchaseOrderHeadersV2(dataAreaId='usmf',PurchaseOrderNumber='{number}')"
    assert httpx.post(f"{e.root}/_sandbox/confirm", json={"company": "usmf", "number": number}).json() == {
        "ConfirmationNumber": f"{number}-1"
    }
    assert e.http.get(key).json()["DocumentApprovalStatus"] == "Confirmed"
    assert "has been confirmed" in inner(e.http.delete(key))
    line_key = f"PurchaseOrderLinesV2(dataAreaId='usmf',PurchaseOrderNumber='{number}',LineNumber=1)"
    assert e.http.patch(line_key, json={"ConfirmedDeliveryDate": "2026-12-05T12:00:00Z"}).status_code == 204
    assert e.http.get(key).json()["DocumentApprovalStatus"] == "Confirmed"
    assert e.http.patch(line_key, json={"OrderedPurchaseQuantity": 2}).status_code == 204
    assert e.http.get(key).json()["DocumentApprovalStatus"] == "Approved"
    frozen = e.rows("PurchaseOrderConfirmationLines", filter=f"PurchaseOrderNumber eq '{number}'")
    assert [each["OrderedPurchaseQuantity"] for each in frozen] == [3]


def test_change_management_starts_with_a_draft(environment):
    e = environment
    made = e.http.post("PurchaseOrderHeadersV2", json={"OrderVendorAccountNumber": "V10130"}).json()
    assert made["DocumentApprovalStatus"] == "Draft" and made["IsChangeManagementActive"] == "Yes"
    asked = {"company": "usmf", "number": made["PurchaseOrderNumber"]}
    answer = httpx.post(f"{e.root}/_sandbox/confirm", json=asked)
    assert answer.status_code == 400 and "must be approved" in answer.json()["error"]


def test_older_platforms_refuse_with_500(environment_with):
    with environment_with(refusal_status=500) as e:
        answer = e.header(InvoiceAccount="V1")
        assert "related table 'Vendors'" in inner(answer, 500)
        assert answer.json()["error"]["innererror"]["type"].endswith("AxODataWriteException")
        assert inner(e.header(Quantity=1), 400)


def sent_batch(environment, *changesets, queries: tuple[str, ...] = (), **headers: str) -> httpx.Response:
    """Changesets of POSTs and then GETs."""
    lines: list[str] = []
    for number, operations in enumerate(changesets):
        lines += ["--batch_1", f"Content-Type: multipart/mixed; boundary=changeset_{number}", ""]
        for place, (path, body) in enumerate(operations, start=1):
            lines += [f"--changeset_{number}", "Content-Type: application/http", "Content-Transfer-Encoding: binary",
                      f"Content-ID: {place}", "", f"POST {environment.root}/data/{path} HTTP/1.1",
                      "Content-Type: application/json", "", json.dumps(body, ensure_ascii=False)]  # fmt: skip
        lines += [f"--changeset_{number}--"]
    for query in queries:
        lines += [
            "--batch_1",
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            f"GET {query} HTTP/1.1",
            "",
            "",
        ]
    content = "\r\n".join([*lines, "--batch_1--", ""]).encode()
    kind = {"Content-Type": "multipart/mixed; boundary=batch_1"}
    answer = environment.http.post("$batch", content=content, headers=kind | headers)
    assert answer.status_code == 200, answer.text
    return answer


def batch(environment, *changesets: list[tuple[str, dict]], queries: tuple[str, ...] = ()) -> list[tuple[int, dict]]:
    """The inner statuses and bodies in order."""
    answer = sent_batch(environment, *changesets, queries=queries, Accept="multipart/mixed")
    whole = email.message_from_bytes(f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode() + answer.content)
    found = []
    for part in whole.walk():
        if part.get_content_type() == "application/http":
            head, _, body = part.get_payload(decode=True).decode().partition("\r\n\r\n")
            found.append((int(head.split()[1]), json.loads(body) if body.strip() else {}))
    return found


def invoice(reference: str, number: str) -> list[tuple[str, dict]]:
    header = {"dataAreaId": "usmf", "HeaderReference": reference, "InvoiceNumber": number, "InvoiceAccount": "V10100"}
    line = {
        "dataAreaId": "usmf",
        "HeaderReference": reference,
        "ItemNumber": "A1001",
        "ReceiveNow": 1,
        "UnitPrice": 2,
        "Currency": "USD",
    }
    return [("VendorInvoiceHeaders", header), ("VendorInvoiceLines", line)]


def test_changesets_are_all_or_nothing_and_the_batch_says_200(environment):
    e = environment
    broken = invoice("REF-B", "2")
    broken[1][1]["ItemNumber"] = "NOSUCH"
    told = batch(e, invoice("REF-A", "1"), broken, queries=("Units?$top=1", "Nothing"))
    assert [status for status, _ in told] == [201, 201, 500, 200, 404]
    assert "NOSUCH" in told[2][1]["error"]["innererror"]["message"]
    assert [entry["HeaderReference"] for entry in e.sandbox.state()["vendor_invoices"]] == ["REF-A"]
    e.sandbox.faults.arm("batch_inner", "VendorInvoiceLines", status=500)
    assert [status for status, _ in batch(e, invoice("REF-C", "3"))] == [500]
    assert len(e.sandbox.state()["vendor_invoices"]) == 1
    named = invoice("RÉF-ß", "4")
    assert [status for status, _ in batch(e, named)] == [201, 201]
    assert e.sandbox.record("VendorInvoiceHeaders", "usmf", "RÉF-ß")["InvoiceNumber"] == "4"
    assert e.http.post("$batch", json={}).status_code == 400


@pytest.mark.parametrize(
    ("accepted", "kind"),
    [
        ("application/json", "application/json"),
        ("application/json, multipart/mixed", "application/json"),
        ("application/json;q=0.5, multipart/mixed", "multipart/mixed"),
        ("multipart/mixed", "multipart/mixed"),
        ("*/*", "multipart/mixed"),
    ],
)
def test_a_batch_is_answered_in_the_form_that_is_accepted(environment, accepted, kind):
    """As ASP.NET OData does: a multipart request that accepts JSON gets JSON."""
    answer = sent_batch(environment, invoice("REF-A", "1"), queries=("Units?$top=1",), Accept=accepted)
    assert answer.headers["content-type"].startswith(kind)
    if kind == "application/json":
        header, line, units = answer.json()["responses"]
        assert [header["status"], line["status"], units["status"]] == [201, 201, 200]
        assert header["atomicityGroup"] == line["atomicityGroup"] and "atomicityGroup" not in units
        assert (header["id"], header["body"]["HeaderReference"]) == ("1", "REF-A") and units["body"]["value"]


def test_a_refused_changeset_is_one_response_of_a_json_batch(environment):
    broken = invoice("REF-B", "2")
    broken[1][1]["ItemNumber"] = "NOSUCH"
    (refused,) = sent_batch(environment, broken, Accept="application/json").json()["responses"]
    assert refused["status"] == 500 and "NOSUCH" in refused["body"]["error"]["innererror"]["message"]
    assert environment.sandbox.state()["vendor_invoices"] == []


def test_a_lost_answer_and_other_faults(environment):
    e = environment
    e.sandbox.faults.arm("cut_after", "/VendorInvoiceHeaders", method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        e.header()
    assert len(e.rows("VendorInvoiceHeaders", filter="HeaderReference eq 'REF-1'")) == 1
    for name, words in (("update_conflict", "An update conflict occurred"), ("write_refused", "Financial dimension")):
        assert httpx.post(f"{e.root}/_sandbox/faults", json={"name": name, "path": "VendorInvoiceLines"}).status_code == 201
        assert words in inner(e.line())
    assert e.sandbox.state()["headers_without_lines"] == ["REF-1"]
    httpx.post(f"{e.root}/_sandbox/faults", json={"name": "429", "retry_after": 3})
    busy = e.line()
    assert busy.status_code == 429 and busy.headers["retry-after"] == "3" and "high resource utilization" in busy.text
    for status in (502, 503, 504):
        e.sandbox.faults.arm(f"{status}_html")
        page = e.line()
        assert (page.status_code, page.headers["content-type"][:9]) == (status, "text/html") and str(status) in page.text
    assert e.line().status_code == 201
    told = httpx.get(f"{e.root}/_sandbox/state?bodies=1&source=0").json()
    assert [entry["body"]["HeaderReference"] for entry in told["created"]] == ["REF-1", "REF-1"] and "source" not in told
    assert told["faults"]["cut_after"] == 1 and told["rate_limited"] == 1
    assert told["requests"]["POST /data/VendorInvoiceLines"] == 7


def test_new_orders_on_request(environment):
    e = environment
    made = httpx.post(f"{e.root}/_sandbox/activity", json={"count": 4, "sound": True}).json()
    today = e.rows("PurchaseOrderConfirmationHeaders", filter="ConfirmationDate ge 2026-11-20T00:00:00Z")
    assert [row["PurchaseOrderNumber"] for row in today] == [row["PurchaseOrderNumber"] for row in made]


def test_a_batch_of_lines_collides_with_a_line_that_somebody_writes_meanwhile(environment_with):
    with environment_with(line_write_s=1.2) as e:
        e.header()
        (_, line), *_ = reversed(invoice("REF-1", "1"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            alone = pool.submit(e.line)
            while not e.sandbox._writing:
                time.sleep(0.01)
            told = batch(e, [("VendorInvoiceLines", line)], invoice("REF-2", "2"))
            assert alone.result().status_code == 201
        assert [status for status, _ in told] == [500, 201, 201]
        assert "An update conflict occurred due to another user process" in told[0][1]["error"]["innererror"]["message"]
        assert [status for status, _ in batch(e, [("VendorInvoiceLines", line)])] == [201]


def test_what_a_changeset_changed_and_removed_comes_back_with_it(environment):
    e = environment
    e.header()
    e.line()
    with e.sandbox.lock, e.sandbox.store.undoable() as undo:
        store = e.sandbox.store
        header, (line,) = store.sets["VendorInvoiceHeaders"].get("usmf", "REF-1"), e.sandbox.invoices.lines("usmf", "REF-1")
        before = dict(header.values), header.etag
        store.write(header, {"InvoiceNumber": "other"})
        store.remove("VendorInvoiceLines", line)
        undo()
        assert (dict(header.values), header.etag) == before and e.sandbox.invoices.lines("usmf", "REF-1") == [line]
    number = before[0]["InvoiceNumber"]
    assert e.rows("VendorInvoiceHeaders", filter=f"InvoiceNumber eq '{number}'")[0]["HeaderReference"] == "REF-1"
    assert e.rows("VendorInvoiceHeaders", filter="InvoiceNumber eq 'other'") == []
