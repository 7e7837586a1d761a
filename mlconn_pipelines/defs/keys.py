"""Names in Dagster: asset keys, jobs and run tags of an integration."""

from __future__ import annotations

import re

import dagster as dg

INTEGRATION_TAG = "mlconn/integration"
FLOW_TAG = "mlconn/flow"
MODE_TAG = "mlconn/mode"
LANE_TAG = "mlconn/lane"
LIVE = "live"
BACKFILL = "backfill"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")


def name_part(text: str) -> str:
    """The text as Dagster allows it in a name: letters, digits and underscores."""
    return _NOT_IN_NAMES.sub("_", text).strip("_") or "unnamed"


class Keys:
    """Asset keys of one integration. system: the ERP's kind, second part of the keys of its records."""

    def __init__(self, integration: str, system: str) -> None:
        self.integration, self.system = integration, system

    def records(self, asset: str) -> dg.AssetKey:
        """An extracted document set or reference set of the ERP: `acme/sap_business_one/invoices`."""
        return dg.AssetKey([self.integration, self.system, name_part(asset)])

    def received_orders(self, asset: str) -> dg.AssetKey:
        """What inbound documents became in the ERP: `acme/sap_business_one/purchase_orders_received`."""
        return dg.AssetKey([self.integration, self.system, name_part(asset)])

    def outbound(self, flow: str) -> dg.AssetKey:
        """Validated and rendered documents: `acme/outbound/x12_810`."""
        return dg.AssetKey([self.integration, "outbound", name_part(flow)])

    def inbound(self, set_id: str) -> dg.AssetKey:
        """Received, parsed and resolved documents of one set: `acme/inbound/x12_850`."""
        return dg.AssetKey([self.integration, "inbound", f"x12_{name_part(set_id)}"])

    def folder(self, destination: str) -> dg.AssetKey:
        """A partner's folder or endpoint: `acme/cleo/to_northwind`."""
        return dg.AssetKey([self.integration, "cleo", name_part(destination)])

    @property
    def inbox(self) -> dg.AssetKey:
        """The watched folders: `acme/cleo/inbox`."""
        return dg.AssetKey([self.integration, "cleo", "inbox"])

    def job(self, flow: str) -> str:
        return f"{self.integration}_{name_part(flow)}"
