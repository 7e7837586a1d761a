"""What people changed of a field that the other side decides: written over, or kept until a person has said so.

The record as it is, what was last written to it, and what its owner says now: a field that is none of what was written was changed
by somebody else. Where the field is one that is not to be written over, the document goes on hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.ports.mapping import Change, Finding
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason


@dataclass(frozen=True, slots=True)
class NotWrittenOver:
    """fields: of the record that is written to; one of a row within it with the row's name before it (`BPAddresses.Street`).

    owner, other: what people call the side that decides them, and the side that has them too.
    """

    fields: frozenset[str]
    owner: str
    other: str

    def objection(self, now: Change, last: Change | None, records: Sequence[Record]) -> Finding | None:
        """now: what is to be written. last: what of the document that was written last is not there any more; None of the first one."""
        changed = sorted(self.fields & set(_names(now.changes)) & set(_names(last.changes))) if last is not None else []
        if not changed:
            return None
        there = next((record for record in records if now.key in record.values()), {})
        said = [_both(name, now.changes, there, self) for name in changed]
        return Finding(
            Reason.FIELD_CHANGED_ELSEWHERE,
            f"Somebody has changed in {self.other} what {self.owner} decides of {now.key}: {'; '.join(said)}. Approve this to write what "
            f"{self.owner} says; to keep the other, enter it in {self.owner}, then dismiss this.",
            place=changed[0],
        )


def _both(name: str, wanted: Mapping[str, Any], there: Mapping[str, Any], side: NotWrittenOver) -> str:
    if name not in wanted or isinstance(wanted[name], list):
        return name
    return f"{name} is {there.get(name)!r} in {side.other} and {wanted[name]!r} in {side.owner}"


def _names(changes: Mapping[str, Any]) -> Iterator[str]:
    for name, value in changes.items():
        yield name
        for row in value if isinstance(value, list) else ():
            yield from (f"{name}.{each}" for each in row)
