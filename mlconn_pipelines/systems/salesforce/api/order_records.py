"""What an order's opportunity is told goes onto its Order and its Invoices too, where the org has these objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mlconn_pipelines.errors import DocumentRejected, NotFound
from mlconn_pipelines.ports.records import OurRecord, Record, Stored
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import literal, one_of
from mlconn_pipelines.systems.salesforce.api.writing import RecordWriter
from mlconn_pipelines.systems.salesforce.records.orders import INVOICES, ORDER, ORDER_NUMBER, SEPARATOR, padded
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

_OF_NEW = ("Status", "EffectiveDate")
"""What an Order is made with and never told again: one that was activated stays so. Without them none is made."""

_OF_DEAL = ("AccountId", "Pricebook2Id", "CurrencyIsoCode")
"""What an Order has of its opportunity, where the user sees it."""


@dataclass(frozen=True, slots=True)
class OrderRecords:
    """Implements RecordTarget, as `target` does, but for what the fields of an opportunity hold of its order and invoices.

    All of it can be repeated. Invoices are made by Billing, never by the API.
    """

    target: RecordWriter
    reader: RecordReader
    descriptions: Descriptions
    _there: dict[str, bool] = field(default_factory=dict)

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        return self.target.find(entity, reference, payload, older_than_s)

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        return self.target.under_reference(entity, reference, payload)

    def create(self, entity: str, payload: Record) -> Stored:
        return self.target.create(entity, payload)

    def reserve(self) -> None:
        self.target.reserve()

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """Errors: as of the target; DocumentRejected where nobody knows which of a deal's orders is meant."""
        own = {name: value for name, value in changes.items() if name not in (ORDER, INVOICES)}
        written = self.target.update(entity, key, self._fitting(entity, own))
        if ORDER in changes and self._has("Order"):
            self._tell_order(changes[ORDER], entity, key)
        for invoice in changes.get(INVOICES) or () if self._has("Invoice") else ():
            self._tell_invoice(invoice)
        return written

    def _has(self, entity: str) -> bool:
        if entity not in self._there:
            self._there[entity] = self.descriptions.available(entity)
        return self._there[entity]

    def _tell_order(self, order: Record, entity: str, key: str) -> None:
        known = {name: value for name, value in order.items() if name not in (*_OF_NEW, ORDER_NUMBER)}
        if (there := self._order_of(order, entity, key)) is not None:
            self.target.update("Order", key_of(there), self._fitting("Order", known))
        elif "Status" in order:
            described, deal = self.descriptions.fields("Order"), self._deal(entity, key, _OF_DEAL)
            made = (
                {name: deal.get(name) for name in _OF_DEAL} | {name: order[name] for name in _OF_NEW} | {"OpportunityId": key}
            )
            createable = {
                name: value for name, value in made.items() if value and name in described and described[name].createable
            }
            self.target.create("Order", {**createable, **self._fitting("Order", known)})

    def _fitting(self, entity: str, values: Record) -> Record:
        """Lists of numbers, the last of them where the field does not take all. Any other text that is too long is refused there."""
        lists = {name: value for name, value in values.items() if isinstance(value, str) and SEPARATOR in value}
        described = self.descriptions.fields(entity) if lists else {}
        return {**values, **{name: last_of(text, described[name].length) for name, text in lists.items() if name in described}}

    def _deal(self, entity: str, key: str, names: Sequence[str]) -> Record:
        """Read only where an order is to be made of it, or a person to be told."""
        described = self.descriptions.fields(entity)
        asked = ("Id", *(name for name in names if name in described))
        for rows in self.reader.query(entity, asked, f"Id = {literal(key)}"):
            for row in rows:
                return row
        raise NotFound(f"Salesforce: {entity} {key} is not there any more")

    def _order_of(self, order: Record, entity: str, key: str) -> Record | None:
        """The one that bears the number, else, by a field of ours, the only one of the deal that bears none."""
        if ORDER_NUMBER in order:
            numbers = (order[ORDER_NUMBER], padded(order[ORDER_NUMBER]))
            return next(self._rows("Order", ORDER_NUMBER, one_of(ORDER_NUMBER, dict.fromkeys(numbers))), None)
        name = self.descriptions.mapped("Order").external_id
        where = f"{name} = {literal(str(order[name]))}"
        if "OpportunityId" in self.descriptions.fields("Order"):
            where = f"({where} OR OpportunityId = {literal(key)})"
        rows = list(self._rows("Order", name, where))
        numbered = [row for row in rows if row.get(name) == order[name]]
        free = [row for row in rows if not row.get(name)]
        if not numbered and len(free) > 1:
            name_of_deal = self._deal(entity, key, ("Name",)).get("Name")
            raise DocumentRejected(
                f"{name_of_deal!r} has {len(free)} orders in Salesforce, and none bears SAP's order number {order[name]}",
                hint=f"Enter the number at the right one ({name}), then reprocess this.",
                code=Reason.SEVERAL_ORDERS_OF_DEAL,
            )
        return next(iter(numbered or free), None)

    def _tell_invoice(self, invoice: Record) -> None:
        name = self.descriptions.mapped("Invoice").external_id
        for row in self._rows("Invoice", name, f"{name} = {literal(str(invoice[name]))}"):
            self.target.update("Invoice", key_of(row), {each: value for each, value in invoice.items() if each != name})

    def _rows(self, entity: str, name: str, where: str) -> Iterator[Record]:
        for rows in self.reader.query(entity, ("Id", name), where):
            yield from rows


def last_of(text: str, length: int) -> str:
    """A list without its first parts, where there is a bound and it is longer.

    >>> last_of("310001, 310002, 310003", 20), last_of("310001, 310002", 0)
    ('…, 310002, 310003', '310001, 310002')
    """
    rest = text
    while 0 < length < len(text) and len(rest) + len(SEPARATOR) + 1 > length and SEPARATOR in rest:
        rest = rest.partition(SEPARATOR)[2]
    return text if rest is text else f"…{SEPARATOR}{rest}"
