"""Which side decides a field that both systems have, and what becomes of a change that people make to it on the other side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from mlconn_pipelines.config.model import Model

Side = Literal["salesforce", "erp"]
"""An end of the integration, by its name in the file."""
ChangedElsewhere = Literal["write_back", "hold"]


class Ownership(Model):
    """owner: whose value counts. changed_elsewhere: what a change of the other side's people does: the owner's value is written over
    it, or it stays and a person is asked."""

    owner: Side
    changed_elsewhere: ChangedElsewhere = "write_back"


def _whole_row(value: Any) -> Any:
    return {"owner": value} if isinstance(value, str) else value


_SIDES, _ELSEWHERE = {"enum": list(get_args(Side))}, {"enum": list(get_args(ChangedElsewhere))}
_AS_WRITTEN = WithJsonSchema(
    {
        "anyOf": [
            _SIDES,
            {
                "type": "object",
                "properties": {"owner": _SIDES, "changed_elsewhere": _ELSEWHERE},
                "required": ["owner"],
                "additionalProperties": False,
            },
        ]
    }
)
Row = Annotated[Ownership | None, BeforeValidator(_whole_row), _AS_WRITTEN]
"""`salesforce`, or `{owner: salesforce, changed_elsewhere: hold}`."""


class AccountFields(Model):
    name: Row = Field(None, description="Name, CardName in SAP")
    phone: Row = Field(None, description="Phone, Phone1 in SAP")
    tax_number: Row = Field(None, description="the field that accounts names as tax_number, FederalTaxID in SAP")
    addresses: Row = Field(None, description="billing and shipping address, the default addresses in SAP")


class ContactFields(Model):
    name: Row = Field(Ownership(owner="salesforce"), description="FirstName and LastName")
    title: Row = Field(Ownership(owner="salesforce"), description="Title, Position in SAP")
    phone: Row = Field(Ownership(owner="salesforce"), description="Phone, Phone1 in SAP")
    email: Row = Field(Ownership(owner="salesforce"), description="Email, E_Mail in SAP")


class ProductFields(Model):
    name: Row = Field(None, description="Name, ItemName in SAP")
    active: Row = Field(None, description="IsActive; in SAP whether the item is valid, not frozen and for sale")
    price: Row = Field(
        Ownership(owner="erp"), description="price book entries, in SAP price lists; where sales_items has prices"
    )


_WRITTEN_BY: Mapping[str, Mapping[Side, str]] = MappingProxyType(
    {
        "account.name": {"salesforce": "accounts", "erp": "customers"},
        "account.phone": {"salesforce": "accounts", "erp": "customers"},
        "account.tax_number": {"salesforce": "accounts"},
        "account.addresses": {"salesforce": "accounts"},
        "contact.name": {"salesforce": "contacts", "erp": "contact_employees"},
        "contact.title": {"salesforce": "contacts", "erp": "contact_employees"},
        "contact.phone": {"salesforce": "contacts", "erp": "contact_employees"},
        "contact.email": {"salesforce": "contacts", "erp": "contact_employees"},
        "product.name": {"erp": "sales_items"},
        "product.active": {"erp": "sales_items"},
        "product.price": {"erp": "sales_items"},
    }
)
"""By field, the flow that carries its owner's value to the other side."""


class FieldOwnership(Model):
    """One row a field. A field without a row has no owner: it is filled where a record is made, and then each side keeps its own."""

    account: AccountFields = AccountFields()
    contact: ContactFields = ContactFields()
    product: ProductFields = ProductFields()

    def owned(self, kind: str, side: Side) -> tuple[str, ...]:
        """Fields of a kind of record whose owner is that side."""
        return tuple(name for name, row in self._rows(kind) if row.owner == side)

    def held(self, kind: str, side: Side) -> tuple[str, ...]:
        """Those of them that are not written over what the other side's people changed."""
        return tuple(name for name, row in self._rows(kind) if row.owner == side and row.changed_elsewhere == "hold")

    def mistakes(self, flows: Collection[str]) -> Iterator[str]:
        """Rows that cannot be kept by the flows that are on, in words."""
        for kind in sorted(self.model_fields_set):
            for name in sorted(getattr(self, kind).model_fields_set):
                row: Ownership | None = getattr(getattr(self, kind), name)
                if row is None:
                    continue
                by, field = _WRITTEN_BY[f"{kind}.{name}"], f"field_ownership: {kind}.{name}"
                if (flow := by.get(row.owner)) is None:
                    yield f"{field} cannot be owned by {row.owner}: no flow carries it from there; write {' or '.join(by)}"
                elif flow not in flows:
                    yield (
                        f"{field} is owned by {row.owner}, and the flow {flow}, which carries it to the other side, is off; "
                        "turn it on under flows, or leave the row out"
                    )

    def _rows(self, kind: str) -> Iterator[tuple[str, Ownership]]:
        fields = getattr(self, kind)
        for name in type(fields).model_fields:
            if (row := getattr(fields, name)) is not None:
                yield name, row
