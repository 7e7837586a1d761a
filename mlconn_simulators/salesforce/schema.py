"""The org's objects and fields, and what describe says about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Values = dict[str, Any]

_SYSTEM = """
Id id 18 system
IsDeleted boolean - system
MasterRecordId reference 18 system merge
CreatedDate datetime - system
CreatedById reference 18 system User CreatedBy
LastModifiedDate datetime - system
LastModifiedById reference 18 system User LastModifiedBy
SystemModstamp datetime - system
"""
_ADDRESS = """
{0}Street textarea 255
{0}City string 40
{0}State string 80
{0}PostalCode string 20
{0}Country string 80
{0}Address address - read
"""
_TABLE = f"""
Account 001
Name string 255 required
Type picklist 255 Customer,Prospect,Partner
AccountNumber string 40
ERP_Code__c string 20 unique external
ERP_Ref__c string 40 external
ERP_Balance__c currency 18.2
ERP_Credit_Limit__c currency 18.2
ERP_Overdue__c currency 18.2
ERP_Status__c picklist 255 Active,Blocked restricted
ERP_As_Of__c datetime -
ParentId reference 18 Account Parent ChildAccounts
Phone phone 40
Fax phone 40
Website url 255
Industry picklist 255 Manufacturing,Retail,Energy
AnnualRevenue currency 18.0
NumberOfEmployees int 8
Description textarea 32000
Site string 80
OwnerId reference 18 User Owner
CurrencyIsoCode picklist 3 multi
{_ADDRESS.format("Billing")}{_ADDRESS.format("Shipping")}
Contact 003
AccountId reference 18 Account Account Contacts
FirstName string 40
LastName string 80 required
Name string 121 read
Email email 80
Phone phone 40
Title string 128
ERP_Code__c string 40 unique external
OwnerId reference 18 User Owner
CurrencyIsoCode picklist 3 multi
{_ADDRESS.format("Mailing")}
Lead 00Q
FirstName string 40
LastName string 80 required
Name string 121 read
Company string 255 required
Email email 80
Status picklist 255 Open,Working,Converted
IsConverted boolean - read
ConvertedAccountId reference 18 read Account ConvertedAccount
ConvertedContactId reference 18 read Contact ConvertedContact
OwnerId reference 18 User Owner
CurrencyIsoCode picklist 3 multi

Opportunity 006
Name string 120 required
AccountId reference 18 Account Account Opportunities
StageName picklist 255 required
CloseDate date - required
Amount currency 18.2
Probability percent 3.0
IsClosed boolean - read
IsWon boolean - read
Type picklist 255 New,Existing
Pricebook2Id reference 18 Pricebook2 Pricebook2
HasOpportunityLineItem boolean - read
Description textarea 32000
PO_Number__c string 100
ERP_Order_Number__c string 40 unique external
ERP_Order_Status__c string 40
ERP_Ordered_Quantity__c double 18.6
ERP_Delivered_Quantity__c double 18.6
ERP_Open_Quantity__c double 18.6
ERP_Ordered_Amount__c currency 18.2
ERP_Delivered_Amount__c currency 18.2
ERP_Open_Amount__c currency 18.2
ERP_Last_Delivery__c string 40
ERP_Last_Delivery_Date__c date -
ERP_Tracking_Number__c string 80
ERP_Invoices__c string 255
ERP_Invoiced__c currency 18.2
ERP_Credited__c currency 18.2
ERP_Paid__c currency 18.2
ERP_Payment_Status__c string 40
ERP_Due_Date__c date -
ERP_As_Of__c datetime -
OwnerId reference 18 User Owner
CurrencyIsoCode picklist 3 multi

OpportunityStage 01J
MasterLabel string 255 read
ApiName string 255 read
IsActive boolean - read
IsClosed boolean - read
IsWon boolean - read
SortOrder int 8 read

OpportunityLineItem 00k
OpportunityId reference 18 required Opportunity Opportunity OpportunityLineItems
PricebookEntryId reference 18 required PricebookEntry PricebookEntry
Product2Id reference 18 read Product2 Product2
ProductCode string 255 read
Name string 376 read
Description string 255
Quantity double 12.2 required
UnitPrice currency 18.2
ListPrice currency 18.2 read
TotalPrice currency 18.2
Subtotal currency 18.2 read
Discount percent 5.2
ServiceDate date -
SortOrder int 8 read
CurrencyIsoCode picklist 3 multi read

Product2 01t
Name string 255 required
ProductCode string 255
ERP_Item__c string 50 unique external
IsActive boolean -
Description textarea 4000
CurrencyIsoCode picklist 3 multi

Pricebook2 01s
Name string 255 required
IsActive boolean -
IsStandard boolean - read

PricebookEntry 01u
Pricebook2Id reference 18 required fixed Pricebook2 Pricebook2 PricebookEntries
Product2Id reference 18 required fixed Product2 Product2 PricebookEntries
UnitPrice currency 18.2 required
UseStandardPrice boolean -
IsActive boolean -
ProductCode string 255 read
ERP_Price__c string 40 unique external
CurrencyIsoCode picklist 3 multi fixed

Order 801
OrderNumber string 30 read
AccountId reference 18 Account Account Orders
OpportunityId reference 18 Opportunity Opportunity
EffectiveDate date - required
Status picklist 255 required Draft,Activated
Type picklist 255
Pricebook2Id reference 18 Pricebook2 Pricebook2
TotalAmount currency 18.2 read
PoNumber string 80
ActivatedDate datetime - read
ERP_Order_Number__c string 40 unique external
ERP_Order_Status__c string 40
ERP_Invoices__c string 255
ERP_Paid__c currency 18.2
ERP_Payment_Status__c string 40
OwnerId reference 18 User Owner
CurrencyIsoCode picklist 3 multi

