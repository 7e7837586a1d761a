"""What a check says and how bad that is, without a run."""

from __future__ import annotations

import dagster as dg
import pytest

from mlconn_pipelines.defs.checks import FRESH, OVERDUE, SET_ASIDE, UNKNOWN, FlowChecks, Outcome

ASSET = dg.AssetKey(["acme", "outbound", "x12_810"])


@pytest.mark.parametrize(
    ("check", "severity"),
    [(SET_ASIDE, "WARN"), (OVERDUE, "WARN"), (FRESH, "WARN"), (UNKNOWN, "ERROR")],
)
def test_what_waits_is_a_warning_and_what_may_be_lost_an_error(check: str, severity: str) -> None:
    outcome = Outcome(ASSET, check, False, 3, "3 of them: look there")
    for shown in (outcome.result(), outcome.evaluation()):
        assert shown.severity is dg.AssetCheckSeverity[severity]


def test_a_failing_check_states_its_rule_and_how_many_break_it() -> None:
    shown = Outcome(ASSET, SET_ASIDE, False, 3, "3 documents on hold").result()
    assert shown.description == "3 documents on hold. Rule: No document is on hold."
    assert (shown.metadata["mlconn/rule"].value, shown.metadata["mlconn/broken_by"].value) == ("No document is on hold.", 3)


def test_a_check_of_one_set_stands_beside_those_of_its_flow() -> None:
    inbox, orders, advice = (dg.AssetKey(["acme", "inbound", name]) for name in ("inbox", "x12_850", "x12_824"))
    specs = FlowChecks("inbound", inbox, sets={orders: "850", advice: "824"}).specs()
    assert [(spec.asset_key, spec.name) for spec in specs] == [
        (inbox, SET_ASIDE),
        (inbox, UNKNOWN),
        (orders, SET_ASIDE),
        (advice, SET_ASIDE),
        (orders, UNKNOWN),
    ]
