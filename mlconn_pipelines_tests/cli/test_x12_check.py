"""`mlconn x12 check`: findings with their places, exit codes, JSON, a partner's guide; without a database."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlconn_pipelines.config.starting import write_starter

ORDER = (
    "ISA*00*          *00*          *12*2125550142     *ZZ*ACME           *261121*1200*U*00401*000000001*0*T*>~\n"
    "GS*PO*2125550142*ACME*20261121*1200*1*X*004010~\nST*850*0001~\nBEG*00*SA*PO77**20261121~\n"
    "PO1*1*10*EA*5.25**BP*X1~\nCTT*1~\nSE*5*0001~\nGE*1*1~\nIEA*1*000000001~\n"
)


def check(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mlconn_pipelines.cli.app", "x12", "check", *arguments],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.edi").write_text(ORDER)
    (tmp_path / "bad.edi").write_text(ORDER.replace("SE*5*0001", "SE*9*0002"))
    return tmp_path


def test_a_good_file_is_fine(folder: Path) -> None:
    checked = check(folder, "good.edi")
    assert checked.returncode == 0, checked.stdout
    assert "1 interchanges, 1 groups, 1 transaction sets" in checked.stdout
    assert "accepted" in checked.stdout


def test_a_wrong_file_is_found_with_its_places(folder: Path) -> None:
    checked = check(folder, "good.edi", "bad.edi", "--json")
    assert checked.returncode == 1
    good, bad = json.loads(checked.stdout)
    assert (good["file"], bad["file"]) == ("good.edi", "bad.edi")
    assert {finding["code"] for finding in bad["findings"]} >= {"set_count", "set_number_mismatch"}
    assert {finding["line"] for finding in bad["findings"] if finding["code"] == "set_count"} == {7}
    assert bad["transaction_sets"][0]["status"] == "R"
    table = check(folder, "bad.edi")
    assert "line 7" in table.stdout and "rejected" in table.stdout


def test_a_partner_guide_narrows_the_standard(folder: Path) -> None:
    write_starter(folder / "config", dt.date(2026, 3, 1))
    guide = folder / "config" / "partners" / "bluepeak.yaml"
    guide.write_text(guide.read_text().replace('    "856":', '    "850":\n      required: [REF_IA]\n    "856":'))
    assert check(folder, "good.edi").returncode == 0
    checked = check(folder, "good.edi", "--partner", "bluepeak", "--json")
    assert checked.returncode == 1
    assert any(finding["code"].startswith("guide_") for finding in json.loads(checked.stdout)[0]["findings"])
    unknown = check(folder, "good.edi", "--partner", "bluepike")
    assert unknown.returncode == 2 and "There are: bluepeak, cedarmill" in unknown.stderr


def test_standard_input_and_files_that_are_not_there(folder: Path) -> None:
    assert check(folder, "-", typed=ORDER).returncode == 0
    missing = check(folder, "nothing.edi")
    assert missing.returncode == 2 and missing.stderr.count("\n") == 1 and "nothing.edi" in missing.stderr
    assert check(folder, "-", typed="").returncode == 1


def test_of_very_many_sets_only_those_are_listed_that_are_not_accepted(tmp_path: Path) -> None:
    start, end = ORDER.index("ST*"), ORDER.index("GE*")
    sets = [ORDER[start:end].replace("0001", f"{number:04d}") for number in range(1, 602)]
    sets[300] = sets[300].replace("*10*EA", "*ten*EA")
    (tmp_path / "many.edi").write_text(ORDER[:start] + "".join(sets) + ORDER[end:].replace("GE*1*", "GE*601*"))
    checked = check(tmp_path, "many.edi")
    assert checked.returncode == 1
    assert "accepted: 600 transaction sets" in checked.stdout and "rejected: 1 transaction sets" in checked.stdout
    assert "0301" in checked.stdout and "0302" not in checked.stdout
    assert len(json.loads(check(tmp_path, "many.edi", "--json").stdout)[0]["transaction_sets"]) == 601
