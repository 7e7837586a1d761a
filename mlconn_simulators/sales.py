"""A simulated Salesforce org and the SAP Business One company whose orders its deals become, listening."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from mlconn_simulators.certificates import Authority
from mlconn_simulators.salesforce.bus_server import BusServer, serve_bus
from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET, SalesforceSandbox
from mlconn_simulators.salesforce.seed import OPEN_STAGE
from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox
from mlconn_simulators.server import Endpoint
from mlconn_simulators.world.model import World

SALESFORCE = "salesforce"
OPEN_DEALS = 12
NEW_CUSTOMER = "Ravenna Home & Garden"
"""An account without a customer code that SAP knows nothing of; one of the deals is its."""
SAP_USER, SAP_PASSWORD, COMPANY_DB = "sales", "Sap-Sandbox-2", "SBODEMOSF"
"""Other ones than those of the company that trades by EDI, so that a client that mixes them up is refused."""


class RunningSales:
    """Deals are open at the start, none is won. Two cannot become an order when they are: the account of the first has no customer code,
    though SAP knows a customer of its name, and a product of another none of its item. The account of a third is new to SAP.
    """

    def __init__(self, world: World, serve: Callable[[Starlette], Endpoint], rate_limit: float | None) -> None:
        world = replace(world, documents=0)
        self.erp = SapBusinessOneSandbox(
            world, user=SAP_USER, password=SAP_PASSWORD, company_db=COMPANY_DB, rate_limit=rate_limit
        )
        self.org = SalesforceSandbox(world, opportunities=0)
        self._plant()
        self.erp_at, self.org_at = serve(self.erp.app()), serve(self.org.app())
        self._open = ExitStack()
        self._open.callback(self.erp.webhooks.close)
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="mlconn-org-")))
        self._authority = Authority(folder, "authority")
        pair = self._authority.pair("localhost")  # the bus speaks TLS only
        self.bus_port = self._open.enter_context(serve_bus(BusServer(self.org), (pair.certificate, pair.key)))

    def _plant(self) -> None:
        """The org knows dollars only, so that it deals with nobody else; items that SAP refuses have no price in it."""
        store = self.org.store
        for account in list(store.all("Account")):
            if self.erp.record("BusinessPartners", account.values["AccountNumber"])["Currency"] != "$":
                store.delete(account)
        refused = {item.code for item in self.org.world.items if not item.active}
        for entry in list(store.all("PricebookEntry")):
            if entry.values["ProductCode"] in refused:
                store.set(entry, {"IsActive": False})
        deals = [store.get("Opportunity", made["Id"]) for made in self.org.win(OPEN_DEALS, stage=OPEN_STAGE)]
        codeless = deals[0].values["AccountId"]
        store.set(store.get("Account", codeless), {"AccountNumber": None})
        other, new = [deal for deal in deals if deal.values["AccountId"] != codeless][:2]
        address = {
            "BillingStreet": "5 Canal Street",
            "BillingCity": "Savannah",
            "BillingState": "GA",
            "BillingPostalCode": "31401",
        }
        customer = self.org.add("Account", {"Name": NEW_CUSTOMER, "Phone": "+1 555 0117", **address, "BillingCountry": "US"})
        store.set(new, {"AccountId": customer})
        store.set(store.having("OpportunityLineItem", "OpportunityId", other.id)[0], {"ProductCode": None})

    def close(self) -> None:
        self._open.close()

    def describe(self) -> dict[str, Any]:
        return {
            "url": self.org_at.url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "bus": {"endpoint": "127.0.0.1", "port": self.bus_port},
            "ca_file": str(self._authority.certificate),
            "state": f"{self.org_at.url}/_sandbox/state",
            "erp": {
                "url": f"{self.erp_at.url}/b1s/v2",
                "company_db": COMPANY_DB,
                "user": SAP_USER,
                "password": SAP_PASSWORD,
                "state": f"{self.erp_at.url}/_sandbox/state",
            },
        }
