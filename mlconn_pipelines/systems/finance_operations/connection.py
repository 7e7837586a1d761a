"""How to reach one company (legal entity) of a Dynamics 365 Finance & Operations environment, and what to do there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, HttpUrl, StringConstraints

from mlconn_pipelines.config.proxy import Proxied
from mlconn_pipelines.config.zones import ZoneName


class FinanceOperationsConnection(Proxied):
    """One environment and company. The application's secret stays in the vault."""

    order_targets: ClassVar[Mapping[str, Literal["customer", "supplier"]]] = {}
    """An inbound 850 becomes nothing here: it is on hold for a person."""
    order_target: ClassVar[str] = ""
    outbound_partner_kinds: ClassVar[Mapping[str, Literal["customer", "supplier"]]] = {"x12_850": "supplier"}
    """The outbound flows of this system, with the kind of business partner that each goes to."""
    integration_name_max: ClassVar[int | None] = None
    company_field: ClassVar[str] = "company"
    of_company: ClassVar[frozenset[str]] = frozenset(
        {"company", "time_zone", "reread_days", "supplier_invoices", "invoice_in_one_batch", "confirmed_dates"}
    )
    """What each of several companies has of its own; the rest stands once."""

    kind: Literal["finance_operations"]
    url: HttpUrl = Field(description="the environment's full address, such as https://ORG.operations.dynamics.com")
    company: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,4}$")] = Field(
        description="the legal entity (dataAreaId), such as usmf"
    )
    tenant: str = Field(min_length=1, description="Entra directory: its id or one of its domains")
    credential: str = Field(description="name of the vault entry with client_id and client_secret")
    authority: HttpUrl = Field(
        HttpUrl("https://login.microsoftonline.com"), description="Entra's sign-in host; sovereign clouds have others"
    )
    ca_file: Path | None = Field(None, description="PEM file of the server's own certificate authority")
    timeout_s: float = Field(
        120.0, gt=0, le=600, description="for one request, retries not counted; the first one after a restart there is slow"
    )
    absence_proves_after_s: float = Field(
        1200.0,
        ge=0,
        le=86_400,
        description="how long after an unanswered create a record that is not there proves that nothing was stored; until then "
        "it is not created again. As long as Business Central, whose gateway it shares",
    )
    calls_in_flight: int = Field(4, ge=1, le=16, description="requests at once, over all runs")
    requests_per_second: float | None = Field(
        20.0,
        gt=0,
        description="over all runs, so that a pause the service asks for is everyone's; null for no bound of our own",
    )
    time_zone: ZoneName | None = Field(
        None, description="IANA name, the zone of the legal entity's calendar; the integration's where left out"
    )
    reread_days: int = Field(
        1, ge=0, le=30, description="days before the newest confirmation that are read again; confirmations bear a day only"
    )
    supplier_invoices: bool = Field(
        True, description="a checked inbound 810 becomes a pending vendor invoice (VendorInvoiceHeaders with lines)"
    )
    invoice_in_one_batch: bool = Field(
        True, description="header and lines of an invoice in one $batch, all or nothing; false for request by request"
    )
    confirmed_dates: bool = Field(
        False,
        description="the date that an 855 confirms is written to ConfirmedDeliveryDate of the order's lines; F&O may then want "
        "the order confirmed again",
    )

    @property
    def signs_in_at(self) -> tuple[str, str]:
        """Who is asked for a session: what people call it, and its address."""
        return "Microsoft Entra", str(self.authority)

    @property
    def session_of(self) -> str:
        """What a session of this connection is good for: companies of one environment share a token."""
        return f"{self.authority} {self.tenant} {self.url}"
