"""How far an order has come, by the chain of what was made of it. Pure."""

import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.sales_order import SalesOrderStatus
from mlconn_pipelines.systems.salesforce.mapping.order_write_back import InvoiceFields, OrderFields, WriteBack, changes_of
from mlconn_pipelines.systems.sap_business_one.mapping import order_progress
from mlconn_pipelines.systems.sap_business_one.mapping.order_progress import STATUS_HASHING, status_header_of
from mlconn_pipelines.systems.sap_business_one.records.order_chain import bases_of, chain_of, kept_of

NO_CHAIN: dict = {"DeliveryNotes": [], "DownPayments": [], "Invoices": [], "Returns": [], "CreditNotes": []}


def order(*lines: tuple[int, int], status: str = "bost_Open", closed: tuple[int, ...] = (), **fields) -> dict:
    """lines: ordered and open quantity, each piece at 10."""
    rows = [
        {"LineNum": number, "Quantity": ordered, "RemainingOpenQuantity": left, "Price": 10, "UnitsOfMeasurment": 1}
        | {"LineStatus": "bost_Close" if number in closed or not left else "bost_Open"}
        for number, (ordered, left) in enumerate(lines)
    ]
    return {"DocEntry": 17, "DocNum": 370017, "DocCurrency": "$", "DocumentStatus": status, "DocumentLines": rows, **fields}


def copy(entry: int, *lines: tuple[int, int, int, int], **fields) -> dict:
    """lines: type, entry and line of the base, quantity."""
    rows = [
        {
            "LineNum": number,
            "BaseType": base,
            "BaseEntry": of,
            "BaseLine": line,
            "Quantity": quantity,
            "LineTotal": 10 * quantity,
        }
        for number, (base, of, line, quantity) in enumerate(lines)
    ]
    day = f"2026-11-{entry:02}T00:00:00Z"
    return {"DocEntry": entry, "DocNum": 9000 + entry, "DocDate": day, "CancelStatus": "csNo", "DocumentLines": rows, **fields}


def status_of(record: dict, **chain) -> SalesOrderStatus:
    translated = order_progress.status_of({**record, **NO_CHAIN, **chain}, "006", ReferenceBook(1))
    assert isinstance(translated.document, SalesOrderStatus), translated.findings
    return translated.document


def test_deliveries_are_added_up_and_cancelled_ones_are_not() -> None:
    record = order((10, 4), (2, 2))
    notes = [
        copy(1, (17, 17, 0, 2), TrackingNumber="1Z-1"),
        copy(2, (17, 17, 0, 4)),
        copy(3, (17, 17, 1, 2), Cancelled="tYES", CancelStatus="csYes"),
        copy(4, (15, 3, 0, 2), CancelStatus="csCancellation"),
        copy(5, (17, 99, 0, 7)),
    ]
    status = status_of(record, DeliveryNotes=notes[:4])
    assert (status.state, status.ordered_quantity, status.delivered_quantity, status.open_quantity) == (
        "partly_delivered",
        12,
        6,
        6,
    )
    assert (status.amount, status.delivered_amount, status.open_amount) == (120, 60, 60)
    assert (status.delivery_number, status.delivery_date, status.tracking_number) == ("9002", dt.date(2026, 11, 2), "1Z-1")
    assert status_of(record, DeliveryNotes=notes) == status


