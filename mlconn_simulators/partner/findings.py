"""What is wrong with something received, and the verdict that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["file", "interchange", "group", "set", "segment", "element"]
Verdict = Literal["A", "E", "R"]

STATUS_OF: dict[str, str] = {"A": "accepted", "E": "accepted_with_errors", "R": "rejected", "P": "partly_accepted"}


@dataclass(frozen=True, slots=True)
class Fault:
    """code: AK403, AK304, AK502 or AK905 by level. position: of the segment, ST = 1. number: of the data element.

    rejects: False where the partner accepts the document and only makes a note.
    """

    level: Level
    code: str
    text: str
    segment: str = ""
    position: int = 0
    element: int = 0
    number: str = ""
    bad: str = ""
    rejects: bool = True

    def as_json(self) -> dict[str, Any]:
        place = f"{self.segment}{self.element:02}" if self.element else self.segment
        return {"level": self.level, "code": self.code, "place": place, "position": self.position, "text": self.text,
                "bad": self.bad, "rejects": self.rejects}  # fmt: skip


def verdict_of(faults: list[Fault]) -> Verdict:
    if not faults:
        return "A"
    return "R" if any(fault.rejects for fault in faults) else "E"
