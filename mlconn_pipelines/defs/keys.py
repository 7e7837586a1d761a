"""Names in Dagster: asset keys, groups, jobs and run tags of an integration."""

from __future__ import annotations

import re
from collections.abc import Iterable

import dagster as dg

INTEGRATION_TAG = "mlconn/integration"
FLOW_TAG = "mlconn/flow"
MODE_TAG = "mlconn/mode"
LANE_TAG = "mlconn/lane"
PRIORITY_TAG = "dagster/priority"
REASON_TAG = "mlconn/reason"
"""Why a hint started the run, in words."""
LIVE = "live"
BACKFILL = "backfill"

LIVE_PRIORITY, BACKFILL_PRIORITY = "5", "-5"

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")


def name_part(text: str) -> str:
    """The text as Dagster allows it in a name: letters, digits and underscores.

    >>> name_part("/partners/northwind/in")
    'partners_northwind_in'
    """
    return _NOT_IN_NAMES.sub("_", text).strip("_") or "unnamed"


def names_apart(texts: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A name for every text, each of its own: where two would be called alike, the later one gets a number.

    >>> names_apart(["to/acme", "to acme", "inbox"], taken=["inbox"])
    {'to/acme': 'to_acme', 'to acme': 'to_acme_2', 'inbox': 'inbox_2'}
    """
    names: dict[str, str] = {}
    used = set(taken)
    for text in texts:
        name, number = name_part(text), 2
        while name in used:
            name, number = f"{name_part(text)}_{number}", number + 1
        used.add(name)
        names[text] = name
    return names


def tags_of(integration: str, flow: str, mode: str = LIVE) -> dict[str, str]:
    """Tags of a run, by which sensors know what is under way and the queue what may run beside it."""
    return {
        INTEGRATION_TAG: integration,
        FLOW_TAG: flow,
        MODE_TAG: mode,
        LANE_TAG: f"{integration}/{flow}/{mode}",
        PRIORITY_TAG: LIVE_PRIORITY if mode == LIVE else BACKFILL_PRIORITY,
    }


def job_name(integration: str, flow: str) -> str:
    return f"{integration}_{name_part(flow)}"


class Keys:
    """Asset keys of one integration. system, exchange: the kinds of its two ends, second part of the keys of what is theirs."""

    def __init__(self, integration: str, system: str, exchange: str) -> None:
        self.integration, self.system, self.exchange = integration, system, exchange

    def records(self, asset: str) -> dg.AssetKey:
        """An extracted document set or reference set of the ERP: `acme/sap_business_one/invoices`."""
        return dg.AssetKey([self.integration, self.system, name_part(asset)])

    def of_system(self, system: str, asset: str) -> dg.AssetKey:
        """What is read from, or made in, either system of a sync integration: `acme_sf/salesforce/opportunities`."""
        return dg.AssetKey([self.integration, system, name_part(asset)])

    def received_orders(self, asset: str) -> dg.AssetKey:
        """What inbound documents became in the ERP: `acme/sap_business_one/purchase_orders_received`."""
        return dg.AssetKey([self.integration, self.system, name_part(asset)])

    def outbound(self, flow: str) -> dg.AssetKey:
        """Validated and rendered documents: `acme/outbound/x12_810`."""
        return dg.AssetKey([self.integration, "outbound", name_part(flow)])

    def inbound(self, set_id: str) -> dg.AssetKey:
        """Received, parsed and resolved documents of one set: `acme/inbound/x12_850`."""
        return dg.AssetKey([self.integration, "inbound", f"x12_{name_part(set_id)}"])

    def folders(self, destinations: Iterable[str]) -> dict[str, dg.AssetKey]:
        """Partners' folders and endpoints: `acme/cleo/to_northwind`. None is called like the watched ones."""
        names = names_apart(destinations, taken=[self.inbox.path[-1]])
        return {destination: dg.AssetKey([self.integration, self.exchange, name]) for destination, name in names.items()}

    def external(self, system: str) -> dg.AssetKey:
        """A system outside: `acme/external/cleo`."""
        return dg.AssetKey([self.integration, "external", name_part(system)])

    def partner(self, partner: str) -> dg.AssetKey:
        """A trading partner: `acme/partners/northwind`."""
        return dg.AssetKey([self.integration, "partners", name_part(partner)])

    def report(self, name: str) -> dg.AssetKey:
        """What is found out about documents: `acme/reports/backtest`."""
        return dg.AssetKey([self.integration, "reports", name_part(name)])

    @property
    def inbox(self) -> dg.AssetKey:
        """The watched folders: `acme/cleo/inbox`."""
        return dg.AssetKey([self.integration, self.exchange, "inbox"])

    def group(self, part: str = "") -> str:
        """The box in the asset graph: the integration, or a named part of it."""
        return f"{self.integration}_{part}" if part else self.integration

    def job(self, flow: str) -> str:
        return job_name(self.integration, flow)
