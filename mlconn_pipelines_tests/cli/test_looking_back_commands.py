"""`mlconn backtest`, `documents trace` and `documents rerender` over a small scene: what they print and how they end."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlconn_pipelines.cli.app import main
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.scenario import Scene, scene

pytestmark = pytest.mark.database

Mlconn = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sent(tmp_path: Path, ledger_database: str) -> Iterator[Scene]:
    """Two invoices delivered, one order received and posted."""
    with scene(tmp_path, ledger_database, documents=0, initial_orders=0, only=["northwind"]) as opened:
        clerks.invoice(opened)
        clerks.invoice(opened)
        opened.partner.send_orders(1, partner="northwind")
        opened.settle()
        yield opened


@pytest.fixture
def mlconn(sent: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mlconn:
    def run(*arguments: str, without: tuple[str, ...] = ()) -> tuple[int, str, str]:
        with monkeypatch.context() as patched:
            for name, value in sent.environment.items():
                patched.setenv(name, value)
            for name in without:
                patched.delenv(name)
            patched.setattr(sys, "argv", ["mlconn", *arguments])
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def changed(scene: Scene, **rules: Any) -> Path:
    folder = scene.folder / "tried"
    shutil.copytree(scene.settings.config, folder)
    file = folder / "partners" / "northwind.yaml"
    written = yaml.safe_load(file.read_text())
    written["x12"]["sets"] = {"810": rules}
    file.write_text(yaml.safe_dump(written, sort_keys=False, allow_unicode=True))
    return folder


def test_received_originals_are_read_again_and_what_would_differ_is_told(mlconn: Mlconn, sent: Scene) -> None:
    code, out, err = mlconn("backtest", "acme", "--received", "--days", "3", without=("MLCONN_VAULT_KEY",))
    assert (code, err) == (0, "") and "today's rules treat all of them as they were" in out
    folder = changed(sent)
    file = folder / "partners" / "northwind.yaml"
    written = yaml.safe_load(file.read_text())
    written["x12"]["sets"] = {"850": {"required": ["FOB01"]}}
    file.write_text(yaml.safe_dump(written, sort_keys=False, allow_unicode=True))
    code, out, _ = mlconn("backtest", "acme", "--received", "--days", "3", "--config", str(folder))
    assert code == 1 and "would treat 1 otherwise. Nothing was written, sent or posted." in out
    assert "refused by our 997" in out and "guide_segment_missing" in out
    code, out, _ = mlconn("backtest", "acme", "--received", "--since", "2000-01-01", "-c", str(folder), "--json")
    told = json.loads(out)
    (group,) = told["groups"]
    assert (code, told["not_compared"], group["partner"], group["today"], group["then"]) == (
        1,
        0,
        "northwind",
        "refused",
        "taken in",
    )
    assert group["documents"] == 1 and group["examples"][0]["file"].endswith(".edi")
    code, _, err = mlconn("backtest", "acme", "--received", "--days", "3", "--flow", "inbound")
    assert code == 2 and "not for --received" in err


def test_backtests_tell_what_would_differ_and_end_accordingly(mlconn: Mlconn, sent: Scene) -> None:
    code, out, _ = mlconn("backtest", "acme", "--since", "2000-01-01")
    assert code == 0 and "byte for byte" in out
    code, out, _ = mlconn("backtest", "acme", "--since", "2000-01-01", without=("MLCONN_VAULT_KEY",))
    assert code == 0  # it needs no key of the vault
    folder = changed(sent, fixed={"BIG07": "CN"})
    page = sent.folder / "report.html"
    code, out, _ = mlconn("backtest", "acme", "--since", "2000-01-01", "--config", str(folder), "--html", str(page))
    assert code == 1 and "x12.sets.810.fixed.BIG07" in out and "2 would change" in out
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>") and "x12.sets.810.fixed.BIG07" in html and "<script" not in html
    code, out, _ = mlconn("backtest", "acme", "--since", "2000-01-01", "-c", str(folder), "--flow", "x12_810", "--json")
    told = json.loads(out)
    assert (code, told["documents"], told["different"], told["refused"]) == (1, 2, 2, 0)
    assert told["groups"][0]["place"] == "BIG07" and len(told["differing"]) == 2
    assert told["flows"][0]["difference"] in ("0", "0.0", "0.00")
    code, _, err = mlconn("backtest", "acme")
    assert code == 2 and "either --since or --days is wanted" in err
    code, out, _ = mlconn("backtest", "acme", "--since", "2099-01-01")
    assert code == 0 and "no documents" in out
    assert len(sent.uploads("810")) == 2


def test_wrong_use_of_a_backtest_ends_with_two(mlconn: Mlconn, sent: Scene) -> None:
    for arguments in (
        ("acme",),
        ("nobody", "--since", "2000-01-01"),
        ("acme", "--since", "2026-02-01", "--until", "2026-01-01"),
        ("acme", "--since", "2000-01-01", "--flow", "x12_999"),
        ("acme", "--since", "2000-01-01", "--config", str(sent.folder / "nowhere")),
        ("acme", "--since", "2000-01-01", "--html", str(sent.folder / "nowhere" / "report.html")),
    ):
        code, out, said = mlconn("backtest", *arguments)
        assert (code, out) == (2, "") and said, arguments


def test_a_sent_invoice_is_traced_and_rendered_again(mlconn: Mlconn, sent: Scene) -> None:
    row = sent.documents("x12_810")[0]
    code, out, said = mlconn("documents", "trace", row.id)
    assert (code, said) == (0, "")
    lines = {tuple(cell.strip() for cell in line.split("│")) for line in out.splitlines()}
    assert any(line[1:2] == ("BIG02",) and line[-1] == "DocNum" for line in lines)
    assert any(line[0].endswith(f"*{row.business_number}**PO-nort") or "BIG*" in line[0] for line in lines)
    assert "UpdateDate" not in out and "UpdateDate" in mlconn("documents", "trace", row.id, "--all")[1]
    told = json.loads(mlconn("documents", "trace", row.id, "--json")[1])
    (number,) = [one for one in told["traced"] if one["name"] == "BIG02"]
    assert number["value"] == row.business_number
    assert number["document"] == ["number"] and number["origins"] == [{"kind": "record", "place": "DocNum", "how": "value"}]
    assert told["same_as_stored"] is True and told["set_id"] == "810"

    code, out, _ = mlconn("documents", "rerender", row.id)
    assert code == 0 and "the same" in out
    assert json.loads(mlconn("documents", "rerender", row.id, "--json")[1])["identical"] is True
    sent.reconfigure(partners={"northwind": {"x12": {"sets": {"810": {"fixed": {"BIG07": "CN"}}}}}})
    code, out, _ = mlconn("documents", "rerender", row.id)
    assert code == 1 and "BIG07" in out
    assert "sent otherwise" in mlconn("documents", "trace", row.id)[2]


def test_what_a_partner_has_sent_is_listed_by_element(mlconn: Mlconn, sent: Scene) -> None:
    code, out, _ = mlconn("partner", "coverage", "northwind", "--all", "--json", without=("MLCONN_VAULT_KEY",))
    found = json.loads(out)
    assert code == 0 and found["integration"] == "acme" and found["sets"]["850"] == 1
    rows = {row["element"]: row for row in found["elements"] if row["set"] == "850"}
    (order,) = sent.documents("inbound", set_ids=("850",))
    assert (rows["BEG03"]["what becomes of it"], rows["BEG03"]["example"]) == ("read", order.business_number)


def test_fields_of_records_that_were_not_written_are_listed(mlconn: Mlconn, sent: Scene) -> None:
    code, out, _ = mlconn("partner", "coverage", "northwind", "--sent", "--all", "--json")
    rows = {row["field"]: row for row in json.loads(out)["fields"] if row["set"] == "810"}
    assert code == 0 and rows["DocNum"]["written to"] == "BIG02" and rows["DocNum"]["documents"] == 2
    assert rows["DocEntry"]["written to"] == "nothing"
    code, out, _ = mlconn("partner", "coverage", "northwind", "--sent")
    assert code == 0 and "DocEntry" in out and "DocNum" not in out


def test_a_received_order_is_traced(mlconn: Mlconn, sent: Scene) -> None:
    (order,) = sent.documents("inbound", State.POSTED, set_ids=("850",))
    code, out, _ = mlconn("documents", "trace", order.id)
    assert code == 0
    cells = [[cell.strip() for cell in line.split("│")] for line in out.splitlines()]
    assert any(
        row[1:4] == ["BEG03", order.business_number, "number"] and "NumAtCard" in row[4] for row in cells if len(row) > 4
    )
    assert any(row[0] == "NumAtCard" and row[-1].startswith("BEG03") for row in cells)
    code, _, said = mlconn("documents", "rerender", order.id)
    assert code == 2 and "has not been sent" in said
    assert mlconn("documents", "trace", "D9999999")[0] == 2
