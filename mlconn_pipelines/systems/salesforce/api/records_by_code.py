"""Records by the code that another system gave them, with the currency of their amounts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.ports.rows import Target
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import all_of, one_of, split_values
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

NAMED_MAX = 1_000
"""Codes that are asked for by name; of more, all records that have a code are read: 2,000 a request instead of some 250 codes."""


class RecordsByCode:
    """Implements Targets. Records in the recycle bin are left out."""

    def __init__(self, reader: RecordReader, descriptions: Descriptions) -> None:
        self._reader, self._descriptions = reader, descriptions

    def found(self, entity: str, by: str, codes: Collection[str]) -> Mapping[str, Sequence[Target]]:
        """By the very code, blanks around it apart. A record states its currency where one of the fields that are written is money.

        Errors: FieldMissing for a mapped field that the user does not see.
        """
        self._descriptions.selected(entity)
        described, number = self._descriptions.fields(entity), self._descriptions.object(entity).number
        money = any(
            described[name].type == "currency" for name in self._descriptions.mapped(entity).writes if name in described
        )
        several = "CurrencyIsoCode" in described
        names = tuple(dict.fromkeys(("Id", number, by, *(("CurrencyIsoCode",) if several else ()))))
        found: dict[str, dict[str, Target]] = {}
        for row in self._rows(entity, names, by, codes):
            if any(name not in row for name in names):
                raise Retryable(f"Salesforce: asked for {', '.join(names)} of {entity}, it answered with others")
            if (code := str(row[by] or "").strip()) in codes:
                currency = "" if not money else str(row["CurrencyIsoCode"]) if several else self._reader.org_currency()
                found.setdefault(code, {})[key_of(row)] = Target(key_of(row), str(row[number] or ""), currency)
        return {code: list(targets.values()) for code, targets in found.items()}

    def held(self, entity: str, by: str, fields: Sequence[str], keys: Collection[str] = ()) -> Iterator[Record]:
        for where in [one_of("Id", part) for part in split_values(keys)] if keys else [""]:
            for rows in self._reader.query(entity, ("Id", *fields), all_of(where, f"{by} != null")):
                yield from ({**row, "Id": key_of(row)} for row in rows)

    def codes(self, entity: str, by: str, keys: Collection[str]) -> Sequence[str]:
        return [str(row[by]).strip() for row in self.held(entity, by, (by,), keys)] if keys else []

    def _rows(self, entity: str, names: Sequence[str], by: str, codes: Collection[str]) -> Iterator[Record]:
        parts = split_values(sorted(set(codes))) if len(codes) <= NAMED_MAX else ()
        for where in [one_of(by, part) for part in parts] if parts else [f"{by} != null"]:
            for rows in self._reader.query(entity, names, where):
                yield from rows
