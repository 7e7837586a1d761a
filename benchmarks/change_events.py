"""Change events of a simulated org into notifications, by `mlconn listen` as it is shipped."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
from cryptography.fernet import Fernet

from benchmarks.figures import Figure, figure, note
from benchmarks.scene import ROOT, server
from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.ledger.schema import upgrade
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_simulators.certificates import Authority
from mlconn_simulators.demo.configuration import yaml_text

PER_MINUTE, MEGABYTES_MAX = 10_000, 150.0
AT_ONCE = 100
"""Opportunities of one request."""
NAME = "acme_sf"


def measure(quick: bool) -> Iterator[Figure]:
    """A minute's worth; quick: six seconds'."""
    wanted = PER_MINUTE // 10 if quick else PER_MINUTE
    folder = (ROOT / "change_events").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with server() as database, contextlib.ExitStack() as stack:
            described, authority = _org(folder, stack)
            host, port = described["bus"].split(":")
            events = {"ca_file": str(authority.certificate), "change_events": {"endpoint": host, "port": int(port)}}
            environment = configured(folder, described, database.url(), events)
            listener = stack.enter_context(_child([sys.executable, "-m", "mlconn_pipelines.cli.app", "listen"], environment))
            connection = stack.enter_context(psycopg.connect(psycopg_conninfo(database.url()), autocommit=True))
            with httpx.Client(base_url=described["http"], timeout=30) as http:
                _sign_in(http, described)
                account = _make(http, "Account", [{"Name": "Measured"}])[0]
                _make_deals(http, account, 1, "first")
                _wait(connection, 1, 60)
                began = time.monotonic()
                for number in range(wanted // AT_ONCE):
                    time.sleep(max(0.0, began + number * AT_ONCE * 60 / PER_MINUTE - time.monotonic()))
                    _make_deals(http, account, AT_ONCE, str(number))
                said = time.monotonic()
                _wait(connection, wanted + 1, 120)
                ended = time.monotonic()
            peak_mb = _peak_mb(listener.pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    about = f"{wanted} opportunities made at {PER_MINUTE} a minute, each an event, from the first request to the last notification stored"
    yield figure("change events into notifications", wanted * 60 / (ended - began), "events/min", ">=", PER_MINUTE, about)
    yield note("change events behind at the end", ended - said, "s", "from the last request's answer to the last notification")
    yield figure(
        "memory of a listener", peak_mb, "MB", "<=", MEGABYTES_MAX, "highest resident memory of `mlconn listen` meanwhile"
    )


def _org(folder: Path, stack: contextlib.ExitStack) -> tuple[dict[str, Any], Authority]:
    authority = Authority(folder, "authority")
    pair = authority.pair("localhost")
    program = [
        sys.executable,
        "-m",
        "mlconn_simulators.salesforce",
        "--certificate",
        str(pair.certificate),
        "--key",
        str(pair.key),
    ]
    process = stack.enter_context(_child([*program, "--opportunities", "0"], os.environ, stdout=subprocess.PIPE))
    assert process.stdout is not None
    return json.loads(process.stdout.readline()), authority


def configured(
    folder: Path,
    described: dict[str, Any],
    database_url: str,
    more: dict[str, Any] | None = None,
    flows: dict[str, Any] | None = None,
) -> dict[str, str]:
    """The environment of a process of a sync integration. more: settings of its connection to the org. flows: beside that of deals."""
    written = {
        "integration": NAME,
        "mode": "live",
        "erp": {
            "kind": "sap_business_one",
            "url": "https://sap.example.com:50000/b1s/v2/",
            "company_db": "D",
            "credential": "erp",
        },
        "salesforce": {"kind": "salesforce", "url": described["http"], "credential": "org", **(more or {})},
        "order_defaults": {"tax_code": "sap", "payment_terms": "sap", "series": "sap"},
        "flows": {"opportunities": {"to": "orders", "send_from": "2020-01-01", "currency": "USD"}, **(flows or {})},
    }
    (folder / "config").mkdir()
    (folder / "config" / f"{NAME}.yaml").write_text(yaml_text(written), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MLCONN_", "DAGSTER_"))},
        "MLCONN_CONFIG": str(folder / "config"),
        "MLCONN_HOME": str(folder / "home"),
        "MLCONN_DATABASE_URL": database_url,
        "MLCONN_VAULT_KEY": Fernet.generate_key().decode(),
    }
    upgrade(database_url)
    with open_stores(read_settings(environment)) as stores:
        stores.credentials.set("org", {name: described[name] for name in ("client_id", "client_secret")})
    return environment


@contextlib.contextmanager
def _child(command: list[str], environment: Any, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=dict(environment), stdout=stdout, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _sign_in(http: httpx.Client, described: dict[str, Any]) -> None:
    form = {"grant_type": "client_credentials"} | {name: described[name] for name in ("client_id", "client_secret")}
    token = http.post("/services/oauth2/token", data=form).raise_for_status().json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"


def _make(http: httpx.Client, entity: str, rows: list[dict[str, Any]]) -> list[str]:
    records = [{"attributes": {"type": entity}} | row for row in rows]
    results = http.post("/services/data/v63.0/composite/sobjects", json={"records": records}).raise_for_status().json()
    return [result["id"] for result in results]


def _make_deals(http: httpx.Client, account: str, count: int, named: str) -> None:
    deal = {"AccountId": account, "StageName": "Closed Won", "CloseDate": "2026-11-20", "Amount": 100}
    _make(http, "Opportunity", [deal | {"Name": f"Deal {named}.{number}"} for number in range(count)])


def _wait(connection: psycopg.Connection[Any], wanted: int, within_s: float) -> None:
    ends = time.monotonic() + within_s
    while True:
        row = connection.execute("SELECT count(*) FROM notification").fetchone()
        if row is not None and row[0] >= wanted:
            return
        if time.monotonic() > ends:
            raise RuntimeError(f"{row} notifications are stored, {wanted} events were made")
        time.sleep(0.1)


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the process says nothing of its memory")
