"""Commands on a sync integration, against both simulated systems."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.cli.app import main
from mlconn_pipelines.reports.tables import read_table
from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, NAME, SyncScene, sync_scene

pytestmark = pytest.mark.database


@pytest.fixture
def scene(tmp_path: Path, ledger_database: str) -> Iterator[SyncScene]:
    with sync_scene(tmp_path, ledger_database) as made:
        yield made


@pytest.fixture
def mlconn(
    scene: SyncScene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any]]:
    """The program in this process; its exit code and what it printed, as JSON but for what is shown."""

    def run(*arguments: str) -> tuple[int, Any]:
        with monkeypatch.context() as patched:
            for name, value in scene.environment.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["mlconn", *arguments, *([] if "show" in arguments else ["--json"])])
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr().out
        return int(ended.value.code or 0), said if "show" in arguments else json.loads(said)

    return run


def test_check_run_and_reprocess(scene: SyncScene, mlconn: Callable[..., tuple[int, Any]]) -> None:
    code, rows = mlconn("check")
    assert code == 0 and {row["integration"] for row in rows} == {NAME}
    assert {"configuration", "SAP Business One", "Salesforce"} <= {row["system"] for row in rows}
    (won,) = scene.org.win(1)
    account = scene.deal(won["Id"])["AccountId"]
    with scene.org.lock:
        known_as = scene.org.store.get("Account", account).values["AccountNumber"]
    scene.org.edit("Account", account, {"AccountNumber": None})
    code, told = mlconn("run", NAME, "--here")
    assert code == 1 and {step["flow"] for step in told["steps"]} == {"opportunities", "orders"}
    (held,) = scene.documents("opportunities")
    scene.org.edit("Account", account, {"AccountNumber": known_as})
    code, (outcome,) = mlconn("reprocess", held.id)
    assert (code, outcome["after"]) == (0, "posted")
    assert mlconn("recover")[0] == 0
    assert mlconn("run", NAME, "--here", "--flow", "orders")[0] == 0
    assert scene.deal(won["Id"])["ERP_Order_Number__c"] and len(scene.made()) == 1
    code, shown = mlconn("documents", "show", held.id)
    assert code == 0 and "X12" not in shown and "Trading partner" not in shown
    assert f"{held.id}: sales order {scene.deal(won['Id'])['Name']}" in shown and f"Business partner ({known_as})" in shown


def test_fields_are_traced_from_system_to_system_and_documents_exported(
    scene: SyncScene,
    mlconn: Callable[..., tuple[int, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene.org.win(1, lines=2)
    scene.run()
    (deal,), (order,) = scene.documents("opportunities"), scene.documents("orders")

    def origins(document: str) -> dict[str, str]:
        code, told = mlconn("documents", "trace", document)
        assert code == 0
        return {
            one["name"]: ", ".join(origin["place"] or origin["kind"] for origin in one["origins"]) for one in told["traced"]
        }

    came_from = origins(deal.id)
    assert came_from["CardCode"] == "Account.AccountNumber" and came_from["NumAtCard"] == "PO_Number__c"
    assert came_from["DocumentLines[1].Quantity"] == "OpportunityLineItems[1].Quantity"
    assert came_from["DocDate"] == "CloseDate" and came_from["U_MLConnRef"] == "our reference"
    back = origins(order.id)
    assert back["ERP_Order_Number__c"] == "DocNum" and back["ERP_As_Of__c"] == "of the claim"
    monkeypatch.setattr(sys, "argv", ["mlconn", "export", "documents", NAME])
    for name, value in scene.environment.items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert not ended.value.code and {(row["flow"], row["set"], row["state"]) for row in rows} == {
        ("opportunities", "sales_order", "posted"),
        ("orders", "sales_order_status", "posted"),
    }


def test_both_sides_are_compared_by_hand(scene: SyncScene, mlconn: Callable[..., tuple[int, Any]]) -> None:
    deal = scene.deal(scene.org.win(1)[0]["Id"])
    scene.run()
    code, (told,) = mlconn("compare", NAME)
    assert (code, told["flow"], told["remaining"], told["written_again"]) == (0, "opportunities", [], [])
    ((day,),) = (told["days"],)
    assert (day["due"], day["made"], day["due_amount"]) == (1, 1, day["made_amount"])
    assert mlconn("compare", NAME, "--deleted") == (0, [])
    order = scene.made()[0]["DocEntry"]
    scene.erp.change("Orders", order, DocTotal=scene.erp.record("Orders", order)["DocTotal"] + 1)
    code, (told,) = mlconn("compare", NAME)
    assert code == 1 and told["remaining"][0]["number"] == deal["Name"] and "is over" in told["remaining"][0]["words"]


def test_link_proposes_and_writes_the_codes_that_were_decided(
    tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with sync_scene(tmp_path, ledger_database, mode="preview", flows={**FLOWS, **ACCOUNT_FLOWS}) as scene:
        there = scene.erp.add_partner(CardName="NORTHWIND Incorporated")
        key = scene.org.add("Account", {"Name": "Northwind, Inc.", "Type": "Customer"})
        for name, value in scene.environment.items():
            monkeypatch.setenv(name, value)

        def link(*options: str) -> tuple[int, str]:
            monkeypatch.setattr(sys, "argv", ["mlconn", "link", NAME, *options])
            with pytest.raises(SystemExit) as ended:
                main()
            shown = capsys.readouterr()
            return int(ended.value.code or 0), shown.out + shown.err

        table = tmp_path / "links.csv"
        code, said = link("--output", str(table))
        assert code == 0 and "1 of them pairs" in said, said
        rows = read_table(("account_id", "customer_code", "because", "decision"), table)
        assert (rows[0]["account_id"], rows[0]["customer_code"], rows[0]["because"]) == (key, there, "same name")
        assert scene.account(key)["AccountNumber"] is None
        table.write_text(f"account_id,card_code,decision\n{key},{there},link\n{key},NOBODY,link\n", encoding="utf-8")
        assert link("--apply", str(table))[0] == 2 and scene.account(key)["AccountNumber"] is None
        table.write_text(f"account_id,customer_code,decision\n{key},{there},link\n001,NOBODY,link\n", encoding="utf-8")
        code, said = link("--apply", str(table))
        assert code == 1 and "1 of 2 accounts" in said and "there is no account 001" in said
        assert scene.account(key)["AccountNumber"] == there
        assert link("--output", str(tmp_path / "links.txt"))[0] == 2 and link()[0] == 2
