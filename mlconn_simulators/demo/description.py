"""What the demo has to know of one simulated ERP: how it is configured, and how its own books are read. One module a system."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Described = Mapping[str, Any]
"""What the sandbox printed of itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """price: for one, net; None where the document shows none."""

    quantity: Decimal
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document of the ERP that the flow has to read. key: how our ledger has to call it. total: None where the set shows none.

    ours: it came out of a partner's document and must not go out again.
    """

    flow: str
    key: str
    number: str
    date: dt.date
    lines: Sequence[Line]
    total: Decimal | None = None
    ours: bool = False


@dataclass(frozen=True, slots=True)
class PostedDocument:
    """A record of the ERP that a partner's document became. number: the partner's, in capitals. value: quantity times price."""

    set_id: str
    number: str
    lines: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class ErpBooks:
    """One ERP by its own word. twice: how many documents our program stored more than once."""

    sources: Sequence[SourceDocument]
    posted: Sequence[PostedDocument]
    twice: int


@dataclass(frozen=True, slots=True)
class DemoSystem:
    """One simulated ERP and the integration that the demo makes of it.

    kind: `erp.kind`, and the sandbox's name for it. share: of every hundred documents. sends: set by outbound flow.
    posts: sets of partners that become records. suppliers_only: partners who only buy have no business with it.
    partner_suffix: ends our names of partners.
    erp: the `erp` part of the configuration, without credential. credential: its entry in the vault.
    partner: what differs in a partner's file, by the sandbox's word about the partner. books: reads the ERP's side, over HTTP.
    tells: has the ERP call the gateway at that address with that secret, as its administrator would; None where our own job
    subscribes. agent: name of the agent that it is reached through, which then signs in; empty for none.
    """

    kind: str
    integration: str
    share: int
    sends: Mapping[str, str]
    posts: frozenset[str]
    erp: Callable[[Described], dict[str, Any]]
    credential: Callable[[Described], dict[str, str]]
    books: Callable[[Described], ErpBooks]
    tells: Callable[[Described, str, str], None] | None = None
    partner: Callable[[Mapping[str, Any], Described], dict[str, Any]] = field(default=lambda partner, described: {})
    partner_suffix: str = ""
    suppliers_only: bool = False
    agent: str = ""

    @property
    def flows(self) -> tuple[str, ...]:
        return (*self.sends, "inbound")

    @property
    def erp_credential(self) -> str:
        """Name of the vault entry, as the next two."""
        return f"{self.integration}-erp"

    @property
    def cleo_credential(self) -> str:
        return f"{self.integration}-cleo"

    @property
    def provider_credential(self) -> str:
        return f"{self.integration}-provider"

    @property
    def erp_tells(self) -> str:
        """Vault entry of what the ERP shows at the gateway, as the next one for Cleo."""
        return f"{self.integration}-erp-tells"

    @property
    def cleo_tells(self) -> str:
        return f"{self.integration}-cleo-tells"

    def name_of(self, partner: str) -> str:
        """Our name for one of the sandbox's partners. Their file differs by ERP, so that each has a file for each of ours."""
        return partner + self.partner_suffix

    def partner_named(self, name: str) -> str:
        """The sandbox's name for one of our partners."""
        return name.removesuffix(self.partner_suffix)

    def partners(self, described: Described) -> list[Mapping[str, Any]]:
        """The sandbox's partners that this integration trades with."""
        return [each for each in described["world"]["partners"] if each["supplier_code"] or not self.suppliers_only]


def number(value: Any) -> Decimal:
    """A JSON number or text as it is written; nothing is 0."""
    return Decimal(str(value if value is not None else 0)).normalize()
