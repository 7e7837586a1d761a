"""How to reach one Salesforce org through its REST API, and what to do there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints

from mlconn_pipelines.config.model import Model
from mlconn_pipelines.config.proxy import Proxied

_GENERAL_HOSTS = re.compile(r"(login|test)\.salesforce\.com\.?", re.IGNORECASE)


def _my_domain(url: HttpUrl) -> HttpUrl:
    if _GENERAL_HOSTS.fullmatch(url.host or ""):
        raise ValueError(
            f"{url.host} grants no client credentials; write the org's own domain, https://MYDOMAIN.my.salesforce.com"
        )
    return url


class ChangeEvents(Model):
    """Change Data Capture by the Pub/Sub API: `mlconn listen` hears of changes, and polling goes on all the same."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+$")] = Field(
        "api.pubsub.salesforce.com",
        description="host of the event bus; api.deu.pubsub.salesforce.com keeps events within the EU",
    )
    port: int = Field(443, ge=1, le=65_535, description="443, or 7443 where a firewall wants it")


class SalesforceConnection(Proxied):
    """One org, signed in to as the integration user of an external client app. The app's secret stays in the vault."""

    absence_proves_after_s: ClassVar[float | None] = None
    """Never asked: whatever is written here may be written again."""

    title: ClassVar[str] = "Salesforce"
    """What sentences call it."""
    kind: Literal["salesforce"]
    url: Annotated[HttpUrl, AfterValidator(_my_domain)] = Field(
        description="My Domain of the org: https://MYDOMAIN.my.salesforce.com, or https://MYDOMAIN--NAME.sandbox.my.salesforce.com"
    )
    api_version: Annotated[str, StringConstraints(pattern=r"^v\d{2,3}\.0$")] = Field(
        "v63.0", description="version of the REST API, one of those that the org offers; `mlconn check` tells when it is to end"
    )
    credential: str = Field(description="name of the vault entry with client_id and client_secret")
    client_authentication: Literal["form", "basic"] = Field(
        "form", description="how client_id and client_secret are sent to the token endpoint: in the form, or as Basic"
    )
    session_age_s: float = Field(
        900.0,
        ge=10,
        le=43_200,
        description="a session is renewed at this age; Salesforce does not say when one ends, 15 minutes is the shortest that an "
        "admin can choose",
    )
    ca_file: Path | None = Field(None, description="PEM file of the certificate authority of a proxy that opens TLS")
    timeout_s: float = Field(
        130.0, gt=0, le=620, description="for one request, retries not counted; Salesforce ends a query after 120 s"
    )
    calls_in_flight: int = Field(
        4, ge=1, le=20, description="requests at once, over all runs; an org takes 25 long ones, a Developer Edition 5"
    )
    requests_per_second: float | None = Field(
        20.0, gt=0, description="over all runs; Salesforce has no such limit. null for no bound of our own"
    )
    writes_in_flight: int = Field(
        1, ge=1, le=4, description="requests that write, at once, over all runs; more than one lock each other's accounts"
    )
    page_size: int = Field(2000, ge=200, le=2000, description="records asked for per page; the server may give fewer")
    quota_share: float = Field(
        0.8,
        gt=0,
        le=1,
        description="share of the org's API requests in 24 hours at which we stop, whoever used them; the rest is for others",
    )
    quota_pause_s: float = Field(
        900.0,
        ge=1,
        le=86_400,
        description="how long nothing is asked once that share is used up, before one request looks again",
    )
    change_events: ChangeEvents | None = Field(
        None, description="change events make polling faster; off where left out, {} takes the settings as they are"
    )
    client_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = Field(
        "mlconn", description="our name in Sforce-Call-Options, by which change events of our own writes are told"
    )
    history_days: int = Field(
        30, ge=0, le=3650, description="how far before send_from the first read looks for changed records"
    )

    @property
    def signs_in_at(self) -> tuple[str, str] | None:
        """The org's own domain grants its sessions."""
        return None

    @property
    def session_of(self) -> str:
        """What a session of this connection is good for."""
        return str(self.url)
