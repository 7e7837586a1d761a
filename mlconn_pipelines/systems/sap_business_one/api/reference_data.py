"""Reads of reference data: what changed of partners and items, the small sets whole, single records by key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.ports.records import ConnectionReport, Record
from mlconn_pipelines.records.reading import whole_from_json
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer
from mlconn_pipelines.systems.sap_business_one.api.entities import REFERENCE_ENTITIES, ReferenceEntity
from mlconn_pipelines.systems.sap_business_one.api.reading import KEYS_AT_ONCE, newest, window_start
from mlconn_pipelines.systems.sap_business_one.records.stamps import master_stamp_of
from mlconn_pipelines.transport.odata import any_of

PRICE_LISTS = "PriceLists"


class ReferenceReader:
    """Reads reference sets by the names that the mapping declares."""

    def __init__(self, server: ServiceLayer) -> None:
        self._server = server

    def items(self, name: str, since: str | None) -> Iterator[Sequence[Record]]:
        """Pages of whole records. Sets without stamps are read whole whatever `since` says."""
        declared = entity_of(name)
        if declared.pages_by_link:
            return self._by_link(declared)
        where = self._changed(since) if declared.stamped and since else ""
        return self._server.keyset(declared.entity, declared.key, where)

    def newest(self, name: str, records: Iterable[Record], since: str | None) -> str | None:
        """The watermark after these records; None for sets that are always read whole."""
        return newest(map(master_stamp_of, records), since) if entity_of(name).stamped else None

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        """Single records by key; a partner's catalogue number is looked up by that number, whoever's it is."""
        declared = entity_of(name)
        by = declared.by or declared.key
        wanted = sorted(dict.fromkeys(key for key in keys if key))
        for start in range(0, len(wanted), KEYS_AT_ONCE):
            part = wanted[start : start + KEYS_AT_ONCE]
            values = [int(key) for key in part if key.isdecimal()] if by in ("AbsEntry", "DimensionCode") else part
            if not values:
                continue
            where = self._server.dialect.one_of(by, values)
            if declared.pages_by_link:
                pages = self._server.pages(declared.entity, {"$filter": where, "$orderby": declared.key})
            else:
                pages = self._server.keyset(declared.entity, declared.key, where)
            for rows in pages:
                yield from rows

    def _changed(self, since: str) -> str:
        """Records that were never changed may have no UpdateDate: whatever was created since the window's day is read too."""
        dialect, start = self._server.dialect, window_start(since)
        return any_of(dialect.since("UpdateDate", "UpdateTime", start), dialect.compare("CreateDate", "ge", start.date()))

    def _by_link(self, declared: ReferenceEntity) -> Iterator[Sequence[Record]]:
        """By the server's links, each record once: offsets move while rows come and go."""
        seen: set[tuple[str, ...]] = set()
        names = declared.key.split(",")
        for rows in self._server.pages(declared.entity, {"$orderby": declared.key}):
            keyed = {tuple(str(row.get(name)) for name in names): row for row in rows}
            fresh = [row for key, row in keyed.items() if key not in seen]
            seen.update(keyed)
            yield fresh


def entity_of(name: str) -> ReferenceEntity:
    """Errors: ConfigurationError naming the sets that there are."""
    if (declared := REFERENCE_ENTITIES.get(name)) is None:
        raise ConfigurationError(
            f"No reference set is called {name!r}", hint=f"There are {', '.join(sorted(REFERENCE_ENTITIES))}."
        )
    return declared


def check_price_lists(server: ServiceLayer, numbers: Collection[int]) -> Sequence[ConnectionReport]:
    """Whether they are there, active, and of net prices, as price books are. For `mlconn check`; prices stand at the items."""
    names = ("PriceListNo", "PriceListName", "Active", "IsGrossPrice")
    rows = [row for page in server.keyset(PRICE_LISTS, "PriceListNo", "", names) for row in page]
    found = {whole_from_json(row["PriceListNo"]): row for row in rows}
    reports = []
    for number in sorted(set(numbers)):
        if (row := found.get(number)) is None:
            known = ", ".join(f"{each} {one.get('PriceListName')}" for each, one in sorted(found.items())) or "none"
            reports.append(ConnectionReport(server.system, False, f"there is no price list {number}; there are: {known}"))
        elif row.get("Active") == "tNO":
            words = f"price list {number} {row.get('PriceListName')} is not active: activate it, or take it out of `prices`"
            reports.append(ConnectionReport(server.system, False, words))
        else:
            gross = ", which is of gross prices: they are told as they are" if row.get("IsGrossPrice") == "tYES" else ""
            reports.append(ConnectionReport(server.system, True, f"price list {number} {row.get('PriceListName')}{gross}"))
    return reports
