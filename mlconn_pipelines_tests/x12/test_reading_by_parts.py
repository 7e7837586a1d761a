"""A file read part by part, mapped or not and in stretches of any length, is the file that `read` reads."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from mlconn_pipelines.x12 import check, interchange_reader, reader
from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, TransactionSet
from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.reader import iter_parts, read
from mlconn_pipelines.x12.source import FileContent
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of
from mlconn_pipelines_tests.x12.test_fuzz import SEEDS, mutated
from mlconn_pipelines_tests.x12.test_source import mapped

Seen = tuple[list[object], list[object], list[object], list[X12Finding]]


def as_read(data: bytes) -> Seen:
    reading = read(data)
    groups = [group for interchange in reading.interchanges for group in interchange.groups]
    sets = [one for group in groups for one in group.sets]
    return (
        list(map(of_set, sets)),
        list(map(of_group, groups)),
        list(map(of_whole, reading.interchanges)),
        list(reading.findings),
    )


def by_parts(data: FileContent) -> Seen:
    outside: list[X12Finding] = []
    sets: list[object] = []
    groups: list[object] = []
    wholes: list[object] = []
    for part in iter_parts(data, outside):
        match part:
            case TransactionSet():
                sets.append(of_set(part))
            case FunctionalGroup():
                assert part.sets == ()
                groups.append(of_group(part))
            case Interchange():
                assert part.groups == ()
                wholes.append(of_whole(part))
    return sets, groups, wholes, outside


def of_set(one: TransactionSet) -> object:
    return one.set_id, one.control_number, one.version, one.offset, one.end, one.segments, one.segment_count, one.findings


def of_group(group: FunctionalGroup) -> object:
    return group.functional_id, group.control_number, group.stated_sets, group.offset, group.findings


def of_whole(one: Interchange) -> object:
    answers = one.interchange_acknowledgments
    return one.control_number, one.separators, one.complete, one.offset, one.end, one.findings, answers


def two_groups() -> bytes:
    data = interchange_of(*ORDER)
    group = data[data.index(b"GS*") : data.index(b"IEA")]
    return data.replace(b"IEA*1*", group.replace(b"*7*X*", b"*8*X*").replace(b"GE*1*7", b"GE*1*8") + b"IEA*2*")


@pytest.mark.parametrize("stretch", [1, 40, 333, interchange_reader.STRETCH])
def test_the_parts_are_those_of_the_whole(stretch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(stretch)
    files = [*SEEDS, two_groups(), b"Dear Sirs\n" * 30, b" " * 500, b"Subject: order\n\n" + SEEDS[0] + b"-- \nRegards"]
    files += [mutated(chance) for _ in range(60)]
    expected = [as_read(data) for data in files]
    monkeypatch.setattr(interchange_reader, "STRETCH", stretch)
    monkeypatch.setattr(reader, "STRETCH", stretch)
    for data, wanted in zip(files, expected, strict=True):
        assert by_parts(data) == wanted
        assert as_read(data) == wanted
        if data:
            assert by_parts(mapped(data, tmp_path)) == wanted


def test_a_set_is_there_before_the_file_is_read_to_its_end() -> None:
    parts = iter_parts(interchange_of(*ORDER) + b"and then something else", [])
    assert isinstance(next(parts), TransactionSet)


def test_the_findings_of_a_file_are_bounded_and_its_verdict_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "FINDINGS_MAX", 3)
    wrong = [f"PO1*{n}*1*QQ*1**VP*A" for n in range(1, 5)]
    data = interchange_of("BEG*00*SA*1**20260301", *wrong, "PO1*5*ten*EA*1**VP*A")
    report = check.check_file(data)
    *listed, last = report.findings
    assert [finding.segment for finding in listed] == [3, 4, 5]
    assert last.code == "more_findings" and last.message.startswith("2 more findings")
    assert report.transaction_sets[0].status == "R" and not report.is_clean


def test_the_findings_of_an_interchange_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interchange_reader, "FINDINGS_MAX", 5)
    data = interchange_of(*ORDER).replace(b"~ST*", b"~SE*1*1" * 50 + b"~ST*")
    (interchange,) = read(data).interchanges
    assert len(interchange.findings) == 5


@pytest.mark.slow
def test_a_large_mapped_file_takes_no_memory_of_its_size(tmp_path: Path) -> None:
    data = interchange_of(*ORDER)
    start, end = data.index(b"ST*"), data.index(b"GE*")
    with (tmp_path / "large.edi").open("wb") as file:
        file.write(data[:start])
        for number in range(100_000):
            file.write(data[start:end].replace(b"*0001~", b"*%06d~" % number))
        file.write(data[end:].replace(b"GE*1*", b"GE*100000*"))
    (tmp_path / "small.edi").write_bytes(data)
    code = (
        "import json, mmap, sys\n"
        "from mlconn_pipelines.x12.check import check_file\n"
        "with open(sys.argv[1], 'rb') as file:\n"
        "    report = check_file(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))\n"
        "peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')][0].split()[1]\n"
        "print(json.dumps([report.is_clean, len(report.transaction_sets), int(peak) / 1024]))\n"
    )

    def checked(name: str) -> tuple[bool, int, float]:
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], capture_output=True, timeout=120, check=True)
        is_clean, sets, peak_mb = json.loads(done.stdout)
        return is_clean, sets, peak_mb

    small, large = checked("small.edi"), checked("large.edi")
    assert small[:2] == (True, 1) and large[:2] == (True, 100_000)
    # A name, number and count of each set are kept for the report; the file itself has 27 MB.
    assert large[2] - small[2] < 0.4 * 100_000 / 1024 + 10
