"""A process that dies at each step, while deals become orders, accounts customers and balances go back: once each, and told rightly."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, NAME, SyncScene, sync_scene
from mlconn_pipelines_tests.integration.test_accounts import a_new_customer
from mlconn_pipelines_tests.integration.test_receivables import OWED, accounts, differs
from mlconn_pipelines_tests.resilience.conftest import TIME_OUT_S, Start
from mlconn_pipelines_tests.resilience.sync_rounds import account, settle

pytestmark = [pytest.mark.database, pytest.mark.slow]

IN_THE_ACT = ("after claim", "after sending", "after {act}", "after complete")
STEPS = ("after store_fetched", "after store_checked", *IN_THE_ACT)
"""From the first record that is read to the last word of the ledger. `after sending` is before the request."""

MADE = frozenset({"after create", "after complete"})


@pytest.mark.parametrize(("flow", "act", "steps"), [("opportunities", "create", STEPS), ("orders", "update", IN_THE_ACT)])
def test_an_order_is_made_once_and_its_number_told(
    tmp_path: Path, ledger_database: str, start: Start, flow: str, act: str, steps: tuple[str, ...]
) -> None:
    """A deal for each step, one after another in one scene."""
    with sync_scene(tmp_path, ledger_database, act_time_out_s=TIME_OUT_S) as scene:
        scene.run()
        for number, step in enumerate(steps):
            (won,) = scene.org.win(1)
            if flow == "orders":
                scene.run("opportunities")
            at = step.format(act=act)
            start(scene, flow, at=at, integration=NAME).go().died()
            assert len(scene.made()) == number + (flow == "orders" or at in MADE), at
            for _ in range(2):
                scene.hours_pass()
                scene.run(flow)
            assert scene.states(flow) == {"posted": number + 1}, at
            assert flow == "opportunities" or scene.deal(won["Id"])["ERP_Order_Number__c"], at
        settle(scene)
        made = account(scene)
        assert made.wrong == {} and made.states == {"posted": len(steps), "back posted": len(steps)}


def test_an_account_becomes_one_customer_and_learns_its_code(tmp_path: Path, ledger_database: str, start: Start) -> None:
    """A new customer for each step: it is made once, whoever died, and the deal that waited for it gets its order."""
    with sync_scene(tmp_path, ledger_database, flows={**FLOWS, **ACCOUNT_FLOWS}, act_time_out_s=TIME_OUT_S) as scene:
        scene.run()
        for number, step in enumerate(STEPS, start=1):
            at = step.format(act="create")
            key = a_new_customer(scene, f"Northwind {number}")
            start(scene, "accounts", at=at, integration=NAME).go().died()
            assert len(scene.partners()) == number - (at not in MADE), at
            _goes_on(scene, "accounts", "customer_codes")
            (made,) = [one for one in scene.partners() if one["CardName"] == f"Northwind {number}"]
            assert scene.account(key)["AccountNumber"] == made["CardCode"], at
            states = scene.states("accounts")
            assert (states.pop("posted"), set(states)) == (number, {"processed"}), "others were customers before"
        settle(scene)
        customers = {one["CardCode"] for one in scene.partners()}
        assert len(customers) == len(scene.partners()) == len(STEPS)
        assert sorted(order["CardCode"] for order in scene.made()) == sorted(customers)


OF_ROWS = (("store", 1), ("store", 2), ("store_fetched", 1), ("take", 1), ("claim", 1), ("sending", 1))
"""From the first row that is stored to the word before the request, each with how often it is reached until then."""

ROWS_WRITTEN = (("upsert", 1), ("ended", 2), ("complete", 1))


def test_balances_are_right_in_the_end_whoever_died(tmp_path: Path, ledger_database: str, start: Start) -> None:
    """A payment for each step; while it is not known what became of a collection nobody else writes its rows."""
    with sync_scene(tmp_path, ledger_database, flows={**FLOWS, "receivables": OWED}, act_time_out_s=TIME_OUT_S) as scene:
        scene.run("receivables")
        codes = sorted(accounts(scene))
        assert differs(scene) == []
        for number, (step, nth) in enumerate((*OF_ROWS, *ROWS_WRITTEN)):
            code = codes[number % len(codes)]
            scene.erp.receive_payment(code, 10 + number)
            start(scene, "receivables", at=f"after {step}", nth=nth, integration=NAME).go().died()
            assert differs(scene) == ([] if (step, nth) in ROWS_WRITTEN else [code]), step
            scene.erp.receive_payment(codes[(number + 1) % len(codes)], 5)
            _goes_on(scene, "receivables")
            assert differs(scene) == [], step
            assert set(scene.states("receivables")) == {"posted"}, step


def test_a_first_reading_of_balances_that_died_is_done_again(tmp_path: Path, ledger_database: str, start: Start) -> None:
    with sync_scene(tmp_path, ledger_database, flows={**FLOWS, "receivables": OWED}, act_time_out_s=TIME_OUT_S) as scene:
        for code in sorted(accounts(scene)):
            scene.erp.receive_payment(code, 7)
        for step in ("store", "take", "upsert"):
            start(scene, "receivables", at=f"after {step}", integration=NAME).go().died()
        _goes_on(scene, "receivables")
        assert differs(scene) == [] and set(scene.states("receivables")) == {"posted"}


def _goes_on(scene: SyncScene, *flows: str) -> None:
    for _ in range(2):
        scene.hours_pass()
        scene.org.clock.move(dt.timedelta(seconds=2))
        scene.run(*flows)
