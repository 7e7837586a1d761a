"""Creating, changing, copying, cancelling documents over sockets, and what the sandbox tells about it afterwards."""

import datetime as dt

import httpx
import pytest


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_order_is_created_with_totals_stamps_and_headers(company):
    answer = company.post("Orders", company.order_body(company.customer(), U_MLConnRef="acme:order:7"))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"].endswith(f"/b1s/v2/Orders({made['DocEntry']})")
    assert answer.headers["etag"] == made["@odata.etag"] == 'W/"356A192B7913B04C54574D18C28D46E6395428AB"'
    second = made["DocumentLines"][1]
    assert made["DocumentLines"][0]["LineTotal"] == 31.5 and second["UnitPrice"] > 0
    assert made["DocTotal"] == round(31.5 + second["LineTotal"] + made["VatSum"], 2)
    assert (made["CreationDate"], made["UpdateDate"]) == ("2026-11-20T00:00:00Z",) * 2 and made["UpdateTime"].startswith(
        "12:00:"
    )
    assert made["ContactPersonCode"] and made["ShipToCode"] and made["AddressExtension"]["ShipToCity"]
    told = company.sandbox.state()
    created = told["created"][0]
    assert (created["set"], created["NumAtCard"], created["reference"], created["draft"]) == (
        "Orders",
        "PO-1",
        "acme:order:7",
        False,
    )
    assert created["total"] == made["DocTotal"] and created["lines"][0] | {"ship_date": "", "unit": ""} == {
        "line": 0, "item": "A1001", "quantity": 3.0, "price": 10.5, "base": None, "ship_date": "", "unit": "",
    }  # fmt: skip
    root = company.url.removesuffix("b1s/v2/")
    assert "body" not in created
    assert company.http.get(f"{root}_sandbox/state?bodies=1").json()["created"][0]["body"]["DocDueDate"] == "2026-12-01"
    found = company.http.get("Orders?$filter=U_MLConnRef eq 'acme:order:7'").json()["value"]
    assert [row["DocEntry"] for row in found] == [made["DocEntry"]]


def test_no_content_where_none_is_wanted(company):
    answer = company.post("Orders", company.order_body(company.customer()), Prefer="return-no-content")
    assert (answer.status_code, answer.content) == (204, b"") and "location" in answer.headers


