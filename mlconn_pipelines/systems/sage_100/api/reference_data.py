"""Reference data by the agent's lists: vendors since they changed, the others whole; single records by key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlconn_pipelines.ports.agents import AgentDesk
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sage_100.api.record_reader import WATERMARK_LENGTH
from mlconn_pipelines.systems.sage_100.api.rows import checked
from mlconn_pipelines.systems.sage_100.records.master_data import segments_of
from mlconn_pipelines.systems.sage_100.records.purchase_order import stamp_of

SEGMENTS = "gl_segments"
LISTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "vendors": ("vendor.changed", {}),
    "items": ("item.list", {}),
    "warehouses": ("ref.list", {"list": "warehouses"}),
    "gl_accounts": ("gl_account.list", {}),
    SEGMENTS: ("gl_account.list", {}),
    "terms": ("ref.list", {"list": "terms"}),
    "tax_schedules": ("ref.list", {"list": "tax_schedules"}),
}
"""By set: the verb and its parameters. The chart's segments have no table of their own and are read out of it."""
KEYS: Mapping[str, Sequence[str]] = {
    "vendors": ("VendorNo",),
    "items": ("ItemCode",),
    "warehouses": ("WarehouseCode",),
    "gl_accounts": ("AccountKey",),
    SEGMENTS: ("AccountKey",),
    "terms": ("TermsCode",),
    "tax_schedules": ("TaxSchedule",),
}
KEYS_AT_ONCE = 100
_KEY = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,40}")
"""As the agent's forms have it."""


class ReferenceReader:
    """Implements ReferenceSource."""

    def __init__(self, desk: AgentDesk, company: str) -> None:
        self._desk, self._company = desk, company

    def items(self, name: str, since: str | None) -> Iterator[Sequence[Record]]:
        verb, params = LISTS[name]
        if since is not None:
            day, _, hours = since.partition(" ")
            params = {**params, "since": {"date": day, "time": hours}}
        pages = checked(self._desk.pages(self._company, verb, params), KEYS[name])
        if name == SEGMENTS:
            yield segments_of(row for page in pages for row in page)
        else:
            yield from pages

    def newest(self, name: str, records: Iterable[Record], since: str | None) -> str | None:
        if name != "vendors":
            return None
        return max((*(stamp_of(record)[:WATERMARK_LENGTH] for record in records), *filter(None, [since])), default=None)

    def records(self, name: str, keys: Sequence[str]) -> Iterator[Record]:
        """None of the segments: what the chart does not have is in no other place."""
        if name == SEGMENTS:
            return
        verb, params = LISTS[name]
        for start in range(0, len(keys), KEYS_AT_ONCE):
            named = [parts for key in keys[start : start + KEYS_AT_ONCE] if (parts := _parts_of(name, key))]
            if named:
                for page in checked(self._desk.pages(self._company, verb, {**params, "keys": named}), KEYS[name]):
                    yield from page


def _parts_of(name: str, key: str) -> list[str]:
    """A vendor is division and number. Empty for what is no key there: Sage has none that are longer, or hold control characters."""
    parts = list(key.partition("-")[::2]) if name == "vendors" else [key]
    return parts if all(_KEY.fullmatch(part) for part in parts) else []
