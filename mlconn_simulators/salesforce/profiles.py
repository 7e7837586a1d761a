"""What the org is licensed for, and what the run-as user may see and write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlconn_simulators.salesforce.errors import ApiError, no_such_column, not_supported
from mlconn_simulators.salesforce.schema import (
    MERGEABLE,
    NEVER_CREATED,
    OBJECTS,
    READ_ONLY_OBJECTS,
    Field,
    SObject,
    Values,
    children_of,
)

PROFILES = ("sales_cloud", "billing", "restricted_user", "multi_currency")
"""Sales Cloud has no Invoice; Billing has; a restricted user does not see orders nor some fields; several currencies add fields."""


@dataclass
class Access:
    """The run-as user's view. An object that is hidden and one that is not there look the same; so do fields.

    hidden, protected: pairs of object and field: not seen at all; seen and not written (field-level security). not_made: objects
    without the right to create.
    """

    profile: str = "sales_cloud"
    hidden_objects: set[str] = field(default_factory=set)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    protected: set[tuple[str, str]] = field(default_factory=set)
    not_made: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"{self.profile!r} is no profile: {', '.join(PROFILES)}")
        if self.profile != "billing":
            self.hidden_objects.add("Invoice")
        if self.profile != "multi_currency":
            self.hidden_objects.add("CurrencyType")
        if self.profile == "restricted_user":
            self.hidden_objects |= {"Order", "OrderItem"}
            self.hidden |= {("Account", "ERP_Balance__c"), ("Opportunity", "Amount")}
            self.protected |= {("Account", "ERP_Credit_Limit__c"), ("Account", "AccountNumber")}

    def objects(self) -> list[SObject]:
        return [one for one in OBJECTS.values() if one.name not in self.hidden_objects]

    def object(self, name: str) -> SObject:
        """Errors: 400 INVALID_TYPE."""
        for one in self.objects():
            if one.name.lower() == name.lower():
                return one
        raise not_supported(name)

    def fields(self, of: SObject) -> dict[str, Field]:
        return {each.name: each for each in of.fields.values() if self._sees(of, each)}

    def field(self, of: SObject, name: str) -> Field:
        """Errors: 400 INVALID_FIELD in the words of a column that does not exist."""
        found = of.field(name)
        if found is None or not self._sees(of, found):
            raise no_such_column(name, of.name)
        return found

    def relationship(self, of: SObject, name: str) -> Field:
        """The reference that a parent relationship follows. Errors: 400 INVALID_FIELD."""
        found = of.by_relationship(name)
        if found is None or not self._sees(of, found) or found.target in self.hidden_objects:
            raise ApiError(
                400, "INVALID_FIELD", f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                "relationship, be sure to append the '__r' after the custom relationship name.",
            )  # fmt: skip
        return found

    def writable(self, of: SObject, name: str, creating: bool) -> Field:
        """Errors: 400 INVALID_FIELD for no such column, INVALID_FIELD_FOR_INSERT_UPDATE for one that may not be written."""
        found = self.field(of, name)
        if not self._writes(of, found, creating):
            raise ApiError(
                400, "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {found.name}. Please check the security "
                "settings of this field and verify that it is read/write for your profile or permission set.", [found.name],
            )  # fmt: skip
        return found

    def described(self, of: SObject, path: str) -> Values:
        fields = [
            each.described(self._writes(of, each, creating=True), self._writes(of, each, creating=False))
            for each in self.fields(of).values()
        ]
        children = [
            {"relationshipName": name, "childSObject": child, "field": each.name, "cascadeDelete": each.required}
            for name, (child, each) in children_of(of.name).items()
            if child not in self.hidden_objects
        ]
        return self.listed(of, path) | {"fields": fields, "childRelationships": children, "recordTypeInfos": []}

    def listed(self, of: SObject, path: str) -> dict[str, Any]:
        """As the list of all objects has it. path: of the object's resource."""
        return {
            "name": of.name,
            "label": of.name,
            "labelPlural": f"{of.name}s",
            "keyPrefix": of.prefix,
            "custom": False,
            "queryable": True,
            "retrieveable": True,
            "replicateable": True,
            "createable": of.name not in {*NEVER_CREATED, *self.not_made},
            "updateable": of.name not in READ_ONLY_OBJECTS,
            "deletable": of.name not in NEVER_CREATED,
            "mergeable": of.name in MERGEABLE,
            "urls": {"sobject": path, "describe": f"{path}/describe", "rowTemplate": f"{path}/{{ID}}"},
        }

    def _sees(self, of: SObject, one: Field) -> bool:
        return (of.name, one.name) not in self.hidden and (self.profile == "multi_currency" or not one.multi_currency)

    def _writes(self, of: SObject, one: Field, creating: bool) -> bool:
        if one.read_only or (one.fixed and not creating) or (of.name, one.name) in self.protected:
            return False
        return of.name not in ({*NEVER_CREATED, *self.not_made} if creating else READ_ONLY_OBJECTS)
