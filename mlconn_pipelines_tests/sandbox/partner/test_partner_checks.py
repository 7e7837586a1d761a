"""What partners find in X12 text. The text is written here by hand, never by the engine under test."""

from __future__ import annotations

import pytest

from mlconn_simulators.partner.document_facts import facts_of
from mlconn_simulators.partner.set_check import check_set
from mlconn_simulators.partner.x12_text import TransactionSet, Unreadable, read

INVOICE = (
    "ST*810*0001~BIG*20260105*INV-1*20260101*PO-1~CUR*SE*USD~N1*BT*Kestrel*92*77~"
    "IT1*1*3*EA*10.335**VP*A1001~PID*F****Bolt~IT1*2*2*CA*5**VP*A1002~"
    "TDS*4301~TXI*ST*1.00~SAC*C*D240***100~CTT*2~SE*12*0001"
)
NOTICE = (
    "ST*856*0001~BSN*00*SH1*20260105*1015*0001~HL*1**S~TD1*CTN25*1~HL*2*1*O~PRF*PO-1~HL*3*2*P~MAN*GM*106141411234567897~"
    "HL*4*3*I~LIN*1*VP*A1001~SN1**3*EA~CTT*4~SE*13*0001"
)


def document(text: str) -> TransactionSet:
    return TransactionSet([segment.split("*") for segment in text.split("~")])


def texts(text: str, version: str = "004010") -> list[str]:
    return [fault.text for fault in check_set(document(text), version)]


def test_sound_documents_have_no_faults() -> None:
    assert texts(INVOICE) == []
    assert texts(NOTICE) == []


def test_a_note_stands_in_msg_and_from_005010_on_in_mtx() -> None:
    order = "ST*850*0001~BEG*00*SA*4711**20260105~N9*L1*NOTE~MSG*Dock 7~PO1*1*3*EA*10**VP*A1001~CTT*1~SE*7*0001"
    assert texts(order) == [] and texts(changed := order.replace("MSG*", "MTX**"), "005010") == []
    assert "MTX does not belong here" in texts(changed)
    assert any("longer than 4096" in text for text in texts(changed.replace("Dock 7", "x" * 4_097), "005010"))


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("TDS*4301", "TDS*4302", "add up to"),
        ("TDS*4301", "TDS*43.01", "whole number"),
        ("CTT*2", "CTT*3", "CTT01 says 3"),
        ("SE*12", "SE*11", "SE01 says 11"),
        ("SE*12*0001", "SE*12*0002", "SE02 is '0002'"),
        ("IT1*2*2", "IT1*1*2", "a second time"),
        ("IT1*1*3*EA", "IT1*1*x*EA", "is no number"),
        ("20260105*INV", "20261305*INV", "is no date"),
        ("BIG*20260105*INV-1", "BIG*20260105*", "BIG02 is mandatory"),
        ("VP*A1002", "VP", "go together"),
        ("CUR*SE*USD", "PO1*1", "does not belong here"),
        ("N1*BT*Kestrel*92*77", "N1*BT", "neither a name nor a number"),
        ("INV-1", "I" * 23, "longer than 22"),
        ("TDS*4301", "AMT*TT*1", "TDS is mandatory"),
    ],
)
def test_each_fault_in_an_invoice_is_found(was: str, now: str, said: str) -> None:
    assert was in INVOICE
    assert any(said in text for text in texts(INVOICE.replace(was, now, 1))), texts(INVOICE.replace(was, now, 1))


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("HL*3*2*P", "HL*3*9*P", "HL02 is '9'"),
        ("HL*3*2*P", "HL*7*2*P", "HL01 is '7'"),
        ("106141411234567897", "106141411234567890", "malformed"),
        ("CTT*4", "CTT*1", "CTT01 says 1"),
        ("SN1**3*EA", "SN1***EA", "SN102 is mandatory"),
    ],
)
def test_each_fault_in_a_ship_notice_is_found(was: str, now: str, said: str) -> None:
    assert any(said in text for text in texts(NOTICE.replace(was, now, 1)))


def test_a_longer_reference_is_allowed_from_5010_on() -> None:
    text = INVOICE.replace("CUR*SE*USD", "REF*IA*" + "9" * 40)
    assert any("longer than 30" in said for said in texts(text))
    assert texts(text, "005010") == []


def test_a_line_is_taken_field_by_field() -> None:
    facts = facts_of(document(INVOICE), "VP")
    assert (facts.business_number, facts.order_number, str(facts.total)) == ("INV-1", "PO-1", "43.01")
    assert facts.lines[0].as_json() | {"description": "Bolt", "item": "A1001", "quantity": "3", "price": "10.335"} == (
        facts.lines[0].as_json()
    )
    notice = facts_of(document(NOTICE), "VP")
    assert (notice.lines[0].order_number, notice.lines[0].sscc, notice.lines[0].unit) == ("PO-1", "106141411234567897", "EA")


def test_any_separators_are_read_from_the_isa() -> None:
    isa = "ISA+00+          +00+          +ZZ+MERIDIAN       +12+5145550199     +260105+1015+!+00501+000000001+0+P+<'"
    text = isa + "\nGS+IN+MERIDIAN+5145550199+20260105+1015+1+X+005010'\nST+810+0001'\nSE+2+0001'\nGE+1+1'\nIEA+1+000000001'\n"
    (interchange,) = read(text.encode())
    assert interchange.separators == ("+", "<", "!", "'") and interchange.line_break
    assert interchange.groups[0].sets[0].control == "0001" and interchange.trailer == ["IEA", "1", "000000001"]


@pytest.mark.parametrize("content", [b"", b"hello", b"ISA*00*short~", b"\xff\xfe\x00"])
def test_what_is_no_interchange_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Unreadable, match="ISA"):
        read(content)
