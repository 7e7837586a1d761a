"""How to reach one company of Dynamics 365 Business Central online through API v2.0, and what to do there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, HttpUrl, StringConstraints

from mlconn_pipelines.config.proxy import Proxied

Kind = Literal["customer", "supplier"]


class BusinessCentralConnection(Proxied):
    """One company of one environment. The application's secret stays in the vault."""

    order_targets: ClassVar[Mapping[str, Kind]] = {"salesOrders": "customer"}
    """What an inbound 850 can become, with the kind of business partner that each takes."""
    integration_name_max: ClassVar[int | None] = None
    company_field: ClassVar[str] = "company"
    of_company: ClassVar[frozenset[str]] = frozenset(
        {
            *("company", "order_target", "orders_sent", "send_unreleased_orders", "reference_field", "confirmed_dates"),
            *("apply_differences", "history_days"),
        }
    )
    """What each of several companies has of its own; the rest stands once."""

    kind: Literal["business_central"]
    url: HttpUrl = Field(
        HttpUrl("https://api.businesscentral.dynamics.com"),
        description="scheme and host of the service; sovereign clouds differ",
    )
    tenant: str = Field(min_length=1, description="Entra directory: its id or one of its domains")
    environment: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^/?#]+$")] = Field(
        "Production", description="name of the environment, as the admin center writes it"
    )
    company: str = Field(min_length=1, description="the company's name, display name or id")
    credential: str = Field(description="name of the vault entry with client_id and client_secret")
    authority: HttpUrl = Field(
        HttpUrl("https://login.microsoftonline.com"), description="Entra's sign-in host; sovereign clouds have others"
    )
    scope: str = Field(
        "https://api.businesscentral.dynamics.com/.default", description="what the token is for; sovereign clouds have others"
    )
    ca_file: Path | None = Field(None, description="PEM file of the certificate authority of a proxy that opens TLS")
    timeout_s: float = Field(120.0, gt=0, le=600, description="for one request, retries not counted")
    absence_proves_after_s: float = Field(
        1200.0,
        ge=0,
        le=86_400,
        description="how long after an unanswered create a record that is not there proves that nothing was stored; until then "
        "it is not created again. 8 minutes queued, 10 at the gateway, 2 spare",
    )
    calls_in_flight: int = Field(4, ge=1, le=5, description="requests at once, over all runs; the service processes five")
    requests_per_second: float | None = Field(
        20.0, gt=0, description="over all runs; the service takes 6,000 in five minutes. null for no bound of our own"
    )
    page_size: int = Field(500, ge=1, le=20_000, description="records asked for per page")
    order_target: Literal["salesOrders"] = Field("salesOrders", description="what an inbound 850 becomes")
    orders_sent: Literal["salesOrders", "purchaseOrders"] = Field(
        "salesOrders", description="what x12_850 sends: sales orders to customers, or purchase orders to suppliers"
    )
    send_unreleased_orders: bool = Field(
        False, description="x12_850 also sends orders that are open or pending approval, not only released ones"
    )
    reference_field: Literal["comment_line", "shipToContact"] = Field(
        "comment_line", description="where a sales order takes our reference: a comment line, or the ship-to contact"
    )
    confirmed_dates: bool = Field(
        True,
        description="the date that an 855 confirms is written to the order's lines: expectedReceiptDate of purchase orders, "
        "shipmentDate of sales orders",
    )
    apply_differences: bool = Field(
        False,
        description="an approved 855 with other prices or quantities also changes directUnitCost and quantity of the purchase order",
    )
    history_days: int = Field(
        30, ge=0, le=3650, description="how far before send_from the first read looks for changed records"
    )

    @property
    def outbound_partner_kinds(self) -> Mapping[str, Kind]:
        """The outbound flows of this system, with the kind of business partner that each goes to."""
        return {"x12_810": "customer", "x12_850": "customer" if self.orders_sent == "salesOrders" else "supplier"}

    @property
    def signs_in_at(self) -> tuple[str, str]:
        """Who is asked for a session: what people call it, and its address."""
        return "Microsoft Entra", str(self.authority)

    @property
    def session_of(self) -> str:
        """What a session of this connection is good for: companies of one tenant share a token."""
        return f"{self.authority} {self.tenant} {self.scope}"
