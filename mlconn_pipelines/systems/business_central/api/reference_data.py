"""Reads of reference data: what changed of customers, vendors, items and units, currencies whole, single records by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlconn_pipelines.errors import ConfigurationError, ConnectorError, Retryable
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.business_central.api.client import GUID, BusinessCentralApi, changed_since, has_id
from mlconn_pipelines.systems.business_central.api.entities import CODE_MAX, REFERENCE_ENTITIES, ReferenceEntity
from mlconn_pipelines.systems.business_central.api.reading import KEYS_AT_ONCE, newest_of_records, window_start


class ReferenceReader:
    """Reads reference sets by the names that the mapping declares."""

    def __init__(self, api: BusinessCentralApi) -> None:
        self._api = api

    def items(self, name: str, since: str | None) -> Iterator[Sequence[Record]]:
        """Pages of whole records; sets without stamps are read whole whatever `since` says. Deletions never show."""
        declared = entity_of(name)
        where = changed_since(window_start(since)) if declared.stamped and since else ""
        return self._pages(declared, where)

    def newest(self, name: str, records: Iterable[Record], since: str | None) -> str | None:
        """The watermark after these records; None for sets that are always read whole."""
        return newest_of_records(records, since) if entity_of(name).stamped else None

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        """Single records by number or code; items by barcode too, in requests of their own, since `or` spans no two fields."""
        declared = entity_of(name)
        if declared.by_id:
            yield from self._by_id(declared, sorted({key.lower() for key in keys if GUID.fullmatch(key)}))
        wanted = sorted(dict.fromkeys(key.strip().upper() for key in keys if 0 < len(key.strip()) <= CODE_MAX))
        yield from self._by(declared, declared.key, wanted)
        if declared.also_by:
            yield from self._by(declared, declared.also_by, [key for key in wanted if key.isdecimal() and len(key) >= 8])

    def _by_id(self, declared: ReferenceEntity, ids: Sequence[str]) -> Iterator[Record]:
        for start in range(0, len(ids), KEYS_AT_ONCE):
            for rows in self._pages(declared, has_id(ids[start : start + KEYS_AT_ONCE])):
                yield from rows

    def _pages(self, declared: ReferenceEntity, where: str) -> Iterator[Sequence[Record]]:
        try:
            yield from self._api.pages(declared.name, {"$filter": where})
        except Retryable:
            raise
        except ConnectorError:
            if not declared.optional:
                raise

    def _by(self, declared: ReferenceEntity, name: str, values: Sequence[str]) -> Iterator[Record]:
        for start in range(0, len(values), KEYS_AT_ONCE):
            where = self._api.dialect.one_of(name, values[start : start + KEYS_AT_ONCE])
            for rows in self._pages(declared, where):
                yield from rows


def entity_of(name: str) -> ReferenceEntity:
    """Errors: ConfigurationError naming the sets that there are."""
    if (declared := REFERENCE_ENTITIES.get(name)) is None:
        raise ConfigurationError(
            f"No reference set is called {name!r}", hint=f"There are {', '.join(sorted(REFERENCE_ENTITIES))}."
        )
    return declared
