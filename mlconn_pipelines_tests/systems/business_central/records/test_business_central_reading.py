import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.systems.business_central.records.correlation_reference import reference_in
from mlconn_pipelines.systems.business_central.records.reading import read
from mlconn_pipelines.systems.business_central.records.sales_document import SalesInvoice, SalesLine
from mlconn_pipelines.systems.business_central.records.stamps import instant_in, instant_of, key_of, stamp_of

NO_ID = "00000000-0000-0000-0000-000000000000"


def test_what_the_service_writes_for_nothing_is_nothing():
    found = read(
        SalesInvoice, {"id": NO_ID, "status": "_x0020_", "dueDate": "0001-01-01", "customerName": "", "orderNumber": None}
    )
    assert (found.id, found.status, found.dueDate, found.customerName, found.orderNumber) == ("", "", None, "", "")


def test_options_are_read_without_their_encoding_either_way_it_comes():
    assert read(SalesInvoice, {"status": "In_x0020_Review"}).status == read(SalesInvoice, {"status": "In Review"}).status
    assert read(SalesLine, {"lineType": "Fixed_x0020_Asset"}).lineType == "Fixed Asset"


def test_numbers_are_exact_and_lines_are_read_with_their_document():
    found = read(SalesInvoice, {"salesInvoiceLines": [{"unitPrice": Decimal("6.00002"), "quantity": 3}], "futureField": 1})
    assert found.lines[0].price == Decimal("6.00002") and found.lines[0].quantity == 3


@pytest.mark.parametrize("wrong", [{"dueDate": "tomorrow"}, {"pricesIncludeTax": "yes"}, {"totalTaxAmount": "much"}])
def test_a_value_of_another_kind_is_told_by_its_name(wrong):
    with pytest.raises(DocumentRejected, match=f"Business Central sent SalesInvoice.{next(iter(wrong))} = ") as raised:
        read(SalesInvoice, wrong)
    assert raised.value.code == "record_unreadable"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-03-05T19:19:22.273Z", "2025-03-05T19:19:22.273Z"),
        ("2025-03-05T19:19:22.5Z", "2025-03-05T19:19:22.500Z"),
        ("2025-03-05T19:19:22Z", "2025-03-05T19:19:22.000Z"),
        ("2025-03-05T20:19:22.47+01:00", "2025-03-05T19:19:22.470Z"),
        ("0001-01-01T00:00:00Z", ""),
        (None, ""),
    ],
)
def test_instants_have_one_form_that_sorts_as_text(text, instant):
    record = {"id": "5D115C9C-44E3-EA11-BB43-000D3A2FECA1", "lastModifiedDateTime": text, "@odata.etag": 'W/"JzE5"'}
    assert instant_of(record) == instant
    assert instant_in(stamp_of(record)) == instant
    assert key_of(record) == "5d115c9c-44e3-ea11-bb43-000d3a2feca1"


def test_only_a_comment_line_that_is_nothing_but_our_reference_holds_one():
    lines = [
        {"lineType": "Item", "description": "acme:salesOrders:D1"},
        {"lineType": "Comment", "description": "see acme:salesOrders:D2 of us"},
        {"lineType": "Comment", "description": "acme:salesOrders:D3 "},
    ]
    assert reference_in({"salesOrderLines": lines}, "comment_line") == "acme:salesOrders:D3"
    assert reference_in({"salesOrderLines": lines[:2], "shipToContact": "acme:salesOrders:D4"}, "comment_line") == ""


def test_the_date_type_is_a_calendar_date():
    assert read(SalesInvoice, {"invoiceDate": "2026-01-05"}).date == dt.date(2026, 1, 5)
