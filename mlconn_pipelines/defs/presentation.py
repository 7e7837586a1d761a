"""What a materialization shows: counts of this run, totals of the partition, a table of documents. No payloads, no secrets."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from mlconn_pipelines.defs.metadata import (
    DOCUMENTS,
    ERP_CALLS,
    EXCHANGE_CALLS,
    PROBLEMS,
    ROW_COUNT,
    ROWS,
    ROWS_FAILED,
    ROWS_WAITING,
    ROWS_WRITTEN,
    RUN_SECONDS,
    SALESFORCE_CALLS,
    STOPPED_EARLY,
    Scope,
    counted,
)
from mlconn_pipelines.flows.ports.field_states import RowsStanding
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.printable import for_markdown, printable
from mlconn_pipelines.wiring.sync.opening import AnyPipeline

DOCUMENTS_SHOWN_MAX = 200
PROBLEMS_SHOWN_MAX = 20

DOCUMENT_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("document", "string", "our id of it, as `mlconn documents show` takes it"),
        dg.TableColumn("set", "string", "its X12 transaction set"),
        dg.TableColumn("number", "string", "the number by which people know it"),
        dg.TableColumn("partner", "string", "the trading partner's short name"),
        dg.TableColumn("state", "string", "its state; what needs attention comes first"),
        dg.TableColumn("reason", "string", "the reason for that state, in words"),
        dg.TableColumn("amount", "string", "of the whole document"),
        dg.TableColumn("currency", "string"),
        dg.TableColumn("lines", "int"),
        dg.TableColumn("file", "string", "the file that it was sent as"),
        dg.TableColumn("changed", "string", "when its state last changed, by the integration's clock"),
    ]
)
"""Of the documents table, in this order; what shows a day leaves out columns that no row fills."""

RECORD_SCHEMA = dg.TableSchema(
    [column for column in DOCUMENT_SCHEMA.columns if column.name not in ("set", "partner", "state", "reason", "file")]
)
"""Of the records table: what was read, and nothing of what becomes of it."""

SYNC_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("partner", "string", "code of the customer that it is about") if column.name == "partner" else column
        for column in DOCUMENT_SCHEMA.columns
        if column.name not in ("set", "file")
    ]
)
"""Of what a sync flow makes: no transaction set, and no file."""


@dataclass(slots=True)
class Effort:
    """What one step cost: seconds, and requests to each side, by the names that they are shown under."""

    seconds: float = 0.0
    calls: dict[str, int] = field(default_factory=dict)

    def metadata(self) -> dict[str, Any]:
        return {RUN_SECONDS: round(self.seconds, 2), **{name: count for name, count in self.calls.items() if count}}


@contextmanager
def measured(pipeline: AnyPipeline) -> Iterator[Effort]:
    """Fills in the effort when the block ends."""
    effort, began = Effort(), time.monotonic()
    erp, other = pipeline.calls
    try:
        yield effort
    finally:
        effort.seconds = time.monotonic() - began
        erp_now, other_now = pipeline.calls
        of_other = SALESFORCE_CALLS if isinstance(pipeline, SyncPipeline) else EXCHANGE_CALLS
        effort.calls = {ERP_CALLS: erp_now - erp, of_other: other_now - other}


def of_tally(tally: Tally, effort: Effort | None = None, scope: Scope = "run") -> dict[str, Any]:
    """This run's counts, bytes moved and effort; its problems in words. scope: what the counts are of, as in `counted`."""
    metadata: dict[str, Any] = {counted(scope, name): count for name, count in sorted(tally.counts.items())}
    if tally.bytes:
        metadata[counted(scope, "bytes")] = tally.bytes
    if effort is not None:
        metadata |= effort.metadata()
    if tally.problems:
        shown = tally.problems[:PROBLEMS_SHOWN_MAX]
        more = f"\n\n… and {len(tally.problems) - len(shown)} more" if len(tally.problems) > len(shown) else ""
        metadata[PROBLEMS] = dg.MetadataValue.md("\n".join(f"- {for_markdown(sentence)}" for sentence in shown) + more)
    if tally.stopped:
        metadata[STOPPED_EARLY] = printable(tally.stopped)
    return metadata


def of_totals(totals: Mapping[str, int]) -> dict[str, Any]:
    """How many documents the partition has, and how many of them in each state."""
    counts = {counted("partition", state): count for state, count in sorted(totals.items())}
    return {ROW_COUNT: sum(totals.values()), **counts}


def of_documents(rows: Sequence[Mapping[str, Any]], zone: ZoneInfo, schema: dg.TableSchema = DOCUMENT_SCHEMA) -> dict[str, Any]:
    """A table of documents, at most 200; none where there are none."""
    shown = [{column.name: _cell(row[column.name], zone) for column in schema.columns} for row in rows[:DOCUMENTS_SHOWN_MAX]]
    if not shown:
        return {}
    filled = [column for column in schema.columns if any(row[column.name] not in ("", None) for row in shown)]
    records = [dg.TableRecord({column.name: row[column.name] for column in filled}) for row in shown]
    bare = dg.TableSchema([dg.TableColumn(column.name, column.type) for column in filled])  # the asset itself describes them
    return {DOCUMENTS: dg.MetadataValue.table(records, bare)}


def of_rows(standing: RowsStanding, zone: ZoneInfo) -> dict[str, Any]:
    """How many rows are written as they are to be, wait, and could not be written; and a table, those that need attention first."""
    counts = {ROWS_WRITTEN: standing.written, ROWS_WAITING: standing.waiting, ROWS_FAILED: standing.failed}
    records = [
        dg.TableRecord(
            {
                "row": printable(one.wanted.key),
                "record": printable(one.target),
                "state": "written" if one.is_written else "failed" if one.has_failed else "waiting",
                "fields": printable(", ".join(f"{name} {value}" for name, value in one.wanted.fields.items())),
                "currency": printable(one.wanted.currency),
                "read": _cell(one.wanted.as_of, zone),
                "written": _cell(one.written_at, zone),
                "error": printable(one.error if one.has_failed else ""),
            }
        )
        for one in standing.rows
    ]
    return counts | ({ROWS: dg.MetadataValue.table(records)} if records else {})


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
