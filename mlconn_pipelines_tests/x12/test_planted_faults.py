"""The tests of the X12 engine are worth something: they notice when it or its grammar is wrong."""

from __future__ import annotations

import pytest

from mlconn_pipelines_tests.x12.planted_faults import FAULTS, can_be_planted, plant_all

NOTICED_AT_LEAST = 0.97


@pytest.mark.nightly
def test_nearly_every_planted_fault_is_noticed() -> None:
    outcomes = list(plant_all(FAULTS, at_once=2))
    survivors = [str(fault) for fault, outcome in outcomes if outcome != "noticed"]
    assert len(survivors) <= (1 - NOTICED_AT_LEAST) * len(FAULTS), survivors


def test_every_fault_still_has_its_place() -> None:
    """Whoever rewrites a line that a fault replaces gives the fault another place of the same meaning."""
    assert [str(fault) for fault in FAULTS if not can_be_planted(fault)] == []
