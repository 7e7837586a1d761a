"""What differs between two runs of one function: leaves of the first result that are another value, or gone, in the second."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from mlconn_pipelines.flows.tracing.places import Path

Fate = Literal["altered", "gone", "row gone"]
Difference = tuple[Path, Fate]
"""A path in the first result, and what became of it in the second; `row gone` where all of its row of a list is."""


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """before, after: of `places.plain`. What only the second has is left out.

    Rows of a list may have moved: equal ones belong together, the others in their order.
    """
    if before is after or before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name, inner in before.items():
            if name in after:
                yield from differences(inner, after[name], (*path, name))
            else:
                yield from _gone(inner, (*path, name))
    elif isinstance(before, list) and isinstance(after, list):
        fate: Fate = "row gone" if _has_rows(before) else "gone"
        for number, other in enumerate(_pairs(before, after)):
            if other is None:
                yield from _gone(before[number], (*path, number), fate)
            else:
                yield from differences(before[number], after[other], (*path, number))
    elif isinstance(before, (dict, list)):
        yield from _gone(before, path)
    else:
        yield path, "gone" if after is None or after == "" else "altered"


def _gone(value: Any, path: Path, fate: Fate = "gone") -> Iterator[Difference]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _gone(inner, (*path, name), fate)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _gone(inner, (*path, number), fate)
    elif value is not None and value != "":
        yield path, fate


def _has_rows(value: Sequence[Any]) -> bool:
    """Whether a list holds rows (lines, segments) and not the elements of one, which have fixed places."""
    return bool(value) and isinstance(value[0], (dict, list))


def _pairs(before: Sequence[Any], after: Sequence[Any]) -> list[int | None]:
    """For every row of the first its row in the second, None where it has none."""
    if not _has_rows(before):
        return [number if number < len(after) else None for number in range(len(before))]
    found: list[int | None] = [None] * len(before)
    if len(before) == len(after):
        for number, row in enumerate(before):
            if row == after[number]:
                found[number] = number
    else:
        texts = list(map(repr, before)), list(map(repr, after))
        for block in SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks():
            for step in range(block.size):
                found[block.a + step] = block.b + step
    taken = set(found)
    free = [number for number in range(len(after)) if number not in taken]
    _pair(before, after, found, free, repr)
    if len(before) == len(after) or isinstance(before[0], list):  # of records, who is missing cannot be told by their order
        _pair(before, after, found, [number for number in free if number not in set(found)], _kind_of_row)
    return found


def _pair(before: Sequence[Any], after: Sequence[Any], found: list[int | None], free: Sequence[int], alike: Any) -> None:
    waiting: dict[str, deque[int]] = {}
    for number in free:
        waiting.setdefault(alike(after[number]), deque()).append(number)
    for number, row in enumerate(before):
        if found[number] is None and (rows := waiting.get(alike(row))):
            found[number] = rows.popleft()


def _kind_of_row(row: Any) -> str:
    """A segment's id; rows of other lists are all of one kind."""
    return row[0] if isinstance(row, list) and row and isinstance(row[0], str) else ""
