"""Errors that are about one document put it on hold after a few tries; those of a connection hold nobody back for good.

Of posts to each ERP; uploads to Cleo: `flows/test_sending.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import stamina

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.step_answers import IN_A_ROW_MAX
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.test_connections import set_credential
from mlconn_pipelines_tests.resilience.conftest import Mlconn, Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import BC, FO, SAP, SYSTEMS_OVER_HTTP, name_of
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.demo.configuration import ERP_CREDENTIAL

pytestmark = [pytest.mark.database, pytest.mark.slow]

FEW = 2
"""A limit that is reached soon; the one that nobody sets is five, and SAP is tried with that."""


def limit_of(system: type[System]) -> int:
    return 5 if system is SAP else FEW


def limited(system: type[System]) -> dict[str, int]:
    return {} if system is SAP else {"hold_after_failures": FEW}


@pytest.fixture(autouse=True)
def impatient() -> Any:
    """Failed reads are tried twice and without a wait."""
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


def hours(scene: Scene, flow: str, rounds: int, until: Callable[[], bool] = lambda: False) -> None:
    """Run after run, with all waits over in between."""
    for _ in range(rounds):
        with contextlib.suppress(ConnectorError):
            scene.run(flow)
        if until():
            return
        scene.hours_pass()


def alerts(scene: Scene) -> list[str]:
    return [
        row["text"]
        for row in scene.rows("SELECT text FROM alert WHERE cause LIKE 'failed_repeatedly:%%' AND resolved_at IS NULL")
    ]


def assert_held_with_its_words(scene: Scene, row: Any, fault: str, limit: int) -> None:
    assert (row.state, row.reason_code) == (State.ON_HOLD, "failed_repeatedly")
    words = {"500": "Internal error", "412": "precondition"}[fault]
    assert f"{limit} tries" in row.reason and words in row.reason
    assert [row.reason in text for text in alerts(scene)] == [True], "one alert"


@pytest.mark.parametrize(
    ("system", "fault", "count"),
    [
        *((SAP, "500", 3), (SAP, "412", 3), (BC, "500", 3), (FO, "412", 3)),
        *(pytest.param(*case, marks=pytest.mark.nightly) for case in ((SAP, "500", 50), (BC, "412", 50), (FO, "500", 50))),
    ],
    ids=name_of,
)
def test_one_poisoned_document_among_others_is_held_with_the_servers_words(
    stage: Stage, mlconn: Mlconn, system: type[System], fault: str, count: int
) -> None:
    """412 is a lock: somebody else was changing the record, so that nothing was stored."""
    scene = stage(system=system, only=[system.partner], late_max_s=3600, act_time_out_s=60.0, **limited(system))
    poisoned, *others = scene.system.send(scene, count)
    armed = scene.system.faults.arm(fault, system.post_paths[0], None, method="POST", holding=poisoned.business_number)
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene)["posted"] == len(others), "the others are done in the same run"
    hours(scene, INBOUND, 10, lambda: "on_hold" in scene.system.inbound_states(scene))
    (row,) = scene.system.inbound_documents(scene, State.ON_HOLD)
    assert_held_with_its_words(scene, row, fault, limit_of(system))
    assert scene.system.faults.given[fault] == limit_of(system)
    hours(scene, INBOUND, 2)
    assert scene.system.faults.given[fault] == limit_of(system), "no endless repetition"
    scene.system.faults.disarm(armed)
    assert mlconn(scene, "reprocess", row.id, "--reason", "they repaired it")[0] == 0
    scene.run(INBOUND)
    assert scene.system.inbound_states(scene) == {"posted": count} and alerts(scene) == []
    assert len(scene.system.created()) == count and scene.system.left_overs() == []


@pytest.mark.parametrize("system", SYSTEMS_OVER_HTTP, ids=name_of)
def test_a_post_that_always_gets_500_is_not_made_for_ever(stage: Stage, system: type[System]) -> None:
    """Nobody else is there to compare it with: that the system answers our looks is enough, since it answers by itself."""
    scene = stage(system=system, only=[system.partner], late_max_s=3600, act_time_out_s=60.0, **limited(system))
    scene.system.send(scene)
    scene.system.faults.arm("500", system.post_paths[0], None, method="POST")
    hours(scene, INBOUND, 8 if system is not SAP else 12)
    (row,) = scene.system.inbound_documents(scene)
    assert_held_with_its_words(scene, row, "500", limit_of(system))
    assert scene.system.faults.given["500"] == limit_of(system)


def test_waits_grow_between_the_tries(stage: Stage) -> None:
    scene = stage(only=["northwind"], act_time_out_s=60.0)
    scene.system.send(scene)
    scene.system.faults.arm("500", "/Orders", None, method="POST")
    waits: list[float] = []

    def noted() -> bool:
        rows = scene.rows(
            "SELECT extract(epoch FROM next_attempt_at - now())::float AS wait FROM document WHERE next_attempt_at > now()"
        )
        waits.extend(row["wait"] for row in rows)
        return len(waits) == 3

    hours(scene, INBOUND, 12, noted)
    assert [due / 2 < wait <= due for wait, due in zip(waits, (10, 20, 40), strict=True)] == [True] * 3, waits


@pytest.mark.parametrize(
    ("system", "fault"), [(SAP, "500"), (SAP, "429"), (SAP, "cut_before"), (BC, "503"), (FO, "500"), (FO, "429")], ids=name_of
)
def test_a_connection_in_trouble_puts_nothing_on_hold(stage: Stage, system: type[System], fault: str) -> None:
    """All posts draw the same, though reads work: that is nobody's document."""
    scene = stage(system=system, only=[system.partner], late_max_s=3600, act_time_out_s=60.0)
    sent = scene.system.send(scene, 3)
    down = scene.system.faults.arm(
        fault, system.post_paths[0], None, method="POST", **({"retry_after": 1} if fault == "429" else {})
    )
    hours(scene, INBOUND, 5)
    assert "on_hold" not in scene.system.inbound_states(scene)
    scene.system.faults.disarm(down)
    hours(scene, INBOUND, 4, lambda: scene.system.inbound_states(scene) == {"posted": 3})
    assert sorted(one.number for one in scene.system.created()) == sorted(one.business_number for one in sent)
    assert scene.system.left_overs() == [] and alerts(scene) == []


