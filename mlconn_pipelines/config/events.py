"""What an integration is told from outside: where the gateway is reached, and how each sender proves who it is."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Self

from pydantic import Field, HttpUrl, IPvAnyNetwork, field_validator, model_validator

from mlconn_pipelines.config.model import Model

CLEO = "cleo"


def source_of(kind: str) -> str:
    """A sender as it stands in the gateway's addresses. kind: of the ERP.

    >>> source_of("business_central")
    'business-central'
    """
    return kind.replace("_", "-")


SECRET_FIELD = "secret"  # noqa: S105 - the field's name
SECRET_MIN, SECRET_MAX = 16, 250
"""Characters of what is shared with a sender. Business Central keeps no longer clientState for certain."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Sender(Model):
    """One system that calls the gateway. What it shares with us stays in the vault; this holds only the name of the entry."""

    credential: str = Field(
        min_length=1,
        description="name of the vault entry with secret: the clientState of Business Central, the HMAC key, or the shared secret",
    )
    signature_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="header with an HMAC-SHA256 of the body, for a system that signs; the secret itself is shown where it is empty",
    )
    requests_per_second: float = Field(
        300.0, gt=0, le=10_000, description="requests taken from this sender; more are answered 429"
    )


class Events(Model):
    """Notifications that make polling faster. Polling goes on all the same."""

    public_url: HttpUrl = Field(description="https address under which the senders reach the gateway, without /hooks")
    erp: Sender | None = Field(None, description="the ERP's notifications")
    cleo: Sender | None = Field(None, description="the call of a CIC Studio flow when a file lands")
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (ip_network("127.0.0.0/8"), ip_network("::1/128")),
        description="addresses or networks of the proxies before the gateway, whose X-Forwarded-For says who calls",
    )

    def address(self, integration: str, source: str) -> str:
        """Where that sender calls."""
        return f"{str(self.public_url).rstrip('/')}/hooks/{integration}/{source}"

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, named: object) -> object:
        if not isinstance(named, list):
            return named
        for one in named:
            try:
                ip_network(str(one))
            except ValueError:
                raise ValueError(f"{one!r} is neither an address such as 10.0.0.5 nor a network such as 10.0.0.0/24") from None
        return named

    @field_validator("public_url")
    @classmethod
    def _closed_to_listeners(cls, url: HttpUrl) -> HttpUrl:
        if url.scheme != "https" and url.host not in LOOPBACK:
            raise ValueError(f"{url} is not an https address; senders' secrets would travel in the open")
        return url

    @model_validator(mode="after")
    def _some_sender(self) -> Self:
        if self.erp is None and self.cleo is None:
            raise ValueError("events names no sender; give erp, cleo or both, or take events out")
        return self
