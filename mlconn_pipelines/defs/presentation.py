"""What a materialization shows: counts of this run, totals of the partition, a table of documents. No payloads, no secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from mlconn_pipelines.flows.tally import Tally

DOCUMENTS_SHOWN_MAX = 200
PROBLEMS_SHOWN_MAX = 20


def of_tally(tally: Tally) -> dict[str, Any]:
    """This run's counts, its problems in words, and bytes moved."""
    metadata: dict[str, Any] = {f"run/{name}": count for name, count in sorted(tally.counts.items())}
    if tally.bytes:
        metadata["run/bytes"] = tally.bytes
    if tally.problems:
        shown = tally.problems[:PROBLEMS_SHOWN_MAX]
        more = f"\n\n… and {len(tally.problems) - len(shown)} more" if len(tally.problems) > len(shown) else ""
        metadata["problems"] = dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in shown) + more)
    if tally.stopped:
        metadata["stopped early"] = tally.stopped
    return metadata


def of_documents(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A table of documents, at most 200."""
    if not rows:
        return {}
    records = [dg.TableRecord({key: _plain(value) for key, value in row.items()}) for row in rows[:DOCUMENTS_SHOWN_MAX]]
    return {"documents": dg.MetadataValue.table(records)}


def of_totals(totals: Mapping[str, int]) -> dict[str, Any]:
    """The partition's totals by state."""
    return {f"partition/{state}": count for state, count in sorted(totals.items())}


def _plain(value: Any) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
