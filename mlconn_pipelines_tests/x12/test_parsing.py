from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of, only_set


def parsed(*segments: str, set_id: str, functional_id: str, version: str = "004010"):  # type: ignore[no-untyped-def]
    return parse_document(only_set(interchange_of(*segments, set_id=set_id, functional_id=functional_id, version=version)))


def notice_of(*segments: str) -> ShipNotice:
    document, findings = parsed(*segments, set_id="856", functional_id="SH")
    assert findings == ()
    assert isinstance(document, ShipNotice)
    return document


def test_an_order_is_read() -> None:
    document, findings = parsed(*ORDER, set_id="850", functional_id="PO")
    assert findings == ()
    assert isinstance(document, PurchaseOrder)
    assert (document.number, document.date, document.purpose, document.kind) == ("4500012345", dt.date(2026, 3, 1), "00", "SA")
    assert document.parties == (
        Party(
            "ST",
            "Store 12",
            "92",
            "0012",
            street=("1 Main Street",),
            city="Springfield",
            state="IL",
            postal_code="62701",
            country="US",
        ),
    )
    assert [(line.number, line.quantity, line.unit, line.unit_price) for line in document.lines] == [
        ("1", Decimal(10), "EA", Decimal("4.5")),
        ("2", Decimal(3), "CA", Decimal(20)),
    ]
    assert [(p.qualifier, p.id) for p in document.lines[0].product_ids] == [("VP", "A-100"), ("UP", "012345678905")]
    assert document.lines[0].description == "Widget"


def test_parties_and_dates_of_a_line_do_not_become_those_of_the_order() -> None:
    segments = (*ORDER[:8], "DTM*010*20260401", "N1*ST*Dock 2", "DTM*002*20260402", *ORDER[8:])
    document, _ = parsed(*segments, set_id="850", functional_id="PO")
    assert isinstance(document, PurchaseOrder)
    assert [p.name for p in document.parties] == ["Store 12"]
    assert [d.qualifier for d in document.dates] == ["002"]
    assert [(d.qualifier, d.date) for d in document.lines[0].dates] == [("010", dt.date(2026, 4, 1))]


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("20260301", "20260231", "value_unreadable", "BEG05"),
        ("**20260301", "", "value_missing", "BEG05"),
        ("*10*EA", "*ten*EA", "value_unreadable", "PO102"),
        ("*10*EA", "**EA", "value_missing", "PO102"),
        ("BEG*", "BEX*", "segment_missing", "BEG"),
    ],
)
def test_an_order_that_cannot_be_read_is_none_and_says_why(old: str, new: str, code: str, place: str) -> None:
    segments = tuple(s.replace(old, new) for s in ORDER)
    document, findings = parsed(*segments, set_id="850", functional_id="PO")
    assert document is None
    assert (code, place) in {(f.code, f.place) for f in findings}
    assert all(f.severity == "reject" for f in findings)


def test_an_invoice_total_with_a_point_is_not_read_as_a_hundredfold() -> None:
    segments = ("BIG*20260301*1", "IT1*1*1*EA*250", "TDS*250.00")
    document, (finding,) = parsed(*segments, set_id="810", functional_id="IN")
    assert document is None
    assert (finding.code, finding.place) == ("value_unreadable", "TDS01")
    document, _ = parsed(*segments[:2], "TDS*25000", set_id="810", functional_id="IN")
    assert isinstance(document, Invoice)
    assert document.total == Decimal("250.00")


def test_charges_of_lines_count_and_taxes_are_not_taken_twice() -> None:
    segments = (
        "BIG*20260301*1",
        "IT1*1*1*EA*100",
        "TXI*ST*8",
        "SAC*A*C310***500",
        "TDS*10300",
        "TXI*ST*8",
        "SAC*C*D240***1000",
    )
    document, _ = parsed(*segments, set_id="810", functional_id="IN")
    assert isinstance(document, Invoice)
    assert [tax.amount for tax in document.taxes] == [Decimal(8)]
    assert [tax.amount for tax in document.lines[0].taxes] == [Decimal(8)]
    assert [(c.indicator, c.amount) for c in document.lines[0].allowances_and_charges] == [("A", Decimal(5))]
    assert [(c.indicator, c.amount) for c in document.all_allowances_and_charges] == [("A", Decimal(5)), ("C", Decimal(10))]
    assert document.counted_total == Decimal(113)
    without_summary, _ = parsed(*segments[:5], set_id="810", functional_id="IN")
    assert isinstance(without_summary, Invoice)
    assert without_summary.counted_total == Decimal(103)


