"""What was stored by half is removed or finished; each removal answered once by each answer that is none. In the end: one whole record."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.resilience.liar import ALL_LIES, LATE_COMMIT, LOST_COMMIT, REPEATING, TIME_OUT_S, scene_options
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import BC, FO_BY_REQUESTS
from mlconn_pipelines_tests.systems.business_central.described import BusinessCentral
from mlconn_simulators.business_central.documents import remove_line
from mlconn_simulators.faults import Fault

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.usefixtures("eager")]

LIES = [lie for lie in ALL_LIES if lie != "200_looping"]
SOME = ["200_html", "200_error_after", LOST_COMMIT, LATE_COMMIT]
some_and_nightly_all = pytest.mark.parametrize(
    "lies", [SOME, pytest.param(LIES, marks=pytest.mark.nightly)], ids=["some", "all"]
)
LOOKS = 8
"""Runs after which everything is settled: a lie, what it left open, and the document itself tried again."""


def lied_to(scene: Scene, lie: str, path: str) -> Fault:
    name, options = ("slow", {"seconds": 2 * TIME_OUT_S}) if lie == LATE_COMMIT else (lie, {})
    return scene.system.faults.arm(name, path, method="DELETE", skip=int(lie in REPEATING), **options)


def settled(scene: Scene) -> None:
    for _ in range(LOOKS):
        scene.hours_pass()
        scene.run(INBOUND)


@some_and_nightly_all
@pytest.mark.parametrize("path", FO_BY_REQUESTS.post_paths)
def test_half_an_invoice_whose_removal_is_lied_about_is_there_once_or_not_at_all(
    stage: Stage, path: str, lies: Sequence[str]
) -> None:
    """Its second line is refused once, so that what was stored is taken back."""
    line = FO_BY_REQUESTS.post_paths[1]
    scene = stage(**scene_options(FO_BY_REQUESTS))
    scene.know_reference()
    for count, lie in enumerate(lies, start=1):
        (send,) = scene.system.to_be_sent(scene, 1)
        send()
        scene.system.faults.arm("write_refused", path=line, method="POST", skip=1)
        fault = lied_to(scene, lie, path)
        settled(scene)
        assert fault.left == 0 or lie in REPEATING, lie
        scene.system.faults.disarm()
        settled(scene)
        states = scene.system.inbound_states(scene)
        assert set(states) <= {"posted", "on_hold"} and sum(states.values()) == count, (lie, states)
        assert len(scene.system.created()) == states.get("posted", 0), lie
        assert scene.system.left_overs() == [], lie


@some_and_nightly_all
def test_half_an_order_whose_removal_is_lied_about_is_there_once(stage: Stage, lies: Sequence[str]) -> None:
    """The answer to its creation is lost, and of its lines one was not stored."""
    scene = stage(**scene_options(BC))
    scene.know_reference()
    assert isinstance(scene.system, BusinessCentral)
    company = scene.system.company
    for count, lie in enumerate(lies, start=1):
        scene.system.send(scene)
        scene.system.faults.arm("cut_after", path=BC.post_paths[0], method="POST")
        scene.run(INBOUND)
        assert scene.system.inbound_states(scene).get("outcome_unknown") == 1
        with company.lock:
            order = list(company.company.sets["salesOrders"])[-1]
            items = [one for one in company.company.lines_of(order) if one.values["lineType"] == "Item"]
            remove_line(company.company, items[-1])
        fault = lied_to(scene, lie, "/salesOrders(")
        settled(scene)
        assert fault.left == 0 or lie in REPEATING, lie
        scene.system.faults.disarm()
        settled(scene)
        assert scene.system.inbound_states(scene) == {"posted": count}, lie
        assert len(scene.system.created()) == count and scene.system.left_overs() == [], lie
