"""A process that dies between a request and its record, while won deals become orders and their numbers go back."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, sync_scene

pytestmark = pytest.mark.database

WORKER = """
import dataclasses, os, signal, sys
from mlconn_pipelines.flows.sync.pipeline import run_flow
from mlconn_pipelines.wiring.sync.opening import open_sync

name, flow, when, call = sys.argv[1:]


class Dying:
    def __init__(self, target):
        self._target = target

    def __getattr__(self, asked):
        value = getattr(self._target, asked)
        return (lambda *given, **named: self._die(value, given, named)) if asked == call else value

    def _die(self, value, given, named):
        if when == "after":
            value(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)


with open_sync(name) as pipeline:
    route = pipeline.route(flow)
    target = dataclasses.replace(route.target, target=Dying(route.target.target))
    by_flow = {**pipeline.by_flow, flow: dataclasses.replace(route, target=target)}
    run = pipeline.run(flow, "dies", pipeline.engine.today())
    run_flow(dataclasses.replace(pipeline, by_flow=by_flow), run)
"""


@pytest.mark.parametrize(("flow", "call"), [("opportunities", "create"), ("orders", "update")])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_order_is_made_once_and_its_number_told(
    tmp_path: Path, ledger_database: str, flow: str, call: str, when: str
) -> None:
    with sync_scene(tmp_path, ledger_database) as scene:
        (won,) = scene.org.win(1)
        if flow == "orders":
            scene.run("opportunities")
        worker = [sys.executable, "-c", WORKER, "acme_sf", flow, when, call]
        died = subprocess.run(worker, env=dict(scene.environment), capture_output=True, timeout=120, check=False)
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
        assert len(scene.made()) == (0 if (flow, when) == ("opportunities", "before") else 1)
        for _ in range(4):
            scene.hours_pass()
            time.sleep(ABSENCE_S)
            scene.run()
        (order,) = scene.made()
        number = scene.erp.record("Orders", order["DocEntry"])["DocNum"]
        assert scene.deal(won["Id"])["ERP_Order_Number__c"] == str(number)
        assert scene.states("opportunities") == scene.states("orders") == {"posted": 1}
