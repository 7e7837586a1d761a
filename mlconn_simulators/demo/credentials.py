"""The sandbox's passwords into the vault, as a person would type them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from mlconn_simulators.demo.description import DemoSystem, Described
from mlconn_simulators.demo.sap_business_one import SAP_BUSINESS_ONE


class Vault(Protocol):
    def set(self, name: str, values: Mapping[str, str]) -> object: ...


def store_credentials(vault: Vault, sandbox: Described, system: DemoSystem = SAP_BUSINESS_ONE) -> None:
    """One entry for the ERP, one for its Cleo, one with the headers of the API Provider."""
    cleo = sandbox[system.kind]["cleo"]
    if not system.agent:
        vault.set(system.erp_credential, system.credential(sandbox))
    vault.set(system.cleo_credential, {"username": cleo["user"], "password": cleo["password"]})
    if cleo.get("provider_header"):
        header = f"{cleo['provider_header']}: {cleo['provider_secret']}"
        vault.set(system.provider_credential, {"headers": header})
