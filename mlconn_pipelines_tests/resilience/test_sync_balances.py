"""What customers owe while answers are none, wrong or late: the accounts show it in the end, and nothing is left on hold."""

from __future__ import annotations

import random
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, FLOWS, SyncScene, sync_scene
from mlconn_pipelines_tests.resilience.sync_rounds import arm, menus, scene_options

pytestmark = [pytest.mark.database, pytest.mark.slow]

FLOW = "receivables"
LIES = ("200_duplicate", "200_empty", "200_empty_list", "200_error", "200_html", "200_null", "200_truncated")
OWED = {"to": "account_balances", "currency": "USD", "without_account": "ignore"}
LINES = [{"ItemCode": "A1001", "Quantity": 2, "UnitPrice": 50}]


def shown(scene: SyncScene) -> dict[str, Decimal]:
    with scene.org.lock:
        values = [one.values for one in scene.org.store.all("Account")]
    return {one["AccountNumber"]: Decimal(str(one.get("ERP_Balance__c") or 0)) for one in values}


def owed(scene: SyncScene) -> dict[str, Decimal]:
    return {code: Decimal(str(scene.erp.record("BusinessPartners", code)["CurrentAccountBalance"])) for code in shown(scene)}


def run(scene: SyncScene) -> bool:
    """Whether it went through."""
    try:
        scene.run(FLOW)
    except ConnectorError:
        return False
    return True


@pytest.mark.parametrize(("rounds", "seed"), [(10, 3), pytest.param(120, 4, marks=pytest.mark.nightly)])
def test_accounts_show_what_is_owed_whatever_answers_were(tmp_path: Path, ledger_database: str, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    options: dict[str, Any] = scene_options(1)
    with sync_scene(tmp_path, ledger_database, flows={**FLOWS, FLOW: OWED}, **options) as scene:
        codes = sorted(shown(scene))
        arm(scene, seed, lies=LIES)
        for _ in range(rounds):
            code = dice.choice(codes)
            if dice.random() < 0.5:
                scene.erp.add_document("Invoices", CardCode=code, DocumentLines=LINES)
            else:
                scene.erp.receive_payment(code, dice.randint(1, 90))
            run(scene)
            scene.hours_pass()
        given = sum(menu.given["random"] for menu in menus(scene).values())
        for menu in menus(scene).values():
            menu.disarm()
        for _ in range(5):
            time.sleep(ABSENCE_S)
            scene.hours_pass()
            assert run(scene)
        assert shown(scene) == owed(scene) and given > rounds / 5
        assert set(scene.states(FLOW)) <= {"posted", "processed"}
