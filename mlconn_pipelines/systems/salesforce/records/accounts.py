"""Whom one does business with: `Account` and `Contact`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

HAS_WON_DEAL = "HasWonOpportunity"
"""What the client notes on an account that it was asked to look for won opportunities of; no field of Salesforce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """AccountNumber: free text, neither unique nor indexed. MasterRecordId: of a deleted one that was merged, its winner.

    StateCode, CountryCode: only of orgs with picklists for them.
    """

    Id: str = ""
    IsDeleted: bool = False
    MasterRecordId: str = ""
    SystemModstamp: dt.datetime | None = None
    Name: str = ""
    AccountNumber: str = ""
    Type: str = ""
    RecordTypeId: str = ""
    ParentId: str = ""
    Phone: str = ""
    Fax: str = ""
    Website: str = ""
    Description: str = ""
    BillingStreet: str = ""
    BillingCity: str = ""
    BillingState: str = ""
    BillingPostalCode: str = ""
    BillingCountry: str = ""
    BillingStateCode: str = ""
    BillingCountryCode: str = ""
    ShippingStreet: str = ""
    ShippingCity: str = ""
    ShippingState: str = ""
    ShippingPostalCode: str = ""
    ShippingCountry: str = ""
    ShippingStateCode: str = ""
    ShippingCountryCode: str = ""
    CurrencyIsoCode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person of an account."""

    Id: str = ""
    IsDeleted: bool = False
    MasterRecordId: str = ""
    SystemModstamp: dt.datetime | None = None
    AccountId: str = ""
    FirstName: str = ""
    LastName: str = ""
    Name: str = ""
    Title: str = ""
    Email: str = ""
    Phone: str = ""
    CurrencyIsoCode: str = ""
