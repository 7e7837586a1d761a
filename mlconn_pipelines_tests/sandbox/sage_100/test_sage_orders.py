"""Purchase orders read and entered, judged by the facts: return codes, order of values, lines, locks, stamps, bulk reads."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest

from mlconn_pipelines_tests.sandbox.sage_100.conftest import ByReference, Client, add_line, fill_header, log_on, value
from mlconn_simulators.sage_100.component import ComError
from mlconn_simulators.sage_100.layouts import Refused
from mlconn_simulators.sage_100.sandbox import Sage100Sandbox


def result_sets(
    target: object, first: str, second: str, filter_: str = "", begin: str = "", end: str = ""
) -> list[tuple[str, str]]:
    firsts, seconds = ByReference(), ByReference()
    assert target.call("nGetResultSets", first, second, firsts, seconds, filter_, begin, end) == 1  # type: ignore[attr-defined]
    return list(zip(firsts.value.split("Š")[:-1], seconds.value.split("Š")[:-1], strict=True))


# Entering.


def test_an_order_is_entered_with_its_lines(sage: Sage100Sandbox, client: Client) -> None:
    number = client.entered(lines=2, **{"WarehouseCode$": "001", "Comment$": "REF-1"})
    order = sage.order(number)
    assert (order["PurchaseName$"].strip(), order["TermsCode$"] in ("01", "02")) == ("Ferrolux Metals SpA", True)
    assert (order["ShipToCity$"], order["OrderStatus$"], order["OrderType$"]) == ("Savannah", "N", "S")
    assert [line["LineKey$"] for line in order["lines"]] == ["000001", "000002"]
    assert order["NonTaxableAmt"] == round(2 * 3 * order["lines"][0]["UnitCost"], 2)
    assert (order["DateCreated$"], order["DateUpdated$"], order["UserCreatedKey$"]) == ("20260130", "", sage.user.key)
    assert sage.company.locks == {}


def test_a_number_is_consumed_even_where_the_argument_cannot_take_it(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, section 4: a plain "" stays empty while the call returns 1."""
    bus, number, plain = client.order_entry(), ByReference(), ""
    assert bus.call("nGetNextPurchaseOrderNo", plain) == 1
    bus.call("nGetNextPurchaseOrderNo", number)
    assert (plain, number.value) == ("", "0000014")
    sage.people.lock_number(for_s=30)
    assert bus.call("nGetNextPurchaseOrderNo", number) == 0
    assert "SMITH on WS07" in bus.get("sLastErrorMsg")
    sage.clock.move(dt.timedelta(seconds=31))
    assert bus.call("nGetNextPurchaseOrderNo", number) == 1
    assert number.value == "0000015"


def test_keys_are_upper_case_and_filled_with_zeros(sage: Sage100Sandbox, client: Client) -> None:
    bus = client.order_entry()
    assert bus.call("nSetKeyValue", "purchaseorderno$", "77") == 1
    assert bus.call("nSetKey") == 2
    assert value(bus, "PurchaseOrderNo$") == "0000077"
    fill_header(bus)
    assert bus.call("nSetValue", "VendorNo$", "v10100") == 1
    assert value(bus, "VendorNo$") == "V10100"
    assert bus.call("nSetKey", "00000771") == 0


def test_a_vendor_is_found_in_its_division_only(client: Client) -> None:
    """Trap 5; and a division set later empties the vendor again."""
    bus = client.order_entry()
    bus.call("nSetKey", "9000001")
    assert bus.call("nSetValue", "APDivisionNo$", "01") == 0
    assert bus.call("nSetValue", "VendorNo$", "NONE") == 0
    assert "not on file" in bus.get("sLastErrorMsg")
    assert value(bus, "VendorNo$") == ""
    fill_header(bus)
    assert bus.call("nSetValue", "APDivisionNo$", "00") == 1
    assert value(bus, "VendorNo$") == ""
    assert bus.call("nWrite") == 0


def test_a_later_key_field_overwrites_what_was_set_before(client: Client) -> None:
    """Trap 6, and the vendor before all else in the header."""
    bus = client.order_entry()
    bus.call("nSetKey", "9000001")
    bus.call("nSetValue", "Comment$", "ours")
    fill_header(bus)
    assert value(bus, "Comment$") == ""
    lines = bus.get("oLines")
    lines.call("nAddLine")
    assert lines.call("nSetValue", "QuantityOrdered", 5.0) == 0
    lines.call("nSetValue", "ItemCode$", "A1001")
    lines.call("nSetValue", "QuantityOrdered", 5.0)
    lines.call("nSetValue", "ItemCode$", "A1002")
    assert value(lines, "QuantityOrdered") == 0.0