def test_an_order_acknowledgment_may_have_no_lines_or_several_answers_to_one() -> None:
    document, _ = parsed("BAK*00*RJ*PO1*20260301", set_id="855", functional_id="PR")
    assert isinstance(document, OrderAcknowledgment)
    assert (document.kind, document.lines) == ("RJ", ())
    segments = ("BAK*00*AC*PO1*20260301", "PO1*1*10*EA*2**VP*A", "ACK*IA*6*EA*068*20260310", "ACK*IB*4*EA", "CTT*1")
    document, _ = parsed(*segments, set_id="855", functional_id="PR")
    assert isinstance(document, OrderAcknowledgment)
    (line,) = document.lines
    assert [(a.status, a.quantity, a.date) for a in line.answers] == [
        ("IA", Decimal(6), dt.date(2026, 3, 10)),
        ("IB", Decimal(4), None),
    ]


BSN = "BSN*00*S1*20260301*1200"


def shape(notice: ShipNotice) -> list[tuple[str, list[str], list[tuple[str, str, list[str]]]]]:
    def ids(lines) -> list[str]:  # type: ignore[no-untyped-def]
        return [line.product_ids[0].id for line in lines]

    return [(o.order_number, ids(o.lines), [(p.level, p.sscc, ids(p.lines)) for p in o.packages]) for o in notice.orders]


def test_a_ship_notice_by_order_pack_and_item() -> None:
    notice = notice_of(
        BSN, "HL*1**S", "TD1*CTN*2****G*10*LB", "TD5**2*UPSN", "REF*BM*B1", "REF*CN*T1", "DTM*011*20260301", "N1*SF*Here",
        "HL*2*1*O", "PRF*PO1***20260201", "HL*3*2*P", "MAN*GM*00000000000000000017", "HL*4*3*I", "LIN*1*VP*A", "SN1**1*EA**3*EA",
        "HL*5*2*P", "MAN*GM*000000000000000024", "HL*6*5*I", "LIN*2*VP*B", "SN1**2*EA", "CTT*6",
    )  # fmt: skip
    assert shape(notice) == [
        ("PO1", [], [("P", "000000000000000017", ["A"]), ("P", "000000000000000024", ["B"])]),
    ]
    assert (notice.carrier, notice.bill_of_lading, notice.tracking_number) == ("UPSN", "B1", "T1")
    assert (notice.package_count, notice.weight, notice.weight_unit) == (2, Decimal(10), "LB")
    assert notice.orders[0].order_date == dt.date(2026, 2, 1)
    assert notice.orders[0].packages[0].lines[0].ordered_quantity == Decimal(3)


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (  # packs above orders
            ("HL*1**S", "HL*2*1*P", "MAN*GM*1", "HL*3*2*O", "PRF*PO1", "HL*4*3*I", "LIN**VP*A", "SN1**1*EA"),
            [("PO1", [], [("P", "1", ["A"])])],
        ),
        (  # no HL02 at all
            (
                "HL*1**S",
                "HL*2**O",
                "PRF*PO1",
                "HL*3**I",
                "LIN**VP*A",
                "SN1**1*EA",
                "HL*4**O",
                "PRF*PO2",
                "HL*5**I",
                "LIN**VP*B",
                "SN1**1*EA",
            ),
            [("PO1", ["A"], []), ("PO2", ["B"], [])],
        ),
        (  # numbers that repeat
            ("HL*1**S", "HL*1*1*O", "PRF*PO1", "HL*1*1*I", "LIN**VP*A", "SN1**1*EA"),
            [("PO1", [], []), ("", ["A"], [])],
        ),
        (  # items directly under the shipment, as automotive suppliers write
            ("HL*1**S", "HL*2*1*I", "LIN**BP*A*PO*PO7", "SN1**1*EA", "HL*3*1*I", "LIN**BP*B*PO*PO7", "SN1**1*EA"),
            [("PO7", ["A", "B"], [])],
        ),
        (  # tares that hold packs
            (
                "HL*1**S",
                "HL*2*1*O",
                "PRF*PO1",
                "HL*3*2*T",
                "MAN*GM*9",
                "HL*4*3*P",
                "MAN*GM*1",
                "HL*5*4*I",
                "LIN**VP*A",
                "SN1**1*EA",
            ),
            [("PO1", [], [("P", "1", ["A"])])],
        ),
    ],
)
def test_other_habits_of_levels(segments: tuple[str, ...], expected: list[object]) -> None:
    assert shape(notice_of(BSN, *segments)) == expected


def test_an_acknowledgment_without_sets_accepts_the_group() -> None:
    document, _ = parsed("AK1*IN*17", "AK9*A*3*3*3", set_id="997", functional_id="FA")
    assert document == FunctionalAcknowledgment("IN", "17", "A", 3, 3, 3)


def test_a_set_that_has_no_document_says_so() -> None:
    document, (finding,) = parsed("XQ*H*20260301", set_id="852", functional_id="PD")
    assert document is None
    assert finding.code == "no_grammar"
