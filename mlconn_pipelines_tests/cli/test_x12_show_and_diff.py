"""`mlconn x12 show` and `mlconn x12 diff`: what people read of a file, and of two."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from mlconn_pipelines_tests.cli.x12_commands import run
from mlconn_pipelines_tests.flows.test_coverage import order
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of

WHOLE = interchange_of(*ORDER, terminator="~\n")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "a.edi").write_bytes(WHOLE)
    (tmp_path / "b.edi").write_bytes(WHOLE.replace(b"*10*EA", b"*ten*EA").replace(b"000000007", b"000000008"))
    return tmp_path


def test_a_file_is_shown_with_names_and_meanings(files: Path, monkeypatch, capsys) -> None:
    shown = run(monkeypatch, capsys, "show", files / "a.edi")
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert "      REF  Reference Identification" in lines
    assert "          REF01  reference qualifier  DP  (department)" in lines
    assert any(line.split() == ["DTM02", "date", "20260315", "(2026-03-15)"] for line in lines)
    assert "        N3  Address Information" in lines, "members of a loop stand within it"


def test_a_finding_stands_under_its_segment(files: Path, monkeypatch, capsys) -> None:
    shown = run(monkeypatch, capsys, "show", files / "b.edi")
    assert shown.code == 1
    after_line = shown.out.partition("      PO1  Baseline Item Data\n")[2].partition("PID  Product")[0]
    assert "! rejected: PO102" in after_line and "(AK403=6)" in after_line


def test_a_file_as_a_page(files: Path, monkeypatch, capsys) -> None:
    (files / "c.edi").write_bytes(WHOLE.replace(b"Store 12", b"<b>Store</b>"))
    written = run(monkeypatch, capsys, "show", files / "c.edi", "--html", files / "c.html")
    page = (files / "c.html").read_text(encoding="utf-8")
    assert written.out.strip() == str(files / "c.html")
    assert "Beginning Segment for Purchase Order" in page and "&lt;b&gt;Store" in page and "<b>Store" not in page
    nowhere = run(monkeypatch, capsys, "show", files / "c.edi", "--html", files / "no" / "c.html")
    assert nowhere.code == 2 and "cannot be written" in nowhere.err


def test_two_files_are_compared(files: Path, monkeypatch, capsys) -> None:
    assert run(monkeypatch, capsys, "diff", files / "a.edi", files / "a.edi").out == "no differences\n"
    table = run(monkeypatch, capsys, "diff", files / "a.edi", files / "b.edi", "--ignore-envelope")
    assert table.code == 1
    (row,) = [line for line in table.out.splitlines() if "PO102" in line]
    assert [cell.strip() for cell in row.split("│")] == ["10", "10", "PO102", "Baseline Item Data", "10", "ten"]
    as_json = json.loads(run(monkeypatch, capsys, "diff", files / "a.edi", files / "b.edi", "--json").out)
    assert [(one["segment_id"], one["element"], one["before"], one["after"]) for one in as_json] == [
        ("ISA", 13, "000000007", "000000008"),
        ("PO1", 2, "10", "ten"),
        ("IEA", 2, "000000007", "000000008"),
    ]


def test_a_file_that_is_not_there(files: Path, monkeypatch, capsys) -> None:
    for arguments in (("show", "no.edi"), ("diff", files / "a.edi", "no.edi")):
        ran = run(monkeypatch, capsys, *arguments)
        assert ran.code == 2 and "no.edi cannot be read" in ran.err and ran.out == ""


CONTROLS = (
    b"ISA*00*          *00*          *ZZ*THEM           *ZZ*US             *260101*1200*U*00401*000000001*0*P*>~"
    b"GS*IN*THEM*US*20260101*1200*1*X*004010~ST*810*0001~BIG*20260101*INV\x1b]0;owned\x07\x1b[31m%s<script>alert(1)</script>**PO1~"
    b"N1*ST*\x1b[2J[bold red]x[/] <img src=x onerror=alert(1)>*92*1~IT1*1*1*EA*5**UP*123456789012~TDS*500~CTT*1~SE*7*0001~"
    b"GE*1*1~IEA*1*000000001~"
)


def test_control_characters_of_a_file_are_shown_and_not_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / name for name in ("one.edi", "other.edi")]
    for file, colour in zip(files, (b"RED", b"BLUE\xc2\x9d"), strict=True):
        file.write_bytes(CONTROLS % colour)
    page = tmp_path / "page.html"
    heard = ""
    for arguments in (["check", *files], ["check", "--json", *files], ["show", files[0]], ["diff", *files], ["diff", *files, "--json"],
                      ["show", files[0], "--html", page]):  # fmt: skip
        ran = run(monkeypatch, capsys, *arguments)
        heard += ran.out + ran.err
    heard += page.read_text(encoding="utf-8")
    assert r"\x1b[31mRED" in heard and "Traceback" not in heard
    assert [one for one in heard if unicodedata.category(one) == "Cc" and one != "\n"] == []
    assert "<script>alert" not in page.read_text(encoding="utf-8")


def test_what_no_field_of_the_document_holds_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "order.edi"
    file.write_bytes(order(1, "DIS*001*ZZ*1*EA*1", "TD3*TL"))
    shown = run(monkeypatch, capsys, "show", file)
    assert "~ no field of the document holds DIS: the document is held, because it states a price" in shown.out
    assert "~ no field of the document holds TD3: it is told on the document" in shown.out
    page = tmp_path / "order.html"
    run(monkeypatch, capsys, "show", file, "--html", page)
    assert "no field of the document holds DIS" in page.read_text()
