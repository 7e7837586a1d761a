"""Which elements a partner sent how often, and what becomes of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlconn_pipelines.flows.coverage import as_rows, coverage
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines_tests.cases import changed
from mlconn_pipelines_tests.cases.sweeping import sound

GUIDE = PartnerGuide("northwind", "ZZ", "MERIDIAN", "01", "123456789", "MERIDIAN", "123456789")
PARTNER = Partner("northwind", "Northwind", ("C1",), (), GUIDE, "out")


def order(control: int, *more: str) -> bytes:
    """The sound order with more segments at the end of its last line, the fifth."""
    content = sound("850", control)
    count = int(content.split(b"SE*")[1].split(b"*")[0])
    content = changed(content, "~CTT*", "".join(f"~{segment}" for segment in more) + "~CTT*")
    return changed(content, f"SE*{count}*", f"SE*{count + len(more)}*")


def said(*contents: bytes, by: Partner = PARTNER) -> dict[str, dict[str, Any]]:
    return {f"{row['set']} {row['element']}": dict(row) for row in as_rows(coverage(contents, by))}


def test_each_element_is_counted_and_what_becomes_of_it_is_said() -> None:
    found = said(order(1, "REF*LU*12", "DIS*001*ZZ*1*EA*1"), order(2, "REF*LU*13", "TD3*TL", "TD3*TL"), sound("855", 3))
    discount, reference, equipment = found["850 DIS01"], found["850 REF02 of LU"], found["850 TD301"]
    assert (discount["what becomes of it"], discount["why"]) == ("holds the document", "it states a price")
    assert (reference["sets"], reference["of"], reference["what becomes of it"]) == (2, 2, "told on the document")
    assert (equipment["sets"], equipment["times"], equipment["example"]) == (1, 2, "TL")
    assert found["850 PO102"]["what becomes of it"] == "read" and found["850 CTT01"]["what becomes of it"] in (
        "read",
        "of no account",
    )
    assert found["855 ACK01"]["sets"] == 1
    assert as_rows(coverage([order(1, "DIS*001*ZZ*1*EA*1")], PARTNER))[0]["what becomes of it"] == "holds the document"


def test_the_partner_file_counts_and_other_senders_do_not() -> None:
    quiet = replace(PARTNER, unread={"DIS": "ignore"})
    row = said(order(1, "DIS*001*ZZ*1*EA*1"), by=quiet)["850 DIS01"]
    assert (row["what becomes of it"], row["why"]) == ("of no account", "the partner file says so")
    assert said(order(1), by=replace(PARTNER, guide=replace(GUIDE, their_id="999"))) == {}


def test_what_cannot_be_read_is_counted_apart() -> None:
    found = coverage([sound("850", 1).replace(b"BEG*", b"BEH*")], PARTNER)
    assert (found.sets, found.unread, found.elements) == ({}, {"850": 1}, [])
