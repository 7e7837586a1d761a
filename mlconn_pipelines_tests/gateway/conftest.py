"""The gateway as it runs: uvicorn on a socket, a ledger and a vault in PostgreSQL, four integrations that may be called."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from cryptography.fernet import Fernet

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.gateway.program import Listening, application_of
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines_tests.gateway.listening import listening

SECRETS = {
    "bc_tells": "clientstate-0123456789abcdef",
    "fo_tells": "fo-0123456789abcdef01234567",
    "sap_tells": "sap-0123456789abcdef0123456",
    "signed_tells": "hmac-0123456789abcdef012345",
    "cleo_tells": "cleo-0123456789abcdef012345",
}
EVENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "central": ("business_central", {"erp": {"credential": "bc_tells"}, "cleo": {"credential": "cleo_tells"}}),
    "finance": ("finance_operations", {"erp": {"credential": "fo_tells"}}),
    "sap": ("sap_business_one", {"erp": {"credential": "sap_tells"}}),
    "signed": ("sap_business_one", {"erp": {"credential": "signed_tells", "signature_header": "X-Signature"}}),
    "silent": ("sap_business_one", {}),
}
"""Integrations by name: their ERP, and who may call about them."""


def write_configuration(folder: Path, **senders: Any) -> None:
    """Every integration of EVENTS, out of the starters. senders: further settings of every sender."""
    for name, (erp, events) in EVENTS.items():
        made = folder.parent / f"starter-{name}"
        write_starter(made, dt.date(2026, 3, 1), erp)
        values = yaml.safe_load((made / "acme.yaml").read_text())
        values["integration"] = name
        values["erp"]["credential"], values["cleo"]["credential"] = f"{name}_erp", f"{name}_cleo"
        if events:
            values["events"] = {"public_url": "https://edi.example.com"}
            values["events"] |= {sender: {**settings, **senders} for sender, settings in events.items()}
        (folder / "partners").mkdir(parents=True, exist_ok=True)
        values["partners"] = [f"{name}_{partner}" for partner in values["partners"]]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
        for file in (made / "partners").glob("*.yaml"):
            partner = yaml.safe_load(file.read_text()) | {"partner": f"{name}_{file.stem}"}
            (folder / "partners" / f"{name}_{file.stem}.yaml").write_text(yaml.safe_dump(partner), encoding="utf-8")


@dataclass
class Gateway:
    url: str
    http: httpx.Client
    stores: Stores

    def hints(self, integration: str) -> dict[str, int]:
        """Waiting hints by flow."""
        return {waiting.flow: waiting.count for waiting in self.stores.intake.waiting_hints(integration)}

    def counted(self, name: str) -> dict[tuple[str, str, str], int]:
        """A counter's samples by integration, source and outcome."""
        found = {}
        for line in self.http.get("/metrics").text.splitlines():
            if line.startswith(f"mlconn_gateway_{name}_total{{"):
                labels, count = line.split("{")[1].split("} ")
                integration, source, outcome = (part.split('"')[1] for part in labels.split(","))
                found[integration, source, outcome] = int(count)
        return found


@contextmanager
def gateway_of(folder: Path, database: str, tls: Listening | None = None, **senders: Any) -> Iterator[Gateway]:
    """The gateway over that folder's configuration. tls: its files; with some, the client of the gateway is of no use."""
    write_configuration(folder / "config", **senders)
    settings = read_settings(
        {
            **os.environ,
            "MLCONN_CONFIG": str(folder / "config"),
            "MLCONN_HOME": str(folder / "home"),
            "MLCONN_DATABASE_URL": database,
            "MLCONN_VAULT_KEY": Fernet.generate_key().decode(),
        }
    )
    with open_stores(settings) as stores:
        for name, secret in SECRETS.items():
            stores.credentials.set(name, {"secret": secret})
        application = application_of(load_configuration(settings.config), stores)
        with listening(application, tls=tls) as url, httpx.Client(base_url=url, timeout=20) as http:
            yield Gateway(url, http, stores)


@pytest.fixture
def gateway(tmp_path: Path, ledger_database: str) -> Iterator[Gateway]:
    with gateway_of(tmp_path, ledger_database) as running:
        yield running
