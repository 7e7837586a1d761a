"""What people edit of what we write: records that somebody else has changed, and what those show that are told of an order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.ports.records import KeyStamp, Record
from mlconn_pipelines.systems.salesforce.api.client import SalesforceApi
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import all_of, one_of, split_values
from mlconn_pipelines.systems.salesforce.records.orders import INVOICES, ORDER, ORDER_NUMBER, padded
from mlconn_pipelines.systems.salesforce.records.stamps import key_of


@dataclass(frozen=True, slots=True)
class Edits:
    """Records whose last change was somebody else's. Implements Listing: an object that the org does not have lists none."""

    api: SalesforceApi
    reader: RecordReader
    descriptions: Descriptions

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        if self.descriptions.available(entity):
            yield from self.reader.changed(entity, since, start, quiet_s, not_by=self.api.granted().user_id)

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return self.reader.newest(stamps, since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return self.reader.watermark_at(moment)

    def values(self, entity: str, keys: Sequence[str], *fields: str) -> list[str]:
        """What these records hold in these fields, whatever of it there is; of an OrderNumber the number that it stands for."""
        names = [name for name in fields if name in self.descriptions.fields(entity)]
        found = [(name, str(row[name])) for row in self._rows(entity, names, "Id", keys) for name in names if row.get(name)]
        return [text.lstrip("0") if name == ORDER_NUMBER else text for name, text in found]

    def shown(
        self, orders: Mapping[str, tuple[str, Sequence[str]]], fields: Mapping[str, Sequence[str]]
    ) -> Mapping[str, Record]:
        """By opportunity what it shows, its order under `ORDER`, its invoices under `INVOICES`; {} for an invoice that is not there.

        orders: number of the order and those of its invoices, by opportunity. fields: that are read, by object.
        """
        deals = {
            key_of(row): dict(row) for row in self._rows("Opportunity", ("Id", *fields["Opportunity"]), "Id", list(orders))
        }
        if self._has("Order", fields):
            of_deal = self._orders(orders, fields["Order"])
            for key, deal in deals.items():
                deal |= {ORDER: of_deal[key]} if key in of_deal else {}
        if self._has("Invoice", fields):
            number = self.descriptions.mapped("Invoice").external_id
            asked = [each for _, invoices in orders.values() for each in invoices]
            by_number = {str(row[number]): row for row in self._rows("Invoice", fields["Invoice"], number, asked)}
            for key, deal in deals.items():
                deal[INVOICES] = [by_number.get(each, {}) for each in orders[key][1]]
        return deals

    def _has(self, entity: str, fields: Mapping[str, Sequence[str]]) -> bool:
        return entity in fields and self.descriptions.available(entity)

    def _orders(self, orders: Mapping[str, tuple[str, Sequence[str]]], names: Sequence[str]) -> dict[str, Record]:
        """The one with the order's number, else the only one of the deal."""
        number = ORDER_NUMBER if ORDER_NUMBER in names else self.descriptions.mapped("Order").external_id
        numbers = {each: key for key, (told, _) in orders.items() for each in (told, padded(told))}
        by_number = {numbers[str(row[number])]: row for row in self._rows("Order", names, number, list(numbers))}
        if "OpportunityId" not in self.descriptions.fields("Order") or number == ORDER_NUMBER:
            return by_number
        left = [key for key in orders if key not in by_number]
        of_deal: dict[str, list[Record]] = {}
        for row in self._rows("Order", ("OpportunityId", *names), "OpportunityId", left):
            of_deal.setdefault(str(row["OpportunityId"]), []).append(row)
        return by_number | {key: rows[0] for key, rows in of_deal.items() if len(rows) == 1}

    def _rows(self, entity: str, names: Sequence[str], by: str, values: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        for part in split_values(values):
            for rows in self.reader.query(entity, tuple(dict.fromkeys((*names, by))), all_of(one_of(by, part))):
                yield from rows