@pytest.mark.parametrize(
    ("record", "chain", "expected"),
    [
        (order((5, 5)), {}, ("open", 0, 5)),
        # a delivery that was not given out: SAP says of an open line what was taken of it
        (order((5, 3)), {}, ("partly_delivered", 2, 3)),
        (order((5, 0), status="bost_Close"), {"DeliveryNotes": [copy(1, (17, 17, 0, 5))]}, ("delivered", 5, 0)),
        # closed by hand: what is open in it will never come
        (order((5, 3), status="bost_Close", closed=(0,)), {"DeliveryNotes": [copy(1, (17, 17, 0, 2))]}, ("closed", 2, 0)),
        (order((5, 5), status="bost_Close", closed=(0,)), {}, ("closed", 0, 0)),
        (order((5, 3), (1, 1), closed=(0,)), {"DeliveryNotes": [copy(1, (17, 17, 0, 2))]}, ("partly_delivered", 2, 1)),
        (order((5, 5), Cancelled="tYES", CancelStatus="csYes"), {}, ("cancelled", 0, 5)),
        # an invoice of the order itself takes the goods along; one that reserves them waits for its delivery
        (order((5, 0), status="bost_Close"), {"Invoices": [copy(1, (17, 17, 0, 5))]}, ("delivered", 5, 0)),
        (
            order((5, 0), status="bost_Close"),
            {"Invoices": [reserving := copy(1, (17, 17, 0, 5), ReserveInvoice="tYES")]},
            ("closed", 0, 0),
        ),
        (
            order((5, 0), status="bost_Close"),
            {
                "Invoices": [{**reserving, "DocumentLines": [{**reserving["DocumentLines"][0], "RemainingOpenQuantity": 3}]}],
                "DeliveryNotes": [copy(2, (13, 1, 0, 2))],
            },
            ("partly_delivered", 2, 3),
        ),
        # an invoice of the delivery ships nothing again
        (
            order((5, 0), status="bost_Close"),
            {"DeliveryNotes": [copy(1, (17, 17, 0, 5))], "Invoices": [copy(2, (15, 1, 0, 5))]},
            ("delivered", 5, 0),
        ),
        (
            order((5, 0), status="bost_Close"),
            {"DeliveryNotes": [copy(1, (17, 17, 0, 5))], "Returns": [copy(2, (15, 1, 0, 1))]},
            ("closed", 4, 0),
        ),
        (
            order((5, 0), status="bost_Close"),
            {
                "DeliveryNotes": [copy(1, (17, 17, 0, 5))],
                "Invoices": [copy(2, (15, 1, 0, 5))],
                "CreditNotes": [copy(3, (13, 2, 0, 1))],
            },
            ("closed", 4, 0),
        ),
    ],
)  # fmt: skip
def test_what_counts_as_delivered(record: dict, chain: dict, expected: tuple) -> None:
    status = status_of(record, **chain)
    assert (status.state, status.delivered_quantity, status.open_quantity) == expected


def test_a_credit_for_money_alone_brings_no_goods_back() -> None:
    note = copy(3, (13, 2, 0, 1), DocTotal=10)
    note["DocumentLines"][0]["WithoutInventoryMovement"] = "tYES"
    chain = {
        "DeliveryNotes": [copy(1, (17, 17, 0, 5))],
        "Invoices": [copy(2, (15, 1, 0, 5), DocTotal=50)],
        "CreditNotes": [note],
    }
    status = status_of(order((5, 0), status="bost_Close"), **chain)
    assert (status.state, status.delivered_quantity, status.credited_amount) == ("delivered", 5, 10)


def test_units_of_a_delivery_may_be_others_than_those_of_the_order() -> None:
    record = order((2, 1))
    record["DocumentLines"][0]["UnitsOfMeasurment"] = 12
    note = copy(1, (17, 17, 0, 12))
    note["DocumentLines"][0]["UnitsOfMeasurment"] = 1
    assert status_of(record, DeliveryNotes=[note]).delivered_quantity == 1


@pytest.mark.parametrize(
    ("invoice", "expected"),
    [
        ({}, ("open", 0)),
        ({"PaidToDate": 20}, ("partly_paid", 20)),
        ({"Overdue": "tYES"}, ("overdue", 0)),
        ({"PaidToDate": 20, "Overdue": "tYES"}, ("overdue", 20)),
        ({"PaidToDate": 55, "DocumentStatus": "bost_Close"}, ("paid", 55)),
        ({"DocumentStatus": "bost_Close"}, ("paid", 55)),
    ],
)
def test_payment(invoice: dict, expected: tuple) -> None:
    made = copy(2, (17, 17, 0, 5), DocTotal=55, DocDueDate="2026-12-24T00:00:00Z", **invoice)
    status = status_of(order((5, 0)), Invoices=[made])
    assert (status.payment_state, status.paid_amount) == expected
    assert (status.invoiced_amount, status.due_date) == (55, dt.date(2026, 12, 24))


