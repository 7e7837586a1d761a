"""The tests of the X12 engine are worth something: they notice when it or its grammar is wrong."""

from __future__ import annotations

import pytest

from mlconn_pipelines_tests.x12.planted_faults import FAULTS, plant_all

NOTICED_AT_LEAST = 0.9
PLANTED_AT_LEAST = 100


@pytest.mark.nightly
def test_nearly_every_planted_fault_is_noticed() -> None:
    outcomes = list(plant_all(FAULTS, at_once=2))
    planted = [(str(fault), outcome) for fault, outcome in outcomes if outcome != "not planted"]
    assert len(planted) >= PLANTED_AT_LEAST, [str(fault) for fault, outcome in outcomes if outcome == "not planted"]
    survivors = [fault for fault, outcome in planted if outcome == "survived"]
    assert len(survivors) <= (1 - NOTICED_AT_LEAST) * len(planted), survivors