def test_foreign_documents_carry_both_currencies(company):
    code = next(p.customer_code for p in company.sandbox.world.partners if p.currency == "EUR" and p.customer_code)
    made = company.post("Orders", company.order_body(code)).json()
    assert made["DocCurrency"] == "EUR" and made["DocRate"] == 1.0825
    line = made["DocumentLines"][0]
    assert (line["RowTotalFC"], line["LineTotal"], line["TaxPercentagePerRow"]) == (31.5, 34.1, 19.0)
    assert made["DocTotalFc"] == round(sum(each["RowTotalFC"] for each in made["DocumentLines"]) + made["VatSumFc"], 2)
    assert made["DocTotal"] > made["DocTotalFc"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"CardCode": "NOBODY"}, "-2028"),
        ({"ShipToCode": "Nowhere"}, "-2028"),
        ({"DocumentLines": [{"ItemCode": "NOTHING"}]}, "-2028"),
        ({"DocumentLines": [{"ItemCode": "A1001", "CostingCode": "NORULE"}]}, "-2028"),
        ({"DocumentLines": [{"ItemCode": "A1001", "CostingCode": "R-OLD"}]}, "-5002"),
        ({"DocumentLines": [{"ItemCode": "A1001", "CostingCode2": "SALES"}]}, "-5002"),
        ({"DocumentLines": []}, "-5002"),
        ({"DocumentLines": None}, "-5002"),
        ({"DocumentLines": [{"Quantity": 3}]}, "-5002"),
        ({"DocumentLines": [{"ItemCode": "A1040"}]}, "-5002"),
        ({"DocumentLines": [{"ItemCode": "A1001", "Quantity": -3}]}, "-5002"),
        ({"DocumentLines": [{"ItemCode": "A1002", "UoMEntry": 4711}]}, "-5002"),
        ({"DocDueDate": None}, "-5002"),
        ({"CardCode": "C90090"}, "-5002"),
        ({"Nonsense": 1}, "-1000"),
        ({"DocDueDate": "tomorrow"}, "-1000"),
        ({"U_Unknown": "x"}, "-1000"),
        ({"DocumentLines": [{"ItemCode": "A1001", "Quantity": "3"}]}, "-1000"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_stored(company, changes, expected):
    before = company.sandbox.state()["records"]["Orders"]
    assert error(company.post("Orders", company.order_body(company.customer()) | changes)) == (400, expected)
    assert company.sandbox.state()["records"]["Orders"] == before and company.sandbox.state()["created"] == []


@pytest.mark.parametrize(
    ("set_name", "party"),
    [("PurchaseOrders", "customer"), ("PurchaseInvoices", "customer"), ("PurchaseDeliveryNotes", "customer"),
     ("Orders", "supplier"), ("Invoices", "supplier"), ("DeliveryNotes", "supplier")],
)  # fmt: skip
def test_each_set_wants_its_own_kind_of_partner(company, set_name, party):
    wrong = getattr(company, party)()
    answer = company.post(set_name, company.order_body(wrong))
    assert error(answer) == (400, "-5002") and answer.json()["error"]["message"].startswith("Invalid BP code [")
    right = company.supplier() if party == "customer" else company.customer()
    assert company.post(set_name, company.order_body(right)).status_code == 201


def test_a_unit_is_taken_by_its_entry_and_a_unit_code_is_passed_over(company):
    units = {row["Code"]: row["AbsEntry"] for row in company.http.get("UnitOfMeasurements").json()["value"]}
    lines = [{"ItemCode": "A1002", "UoMEntry": units["Box 12"]}, {"ItemCode": "A1002", "UoMCode": "Box 12"}]
    made = company.post("Orders", company.order_body(company.customer(), DocumentLines=lines)).json()["DocumentLines"]
    assert [(line["UoMCode"], line["InventoryQuantity"]) for line in made] == [("Box 12", 12.0), ("Each", 1.0)]
    assert made[0]["UnitPrice"] == round(12 * made[1]["UnitPrice"], 2)


def test_order_to_delivery_to_invoice_copies_number_and_reference_and_closes_the_base(company):
    body = company.order_body(company.customer(), U_MLConnRef="acme:order:7", ContactPersonCode=2)
    order = company.post("Orders", body).json()
    stamp = company.sandbox.record("Orders", order["DocEntry"])["UpdateTime"]
    company.sandbox.move_clock(dt.timedelta(hours=1))

    def copy(set_name: str, code: int, base: dict, quantity: float | None = None) -> httpx.Response:
        lines = [
            {"BaseType": code, "BaseEntry": base["DocEntry"], "BaseLine": line["LineNum"]} for line in base["DocumentLines"]
        ]
        if quantity:
            lines[0]["Quantity"] = quantity
        return company.post(set_name, {"CardCode": base["CardCode"], "DocumentLines": lines})

    part = copy("DeliveryNotes", 17, order, quantity=1).json()
    assert (part["NumAtCard"], part["U_MLConnRef"], part["ContactPersonCode"]) == ("PO-1", "acme:order:7", 2)
    assert [line["Quantity"] for line in part["DocumentLines"]] == [1, 1]
    assert company.sandbox.record("Orders", order["DocEntry"])["DocumentStatus"] == "bost_Open"
    rest = {"BaseType": 17, "BaseEntry": order["DocEntry"], "BaseLine": 0}
    other = company.post("DeliveryNotes", {"CardCode": order["CardCode"], "DocumentLines": [rest]}).json()
    assert other["DocumentLines"][0]["Quantity"] == 2
    closed = company.sandbox.record("Orders", order["DocEntry"])
    assert closed["DocumentStatus"] == "bost_Close" and closed["UpdateTime"] == stamp  # no stamp: nobody edited it
    assert "already been closed" in copy("DeliveryNotes", 17, order).json()["error"]["message"]
    invoice = copy("Invoices", 15, part).json()
    assert (invoice["NumAtCard"], invoice["U_MLConnRef"]) == ("PO-1", "acme:order:7")
    assert invoice["DocumentLines"][0]["BaseType"] == 15 and invoice["DocumentLines"][0]["UnitPrice"] == 10.5
    assert company.sandbox.state()["business_duplicates"] == []


def test_a_base_of_another_partner_is_refused(company):
    order = company.post("Orders", company.order_body("C20010")).json()
    line = {"BaseType": 17, "BaseEntry": order["DocEntry"], "BaseLine": 0}
    answer = company.post("DeliveryNotes", {"CardCode": "C20020", "DocumentLines": [line]})
    assert answer.json()["error"]["message"] == "Base document card and target document card do not match."
    missing = company.post("DeliveryNotes", {"CardCode": "C20010", "DocumentLines": [line | {"BaseEntry": 99999}]})
    assert error(missing) == (400, "-2028")


def test_patch_merges_the_header_and_lines_by_number(company):
    entry = company.post("PurchaseOrders", company.order_body(company.supplier())).json()["DocEntry"]
    company.sandbox.move_clock(dt.timedelta(minutes=5))
    change = {"Comments": "später", "DocumentLines": [{"LineNum": 1, "ShipDate": "2026-12-24"}]}
    answer = company.http.patch(f"PurchaseOrders({entry})", json=change)
    assert (answer.status_code, answer.content) == (204, b"")
    now = company.http.get(f"PurchaseOrders({entry})").json()
    assert now["Comments"] == "später" and [line["ItemCode"] for line in now["DocumentLines"]] == ["A1001", "A1002"]
    assert [line["ShipDate"][:10] for line in now["DocumentLines"]] == ["2026-12-01", "2026-12-24"]
    assert now["UpdateTime"].startswith("12:05:")
    company.http.patch(
        f"PurchaseOrders({entry})", json={"DocumentLines": [{"LineNum": 0, "Quantity": 10}, {"ItemCode": "A1003"}]}
    )
    now = company.http.get(f"PurchaseOrders({entry})").json()
    assert [(line["LineNum"], line["Quantity"]) for line in now["DocumentLines"]] == [(0, 10), (1, 1), (2, 1)]
    assert now["DocTotal"] == round(sum(line["GrossTotal"] for line in now["DocumentLines"]), 2)


def test_lines_go_only_when_the_collection_is_replaced(company):
    entry = company.post("PurchaseOrders", company.order_body(company.supplier())).json()["DocEntry"]
    only = {"DocumentLines": [{"ItemCode": "A1003", "Quantity": 2}]}
    company.http.patch(f"PurchaseOrders({entry})", json=only, headers={"B1S-ReplaceCollectionsOnPatch": "true"})
    assert [line["ItemCode"] for line in company.sandbox.record("PurchaseOrders", entry)["DocumentLines"]] == ["A1003"]


def test_if_match_guards_a_change(company):
    made = company.post("Orders", company.order_body(company.customer()))
    path, etag = f"Orders({made.json()['DocEntry']})", made.headers["etag"]
    assert company.http.patch(path, json={"Comments": "1"}, headers={"If-Match": etag}).status_code == 204
    assert company.http.patch(path, json={"Comments": "2"}, headers={"If-Match": etag}).status_code == 412
    assert company.http.patch(path, json={"Comments": "3"}).status_code == 204
    company.sandbox.faults.arm("stale_etag")
    fresh = company.http.get(path).headers["etag"]
    assert fresh == 'W/"77DE68DAECD823BABBB58EDB1C8E14D7106E83BB"'  # SHA-1 of "3"
    assert company.http.patch(path, json={"Comments": "4"}, headers={"If-Match": fresh}).status_code == 412


def test_cancelling_an_invoice_makes_a_reversal_and_an_order_none(company):
    invoice = company.post("Invoices", company.order_body(company.customer())).json()
    answer = company.http.post(f"Invoices({invoice['DocEntry']})/Cancel")
    assert (answer.status_code, answer.content) == (204, b"")
    original = company.sandbox.record("Invoices", invoice["DocEntry"])
    reversal = company.sandbox.record("Invoices", invoice["DocEntry"] + 1)
    assert (original["Cancelled"], original["CancelStatus"]) == ("tYES", "csYes")
    assert reversal["CancelStatus"] == "csCancellation" and reversal["DocTotal"] == original["DocTotal"]
    assert error(company.http.post(f"Invoices({invoice['DocEntry']})/Cancel")) == (400, "-5002")
    order = company.post("Orders", company.order_body(company.customer())).json()["DocEntry"]
    before = company.sandbox.state()["records"]["Orders"]
    company.http.post(f"Orders({order})/Cancel")
    assert company.sandbox.state()["records"]["Orders"] == before
    assert next(each for each in company.sandbox.state()["created"] if each["set"] == "Orders")["cancelled"]


def test_close_and_reopen(company):
    entry = company.post("Orders", company.order_body(company.customer())).json()["DocEntry"]
    assert company.http.post(f"Orders({entry})/Close").status_code == 204
    assert error(company.http.patch(f"Orders({entry})", json={"DocumentLines": [{"LineNum": 0, "Quantity": 1}]})) == (
        400,
        "-5002",
    )
    assert company.http.patch(f"Orders({entry})", json={"Comments": "still possible"}).status_code == 204
    assert company.http.post(f"Orders({entry})/Reopen").status_code == 204
    assert company.sandbox.record("Orders", entry)["DocumentStatus"] == "bost_Open"
    assert [each["action"] for each in company.sandbox.state()["updated"]] == ["Close", "patch", "Reopen"]


def test_drafts_are_stored_read_and_removed(company):
    body = company.order_body(company.supplier(), DocObjectCode="oPurchaseDeliveryNotes", U_MLConnRef="acme:receipt:1")
    made = company.post("Drafts", body)
    assert made.status_code == 201
    found = company.http.get(
        "Drafts?$filter=U_MLConnRef eq 'acme:receipt:1' and DocObjectCode eq 'oPurchaseDeliveryNotes'"
    ).json()
    entry = found["value"][0]["DocEntry"]
    assert company.http.delete(f"Drafts({entry})").status_code == 204
    assert error(company.http.get(f"Drafts({entry})")) == (404, "-2028")
    created = company.sandbox.state()["created"][0]
    assert (created["set"], created["draft"], created["removed"]) == ("PurchaseDeliveryNotes", True, True)
    assert error(company.post("Drafts", company.order_body(company.supplier()))) == (400, "-5002")
    assert error(company.http.delete("Orders(1)")) == (400, "-5002")


def test_the_approval_trap_answers_2028_and_stores_a_draft(company):
    company.sandbox.faults.arm("approval_draft", "/PurchaseOrders")
    body = company.order_body(company.supplier(), U_MLConnRef="acme:order:9")
    assert error(company.post("PurchaseOrders", body)) == (400, "-2028")
    assert company.http.get("PurchaseOrders?$filter=U_MLConnRef eq 'acme:order:9'").json()["value"] == []
    draft = company.http.get("Drafts?$filter=U_MLConnRef eq 'acme:order:9'").json()["value"][0]
    assert (draft["DocObjectCode"], draft["AuthorizationStatus"]) == ("oPurchaseOrders", "dasPending")
    company.sandbox.approval_sets.add("PurchaseOrders")
    company.post("PurchaseOrders", body)
    assert company.sandbox.state()["business_duplicates"] == [
        {"set": "PurchaseOrders", "CardCode": company.supplier(), "NumAtCard": "PO-1", "times": 2}
    ]


def test_an_answer_lost_after_the_commit_leaves_the_record(company):
    company.sandbox.faults.arm("cut_after", "/PurchaseOrders", method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        company.post("PurchaseOrders", company.order_body(company.supplier(), U_MLConnRef="acme:order:1"))
    assert len(company.http.get("PurchaseOrders?$filter=U_MLConnRef eq 'acme:order:1'").json()["value"]) == 1


def test_the_companys_clock_stamps_writes_and_can_go_back_an_hour(company):
    entry = company.post("Orders", company.order_body(company.customer())).json()["DocEntry"]
    company.sandbox.set_clock(dt.datetime(2026, 11, 22, 2, 59, 30))
    company.http.patch(f"Orders({entry})", json={"Comments": "1"})
    assert company.sandbox.record("Orders", entry)["UpdateTime"].startswith("02:59:3")
    company.sandbox.move_clock(dt.timedelta(hours=-1))
    company.http.patch(f"Orders({entry})", json={"Comments": "2"})
    record = company.sandbox.record("Orders", entry)
    assert record["UpdateDate"] == "2026-11-22T00:00:00Z" and record["UpdateTime"].startswith("01:59:3")
    with pytest.raises(ValueError, match="has no zone"):
        company.sandbox.set_clock(dt.datetime(2026, 11, 22, tzinfo=dt.UTC))


def test_masters_change_by_patch_and_by_hand(company):
    assert company.http.patch("Items('A1001')", json={"ItemName": "Neuer Name"}).status_code == 204
    item = company.http.get("Items('A1001')").json()
    assert item["ItemName"] == "Neuer Name" and item["UpdateDate"] == "2026-11-20T00:00:00Z"
    company.sandbox.change("DistributionRules", "SALES", Active="tNO")
    assert company.http.get("DistributionRules('SALES')").json()["Active"] == "tNO"
    assert error(company.http.patch("ProfitCenters('SALES')", json={"CenterName": "x"})) == (400, "-1000")


def test_helpers_act_as_a_clerk_would(company):
    sandbox = company.sandbox
    lines = [{"ItemCode": "A1001", "Quantity": 2, "UnitPrice": 5}]
    entry = sandbox.add_document("Invoices", CardCode=company.customer(), NumAtCard="X", DocumentLines=lines)
    sandbox.change("Invoices", entry, DocumentLines=[{"LineNum": 0, "UnitPrice": 6}])
    assert sandbox.record("Invoices", entry)["DocTotal"] == 12
    old = sandbox.record("Invoices", entry)
    sandbox.move_clock(dt.timedelta(days=1))
    sandbox.pay("Invoices", entry, stamped=False)
    paid = sandbox.record("Invoices", entry)
    assert paid["DocumentStatus"] == "bost_Close" and paid["PaidToDate"] == 12 and paid["UpdateDate"] == old["UpdateDate"]
    other = sandbox.add_document("Invoices", CardCode=company.customer(), DocumentLines=lines)
    assert sandbox.record("Invoices", sandbox.cancel("Invoices", other))["CancelStatus"] == "csCancellation"
    third = sandbox.add_document("Orders", CardCode=company.customer(), DocumentLines=lines)
    sandbox.close("Orders", third)
    assert sandbox.record("Orders", third)["DocumentStatus"] == "bost_Close"
    assert sandbox.state()["created"] == []  # only what comes over the API counts there


def ordered(company, *quantities: float) -> int:
    lines = [
        {"ItemCode": f"A100{place}", "Quantity": quantity, "UnitPrice": 10} for place, quantity in enumerate(quantities, 1)
    ]
    return company.sandbox.add_document("Orders", CardCode=company.customer(), DocumentLines=lines)


def left_of(company, entry: int) -> tuple[str, list[float]]:
    order = company.sandbox.record("Orders", entry)
    return order["DocumentStatus"], [line["RemainingOpenQuantity"] for line in order["DocumentLines"]]


def test_a_partial_delivery_leaves_the_rest_open_and_the_order_without_a_stamp(company):
    entry = ordered(company, 5, 2)
    stamp = company.sandbox.record("Orders", entry)["UpdateTime"]
    company.sandbox.move_clock(dt.timedelta(hours=1))
    first = company.sandbox.copy("Orders", entry, "DeliveryNotes", {"0": 2}, TrackingNumber="1Z-1")
    assert left_of(company, entry) == ("bost_Open", [3.0, 2.0])
    assert company.sandbox.record("DeliveryNotes", first)["TrackingNumber"] == "1Z-1"
    rest = company.sandbox.copy("Orders", entry, "DeliveryNotes")
    assert left_of(company, entry) == ("bost_Close", [0.0, 0.0])
    company.sandbox.cancel("DeliveryNotes", rest)
    assert left_of(company, entry) == ("bost_Open", [3.0, 2.0])
    assert company.sandbox.record("Orders", entry)["UpdateTime"] == stamp


def test_an_invoice_closes_by_payments_and_credit_notes_and_not_by_its_copies(company):
    delivery = company.sandbox.copy("Orders", ordered(company, 5, 2), "DeliveryNotes")
    invoice = company.sandbox.copy("DeliveryNotes", delivery, "Invoices")
    assert company.sandbox.record("DeliveryNotes", delivery)["DocumentStatus"] == "bost_Close"
    total = company.sandbox.record("Invoices", invoice)["DocTotal"]

    def standing() -> tuple[str, float]:
        values = company.sandbox.record("Invoices", invoice)
        return values["DocumentStatus"], values["PaidToDate"]

    payment = company.sandbox.pay("Invoices", invoice, amount=10)
    assert standing() == ("bost_Open", 10.0)
    rows = company.http.get(f"IncomingPayments({payment})").json()["PaymentInvoices"]
    assert [(row["DocEntry"], row["InvoiceType"], row["SumApplied"]) for row in rows] == [(invoice, "it_Invoice", 10.0)]
    company.sandbox.cancel_payment(payment)
    assert standing() == ("bost_Open", 0.0)
    note = company.sandbox.copy("Invoices", invoice, "CreditNotes", {1: 2})
    credited = company.sandbox.record("CreditNotes", note)["DocTotal"]
    assert standing() == ("bost_Open", credited)
    company.sandbox.pay("Invoices", invoice)
    assert standing() == ("bost_Close", total)


def test_a_crossjoin_asks_for_documents_by_their_lines(company):
    entry = ordered(company, 30, 2)
    notes = [company.sandbox.copy("Orders", entry, "DeliveryNotes", {0: 1}) for _ in range(25)]
    joined = "DeliveryNotes/DocEntry eq DeliveryNotes/DocumentLines/DocEntry"
    where = f"{joined} and DeliveryNotes/DocumentLines/BaseType eq 17 and DeliveryNotes/DocumentLines/BaseEntry eq {entry}"
    expand = "DeliveryNotes($select=DocEntry,CancelStatus),DeliveryNotes/DocumentLines($select=LineNum,BaseEntry)"
    path = f"$crossjoin(DeliveryNotes,DeliveryNotes/DocumentLines)?$expand={expand}&$filter={where}"
    page = company.http.get(path).json()
    assert page["value"][0] == {
        "DeliveryNotes": {"DocEntry": notes[0], "CancelStatus": "csNo"},
        "DeliveryNotes/DocumentLines": {"LineNum": 0, "BaseEntry": entry},
    }
    assert page["@odata.nextLink"].startswith("/b1s/v2/$crossjoin(DeliveryNotes,DeliveryNotes/DocumentLines)?")
    rest = company.http.get(company.url.removesuffix("/b1s/v2/") + page["@odata.nextLink"]).json()
    rows = [row["DeliveryNotes"]["DocEntry"] for row in (*page["value"], *rest["value"])]
    assert rows == notes and "@odata.nextLink" not in rest
    wrong = company.http.get(f"$crossjoin(Orders,Orders/DocumentLines)?$expand={expand}&$filter=Orders/DocEntry eq 1")
    assert error(wrong)[0] == 400
