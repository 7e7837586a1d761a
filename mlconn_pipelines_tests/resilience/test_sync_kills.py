"""A process that dies at each step, while won deals become orders and their numbers go back: once each, and told rightly."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlconn_pipelines_tests.integration.sync_scene import NAME, sync_scene
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
