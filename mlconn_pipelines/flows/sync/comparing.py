"""Whether the target still shows what was written to it: rows that are kept in step, by count and by amounts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.ports.field_states import FieldState
from mlconn_pipelines.flows.sync.route import Collects, SyncRoute

CLOSE = Decimal("0.01")
"""Amounts that differ by less are one: fields of the target have decimals of their own."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the rows that are written as they are to be. rows: how many. differing: of these, those that show something else.

    gone: those whose record was not found by its code any more. written, shown: the amounts of each field added up, as they were
    written and as they are now.
    """

    rows: int
    differing: int
    gone: int
    written: Mapping[str, str]
    shown: Mapping[str, str]

    @property
    def holds(self) -> bool:
        return not self.differing and not self.gone


def compare_rows(route: SyncRoute, act: Collects, run: Run, targets: Collection[str] = ()) -> Agreement:
    """Look at what every record shows; what it shows otherwise is written again by this run. The outcome is kept.

    targets: only these records; then nothing of the outcome is kept.
    """
    codes = act.targets.codes(act.entity, act.by, targets) if targets else None
    written = {
        one.target: one for one in act.states.states(route.name, route.flow, codes) if one.is_written and not one.collection
    }
    names = sorted({name for one in written.values() for name in one.wanted.fields})
    shown: dict[str, Mapping[str, Any]] = {}
    if names:
        shown = {str(row["Id"]): row for row in act.targets.held(act.entity, act.by, names, targets) if row["Id"] in written}
    differing = [one.wanted.key for target, one in written.items() if target in shown and _differs(one, shown[target])]
    gone = [one.wanted.key for target, one in written.items() if target not in shown]
    act.states.write_again(run, [*differing, *gone])
    amounts = [
        name for name in names if any(isinstance(one.wanted.fields.get(name), Decimal | int) for one in written.values())
    ]
    found = Agreement(
        rows=len(written),
        differing=len(differing),
        gone=len(gone),
        written={name: str(_sum(one.wanted.fields.get(name) for one in written.values())) for name in amounts},
        shown={name: str(_sum(row.get(name) for row in shown.values())) for name in amounts},
    )
    if not targets:
        act.states.store(run, (), {_name(route): json.dumps(asdict(found), sort_keys=True)})
    return found


def last_agreement(route: SyncRoute) -> Agreement | None:
    """Of the last look; None before the first."""
    kept = route.engine.queue.watermark(route.name, _name(route))
    return None if kept is None else Agreement(**json.loads(kept))


def _name(route: SyncRoute) -> str:
    return f"{route.flow}/agreement"


def _differs(one: FieldState, row: Mapping[str, Any]) -> bool:
    return any(not _alike(value, row.get(name)) for name, value in one.wanted.fields.items())


def _alike(written: Any, shown: Any) -> bool:
    """An amount that is 0 is not an empty one.

    >>> _alike(Decimal("12.345"), Decimal("12.35")), _alike(0, None), _alike("Active", "Active")
    (True, False, True)
    """
    if _is_amount(written) and _is_amount(shown):
        return abs(Decimal(written) - Decimal(shown)) < CLOSE
    return bool(written == shown)


def _is_amount(value: Any) -> bool:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def _sum(values: Any) -> Decimal:
    return sum((Decimal(value) for value in values if _is_amount(value)), Decimal())
