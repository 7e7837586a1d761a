"""The standard and a guide side by side: nothing of the standard is lost, and everything that a rule speaks of is shown."""

from __future__ import annotations

import pytest

from mlconn_pipelines.x12.grammar.loading import available, set_definition
from mlconn_pipelines.x12.guide import Condition, SetRules
from mlconn_pipelines.x12.guide_table import GuideSegment, guide_table

SETS = [(name, set_id) for name, sets in available().items() for set_id in sorted(sets)]


def table(rules: SetRules, set_id: str, release: str = "004010", everything: bool = False) -> tuple[GuideSegment, ...]:
    made = guide_table(rules, set_id, release, everything=everything)
    assert made is not None
    return made


@pytest.mark.parametrize(("release", "set_id"), SETS)
def test_everything_is_every_segment_of_the_standard_in_its_order(release: str, set_id: str) -> None:
    definition = set_definition(release, set_id)
    assert definition is not None
    whole = table(SetRules(), set_id, release, everything=True)
    assert [segment.id for segment in whole] == [node.segment for node in definition.nodes]
    assert all(segment.name and all(element.name for element in segment.elements) for segment in whole)
    short = table(SetRules(), set_id, release)
    mandatory = [node.segment for node in definition.nodes if node.mandatory and node.parent == -1]
    assert [segment.id for segment in short if segment.depth == 0 and segment.usage == "M"] == mandatory


def test_what_a_rule_speaks_of_is_shown_with_its_words() -> None:
    rules = SetRules(
        required=("REF_IA",),
        codes={"PO103": ("EA", "CA")},
        conditions=(Condition(each="PO1", when={"PO103": ("CA",)}, require=("PO4",), repeats_max={"PID": 1}),),
    )
    shown = table(rules, "850")
    by_id = {segment.id: segment for segment in reversed(shown)}
    assert by_id["REF"].rules == ("REF_IA: required",)
    (qualifier,) = by_id["REF"].elements
    assert [(code.code, code.meaning) for code in qualifier.codes] == [("IA", "internal vendor number")]
    assert qualifier.codes_count > 1000
    (unit,) = [element for element in by_id["PO1"].elements if element.place == "PO103"]
    assert unit.rules == ("only EA or CA",) and [code.code for code in unit.codes] == ["EA", "CA"]
    assert by_id["PO4"].rules == ("required for each PO1 where PO103 is CA",) and by_id["PO4"].depth == 1
    assert by_id["PID"].rules == ("at most once for each PO1 where PO103 is CA",)
    assert "CUR" not in by_id


def test_a_set_without_grammar_has_no_table() -> None:
    assert guide_table(SetRules(), "837", "004010") is None and guide_table(SetRules(), "850", "003040") is None
