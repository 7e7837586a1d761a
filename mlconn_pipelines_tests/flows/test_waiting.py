"""How often it is asked whether what held documents wait for is there."""

from __future__ import annotations

import pytest

from mlconn_pipelines.flows.sync.waiting import Waits
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger


@pytest.mark.parametrize(("every_s", "at_once", "again"), [(3600.0, False, False), (0.0, False, True), (3600.0, True, True)])
def test_a_sensor_asks_as_often_as_is_set_and_a_run_at_once(every_s: float, at_once: bool, again: bool) -> None:
    engine, waits = engine_on(FakeLedger()), Waits(Reason.ACCOUNT_WITHOUT_CODE, str, lambda keys: (), every_s)
    waits.over(engine, "opportunities", False)
    before = waits.looked_at
    waits.over(engine, "opportunities", at_once)
    assert (waits.looked_at > before) is again