def test_warnings_set_the_value_and_return_minus_one(sage: Sage100Sandbox, client: Client) -> None:
    """Facts, section 3: do not test for 1."""
    bus = client.order_entry()
    bus.call("nSetKey", "9000001")
    bus.call("nSetValue", "APDivisionNo$", "00")
    assert bus.call("nSetValue", "VendorNo$", "V10090") == 1
    assert bus.call("nSetValue", "Comment$", "x" * 31) == -1
    assert (value(bus, "Comment$"), "truncated" in bus.get("sLastErrorMsg")) == ("x" * 30, False)
    sage.site.widths["Comment$"] = "refuse"
    assert bus.call("nSetValue", "Comment$", "y" * 31) == 0
    assert value(bus, "Comment$") == "x" * 30
    sage.site.widths["Comment$"] = "cut"
    assert bus.call("nSetValue", "Comment$", "z" * 31) == 1
    assert value(bus, "Comment$") == "z" * 30
    assert bus.call("nSetValue", "WarehouseCode$", "0011") == 0
    assert bus.call("nSetValue", "VendorNo$", "V10080") == 0
    assert bus.call("nSetValue", "VendorNo$", "V90090") == -1
    assert value(bus, "PurchaseName$") == "Vendor on Hold"


@pytest.mark.parametrize("clears", [True, False])
def test_the_last_error_is_each_objects_own_and_may_outlive_a_success(
    sage: Sage100Sandbox, client: Client, clears: bool
) -> None:
    sage.site.clears_errors = clears
    bus = client.order_entry()
    bus.call("nSetKey", "9000001")
    assert bus.call("nSetValue", "WarehouseCode$", "999") == 0
    assert bus.get("sLastErrorMsg") == "The warehouse 999 is not on file."
    assert client.session.get("sLastErrorMsg") == bus.get("oLines").get("sLastErrorMsg") == ""
    assert bus.call("nSetValue", "WarehouseCode$", "001") == 1
    assert (bus.get("sLastErrorMsg") == "") == clears


def test_numbers_are_doubles_and_come_back_as_text_with_the_minus_behind(client: Client) -> None:
    """Facts, sections 3 and 4."""
    bus = client.order_entry()
    bus.call("nSetKey", "9000001")
    fill_header(bus)
    with pytest.raises(ComError, match="Error: 26"):
        bus.call("nSetValue", "FreightAmt", "12.50")
    with pytest.raises(ComError, match="Error: 26"):
        bus.call("nSetValue", "Comment$", 5.0)
    assert bus.call("nSetValue", "FreightAmt", -123.456) == 1
    text, number = ByReference(""), ByReference(0.0)
    bus.call("nGetValue", "FreightAmt", text)
    bus.call("nGetValue", "FreightAmt", number)
    assert (text.value, number.value) == ("123.46-", -123.46)
    plain = ""
    assert (bus.call("nGetValue", "VendorNo$", plain), plain) == (1, "")


def test_the_cursor_moves_when_a_line_is_written(sage: Sage100Sandbox, client: Client) -> None:
    """Facts, section 3: read line values before writing. Agent facts, row 19: 0 of nMoveFirst is no error."""
    bus = client.order_entry()
    lines = bus.get("oLines")
    bus.call("nSetKey", "9000001")
    assert lines.call("nAddLine") == 0
    fill_header(bus)
    assert (lines.call("nMoveFirst"), lines.get("nEOF")) == (0, 1)
    assert lines.call("nAddLine") == 2
    assert value(lines, "LineKey$") == "000001"
    lines.call("nSetValue", "ItemCode$", "A1001")
    assert lines.call("nWrite") == -1
    assert "quantity" in lines.get("sLastErrorMsg")
    assert lines.call("nGetValue", "LineKey$", ByReference()) == 0
    sage.site.line_key_at_write = True
    lines.call("nAddLine")
    assert value(lines, "LineKey$") == ""
    lines.call("nSetValue", "ItemCode$", "A1002")
    lines.call("nWrite")
    assert lines.call("nMoveLast") == 1
    assert value(lines, "LineKey$") == "000002"


