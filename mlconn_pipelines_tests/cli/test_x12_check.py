"""`mlconn x12 check`: findings with their places, exit codes, JSON, a partner's guide; without a database."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines_tests.cli.x12_commands import Ran, run

ORDER = (
    "ISA*00*          *00*          *12*2125550142     *ZZ*ACME           *261121*1200*U*00401*000000001*0*T*>~\n"
    "GS*PO*2125550142*ACME*20261121*1200*1*X*004010~\nST*850*0001~\nBEG*00*SA*PO77**20261121~\n"
    "PO1*1*10*EA*5.25**BP*X1~\nCTT*1~\nSE*5*0001~\nGE*1*1~\nIEA*1*000000001~\n"
)


Check = Callable[..., Ran]


@pytest.fixture
def check(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """`mlconn x12 check` with the folder as working directory and something typed."""

    def checked(*arguments: str, typed: str = "") -> Ran:
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        return run(monkeypatch, capsys, "check", *arguments)

    return checked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.edi").write_text(ORDER)
    (tmp_path / "bad.edi").write_text(ORDER.replace("SE*5*0001", "SE*9*0002"))
    return tmp_path


def test_a_good_file_is_fine(folder: Path, check: Check) -> None:
    checked = check("good.edi")
    assert checked.code == 0, checked.out
    assert checked.out == (
        "good.edi: accepted; 1 interchange, 1 group, 1 transaction set: 850 004010, number 0001, 5 segments\n"
        "  The second reader (pyx12) says nothing: it does not know the qualifier '12' (ISA05, ISA07).\n"
    )


def test_a_wrong_file_is_found_with_its_places(folder: Path, check: Check) -> None:
    checked = check("good.edi", "bad.edi", "--json")
    assert checked.code == 1
    good, bad = map(json.loads, checked.out.splitlines())
    assert (good["file"], bad["file"]) == ("good.edi", "bad.edi")
    assert {finding["code"] for finding in bad["findings"]} >= {"set_count", "set_number_mismatch"}
    assert {finding["line"] for finding in bad["findings"] if finding["code"] == "set_count"} == {7}
    assert bad["transaction_sets"][0]["status"] == "R"
    table = check("bad.edi")
    first, *rows = table.out.splitlines()
    assert first.startswith("bad.edi: rejected; 1 interchange")
    (row,) = [row for row in rows if "AK502=4" in row]
    assert [cell.strip() for cell in row.split("│")][:5] == ["7", str(ORDER.index("SE*") + 3), "5", "SE01", "rejected"]


def test_the_shape_that_programs_read(folder: Path, check: Check) -> None:
    (folder / "none.edi").write_text(ORDER.replace("004010", "003040"))
    checked = check("bad.edi", "none.edi", "--json")
    bad, none = map(json.loads, checked.out.splitlines())
    assert set(bad) >= {"file", "interchanges", "groups", "transaction_sets", "findings"}
    (one,) = bad["transaction_sets"]
    assert one == {"type": "850", "version": "004010", "control_number": "0001", "status": "R", "segments": 5}
    for finding in bad["findings"]:
        assert set(finding) >= {
            "code", "level", "severity", "offset", "line", "segment", "element", "message", "acknowledgment", "rule"
        }  # fmt: skip
    assert none["transaction_sets"][0]["status"] == "X"
    assert check("none.edi").out.startswith("none.edi: not checked, no grammar; ")


def test_many_sets_are_counted_in_the_line(folder: Path, check: Check) -> None:
    one = ORDER[ORDER.index("ST*") : ORDER.index("GE*")]
    both = ORDER.replace(one, one + one.replace("0001", "0002").replace("SE*5", "SE*7")).replace("GE*1", "GE*2")
    (folder / "both.edi").write_text(both)
    (first, *_) = check("both.edi").out.splitlines()
    assert first.endswith("2 transaction sets: 1 850 004010 accepted, 1 850 004010 rejected")


def test_a_partner_guide_narrows_the_standard(folder: Path, check: Check) -> None:
    write_starter(folder / "config", dt.date(2026, 3, 1))
    guide = folder / "config" / "partners" / "bluepeak.yaml"
    guide.write_text(guide.read_text().replace('    "856":', '    "850":\n      required: [REF_IA]\n    "856":'))
    assert check("good.edi").code == 0
    checked = check("good.edi", "--partner", "bluepeak", "--json")
    assert checked.code == 1
    assert [finding["rule"] for finding in json.loads(checked.out)["findings"]] == ["850.required.REF_IA"]
    unknown = check("good.edi", "--partner", "bluepike")
    assert unknown.code == 2 and "There are: bluepeak, cedarmill" in unknown.err


def test_standard_input_and_files_that_are_not_there(folder: Path, check: Check) -> None:
    assert check("-", typed=ORDER).code == 0
    missing = check("nothing.edi")
    assert missing.code == 2 and missing.err.count("\n") == 1 and "nothing.edi" in missing.err
    assert check("-", typed="").code == 1
