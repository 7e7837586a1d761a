"""The simulated Microsoft systems of one world, listening: Entra and, behind its tokens, the ERPs that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette

from mlconn_simulators.business_central import BusinessCentralSandbox, masters
from mlconn_simulators.entra import EntraSandbox
from mlconn_simulators.entra.sandbox import BUSINESS_CENTRAL
from mlconn_simulators.finance_operations import FinanceOperationsSandbox
from mlconn_simulators.finance_operations import masters as finance_masters
from mlconn_simulators.server import Endpoint
from mlconn_simulators.world.model import World


class RunningEntra:
    """The token endpoint of all Microsoft systems."""

    def __init__(self, serve: Callable[[Starlette], Endpoint], rate_limit: float | None) -> None:
        self.sandbox = EntraSandbox(rate_limit=rate_limit)
        self.at = serve(self.sandbox.app())

    def describe(self) -> dict[str, Any]:
        entra = self.sandbox
        return {
            "url": self.at.url,
            "token_url": f"{self.at.url}/{entra.tenant_id}/oauth2/v2.0/token",
            "tenant": entra.tenant_id,
            "client_id": entra.client_id,
            "client_secret": entra.client_secret,
            "state": f"{self.at.url}/_sandbox/state",
        }


class RunningBusinessCentral:
    """notification_delay_s: from a change to its webhook notification."""

    def __init__(
        self,
        world: World,
        entra: RunningEntra,
        serve: Callable[[Starlette], Endpoint],
        rate_limit: float | None,
        notification_delay_s: float,
    ) -> None:
        self._entra = entra.sandbox
        self.sandbox = BusinessCentralSandbox(
            world, entra.sandbox, rate_limit=rate_limit, notification_delay_s=notification_delay_s
        )
        self.at = serve(self.sandbox.app())

    def describe(self) -> dict[str, Any]:
        sandbox = self.sandbox
        return {
            "url": self.at.url,
            "api": f"{self.at.url}/v2.0/{self._entra.tenant_id}/{sandbox.environment}/api/v2.0",
            "scope": f"{BUSINESS_CENTRAL}/.default",
            "environment": sandbox.environment,
            "company": sandbox.company.name,
            "company_id": sandbox.company.id,
            "unit_codes": masters.unit_codes(sandbox.world),
            "state": f"{self.at.url}/_sandbox/state",
        }


class RunningFinanceOperations:
    """A token for the address at which it listens will do, as for the environment's own name."""

    def __init__(
        self, world: World, entra: RunningEntra, serve: Callable[[Starlette], Endpoint], rate_limit: float | None
    ) -> None:
        self.sandbox = FinanceOperationsSandbox(world, entra.sandbox, rate_limit=rate_limit)
        self.at = serve(self.sandbox.app())
        entra.sandbox.allow(self.at.url)

    def describe(self) -> dict[str, Any]:
        sandbox = self.sandbox
        return {
            "url": self.at.url,
            "data": f"{self.at.url}/data",
            "scope": f"{self.at.url}/.default",
            "default_company": sandbox.default_company,
            "companies": list(sandbox.companies),
            "unit_codes": finance_masters.unit_codes(sandbox.world),
            "state": f"{self.at.url}/_sandbox/state",
        }
