"""Writes over sockets: deep insert, rules and their texts, etags, actions, batches, faults and what the sandbox tells of it."""

import threading

import httpx
import pytest

ZERO = "00000000-0000-0000-0000-000000000000"


def refusal(answer: httpx.Response, status: int = 400) -> tuple[str, str]:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    return error["code"], error["message"].split("  CorrelationId")[0]


def test_an_order_with_its_lines_in_one_request(environment):
    e = environment
    body = {
        "customerNumber": e.customer(),
        "externalDocumentNumber": " po-77 ",
        "orderDate": "2026-11-18",
        "requestedDeliveryDate": "2026-12-01",
        "salesOrderLines": [
            {"lineType": "Item", "lineObjectNumber": "A1002", "quantity": 2, "unitPrice": 10.5, "unitOfMeasureCode": "BOX12"},
            {"description": "Call before delivery"},
        ],
    }
    made = e.http.post("salesOrders?$expand=salesOrderLines", json=body)
    assert made.status_code == 201 and made.headers["etag"] == made.json()["@odata.etag"]
    order = made.json()
    assert order["number"].startswith("S-ORD") and order["status"] == "Draft"
    assert (order["externalDocumentNumber"], order["orderDate"]) == ("PO-77", "2026-11-18")
    item, comment = order["salesOrderLines"]
    assert [item["sequence"], comment["sequence"]] == [10000, 20000]
    assert (item["amountExcludingTax"], item["shipmentDate"], item["unitOfMeasureCode"]) == (21, "2026-12-01", "BOX12")
    assert (comment["lineType"], comment["lineObjectNumber"], comment["itemId"]) == ("Comment", "", ZERO)
    assert order["totalAmountIncludingTax"] == 21 + order["totalTaxAmount"] == 22.26


