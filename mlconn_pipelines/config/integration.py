"""An integration: two systems and the flows between them. Of an EDI integration they are an ERP and a Cleo tenant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, HttpUrl, StringConstraints, model_validator

from mlconn_pipelines.config.events import Events
from mlconn_pipelines.config.model import Model
from mlconn_pipelines.config.ownership import FieldOwnership
from mlconn_pipelines.config.proxy import Proxied
from mlconn_pipelines.config.schedules import POLL_EVERY_S, REFERENCE_EVERY_S, Schedules
from mlconn_pipelines.config.sync import OrderDefaults, SyncFlows
from mlconn_pipelines.config.zones import ZoneName
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.systems.cleo.connection import CleoConnection
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.systems.sage_100.connection import Sage100Connection
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection

ErpConnection = Annotated[
    SapBusinessOneConnection | BusinessCentralConnection | FinanceOperationsConnection | Sage100Connection,
    Field(discriminator="kind"),
]
"""Later systems join here."""
CONNECTIONS: Mapping[str, type[ErpConnection]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(ErpConnection)[0])
}
"""By `erp.kind`."""

End = ErpConnection | CleoConnection | SalesforceConnection
"""One of the two systems of an integration."""


class SendingFlow(Model):
    """What every flow has that leaves the ERP."""

    send_from: date = Field(description="go-live: documents dated earlier are recorded and not sent")
    poll_every_s: int = Field(POLL_EVERY_S, ge=5, le=86_400, description="how often the ERP is asked for changes")
    missing_hold_h: float = Field(
        24, ge=0, le=720, description="how long reading waits for a record that the ERP lists and does not give out"
    )
    unknown_delivery: Literal["hold", "resend_identical"] = Field(
        "hold",
        description="a file whose upload got no answer: wait for a person, or send the same bytes, name and numbers again",
    )


class OutboundFlow(SendingFlow):
    """One document type that leaves the ERP."""

    after_sending: Literal["ignore", "on_hold", "change_set"] = Field(
        "ignore",
        description="what a change to an already sent document does; change_set sends an 860, for purchase orders (x12_850) only",
    )
    cancelled_after_sending: Literal["on_hold"] = Field("on_hold", description="what cancelling a sent document does")


class VendorFlow(SendingFlow):
    """Vendors' master records, whenever created or changed, to the partner whose file says `vendors`."""

    send_from: date = Field(description="go-live: the first read begins with vendors that were changed since")

    @property
    def after_sending(self) -> Literal["again"]:
        return "again"


class InboundFlow(Model):
    """Everything that arrives: 850, 855, 856, 861, 810, 824, 997."""

    send_from: date = Field(description="go-live: documents dated earlier are recorded and not posted")
    folders: tuple[str, ...] = Field(min_length=1, description="Cleo folders that are watched")
    poll_every_s: int = Field(POLL_EVERY_S, ge=5, le=86_400, description="how often the folders are listed")
    acknowledge: bool = Field(True, description="answer every group with a 997")
    unknown_delivery: Literal["hold", "resend_identical"] = Field(
        "hold",
        description="our own 997 or 824 whose upload got no answer: wait for a person, or send the same bytes and numbers again",
    )
    file_size_max_mb: int = Field(50, ge=1, le=500, description="a larger file is held unread and stays in its folder")
    order_tolerance_days: int = Field(400, ge=1, description="how far back a business number counts as a duplicate")


class Alerts(Proxied):
    """Where alerts go; one per cause, closed by itself when the cause is gone."""

    webhook: HttpUrl | None = None
    email_to: tuple[str, ...] = ()
    email_from: str = "mlconn@localhost"
    smtp_host: str = ""
    smtp_port: int = 25
    ca_file: Path | None = Field(
        None,
        description="PEM file of the certificate authority of the webhook and the mail server, or of a proxy that opens TLS",
    )


class Flows(Model):
    """The flows that are on; one that is left out is off."""

    x12_810: OutboundFlow | None = None
    x12_850: OutboundFlow | None = None
    x12_856: OutboundFlow | None = None
    vendors: VendorFlow | None = None
    inbound: InboundFlow | None = None

    def outbound(self) -> dict[str, OutboundFlow | VendorFlow]:
        """The outbound flows that are on, by name."""
        named = {"x12_810": self.x12_810, "x12_850": self.x12_850, "x12_856": self.x12_856, "vendors": self.vendors}
        return {name: flow for name, flow in named.items() if flow is not None}