def test_an_invoice_that_a_credit_note_settled_was_not_paid() -> None:
    made = copy(2, (17, 17, 0, 5), DocTotal=55, PaidToDate=55, DocumentStatus="bost_Close")
    status = status_of(order((5, 0)), Invoices=[made], CreditNotes=[copy(3, (13, 2, 0, 5), DocTotal=55)])
    assert (status.payment_state, status.paid_amount, status.credited_amount) == ("credited", 0, 55)


def matched(number: int, *rows: tuple[int, int, int]) -> dict:
    """rows: object type, DocEntry, amount."""
    names = ("SrcObjTyp", "SrcObjAbs", "ReconcileAmount")
    return {
        "ReconNum": number,
        "InternalReconciliationRows": [dict(zip(names, (str(of), *rest), strict=True)) for of, *rest in rows],
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # a credit note that names no invoice, matched with this one: it was not paid
        ([matched(1, (13, 2, 20), (14, 8, 20))], ("open", 0, 20, 35)),
        # money on account
        ([matched(1, (13, 2, 20), (24, 4, 20))], ("partly_paid", 20, 0, 35)),
        # both at once, over two invoices: half of it was credited
        ([matched(1, (13, 2, 20), (13, 9, 10), (14, 8, 15), (24, 4, 15))], ("partly_paid", 10, 10, 35)),
        # SAP matches a credit note with the invoice that it was made of by itself
        ([matched(1, (13, 2, 11), (14, 5, 11))], ("partly_paid", 9, 11, 35)),
        ([], ("partly_paid", 20, 0, 35)),
    ],
)
def test_what_was_matched_later_is_paid_or_credited(rows: list[dict], expected: tuple) -> None:
    made = copy(2, (17, 17, 0, 5), DocTotal=55, PaidToDate=20)
    own = (
        [copy(5, (13, 2, 0, 1), DocTotal=11)]
        if any(row["SrcObjAbs"] == 5 for one in rows for row in one["InternalReconciliationRows"])
        else []
    )
    status = status_of(order((5, 0)), Invoices=[made], CreditNotes=own, InternalReconciliations=rows)
    [one] = status.invoices
    assert (status.payment_state, one.paid, one.credited, one.open_amount) == expected
    assert status.credited_amount == expected[2]


def down_payment(entry: int = 6, total: int = 22, **fields) -> dict:
    return copy(entry, (17, 17, 0, 5), DocTotal=total, DownPaymentType="dptInvoice", **fields)


def test_a_down_payment_is_asked_for_paid_and_drawn() -> None:
    drawn = [{"DocEntry": 6, "GrossAmountToDraw": 22}]
    settled = {"PaidToDate": 22, "DocumentStatus": "bost_Close"}

    def told(*invoices: dict, **fields) -> tuple:
        status = status_of(order((5, 0)), DownPayments=[down_payment(**fields)], Invoices=list(invoices))
        of_each = [(one.number, one.amount, one.paid, one.is_down_payment) for one in status.invoices]
        return status.payment_state, status.invoiced_amount, status.paid_amount, of_each

    assert told() == ("open", 22, 0, [("9006", 22, 0, True)])
    assert told(DocDueDate="2026-11-01", Overdue="tYES")[0] == "overdue"
    assert told(PaidToDate=22) == told(**settled) == ("paid", 22, 22, [("9006", 22, 22, True)])
    final = copy(7, (17, 17, 0, 5), DocTotal=33, DownPaymentsToDraw=drawn)
    assert told(final, **settled) == ("partly_paid", 55, 22, [("9007", 55, 22, False)])
    paid = {**final, "PaidToDate": 33, "DocumentStatus": "bost_Close"}
    assert told(paid, **settled) == ("paid", 55, 55, [("9007", 55, 55, False)])
    part = copy(7, (17, 17, 0, 2), DocTotal=12, DownPaymentsToDraw=[{"DocEntry": 6, "GrossAmountToDraw": 10}])
    assert told(part, **settled) == ("partly_paid", 34, 22, [("9006", 12, 12, True), ("9007", 22, 10, False)])


