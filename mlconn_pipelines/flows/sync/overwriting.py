"""What people changed of a field that the other side decides: written over, or kept until a person has said so.

The record as it is, what was last written to it, and what its owner says now: a field that is none of what was written was changed
by somebody else. Where the field is one that is not to be written over, the document goes on hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from mlconn_pipelines.ports.mapping import Change, Finding
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason


def objection(
    kept: Collection[str], titles: tuple[str, str], now: Change, last: Change, records: Sequence[Record]
) -> Finding | None:
    """Why a person has to approve a change, None where nobody has.

    kept: fields that are not written over; one of a row within the record with the row's name before it (`BPAddresses.Street`).
    titles: what people call the side that decides them, and the side that is written to. now: what is to be written. last: what of
    the document that was written last is not there any more. records: among which the one that is written to is.
    """
    owner, other = titles
    changed = sorted(set(kept) & set(_names(now.changes)) & set(_names(last.changes)))
    if not changed:
        return None
    there = next((record for record in records if now.key in record.values()), {})
    said = [
        f"{name} is {there.get(name)!r} in {other} and {now.changes[name]!r} in {owner}"
        if name in now.changes and not isinstance(now.changes[name], list)
        else name
        for name in changed
    ]
    return Finding(
        Reason.FIELD_CHANGED_ELSEWHERE,
        f"Somebody has changed in {other} what {owner} decides of {now.key}: {'; '.join(said)}. Approve this to write what {owner} says; "
        f"to keep the other, enter it in {owner}, then dismiss this.",
        place=changed[0],
    )


def _names(changes: Mapping[str, Any]) -> Iterator[str]:
    for name, value in changes.items():
        yield name
        for row in value if isinstance(value, list) else ():
            yield from (f"{name}.{each}" for each in row)
