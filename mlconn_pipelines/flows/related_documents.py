"""What is known around received documents when they are resolved: learnt for many of them at once, since each look has its price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlconn_pipelines.documents.invoice import Invoice
from mlconn_pipelines.documents.kinds import part_of
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, sets_received_as
from mlconn_pipelines.flows.orders_sent import OrdersSent
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow
from mlconn_pipelines.flows.route import InboundRoute

_INVOICES = sets_received_as("supplier_invoice")
_OF_GOODS = (*sets_received_as("ship_notice"), *sets_received_as("receiving_advice"))
"""The sets whose quantities count together with those of others of their kind."""


@dataclass(slots=True)
class Decided:
    """What was decided of the documents that are resolved together, for those that come after them: the ledger does not know yet."""

    taken: dict[tuple[str, ...], DocumentRow] = field(default_factory=dict)
    invoiced: dict[tuple[str, str], list[Invoice]] = field(default_factory=dict)
    of_goods: dict[tuple[str, str], list[DocumentRow]] = field(default_factory=dict)

    def taken_of(self, row: DocumentRow) -> Sequence[DocumentRow]:
        """Those of its set and partner that were taken for good, whichever orders they name."""
        return self.of_goods.get((row.set_id, row.partner), ())

    def take_note(self, row: DocumentRow, result: Checked) -> None:
        """One document is decided."""
        if result.outcome not in (State.READY, State.PROCESSED):
            return
        if row.set_id in _OF_GOODS:
            self.of_goods.setdefault((row.set_id, row.partner), []).append(row)
        if not TRANSACTION_SETS[row.set_id].is_once:
            return
        self.taken.setdefault(_numbered(row), row)
        if row.set_id in _INVOICES and row.canonical is not None:
            invoice = from_json(Invoice, row.canonical)
            self.invoiced.setdefault((row.partner, invoice.order_number), []).append(invoice)


@dataclass(frozen=True, slots=True)
class Known:
    """orders: ours, that the documents may refer to. decided: what became of those before them.

    twins, invoices: what the ledger holds, by document id: another one of its business number, and the 810s that were taken for
    its order, with their ids.
    """

    orders: OrdersSent
    twins: Mapping[str, DocumentRow] = field(default_factory=dict)
    invoices: Mapping[str, Sequence[tuple[str, Invoice]]] = field(default_factory=dict)
    decided: Decided = field(default_factory=Decided)

    def twin(self, row: DocumentRow) -> DocumentRow | None:
        """Another document of its set, partner and business number that came before it."""
        if row.approved:
            return None
        return self.twins.get(row.id) or self.decided.taken.get(_numbered(row))

    def invoices_before(self, row: DocumentRow, order_number: str) -> Sequence[Invoice]:
        """What was invoiced of its order before it."""
        return (
            *(invoice for _, invoice in self.invoices.get(row.id, ())),
            *self.decided.invoiced.get((row.partner, order_number), ()),
        )


def _numbered(row: DocumentRow) -> tuple[str, ...]:
    return row.set_id, row.partner, row.business_number, part_of(row.canonical)


def known_around(route: InboundRoute, rows: Sequence[DocumentRow], decided: Decided | None = None) -> Known:
    """For documents that are resolved next, in this order. One that a person approved is wanted, whatever came before."""
    orders = OrdersSent(route.system)
    orders.expect(rows)
    asking = [row for row in rows if TRANSACTION_SETS[row.set_id].is_once and not row.approved]
    tolerance = dt.timedelta(days=route.settings.order_tolerance_days)
    twins = route.engine.intake.business_duplicates(asking, tolerance) if asking else {}
    charging = [row for row in asking if row.set_id in _INVOICES]
    before = route.engine.intake.invoices_before(charging) if charging else {}
    invoices = {
        name: [(document_id, from_json(Invoice, canonical)) for document_id, canonical in found]
        for name, found in before.items()
    }
    return Known(orders, twins, invoices, decided or Decided())
