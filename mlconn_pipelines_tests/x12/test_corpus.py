"""Real files of other people, read where they lie: never raises, places every finding, accepts what is right, names what is not.

The files are not ours to hand on. Whoever has such a folder (one subfolder a set, a MANIFEST.csv beside them that says for every
file what its source claims of it) names it in MLCONN_X12_CORPUS. Of the files named below, every verdict was read and judged by
a person; of others, the manifest's claim is held against the verdict.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from mlconn_pipelines.x12.acknowledgments import acknowledge, is_answered
from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.interchange_acknowledgment import acknowledge_interchange
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.validation import has_grammar, validate
from mlconn_pipelines_tests.x12.guides import guide_of, rendered

FOLDER = os.environ.get("MLCONN_X12_CORPUS", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="set MLCONN_X12_CORPUS to a folder of X12 files (one folder a set) to read them too"
)

REFUSED = {
    "810/11_kputnam-stupidedi.edi": ("element_conditional",),
    "810/16_public-github-file.edi": ("group_header_missing", "interchange_header_missing", "set_count"),
    "810/17_public-github-file.edi": ("group_header_missing", "interchange_header_missing"),
    "810/19_public-github-file.edi": ("element_implied_point", "set_count"),
    "810/25_public-github-file.edi": ("set_count",),
    "810/27_apimeister-x12-types.edi": ("set_count",),
    "820/01_inteligenz-x12parser.edi": ("segment_unknown",),
    "820/03_inteligenz-x12parser.edi": ("group_number_invalid", "group_number_mismatch"),
    "846/02_inteligenz-x12parser.edi": ("element_exclusion", "element_extra", "element_long", "element_missing"),
    "850/18_kputnam-stupidedi.edi": ("set_count",),
    "850/24_public-github-file.edi": ("element_number",),
    "850/25_public-github-file.edi": ("segment_missing",),
    "850/28_public-github-file.edi": ("segment_missing",),
    "850/30_public-github-file.edi": ("set_count",),
    "850/31_inteligenz-x12parser.edi": ("element_conditional", "group_number_mismatch", "segment_missing"),
    "855/10_public-github-file.edi": ("element_conditional", "element_long", "set_count"),
    "855/14_public-github-file.edi": ("set_count",),
    "855/16_public-github-file.edi": ("set_count",),
    "856/04_inteligenz-x12parser.edi": ("element_long",),
    "856/11_kputnam-stupidedi.edi": ("element_characters", "element_extra", "element_long", "segment_order", "set_count"),
    "856/16_public-github-file.edi": ("set_count",),
    "856/17_public-github-file.edi": ("set_count",),
    "856/18_apimeister-x12-types.edi": ("segment_missing", "set_count"),
    "856/19_apimeister-x12-types.edi": ("set_count",),
    "856/20_apimeister-x12-types.edi": ("element_short",),
    "856/22_apimeister-x12-types.edi": ("set_count",),
    "856/23_apimeister-x12-types.edi": ("set_count",),
    "860/01_inteligenz-x12parser.edi": ("element_characters", "element_long", "element_short", "set_count"),
    "865/01_inteligenz-x12parser.edi": ("element_long",),
    "865/03_inteligenz-x12parser.edi": ("interchange_number_mismatch",),
    "865/04_public-github-file.edi": ("set_count",),
    "997/04_xlate-staedi.edi": ("element_long", "element_number", "element_repetitions"),
    "997/05_xlate-staedi.edi": ("element_long", "element_number"),
    "997/06_xlate-staedi.edi": ("element_long", "group_number_mismatch"),
    "997/27_xlate-staedi.edi": ("component_extra",),
    "999/01_inteligenz-x12parser.edi": ("element_short",),
    "envelope/02_walmartlabs-gozer.edi": ("set_count",),
    "envelope/03_walmartlabs-gozer.edi": ("set_count",),
    "envelope/06_walmartlabs-gozer.edi": ("set_count",),
    "envelope/07_walmartlabs-gozer.edi": ("group_trailer_missing", "interchange_terminator", "interchange_trailer_missing"),
    "envelope/08_walmartlabs-gozer.edi": ("group_header_missing", "segments_outside", "set_count"),
    "envelope/13_xlate-staedi.edi": ("segments_outside",),
}
"""Files that are refused, each with all the findings that refuse it; they were looked up in the file and are really there.