def test_a_refused_line_does_not_stop_the_order(sage: Sage100Sandbox, client: Client) -> None:
    bus = client.order_entry()
    bus.call("nSetKey", "9000001")
    fill_header(bus)
    add_line(bus)
    lines = bus.get("oLines")
    lines.call("nAddLine")
    assert lines.call("nSetValue", "ItemCode$", "NOTHING") == 0
    assert lines.call("nWrite") == 0
    assert bus.call("nWrite") == 1
    assert len(sage.order("9000001")["lines"]) == 1


def test_a_closed_period_and_a_lapsed_subscription_refuse_to_write(sage: Sage100Sandbox, client: Client) -> None:
    """Agent facts, row 13: 45 days, then reads go on and writes fail."""
    sage.site.subscription_ends = "20251217"
    client.entered()
    sage.clock.move(dt.timedelta(days=2))
    bus = client.order_entry()
    assert bus.call("nSetKey", "9000001") == 2
    fill_header(bus)
    assert bus.call("nWrite") == 0
    assert "read-only" in bus.get("sLastErrorMsg")
    assert client.new("PO_PurchaseOrder_svc").call("nFind", "0000001") == 1
    sage.site.subscription_ends = ""
    sage.company.open_to = "20251231"
    assert bus.call("nWrite") == 0
    assert "open period" in bus.get("sLastErrorMsg")
    sage.company.closing.add("P/O")
    assert bus.call("nSetKey", "9000002") == 0
    assert "Period end" in bus.get("sLastErrorMsg")


def test_a_line_that_is_not_written_is_not_changed(sage: Sage100Sandbox, client: Client) -> None:
    number = client.entered(lines=3)
    bus = client.order_entry()
    assert bus.call("nSetKey", number) == 1
    lines = bus.get("oLines")
    lines.call("nMoveFirst")
    lines.call("nSetValue", "QuantityOrdered", 8.0)
    assert lines.call("nMoveNext") == 1
    assert value(lines, "LineKey$") == "000002"
    lines.call("nSetValue", "RequiredDate$", "20260301")
    assert lines.call("nWrite") == 1
    assert lines.call("nEditLine", "000003") == 1
    assert lines.call("nDelete") == 1
    assert bus.call("nWrite") == 1
    told = [(line["QuantityOrdered"], line["RequiredDate$"]) for line in sage.order(number)["lines"]]
    assert told == [(3.0, ""), (3.0, "20260301")]


# Locks.


