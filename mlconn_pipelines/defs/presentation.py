"""What a materialization shows: counts of this run, totals of the partition, a table of documents. No payloads, no secrets."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.printable import for_markdown, printable

DOCUMENTS_SHOWN_MAX = 200
PROBLEMS_SHOWN_MAX = 20

COLUMNS = ("document", "set", "number", "partner", "state", "reason", "amount", "currency", "lines", "file", "changed")
"""Of the documents table, in this order; those that no row fills are left out."""

RECORD_COLUMNS = ("document", "number", "amount", "currency", "lines", "changed")
"""Of the records table: what was read, and nothing of what becomes of it."""


@dataclass(slots=True)
class Effort:
    """What one step cost: seconds, and requests to each side."""

    seconds: float = 0.0
    erp_calls: int = 0
    exchange_calls: int = 0

    def metadata(self) -> dict[str, Any]:
        calls = {"run/calls to the ERP": self.erp_calls, "run/calls to the exchange": self.exchange_calls}
        return {"run/seconds": round(self.seconds, 2), **{name: count for name, count in calls.items() if count}}


@contextmanager
def measured(pipeline: Pipeline) -> Iterator[Effort]:
    """Fills in the effort when the block ends."""
    effort, began = Effort(), time.monotonic()
    erp, exchange = pipeline.erp.calls, pipeline.exchange.calls
    try:
        yield effort
    finally:
        effort.seconds = time.monotonic() - began
        effort.erp_calls, effort.exchange_calls = pipeline.erp.calls - erp, pipeline.exchange.calls - exchange


def of_tally(tally: Tally, effort: Effort | None = None, scope: str = "run") -> dict[str, Any]:
    """This run's counts, bytes moved and effort; its problems in words. scope: what the counts are of, first part of labels."""
    metadata: dict[str, Any] = {f"{scope}/{name.replace('_', ' ')}": count for name, count in sorted(tally.counts.items())}
    if tally.bytes:
        metadata[f"{scope}/bytes"] = tally.bytes
    if effort is not None:
        metadata |= effort.metadata()
    if tally.problems:
        shown = tally.problems[:PROBLEMS_SHOWN_MAX]
        more = f"\n\n… and {len(tally.problems) - len(shown)} more" if len(tally.problems) > len(shown) else ""
        metadata["problems"] = dg.MetadataValue.md("\n".join(f"- {for_markdown(sentence)}" for sentence in shown) + more)
    if tally.stopped:
        metadata["stopped early"] = printable(tally.stopped)
    return metadata


def of_totals(totals: Mapping[str, int]) -> dict[str, Any]:
    """The partition's totals by state."""
    counts = {f"partition/{state.replace('_', ' ')}": count for state, count in sorted(totals.items())}
    return {"partition/documents": sum(totals.values()), **counts}


def of_documents(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo, wanted: Sequence[str] = COLUMNS) -> dict[str, Any]:
    """A table of documents, at most 200; none where there are none."""
    shown = [{name: _cell(row[name], zone) for name in wanted} for row in rows[:DOCUMENTS_SHOWN_MAX]]
    if not shown:
        return {}
    columns = [name for name in wanted if any(row[name] not in ("", None) for row in shown)]
    schema = dg.TableSchema([dg.TableColumn(name, "int" if name == "lines" else "string") for name in columns])
    records = [dg.TableRecord({name: row[name] for name in columns}) for row in shown]
    return {"documents": dg.MetadataValue.table(records, schema)}


def _cell(value: Any, zone: ZoneInfo) -> str | int | float | bool | None:
    """As a person reads it: times to the second by the integration's clock, amounts without an exponent."""
    match value:
        case dt.datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        case Decimal():
            return f"{value:f}"
        case str():
            return printable(value)
        case int() | float() | bool() | None:
            return value
        case _:
            return printable(str(value))
