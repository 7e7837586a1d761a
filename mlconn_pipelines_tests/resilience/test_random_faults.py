"""Hundreds of documents both ways while one answer in twenty is wrong: nothing twice, nothing lost, and a word for the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines_tests.resilience.accounting import account
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.resilience.random_faults import AFTER_STORING, BEFORE_STORING, arm, run_until_settled
from mlconn_pipelines_tests.systems.all_systems import BC, FO, SAGE, SAP, SYSTEMS_OVER_HTTP, name_of
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.partner.habits import Habits

pytestmark = [pytest.mark.database, pytest.mark.slow]

S = State
HABITS = replace(Habits(), late=0.05)


@pytest.mark.parametrize(
    ("system", "documents", "seed"),
    [
        (SAP, 400, 5),
        (BC, 60, 5),
        (FO, 60, 5),
        (SAGE, 40, 5),
        *(pytest.param(system, 2_000, 7, marks=pytest.mark.nightly) for system in SYSTEMS_OVER_HTTP),
        pytest.param(SAGE, 400, 7, marks=pytest.mark.nightly),
    ],
    ids=name_of,
)
def test_every_document_arrives_once_or_has_its_reason(stage: Stage, system: type[System], documents: int, seed: int) -> None:
    scene = stage(
        system=system,
        documents=documents,
        initial_orders=None,
        seed=seed,
        habits=HABITS,
        late_max_s=1.0,
        act_time_out_s=2.0,
        erp={"timeout_s": 1.0} if system.has_time_out else {},
        cleo={"timeout_s": 1.0},
    )
    scene.know_reference()
    arm(scene, seed)
    with scene.system.hasty():
        run_until_settled(scene)
    given = scene.system.faults.given + scene.cleo.faults.given
    made = account(scene)
    assert made.wrong == {}
    counts = made.states
    assert given["random"] > documents / 10
    assert counts[S.OUTCOME_UNKNOWN] + counts[f"our {S.OUTCOME_UNKNOWN}"] < sum(
        given[name] for name in (*AFTER_STORING, *BEFORE_STORING)
    )
    assert counts[S.ACCEPTED] > documents / 8
