"""Our own machine's clock set a day back or ahead in the middle of a run, while answers are lost: nothing lost, nothing doubled."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import httpx
import pytest

import mlconn_pipelines
from mlconn_pipelines.defs import run_history
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.transport.http_responses import retry_after_s
from mlconn_pipelines_tests.resilience.conftest import Stage, Start, after_time_out
from mlconn_pipelines_tests.resilience.once_each import assert_once_each
from mlconn_pipelines_tests.systems.all_systems import BC, FO, SAP, SYSTEMS_OVER_HTTP
from mlconn_pipelines_tests.systems.system import System

DAY_S = 86_400.0
OFTEN = {(SAP, -DAY_S), (BC, DAY_S), (FO, -DAY_S)}
"""What is tried in each run of the tests, the others nightly."""
ROOT = Path(mlconn_pipelines.__file__).parent

MAY_ASK_THEIR_MACHINE = {
    "defs/partitions.py": "which partitions there are hangs on that clock, in Dagster",
    "defs/run_history.py": "Dagster records when runs began and ended by it; nothing is waited for longer than was meant",
    "defs/watching.py": "how often to look; a clock that was put back is noticed",
    "cli/init.py": "the day that a first configuration begins",
    "cli/flow.py": "the partition that the daemon is asked for",
    "cli/partner.py": "of how many days a person wants to see what came",
    "cli/backtest.py": "from which day on a person wants originals read again",
    "cli/export.py": "the days that an export has where nobody names any",
    "cli/upgrade.py": "from which day on a rehearsal compares",
    "cli/daemon_queue.py": "Dagster's own heartbeats",
    "cli/error_log.py": "when a line of the log was written",
    "transport/http_responses.py": "only where a server names a moment and not its own clock",
}
"""Everything else decides by the database's clock, or by time that runs on."""


def test_decisions_hang_on_no_machines_clock() -> None:
    asking = set()
    for path in ROOT.rglob("*.py"):
        name = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):  # called here, or handed on as a clock
                named = (ast.unparse(node.value).rpartition(".")[2], node.attr)
                if named in {
                    ("datetime", "now"),
                    ("datetime", "utcnow"),
                    ("date", "today"),
                    ("time", "time"),
                    ("time", "time_ns"),
                }:
                    asking.add(name)
    assert asking == set(MAY_ASK_THEIR_MACHINE)


@pytest.mark.parametrize("off_s", [-DAY_S, DAY_S])
def test_a_wait_that_a_server_asks_for_is_reckoned_by_its_own_clock(monkeypatch: pytest.MonkeyPatch, off_s: float) -> None:
    there = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=off_s)
    headers = {
        "Retry-After": f"{there + dt.timedelta(seconds=30):%a, %d %b %Y %H:%M:%S GMT}",
        "Date": f"{there:%a, %d %b %Y %H:%M:%S GMT}",
    }
    assert retry_after_s(httpx.Response(429, headers=headers)) == 30.0


def test_a_clock_that_was_put_back_makes_nobody_wait_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_history.time, "time", lambda: 1_000.0)
    assert run_history.left_of(1_060.0, 900.0) == 60.0
    assert run_history.left_of(990.0, 900.0) == 0.0
    assert run_history.left_of(1_000.0 + DAY_S, 900.0) == 0.0


@pytest.mark.database
@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "off_s"),
    [
        pytest.param(system, off_s, id=f"{system.kind}, {words}", marks=() if (system, off_s) in OFTEN else pytest.mark.nightly)
        for system in SYSTEMS_OVER_HTTP
        for off_s, words in ((-DAY_S, "a day back"), (DAY_S, "a day ahead"))
    ],
)
def test_the_clock_jumps_in_the_middle_of_a_run(stage: Stage, start: Start, system: type[System], off_s: float) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    erp = scene.system
    written = [erp.write(scene) for _ in range(3)]
    sent = erp.send(scene, 3)
    erp.faults.arm("cut_after", path=system.post_paths[0], method="POST", count=1)
    scene.cleo.faults.arm("cut_after", path="/files", method="POST", count=1)
    start(scene, system.flow, INBOUND, at="after sending", nth=2, clock_off_s=off_s).go().done()
    written += [erp.write(scene) for _ in range(2)]  # while the clock is wrong
    for _ in range(2):
        after_time_out()
        scene.hours_pass()
        start(scene, system.flow, INBOUND, rounds=2, clock_off_s=off_s).go().done()
    scene.settle()  # by a clock that is right again
    assert_once_each(scene, written, sent)
