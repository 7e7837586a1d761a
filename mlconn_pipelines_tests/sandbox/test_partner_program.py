"""The program that starts every simulated system."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from mlconn_simulators.partner.habits import PROMPT
from mlconn_simulators.program import main, start


def test_the_program_prints_endpoints_serves_and_ends_within_a_second() -> None:
    command = [sys.executable, "-m", "mlconn_simulators", "--documents", "60", "--seed", "3", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            assert {"sap_business_one", "cleo", "partner", "world"} == said.keys()
            assert len(said["world"]["partners"]) >= 15 and said["world"]["unit_codes"]
            assert len(httpx.get(f"{said['partner']['url']}/_sandbox/state").json()["sent"]) == 12
            grant = {"grant_type": "password", "username": said["cleo"]["user"], "password": said["cleo"]["password"]}
            assert httpx.post(f"{said['cleo']['url']}/authentication", data=grant).status_code == 200
            sap = said["sap_business_one"]
            login = {"CompanyDB": sap["company_db"], "UserName": sap["user"], "Password": sap["password"]}
            assert httpx.post(f"{sap['url']}/Login", json=login).status_code == 200
        finally:
            asked = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = process.wait(5)
    assert code == 0 and time.monotonic() - asked < 2


def test_ports_in_use_are_left_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        base = taken.getsockname()[1]
        with start(port_base=base, documents=20, initial_orders=0) as running:
            ports = [running.sap_business_one_at.port, running.cleo_at.port, running.partner_at.port]
    assert ports == sorted(ports) and base not in ports and len(set(ports)) == 3


def test_every_erp_has_a_cleo_tenant_and_partners_of_its_own() -> None:
    systems = ("sap_business_one", "business_central", "finance_operations")
    with start(systems=systems, documents=40, habits=PROMPT) as running:
        said = running.describe()
        assert {"entra", *systems, "cleo", "partner", "world"} == said.keys()
        urls = [said[system][part]["url"] for system in systems for part in ("cleo", "partner")]
        assert len(set(urls)) == 6 and said["cleo"] == said["sap_business_one"]["cleo"]
        assert len({(said[system]["cleo"]["user"], said[system]["cleo"]["password"]) for system in systems}) == 3
        sent = [len(httpx.get(said[system]["partner"]["state"]).json()["sent"]) for system in systems]
        assert sent == [8, 8, 0]  # nobody can enter a customer's order in F&O's entities
        running.integrations["business_central"].partner.send_orders(1)
        assert [len(each.partner.state({})["sent"]) for each in running.integrations.values()] == [8, 9, 0]


def test_each_erp_can_begin_with_documents_of_its_own() -> None:
    with start(
        systems=("sap_business_one", "business_central"), documents={"sap_business_one": 30, "business_central": 10}
    ) as it:
        counts = [len(each.partner.state({})["sent"]) for each in it.integrations.values()]
        assert counts == [6, 2]
        assert len(it.sap_business_one.state()["source"]["PurchaseOrders"]) == 6
        assert len(it.business_central.state()["source"]["purchaseOrders"]) == 2


@pytest.mark.parametrize("documents", ["many", "sap_business_one=x", "business_central=5"])
def test_documents_that_fit_no_erp_are_refused(documents: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--systems", "sap_business_one", "--documents", documents]) == 2
    assert documents.partition("=")[0] in capsys.readouterr().err


def test_one_token_endpoint_opens_both_microsoft_systems() -> None:
    with start(systems=("business_central", "finance_operations"), documents=20, initial_orders=0) as running:
        said = running.describe()
        entra, central, operations = said["entra"], said["business_central"], said["finance_operations"]
        grant = {"grant_type": "client_credentials", "client_id": entra["client_id"], "client_secret": entra["client_secret"]}

        def bearer(scope: str) -> dict[str, str]:
            answer = httpx.post(entra["token_url"], data=grant | {"scope": scope})
            return {"Authorization": f"Bearer {answer.json()['access_token']}"}

        items = f"{central['api']}/companies({central['company_id']})/items?$top=1"
        vendors = f"{operations['data']}/VendorsV2?$top=1"
        assert httpx.get(items, headers=bearer(central["scope"])).status_code == 200
        assert httpx.get(vendors, headers=bearer(operations["scope"])).status_code == 200
        assert httpx.get(vendors, headers=bearer(central["scope"])).status_code == 401
        assert httpx.get(items, headers=bearer(operations["scope"])).status_code == 401
        assert said["cleo"] == central["cleo"] and central["unit_codes"]["PCS"] == operations["unit_codes"]["ea"] == "EA"


def test_unknown_systems_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--systems", "sap_business_one,oracle"]) == 2
    assert "oracle" in capsys.readouterr().err
    with pytest.raises(ValueError, match="business_central"):
        start(systems=())


def test_new_documents_come_while_it_runs() -> None:
    systems = ("sap_business_one", "business_central", "finance_operations")
    with start(systems=systems, documents=20, initial_orders=0, activity=1200) as running:

        def held() -> list[int]:
            return [sum(httpx.get(running.describe()[system]["state"]).json()["records"].values()) for system in systems]

        before, deadline = held(), time.monotonic() + 5
        while min(now - then for now, then in zip(held(), before, strict=True)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert min(now - then for now, then in zip(held(), before, strict=True)) >= 3
    with pytest.raises(ValueError, match="cannot be made"):
        start(activity=0)
