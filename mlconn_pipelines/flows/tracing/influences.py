"""Which input leaf decides which leaf of a result: another value is put in its place, and what changes came from it.

So it holds for any pure function, whatever it looks up, adds up or cuts off on the way, and needs nothing of it. Leaves in the
same column (the prices of all lines) are changed together first. A column that changes nothing is done with one attempt; of the
others, halves of the rows are changed by the bits of their numbers, so that n rows cost 2 log2 n runs and not n.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from mlconn_pipelines.flows.tracing.differences import differences
from mlconn_pipelines.flows.tracing.other_values import others
from mlconn_pipelines.flows.tracing.places import Path, altered, column_of, leaf_at, leaves

How = Literal["value", "sum", "condition"]
"""value: another input gives another result. sum: the result is the sum of such inputs. condition: it decides whether the result
is there at all, or which place it has."""

ATTEMPTS_MAX = 6
ROWS_ONE_BY_ONE = 40
"""Up to so many rows are tried one by one where several of them decide one result; of more rows, all count."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """result: of `places.plain`. trouble: how much the function found fault with; a made-up value should cause little."""

    result: Any
    trouble: int = 0


Function = Callable[[Any], Outcome | None]
"""Pure. None, or any exception: it can do nothing with these inputs."""

Influences = dict[Path, dict[Path, How]]
"""By leaf of the result: the input leaves that decide it."""


@dataclass(frozen=True, slots=True)
class _Effect:
    """What one change of inputs did to the result: leaves to whether they are gone.

    Rows that went because the made-up value was refused say nothing of the value, and are only counted: lost.
    """

    changed: Mapping[Path, bool]
    result: Any
    trouble: int = 0
    lost: int = 0

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """The most specific effect is the truest: nothing gone, no trouble, few columns; of those in as many rows as can be."""
        columns = len({column_of(path) for path in self.changed})
        return self.lost + sum(self.changed.values()), self.trouble, columns, -len(self.changed)


def influences(
    inputs: Any,
    function: Function,
    known: Callable[[Path, Any], Sequence[Any]] = lambda path, value: (),
    column: Callable[[Path], Any] = column_of,
    sources: Collection[str] = (),
) -> Influences:
    """known: other values that a leaf could have, tried before made-up ones. column: what belongs together.

    sources: first parts of paths to records whose leaves may say the same thing twice; all where empty.

    ValueError: the function can do nothing with the inputs as they are.
    """
    base = function(inputs)
    if base is None:
        raise ValueError("the function gives no result for the inputs as they are")
    search = _Search(inputs, function, base)
    found: Influences = {}
    columns: dict[Any, dict[Path, Any]] = {}
    for path, value in leaves(inputs):
        columns.setdefault(column(path), {})[path] = value
    proposals = [
        {path: others(value, [*known(path, value), *_of_neighbour(value, values)]) for path, value in values.items()}
        for values in columns.values()
    ]
    for cells in proposals:
        for changed, paths, how in search.of_column(cells):
            found.setdefault(changed, {}).update(dict.fromkeys(paths, how))
    for changed, paths in search.of_records(proposals, found, sources):
        found.setdefault(changed, {}).update(dict.fromkeys(paths, "condition"))
    return found


def _of_neighbour(value: Any, column: Mapping[Path, Any]) -> list[Any]:
    """The text of another row: a code that can stand there, where a made-up one might not."""
    if not isinstance(value, str):
        return []
    return next(([other] for other in column.values() if other != value and isinstance(other, str)), [])


class _Search:
    def __init__(self, inputs: Any, function: Function, base: Outcome) -> None:
        self._inputs, self._function, self._base = inputs, function, base

    def of_column(self, cells: Mapping[Path, Sequence[Any]]) -> Iterator[tuple[Path, Sequence[Path], How]]:
        """What the leaves of one column decide: (leaf of the result, input leaves, how)."""
        best: tuple[_Effect, dict[Path, Any]] | None = None
        for attempt in range(min(ATTEMPTS_MAX, max(map(len, cells.values())))):
            proposal = {path: values[min(attempt, len(values) - 1)] for path, values in cells.items() if values}
            effect = self._effect(proposal)
            if effect and effect.changed and (best is None or effect.rank < best[0].rank):
                best = effect, proposal
                if len(proposal) == 1 and effect.rank[:2] == (0, 0):
                    break
        if best is None:
            return
        effect, proposal = best
        paths = list(proposal)
        if len(paths) == 1:
            for leaf, gone in effect.changed.items():
                yield leaf, paths, "condition" if gone else "value"
            return
        yield from self._rows(effect, proposal, paths)

    def of_records(
        self, columns: Iterable[Mapping[Path, Sequence[Any]]], found: Influences, sources: Collection[str]
    ) -> Iterator[tuple[Path, Sequence[Path]]]:
        """What no leaf decides alone since its neighbours say the same, such as a person's name and mail address."""
        records: dict[Path, dict[Path, dict[Path, Any]]] = {}
        for cells in columns:
            for path, values in cells.items():
                if values and (not sources or path[0] in sources):
                    records.setdefault(column_of(path[:-1]), {}).setdefault(path[:-1], {})[path] = values[-1]
        for rows in records.values():
            every = self._effect({path: value for row in rows.values() for path, value in row.items()})
            if every is None or all(leaf in found for leaf in every.changed):
                continue
            for row in rows.values():
                effect = self._effect(row) if len(row) > 1 else None
                for leaf in effect.changed if effect else ():
                    if leaf not in found:
                        yield leaf, self._needed(row, leaf)

    def _needed(self, row: Mapping[Path, Any], leaf: Path) -> list[Path]:
        """Of leaves that decide a result together those without which they would not."""
        needed = dict(row)
        for path in row:
            fewer = {other: value for other, value in needed.items() if other != path}
            effect = self._effect(fewer)
            if effect and leaf in effect.changed:
                needed = fewer
        return list(needed)

    def _rows(
        self, effect: _Effect, proposal: Mapping[Path, Any], paths: Sequence[Path]
    ) -> Iterator[tuple[Path, Sequence[Path], How]]:
        halves = []
        for bit in range((len(paths) - 1).bit_length()):
            for side in (1, 0):
                part = self._effect({path: proposal[path] for row, path in enumerate(paths) if row >> bit & 1 == side})
                halves.append(part.changed if part else {})
        shared = []
        for leaf, gone in effect.changed.items():
            marks = [leaf in half for half in halves]
            sides = list(zip(marks[::2], marks[1::2], strict=True))
            if all(one != other for one, other in sides):
                row = sum(1 << bit for bit, (one, _) in enumerate(sides) if one)
                if row < len(paths):
                    yield leaf, [paths[row]], "condition" if gone else "value"
                    continue
            shared.append(leaf)
        if not shared:
            return
        alone = self._one_by_one(proposal, paths)
        for leaf in shared:
            rows = [path for path in paths if alone is None or leaf in alone[path]] or list(paths)
            gone = effect.changed[leaf]
            yield leaf, rows, "condition" if gone else "sum" if self._is_sum(leaf, effect, proposal) else "value"

    def _one_by_one(self, proposal: Mapping[Path, Any], paths: Sequence[Path]) -> Mapping[Path, Mapping[Path, bool]] | None:
        if len(paths) > ROWS_ONE_BY_ONE:
            return None
        effects = {path: self._effect({path: proposal[path]}) for path in paths}
        return {path: effect.changed if effect else {} for path, effect in effects.items()}

    def _effect(self, changes: Mapping[Path, Any]) -> _Effect | None:
        try:
            outcome = self._function(altered(self._inputs, changes))
        except Exception:  # a made-up value may break anything; it then tells nothing
            return None
        if outcome is None:
            return None
        fates = dict(differences(self._base.result, outcome.result))
        trouble = max(0, outcome.trouble - self._base.trouble)
        changed = {path: fate != "altered" for path, fate in fates.items() if not (trouble and fate == "row gone")}
        return _Effect(changed, outcome.result, trouble, len(fates) - len(changed))

    def _is_sum(self, leaf: Path, effect: _Effect, proposal: Mapping[Path, Any]) -> bool:
        before, after = _number(leaf_at(self._base.result, leaf)), _number(leaf_at(effect.result, leaf))
        if before is None or after is None:
            return False
        steps = [(_number(leaf_at(self._inputs, path)), _number(value)) for path, value in proposal.items()]
        known = [new - old for old, new in steps if old is not None and new is not None]
        return len(known) == len(steps) > 1 and sum(known) == after - before


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
