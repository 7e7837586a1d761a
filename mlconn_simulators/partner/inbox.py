"""What the partners received: every set with its facts and faults, and duplicates seen by control and by business number."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlconn_simulators.partner.document_facts import DocumentFacts
from mlconn_simulators.partner.findings import Fault


@dataclass(eq=False, slots=True)
class Received:
    """One set, or one file that could not be read (set_id empty, facts None).

    status: accepted, accepted_with_errors, rejected, unreadable, or fields (an API call without X12), by the partner's own
    check. answered: AK501 as sent or promised, empty where no 997 goes out.
    """

    partner: str
    set_id: str
    business_number: str
    control_number: str
    group: str
    set_control: str
    usage: str
    file: str
    folder: str
    sha256: str
    at: dt.datetime
    status: str
    faults: Sequence[Fault]
    facts: DocumentFacts | None = None
    answered: str = ""
    fields: dict[str, Any] | None = None

    def as_json(self, *, detail: bool) -> dict[str, Any]:
        facts = self.facts
        shown: dict[str, Any] = {
            "partner": self.partner,
            "set_id": self.set_id,
            "business_number": self.business_number,
            "order_number": facts.order_number if facts else "",
            "purpose": facts.purpose if facts else "",
            "control_number": self.control_number,
            "group": self.group,
            "set_control": self.set_control,
            "usage": self.usage,
            "lines": len(facts.lines) if facts else 0,
            "total": format(facts.total, "f") if facts and facts.total is not None else None,
            "file": self.file,
            "folder": self.folder,
            "sha256": self.sha256,
            "at": self.at.isoformat(timespec="milliseconds"),
            "status": self.status,
            "answered": self.answered,
            "faults": [fault.as_json() for fault in self.faults],
        }
        if detail:
            shown["detail"] = facts.as_json() if facts else self.fields
        return shown


class Inbox:
    """The list, and what came twice. Safe to use from any thread."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.duplicates_by_control_number: list[dict[str, Any]] = []
        self.business_duplicates: list[dict[str, Any]] = []
        self._interchanges: dict[tuple[str, ...], tuple[str, str]] = {}
        self.redelivered: list[dict[str, Any]] = []
        self._documents: dict[tuple[str, ...], Received] = {}
        self._refused: dict[tuple[str, ...], Received] = {}
        self._lock = threading.RLock()

    def interchange_seen(self, key: tuple[str, ...], partner: str, set_ids: Sequence[str], file: str, sha256: str) -> bool:
        """Whether an interchange with these ids, number and usage came before; if so it is put on the list.

        key: ISA05 to ISA08, ISA13 and ISA15. set_ids: what it holds (a repeated 997 answers a repeated file).
        """
        with self._lock:
            before = self._interchanges.get(key)
            if before is None:
                self._interchanges[key] = (file, sha256)
                return False
            self.duplicates_by_control_number.append(
                {
                    "partner": partner,
                    "control_number": key[4],
                    "set_ids": list(set_ids),
                    "first_file": before[0],
                    "file": file,
                    "same_bytes": before[1] == sha256,
                }
            )
            return True

    def refused_before(self, received: Received) -> bool:
        """Whether the same document was refused before, so that this one is its second delivery."""
        with self._lock:
            return _key(received) in self._refused

    def add(self, received: Received, *, accepted: bool = True) -> bool:
        """Put it on the list. True where the same partner had this kind of document under this business number before.

        A change or a cancellation (another purpose code) is no duplicate of the original, 997s have no business number, and
        what was refused and delivered again is listed as `redelivered` instead.
        """
        with self._lock:
            self.received.append(received)
            if received.facts is None or received.set_id == "997" or not received.business_number:
                return False
            key = _key(received)
            if (refused := self._refused.get(key)) is not None and key not in self._documents:
                self.redelivered.append(_pair(refused, received))
            if not accepted and key not in self._documents:
                self._refused[key] = received
                return False
            first = self._documents.setdefault(key, received)
            if first is received:
                return False
            self.business_duplicates.append(_pair(first, received))
            return True


def _key(received: Received) -> tuple[str, ...]:
    purpose = (received.facts.purpose if received.facts else "") or "00"
    change = received.facts.change_number if received.facts else ""
    return received.partner, received.set_id, received.business_number, purpose, change, received.usage


def _pair(first: Received, second: Received) -> dict[str, Any]:
    return {
        "partner": second.partner,
        "set_id": second.set_id,
        "business_number": second.business_number,
        "first_control_number": first.control_number,
        "control_number": second.control_number,
        "same_control_number": first.control_number == second.control_number,
        "first_file": first.file,
        "file": second.file,
    }
