"""The sandbox's passwords into the vault, as a person would type them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mlconn_pipelines.cli.demo.configuration import CLEO_CREDENTIAL, ERP_CREDENTIAL, PROVIDER_CREDENTIAL


class Vault(Protocol):
    def set(self, name: str, values: Mapping[str, str]) -> object: ...


def store_credentials(vault: Vault, sandbox: Mapping[str, Any]) -> None:
    """One entry for the ERP, one for Cleo, one with the headers of the API Provider."""
    erp, cleo = sandbox["sap_business_one"], sandbox["cleo"]
    vault.set(ERP_CREDENTIAL, {"username": erp["user"], "password": erp["password"]})
    vault.set(CLEO_CREDENTIAL, {"username": cleo["user"], "password": cleo["password"]})
    if cleo.get("provider_header"):
        header = f"{cleo['provider_header']}: {cleo['provider_secret']}"
        vault.set(PROVIDER_CREDENTIAL, {"headers": header})