Two of them are right by their source: 810/11 gives its IT1s a quantity and a price but no unit, which the rule of IT102 to IT104
forbids; 810/19 writes TDS01 with a decimal point and a wrong SE01, as its source says itself. 810/16 and 810/17 have no envelope,
so that nobody knows who sent them or in which version. 856/04 and 999/01 hold placeholders (a state of eight letters, a control
number of three) that are too long or too short.
"""

BROKEN_BEYOND_US = {
    "850/19_kputnam-stupidedi.edi": "003050",
    "856/10_kputnam-stupidedi.edi": "002001",
    "860/02_kputnam-stupidedi.edi": "003010",
    "997/25_xlate-staedi.edi": "what its test asserts wrong is not in the file",
}
"""Files that their source calls invalid and that are accepted: releases without grammar, read for envelope and counts only."""


def files() -> list[Path]:
    return sorted(Path(FOLDER).glob("*/*.edi")) if FOLDER else []


def name_of(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def claims() -> dict[str, str]:
    """What the source of each file says of it."""
    manifest = Path(FOLDER) / "MANIFEST.csv"
    if not manifest.exists():
        return {}
    with manifest.open(encoding="utf-8", newline="") as rows:
        return {row["file"]: row["validity_per_source"] for row in csv.DictReader(rows)}


def is_claimed_valid(claim: str) -> bool:
    return claim.startswith("valid") or claim in ("expected acknowledgement in tests", "test asserts no errors")


def is_claimed_broken(claim: str) -> bool:
    return claim.startswith("invalid") or claim in ("error test", "test asserts SE count error")


@pytest.mark.parametrize("file", files(), ids=name_of)
def test_a_file_is_read_checked_and_answered_without_an_exception(file: Path) -> None:
    data = file.read_bytes()
    report = check_file(data)
    for finding in report.findings:
        assert 0 <= finding.offset < len(data)
        assert 1 <= finding.line <= data.count(b"\n") + data.count(b"\r") + 1
        assert finding.message.endswith(".")
        if finding.level in ("segment", "element"):
            assert finding.segment is not None and finding.segment_id
        if finding.severity == "reject":
            assert finding.acknowledgment
    for interchange in read(data).interchanges:
        assert rendered(acknowledge_interchange(interchange)).can_be_sent
        for group in interchange.groups:
            if is_answered(group):
                version = group.version if has_grammar("997", group.version) else "004010"
                answer = acknowledge(interchange, group, [validate(one, group.version) for one in group.sets])
                made = rendered(answer, guide_of(version=version[:6]))
                assert made.can_be_sent or not group.control_number.isdigit(), made.findings
        for _, transaction_set in interchange.sets():
            document, findings = parse_document(transaction_set)
            assert (document is None) == bool(findings)


@pytest.mark.parametrize("file", files(), ids=name_of)
def test_each_verdict_is_the_one_that_a_person_came_to(file: Path) -> None:
    name, claim = name_of(file), claims().get(name_of(file), "")
    report = check_file(file.read_bytes())
    refusing = sorted({found.code for found in report.findings if found.severity == "reject"})
    if name in REFUSED:
        assert refusing == sorted(REFUSED[name])
    elif is_claimed_broken(claim) and name not in BROKEN_BEYOND_US:
        assert refusing
    elif is_claimed_valid(claim) or claim == "":
        assert refusing == [] or claim == ""
        assert {one.status for one in report.transaction_sets} <= {"A", "E", "X"} or claim == ""


def test_sets_without_a_grammar_are_read_and_never_refused_for_it() -> None:
    for file in files():
        for one in check_file(file.read_bytes()).transaction_sets:
            assert (one.status == "X") <= (not has_grammar(one.type, one.version))
            assert (
                one.status != "X" or one.version[:6] not in ("004010", "005010") or one.type not in ("810", "850", "855", "856")
            )


def test_most_files_hold_a_whole_interchange() -> None:
    whole = [file for file in files() if (found := read(file.read_bytes()).interchanges) and all(i.complete for i in found)]
    assert len(whole) >= 0.9 * len(files())
