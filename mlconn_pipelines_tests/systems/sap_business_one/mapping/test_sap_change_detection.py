import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import document, line, mapping

MAPPING = mapping()


def test_the_facts_of_an_invoice():
    facts = MAPPING.outbound.header("x12_810", document(U_MLConnRef="acme:Orders:D1"))
    assert (facts.key, facts.business_number, facts.date) == ("421", "310007", dt.date(2026, 1, 5))
    assert (facts.stamp, facts.partner_code, facts.correlation_reference) == ("2026-01-05T17:13:12", "C20000", "acme:Orders:D1")
    assert (facts.line_count, facts.amount, facts.currency, facts.cancelled) == (1, Decimal(3549), "$", False)


def test_the_amount_is_the_documents_own():
    assert MAPPING.outbound.header("x12_810", document(DocTotal=128.69, DocTotalFc=118.88)).amount == Decimal("118.88")


@pytest.mark.parametrize(
    ("changes", "cancelled"),
    [
        ({"Cancelled": "tYES", "CancelStatus": "csYes"}, True),
        ({"CancelStatus": "csCancellation"}, True),
        ({"CancelStatus": "csNo", "CancelDate": "2026-01-01T00:00:00Z"}, False),
        ({"DocumentStatus": "bost_Close"}, False),
    ],
)
def test_originals_and_reversals_are_cancelled_and_closed_ones_are_not(changes, cancelled):
    assert MAPPING.outbound.header("x12_810", document(**changes)).cancelled is cancelled


def test_a_record_that_makes_no_sense_still_has_facts():
    facts = MAPPING.outbound.header("x12_810", document(DocTotal="much", DocDate=None, CreationDate=None, UpdateDate=None))
    assert (facts.amount, facts.date, facts.stamp) == (None, None, "")


IGNORED = {
    "PaidToDate": 3549.0,
    "DocumentStatus": "bost_Close",
    "UpdateDate": "2026-02-01T00:00:00Z",
    "UpdateTime": "08:00:00",
    "Comments": "paid in cash",
    "JournalMemo": "changed",
    "U_MLConnRef": "acme:Invoices:D1",
    "@odata.etag": 'W/"DA4B9237BACCCDF19C0760CAB7AEC4A8359010B0"',
    "NewPropertyOfAFeaturePack": "x",
}


@pytest.mark.parametrize("name", IGNORED)
def test_payment_status_and_stamps_are_no_change(name):
    assert MAPPING.outbound.hashing("Invoices").of(document(**{name: IGNORED[name]})) == MAPPING.outbound.hashing(
        "Invoices"
    ).of(document())


@pytest.mark.parametrize("changes", [{"LineStatus": "bost_Close"}, {"RemainingOpenQuantity": 0.0}, {"U_Picked": "yes"}])
def test_a_line_that_is_worked_on_is_no_change(changes):
    assert MAPPING.outbound.hashing("Invoices").of(document([line(**changes)])) == MAPPING.outbound.hashing("Invoices").of(
        document()
    )


@pytest.mark.parametrize(
    "changes",
    [{"NumAtCard": "PO-4712"}, {"DocDueDate": "2026-03-01T00:00:00Z"}, {"ShipToCode": "Store 12"}, {"Cancelled": "tYES"}],
)
def test_what_a_partner_would_read_is_a_change(changes):
    assert MAPPING.outbound.hashing("Invoices").of(document(**changes)) != MAPPING.outbound.hashing("Invoices").of(document())


@pytest.mark.parametrize(
    ("entity", "changes", "changed"),
    [
        ("Invoices", {"Price": 31.0}, True),
        ("DeliveryNotes", {"Price": 31.0, "LineTotal": 3100.0}, False),
        ("DeliveryNotes", {"Quantity": 99.0}, True),
        ("PurchaseOrders", {"ShipDate": "2026-01-21T00:00:00Z"}, True),
        ("Invoices", {"CostingCode": "SALES"}, True),
    ],
)
def test_which_line_fields_count_depends_on_the_set(entity, changes, changed):
    header = {"DocTotal": 3549.0, "VatSum": 549.0}
    before, after = document([line()], **header), document([line(**changes)], **header)
    assert (MAPPING.outbound.hashing(entity).of(before) != MAPPING.outbound.hashing(entity).of(after)) is changed


@given(st.permutations(list(document())), st.permutations([0, 1, 2]), st.booleans())
def test_the_hash_is_of_values_and_not_of_their_spelling(names, order, other_spelling):
    """Property order, line order, 600 and 600.0, null, empty text and an absent property, date and midnight: all alike."""
    lines = [line(0), line(1, ItemCode="A00002"), line(2, Quantity=7.0)]
    before = document(lines)
    after = {name: before[name] for name in names}
    after["DocumentLines"] = [before["DocumentLines"][n] for n in order]
    if other_spelling:
        after = json.loads(json.dumps(after, default=float))
        after |= {"DocTotal": Decimal(str(before["DocTotal"])).normalize(), "DocDate": "2026-01-05", "OpeningRemarks": ""}
        del after["ClosingRemarks"]
    assert MAPPING.outbound.hashing("Invoices").of(after) == MAPPING.outbound.hashing("Invoices").of(before)


@pytest.mark.parametrize("entity", ["Invoices", "PurchaseOrders", "DeliveryNotes"])
def test_hashes_of_releases_that_did_not_look_at_accounts_are_known_again(entity):
    hashing = MAPPING.outbound.hashing(entity)
    now, moved = document([line(AccountCode="_SYS01")]), document([line(AccountCode="_SYS02")])
    assert hashing.as_of("", now) == hashing.as_of("", moved) != hashing.of(now)
    assert hashing.of(now) != hashing.of(moved)
    stored = document([line()])
    del stored["DocumentLines"][0]["AccountCode"]
    assert hashing.again(stored, now, "") == hashing.of(now)
