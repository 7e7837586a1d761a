"""An address in an ERP's pieces made into a party that fits X12, and ourselves as a partner knows us."""

from __future__ import annotations

from dataclasses import dataclass

from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.text_fitting import CITY_MAX, clean, fit_name, fit_street
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason

ASSIGNED_BY_SELLER, ASSIGNED_BY_BUYER, GLN = "91", "92", "UL"
_OF_INTERCHANGE_QUALIFIER = {"01": "1", "07": "UL", "12": "12", "14": "9", "16": "9"}
"""ISA05 to N103: DUNS, GLN, telephone number, DUNS with suffix; any other is mutually defined."""


@dataclass(frozen=True, slots=True)
class AddressParts:
    """One address in an ERP's pieces, whichever record it stands in. line_2, line_3: further name lines."""

    street: str = ""
    street_no: str = ""
    block: str = ""
    building: str = ""
    city: str = ""
    postal_code: str = ""
    state: str = ""
    country: str = ""
    location_number: str = ""
    line_2: str = ""
    line_3: str = ""

    @property
    def empty(self) -> bool:
        return not (self.street or self.city or self.postal_code or self.block or self.building)


def party(role: str, name: str, address: AddressParts, notes: Checklist | None = None, place: str = "") -> Party:
    """The party with texts that fit X12; what does not fit is noted, and so is a state that N402 cannot hold."""
    first, second, lost_name = fit_name(name, address.line_2, address.line_3)
    number_and_street = " ".join(filter(None, (clean(address.street), clean(address.street_no))))
    street, lost_street = fit_street(number_and_street, address.block, address.building)
    city, state, postal_code = clean(address.city), clean(address.state), clean(address.postal_code)
    country = clean(address.country)
    lost = {
        "name": lost_name,
        "street": lost_street,
        "city": city[CITY_MAX:],
        "state": state if len(state) != 2 else "",
        "postal code": postal_code if not 3 <= len(postal_code) <= 15 else "",
        "country": country if len(country) not in (2, 3) else "",
    }
    for what, text in lost.items():
        if text and notes is not None:
            notes.note(Reason.ADDRESS_SHORTENED, f"The {what} of {first or role} does not fit X12; left out: {text!r}.", place)
    return Party(
        role=role,
        name=first,
        name_2=second,
        id_qualifier=GLN if address.location_number else "",
        id=clean(address.location_number),
        street=street,
        city=city[:CITY_MAX],
        state="" if lost["state"] else state,
        postal_code="" if lost["postal code"] else postal_code,
        country="" if lost["country"] else country,
    )


def us(role: str, name: str, partner: Partner) -> Party:
    """Us, by the interchange id that the partner knows us by. name: of the company or branch, empty where it has none."""
    guide = partner.guide
    qualifier = _OF_INTERCHANGE_QUALIFIER.get(guide.our_qualifier, "ZZ")
    first, second, _ = fit_name(name)
    return Party(role, name=first, name_2=second, id_qualifier=qualifier, id=guide.our_id.strip())
