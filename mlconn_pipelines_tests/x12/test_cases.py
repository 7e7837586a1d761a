"""Files of `cases/x12`: what `mlconn x12 check` says of each, and that none of them ends in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.second_opinion import ask
from mlconn_pipelines_tests.cases import CASES, case

FILES = sorted(path.stem for path in (CASES / "x12").glob("*.edi"))

SAID: Mapping[str, tuple[str, ...]] = {
    "crash_min_ge": ("R segments_outside", "E interchange_group_count IEA01"),
    "crash_missing_st": ("R set_header_missing", "E group_count GE01"),
    "crash_se_only": ("R segments_outside", "E interchange_group_count IEA01"),
    "ctb_empty": ("R element_conditional CTB02",),
    "e_5010_trailing": ("R segment_unexpected N3", "E trailing_separators PO110"),
    "e_5010_trailing2": ("E trailing_separators PO110",),
    "e_ctt_qty": ("- hash_total CTT02",),
    "e_ge02_leading0": (),
    "e_gs04_impossible": ("E group_header_invalid GS04",),
    "e_gs05_impossible": ("E group_header_invalid GS05",),
    "e_gs06_zero": (),
    "e_isa05_1B": ("E interchange_header_invalid ISA05",),
    "e_isa09_impossible": ("E interchange_header_invalid ISA09",),
    "e_isa10_impossible": ("E interchange_header_invalid ISA10",),
    "e_isa14_X": ("E interchange_header_invalid ISA14",),
    "e_isa15_X": ("E interchange_header_invalid ISA15",),
    "e_leadspace": (),
    "e_onlyspace": ("R element_missing BEG03",),
    "e_po1_lower": ("- element_code_beyond_list PO103",),
    "e_po1_neg_exp": ("R element_number PO102", "R element_number PO104", "R element_number PO102", "R element_number PO102"),
    "empty_segment": ("- empty_segment ST",),
    "gs04_six_digits": ("E group_header_invalid GS04",),
    "isa16_plus_cr": (),
    "isa16_plus_cr_ta1": (),
    "isa16_tilde_crlf": (),
    "isa16_tilde_lf": (),
    "it3_qty_without_unit": ("R element_conditional IT302",),
    "lh1_5010": (
        "R element_short BSN02",
        "R element_number LH107",
        "R set_count SE01",
    ),
    "ls_without_ldt": ("R segment_missing LDT",),
    "ls_without_le": ("R segment_missing LE",),
    "sch_third_date_missing": ("R element_time SCH07",),
    "ta1_after_group": ("- interchange_answer_late TA1",),
    "ta1_bad_values": tuple(f"E interchange_answer_invalid TA1{n:02d}" for n in (1, 2, 4, 5)),
    "ta1_before_group": (),
    "ta1_short": tuple(f"E interchange_answer_invalid TA1{n:02d}" for n in (2, 3, 4, 5)),
    "terminator_ellipsis_utf8": ("R interchange_terminator ISA16", "R segments_outside", "R interchange_trailer_missing"),
    "utf16": ("R not_x12",),
    "utf8_name": ("E element_not_ascii N102",),
}
"""R rejects, E is accepted with errors, - is noted; the code, and where there is one the place. (`oneline` is another test.)"""

_SEVERITIES = {"reject": "R", "accept_with_error": "E", "ignore": "-"}


def _said(name: str) -> list[str]:
    findings = check_file(case(f"x12/{name}.edi")).findings
    return [
        " ".join((_SEVERITIES[f.severity], f.code, f.place if f.place not in ("SE", "GE") else "")).strip() for f in findings
    ]


def test_every_file_has_its_row() -> None:
    assert {*SAID, "oneline"} == set(FILES)


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_of_it(name: str) -> None:
    assert _said(name) == list(SAID[name])


def test_blanks_before_segments_are_read_over() -> None:
    report = check_file(case("x12/oneline.edi"))
    assert (report.interchanges, report.groups, len(report.transaction_sets)) == (1, 1, 1)
    assert {finding.code for finding in report.findings if finding.severity == "reject"} == set()


def test_a_terminator_that_became_several_bytes_is_named() -> None:
    first = check_file(case("x12/terminator_ellipsis_utf8.edi")).findings[0]
    assert "'…'" in first.message and "3 bytes" in first.message and first.acknowledgment == "TA105=004"


@pytest.mark.parametrize(("version", "is_fault"), [("003060", False), ("004010", True), ("005010", True)])
def test_a_date_of_six_digits_is_one_of_releases_before_004010(version: str, is_fault: bool) -> None:
    content = case("x12/gs04_six_digits.edi").replace(b"004010", version.encode())
    assert any("GS04" in finding.message for finding in check_file(content).findings) is is_fault


@pytest.mark.parametrize(
    ("lines", "stated", "is_right"),
    [
        ("PO1*1*1.5*EA~PO1*2*2.5*EA", "4", True),
        ("PO1*1*1.5*EA~PO1*2*2.5*EA", "4.0", True),
        ("PO1*1*1.5*EA~PO1*2*2.5*EA", "40", True),  # as X12 has it: digits, whatever the point
        ("PO1*1*1.5*EA~PO1*2*2.5*EA", "5", False),
        ("PO1*1*two*EA~PO1*2*2*EA", "5", True),  # the line is at fault already
        ("PO1*1**EA~PO1*2*2*EA", "2", True),
    ],
)
def test_the_sum_of_quantities_is_compared(lines: str, stated: str, is_right: bool) -> None:
    content = (
        case("x12/e_ctt_qty.edi").replace(b"PO1*1*1*EA*9.99**VP*X", lines.encode()).replace(b"*1*99~", f"*2*{stated}~".encode())
    )
    assert ("hash_total" not in {finding.code for finding in check_file(content).findings}) is is_right


@pytest.mark.parametrize("name", ["crash_min_ge", "crash_missing_st", "crash_se_only"])
def test_a_second_reader_that_falls_was_not_asked(name: str) -> None:
    assert ask(case(f"x12/{name}.edi")) is None


@pytest.mark.parametrize("arguments", [("--json",), ()], ids=["json", "table"])
def test_all_of_them_on_one_command_line_in_a_code_page_that_lacks_most_characters(arguments: tuple[str, ...]) -> None:
    files = [str(path) for path in sorted((CASES / "x12").glob("*.edi")) + sorted((CASES / "bytes").glob("*.edi"))]
    program = [sys.executable, "-m", "mlconn_pipelines.cli.app", "x12", "check", *arguments, *files]
    ran = subprocess.run(
        program, capture_output=True, check=False, timeout=120, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert ran.returncode == 1, ran.stderr.decode()
    assert ran.stderr == b""
    said = ran.stdout.decode("ascii")
    assert not any(ord(character) < 32 and character != "\n" for character in said), "no partner commands a terminal"
    if arguments:
        assert [json.loads(line)["file"] for line in said.splitlines()] == files
    else:
        assert all(file in said for file in files)
