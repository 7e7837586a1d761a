"""`mlconn x12 guide show` and `diff`: the standard and a partner's rules side by side."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from mlconn_pipelines.cli.app import main
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines_tests.cli.x12_commands import run


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    write_starter(tmp_path / "conf", dt.date(2026, 3, 1))
    guide = tmp_path / "conf" / "partners" / "bluepeak.yaml"
    rules = (
        '    "810":\n      codes: {IT103: [EA, CA]}\n      qualifiers: {REF: [IA]}\n      lengths_max: {BIG02: 10}\n'
        "      conditions:\n        - {each: IT1, when: {IT103: CA}, require: [PO4]}\n"
        "      dated:\n        - {valid_from: 2027-01-01, required: [ITD]}\n"
    )
    guide.write_text(guide.read_text().replace('    "810":\n', rules))
    return tmp_path / "conf"


def rows_of(printed: str) -> dict[str, list[str]]:
    """The first row of each place: name, standard, guide, codes."""
    found: dict[str, list[str]] = {}
    for line in printed.splitlines():
        cells = [cell.strip() for cell in line.split("│")]
        if len(cells) == 5 and cells[0]:
            found.setdefault(cells[0], cells[1:])
    return found


def test_a_guide_is_shown_beside_the_standard(conf: Path, monkeypatch, capsys) -> None:
    shown = run(monkeypatch, capsys, "guide", "show", "bluepeak", "810", "-c", conf)
    assert shown.code == 0
    assert shown.out.startswith("bluepeak: 810 Invoice, 004010")
    rows = rows_of(shown.out)
    assert rows["BIG"][0] == "Beginning Segment for Invoice" and rows["BIG04"][2] == "required"
    assert rows["BIG02"] == ["invoice number", "M AN 1-22", "at most 10 characters", ""]
    assert rows["BIG07"] == ["transaction type", "O ID 2", "always DI", "DI debit invoice"]
    assert rows["IT103"][2:] == ["only EA or CA", "EA each"]
    assert rows["REF01"][2:] == ["qualifier only IA", "IA internal vendor number"]
    assert rows["PO4"][2] == "required for each IT1 where IT103 is CA"
    assert list(rows).index("BIG") < list(rows).index("REF") < list(rows).index("IT1") < list(rows).index("TDS")
    assert "CUR" not in rows and "other rules hold from 2027-01-01" in shown.out
    everything = rows_of(run(monkeypatch, capsys, "guide", "show", "bluepeak", "810", "--all", "-c", conf).out)
    assert "CUR" in everything and "CUR03" in everything and len(everything) > 3 * len(rows)
    later = rows_of(run(monkeypatch, capsys, "guide", "show", "bluepeak", "810", "--on", "2027-06-01", "-c", conf).out)
    assert later["ITD"][2] == "required" and "BIG07" not in later


def test_a_guide_as_json_and_as_a_page(conf: Path, monkeypatch, capsys, tmp_path: Path) -> None:
    told = json.loads(run(monkeypatch, capsys, "guide", "show", "bluepeak", "810", "--json", "-c", conf).out)
    (beginning,) = [segment for segment in told["segments"] if segment["segment"] == "BIG"]
    (kind,) = [element for element in beginning["elements"] if element["place"] == "BIG07"]
    assert kind["codes"] == [{"code": "DI", "meaning": "debit invoice"}] and kind["rules"] == ["always DI"]
    assert told["dated"] == [{"valid_from": "2027-01-01", "valid_until": None}]
    page = tmp_path / "guide.html"
    assert run(monkeypatch, capsys, "guide", "show", "bluepeak", "810", "--html", page, "-c", conf).code == 0
    assert "<h1>bluepeak: 810 Invoice, 004010</h1>" in page.read_text() and "debit invoice" in page.read_text()


def test_two_guides_are_compared(conf: Path, monkeypatch, capsys) -> None:
    told = run(monkeypatch, capsys, "guide", "diff", "bluepeak", "cedarmill", "--json", "-c", conf)
    assert told.code == 1
    differences = {(one["set"], one["about"]): (one["before"], one["after"]) for one in json.loads(told.out)}
    assert differences["", "product_id_qualifiers"] == ("UP, VP", "VP, BP")
    assert differences["810", "BIG04"] == ("required", "")
    assert differences["810", "PO4 for each IT1 where IT103 is CA"] == ("required", "")
    assert differences["810", "from 2027-01-01 until further notice: ITD"] == ("required", "")
    assert differences["850", "997"] == ("", "within 4 h")
    only = json.loads(run(monkeypatch, capsys, "guide", "diff", "bluepeak", "cedarmill", "850", "--json", "-c", conf).out)
    assert {one["set"] for one in only} == {"850"}
    same = run(monkeypatch, capsys, "guide", "diff", "bluepeak", "bluepeak", "-c", conf)
    assert (same.code, same.out) == (0, "no differences\n")


def test_two_files_are_compared_without_a_configuration(conf: Path, monkeypatch, capsys, tmp_path: Path) -> None:
    old = conf / "partners" / "bluepeak.yaml"
    new = tmp_path / "bluepeak_2027.yaml"
    new.write_text(old.read_text().replace("BIG07: DI", "BIG07: DR"))
    table = run(monkeypatch, capsys, "guide", "diff", old, new)
    assert table.code == 1 and "always DI" in table.out and "always DR" in table.out
    new.write_text(old.read_text().replace("BIG07: DI", "BIG07: DRX"))
    wrong = run(monkeypatch, capsys, "guide", "diff", old, new)
    assert wrong.code == 2 and f"{new}:" in wrong.err and "can never be 'DRX'" in wrong.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bluepike", "810"), "There are: bluepeak, cedarmill"),
        (("bluepeak", "837"), "there is no grammar for 837 in 004010"),
        (("nowhere.yaml", "810"), "cannot be read"),
    ],
)
def test_what_cannot_be_shown_is_said(conf: Path, monkeypatch, capsys, arguments: tuple[str, ...], says: str) -> None:
    ran = run(monkeypatch, capsys, "guide", "show", *arguments, "-c", conf)
    assert ran.code == 2 and says in ran.err and ran.out == ""


def test_sample_partners_are_listed_and_added(tmp_path: Path, monkeypatch, capsys) -> None:
    def init(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["mlconn", "init", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    code, listed, _ = init("--samples")
    assert code == 0 and "maple_ridge: A Canadian retailer" in listed and listed.count("\n") == 6
    code, written, _ = init(tmp_path / "conf", "--sample", "maple_ridge", "--sample", "doorstep_direct")
    assert code == 0 and str(tmp_path / "conf" / "partners" / "doorstep_direct.yaml") in written
    assert run(monkeypatch, capsys, "guide", "show", "maple_ridge", "810", "-c", tmp_path / "conf").code == 0
    code, added, _ = init(tmp_path / "conf", "--sample", "torsion_motors")
    assert code == 0 and "add torsion_motors to `partners`" in added
    assert init(tmp_path / "conf", "--sample", "torsion")[0] == 2
    code, _, complaint = init()
    assert code == 2 and "mlconn init DIR" in complaint
