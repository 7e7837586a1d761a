"""How to reach one SAP Business One company through its Service Layer, and what to do there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, HttpUrl, model_validator

from mlconn_pipelines.config.proxy import Proxied
from mlconn_pipelines.config.zones import ZoneName


class SapBusinessOneConnection(Proxied):
    """One company database. The password stays in the vault."""

    order_targets: ClassVar[Mapping[str, Literal["customer", "supplier"]]] = {
        "PurchaseOrders": "supplier",
        "Orders": "customer",
    }
    """What an inbound 850 can become, with the kind of business partner that each takes."""
    outbound_partner_kinds: ClassVar[Mapping[str, Literal["customer", "supplier"]]] = {
        "x12_810": "customer",
        "x12_850": "supplier",
        "x12_856": "customer",
    }
    """The outbound flows of this system, with the kind of business partner that each goes to."""
    integration_name_max: ClassVar[int | None] = None
    company_field: ClassVar[str] = "company_db"
    of_company: ClassVar[frozenset[str]] = frozenset(
        {
            *("company_db", "credential", "time_zone", "history_days", "order_target", "reference_field", "branch"),
            *(
                "confirmed_date_fields",
                "receipt_drafts",
                "invoice_drafts",
                "apply_differences",
                "tax_code_field",
                "credit_drafts",
            ),
        }
    )
    """What each of several databases has of its own; users are a database's, and a session is good for one of them."""

    kind: Literal["sap_business_one"]
    url: HttpUrl = Field(description="https://SERVER:50000/b1s/v2/")
    company_db: str = Field(description="the company's database, such as SBODEMOUS")
    credential: str = Field(description="name of the vault entry with username and password")
    authentication: Literal["session", "oauth"] = Field("session", description="B1SESSION by password, or a bearer token")
    oauth_landscape_url: HttpUrl | None = Field(
        None,
        description="https://SERVER:40000, the System Landscape Directory that names the identity provider and the company's id, "
        "for authentication: oauth",
    )
    oauth_token_url: HttpUrl | None = Field(
        None,
        description="identity provider's token endpoint, for authentication: oauth; the landscape directory's where left out",
    )
    oauth_scope: str = Field(
        "", description="scope asked for, for authentication: oauth; openid where left out with a landscape directory"
    )
    oauth_company_header: str = Field("X-B1-COMPANYID", description="header that names the company, for authentication: oauth")
    oauth_company_id: str = Field(
        "",
        description="what that header says: the company's id; the landscape directory's where left out, company_db without one",
    )
    ca_file: Path | None = Field(None, description="PEM file of the server's own certificate authority")
    timeout_s: float = Field(60.0, gt=0, le=600, description="for one request, retries not counted")
    absence_proves_after_s: float = Field(
        1800.0,
        ge=0,
        le=86_400,
        description="how long after an unanswered create a record that is not there proves that nothing was stored; until then "
        "it is not created again. The Service Layer states no bound",
    )
    calls_in_flight: int = Field(4, ge=1, le=16, description="requests at once, over all runs")
    page_size: int = Field(100, ge=1, le=1000, description="records asked for per page")
    quoted_dates: bool = Field(True, description="'2026-01-05' in filters; false for servers that want 2026-01-05 bare")
    reference_field: str = Field("U_MLConnRef", description="user field on document headers that takes our reference")
    order_target: Literal["PurchaseOrders", "Orders"] = Field(
        "PurchaseOrders", description="what an inbound 850 becomes; PurchaseOrders wants suppliers, Orders wants customers"
    )
    branch: int | None = Field(
        None, ge=1, description="BPLID of the branch that new documents are of, in a company with several branches"
    )
    confirmed_date_fields: tuple[str, ...] = Field(
        ("ShipDate",), description="line fields of a purchase order that take the date an 855 confirms"
    )
    receipt_drafts: bool = Field(False, description="an inbound 856 also becomes a draft goods receipt (PurchaseDeliveryNotes)")
    invoice_drafts: bool = Field(False, description="a checked inbound 810 also becomes a draft A/P invoice (PurchaseInvoices)")
    credit_drafts: bool = Field(
        False,
        description="with invoice_drafts, an inbound 810 that is a credit becomes a draft A/P credit memo (PurchaseCreditNotes)",
    )
    apply_differences: bool = Field(
        False, description="an approved 855 with other prices or quantities also changes the purchase order"
    )
    tax_code_field: Literal["VatGroup", "TaxCode"] = Field(
        "VatGroup",
        description="field of lines and expenses that takes the tax code of a supplier invoice; TaxCode in the United States and Canada",
    )
    time_zone: ZoneName | None = Field(
        None, description="IANA name, the zone of the company server's clock; the integration's where left out"
    )
    history_days: int = Field(
        30, ge=0, le=3650, description="how far before send_from the first read looks for changed records"
    )

    @property
    def signs_in_at(self) -> tuple[str, str] | None:
        """Who is asked for a session, where that is not the system itself: what people call it, and its address."""
        if self.authentication != "oauth":
            return None
        if self.oauth_landscape_url is not None:
            return "System Landscape Directory", str(self.oauth_landscape_url)
        return "identity provider", str(self.oauth_token_url)

    @property
    def session_of(self) -> str:
        """What a session of this connection is good for."""
        return f"{self.url} {self.company_db}"

    @model_validator(mode="after")
    def _provider_for_oauth(self) -> Self:
        if self.authentication == "oauth" and self.oauth_token_url is None and self.oauth_landscape_url is None:
            raise ValueError(
                "authentication: oauth needs oauth_landscape_url, the System Landscape Directory, or oauth_token_url, the identity "
                "provider's token endpoint"
            )
        return self
