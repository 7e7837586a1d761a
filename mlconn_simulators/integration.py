"""One simulated integration: an ERP's Cleo tenant and the trading partners behind it.

Each ERP has a tenant and partners of its own, as each customer's integration has in life. The partners are the same sixteen companies
with the same ids and folders, but they keep separate books for each integration: what one ERP sends can then never pass for a
duplicate or an answer of another's, control numbers start anew, and no folder has to carry an ERP's name. The cost is two more ports for
each ERP. User and password differ between tenants, so that a client that mixes them up is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette

from mlconn_simulators.cleo import CleoSandbox
from mlconn_simulators.cleo.tenant import PASSWORD, USER
from mlconn_simulators.partner import Habits, PartnerSandbox
from mlconn_simulators.server import Endpoint
from mlconn_simulators.world.model import World

SYSTEMS = ("sap_business_one", "business_central", "finance_operations", "sage_100")
"""The simulated ERPs, in the order in which they start."""
_TAKES_ORDERS = ("sap_business_one", "business_central")
"""ERPs in which customers' orders can be entered; partners of the others send none by themselves."""
_CREDENTIALS = {
    "business_central": ("integration-bc", "Cleo-Sandbox-2"),
    "finance_operations": ("integration-fo", "Cleo-Sandbox-3"),
    "sage_100": ("integration-sage", "Cleo-Sandbox-4"),
}


class Integration:
    """The Cleo tenant and the partners of one ERP. `listen` makes them reachable; until then the addresses are not there."""

    cleo_at: Endpoint
    partner_at: Endpoint

    def __init__(
        self,
        system: str,
        world: World,
        *,
        habits: Habits | None,
        late_max_s: float,
        initial_orders: int | None,
        taken_after_s: float | None,
        token_lifetime_s: float,
        rate_limit: float | None,
    ) -> None:
        user, password = _CREDENTIALS.get(system, (USER, PASSWORD))
        self.system = system
        self.cleo = CleoSandbox(
            world,
            user=user,
            password=password,
            rate_limit=rate_limit,
            taken_after_s=taken_after_s,
            token_lifetime_s=token_lifetime_s,
        )
        orders = initial_orders if system in _TAKES_ORDERS else 0
        self.partner = PartnerSandbox(world, self.cleo, habits=habits, late_max_s=late_max_s, initial_orders=orders)
        self.partner.start()

    def listen(self, serve: Callable[[Starlette], Endpoint]) -> None:
        self.cleo_at = serve(self.cleo.app())
        self.partner_at = serve(self.partner.app())

    def close(self) -> None:
        """Stop answering; what was promised is not kept."""
        self.partner.close()
        self.cleo.close()

    def describe(self) -> dict[str, Any]:
        """What a client needs to reach the tenant, and where the partners tell what they got."""
        cleo = self.cleo
        return {
            "cleo": {
                "url": f"{self.cleo_at.url}/api",
                "user": cleo.tokens.user,
                "password": cleo.tokens.password,
                "provider_url": f"{self.cleo_at.url}/api/provider",
                "provider_header": cleo.provider_header,
                "provider_secret": cleo.provider_secret,
                "state": f"{self.cleo_at.url}/_sandbox/state",
            },
            "partner": {"url": self.partner_at.url, "state": f"{self.partner_at.url}/_sandbox/state"},
        }
