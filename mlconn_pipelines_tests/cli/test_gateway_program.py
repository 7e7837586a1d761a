"""`mlconn gateway` as a process, and `mlconn subscriptions`."""

from __future__ import annotations

import json
import signal
import ssl
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconn_pipelines.gateway.program import opened_application
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.command_line import mlconn_here
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_pipelines_tests.integration.business_central_scene import business_central_scene
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.integration.conftest import stage as stage  # the fixture
from mlconn_pipelines_tests.processes.programs import free_port, mlconn, started, wait_for
from mlconn_simulators.certificates import Authority

pytestmark = [pytest.mark.database, pytest.mark.slow]

SECRET = "clientstate-0123456789abcdef"


def events(port: int) -> dict[str, Any]:
    return {"public_url": f"http://127.0.0.1:{port}", "erp": {"credential": "tells"}}


def answers(url: str, http: httpx.Client | None = None) -> bool:
    try:
        return (http or httpx).get(url).status_code == 200
    except httpx.HTTPError:
        return False


def test_the_program_stores_what_it_is_told_and_ends_when_asked(stage: Stage, tmp_path: Path) -> None:
    port = free_port()
    scene = stage(only=["northwind"], events=events(port))
    silent = mlconn({**scene.environment, "MLCONN_CONFIG": str(_without_events(scene.settings.config, tmp_path))}, "gateway")
    assert silent.returncode == 2 and "nobody may call the gateway" in silent.stderr
    with open_stores(scene.settings) as stores:
        stores.credentials.set("tells", {"secret": SECRET})
    url = f"http://127.0.0.1:{port}"
    with started(scene.environment, tmp_path / "gateway.log", "mlconn", "gateway", "--port", str(port)) as program:
        wait_for(lambda: answers(f"{url}/ready"), 60, lambda: program.said)
        told = httpx.post(f"{url}/hooks/acme/sap-business-one/{SECRET}", json={"any": "layout"})
        assert (told.status_code, told.json()) == (202, {"hints": 2, "new": 2})
        program.process.send_signal(signal.SIGTERM)
        assert program.process.wait(20) == 0 or program.process.returncode == -signal.SIGTERM
        lines = [json.loads(line) for line in program.said.splitlines()]
    assert [line["outcome"] for line in lines if line["message"] == "call"] == ["stored"]
    assert SECRET not in program.said
    with scene.pipeline() as pipeline:
        assert [hints.flow for hints in pipeline.engine.intake.waiting_hints("acme")] == ["x12_810", "x12_856"]


def test_with_tls_of_its_own_the_program_wants_the_certificates_that_it_was_told_of(stage: Stage, tmp_path: Path) -> None:
    ours = Authority(tmp_path, "authority")
    server, client, other = ours.pair("gateway"), ours.pair("cleo"), ours.pair("other")
    port = free_port()
    scene = stage(only=["northwind"], events=events(port))
    with open_stores(scene.settings) as stores:
        stores.credentials.set("tells", {"secret": SECRET})
    files = ["--certificate", str(server.certificate), "--client-ca", str(ours.certificate), "--key"]
    unfit = mlconn(scene.environment, "gateway", "--port", str(port), *files, str(other.key))
    assert (unfit.returncode, unfit.stdout) == (2, "") and "Traceback" not in unfit.stderr
    assert unfit.stderr.startswith(f"the key in {other.key} is not that of the certificate in {server.certificate}.")
    url = f"https://127.0.0.1:{port}"
    context = ssl.create_default_context(cafile=str(ours.certificate))
    trusting = httpx.Client(verify=context)
    context_with = ssl.create_default_context(cafile=str(ours.certificate))
    context_with.load_cert_chain(client.certificate, client.key)
    command = ("mlconn", "gateway", "--port", str(port), *files, str(server.key))
    with started(scene.environment, tmp_path / "gateway.log", *command) as program, trusting:
        with httpx.Client(verify=context_with) as known:
            wait_for(lambda: answers(f"{url}/ready", known), 60, lambda: program.said)
            told = known.post(f"{url}/hooks/acme/sap-business-one/{SECRET}", json={"any": "layout"})
            assert told.status_code == 202
        for stranger in (lambda: trusting.get(f"{url}/health"), lambda: httpx.get(f"http://127.0.0.1:{port}/health")):
            with pytest.raises(httpx.TransportError):
                stranger()
        taken = mlconn(scene.environment, "gateway", "--port", str(port))
        assert taken.returncode == 2 and "Traceback" not in taken.stderr
        assert f"the gateway cannot listen on 127.0.0.1 port {port}: address already in use." in taken.stderr
    assert "Traceback" not in program.said


def _without_events(config: Path, folder: Path) -> Path:
    import shutil

    import yaml

    copied = Path(shutil.copytree(config, folder / "silent"))
    values = yaml.safe_load((copied / "acme.yaml").read_text())
    del values["events"]
    (copied / "acme.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return copied


def test_subscriptions_are_listed_and_repaired(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    with business_central_scene(stage, only=["northwind", "eastgate"]) as bc:
        mlconn = partial(mlconn_here, monkeypatch, capsys, bc.scene.environment)
        none = mlconn("subscriptions", "list", "acme")
        assert none.returncode == 2 and "acme has no subscriptions" in none.stderr
        bc.scene.reconfigure(events=events(port))
        with open_stores(bc.scene.settings) as stores:
            stores.credentials.set("tells", {"secret": SECRET})
        missing = mlconn("subscriptions", "list", "acme", "--json")
        assert missing.returncode == 1, missing.stderr
        assert {row["entity"]: row["state"] for row in json.loads(missing.stdout)} == {
            "salesInvoices": "missing",
            "salesOrders": "missing",
        }
        alone = mlconn("subscriptions", "repair", "acme")
        assert alone.returncode == 1 and "the gateway must run and answer there" in alone.stderr
        with opened_application(bc.scene.settings) as application, listening(application, port):
            repaired = mlconn("subscriptions", "repair", "acme")
        assert (repaired.returncode, repaired.stdout) == (0, "made: salesInvoices, salesOrders\n")
        listed = mlconn("subscriptions", "list", "acme")
        assert listed.returncode == 0 and "active" in listed.stdout and SECRET not in listed.stdout
