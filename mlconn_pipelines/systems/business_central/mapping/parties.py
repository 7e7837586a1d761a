"""Who a Business Central document is between and where they are: documents keep their own copies of all addresses."""

from __future__ import annotations

from dataclasses import replace

from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.party_fitting import ASSIGNED_BY_BUYER, ASSIGNED_BY_SELLER, AddressParts, party
from mlconn_pipelines.edi.text_fitting import NAME_MAX, clean, fit_name, wrap
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.business_central.records.correlation_reference import is_reference
from mlconn_pipelines.systems.business_central.records.purchase_order import PurchaseOrder
from mlconn_pipelines.systems.business_central.records.sales_document import SalesDocument, TradeDocument


def bill_to(document: SalesDocument, notes: Checklist) -> Party:
    """Who pays, under our number for them, with the customer's telephone and e-mail."""
    address = AddressParts(
        street=document.billToAddressLine1,
        block=document.billToAddressLine2,
        city=document.billToCity,
        state=document.billToState,
        postal_code=document.billToPostCode,
        country=document.billToCountry,
    )
    found = party("BT", document.billToName or document.customerName, address, notes, "bill-to address")
    number = document.billToCustomerNumber or document.customerNumber
    return replace(found, id_qualifier=ASSIGNED_BY_SELLER, id=number, contacts=_contacts(document))


def buyer(document: SalesDocument, notes: Checklist) -> Party:
    """Who ordered, under our number for them."""
    address = AddressParts(
        street=document.sellToAddressLine1,
        block=document.sellToAddressLine2,
        city=document.sellToCity,
        state=document.sellToState,
        postal_code=document.sellToPostCode,
        country=document.sellToCountry,
    )
    found = party("BY", document.customerName, address, notes, "sell-to address")
    return replace(found, id_qualifier=ASSIGNED_BY_SELLER, id=document.customerNumber, contacts=_contacts(document))


def ship_to(document: TradeDocument, name: str, notes: Checklist, partner: Partner | None = None) -> Party:
    """Where the goods go. name: used where the address has none of its own.

    partner: whose own location number is given where the partner file has one for the customer that the document is for.
    """
    address = AddressParts(
        street=document.shipToAddressLine1,
        block=document.shipToAddressLine2,
        city=document.shipToCity,
        state=document.shipToState,
        postal_code=document.shipToPostCode,
        country=document.shipToCountry,
    )
    found = party("ST", document.shipToName or name, address, notes, "ship-to address")
    contact, *more = wrap(document.shipToContact, NAME_MAX) or [""]
    if contact and not is_reference(contact):
        found = replace(found, contacts=(Contact(contact, function="DC"),))
    if more:
        notes.note(
            Reason.ADDRESS_SHORTENED, f"The ship-to contact does not fit X12; left out: {' '.join(more)!r}.", "ship-to address"
        )
    known = () if partner is None else tuple(n for n, code in partner.ship_to.items() if code == document.partner_code)
    return replace(found, id_qualifier=ASSIGNED_BY_BUYER, id=known[0]) if len(known) == 1 else found


def vendor(document: PurchaseOrder, notes: Checklist) -> Party:
    """The supplier of a purchase order under our number for them."""
    address = AddressParts(
        street=document.buyFromAddressLine1,
        block=document.buyFromAddressLine2,
        city=document.buyFromCity,
        state=document.buyFromState,
        postal_code=document.buyFromPostCode,
        country=document.buyFromCountry,
    )
    found = party("VN", document.vendorName, address, notes, "supplier's address")
    return replace(found, id_qualifier=ASSIGNED_BY_BUYER, id=document.vendorNumber)


def _contacts(document: SalesDocument) -> tuple[Contact, ...]:
    """The customer's telephone and e-mail; the name beside them is cut, since the party bears it whole."""
    phone, email = clean(document.phoneNumber), clean(document.email)
    return (Contact(fit_name(document.customerName)[0], phone, email, "BD"),) if phone or email else ()
