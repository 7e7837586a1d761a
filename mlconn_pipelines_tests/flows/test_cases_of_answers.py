"""Files of `cases/answers`: what is answered to each, group by group, and which of its sets are taken."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.reading import ReadFile, read_file
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines_tests.cases import CASES, case
from mlconn_pipelines_tests.x12.guides import guide_of

NORTHWIND = {"our_id": "MERIDIAN", "our_group_id": "MERIDIAN", "their_group_id": "123456789"}
MODUS = {"their_qualifier": "ZZ", "their_id": "MODUS", "our_id": "MULESOFT"}


class Case(NamedTuple):
    """answer: AK5 and AK9 as they would be written, or the note of our TA1. taken: numbers of the sets that are not refused."""

    answer: str
    taken: tuple[str, ...] = ()


CASES_OF_ANSWERS = {
    "empty_group": Case("AK9*R*1*0*0*5"),
    "empty_group0": Case("AK9*A*0*0*0"),
    "flow_empty_group": Case("AK9*A*0*0*0"),
    "flow2_amt_tt": Case("AK5*A~AK9*A*1*1*1", ("B-AMT",)),
    "flow2_ctp_ucp": Case("AK5*A~AK9*A*1*1*1", ("B-CTP",)),
    "flow2_pickup": Case("AK5*R*5~AK9*R*1*1*0"),  # its DTM stands behind TD5, where X12 has it before
    "flow3_turn": Case("AK5*A~AK9*A*1*1*1", ("C-TURN",)),
    "flow2_no_gs_bad": Case("TA1 022"),
    "flow2_no_gs_ta1": Case("TA1 022"),
    "flow_no_gs_iea1": Case("TA1 022"),
    "flow_gs_cut": Case("TA1 024"),
    "flow_s875": Case("AK5*R*5~AK9*R*1*1*0"),  # without the N1 that an 875 needs, and a G68 without an item
    "flow_two_sets_one_missing_st": Case("AK5*A~AK9*P*2*1*1*5", ("A-TS1",)),
    "flow_v003040": Case("AK5*R*1~AK9*R*1*1*0*2"),
    "flow_v00501": Case("AK5*A~AK9*E*1*1*1", ("A-00501",)),  # a GS08 of five figures
    "flow_v006030_bad": Case("AK5*R*1*5~AK9*R*1*1*0*2"),
    "gs01_in_850": Case("AK5*E*6~AK9*E*1*1*1", ("PO01",)),
}


def read(name: str, **of_partner: Any) -> ReadFile:
    content = case(f"answers/{name}.edi")
    ours = guide_of(**(MODUS if b"MODUS" in content else NORTHWIND))
    partner = Partner("northwind", "Northwind", ("C1",), (), ours, "to_northwind", **of_partner)
    return read_file(content, Partners([partner]), answer_groups=True)


def said(file: ReadFile) -> str:
    """Our answer, AK5 of each set and AK9, or the TA1 of a file of which nothing is taken."""
    texts = [f"TA1 {refusal.answer.note}" for refusal in file.refusals]  # type: ignore[union-attr]
    for group in (group for interchange in file.interchanges for group in interchange.groups):
        if isinstance(answer := group.answer, FunctionalAcknowledgment):
            counts = (answer.sets_stated, answer.sets_received, answer.sets_accepted)
            texts += ["*".join(("AK5", one.status, *one.codes)) for one in answer.sets]
            texts.append("*".join(("AK9", answer.status, *map(str, counts), *answer.codes)))
    return "~".join(texts)


def test_every_file_has_its_row() -> None:
    assert set(CASES_OF_ANSWERS) == {path.stem for path in (CASES / "answers").glob("*.edi")}


@pytest.mark.parametrize("name", CASES_OF_ANSWERS)
def test_it_is_answered_as_x12_has_it_and_only_what_is_accepted_is_taken(name: str) -> None:
    file = read(name)
    sets = [one for interchange in file.interchanges for group in interchange.groups for one in group.sets]
    taken = tuple(one.business_number for one in sets if not one.refused)
    assert (said(file), taken) == CASES_OF_ANSWERS[name]


@pytest.mark.parametrize("name", ["flow_gs_cut", "flow_no_gs_iea1", "flow2_no_gs_bad", "flow2_no_gs_ta1"])
def test_a_file_that_is_held_says_what_to_ask_the_partner_for(name: str) -> None:
    problem = read(name).problem
    assert problem is not None
    for part in ("ask the partner to send it again", "GS01", "GS06", "GS08"):
        assert part in problem.message


def test_the_set_that_lost_its_beginning_is_told_on_the_file_and_on_what_was_taken() -> None:
    (interchange,) = read("flow_two_sets_one_missing_st").interchanges
    ((taken,),) = [group.sets for group in interchange.groups]
    assert [(one.code, one.severity) for one in taken.findings] == [("set_header_missing", "ignore")]
    (finding,) = [one for one in interchange.findings if one.code == "set_header_missing"]
    assert "the set '0002'" in finding.message and "send it again with its ST" in finding.message


def test_an_interchange_whose_only_set_lost_its_beginning_is_held_and_refused() -> None:
    whole = case("answers/flow2_amt_tt.edi").replace(b"ST*850*0001~", b"XX*850*0001~")
    ours = guide_of(**NORTHWIND)
    file = read_file(
        whole, Partners([Partner("northwind", "Northwind", ("C1",), (), ours, "to_northwind")]), answer_groups=True
    )
    assert (file.interchanges, said(file)) == ((), "TA1 022")
    assert file.problem is not None and "send it again with its ST" in file.problem.message