def test_a_down_payment_that_was_made_for_no_order_counts_with_the_invoice_that_draws_it() -> None:
    rows = {"RowTotalFC": 100, "LineTotal": 119}
    made = copy(
        7,
        (17, 17, 0, 5),
        DocTotal=0,
        DocTotalFc=0,
        DocumentStatus="bost_Close",
        DownPaymentsToDraw=[{"DocEntry": 1, "GrossAmountToDraw": 119}],
    )
    made["DocumentLines"][0] |= rows
    status = status_of(order((5, 0)), Invoices=[made])
    assert (status.payment_state, status.invoiced_amount, status.paid_amount) == ("paid", 100, 100), "in the order's currency"


def test_of_a_request_for_a_down_payment_only_what_was_paid_counts() -> None:
    def told(**fields) -> tuple:
        asked = {**down_payment(**fields), "DownPaymentType": "dptRequest"}
        status = status_of(order((5, 5)), DownPayments=[asked])
        return status.payment_state, status.invoiced_amount, status.paid_amount

    assert told() == ("", 0, 0) and told(PaidToDate=22, DocumentStatus="bost_Close") == ("paid", 22, 22)


def test_a_down_payment_that_is_credited_was_not_paid() -> None:
    note = copy(8, (203, 6, 0, 5), DocTotal=22)
    status = status_of(
        order((5, 5)), DownPayments=[down_payment(PaidToDate=22, DocumentStatus="bost_Close")], CreditNotes=[note]
    )
    assert (status.payment_state, status.paid_amount, status.credited_amount, status.delivered_quantity) == (
        "credited",
        0,
        22,
        0,
    )


def test_of_an_invoice_over_several_orders_each_has_its_part_in_its_currency() -> None:
    made = copy(
        2, (17, 17, 0, 3), (17, 18, 0, 7), DocTotal=Decimal("119.00"), DocTotalFc=Decimal("100.00"), PaidToDate=Decimal("59.50")
    )
    (one,) = status_of(order((3, 0)), Invoices=[made]).invoices
    assert (one.amount, one.paid, one.open_amount) == (Decimal("30.00"), Decimal("15.00"), Decimal("15.00"))


def test_without_its_chain_an_order_tells_what_its_lines_do() -> None:
    translated = order_progress.status_of(order((5, 3)), "006", ReferenceBook(1))
    assert isinstance(translated.document, SalesOrderStatus)
    assert (translated.document.state, translated.document.delivered_quantity) == ("partly_delivered", 2)


def test_only_what_is_copied_counts_as_a_base() -> None:
    assert list(bases_of("DeliveryNotes", copy(1, (17, 5, 0, 1), (-1, None, None, 1), (22, 6, 0, 1)))) == [("Orders", 5)]
    assert list(
        bases_of(
            "IncomingPayments",
            {
                "PaymentInvoices": [
                    {"InvoiceType": "it_Invoice", "DocEntry": 7},
                    {"InvoiceType": "it_CredItnote", "DocEntry": 8},
                    {"InvoiceType": "it_DownPayment", "DocEntry": 9},
                ]
            },
        )
    ) == [("Invoices", 7), ("DownPayments", 9)]
    both = matched(1, (13, 7, 1), (203, 8, 1), (14, 5, 2), (30, 3, 1))
    assert list(bases_of("InternalReconciliations", both)) == [("Invoices", 7), ("DownPayments", 8)]
    found = {
        "DeliveryNotes": {1: copy(1, (17, 5, 0, 1)), 2: copy(2, (17, 6, 0, 1))},
        "Invoices": {3: copy(3, (15, 1, 0, 1), (15, 2, 0, 1))},
    }
    chain = chain_of(5, found)
    assert [one["DocEntry"] for one in chain["DeliveryNotes"]] == [1] and [one["DocEntry"] for one in chain["Invoices"]] == [3]


