"""What the client knows of the org's objects: the record type that its standard fields are of, document date, number, lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from mlconn_pipelines.systems.salesforce.records.accounts import Account, Contact
from mlconn_pipelines.systems.salesforce.records.opportunities import Opportunity, OpportunityLineItem
from mlconn_pipelines.systems.salesforce.records.orders import Invoice, Order
from mlconn_pipelines.systems.salesforce.records.products import Pricebook2, PricebookEntry, Product2

ALWAYS = ("Id", "IsDeleted", "SystemModstamp")
"""Read of every record, whatever is mapped."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows of another object that a record is read with. parent: their field that names it. name: where they stand in it.

    told_by: the record's own field that says whether it has any.
    """

    entity: str
    parent: str
    name: str
    told_by: str


@dataclass(frozen=True, slots=True)
class SalesforceObject:
    """optional: standard fields that not every org has (several currencies, record types, merges, a licence); the others must be there.

    date: field of the document date, empty where CreatedDate has to serve. number, amount: what lists show. account: the field
    whose account a write locks.
    """

    name: str
    shape: type
    optional: frozenset[str] = frozenset()
    date: str = ""
    number: str = ""
    amount: str = ""
    account: str = ""
    lines: Lines | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The standard fields that are read."""
        nested = {self.lines.name} if self.lines else set()
        return tuple(each.name for each in fields(self.shape) if each.name not in nested)


_CURRENCY = frozenset({"CurrencyIsoCode"})
_CODES = frozenset({"BillingStateCode", "BillingCountryCode", "ShippingStateCode", "ShippingCountryCode"})

OBJECTS: Mapping[str, SalesforceObject] = {
    one.name: one
    for one in (
        SalesforceObject(
            "Account", Account, _CURRENCY | _CODES | {"MasterRecordId", "RecordTypeId"}, number="Name", account="Id"
        ),
        SalesforceObject("Contact", Contact, _CURRENCY | {"MasterRecordId"}, number="Name", account="AccountId"),
        SalesforceObject(
            "Opportunity",
            Opportunity,
            _CURRENCY | {"RecordTypeId"},
            date="CloseDate",
            number="Name",
            amount="Amount",
            account="AccountId",
            lines=Lines("OpportunityLineItem", "OpportunityId", "OpportunityLineItems", "HasOpportunityLineItem"),
        ),
        SalesforceObject("OpportunityLineItem", OpportunityLineItem, _CURRENCY, account="OpportunityId"),
        SalesforceObject("Product2", Product2, _CURRENCY, number="ProductCode"),
        SalesforceObject("Pricebook2", Pricebook2, number="Name"),
        SalesforceObject(
            "PricebookEntry", PricebookEntry, _CURRENCY, number="ProductCode", amount="UnitPrice", account="Product2Id"
        ),
        SalesforceObject(
            "Order",
            Order,
            _CURRENCY | {"OpportunityId", "PoNumber"},
            date="EffectiveDate",
            number="OrderNumber",
            amount="TotalAmount",
            account="AccountId",
        ),
        SalesforceObject(
            "Invoice",
            Invoice,
            _CURRENCY | {"InvoiceNumber", "BillToContactId", "Status", "TotalAmount", "Description"},
            number="InvoiceNumber",
            amount="TotalAmount",
            account="BillingAccountId",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class MappedObject:
    """What an integration reads and writes of an object beside its standard fields. external_id: by which it is written.

    org_currency: records of an org that knows one currency only are read as if they stated it.
    may_be_absent: an org without the object is told what it can be told elsewhere. makes: records of it are made.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    external_id: str = ""
    org_currency: bool = False
    may_be_absent: bool = False
    makes: bool = False

    def __or__(self, other: MappedObject) -> MappedObject:
        """What two flows use of one object. ValueError when they write it by two external ids; by its `Id` any may, beside one."""
        external_ids = {self.external_id, other.external_id} - {"", "Id"}
        if len(external_ids) > 1:
            raise ValueError(f"one object is written by {' and by '.join(sorted(external_ids))}; an object has one external id")
        reads, writes = (tuple(dict.fromkeys((*a, *b))) for a, b in ((self.reads, other.reads), (self.writes, other.writes)))
        unused = MappedObject()
        return MappedObject(
            reads,
            writes,
            next(iter(external_ids), self.external_id or other.external_id),
            self.org_currency or other.org_currency,
            all(one.may_be_absent for one in (self, other) if one != unused) and (self, other) != (unused, unused),
            self.makes or other.makes,
        )


Mapped = Mapping[str, MappedObject]
"""By object."""
