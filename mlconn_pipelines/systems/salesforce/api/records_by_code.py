"""Records by the code that another system gave them, with the currency of their amounts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.ports.rows import Target
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import one_of, split_values
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

NAMED_MAX = 1_000
"""Codes that are asked for by name; of more, all records that have a code are read: 2,000 a request instead of some 250 codes."""


class RecordsByCode:
    """Implements Targets. Records in the recycle bin are left out."""

    def __init__(self, reader: RecordReader, descriptions: Descriptions) -> None:
        self._reader, self._descriptions = reader, descriptions
        self._currency = ""

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
        found: dict[str, list[Target]] = {}
        for row in self._rows(entity, names, by, codes):
            if (code := str(row.get(by) or "").strip()) in codes:
                currency = "" if not money else str(row["CurrencyIsoCode"]) if several else self._of_the_org()
                found.setdefault(code, []).append(Target(key_of(row), str(row.get(number) or ""), currency))
        return found

    def held(self, entity: str, by: str, fields: Sequence[str]) -> Iterator[Record]:
        for rows in self._reader.query(entity, ("Id", *fields), f"{by} != null"):
            yield from ({**row, "Id": key_of(row)} for row in rows)

    def _rows(self, entity: str, names: Sequence[str], by: str, codes: Collection[str]) -> Iterator[Record]:
        parts = split_values(sorted(set(codes))) if len(codes) <= NAMED_MAX else ()
        for where in [one_of(by, part) for part in parts] if parts else [f"{by} != null"]:
            for rows in self._reader.query(entity, names, where):
                yield from rows

    def _of_the_org(self) -> str:
        """The one currency that an org without several knows."""
        if not self._currency:
            for rows in self._reader.query("Organization", ("Id", "DefaultCurrencyIsoCode")):
                self._currency = str(rows[0].get("DefaultCurrencyIsoCode") or "")
        return self._currency