@pytest.mark.parametrize("system", SYSTEMS_OVER_HTTP, ids=name_of)
def test_a_refused_sign_in_holds_nobody(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600, hold_after_failures=FEW)
    scene.refresh_reference()
    scene.system.send(scene, 2)
    ended = scene.system.faults.arm(system.expired_fault, system.post_paths[0], None, method="POST")
    set_credential(scene, ERP_CREDENTIAL, scene.system.credential(sound=False))
    hours(scene, INBOUND, 4)
    assert set(scene.system.inbound_states(scene)) <= {"pending_validation", "ready"} and alerts(scene) == []
    assert scene.system.created() == []
    scene.system.faults.disarm(ended)
    set_credential(scene, ERP_CREDENTIAL, scene.system.credential())
    hours(scene, INBOUND, 2)
    assert scene.system.inbound_states(scene) == {"posted": 2}


def test_failures_in_a_row_end_a_step_and_leave_the_rest_as_it_was(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.system.send(scene, 20)
    scene.system.faults.arm("503", "/Orders", None, method="POST")
    (done,) = scene.run(INBOUND).values()
    assert "in a row failed" in done["post"].stopped
    states = scene.system.inbound_states(scene)
    assert states["outcome_unknown"] < IN_A_ROW_MAX + 4 and states["ready"] == 20 - states["outcome_unknown"]
    assert scene.rows("SELECT count(*) AS tried FROM document WHERE attempts > 0")[0]["tried"] == 0


TEN_MINUTES = 18
"""So many times in three hours."""


@pytest.mark.parametrize(
    ("system", "fault", "count", "rounds"),
    [
        *((SAP, "503", 12, 6), (BC, "503", 8, 4), (FO, "cut_before", 8, 4)),
        *(
            pytest.param(system, "503", 2000 if system is SAP else 200, TEN_MINUTES, marks=pytest.mark.nightly)
            for system in SYSTEMS_OVER_HTTP
        ),
        pytest.param(SAP, "cut_before", 2000, TEN_MINUTES, marks=pytest.mark.nightly),
    ],
    ids=name_of,
)
def test_an_erp_that_is_down_for_hours_gets_everything_when_it_is_up(
    stage: Stage, system: type[System], fault: str, count: int, rounds: int
) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=1e6, act_time_out_s=60.0)
    scene.know_reference()
    sends = scene.system.to_be_sent(scene, count)
    numbers = sorted(send().business_number for send in sends)
    # It goes down in the midst of the first posts.
    lost = scene.system.faults.arm(fault, count=None, skip=4)
    hours(scene, INBOUND, rounds)
    assert len(scene.system.created()) < count
    scene.system.faults.disarm(lost)
    hours(scene, INBOUND, 12, lambda: scene.system.inbound_states(scene) == {"posted": count})
    assert scene.system.inbound_states(scene) == {"posted": count}
    assert sorted(one.number for one in scene.system.created()) == numbers
    assert scene.system.left_overs() == [] and alerts(scene) == []


@pytest.mark.parametrize(("count", "rounds"), [(12, 6), pytest.param(2000, TEN_MINUTES, marks=pytest.mark.nightly)])
def test_a_cleo_that_is_down_for_hours_gets_everything_when_it_is_up(stage: Stage, count: int, rounds: int) -> None:
    scene = stage(only=["northwind"], act_time_out_s=60.0)
    scene.run("x12_810")
    numbers = sorted(clerks.invoice(scene).number for _ in range(count))
    lost = scene.cleo.faults.arm("503", "/api", count=None)
    hours(scene, "x12_810", rounds)
    assert scene.uploads() == []
    scene.cleo.faults.disarm(lost)
    hours(scene, "x12_810", 3, lambda: scene.states("x12_810") == {"sent": count})
    scene.settle()
    assert sorted(one.business_number for one in scene.received("810")) == numbers
    assert scene.states("x12_810") == {"accepted": count} and alerts(scene) == []
