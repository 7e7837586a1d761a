"""Real files of other people, read where they lie: never raises, places every finding, accepts those that are right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read

FOLDER = os.environ.get("MLCONN_X12_CORPUS", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="set MLCONN_X12_CORPUS to a folder of X12 files (one folder a set) to read them too"
)


def files() -> list[Path]:
    return sorted(Path(FOLDER).glob("*/*.edi")) if FOLDER else []


@pytest.mark.parametrize("file", files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_file_is_read_checked_and_parsed_without_an_exception(file: Path) -> None:
    data = file.read_bytes()
    report = check_file(data)
    for finding in report.findings:
        assert 0 <= finding.offset < len(data)
        assert 1 <= finding.line <= data.count(b"\n") + data.count(b"\r") + 1
        assert finding.message.endswith(".")
        if finding.level in ("segment", "element"):
            assert finding.segment is not None and finding.segment_id
    for interchange in read(data).interchanges:
        for _, transaction_set in interchange.sets():
            document, findings = parse_document(transaction_set)
            assert (document is None) == bool(findings)


def test_most_files_hold_a_whole_interchange() -> None:
    whole = [file for file in files() if (found := read(file.read_bytes()).interchanges) and all(i.complete for i in found)]
    assert len(whole) >= 0.9 * len(files())


def test_business_sets_without_a_known_fault_are_accepted() -> None:
    statuses = [
        s.status for f in files() for s in check_file(f.read_bytes()).transaction_sets if s.version[:6] in ("004010", "005010")
    ]
    assert statuses.count("X") == 0
    assert statuses.count("A") + statuses.count("E") >= 0.45 * len(statuses)