class Integration(Model, ABC):
    """What every integration has, whichever two systems it is between: one name, one clock, one mode, one address for alerts.

    A kind of integration adds its two systems, and the flows between their entities.
    """

    integration: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="short name, first part of asset keys"
    )
    mode: Literal["preview", "live"] = Field(description="preview fetches, checks and renders; only live sends")
    time_zone: ZoneName = Field("UTC", description="IANA name; partitions are days of this zone")
    owner: str = Field("team:edi", description="shown in the Dagster UI")
    hold_after_failures: int = Field(
        5,
        ge=1,
        le=100,
        description="after so many error answers (5xx, a lock) about one document, given while the system took others, it is on hold",
    )
    alerts: Alerts = Alerts()
    schedules: Schedules = Schedules()
    events: Events | None = Field(None, description="notifications from outside, by way of the gateway; off where left out")
    reference_every_s: int = Field(REFERENCE_EVERY_S, ge=10, description="how often partners, items and the like are read")

    @property
    @abstractmethod
    def ends(self) -> Mapping[str, End]:
        """Its two systems, by the names that they have in the file."""

    @property
    @abstractmethod
    def flow_names(self) -> tuple[str, ...]:
        """The flows that are on, in the order in which they are shown."""

    @property
    @abstractmethod
    def go_live(self) -> date:
        """The earliest send_from of its flows."""

    @property
    def is_told(self) -> bool:
        """Whether notifications are awaited from any of its systems."""
        return self.events is not None or any(getattr(end, "change_events", None) is not None for end in self.ends.values())

    @property
    def credentials(self) -> frozenset[str]:
        """The vault entries that it signs in with."""
        return frozenset(end.credential for end in self.ends.values() if end.credential)


class EdiIntegration(Integration):
    """Between an ERP's records and X12 documents in the folders of a Cleo tenant; one file, or one company of a file."""

    erp: ErpConnection
    cleo: CleoConnection
    partners: tuple[str, ...] = Field(min_length=1, description="names of the trading partners (partners/NAME.yaml)")
    flows: Flows
    reconcile_days_back: int = Field(
        35, ge=1, le=400, description="document dates that the nightly comparison with the ERP looks at, up to today"
    )
    reconcile_days_per_night: int = Field(
        10, ge=0, le=400, description="how many of the days that differ it reads again by itself; 0 only compares"
    )

    @property
    def exchange(self) -> CleoConnection:
        """Where partners' files come from and go to."""
        return self.cleo

    @property
    def ends(self) -> Mapping[str, End]:
        return {"erp": self.erp, "cleo": self.cleo}

    @property
    def flow_names(self) -> tuple[str, ...]:
        return tuple(name for name in Flows.model_fields if getattr(self.flows, name) is not None)

    @property
    def go_live(self) -> date:
        starts = [flow.send_from for flow in self.flows.outbound().values()]
        if self.flows.inbound is not None:
            starts.append(self.flows.inbound.send_from)
        return min(starts)

    @model_validator(mode="after")
    def _name_fits(self) -> Self:
        """Where the ERP has little room for our reference, which is the integration's name with a document's id."""
        most = self.erp.integration_name_max
        if most is not None and len(self.integration) > most:
            raise ValueError(
                f"{self.integration!r} is too long: our reference in {self.erp.kind} has room for {most} characters"
            )
        return self

    @model_validator(mode="after")
    def _some_flow(self) -> Self:
        if not self.flow_names:
            raise ValueError("no flow is on; give at least one of x12_810, x12_850, x12_856, vendors, inbound")
        return self


class SyncIntegration(Integration):
    """Between the records of two systems: SAP Business One and a Salesforce org. No X12, no trading partners."""

    erp: SapBusinessOneConnection
    salesforce: SalesforceConnection
    order_defaults: OrderDefaults
    flows: SyncFlows
    field_ownership: FieldOwnership = FieldOwnership()
    reconcile_days_back: int = Field(
        35,
        ge=1,
        le=400,
        description="document dates that the nightly comparison of both sides looks at, before and after today",
    )

    @model_validator(mode="after")
    def _only_sap_calls(self) -> Self:
        if self.events is not None and self.events.cleo is not None:
            raise ValueError("events names cleo, and there is none here; SAP calls as erp, and Salesforce is listened to")
        return self

    @model_validator(mode="after")
    def _owners_are_heard(self) -> Self:
        if found := list(self.field_ownership.mistakes(self.flow_names)):
            raise ValueError("; ".join(found))
        return self

    @property
    def ends(self) -> Mapping[str, End]:
        return {"erp": self.erp, "salesforce": self.salesforce}

    @property
    def flow_names(self) -> tuple[str, ...]:
        return tuple(name for name in SyncFlows.model_fields if getattr(self.flows, name) is not None)

    @property
    def go_live(self) -> date:
        return self.flows.opportunities.send_from


STANDS_ONCE = frozenset({"integration", "cleo", "alerts"})
"""Settings of a file with several companies that none of them has for itself."""
