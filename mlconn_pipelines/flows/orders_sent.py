"""The purchase orders that partners' 855s, 856s, 861s and 810s refer to: our documents of them, and the ERP's records as they stand."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from mlconn_pipelines.errors import ConnectionStopped, ConnectorError, CredentialRefused, DocumentRejected, TryLater
from mlconn_pipelines.flows.internal_errors import ends_the_run
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason

DOCUMENTS_READ_FOR = 20
"""Documents whose orders are read in one go: few enough that an order is hardly older than its own read would have made it."""

PARTS_KEPT = 4
"""So many goes are kept; a document that asks late has its orders read again."""

Named = tuple[str, str]
"""A partner and the number of one of our orders to them."""


@dataclass(frozen=True, slots=True)
class OrderSent:
    """document: the 850 that we sent, without its payloads. record: the ERP's purchase order, read just now. key: its key in the ERP."""

    document: DocumentRow
    record: Record
    key: str


@dataclass(frozen=True, slots=True)
class OrderFound:
    """document: as of `OrderSent`. record: None where the ERP has the order no more."""

    document: DocumentRow
    record: Record | None


@dataclass(slots=True)
class _Together:
    """Orders that are read together, when the first of them is asked for. found: None while they are unread."""

    named: tuple[Named, ...]
    found: Mapping[Named, OrderFound] | None = None
    failed: bool = False
    lock: Lock = field(default_factory=Lock)


class OrdersSent:
    """Our orders, read for some received documents at a time. Safe to use from several threads.

    Documents of one order are never read for together: the later one meets the order as the earlier one left it.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._expected: Mapping[str, _Together] = {}
        self._kept: deque[_Together] = deque()

    def expect(self, rows: Sequence[DocumentRow]) -> None:
        """The documents that will ask next, in the order in which they will; those told before are forgotten."""
        self._expected = {
            row_id: together for row_ids, named in _parts(rows) for together in [_Together(named)] for row_id in row_ids
        }

    def order(self, row: DocumentRow, number: str) -> OrderSent | None:
        """The order that we sent to the document's partner under this number, None where there is none.

        DocumentRejected (`order_gone`) when the ERP has it no more: some delete an order once it is invoiced in full.
        """
        found = self.found(row, number)
        if found is None:
            return None
        if found.record is None:
            raise DocumentRejected(
                f"Order {number}, which we sent to {row.partner} as {found.document.id}, is no longer in the ERP: invoiced in full, "
                "or deleted",
                hint="Look there. If it was dealt with, dismiss this; if not, tell them.",
                code=Reason.ORDER_GONE,
            )
        return OrderSent(found.document, found.record, found.document.source_key)

    def found(self, row: DocumentRow, number: str) -> OrderFound | None:
        """The same, with no record where the ERP has it no more."""
        named = (row.partner, number)
        together = self._expected.get(row.id)
        all_found = self._read_together(together) if together and named in together.named else None
        return (self._read((named,)) if all_found is None else all_found).get(named)

    def of_others(self, row: DocumentRow, number: str, partners: Iterable[str]) -> OrderFound | None:
        """The one order of that number that we sent to one of the partners, None where there is none or there are several."""
        found = self._read([(name, number) for name in partners if name != row.partner])
        return next(iter(found.values())) if len(found) == 1 else None

    def _read_together(self, together: _Together) -> Mapping[Named, OrderFound] | None:
        """None where that failed: each is read by itself then, so that one order that cannot be read holds up no other."""
        with together.lock:
            if together.found is None and not together.failed:
                try:
                    together.found = self._read(together.named)
                    self._keep(together)
                except (TryLater, CredentialRefused, ConnectionStopped):
                    raise
                except ConnectorError:
                    together.failed = True
                except Exception as trouble:
                    if ends_the_run(trouble):
                        raise
                    together.failed = True
            return together.found

    def _keep(self, together: _Together) -> None:
        self._kept.append(together)
        if len(self._kept) > PARTS_KEPT:
            self._kept.popleft().found = None

    def _read(self, named: Sequence[Named]) -> Mapping[Named, OrderFound]:
        ours = self._system.engine.acknowledgments.sent_by_numbers(self._system.name, "850", named)
        if not ours:
            return {}
        keys = list(dict.fromkeys(document.source_key for document in ours.values()))
        records = self._records(keys)
        if absent := [key for key in keys if key not in records]:  # one empty answer proves nothing
            records |= self._records(absent)
        return {name: OrderFound(document, records.get(document.source_key)) for name, document in ours.items()}

    def _records(self, keys: Sequence[str]) -> dict[str, Record]:
        """The orders that the ERP has, by key."""
        suppliers = self._system.mapping.suppliers
        return {suppliers.key(record): record for record in self._system.connector.source.records(suppliers.entity, keys)}


def no_such_order(row: DocumentRow, number: str) -> Finding:
    return Finding(
        Reason.ORDER_UNKNOWN,
        f"{row.set_id} {row.business_number} of {row.partner} refers to purchase order {number!r}, which we have not sent them. "
        "If the number is wrong, ask them to correct it; if the order was sent by other means, dismiss this.",
    )


def _parts(rows: Sequence[DocumentRow]) -> Iterator[tuple[list[str], tuple[Named, ...]]]:
    """Ids of documents that follow each other, and the orders that they name, none of them twice."""
    ids: list[str] = []
    named: list[Named] = []
    for row in rows:
        own = [(row.partner, number) for number in _order_numbers(row)]
        if ids and (len(ids) >= DOCUMENTS_READ_FOR or not set(own).isdisjoint(named)):
            yield ids, tuple(named)
            ids, named = [], []
        if own:
            ids.append(row.id)
            named += own
    if ids:
        yield ids, tuple(named)


def _order_numbers(row: DocumentRow) -> list[str]:
    """The orders that a received document names, each once."""
    said: Mapping[str, Any] = row.canonical or {}
    if "order_number" in said:
        return [said["order_number"]] if said["order_number"] else []
    orders = [*said.get("orders", ()), *(order for line in said.get("lines", ()) for order in line.get("orders", ()))]
    numbers = (order.get("order_number") or order.get("number") for order in orders)
    return list(dict.fromkeys(filter(None, numbers)))
