"""Sessions that end, pages that move, passwords that are wrong."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mlconn_pipelines.errors import ConnectionStopped, CredentialRefused
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import each_system_over_http
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.demo.configuration import CLEO_CREDENTIAL, ERP_CREDENTIAL

pytestmark = pytest.mark.database


def set_credential(scene: Scene, name: str, values: Mapping[str, str]) -> None:
    """`mlconn credentials set`."""
    with open_stores(scene.settings) as stores:
        stores.credentials.set(name, values)


@each_system_over_http
def test_a_session_that_ends_mid_page_is_renewed_and_nothing_is_missed(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], erp=system.small_pages, late_max_s=3600)
    numbers = [scene.system.write(scene).number for _ in range(7)]
    scene.refresh_reference()
    scene.system.shorten_pages()
    sign_ins, _ = scene.system.sign_ins()
    scene.system.faults.arm(system.expired_fault, system.read_path, skip=1)
    scene.settle()
    assert scene.system.faults.given[system.expired_fault] == 1
    assert sorted(got.business_number for got in scene.received(system.set_id)) == numbers
    assert scene.system.sign_ins() == (sign_ins + 1, 0)


def test_processes_share_one_session(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    for _ in range(3):
        scene.run()
    assert scene.erp.state()["logins"] == 1
    assert scene.cleo.tokens.logins == 1


def test_rows_added_and_moved_while_paging_are_sent_once(stage: Stage) -> None:
    scene = stage(only=["northwind"], erp={"page_size": 2})
    written = [clerks.invoice(scene) for _ in range(6)]
    scene.erp.faults.arm("row_added", "/Invoices", count=2)
    scene.erp.faults.arm("row_changed", "/Invoices", count=3)
    scene.settle()
    in_the_erp = {str(entry["DocNum"]) for entry in scene.erp.state()["source"]["Invoices"]}
    assert len(in_the_erp) == len(written) + 2
    assert sorted(got.business_number for got in scene.received("810")) == sorted(in_the_erp)


@each_system_over_http
def test_a_wrong_password_is_tried_twice_at_most_and_then_waits_for_a_person(stage: Stage, system: type[System]) -> None:
    scene = stage(system=system, only=[system.partner], late_max_s=3600)
    written = scene.system.write(scene)
    set_credential(scene, ERP_CREDENTIAL, scene.system.credential(sound=False))
    for _ in range(4):
        with pytest.raises((CredentialRefused, ConnectionStopped)):
            scene.run(system.flow)
    with pytest.raises(ConnectionStopped):
        scene.run(system.flow)
    assert 1 <= scene.system.sign_ins()[1] <= 2
    (alert,) = scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL")
    assert f"mlconn credentials set {ERP_CREDENTIAL}" in alert["text"]
    set_credential(scene, ERP_CREDENTIAL, scene.system.credential())
    scene.settle()
    assert [got.business_number for got in scene.received(system.set_id)] == [written.number]
    assert scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL") == []
    assert scene.system.sign_ins()[1] <= 2


def test_a_wrong_password_of_the_exchange_leaves_documents_ready(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    cleo = scene.described["cleo"]
    invoice = clerks.invoice(scene)
    set_credential(scene, CLEO_CREDENTIAL, {"username": cleo["user"], "password": "not-the-password"})
    for _ in range(4):
        done = scene.run("x12_810")["x12_810"]
        assert done["send"].stopped
        with pytest.raises((CredentialRefused, ConnectionStopped)):
            scene.run(INBOUND)
    assert 1 <= scene.cleo.tokens.refused <= 2
    assert scene.states("x12_810") == {"ready": 1}
    set_credential(scene, CLEO_CREDENTIAL, {"username": cleo["user"], "password": cleo["password"]})
    scene.hours_pass()
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [invoice.number]


def test_a_refused_refresh_is_followed_by_the_password(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.run()
    assert scene.cleo.tokens.logins == 1
    numbers = [clerks.invoice(scene).number for _ in range(3)]
    scene.cleo.faults.arm("expired", "/files", method="POST")
    scene.cleo.faults.arm("refresh_refused", count=None)
    scene.settle()
    assert sorted(got.business_number for got in scene.received("810")) == numbers
    assert scene.cleo.tokens.logins == 2


def test_a_session_that_ends_before_a_post_is_renewed_and_the_order_posted_once(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.refresh_reference()
    ordered = scene.partner.send_orders(3, partner="northwind")
    scene.erp.faults.arm("expired_session", "/Orders", count=2)
    scene.settle()
    assert sorted(entry["NumAtCard"] for entry in scene.erp.state()["created"]) == [one.business_number for one in ordered]
    assert scene.states(INBOUND, set_ids=("850",)) == {"posted": 3}
