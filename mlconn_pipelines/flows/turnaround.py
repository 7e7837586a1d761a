"""The received order behind a record that we send of: by our own reference, which copies of the order keep, else by its number."""

from __future__ import annotations

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, Document
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.documents.transaction_sets import sets_received_as
from mlconn_pipelines.documents.turnaround import Returned
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_as_meant import order_as_meant
from mlconn_pipelines.edi.turnaround import returned_of
from mlconn_pipelines.flows.correlation_reference import names_own_entity
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import Route
from mlconn_pipelines.ports.partner import Partner

_ORDERS = sets_received_as("order")


def ordered_by(route: Route, row: DocumentRow, document: Document | None, partner: Partner) -> Returned | None:
    """What the partner's order said, where they want it back and it is known for certain: one of several releases is not."""
    if not partner.orders.returned or not isinstance(document, Invoice | ShipNotice):
        return None
    numbers = {document.order_number} if isinstance(document, Invoice) else {one.order_number for one in document.orders}
    if len(numbers) != 1 or not (number := numbers.pop()):
        return None
    found = _by_reference(route, row, partner) or _by_number(route, number, partner)
    if found is None or found.canonical is None:
        return None
    order = from_json(DOCUMENT_OF_SET[found.set_id], found.canonical)
    assert isinstance(order, PurchaseOrder)
    meant = order_as_meant(order, partner, Checklist(partner), system="", has_line_addresses=True)
    return returned_of(meant, found.id)


def _by_reference(route: Route, row: DocumentRow, partner: Partner) -> DocumentRow | None:
    """An invoice or a delivery that was copied from an order of ours bears the order's reference."""
    reference = route.mapping.outbound.header(row.flow, row.raw).correlation_reference
    orders = route.mapping.orders
    if orders is None or not names_own_entity(reference, route.name, orders.entity):
        return None
    found = route.engine.queue.document(reference.rpartition(":")[2])
    return found if found is not None and found.set_id in _ORDERS and found.partner == partner.name else None


def _by_number(route: Route, number: str, partner: Partner) -> DocumentRow | None:
    found = route.engine.intake.orders_received(route.name, partner.name, number)
    taken = [one for one in found if one.state in (State.POSTED, State.OUTCOME_UNKNOWN)]
    return taken[0] if len(taken) == 1 else None
