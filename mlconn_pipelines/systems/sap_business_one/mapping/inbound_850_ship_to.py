"""Where a partner's order is to be delivered: an address that SAP knows by name, else the address as stated."""

from __future__ import annotations

from typing import Any

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Party, party_of
from mlconn_pipelines.documents.reference import BusinessPartner
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850_checks import DELIVERED_TO
from mlconn_pipelines.edi.party_fitting import GLN
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason


def ship_to_fields(order: PurchaseOrder, card: BusinessPartner | None, partner: Partner, notes: Checklist) -> dict[str, Any]:
    """ShipToCode for a location that is known, AddressExtension for one that is only described, else a finding.

    Known is, in this order: the partner file's `ship_to`, an address of the business partner with that location number (GLN),
    one whose name is the number. Partners write a GLN as a number of their own too (92). An order without a ship-to party
    leaves SAP its default.
    """
    stated = party_of(order.parties, *DELIVERED_TO)
    if stated is None or card is None:
        return {}
    configured = partner.ship_to.get(stated.id, "") if stated.id else ""
    if name := _known_name(stated, configured, card):
        return {"ShipToCode": name}
    described = bool(stated.street or stated.city or stated.postal_code)
    if configured and not described:
        notes.reject(
            Reason.SHIP_TO_UNKNOWN,
            f"Location {stated.id} is address {configured!r} in the partner file, and business partner {card.code} has no such "
            "ship-to address in SAP. Create it, or correct the partner file.",
            "N1 ST",
        )
        return {}
    if not described:
        notes.reject(
            Reason.SHIP_TO_UNKNOWN,
            f"Location {stated.id or stated.name!r} of {partner.name} is not known. Add it to `ship_to` of the partner file with "
            f"the name of its address at business partner {card.code}.",
            "N1 ST",
        )
        return {}
    if stated.id:
        notes.note(
            Reason.SHIP_TO_NOT_LINKED,
            f"Location {stated.id} is no address of business partner {card.code}; the address is taken as stated.",
            "N1 ST",
        )
    return {"AddressExtension": _described(stated)}


def line_ship_to_fields(
    line: OrderLine, card: BusinessPartner | None, partner: Partner, notes: Checklist, place: str
) -> dict[str, Any]:
    """ShipToCode of a line that goes to a place of its own. SAP keeps no described address with a line: it has to be known."""
    stated = party_of(line.parties, *DELIVERED_TO)
    if stated is None or card is None:
        return {}
    if name := _known_name(stated, partner.ship_to.get(stated.id, "") if stated.id else "", card):
        return {"ShipToCode": name}
    notes.reject(
        Reason.SHIP_TO_UNKNOWN,
        f"The line goes to {stated.id or stated.name!r} of {partner.name}, which is no address of business partner {card.code}. Create it "
        "there, or add it to `ship_to` of the partner file with the name of its address.",
        place,
    )
    return {}


def _known_name(stated: Party, configured: str, card: BusinessPartner) -> str:
    if configured in card.ship_to and configured:
        return configured
    if not stated.id:
        return ""
    by_number = (name for name, held in card.ship_to.items() if held.id == stated.id)
    return next(by_number, stated.id if stated.id in card.ship_to else "")


def _described(stated: Party) -> dict[str, str]:
    street = (*stated.street, "", "")
    fields = {
        "ShipToStreet": street[0],
        "ShipToBlock": " ".join(filter(None, street[1:])),
        "ShipToCity": stated.city,
        "ShipToZipCode": stated.postal_code,
        "ShipToState": stated.state,
        "ShipToCountry": stated.country,
        "ShipToAddress2": stated.name,
        "ShipToAddress3": stated.name_2,
        "ShipToGlobalLocationNumber": stated.id if stated.id_qualifier == GLN else "",
    }
    return {name: value for name, value in fields.items() if value}
