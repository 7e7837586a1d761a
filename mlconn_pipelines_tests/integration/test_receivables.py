"""What customers owe in SAP, on their accounts in Salesforce, against both simulated systems and a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines_tests.integration.sync_scene import FLOWS, SyncScene, sync_scene

pytestmark = pytest.mark.database

FIELDS = {
    "balance": "ERP_Balance__c",
    "credit_limit": "ERP_Credit_Limit__c",
    "overdue": "ERP_Overdue__c",
    "status": "ERP_Status__c",
    "as_of": "ERP_As_Of__c",
}
OWED = {"to": "account_balances", "currency": "USD", "fields": FIELDS, "without_account": "ignore"}
FLOW = "receivables"
LINES = [{"ItemCode": "A1001", "Quantity": 2, "UnitPrice": 50}]


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., SyncScene]]:
    with ExitStack() as stack:

        def made(profile: str = "sales_cloud", **settings: Any) -> SyncScene:
            flows = {**FLOWS, FLOW: {**OWED, **settings}}
            return stack.enter_context(sync_scene(tmp_path, ledger_database, profile=profile, flows=flows))

        yield made


def accounts(scene: SyncScene) -> dict[str, dict[str, Any]]:
    with scene.org.lock:
        return {one.values["AccountNumber"]: {"Id": one.id, **one.values} for one in scene.org.store.all("Account")}


def differs(scene: SyncScene) -> list[str]:
    """Customers with an account that shows another balance."""

    def amount(values: dict[str, Any], name: str) -> Decimal:
        return Decimal(str(values.get(name) or 0))

    cards = {code: scene.erp.record("BusinessPartners", code) for code in accounts(scene)}
    told = accounts(scene)
    return [code for code in told if amount(told[code], "ERP_Balance__c") != amount(cards[code], "CurrentAccountBalance")]


def test_balances_are_written_together_and_afterwards_only_what_moved(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    code, other = sorted(accounts(scene))[:2]
    scene.erp.add_document("Invoices", CardCode=code, DocDueDate="2020-01-01", DocumentLines=LINES)
    scene.run(FLOW)
    assert scene.states(FLOW) == {"posted": 1} and differs(scene) == []
    account = accounts(scene)[code]
    assert (account["ERP_Balance__c"], account["ERP_Overdue__c"], account["ERP_Credit_Limit__c"]) == (100, 100, 50_000)
    assert account["ERP_Status__c"] == "Active" and account["ERP_As_Of__c"] is not None
    scene.run(FLOW)
    assert scene.states(FLOW) == {"posted": 1}
    before = accounts(scene)[other]
    scene.erp.receive_payment(code, 30)
    scene.run(FLOW)
    assert accounts(scene)[code]["ERP_Balance__c"] == 70 and accounts(scene)[other] == before
    [last] = [row for row in scene.documents(FLOW) if row.line_count == 1]
    assert last.state == "posted" and scene.states(FLOW) == {"posted": 2}
