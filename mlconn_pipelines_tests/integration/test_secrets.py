"""Passwords, tokens and session ids are found nowhere but in the vault's own tables, and there only as ciphertext."""

from __future__ import annotations

import logging
import traceback

import pytest

from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_simulators.demo.configuration import CLEO_CREDENTIAL, ERP_CREDENTIAL

pytestmark = pytest.mark.database


def dump(scene: Scene) -> dict[str, str]:
    """Every table as text."""
    tables = scene.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    shown = {}
    for table in (row["tablename"] for row in tables):
        rows = scene.rows(f"SELECT t::text AS row, encode(t::text::bytea, 'escape') FROM \"{table}\" t")
        shown[table] = "\n".join(row["row"] for row in rows)
    # Content is kept as bytes, which a row shows as hexadecimal digits.
    kept = scene.rows("SELECT content FROM interchange")
    shown["interchange content"] = "\n".join(bytes(row["content"]).decode("latin-1") for row in kept)
    return shown


def secrets_of(scene: Scene) -> list[str]:
    """What was planted, and what the systems gave out since."""
    erp, cleo = scene.described["sap_business_one"], scene.described["cleo"]
    given = [erp["password"], cleo["password"], cleo["provider_secret"], scene.environment["MLCONN_VAULT_KEY"]]
    with open_stores(scene.settings) as stores:
        for name in (ERP_CREDENTIAL, CLEO_CREDENTIAL):
            token = stores.sessions(name).current()
            assert token is not None
            given += [value for key, value in token.values.items() if key in ("B1SESSION", "access_token", "refresh_token")]
    assert len(given) >= 7
    assert all(len(secret) > 8 for secret in given)
    return given


def test_secrets_are_found_nowhere(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene = stage(only=["northwind", "bluepeak"])
    clerks.invoice(scene, "northwind")
    clerks.invoice(scene, "bluepeak")
    scene.partner.send_orders(2, partner="northwind")
    scene.erp.faults.arm("expired_session", "/Invoices")
    scene.cleo.faults.arm("expired", "/files")
    scene.cleo.faults.arm("cut_after", "/files", method="POST")
    scene.erp.faults.arm("500_after", "/Orders", method="POST")
    said: list[str] = []
    for _ in range(3):
        said += [repr(tally) for done in scene.run().values() for tally in done.values()]
        scene.wait_for_partners()
        scene.hours_pass()
    secrets = secrets_of(scene)
    # Now everything that can be refused is refused, so that the errors themselves can be read.
    for system, credential in (("sap_business_one", ERP_CREDENTIAL), ("cleo", CLEO_CREDENTIAL)):
        with open_stores(scene.settings) as stores:
            wrong = f"wrong-{system}-password"
            secrets.append(wrong)
            stores.credentials.set(credential, {"username": scene.described[system]["user"], "password": wrong})
    with scene.pipeline() as pipeline:
        said.append(repr(pipeline))
    for flow in ("x12_810", INBOUND):
        clerks.invoice(scene)
        for _ in range(3):
            try:
                said += [repr(tally) for tally in scene.run(flow)[flow].values()]
            except MlconnError as error:
                said.append("".join(traceback.format_exception(error)) + repr(error.__dict__))
    assert len(said) > 10
    tables = dump(scene)
    assert len(tables) > 15
    assert "acme:Orders:" in tables["claim"]  # the dump shows what the tables hold
    logged = "\n".join(record.getMessage() + str(record.__dict__) for record in caplog.records)
    for secret in secrets:
        assert secret not in logged
        assert not [text for text in said if secret in text]
        assert [table for table, text in tables.items() if secret in text] == []


def test_the_dump_would_find_a_planted_secret(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.invoice(scene, NumAtCard="Sap-Sandbox-1")
    scene.run("x12_810")
    found = {table for table, text in dump(scene).items() if scene.described["sap_business_one"]["password"] in text}
    assert {"document", "interchange content"} <= found
