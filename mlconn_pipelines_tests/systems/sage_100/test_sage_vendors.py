"""Vendors of Sage 100 as documents, and as the files that they go out in."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from mlconn_pipelines.documents.vendor import Vendor
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.vendor_files import COLUMNS, vendors_csv, vendors_json
from mlconn_pipelines.systems.sage_100.mapping.vendor import vendor_from_sage, vendor_header_of
from mlconn_pipelines_tests.sage_100_agent.simulated import Kept, site_of
from mlconn_pipelines_tests.systems.sage_100.sage_rows import VENDOR, VENDORS, book
from mlconn_simulators.sage_100.sandbox import MAIN, Sage100Sandbox
from mlconn_simulators.world.making import make_world
from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.job import Job

RECORD = VENDORS[0] | {
    "VendorName": "Abc, \"Fasteners\" & Söhne  ",
    "AddressLine2": "Gate 2",
    "TelephoneNo": "(937) 555-0101",
    "TermsCode": "01",
    "DateUpdated": "20261129",
    "TimeUpdated": "8.5",
    "content": "ab",
}  # fmt: skip


def vendor(**changes: Any) -> Vendor:
    notes = Checklist()
    found = vendor_from_sage(RECORD | changes, book(), notes)
    assert notes.findings == ()
    return found


def test_a_vendor_is_told_by_division_and_number_with_its_terms_in_words() -> None:
    assert vendor() == Vendor(
        number=VENDOR,
        name='Abc, "Fasteners" & Söhne',
        street=("1 Mill Road", "Gate 2"),
        city="Dayton",
        state="OH",
        postal_code="45402",
        country="USA",
        phone="(937) 555-0101",
        email="sales@abc.example",
        terms="01",
        terms_description="Net 30 days",
        net_days=30,
    )
    assert vendor(TermsCode="77").net_days is None


@pytest.mark.parametrize(
    ("changes", "active"), [({}, True), ({"VendorStatus": "I"}, False), ({"VendorStatus": "", "Status": "I"}, False)]
)
def test_the_status_is_read_under_either_of_its_names(changes: Any, active: bool) -> None:
    assert vendor(**changes).active is active


def test_a_vendor_without_a_name_is_a_persons() -> None:
    vendor_from_sage(RECORD | {"VendorName": " "}, book(), notes := Checklist())
    assert [finding.code for finding in notes.findings] == ["not_mapped"]


def test_a_table_and_json_hold_the_same_and_all_columns() -> None:
    vendors = (vendor(), vendor(VendorNo="B2", VendorStatus="I", TermsCode="", AddressLine3="c/o Kim\nLee"))
    rows = list(csv.DictReader(io.StringIO(vendors_csv(vendors), newline="")))
    told = json.loads(vendors_json(vendors))
    assert [tuple(row) for row in (*rows, *told)] == [COLUMNS] * 4
    assert (rows[0]["name"], rows[0]["active"], rows[0]["net_days"]) == ('Abc, "Fasteners" & Söhne', "Y", "30")
    assert (told[1]["active"], told[1]["net_days"], told[1]["street_3"]) == (False, None, "c/o Kim Lee")
    as_text = [row | {"active": "Y" if row["active"] else "N", "net_days": str(row["net_days"] or "")} for row in told]
    assert as_text == rows


def test_a_street_of_more_lines_than_columns_loses_none() -> None:
    [row] = json.loads(vendors_json([Vendor("1", "One", street=("a", "b", "c", "d"))]))
    assert (row["street_1"], row["street_2"], row["street_3"]) == ("a", "b", "c d")


def test_only_what_goes_out_is_a_change() -> None:
    held = vendor_header_of(RECORD)
    assert (held.key, held.stamp) == (VENDOR, "20261129 08.50000 ab")
    same = RECORD | {"TimeUpdated": "9.5", "LastPurchaseDate": "20261129", "VendorName": RECORD["VendorName"].strip()}
    assert vendor_header_of(same).content_hash == held.content_hash
    for changes in ({"City": "Troy"}, {"VendorStatus": "I"}, {"TermsCode": "00"}, {"APDivisionNo": "00"}):
        assert vendor_header_of(RECORD | changes).content_hash != held.content_hash


def test_the_vendors_of_the_simulated_sage_are_read_as_the_agent_tells_them() -> None:
    site, kept = site_of(Sage100Sandbox(make_world(1, 40), orders=0)), Kept()
    VERBS["vendor.changed"].run(Job("vendor.changed", MAIN, {}), site, kept)
    site.session.close()
    notes = Checklist()
    vendors = [vendor_from_sage(row, book(), notes) for row in kept.rows]
    assert len(vendors) > 5 and notes.findings == () and {vendor.active for vendor in vendors} == {True, False}
    assert [vendor_header_of(row).key for row in kept.rows] == [vendor.number for vendor in vendors]
    assert len(json.loads(vendors_json(vendors))) == len(vendors)
