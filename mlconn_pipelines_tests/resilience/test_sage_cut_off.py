"""The tunnel cut for an hour with writes on the way, between an agent and a gateway that are processes of their own.

An hour is six lives of a write and twenty-four silences after which an agent counts as gone. All of these are a hundredth here.
"""

from __future__ import annotations

import time

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import TryLater
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.resilience.accounting import account
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.resilience.sage_machines import SageMachines
from mlconn_pipelines_tests.scenario import wait_until
from mlconn_pipelines_tests.systems.all_systems import SAGE
from mlconn_pipelines_tests.systems.sage_100.described import Sage100

pytestmark = [pytest.mark.database, pytest.mark.slow]

HOUR_S = 36.0
VENDOR = SAGE.partner
SETS = ("856", "810")


@pytest.fixture(autouse=True)
def hundredth(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's and the agent's own times are not touched: they wait for nothing that a cut makes longer."""
    for name, seconds in (("WRITE_LIFE_S", 6), ("READ_LIFE_S", 2), ("SILENT_AFTER_S", 2.5), ("WAIT_S", 1.0)):
        monkeypatch.setattr(f"mlconn_pipelines.flows.agent_desk.{name}", seconds)


@pytest.mark.parametrize("killed", [False, True], ids=["lives on", "is killed meanwhile"])
def test_the_tunnel_is_cut_for_an_hour_with_writes_on_the_way(stage: Stage, killed: bool) -> None:
    """A receipt is being saved, an invoice waits at the agent, another was never given: each is in Sage once in the end."""
    scene = stage(system=SAGE, late_max_s=3600, only=[VENDOR])
    sage = scene.system
    assert isinstance(sage, Sage100)
    numbers = [sage.order(scene) for _ in range(3)]
    scene.settle()

    def inbound() -> dict[str, dict[str, int]]:
        scene.run(INBOUND)
        scene.hours_pass()
        return {each: scene.states(INBOUND, set_ids=(each,), direction="inbound") for each in SETS}

    with SageMachines(scene, sage) as machines:
        hang = sage.sandbox.site.faults.arm("hang", "PO_Receipt_bus.nWrite")
        clerks.answer_order(scene, VENDOR, numbers[0], "856")
        assert wait_until(lambda: bool(inbound()) and hang.struck.is_set(), 60.0)
        clerks.answer_order(scene, VENDOR, numbers[1], "810")
        inbound()
        machines.cut()
        began = time.monotonic()
        clerks.answer_order(scene, VENDOR, numbers[2], "810")
        late = sage.order(scene)
        hang.let_go.set()
        assert wait_until(lambda: len(sage.entered("PO_ReceiptHeader")) == 1, 30.0)
        assert wait_until(lambda: machines.results_kept() == 1, 30.0), "the result waits in the journal"
        if killed:
            machines.kill("agent")
        while time.monotonic() - began < HOUR_S:
            states = inbound()
            assert states["856"] == {"outcome_unknown": 1}, states
            assert "posted" not in states["810"] and sum(states["810"].values()) == 2, states
            time.sleep(1.0)
        with pytest.raises(TryLater, match="Look whether its service runs"):
            scene.run("x12_850")
        assert machines.results_kept() == 1 and len(sage.entered("PO_ReceiptHeader")) == 1
        assert sage.entered("AP_InvoiceHeader") == []
        machines.mend()
        assert wait_until(lambda: inbound() == {"856": {"posted": 1}, "810": {"posted": 2}}, 120.0), inbound()
        assert wait_until(lambda: machines.results_kept() == 0, 30.0)
        scene.settle(done=lambda: bool(scene.received("850", late)))
        assert scene.states("x12_850") == {"accepted": 4}
    assert account(scene).wrong == {}
    assert sage.left_overs() == []
    assert [row.state for row in scene.documents(INBOUND, set_ids=SETS, direction="inbound")] == [State.POSTED] * 3
