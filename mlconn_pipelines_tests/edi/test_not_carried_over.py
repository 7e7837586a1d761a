"""Nothing that a partner says is lost without a word: it decides, or it is told, or a row says why it needs no word."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.not_carried_over import Unused, not_carried_over, unused
from mlconn_pipelines.edi.order_as_meant import order_as_meant
from mlconn_pipelines.edi.remainder_rules import RULES, rule_of
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.loading import release, set_definition
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.remainder import with_remainder
from mlconn_pipelines_tests.cases.sweeping import sound
from mlconn_pipelines_tests.x12.generated_sets import SetMaker
from mlconn_pipelines_tests.x12.test_remainder import ORDER, VERSION, of_segments, the_set, whole

DRAWS = int(os.environ.get("SURVIVAL_DRAWS", "200"))
SETS = ("850", "855", "856", "810")


def partner(**unread: Any) -> Partner:
    guide = PartnerGuide("northwind", "ZZ", "US", "01", "THEM", "US", "THEM")
    return Partner("northwind", "Northwind", ("C1",), ("S1",), guide, "out", unread=unread)


def said(*more: str, by: Partner | None = None) -> dict[str, str]:
    """Reason to sentence, of an order with these segments after its line."""
    order: Any = whole(of_segments("850", *ORDER[:2], *more, ORDER[2]))
    return {finding.code: finding.message for finding in not_carried_over(order, "850", by or partner())}


def test_what_asks_for_something_is_told_with_its_value_and_line() -> None:
    order: Any = whole(of_segments("850", ORDER[0], "REF*IA*83138", "FOB*PB", "TD5*****TRUCK", *ORDER[1:]))
    (finding,) = not_carried_over(order, "850", partner())
    assert all(text in finding.message for text in ("Not carried over: REF IA 83138 · ", "TRUCK", "FOB PB"))
    assert finding.code == Reason.NOT_CARRIED_OVER and finding.severity == "ignore"
    told = "Not carried over: REF LU 12 (line 1) · TD3 TL (line 1). See to it by hand where it matters."
    assert said("REF*LU*12", "TD3*TL") == {"not_carried_over": told}


def test_what_decides_holds_the_order_unless_a_check_of_orders_says_so_itself() -> None:
    assert "decides_unread" not in said("SCH*10*EA***002*20261201")  # which the checks of orders hold
    assert "Not read, although it decides what is meant: DIS" in said("DIS*001*ZZ*1*EA*1")["decides_unread"]


def test_what_the_checks_of_orders_pass_over_is_held_all_the_same() -> None:
    priced = "PO3*ZZ*20261201**9.5*PE*1*EA"
    assert "PO3 ZZ 20261201 9.5" in said(priced)["decides_unread"], "the line has a price of its own, and this is another one"
    stores = ("N1*ST*Store*92*0100", "QTY*38*4*EA", "QTY*39*6*EA")
    assert "QTY 39 6 EA" in said(*stores)["decides_unread"], "only the first quantity of a place is read"


def test_numbers_of_a_party_are_told_with_the_others() -> None:
    order: Any = whole(of_segments("850", ORDER[0], "N1*ST*Store*92*0100", "REF*DK*DOCK7", *ORDER[1:]))
    (finding,) = not_carried_over(order, "850", partner())
    assert "REF DK DOCK7" in finding.message


def test_a_partner_file_moves_a_row() -> None:
    assert said("FOB*PB", by=partner(FOB="ignore")) == {}
    assert set(said("FOB*PB", by=partner(FOB="hold"))) == {"decides_unread"}
    assert said("REF*LU*12", by=partner(REF_LU="ignore")) == {} and set(said("REF*LU*12", by=partner(REF_IA="ignore")))


def test_the_same_on_many_lines_is_told_once() -> None:
    lines = [text for n in range(1, 9) for text in (f"PO1*{n}*10*EA*2.5**BP*X1", "FOB*PB")]
    order: Any = whole(of_segments("850", ORDER[0], *lines, "CTT*8"))
    (finding,) = not_carried_over(order, "850", partner())
    assert finding.message == "Not carried over: FOB PB (lines 1, 2, 3, 4, 5 and 3 more). See to it by hand where it matters."


def test_every_row_names_a_segment_of_the_standard_and_says_why() -> None:
    known = set(release("004010").segments) | set(release("005010").segments)
    for kind, rows in RULES.items():
        for key, rule in rows.items():
            assert key.partition(":")[0] in known, (kind, key)
            assert rule.why or rule.verdict == "tell", (kind, key)


def _inserted(set_id: str, seed: int) -> tuple[list[str], str] | None:
    """The sound set with one more segment, which the grammar allows there, and that segment; None where none fits."""
    dice = random.Random(seed)
    definition = set_definition(VERSION, set_id)
    assert definition is not None
    body = ["*".join(segment) for segment in the_set(sound(set_id, 1)).segments[1:-1]]
    node = dice.choice(
        [
            node
            for node in definition.nodes
            if not node.mandatory and node.segment not in ("ST", "SE", "CTT", "HL", "PO1", "IT1")
        ]
    )
    made = "*".join(SetMaker(VERSION, set_id, dice, 0.6).elements(release(VERSION).segments[node.segment]))
    before = {other.segment for other in definition.nodes[: node.index] if other.parent == node.parent}
    parent = definition.nodes[node.parent].segment if node.parent >= 0 else ""
    ids = [segment.partition("*")[0] for segment in body]
    opened = ids.index(parent) if parent in ids else 0 if not parent else -1
    if opened < 0:
        return None
    at = opened + 1
    while at < len(ids) and ids[at] in before:
        at += 1
    return [*body[:at], made, *body[at:]], made


@pytest.mark.parametrize("set_id", SETS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=DRAWS)
def test_no_segment_is_lost_without_a_word(set_id: str, seed: int) -> None:
    """Put anywhere, it is in a field or in the remainder; and what no record takes is told, held, or of no account by a row."""
    drawn = _inserted(set_id, seed)
    if drawn is None:
        return
    body, made = drawn
    document, plain = _read(set_id, body), _read(set_id, ["*".join(s) for s in the_set(sound(set_id, 1)).segments[1:-1]])
    assert plain is not None
    if document is None:  # our 997 says so
        return
    assert document != plain, made
    told = " ".join(finding.message for finding in not_carried_over(document, set_id, partner()))
    for one in unused(document):
        verdict = rule_of(set_id, one.segment, one.qualifier, {}, in_field=one.in_field).verdict
        assert verdict == "ignore" or spoken_of_by_orders(one, document) or one.shown in told, made


def spoken_of_by_orders(one: Unused, document: Document) -> bool:
    """Held by the checks of orders themselves, in a sentence that names the segment."""
    if not isinstance(document, PurchaseOrder):
        return False
    notes = Checklist(partner())
    order_as_meant(document, partner(), notes, system="SAP")
    return any(finding.severity == "reject" and one.segment in finding.message for finding in notes.findings)


def _read(set_id: str, body: list[str]) -> Document | None:
    received = of_segments(set_id, *body)
    document, _ = parse_document(received, VERSION)
    return None if document is None else with_remainder(received, document, VERSION)