def test_two_clients_at_once_take_different_numbers(sage: Sage100Sandbox) -> None:
    sage.shares_host = False
    numbers: list[str] = []

    def enter(client: Client) -> None:
        numbers.extend(client.entered() for _ in range(10))

    threads = [threading.Thread(target=enter, args=(log_on(sage),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(set(numbers)) == 20
    assert len(sage.state()["created"]) == 20


def test_a_record_is_one_editors(sage: Sage100Sandbox, client: Client) -> None:
    bus = client.order_entry()
    sage.people.lock("PO_PurchaseOrderHeader", "0000001", for_s=60)
    assert bus.call("nSetKey", "0000001") == 0
    assert bus.get("sLastErrorMsg") == "The record is in use by SMITH on WS07."
    assert client.new("PO_PurchaseOrder_svc").call("nFind", "0000001") == 1
    sage.clock.move(dt.timedelta(seconds=61))
    assert bus.call("nSetKey", "0000001") == 1
    with pytest.raises(Refused):
        sage.people.edit_order("0000001", Comment="mine")
    bus.call("nClear")
    sage.people.edit_order("0000001", Comment="mine")
    assert bus.call("nSetKey", "0000001") == 1
    bus.release()
    sage.people.edit_order("0000001", Comment="mine too")


# Reading.


def test_metadata_tells_names_and_columns(client: Client) -> None:
    svc = client.new("PO_PurchaseOrder_svc")
    assert svc.call("sGetDataSources") == "PO_PurchaseOrderHeaderŠ"
    assert svc.call("sGetKeyColumns") == "PurchaseOrderNo$Š"
    assert {"VendorNo$", "TaxableAmt", "TimeUpdated$"} < set(svc.call("sGetColumns", "PO_PurchaseOrderHeader").split("Š"))
    assert svc.call("sGetColumns", "AP_Vendor") == ""
    assert svc.call("nGetRecordCount", "PO_PurchaseOrderHeader") == 12
    assert "UnitCost" in svc.get("oLines").call("sGetColumns").split("Š")


def test_the_separator_is_one_byte_seen_through_the_code_page(sage: Sage100Sandbox, client: Client) -> None:
    """Trap 13."""
    sage.site.code_page = "cp1251"
    assert client.new("PO_PurchaseOrder_svc").call("sGetKeyColumns") == "PurchaseOrderNo$Љ"
    assert sage.site.ansi("Łódź") == "??d?"


def test_browsing_ends_before_and_behind_the_records(client: Client) -> None:
    svc = client.new("PO_PurchaseOrder_svc")
    assert svc.call("nMoveFirst") == 1
    assert (value(svc, "PurchaseOrderNo$"), svc.get("nEOF"), svc.get("nBOF")) == ("0000001", 0, 0)
    assert svc.call("nMovePrevious") == 0
    assert (svc.get("nBOF"), svc.call("nGetValue", "VendorNo$", ByReference())) == (1, 0)
    assert svc.call("nMoveLast") == 1
    assert (value(svc, "PurchaseOrderNo$"), svc.call("nMoveNext"), svc.get("nEOF")) == ("0000012", 0, 1)
    assert svc.call("nMovePrevious") == 1
    svc.call("nSetBrowseFilter", "000001")
    assert (svc.call("nMoveFirst"), value(svc, "PurchaseOrderNo$")) == (1, "0000010")
    assert svc.call("nSetIndex", "kVENDORNO") == 1
    assert svc.call("nSetIndex", "kNOTHING") == 0


def test_records_are_found_and_read_whole(client: Client) -> None:
    svc = client.new("PO_PurchaseOrder_svc")
    assert svc.call("nSetKey", "9999999") == 0
    svc.call("nSetKeyValue", "PurchaseOrderNo$", "0000003")
    assert svc.call("nFind") == 1
    record, form = ByReference(), ByReference()
    assert svc.call("nGetRecord", record, form) == 1
    columns = svc.call("sGetColumns", "PO_PurchaseOrderHeader").split("Š")
    told = dict(zip(columns, record.value.split("Š"), strict=True))
    assert told["PurchaseOrderNo$"] == "0000003"
    assert told["FreightAmt"] == "0.00"
    assert svc.call("nGetOrigRecord$") == record.value
    lines = svc.get("oLines")
    assert lines.call("nMoveFirst") == 1
    assert value(lines, "PurchaseOrderNo$") == "0000003"


def test_headers_and_lines_are_read_in_bulk(sage: Sage100Sandbox, client: Client) -> None:
    svc = client.new("PO_PurchaseOrder_svc")
    rows = result_sets(svc, 'DateCreated$+"_"+TimeCreated$+"_"+VendorNo$', "PurchaseOrderNo$", "", "0000002", "0000003")
    assert [number for _, number in rows] == ["0000002", "0000003"]
    assert rows[0][0].split("_")[0] == sage.order("0000002")["DateCreated$"]
    wanted = 'PurchaseOrderNo$="0000002" OR PurchaseOrderNo$="0000003"'
    for reader in (svc.get("oLines"), client.new("PO_PurchaseOrderDetail_svc")):
        lines = result_sets(reader, 'LineKey$+"|"+STR(QuantityOrdered)', "PurchaseOrderNo$", wanted)
        assert [number for _, number in lines] == ["0000002"] * len(sage.order("0000002")["lines"]) + ["0000003"] * len(
            sage.order("0000003")["lines"]
        )
    assert result_sets(svc, "VendorNo$", "PurchaseOrderNo$", 'OrderType$="Z"') == []


def test_expressions_and_filters_have_their_limits(client: Client) -> None:
    """Facts, section 3: numbers need STR(), and a filter takes about 250 keys."""
    svc = client.new("PO_PurchaseOrder_svc")
    with pytest.raises(ComError, match="Error: 26"):
        result_sets(svc, 'VendorNo$+"_"+TaxableAmt', "PurchaseOrderNo$")
    with pytest.raises(ComError, match="Error: 20"):
        result_sets(svc, "VendorNo$+", "PurchaseOrderNo$")
    keys = [f'PurchaseOrderNo$="{number:07}"' for number in range(1, 252)]
    assert len(result_sets(svc, "VendorNo$", "PurchaseOrderNo$", " OR ".join(keys[:250]))) == 12
    with pytest.raises(ComError, match="Error: 46"):
        result_sets(svc, "VendorNo$", "PurchaseOrderNo$", " OR ".join(keys))


@pytest.mark.parametrize("stamps", [True, False])
def test_lines_bear_no_stamp(sage: Sage100Sandbox, client: Client, stamps: bool) -> None:
    """Trap 10; whether a line's edit stamps the header is the version's."""
    number = client.entered()
    sage.site.line_edit_stamps_header = stamps
    sage.people.edit_line(number, "000001", QuantityOrdered=9.0)
    order = sage.order(number)
    assert order["lines"][0]["QuantityOrdered"] == 9.0
    assert (order["DateUpdated$"] != "") == stamps
    assert not any(name.startswith(("Date", "Time")) for name in order["lines"][0])


def test_completed_orders_leave_the_open_table(sage: Sage100Sandbox, client: Client) -> None:
    """Trap 11: gone is not deleted."""
    sage.people.close_order("0000002")
    assert client.order_entry().call("nSetKey", "0000002") == 0
    assert "0000002" in sage.people.purge()
    assert client.new("PO_PurchaseOrder_svc").call("nFind", "0000002") == 0
    history = client.new("PO_PurchaseOrderHistoryInq_svc")
    assert history.call("nFind", "0000002") == 1
    assert value(history, "OrderStatus$") == "X"


def test_requests_for_quotes_stand_among_the_orders_and_nothing_is_deleted(sage: Sage100Sandbox, client: Client) -> None:
    """Facts, section 3: 2025 adds the order type, and demands a reason for a deletion."""
    assert sage.order("0000006")["OrderType$"] == "Q"
    bus = client.order_entry()
    bus.call("nSetKey", "0000006")
    assert bus.call("nDelete") == 0
    assert "reason" in bus.get("sLastErrorMsg")


def test_every_call_is_counted_property_reads_included(sage: Sage100Sandbox, client: Client) -> None:
    svc = client.new("PO_PurchaseOrder_svc")
    svc.call("nFind", "0000001")
    svc.get("nEOF")
    svc.get("nEOF")
    assert (sage.site.calls["PO_PurchaseOrder_svc.nFind"], sage.site.calls["PO_PurchaseOrder_svc.nEOF"]) == (1, 2)


def test_characters_outside_the_code_page_are_lost(sage: Sage100Sandbox, client: Client) -> None:
    number = client.entered(**{"Comment$": "Łódź"})
    sage.people.edit_order(number, ConfirmTo="Żaneta Müller")
    assert (sage.order(number)["Comment$"], sage.order(number)["ConfirmTo$"]) == ("?ód?", "?aneta Müller")


def test_what_clients_wrote_is_told_and_what_came_twice(sage: Sage100Sandbox, client: Client) -> None:
    first = client.entered(**{"Comment$": "REF-1"})
    sage.people.edit_order(first, ShipVia="TRUCK")
    assert sage.state()["business_duplicates"] == []
    second = client.entered(**{"Comment$": "REF-1"})
    sage.people.close_order(second)
    sage.people.purge()
    state = sage.state(source=True)
    assert [(entry["key"], entry["reference"], entry["posted"]) for entry in state["created"]] == [
        ([first], "REF-1", False),
        ([second], "REF-1", True),
    ]
    assert state["business_duplicates"] == [
        {"table": "PO_PurchaseOrderHeader", "vendor": "00-V10090", "order": "", "reference": "REF-1", "times": 2}
    ]
    assert [len(order["detail"]) for order in state["source"]["orders"] if order["PurchaseOrderNo$"] == first] == [1]
    assert state["updated"] == []


def test_a_save_that_takes_long_bears_the_stamp_of_its_beginning(sage: Sage100Sandbox) -> None:
    sage.clock.running = False
    sage.people.edit_order("0000001", Comment="late")
    sage.people.backdate("0000001", 600)
    assert (sage.order("0000001")["DateUpdated$"], sage.order("0000001")["TimeUpdated$"]) == ("20260130", "11.83333")


def test_a_site_has_columns_of_its_own(sage: Sage100Sandbox, client: Client) -> None:
    """Trap 18."""
    sage.company["PO_PurchaseOrderHeader"].add_columns("UDF_REFERENCE$ 30 text")
    number = client.entered(**{"UDF_REFERENCE$": "REF-9"})
    svc = client.new("PO_PurchaseOrder_svc")
    assert "UDF_REFERENCE$" in svc.call("sGetColumns", "").split("Š")
    assert result_sets(svc, "UDF_REFERENCE$", "PurchaseOrderNo$", f'PurchaseOrderNo$="{number}"') == [("REF-9", number)]


def test_each_call_costs_its_time(sage: Sage100Sandbox, client: Client) -> None:
    svc = client.new("PO_PurchaseOrder_svc")
    sage.site.call_cost_s = 0.01
    begun = time.monotonic()
    svc.call("nMoveFirst")
    svc.get("nEOF")
    assert time.monotonic() - begun >= 0.02
