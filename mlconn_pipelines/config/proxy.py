"""Through which proxy a system is reached."""

from __future__ import annotations

import ipaddress
import re
from typing import Any, Literal

from pydantic import Field, HttpUrl, field_validator

from mlconn_pipelines.config.model import Model

NONE = "none"
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?(:\d+)?")


class Proxy(Model):
    """One proxy. Its password stays in the vault; this holds only the name of the entry."""

    url: HttpUrl | None = Field(
        description="http://HOST:PORT, or https:// where the way to the proxy itself is encrypted; null for no proxy"
    )
    credential: str = Field(
        "", description="name of the vault entry with username and password; empty for a proxy that asks for none"
    )


class Proxied(Model):
    """Settings of everything that is reached by the network. Left out, the variables of the environment count."""

    proxy: Proxy | None = Field(
        None, description="address of the proxy, or url and credential; none for no proxy, whatever the environment says"
    )
    no_proxy: tuple[str, ...] = Field(
        (), description="hosts, domains, addresses and networks that are reached directly, such as .example.com or 10.0.0.0/8"
    )

    @field_validator("proxy", mode="before", json_schema_input_type=Proxy | Literal["none"] | HttpUrl | None)
    @classmethod
    def _address_alone(cls, written: Any) -> Any:
        if written == NONE:
            return {"url": None}
        if isinstance(written, str):
            if not re.match("https?://", written):
                raise ValueError(f"{written!r} is no proxy. Write its address, such as http://proxy.example.com:3128, or none")
            return {"url": written}
        return written

    @field_validator("no_proxy")
    @classmethod
    def _hosts_and_networks(cls, named: tuple[str, ...]) -> tuple[str, ...]:
        for one in named:
            try:
                ipaddress.ip_network(one.strip("[]"))
            except ValueError:
                if not _HOST.fullmatch(one):
                    raise ValueError(
                        f"{one!r} is no host, domain, address or network such as .example.com or 10.0.0.0/8"
                    ) from None
        return named
