"""The program that starts every simulated system."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time

import httpx

from mlconn_pipelines.sandbox.program import start


def test_the_program_prints_endpoints_serves_and_ends_within_a_second() -> None:
    command = [sys.executable, "-m", "mlconn_pipelines.sandbox", "--documents", "60", "--seed", "3", "--json"]
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
