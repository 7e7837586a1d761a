"""Who a document is between, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.line import Reference


@dataclass(frozen=True, slots=True)
class Contact:
    """A person to ask (X12 PER). function: PER01, `BD` buyer, `IC` information contact."""

    name: str = ""
    phone: str = ""
    email: str = ""
    function: str = "IC"
    fax: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """One party of a document (X12 loop N1).

    role: N101, `BT` bill to, `ST` ship to, `BY` buyer, `SE` seller, `VN` vendor, `SF` ship from, `RI` remit to.
    id_qualifier, id: N103 and N104 (`92` assigned by the buyer, `91` by the seller, `UL` GLN, `1` DUNS).
    street: the lines of N3, at most four of 55 characters. name: at most 60; what is longer is cut by the mapping's rule.
    references: REF of the loop (`VR` vendor number, `TJ` tax number ...). quantity, unit: how much of a line is for them (QTY of the
    loop, element 673 in quantity_kind).
    """

    role: str
    name: str = ""
    id_qualifier: str = ""
    id: str = ""
    name_2: str = ""
    street: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    contacts: tuple[Contact, ...] = ()
    references: tuple[Reference, ...] = ()
    quantity: Decimal | None = None
    unit: str = ""
    quantity_kind: str = ""


def party_of(parties: tuple[Party, ...], *roles: str) -> Party | None:
    """The first party that plays one of the roles, the roles tried in the order given."""
    return next((party for role in roles for party in parties if party.role == role), None)
