"""People are told once of an agent that asks for jobs no more, by the look that tells them of everything else, and once that it is back."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from mlconn_pipelines.agents import enrollment
from mlconn_pipelines.agents.admission import SILENT_AFTER_S
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.flows.watching import watch
from mlconn_pipelines_tests.agents.speaking import NOW, Speaker
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger


def test_a_silent_agent_is_told_of_once_and_when_it_is_back() -> None:
    ledger, told, speaker = FakeLedger(), list[Alert](), Speaker(agent_id="warehouse")
    engine: Any = SimpleNamespace(name="acme", watch=ledger.watch, alert=lambda alert: not told.append(alert))
    code = enrollment.new_code()
    ledger.agents.invite(enrollment.secret_of(code), "warehouse", "acme", ["ABC"], NOW)
    ledger.agents.enroll(enrollment.enrollment(opened(speaker.enrolls(code))), NOW)
    assert watch(engine, (), overdue=False) == ""
    ledger.shelves.agents["warehouse"]["enrolled_at"] -= dt.timedelta(seconds=SILENT_AFTER_S + 1)
    assert "1 agents became silent" in watch(engine, (), overdue=False) and watch(engine, (), overdue=False) == ""
    ledger.agents.heard(opened(speaker.hello()), NOW)
    watch(engine, (), overdue=False)
    assert [(one.cause, one.resolved) for one in told] == [("agent_silent:warehouse", False), ("agent_silent:warehouse", True)]
