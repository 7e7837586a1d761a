"""What a configuration says of each simulated ERP where it differs from SAP's, from what the sandbox tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Described = Mapping[str, Any]
BUSINESS_CENTRAL, FINANCE_OPERATIONS, SAP = "business_central", "finance_operations", "sap_business_one"


@dataclass(frozen=True)
class ErpUnderLoad:
    """One ERP as the end-to-end figures want it.

    outbound: the flow that is measured, its records a share of the company's documents that is `share`, without those that have a
    catch. inbound_set: the documents that come in and become records there. flows: all that it has.
    """

    kind: str
    title: str
    outbound: str
    share: float
    inbound_set: str
    flows: tuple[str, ...]

    def connection(self, described: Described) -> dict[str, Any] | None:
        """The `erp` part of the integration, None where it is the demo's own."""
        if self.kind == SAP:
            return None
        own, entra = described[self.kind], described["entra"]
        common = {
            "kind": self.kind,
            "url": own["url"],
            "tenant": entra["tenant"],
            "authority": entra["url"],
            "credential": "acme-erp",
            "requests_per_second": None,
        }
        if self.kind == FINANCE_OPERATIONS:
            return common | {"company": own["default_company"]}
        return common | {"company": own["company"], "environment": own["environment"]}

    def credential(self, described: Described) -> dict[str, str] | None:
        """The vault's entry `acme-erp`, None where it is the demo's own."""
        if self.kind == SAP:
            return None
        return {name: described["entra"][name] for name in ("client_id", "client_secret")}

    def partner(self, described: Described, partner: Mapping[str, Any]) -> dict[str, Any]:
        """What this partner's file says otherwise than for SAP."""
        if self.kind == SAP:
            return {}
        units = {"units": described[self.kind]["unit_codes"]}
        if self.kind == FINANCE_OPERATIONS:
            return units
        # Business Central keeps neither the partners' own item numbers nor ship-to codes.
        items = [item for item in described["world"]["items"] if item["active"] and partner["name"] in item["partner_numbers"]]
        return units | {
            "ship_to": {address["location_number"]: partner["customer_code"] for address in partner["addresses"]},
            "items": {item["partner_numbers"][partner["name"]]: item["code"] for item in items},
        }


ERPS = (
    ErpUnderLoad(SAP, "SAP", "x12_810", 0.4, "850", ("x12_810", "x12_850", "x12_856")),
    ErpUnderLoad(BUSINESS_CENTRAL, "Business Central", "x12_810", 0.4, "850", ("x12_810",)),
    ErpUnderLoad(FINANCE_OPERATIONS, "Finance & Operations", "x12_850", 0.8, "810", ("x12_850",)),
)
BY_KIND: Mapping[str, ErpUnderLoad] = {erp.kind: erp for erp in ERPS}