OrderItem 802
OrderId reference 18 required Order Order OrderItems
PricebookEntryId reference 18 required PricebookEntry PricebookEntry
Product2Id reference 18 read Product2 Product2
Quantity double 18.2 required
UnitPrice currency 18.2 required
TotalPrice currency 18.2 read

User 005
Username string 80 read
Name string 121 read
Email email 128 read
IsActive boolean - read

Organization 00D
Name string 80 read
DefaultCurrencyIsoCode picklist 40 read
IsSandbox boolean - read

CurrencyType 01L
IsoCode picklist 3 read
ConversionRate double 18.6 read
IsActive boolean - read
IsCorporate boolean - read

Invoice 3tt
InvoiceNumber string 255 read
BillingAccountId reference 18 read Account BillingAccount
BillToContactId reference 18 Contact BillToContact
Balance currency 18.2 read
TotalAmount currency 18.2 read
Status picklist 255 read Draft,Posted
Description textarea 255
ERP_Invoice__c string 40 unique external
ERP_Paid__c currency 18.2
ERP_Open__c currency 18.2
ERP_Payment_Status__c string 40
CurrencyIsoCode picklist 3 multi read
"""

MERGEABLE = frozenset({"Account", "Contact", "Lead"})
READ_ONLY_OBJECTS = frozenset({"User", "Organization", "OpportunityStage", "CurrencyType"})
"""Nothing of them is created or deleted over the API by this org's integration user."""
NEVER_CREATED = READ_ONLY_OBJECTS | {"Invoice"}


@dataclass(frozen=True)
class Field:
    """target, relationship, children: of a reference: the object, and what both sides call the way. A merge's has none.

    fixed: given when the record is created, and never changed.
    """

    name: str
    type: str
    length: int = 0
    scale: int = 0
    required: bool = False
    read_only: bool = False
    fixed: bool = False
    unique: bool = False
    external: bool = False
    restricted: bool = False
    multi_currency: bool = False
    values: tuple[str, ...] = ()
    target: str = ""
    relationship: str = ""
    children: str = ""

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        """Compound fields and long texts cannot stand in a condition."""
        return self.type != "address" and not (self.type == "textarea" and self.length > 255)

    def described(self, createable: bool, updateable: bool) -> Values:
        number = self.type in ("currency", "double", "percent")
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "length": 0 if number else self.length,
            "precision": self.length if number else 0,
            "scale": self.scale,
            "nillable": not self.required,
            "createable": createable,
            "updateable": updateable,
            "unique": self.unique,
            "externalId": self.external,
            "idLookup": self.external or self.name == "Id",
            "caseSensitive": False,
            "custom": self.custom,
            "calculated": False,
            "defaultedOnCreate": self.type == "boolean" or self.name == "OwnerId",
            "filterable": self.filterable,
            "sortable": self.filterable,
            "restrictedPicklist": self.restricted,
            "picklistValues": [
                {"value": value, "label": value, "active": True, "defaultValue": False, "validFor": None}
                for value in self.values
            ],
            "referenceTo": [self.target] if self.target else [],
            "relationshipName": self.relationship or None,
        }


@dataclass(frozen=True)
class SObject:
    name: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)

    def field(self, name: str) -> Field | None:
        """By its name as people write it: case does not count."""
        return self.fields.get(name) or next((one for key, one in self.fields.items() if key.lower() == name.lower()), None)

    def by_relationship(self, name: str) -> Field | None:
        return next((one for one in self.fields.values() if one.relationship.lower() == name.lower() and name), None)


def _field(line: str) -> Field:
    name, kind, size, *words = line.split()
    length, _, scale = size.replace("-", "0").partition(".")
    links = [word for word in words if word[0].isupper() and "," not in word] if kind == "reference" else []
    listed = [word for word in words if word[0].isupper()] if kind == "picklist" else []
    target, relationship, children = (*links, "", "", "")[:3]
    return Field(
        name,
        kind,
        int(length),
        int(scale or 0),
        required="required" in words,
        read_only="read" in words or "system" in words,
        fixed="fixed" in words,
        unique="unique" in words,
        external="external" in words,
        restricted="restricted" in words,
        multi_currency="multi" in words,
        values=tuple(listed[0].split(",")) if listed else (),
        target=target,
        relationship=relationship,
        children=children,
    )


def _objects() -> dict[str, SObject]:
    found: dict[str, SObject] = {}
    one = SObject("", "")
    for line in filter(None, map(str.strip, _TABLE.splitlines())):
        if len(words := line.split()) == 2:
            one = found[words[0]] = SObject(
                words[0], words[1], {each.name: each for each in map(_field, _SYSTEM.split("\n")[1:-1])}
            )
            if one.name not in MERGEABLE:
                del one.fields["MasterRecordId"]
        else:
            one.fields[words[0]] = _field(line)
    return found


OBJECTS = _objects()


def children_of(name: str) -> dict[str, tuple[str, Field]]:
    """Child relationships of an object: their name, and which object's field makes them."""
    return {
        each.children: (other.name, each)
        for other in OBJECTS.values()
        for each in other.fields.values()
        if each.target == name and each.children
    }
