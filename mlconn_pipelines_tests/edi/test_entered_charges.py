"""Charges and taxes of an 810 by the rows of the partner's file: all of them or none, and to the cent of the invoice's total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.entered_charges import Entered, entered_charges
from mlconn_pipelines.edi.invoice_comparison import invoiced_lines
from mlconn_pipelines.ports.partner import PostedAs
from mlconn_pipelines_tests.edi.test_supplier_documents import BIG, LINES, ordered, partner_with, read

CHARGES = {"D240": PostedAs("1"), "C310": PostedAs("3", "A5")}
TAXES = {
    "VA": PostedAs(tax_code="A5", percent=Decimal(5)),
    "GS": PostedAs(tax_code="G", percent=Decimal(5)),
    "PS": PostedAs(tax_code="P", percent=Decimal(7)),
    "GS+SP": PostedAs(tax_code="GP", percent=Decimal(12)),
    "ZZ": PostedAs("2"),
}


def entered(*segments: str, own: Mapping[int, int] | None = None) -> tuple[Entered | None, list[str]]:
    """What is entered, and what holds it. own: percentages that the ERP takes by itself."""
    partner = replace(partner_with(), charges=CHARGES, taxes=TAXES)
    invoice = read(Invoice, "810", BIG, *segments, "CTT*2")
    notes = Checklist(partner)
    lines = invoiced_lines(invoice, ordered(partner), partner, notes)
    percent = {key: Decimal(one) for key, one in (own or {}).items()}
    return entered_charges(invoice, lines, partner, notes, percent), [finding.message for finding in notes.findings]


@pytest.mark.parametrize(
    ("segments", "charges", "tax_code"),
    [
        ((*LINES, "TDS*27350"), [], ""),
        ((*LINES, "TDS*30350", "SAC*C*D240***3000"), [("1", "30")], ""),
        ((*LINES, "TDS*26803", "SAC*A*C310****1*2"), [("3", "-5.47")], ""),
        ((LINES[0], "SAC*A*C310******0.5*EA*10**02", LINES[1], "TDS*26850"), [("3", "-5")], ""),
        ((*LINES, "TDS*28718", "TXI*VA*13.68*5"), [], "A5"),
        ((*LINES, "TDS*28718", "TXI*VA**5"), [], "A5"),
        ((*LINES, "TDS*28144", "TXI*VA*13.41*5", "SAC*A*C310***547"), [("3", "-5.47")], "A5"),
        ((*LINES, "TDS*30632", "TXI*GS*13.68*5", "TXI*SP*19.14*7"), [], "GP"),
        ((*LINES, "TDS*29538", "TXI*ZZ*21.88*8"), [("2", "21.88")], ""),
        ((*LINES, "TDS*27350", "SAC*N*ZZZZ***********Says something", "SAC*A*H000****1*2*****01"), [], ""),
    ],
)
def test_what_has_rows_is_entered(segments: tuple[str, ...], charges: list[tuple[str, str]], tax_code: str) -> None:
    found, held = entered(*segments)
    assert held == []
    assert found is not None
    assert [(one.code, one.amount) for one in found.charges] == [(code, Decimal(amount)) for code, amount in charges]
    assert found.tax_code == tax_code


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ((*LINES, "TDS*30350", "SAC*C*H750***3000"), 'Add H750: {code: "..."} to charges: of partners/ferrolux.yaml'),
        ((*LINES, "TDS*29538", "TXI*ST*21.88*8"), "Add ST: {tax_code"),
        ((*LINES, "TDS*30632", "TXI*GS*13.68*5", "TXI*PS*19.14*7"), "Add GS+PS: {tax_code"),
        (
            (*LINES, "TDS*28767", "TXI*VA*14.17*5.18"),
            "total is 287.67, and by the rows of `charges` and `taxes` the ERP would make 287.18",
        ),
    ],
)
def test_what_has_no_row_or_makes_another_total_is_held_with_what_to_write(segments: tuple[str, ...], words: str) -> None:
    found, (said,) = entered(*segments)
    assert found is None and words in said


def test_the_tax_that_the_erp_takes_by_itself_counts() -> None:
    found, (said,) = entered(*LINES, "TDS*27350", own={0: 19, 1: 19})
    assert found is None and "the ERP would make 325.47" in said
    assert entered(*LINES, "TDS*32547", "TXI*ZZ*0*0", "SAC*C*D240***5197", own={0: 0, 1: 0})[0] is not None
