"""Passwords and keys that are changed while eight workers run: some sign-ins are refused, and nothing is lost or doubled."""

from __future__ import annotations

import threading
import time

import pytest

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import run_flow
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.resilience.once_each import assert_once_each
from mlconn_pipelines_tests.scenario import Scene, run_of, wait_until
from mlconn_pipelines_tests.systems.all_systems import each_system_over_http
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.demo.configuration import CLEO_CREDENTIAL, ERP_CREDENTIAL

pytestmark = [pytest.mark.database, pytest.mark.slow]

WORKERS = 8


def works(scene: Scene, done: threading.Event, unforeseen: list[BaseException]) -> None:
    """As one worker does, and its sensor after it: a run that ends with a sentence is tried again."""
    try:
        while not done.is_set():
            with scene.pipeline() as pipeline:
                for flow in (scene.system.flow, INBOUND):
                    try:
                        run_flow(pipeline, run_of(pipeline, flow))
                    except MlconnError:
                        time.sleep(0.05)
    except BaseException as trouble:
        unforeseen.append(trouble)
        raise


@each_system_over_http
def test_credentials_change_while_eight_workers_run(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    scene.know_reference()
    sent = scene.system.send(scene, 6)
    written = [scene.system.write(scene) for _ in range(6)]
    done, unforeseen = threading.Event(), list[BaseException]()
    workers = [threading.Thread(target=works, args=(scene, done, unforeseen)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    try:
        with open_stores(scene.settings) as stores:
            for turn in range(2):
                at_erp = scene.system.rotate(f"secret of turn {turn}")
                scene.system.faults.arm(system.expired_fault, count=2)
                scene.cleo.tokens.password = f"password of turn {turn}"
                scene.cleo.tokens.refresh_refused = True
                scene.cleo.tokens.expire_all()
                written += [scene.system.write(scene) for _ in range(2)]
                time.sleep(0.3)  # refused in the meantime; whoever changes a password needs a moment
                stores.credentials.set(ERP_CREDENTIAL, at_erp)
                stores.credentials.set(
                    CLEO_CREDENTIAL, {"username": scene.cleo.tokens.user, "password": scene.cleo.tokens.password}
                )
                stores.credentials.rotate()
                scene.hours_pass()
                enough = 2 * (turn + 1)
                assert wait_until(lambda enough=enough: len(scene.received(system.set_id)) >= enough, 60.0), unforeseen
        scene.system.faults.disarm()
        assert wait_until(lambda: len(scene.received(system.set_id)) >= len(written), 60.0)
    finally:
        done.set()
        for worker in workers:
            worker.join(60.0)
    assert not unforeseen
    scene.hours_pass()
    scene.settle()
    assert_once_each(scene, written, sent)
    assert scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL AND cause LIKE 'connection%%'") == []
