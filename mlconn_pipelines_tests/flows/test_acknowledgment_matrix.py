"""Every fault with every kind of answer, as the bytes that go out; and the page that shows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.reading import read_file
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.rendering import render_interchange
from mlconn_pipelines_tests.flows.acknowledgment_matrix import COLUMNS, FAULTS, NO_ANSWER, Column, Fault
from mlconn_pipelines_tests.x12.guides import AT, guide_of

PAGE = Path(__file__).parents[2] / "docs" / "acknowledgments.md"
WRITE = "python -m mlconn_pipelines_tests.flows.test_acknowledgment_matrix"


def answers(fault: Fault, column: Column) -> dict[str, str]:
    """What goes out for the interchange with that fault, by set; a 997 and 999 without ST and SE, those of all its groups."""
    version = "004010" if column == "997 in 004010" else "005010"
    guide = guide_of(version=version, acknowledgments="999" if column == "999" else "997", their_qualifier=fault.their)
    partners = Partners([Partner("northwind", "Northwind", ("C1",), (), guide, "to_northwind")])
    file = read_file(fault.content(version).replace(b"VERSION", version.encode()), partners, answer_groups=True)
    groups = [group for interchange in file.interchanges for group in interchange.groups] if file.complete else []
    said: dict[str, str] = {}
    for group in (*groups, *file.refusals):
        if group.answer is not None:
            text = written(group.answer_set, group.answer, replace(guide, version=_lawful(group.envelope["version"], version)))
            said[group.answer_set] = f"{said[group.answer_set]}~{text}" if group.answer_set in said else text
    return said


def _lawful(version: str, otherwise: str) -> str:
    return version if version[:6].isdigit() and len(version) >= 6 else otherwise


def written(set_id: str, answer: object, guide: PartnerGuide) -> str:
    made = render_interchange(
        answer,  # type: ignore[arg-type]
        guide,
        interchange_number=1,
        group_number=1,
        set_number=1,
        at=AT,
        set_id=set_id,
    )
    assert made.can_be_sent, [finding.message for finding in made.findings]
    (interchange,) = read(made.content).interchanges
    if set_id == "TA1":
        return "*".join(interchange.interchange_acknowledgments[0])
    return "~".join("*".join(segment) for segment in interchange.groups[0].sets[0].segments[1:-1])


def test_there_are_sixty_faults_and_more_and_each_has_a_name_of_its_own() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.says for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.says.replace(" ", "_"))
def test_a_fault_is_answered_as_x12_has_it(fault: Fault) -> None:
    for column in COLUMNS:
        said = answers(fault, column)
        found = said.get("TA1" if column == "TA1" else column[:3], NO_ANSWER)
        assert found == fault.expected(column), column


def page() -> str:
    """`docs/acknowledgments.md`."""
    lines = [
        "# What is answered to which fault",
        "",
        "An order that a partner sends, one fault at a time, and the answers that go out: the segments between ST and SE of a 997 in",
        "004010 and in 005010 and of a 999, and the TA1 where ISA14 asks for one or the interchange cannot be used. The order is",
        "the 850 with two lines that `ORDER` of `mlconn_pipelines_tests/x12/guides.py` is. `none`: no such answer.",
        "A partner file can tell a fault otherwise (`x12.severities`, [partners.md](partners.md)); this is what holds without.",
        "",
        f"A table made by the tests: `{WRITE}` writes it anew.",
    ]
    for level in dict.fromkeys(fault.level for fault in FAULTS):
        lines += ["", f"## {_TITLES[level]}", "", f"| fault | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
        lines += [
            f"| {fault.says} | {' | '.join(_cell(fault, column) for column in COLUMNS)} |"
            for fault in FAULTS
            if fault.level == level
        ]
    return "\n".join(lines) + "\n"


_TITLES = {
    "none": "No fault, or one that is noted only",
    "element": "Elements (AK4, IK4)",
    "segment": "Segments (AK3, IK3)",
    "set": "Transaction sets (AK5, IK5)",
    "group": "Groups (AK9)",
    "interchange": "Interchanges (TA1)",
}


def _cell(fault: Fault, column: Column) -> str:
    expected = fault.expected(column)
    if column == "997 in 005010" and expected == fault.expected("997 in 004010").replace("AK1*PO*7~", "AK1*PO*7*005010~"):
        return "none" if expected == NO_ANSWER else "the same, with AK103"
    return NO_ANSWER if expected == NO_ANSWER else "<br>".join(f"`{segment}`" for segment in expected.split("~"))


def test_the_page_is_the_table() -> None:
    assert PAGE.exists() and PAGE.read_text(encoding="utf-8") == page(), WRITE


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
