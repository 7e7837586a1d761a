import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines_tests.systems.business_central.mapping.business_central_records import (
    ID,
    comment,
    invoice,
    line,
    mapping,
    purchase_line,
    purchase_order,
    sales_order,
)


def facts(record, flow="x12_810", **settings):
    return mapping(**settings).outbound.header(flow, record)


def test_the_facts_of_an_invoice():
    found = facts(invoice([line(), line(2), comment("Thank you")]))
    assert (found.key, found.business_number, found.partner_code) == (ID, "103031", "10000")
    assert found.stamp == '2026-01-05T19:19:22.500Z W/"JzE5OzgzMTM5"'
    assert (found.date, found.amount, found.currency) == (dt.date(2026, 1, 5), Decimal("105"), "USD")
    assert (found.line_count, found.cancelled, found.correlation_reference) == (2, False, "")


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Paid", "remainingAmount": 0},
        {"status": "Corrective"},
        {"promisedPayDate": "2026-02-20", "disputeStatus": "x"},
        {"@odata.etag": 'W/"other"', "lastModifiedDateTime": "2026-02-05T19:19:22Z"},
        {"totalAmountIncludingTax": 52.50000},
        {"shipToContact": "acme:salesOrders:D0000001"},
    ],
)
def test_paying_correcting_and_saving_again_are_no_change(change):
    assert facts(invoice(**change)).content_hash == facts(invoice()).content_hash


@pytest.mark.parametrize("change", [{"dueDate": "2026-03-01"}, {"totalTaxAmount": 3}, {"shipToCity": "Provo"}])
def test_what_a_partner_would_read_is_a_change(change):
    assert facts(invoice(**change)).content_hash != facts(invoice()).content_hash


def test_a_dimension_is_a_change_and_that_it_became_known_is_none():
    def record(*values):
        held = [{"id": "d", "code": "DEPARTMENT", "valueCode": value, "valueId": "x"} for value in values]
        return invoice([line(dimensionSetLines=held)])

    unknown, sales, admin, none = invoice([line()]), record("SALES"), record("ADM"), record()
    assert len({facts(each).content_hash for each in (sales, admin, none)}) == 3
    assert facts(unknown).projection != facts(sales).projection == facts(none).projection
    hashing = mapping().outbound.hashing("salesInvoices")
    assert hashing.again(unknown, sales, facts(unknown).projection) == facts(sales).content_hash


def test_cancelling_is_told_apart():
    found = facts(invoice(status="Canceled"))
    assert found.cancelled
    assert found.content_hash == facts(invoice()).content_hash
    assert not facts(sales_order(status="Canceled"), "x12_850").cancelled


def test_our_reference_is_found_where_it_was_put():
    ours = sales_order([line(), comment("acme:salesOrders:D0000001")])
    assert facts(ours, "x12_850").correlation_reference == "acme:salesOrders:D0000001"
    assert facts(sales_order(shipToContact="acme:salesOrders:D1"), "x12_850").correlation_reference == ""
    contact = facts(sales_order(shipToContact="acme:salesOrders:D1"), "x12_850", reference_field="shipToContact")
    assert contact.correlation_reference == "acme:salesOrders:D1"
    copied = facts(invoice([line(), comment("acme:salesOrders:D0000001")]))
    assert copied.correlation_reference.split(":")[1] == "salesOrders", "a copy names the order, so the invoice is sent"


def test_confirmed_dates_are_no_revision_of_the_order():
    before = purchase_order([purchase_line()])
    after = purchase_order([purchase_line(expectedReceiptDate="2026-02-01")])
    assert mapping().outbound.hashing("purchaseOrders").of(before) == mapping().outbound.hashing("purchaseOrders").of(after)
    dearer = purchase_order([purchase_line(directUnitCost=13)])
    assert mapping().outbound.hashing("purchaseOrders").of(before) != mapping().outbound.hashing("purchaseOrders").of(dearer)


def test_a_document_without_a_date_that_can_be_read_has_none():
    assert facts(invoice(invoiceDate="0001-01-01")).date is None
