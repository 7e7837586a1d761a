"""Which agent reaches a Sage 100 company, and what to do there. How Sage is signed in to is known beside its server only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator

from mlconn_pipelines.config.model import Model
from mlconn_pipelines.config.zones import ZoneName

Account = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,32}$")]
Vendor = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}-.{1,7}$")]


class Sage100Connection(Model):
    """One company of a Sage 100 server. No address: the agent dials in."""

    order_targets: ClassVar[Mapping[str, Literal["customer", "supplier"]]] = {}
    """An inbound 850 becomes nothing here: it is on hold for a person."""
    order_target: ClassVar[str] = ""
    outbound_partner_kinds: ClassVar[Mapping[str, Literal["customer", "supplier"]]] = {
        "x12_850": "supplier",
        "vendors": "supplier",
    }
    """The outbound flows of this system, with the kind of business partner that each goes to."""
    integration_name_max: ClassVar[int | None] = 20
    """Our reference stands in a comment of 30 characters."""
    company_field: ClassVar[str] = "company"
    of_company: ClassVar[frozenset[str]] = frozenset(
        {
            *("company", "time_zone", "currency", "several_warehouses", "segments", "receipts", "post_receipts"),
            *("supplier_invoices", "confirmed_dates", "charges_account"),
        }
    )
    """What each of several companies has of its own; the rest stands once."""
    credential: ClassVar[str] = ""
    ca_file: ClassVar[None] = None
    signs_in_at: ClassVar[None] = None
    timeout_s: ClassVar[float] = 90.0
    """A write is waited for a minute."""
    absence_proves_after_s: ClassVar[float] = 0.0
    """Jobs are known by their ids: what is not known of one is never taken for absent."""

    kind: Literal["sage_100"]
    agent: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = Field(
        description="name of the agent beside the Sage server, as `mlconn agents invite` was given it"
    )
    company: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{3}$")] = Field(
        description="the company code in Sage, such as ABC"
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        "USD", description="the company's currency (ISO 4217): Sage's purchase orders bear none"
    )
    time_zone: ZoneName | None = Field(
        None, description="IANA name, the zone of the Sage server's clock; the integration's where left out"
    )
    calls_in_flight: int = Field(4, ge=1, le=16, description="jobs that wait for the agent at once; it does one after another")
    several_warehouses: dict[Vendor, Literal["line_ship_to", "store_quantities", "order_each"]] = Field(
        default_factory=dict,
        description="by vendor (DIVISION-NUMBER), how it is told of lines that go to several warehouses: a ship-to on each line, "
        "places with quantities (SDQ), or an order for each warehouse; line_ship_to for those left out",
    )
    segments: tuple[str, ...] = Field(
        (), description="what people call the segments behind the main account, in their order, such as [department, location]"
    )
    receipts: bool = Field(True, description="a ship notice (856) is entered as a receipt of goods, which a person posts")
    post_receipts: bool = Field(
        False,
        description="the receipt is posted too, where the site's own allow-file says `posting = true`; what cannot be posted stays entered",
    )
    supplier_invoices: bool = Field(
        True, description="a checked inbound 810 is entered as an A/P invoice, which a person posts"
    )
    confirmed_dates: bool = Field(True, description="the dates that an 855 confirms are written to the order's lines")
    charges_account: Account | Literal[""] = Field(
        "",
        description="G/L account, as people read it, for charges of an 810 that are neither freight nor tax; where left out a person "
        "enters such invoices",
    )

    @field_validator("segments")
    @classmethod
    def _named(cls, segments: tuple[str, ...]) -> tuple[str, ...]:
        if any(not name.strip() for name in segments):
            raise ValueError("a segment without a name. Write what people call it, such as department")
        return segments

    @property
    def session_of(self) -> str:
        """Companies of one server share an agent."""
        return f"agent {self.agent}"
