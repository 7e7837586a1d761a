from __future__ import annotations

import json
import subprocess
import sys

from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines_tests.x12.guides import ORDER, guide_of, interchange_of


def test_a_clean_file_is_reported_with_what_is_in_it() -> None:
    report = check_file(interchange_of(*ORDER))
    assert report.is_clean
    assert report.as_json("a.edi") == {
        "file": "a.edi",
        "interchanges": 1,
        "groups": 1,
        "transaction_sets": [{"type": "850", "version": "004010", "control_number": "0001", "status": "A", "segments": 12}],
        "findings": [],
    }


def test_each_verdict_is_a_letter() -> None:
    def status(data: bytes) -> str:
        return check_file(data).transaction_sets[0].status

    data = interchange_of(*ORDER)
    assert status(data) == "A"
    assert status(data.replace(b"BEG*00", b"BEG*QQ")) == "E"
    assert status(data.replace(b"*10*EA", b"*ten*EA")) == "R"
    assert status(data.replace(b"*X*004010", b"*X*003040")) == "X"


def test_a_finding_has_everything_that_a_clerk_and_a_program_need() -> None:
    data = interchange_of(*ORDER).replace(b"*10*EA", b"*ten*EA")
    (finding,) = json.loads(json.dumps(check_file(data).as_json()))["findings"]
    assert finding.pop("message").startswith("PO102")
    assert finding == {
        "code": "element_number",
        "level": "element",
        "severity": "reject",
        "offset": data.index(b"ten"),
        "line": 1,
        "segment": 8,
        "segment_id": "PO1",
        "element": 2,
        "component": None,
        "value": "ten",
        "acknowledgment": "AK403=6",
        "rule": "",
    }


def test_a_guide_weighs_findings_of_every_level() -> None:
    data = interchange_of(*ORDER).replace(b"IEA*1*", b"IEA*2*")
    assert not check_file(data).is_clean
    assert check_file(data, guide_of(severities={"interchange_group_count": "ignore"})).is_clean


def test_checking_loads_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys, mlconn_pipelines.x12.check, mlconn_pipelines.x12.reader\n"
        "from mlconn_pipelines.x12.check import check_file\n"
        "check_file(sys.stdin.buffer.read())\n"
        "heavy = {'pydantic', 'dagster', 'sqlalchemy', 'pyx12', 'yaml', 'httpx'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=interchange_of(*ORDER), capture_output=True, timeout=60, check=True
    )
    assert done.stdout.decode().strip() == "[]"
