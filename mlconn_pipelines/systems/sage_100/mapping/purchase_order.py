"""Purchase order to X12 850."""

from __future__ import annotations

import datetime as dt

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import DateReference, PaymentTerms, StoreQuantity
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.reference import BusinessPartner, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.party_fitting import ASSIGNED_BY_BUYER, AddressParts, party, us
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.systems.sage_100.mapping.checks import check_vendor
from mlconn_pipelines.systems.sage_100.mapping.order_lines import SageLine, charges_of, comments_of, mapped_lines
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.mapping.ship_to import line_destinations, ship_to
from mlconn_pipelines.systems.sage_100.records import purchase_order as sage

DELIVERY_REQUESTED = "002"
_KINDS = {sage.STANDARD: "SA", sage.DROP_SHIP: "DS"}
"""Order type to BEG02."""


def purchase_order_from_sage(
    order: sage.PurchaseOrder,
    day: dt.date,
    partner: Partner,
    book: ReferenceBook,
    notes: Checklist,
    settings: Sage100Settings,
) -> PurchaseOrder:
    """The order with everything that was found about it in `notes`."""
    vendor = check_vendor(order.vendor, book, notes)
    lines = mapped_lines(order, day, partner, book, notes, settings)
    parties, stores = line_destinations(order, lines, settings.way_of(order.vendor), partner, book, notes)
    of_order, of_lines = comments_of(order)
    wanted, buyer, via = order.RequiredExpireDate, clean(order.ConfirmTo), clean(order.ShipVia)
    terms = book.terms.get(order.TermsCode)
    return PurchaseOrder(
        number=order.number,
        date=day,
        kind=_KINDS.get(order.OrderType, "SA"),
        lines=tuple(
            _line(line, parties.get(line.source.LineKey, ()), stores.get(line.source.LineKey, ()), of_lines) for line in lines
        ),
        currency=settings.currency,
        parties=(us("BY", "", partner), ship_to(order, partner, book, notes), _vendor(order, vendor, notes)),
        contacts=(Contact(buyer, function="BD"),) if buyer else (),
        dates=(DateReference(DELIVERY_REQUESTED, wanted),) if wanted else (),
        terms=PaymentTerms(net_days=terms.net_days, description=terms.description) if terms and terms.net_days else None,
        allowances_and_charges=charges_of(order),
        notes=of_order,
        carriers=(Carrier(routing=via),) if via else (),
    )


def _line(
    line: SageLine, parties: tuple[Party, ...], stores: tuple[StoreQuantity, ...], comments: dict[int, tuple[str, ...]]
) -> OrderLine:
    wanted = line.source.RequiredDate
    return OrderLine(
        number=line.number,
        quantity=line.measure.quantity,
        unit=line.measure.unit,
        unit_price=line.unit_price,
        product_ids=line.product_ids,
        description=line.description,
        dates=(DateReference(DELIVERY_REQUESTED, wanted),) if wanted else (),
        parties=parties,
        store_quantities=stores,
        notes=comments.get(line.source.LineKey, ()),
    )


def _vendor(order: sage.PurchaseOrder, vendor: BusinessPartner | None, notes: Checklist) -> Party:
    """The vendor under our number for them, with the address that the order is sent to."""
    address = AddressParts(
        street=order.PurchaseAddress1,
        block=order.PurchaseAddress2,
        building=order.PurchaseAddress3,
        city=order.PurchaseCity,
        state=order.PurchaseState,
        postal_code=order.PurchaseZipCode,
        country=order.PurchaseCountryCode,
    )
    found = party("VN", order.PurchaseName or (vendor.name if vendor else ""), address, notes, "vendor's address")
    return Party(
        role="VN",
        name=found.name,
        name_2=found.name_2,
        id_qualifier=ASSIGNED_BY_BUYER,
        id=order.vendor,
        street=found.street,
        city=found.city,
        state=found.state,
        postal_code=found.postal_code,
        country=found.country,
        contacts=tuple(vendor.contacts.values()) if vendor else (),
    )
