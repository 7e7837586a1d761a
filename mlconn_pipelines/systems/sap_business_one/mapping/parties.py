"""Who a SAP document is between and where they are: from the document's own addresses, else the business partner's.

A document keeps a structured copy in AddressExtension, which is wholly empty on many; then the business partner's address named
by ShipToCode or PayToCode counts, and last the free text of Address2 and Address.
"""

from __future__ import annotations

from dataclasses import replace

from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.reference import BusinessPartner
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.party_fitting import ASSIGNED_BY_BUYER, AddressParts, party, us
from mlconn_pipelines.edi.text_fitting import clean, fit_name, fit_street
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import DocumentAddresses, MarketingDocument


def our_party(role: str, document: MarketingDocument, partner: Partner) -> Party:
    """Us, by the interchange id that the partner knows us by, and by the branch's name where the document names one."""
    return us(role, document.BPLName, partner)


def bill_to(document: MarketingDocument, customer: BusinessPartner | None, partner: Partner, notes: Checklist) -> Party:
    """The customer's party BT, with the buyer's contact person."""
    own = _billing_parts(document.AddressExtension)
    found = _addressed("BT", "bill-to address", document, own, customer, document.Address, notes)
    contacts = contacts_of(document, customer, "BD")
    return replace(_known_by_buyer(found, document.PayToCode, partner), contacts=contacts)


def ship_to(document: MarketingDocument, customer: BusinessPartner | None, partner: Partner, notes: Checklist) -> Party:
    """The customer's party ST, under the buyer's own location number where the partner file has one for the address."""
    own = _shipping_parts(document.AddressExtension)
    found = _addressed("ST", "ship-to address", document, own, customer, document.Address2, notes)
    name = document.ShipToCode or (customer.default_ship_to if customer else "")
    return _known_by_buyer(found, name, partner)


def our_ship_to(document: MarketingDocument, notes: Checklist) -> Party:
    """Where a purchase order's goods go: its ship-to address, under our warehouse code where all lines name one warehouse."""
    own = _shipping_parts(document.AddressExtension)
    warehouses = {line.WarehouseCode for line in document.DocumentLines}
    name = own.line_2 or document.BPLName
    found = party("ST", name, replace(own, line_2=""), notes, "ship-to address")
    if own.empty and clean(document.Address2):
        found = replace(found, street=_free_text(document.Address2, notes, "ship-to address"))
    if not found.id and len(warehouses) == 1 and (warehouse := next(iter(warehouses))):
        found = replace(found, id_qualifier=ASSIGNED_BY_BUYER, id=warehouse)
    return found


def vendor(document: MarketingDocument, supplier: BusinessPartner | None, notes: Checklist) -> Party:
    """The supplier of a purchase order under our number for them, with their contact person."""
    own = _billing_parts(document.AddressExtension)
    found = _addressed("VN", "supplier's address", document, own, supplier, document.Address, notes)
    contacts = contacts_of(document, supplier, "IC")
    return replace(found, id_qualifier=ASSIGNED_BY_BUYER, id=document.CardCode, contacts=contacts)


def contacts_of(document: MarketingDocument, partner: BusinessPartner | None, function: str) -> tuple[Contact, ...]:
    """The business partner's contact person that the document names, else their default one."""
    if partner is None:
        return ()
    code = str(document.ContactPersonCode) if document.ContactPersonCode is not None else ""
    found = partner.contacts.get(code) or partner.contacts.get(partner.default_contact)
    return (replace(found, function=function),) if found else ()


def _addressed(
    role: str,
    place: str,
    document: MarketingDocument,
    own: AddressParts,
    partner: BusinessPartner | None,
    free_text: str,
    notes: Checklist,
) -> Party:
    name = document.CardName or (partner.name if partner else "")
    if not own.empty:
        return party(role, name, own, notes, place)
    if partner is not None:
        held, wanted, default = (
            (partner.ship_to, document.ShipToCode, partner.default_ship_to)
            if role == "ST"
            else (partner.bill_to, document.PayToCode, partner.default_bill_to)
        )
        if known := held.get(wanted) or held.get(default):
            return replace(known, role=role, name=fit_name(name)[0] or known.name)
    plain = party(role, name, own, notes, place)
    return replace(plain, street=_free_text(free_text, notes, place)) if clean(free_text) else plain


def _free_text(text: str, notes: Checklist, place: str) -> tuple[str, ...]:
    """An address that only exists as lines of text goes into the street lines as it stands."""
    street, lost = fit_street(*filter(None, map(clean, text.replace("\r", "\n").split("\n"))))
    left_out = f" Left out: {lost!r}." if lost else ""
    notes.note(
        Reason.ADDRESS_UNSTRUCTURED,
        f"Only the free text {clean(text)!r} is known; city, state and postal code are not sent as such.{left_out}",
        place,
    )
    return street


def _known_by_buyer(found: Party, address_name: str, partner: Partner) -> Party:
    number = next((number for number, name in partner.ship_to.items() if name == address_name and address_name), "")
    return replace(found, id_qualifier=ASSIGNED_BY_BUYER, id=number) if number else found


def _shipping_parts(held: DocumentAddresses) -> AddressParts:
    return AddressParts(
        street=held.ShipToStreet,
        street_no=held.ShipToStreetNo,
        block=held.ShipToBlock,
        building=held.ShipToBuilding,
        city=held.ShipToCity,
        postal_code=held.ShipToZipCode,
        state=held.ShipToState,
        country=held.ShipToCountry,
        location_number=held.ShipToGlobalLocationNumber,
        line_2=held.ShipToAddress2,
        line_3=held.ShipToAddress3,
    )


def _billing_parts(held: DocumentAddresses) -> AddressParts:
    return AddressParts(
        street=held.BillToStreet,
        street_no=held.BillToStreetNo,
        block=held.BillToBlock,
        building=held.BillToBuilding,
        city=held.BillToCity,
        postal_code=held.BillToZipCode,
        state=held.BillToState,
        country=held.BillToCountry,
        location_number=held.BillToGlobalLocationNumber,
        line_2=held.BillToAddress2,
        line_3=held.BillToAddress3,
    )
