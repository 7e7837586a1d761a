"""`mlconn explain`: reasons and findings of the X12 engine in words; docs/findings.md and the lists say the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.cli.app import main
from mlconn_pipelines.cli.document_report import paragraphs
from mlconn_pipelines.cli.explain import explanations, page
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.findings import KINDS

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"


def mlconn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["mlconn", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_a_reason_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = mlconn(monkeypatch, capsys, "explain", "product_id_missing")
    assert code == 0
    assert Reason.PRODUCT_ID_MISSING.meaning in out and "reference data: " in out and "a person" not in out


def test_a_finding_of_the_engine_is_explained_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = mlconn(monkeypatch, capsys, "explain", "element_long", "--json")
    found = json.loads(out)
    assert (code, found["kind"], found["severity"], found["acknowledgment"]) == (0, "x12", "reject", "AK403=5")
    assert "partner" in found["cures"]


@pytest.mark.parametrize(
    ("asked", "near"),
    [("item_unknwn", "item_unknown"), ("barcode", "product_id_missing"), ("ISA13", "interchange_number_invalid")],
)
def test_an_unknown_code_names_near_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: str, near: str
) -> None:
    code, out, err = mlconn(monkeypatch, capsys, "explain", asked)
    assert (code, out) == (2, "")
    assert near in err and err.count("\n") == 1


def test_all_of_them_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = mlconn(monkeypatch, capsys, "explain", "--json")
    assert {one["code"] for one in json.loads(out)} == {reason.value for reason in Reason} | set(KINDS)


def test_every_finding_of_the_engine_has_its_sentence() -> None:
    assert [code for code, kind in KINDS.items() if not kind.meaning.endswith(".") or not kind.meaning[0].isupper()] == []


def test_the_page_says_what_the_program_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "mlconn explain --markdown > docs/findings.md"
    assert [one.code for one in explanations() if f"| `{one.code}` |" not in page()] == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("product_id_missing", "is checked again once it was read there"),
        ("business_duplicate", "approve, dismiss or reprocess it"),
        ("code_of_another_release", "It is on hold"),
    ],
)
def test_the_story_of_a_document_says_what_cures_it(code: str, says: str) -> None:
    row: dict[str, Any] = dict.fromkeys(
        (
            "document_date",
            "amount",
            "partner",
            "partner_code",
            "change",
            "next_attempt_at",
            "links",
            "responds_to",
            "exception",
        ),
        "",
    )
    row |= {"id": "D1", "state": "on_hold", "reason": "It waits.", "reason_code": code, "exception_code": "", "set_id": "810"}
    row |= {"direction": "outbound", "business_number": "1", "line_count": 1, "currency": "", "integration": "acme"}
    row |= {"flow": "x12_810", "first_seen_at": "", "partition": "", "source_key": "1", "revision": 1, "preview": False}
    row |= {"approved": False, "findings": [], "amount": None}
    empty: dict[str, list[Any]] = {
        name: [] for name in ("received_in", "claims", "acknowledgments", "linked", "revisions", "audit")
    }
    told = "\n".join(paragraphs({"document": row, **empty}))
    assert says in told and "mlconn dismiss D1" in told