def test_what_happens_to_a_copy_is_a_change_of_the_order_and_a_member_is_none() -> None:
    record = {**order((5, 5), UpdateDate="2026-11-01", U_Ref="acme:Orders:D1"), **NO_CHAIN}
    note = kept_of(copy(1, (17, 17, 0, 2)))
    delivered, tracked = ({**record, "DeliveryNotes": [one]} for one in (note, {**note, "TrackingNumber": "1Z"}))
    drawn = {**record, "Invoices": [kept_of(copy(2, DownPaymentsToDraw=[{"DocEntry": 6, "GrossAmountToDraw": 5, "Tax": 1}]))]}
    credited = {**record, "InternalReconciliations": [matched(1, (13, 2, 5), (14, 3, 5))]}
    assert len({STATUS_HASHING.of(each) for each in (record, delivered, tracked, drawn, credited)}) == 5
    assert drawn["Invoices"][0]["DownPaymentsToDraw"] == [{"DocEntry": 6, "GrossAmountToDraw": 5}]
    assert not status_header_of(delivered, "U_Ref", "acme").cancelled
    member = status_header_of({"Member": "DeliveryNotes(1)", **note}, "U_Ref", "acme")
    assert (member.key, member.cancelled) == ("DeliveryNotes(1)", True)


def test_only_named_fields_are_written_and_what_is_not_there_yet_is_emptied() -> None:
    names = {each: f"{each}__c" for each in OrderFields.__dataclass_fields__}
    at = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
    none = changes_of(status_of(order((5, 5))), WriteBack(OrderFields(**names)), at)
    assert set(none) == set(names.values())
    assert none["status__c"] == "Open" and none["open_quantity__c"] == 5 and none["as_of__c"] == "2026-11-29T12:00:00.000Z"
    assert [none[f"{each}__c"] for each in ("invoice_numbers", "payment_status", "last_delivery_date", "tracking_number")] == [
        None
    ] * 4
    assert set(changes_of(status_of(order((5, 5))), WriteBack(OrderFields()), at)) == {"ERP_Order_Number__c"}


def test_down_payments_are_told_to_no_invoice_of_their_number() -> None:
    told = WriteBack(OrderFields(), invoice=InvoiceFields())
    at = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
    status = status_of(order((5, 0)), DownPayments=[down_payment()], Invoices=[copy(7, (17, 17, 0, 5), DocTotal=55)])
    assert [one["ERP_Invoice__c"] for one in changes_of(status, told, at)["Invoices"]] == ["9007"]


def test_order_and_invoices_are_told_where_they_are_set() -> None:
    made = copy(2, (17, 17, 0, 5), DocTotal=55, PaidToDate=20)
    status = status_of(order((5, 0), DocDate="2026-11-02"), Invoices=[made])
    told = WriteBack(
        OrderFields(), OrderFields("Number__c", status="Status__c"), InvoiceFields("No__c", "Paid__c", "Open__c"), "Draft"
    )
    changes = changes_of(status, told, dt.datetime(2026, 11, 29, tzinfo=dt.UTC))
    assert changes["Order"] == {
        "Number__c": "370017",
        "Status__c": "Delivered",
        "EffectiveDate": "2026-11-02",
        "Status": "Draft",
    }
    assert changes["Invoices"] == [{"No__c": "9002", "Paid__c": 20, "Open__c": 35}]
    assert told.of_fulfilment and told.of_payment