def test_prices_default_from_item_and_unit(environment):
    e = environment
    item = e.http.get("items?$filter=number eq 'A1002'").json()["value"][0]
    lines = [{"itemId": item["id"], "quantity": 1, "unitOfMeasureCode": "BOX12"}]
    order = e.order(salesOrderLines=lines)
    line = e.http.get(f"salesOrders({order['id']})/salesOrderLines").json()["value"][0]
    assert line["unitPrice"] == pytest.approx(item["unitPrice"] * 12)


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"customerNumber": None}, "Application_DialogException", 'A "customerNumber" or a "customerId" must be provided.'),
        ({"customerNumber": "C1"}, "Application_DialogException", "The sell-to customer cannot be found."),
        ({"customerId": ZERO.replace("0", "1")}, "Application_DialogException", "The sell-to customer cannot be found."),
        ({"number": "MINE"}, "BadRequest_InvalidOperation", "read-only"),
        ({"externalDocumentNumber": "X" * 36}, "Application_StringExceededLength", "36"),
        ({"paymentTermsId": ZERO.replace("0", "2")}, "Application_DialogException", '"paymentTermsId" does not match to a Payment Terms.'),
        ({"currencyCode": "JPY"}, "Application_DialogException", 'The "currencyCode" does not match to a Currency.'),
        ({"paymentTermsId": "thirty days"}, "Application_InvalidGUID", "GUID"),
        ({"orderDate": "18.11.2026"}, "BadRequest", "Edm.Date"),
        ({"surprise": 1}, "BadRequest", "surprise"),
        ({"customerPurchaseOrderReference": "P"}, "BadRequest", "customerPurchaseOrderReference"),
        ({"salesOrderLines": [{"itemId": ZERO.replace("0", "3")}]}, "Application_DialogException", "Item does not exist."),
        ({"salesOrderLines": [{"lineObjectNumber": "A1001", "lineType": "Item"}]}, "Application_DialogException", "Comment"),
        ({"salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "A1040"}]}, "Application_FieldValidationException", "Blocked"),
        ({"salesOrderLines": [{"lineType": "Thing"}]}, "Unknown", "existing options"),
        ({"customerNumber": "C90090"}, "Application_DialogException", "is blocked with type All"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_leaves_nothing(environment, changed, code, words):
    e = environment
    before = e.sandbox.state(source=False)["records"]
    body = {
        "customerNumber": e.customer(),
        "salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "A1001", "quantity": 1}],
    }
    body = {name: value for name, value in (body | changed).items() if value is not None}
    got, message = refusal(e.http.post("salesOrders", json=body))
    assert got == code and words in message
    assert e.sandbox.state(source=False)["records"] == before


def test_number_and_id_must_agree_and_both_at_once_do(environment):
    e = environment
    ids = {
        name: e.http.get(f"customers?$filter=number eq '{e.customer(name)}'").json()["value"][0]["id"]
        for name in ("northwind", "kestrel")
    }
    both = {"customerNumber": e.customer(), "customerId": ids["kestrel"]}
    assert (
        refusal(e.http.post("salesOrders", json=both))[1] == "The sell-to customer values do not match to a specific Customer."
    )
    assert e.http.post("salesOrders", json=both | {"customerId": ids["northwind"]}).status_code == 201


def test_lines_one_by_one(environment):
    e = environment
    order = e.order()
    lines = f"salesOrders({order['id']})/salesOrderLines"
    added = e.http.post(lines, json={"itemId": e.item_id("A1003"), "quantity": 4, "unitPrice": 1})
    assert added.status_code == 201 and added.json()["sequence"] == 20000
    assert refusal(e.http.post(lines, json={"sequence": 20000, "description": "x"}))[1] == (
        "You cannot insert a line because a line already exists."
    )
    both = {"itemId": e.item_id("A1003"), "accountId": ZERO.replace("0", "4")}
    assert "Specify only one of them." in refusal(e.http.post("salesOrderLines", json=both | {"documentId": order["id"]}))[1]
    line = f"salesOrderLines({added.json()['id']})"
    match = {"If-Match": added.json()["@odata.etag"]}
    changed = e.http.patch(line, json={"quantity": 5}, headers=match)
    assert (changed.status_code, changed.json()["netAmount"]) == (200, 5)
    assert refusal(e.http.patch(line, json={"sequence": 5}, headers={"If-Match": "*"}))[0] == "Application_DialogException"
    header = e.http.get(f"salesOrders({order['id']})").json()
    assert header["totalAmountExcludingTax"] == 31.5 + 5
    assert header["@odata.etag"] != order["@odata.etag"]
    assert e.http.delete(line, headers={"If-Match": "*"}).status_code == 204
    assert e.http.get(f"salesOrders({order['id']})").json()["totalAmountExcludingTax"] == 31.5


def test_patch_wants_an_etag_that_fits(environment):
    e = environment
    order = e.order()
    path = f"salesOrders({order['id']})"
    assert e.http.patch(path, json={"email": "a@b.example"}).status_code == 412
    fresh = {"If-Match": order["@odata.etag"]}
    changed = e.http.patch(path, json={"email": "a@b.example"}, headers=fresh)
    assert changed.status_code == 200 and changed.json()["email"] == "a@b.example"
    assert refusal(e.http.patch(path, json={"email": "c@d.example"}, headers=fresh), 409)[0] == "Request_EntityChanged"
    e.sandbox.faults.arm("stale_etag", "/salesOrders")
    newest = {"If-Match": changed.json()["@odata.etag"]}
    assert e.http.patch(path, json={"email": "c@d.example"}, headers=newest).status_code == 409
    assert refusal(e.http.patch(path, json={"number": "X"}, headers={"If-Match": "*"}))[0] == "BadRequest_InvalidOperation"
    assert refusal(e.http.patch(path, json={"salesOrderLines": []}, headers={"If-Match": "*"}))[0] == "BadRequest"
    assert e.http.delete(path).status_code == 412
    assert e.http.delete(path, headers={"If-Match": "*"}).status_code == 204
    assert e.http.get(path).status_code == 404


def test_posting_keeps_the_id_and_changes_the_number(environment):
    e = environment
    draft = e.draft(customerPurchaseOrderReference="Their PO 5")
    path = f"salesInvoices({draft['id']})"
    assert e.http.post(f"{path}/Microsoft.NAV.post").status_code == 204
    posted = e.http.get(path).json()
    assert draft["number"].startswith("S-INV") and posted["number"].startswith("PS-INV") and posted["status"] == "Open"
    assert (
        posted["remainingAmount"] == posted["totalAmountIncludingTax"]
        and posted["customerPurchaseOrderReference"] == "Their PO 5"
    )
    entries = e.http.get(f"generalLedgerEntries?$filter=documentNumber eq '{posted['number']}'").json()["value"]
    assert len(entries) == 2 and sum(row["debitAmount"] - row["creditAmount"] for row in entries) == 0
    assert (
        "posted and can no longer be modified" in refusal(e.http.patch(path, json={"email": "x"}, headers={"If-Match": "*"}))[1]
    )
    assert refusal(e.http.post(f"{path}/Microsoft.NAV.post"))[1] == "The action can be applied to a draft invoice only."
    assert e.http.post(f"{path}/Microsoft.NAV.cancel").status_code == 204
    assert e.http.get(path).json()["status"] == "Canceled"
    assert "already been canceled" in refusal(e.http.post(f"{path}/Microsoft.NAV.cancel"))[1]
    assert e.http.post(f"{path}/Microsoft.NAV.fly").status_code == 404


def test_posting_needs_lines_and_its_groups(environment):
    e = environment
    empty = e.draft(salesInvoiceLines=[])
    action = f"salesInvoices({empty['id']})/Microsoft.NAV.post"
    assert refusal(e.http.post(action))[1] == "Please add at least one line item to the invoice."
    assert refusal(e.http.post(action.replace("post", "cancel")))[1] == "The action can be applied to a posted invoice only."
    e.sandbox.faults.arm("posting_refused")
    assert "Posting Group" in refusal(e.http.post(action))[1]


def test_an_order_invoiced_whole_is_gone(environment):
    e = environment
    order = e.order()
    assert e.http.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice").status_code == 204
    assert e.http.get(f"salesOrders({order['id']})").status_code == 404
    (invoice,) = e.http.get(f"salesInvoices?$filter=orderNumber eq '{order['number']}'").json()["value"]
    assert invoice["orderId"] == order["id"] != invoice["id"]
    assert (invoice["externalDocumentNumber"], invoice["totalAmountIncludingTax"]) == ("PO-1", order["totalAmountIncludingTax"])
    (shipment,) = e.http.get(f"salesShipments?$filter=orderNumber eq '{order['number']}'&$expand=salesShipmentLines").json()[
        "value"
    ]
    assert [line["quantity"] for line in shipment["salesShipmentLines"]] == [3]


def test_an_order_invoiced_in_part_stays(environment):
    e = environment
    order = e.order()
    (line,) = e.http.get(f"salesOrders({order['id']})/salesOrderLines").json()["value"]
    part = {"shipQuantity": 1, "invoiceQuantity": 1}
    assert e.http.patch(f"salesOrderLines({line['id']})", json=part, headers={"If-Match": "*"}).status_code == 200
    assert e.http.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice").status_code == 204
    (line,) = e.http.get(f"salesOrders({order['id']})/salesOrderLines").json()["value"]
    assert (line["shippedQuantity"], line["invoicedQuantity"], line["shipQuantity"]) == (1, 1, 2)
    assert e.http.get(f"salesOrders({order['id']})").json()["fullyShipped"] is False
    assert e.http.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice").status_code == 204
    invoices = e.http.get(f"salesInvoices?$filter=orderNumber eq '{order['number']}'").json()["value"]
    assert sum(invoice["totalAmountExcludingTax"] for invoice in invoices) == 31.5
    assert e.http.get(f"salesOrders({order['id']})").status_code == 404


def test_purchase_orders_have_costs_and_no_prices(environment):
    e = environment
    lines = [{"itemId": e.item_id("A1001"), "quantity": 2, "directUnitCost": 4.25}]
    made = e.http.post("purchaseOrders", json={"vendorNumber": e.vendor(), "purchaseOrderLines": lines})
    assert made.status_code == 201 and made.json()["totalAmountExcludingTax"] == 8.5
    order = e.http.get(f"purchaseOrders({made.json()['id']})?$expand=purchaseOrderLines").json()
    assert "unitPrice" not in order["purchaseOrderLines"][0] and order["shipToCity"] == "Chicago"
    wrong = {"vendorNumber": "C1"}
    assert refusal(e.http.post("purchaseOrders", json=wrong))[1] == "The buy-from vendor cannot be found."
    assert e.http.post(f"purchaseOrders({order['id']})/Microsoft.NAV.receiveAndInvoice").status_code == 204
    assert e.http.get(f"purchaseOrders({order['id']})").status_code == 404


def test_an_invoice_discount_is_spread_over_the_lines(environment):
    e = environment
    lines = [
        {"itemId": e.item_id(number), "quantity": 1, "unitPrice": price} for number, price in (("A1001", 10), ("A1002", 20))
    ]
    order = e.order(salesOrderLines=lines, discountAmount=1)
    shares = [
        line["invoiceDiscountAllocation"] for line in e.http.get(f"salesOrders({order['id']})/salesOrderLines").json()["value"]
    ]
    assert shares == [0.33, 0.67] and order["totalAmountExcludingTax"] == 29


def test_a_batch_tells_of_each_request_and_a_snapshot_is_undone(environment):
    e = environment
    before = e.sandbox.state(source=False)["records"]["salesOrders"]
    good = {"customerNumber": e.customer(), "salesOrderLines": [{"itemId": e.item_id("A1001"), "quantity": 1}]}
    path = f"companies({e.sandbox.company.id})/salesOrders"
    headers = {"Content-Type": "application/json"}
    requests = [
        {"method": "POST", "id": "a", "url": path, "headers": headers, "body": good},
        {"method": "POST", "id": "b", "url": path, "headers": headers, "body": {}},
        {"method": "GET", "id": "c", "url": "items?$top=1", "headers": {"Company": e.sandbox.company.name}},
    ]
    whole = e.http.post(f"{e.root}/$batch", json={"requests": requests}, headers={"Isolation": "snapshot"})
    assert whole.status_code == 200 and [each["status"] for each in whole.json()["responses"]] == [201, 400]
    assert e.sandbox.state(source=False)["records"]["salesOrders"] == before
    each = e.http.post(f"{e.root}/$batch", json={"requests": requests}).json()["responses"]
    assert [(one["id"], one["status"]) for one in each] == [("a", 201), ("b", 400), ("c", 200)]
    e.sandbox.faults.arm("batch_inner", "/salesOrders", skip=1, status=429)
    each = e.http.post(f"{e.root}/$batch", json={"requests": [requests[0], requests[0], requests[2]]}).json()["responses"]
    assert [one["status"] for one in each] == [201, 429, 200]
    assert e.sandbox.state(source=False)["records"]["salesOrders"] == before + 2


def test_a_write_whose_answer_is_lost_is_stored_and_a_second_one_is_told(environment):
    e = environment
    body = {
        "customerNumber": e.customer(),
        "externalDocumentNumber": "PO-9",
        "salesOrderLines": [{"itemId": e.item_id("A1001"), "quantity": 1}],
    }
    for fault in ("cut_after", "504"):
        e.sandbox.faults.arm(fault, "/salesOrders", method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        e.http.post("salesOrders", json=body)
    assert e.http.post("salesOrders", json=body).status_code == 504
    found = e.http.get("salesOrders?$filter=externalDocumentNumber eq 'PO-9'").json()["value"]
    assert len(found) == 1 and e.sandbox.state()["business_duplicates"] == []
    assert e.http.post("salesOrders", json=body).status_code == 201
    told = httpx.get(f"{e.root.split('/v2.0')[0]}/_sandbox/state?bodies=1").json()
    assert [(each["externalDocumentNumber"], each["times"]) for each in told["business_duplicates"]] == [("PO-9", 2)]
    assert told["created"][0]["body"]["externalDocumentNumber"] == "PO-9" and told["created"][0]["lines"][0]["item"] == "A1001"


@pytest.mark.parametrize(("fault", "options", "status", "wait"), [
    ("429", {"retry_after": None}, 429, None), ("429", {"retry_after": 4}, 429, "4"), ("503", {"retry_after": 7}, 503, "7"),
    ("503", {}, 503, None), ("408", {}, 408, None), ("409", {}, 409, None), ("412", {}, 412, None),
])  # fmt: skip
def test_statuses_of_the_menu(environment, fault, options, status, wait):
    root = environment.root.split("/v2.0")[0]
    assert httpx.post(f"{root}/_sandbox/faults", json={"name": fault, "path": "/items", **options}).status_code == 201
    answer = environment.http.get("items?$top=1")
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, wait)
    assert environment.http.get("items?$top=1").status_code == 200


def test_the_window_of_requests(environment_with):
    with environment_with(window_requests=3) as e:
        statuses = [e.http.get("items?$top=1").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429] and e.sandbox.state()["rate_limited"] == 2
        assert "retry-after" not in e.http.get("items").headers


def test_reading_a_draft_may_write_it(environment):
    e = environment
    draft = e.draft()
    e.sandbox.faults.arm("rewritten_on_read", "/salesInvoices")
    e.http.get(f"salesInvoices({draft['id']})")
    assert e.http.get(f"salesInvoices({draft['id']})").json()["@odata.etag"] != draft["@odata.etag"]


def test_new_documents_on_request(environment):
    e = environment
    before = e.http.get("salesInvoices?$orderby=lastModifiedDateTime desc&$top=1").json()["value"][0]["lastModifiedDateTime"]
    root = e.root.split("/v2.0")[0]
    made = httpx.post(f"{root}/_sandbox/activity", json={"count": 30}).json()
    assert {row["set"] for row in made} == {"salesInvoices", "purchaseOrders", "salesShipments"}
    fresh = e.http.get("salesInvoices", params={"$filter": f"lastModifiedDateTime gt {before}"}).json()["value"]
    assert {row["id"] for row in made if row["set"] == "salesInvoices"} <= {row["id"] for row in fresh}
    assert httpx.post(f"{root}/_sandbox/activity", json={"surprise": 1}).status_code == 400


def test_rows_come_while_a_client_pages(environment):
    e = environment
    e.sandbox.faults.arm("row_added", "/salesInvoices")
    before = e.sandbox.state()["records"]["salesInvoices"]
    first = e.http.get("salesInvoices", headers={"Prefer": "odata.maxpagesize=10"}).json()
    rest = e.http.get(first["@odata.nextLink"]).json()["value"]
    assert len(first["value"]) + len(rest) == before + 1


def test_parallel_orders_get_numbers_of_their_own(environment):
    e = environment
    body = {"customerNumber": e.customer(), "salesOrderLines": [{"itemId": e.item_id("A1001"), "quantity": 1}]}
    numbers: list[str] = []
    threads = [
        threading.Thread(target=lambda: numbers.append(e.http.post("salesOrders", json=body).json()["number"]))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 6
