"""The settings of an integration that decide what of an org becomes a document, and where it is written."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any


def named_fields(of: Any) -> tuple[str, ...]:
    """Names of fields that a table of them holds, in its order; one that is empty is not written."""
    return tuple(filter(None, (getattr(of, each.name) for each in fields(of))))


@dataclass(frozen=True, slots=True)
class WonDeals:
    """Which opportunities become orders, and by which fields. Same names and meanings as in the configuration.

    currency: of an org that knows one currency only, ISO 4217; opportunities of others state theirs.
    """

    stages: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    record_types: tuple[str, ...] = ()
    amount_min: Decimal | None = None
    currency: str = ""
    item_without_lines: str = ""
    customer_code_field: str = "AccountNumber"
    item_code_field: str = "ProductCode"
    customer_order_number_field: str = ""


@dataclass(frozen=True, slots=True)
class NewCustomers:
    """Which accounts the ERP is to know, and by which fields; every account where no types are named. currency: see `WonDeals`.

    with_won_deal: only those that have a won opportunity, or a customer code already. lead_types: those that have bought nothing yet.
    tax_number_field: empty where the org keeps no tax numbers. card_code: a new customer's code, with a field of the account in
    braces; empty where the ERP numbers them.
    """

    types: tuple[str, ...] = ()
    record_types: tuple[str, ...] = ()
    with_won_deal: bool = False
    lead_types: tuple[str, ...] = ("Prospect",)
    currency: str = ""
    customer_code_field: str = "AccountNumber"
    tax_number_field: str = ""
    card_code: str = ""
