"""What was told to the record that another one came from, held against what that record shows now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlconn_pipelines.documents.lifecycle import LIVING, State
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.catching_up import Remaining
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.ports.operator import Operator
from mlconn_pipelines.flows.sync.route import SyncRoute, Updates

if TYPE_CHECKING:
    from mlconn_pipelines.flows.sync.both_sides import BothSides

AT_ONCE = 200
CENT = Decimal("0.01")
CUT = "…"
"""What a list begins with that its field did not take all of."""
LATER = dt.timedelta(hours=1)
"""Fields that differ when they are made an hour later tell when they were written, and are not compared."""


def compare_told(
    route: SyncRoute,
    operator: Operator,
    run: Run,
    found: BothSides,
    source_keys: Collection[str],
) -> None:
    """Have fields written again that are not as they were written. source_keys: of whose documents.

    Of an `Updates` route. A document that was not told yet is left to its flow.
    """
    act = route.act
    assert isinstance(act, Updates)
    rows = iter(_newest(route, source_keys))
    now = route.engine.queue.now()
    while part := list(islice(rows, AT_ONCE)):
        documents: list[Any] = [from_json(act.kind, row.canonical) for row in part]
        shown = act.shown(documents)
        for row, document in zip(part, documents, strict=True):
            wanted, later = act.changes(document, now), act.changes(document, now + LATER)
            if differing := list(_differing(wanted, later, shown.get(document.of, {}))):
                _write_again(route.titles, operator, run, found, row, differing)


def _newest(route: SyncRoute, source_keys: Collection[str]) -> Sequence[DocumentRow]:
    """Of each record the last document, where it was written."""
    found: dict[str, DocumentRow] = {}
    asked = iter(source_keys)
    while chunk := list(islice(asked, AT_ONCE)):
        rows = route.engine.queue.documents(
            route.name, route.flow, LIVING, source_keys=chunk, due_only=False, with_raw=False, direction="outbound"
        )
        found |= {row.source_key: row for row in rows}
    return [row for row in found.values() if row.state is State.POSTED and row.canonical is not None]


def _write_again(
    titles: tuple[str, str], operator: Operator, run: Run, found: BothSides, row: DocumentRow, differing: Sequence[str]
) -> None:
    source, target = titles
    reason = f"{', '.join(differing)} in {target} is not as it was written for {row.business_number} of {source}"
    try:
        operator.reprocess(run, row.id, reason, redeliver=True)
    except LedgerError as refused:
        words = f"{reason}, and cannot be written again: {refused}"
        found.remaining.append(Remaining(row.document_date or row.partition, row.business_number, words))
    else:
        found.written_again.append(row.business_number)


def _differing(wanted: Mapping[str, Any], later: Mapping[str, Any], shown: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """Names of fields, those of further records by the name under which they are told. What is not shown is not compared."""
    for name, value in wanted.items():
        if name not in shown:
            continue
        if isinstance(value, Mapping):
            yield from _differing(value, later[name], shown[name], f"{name}.")
        elif isinstance(value, list):
            for one, then, there in zip(value, later[name], shown[name], strict=True):
                yield from _differing(one, then, there, f"{name}.")
        elif later[name] == value and not _same(value, shown[name]):
            yield f"{of}{name}"


def _same(ours: object, theirs: object) -> bool:
    """Whether a field holds what we wrote: numbers to the cent, and nothing is an empty text."""
    if ours in (None, "") or theirs in (None, ""):
        return ours in (None, "") and theirs in (None, "")
    try:
        return abs(Decimal(str(ours)) - Decimal(str(theirs))) < CENT
    except InvalidOperation:
        return str(ours) == str(theirs) or (str(theirs).startswith(CUT) and str(ours).endswith(str(theirs).removeprefix(CUT)))
