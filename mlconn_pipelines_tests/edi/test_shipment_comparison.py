"""A supplier's 856 held against what was shipped of our orders before: quantities add up, and no package comes twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.shipment_comparison import check_ship_notice
from mlconn_pipelines_tests.edi.test_supplier_documents import ordered, partner_with, read

ONE, OTHER = "001234500000000014", "001234500000000021"


def notice(*packed: tuple[str, int, str], number: str = "S-1", purpose: str = "00") -> ShipNotice:
    """packed: a package each of SSCC, line and quantity; items without an SSCC are in none."""
    segments = [f"BSN*{purpose}*{number}*20261128*1200*0001", "HL*1**S", "HL*2*1*O", "PRF*822001"]
    level = 2
    for sscc, line, quantity in packed:
        above = 2
        if sscc:
            level += 1
            segments += [f"HL*{level}*2*P", f"MAN*GM*{sscc}"]
            above = level
        level += 1
        segments += [f"HL*{level}*{above}*I", f"LIN*{line}*BP*A100{line}", f"SN1**{quantity}*EA"]
    return read(ShipNotice, "856", *segments, f"CTT*{level}")


def found(document: ShipNotice, before: Sequence[ShipNotice] = (), severities: Mapping[str, Any] | None = None) -> list[str]:
    """What is told, as `code: sentence`; short shipments left out."""
    partner = partner_with(severities)
    notes = Checklist(partner)
    check_ship_notice(document, {"822001": ordered(partner)}, notes, before)
    return [f"{finding.code}: {finding.message}" for finding in notes.findings if finding.severity != "ignore"]


def test_parts_of_a_line_add_up_to_what_was_ordered_and_not_beyond() -> None:
    part, rest, more = notice(("", 1, "4")), notice(("", 1, "6"), number="S-2"), notice(("", 1, "7"), number="S-3")
    assert found(rest, [part]) == []
    (said,) = found(more, [part])
    assert said.startswith(
        "over_shipped: Item A1001: 7 EA shipped, and 4 of the 10 EA ordered were shipped before (ship notice S-1)"
    )
    (said,) = found(more, [part, rest])
    assert "10 of the 10 EA ordered were shipped before (ship notice S-1, S-2)" in said


def test_a_line_shipped_beyond_the_order_by_itself_is_told_once() -> None:
    (said,) = found(notice(("", 1, "12")), [notice(("", 1, "4"), number="S-0")])
    assert said == "over_shipped: Item A1001: 12 EA shipped, 10 EA ordered."


def test_other_lines_and_copies_for_information_count_for_nothing() -> None:
    assert found(notice(("", 1, "10")), [notice(("", 2, "11"), number="S-0")]) == []
    assert found(notice(("", 1, "10")), [notice(("", 1, "10"), number="S-0", purpose="07")]) == []


def test_what_is_missing_counts_what_came_before() -> None:
    partner = partner_with()
    notes = Checklist(partner)
    check_ship_notice(notice(("", 1, "3"), number="S-2"), {"822001": ordered(partner)}, notes, [notice(("", 1, "4"))])
    assert [finding.message for finding in notes.findings] == [
        "Item A1001: 3 of 10 EA shipped, 7 with what was shipped before."
    ]


@pytest.mark.parametrize("before", [False, True])
def test_a_package_number_that_comes_twice_is_told(before: bool) -> None:
    second = "2" if before else "3"
    packed = ((ONE, 1, "4"), (ONE, 2, "5"), (OTHER, 2, second))
    if before:
        said = found(notice((ONE, 1, "4"), number="S-2"), [notice((ONE, 2, "5"), (OTHER, 2, second))])
        assert [one.partition(":")[0] for one in said] == ["sscc_repeated"]
        assert "was announced before (ship notice S-1)" in said[0]
    else:
        (one,) = found(notice(*packed))
        assert one.startswith(f"sscc_repeated: Package number {ONE} stands on 2 packages")
