"""What the partners send: control numbers, file names, the list of everything sent and what the company said to it."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mlconn_simulators.partner.acknowledgment import Answer
from mlconn_simulators.partner.envelope_check import FUNCTIONAL_IDS
from mlconn_simulators.partner.findings import STATUS_OF
from mlconn_simulators.partner.x12_text import Envelope, Segment, write
from mlconn_simulators.world.model import World, WorldPartner

Put = Callable[[str, str, bytes], object]


@dataclass(frozen=True, slots=True)
class Sending:
    """One set on its way out, with what the list of things sent keeps of it. answers: the business number it is about."""

    set_id: str
    segments: Sequence[Segment]
    business_number: str
    meant: str = "clean"
    lines: Sequence[dict[str, Any]] = ()
    total: Decimal | None = None
    answers: str = ""


@dataclass(eq=False, slots=True)
class Sent:
    """One set as it was put. acknowledged: from the company's 997, None before it; acknowledgments: how many came.

    advised: from its 824. again: the same bytes were put before.
    """

    partner: str
    set_id: str
    business_number: str
    file: str
    control_number: str
    group: str
    set_control: str
    usage: str
    sha256: str
    at: dt.datetime
    meant: str
    lines: Sequence[dict[str, Any]]
    total: Decimal | None
    answers: str
    acknowledged: str | None = None
    acknowledgments: int = 0
    acknowledgment_faults: list[str] = field(default_factory=list)
    advised: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "partner": self.partner,
            "set_id": self.set_id,
            "business_number": self.business_number,
            "file": self.file,
            "control_number": self.control_number,
            "group": self.group,
            "set_control": self.set_control,
            "usage": self.usage,
            "sha256": self.sha256,
            "at": self.at.isoformat(timespec="milliseconds"),
            "meant": self.meant,
            "answers": self.answers,
            "lines": list(self.lines),
            "total": None if self.total is None else format(self.total, "f"),
            "acknowledged": self.acknowledged,
            "acknowledgments": self.acknowledgments,
            "acknowledgment_faults": self.acknowledgment_faults,
            "advised": self.advised,
        }


class Outbox:
    """Everything that all partners send goes through here; safe to use from any thread."""

    def __init__(self, world: World, put: Put) -> None:
        self.sent: list[Sent] = []
        self._world, self._put = world, put
        self._controls: defaultdict[str, int] = defaultdict(lambda: 1000 * (world.seed % 1000))
        self._by_group: defaultdict[tuple[str, str], list[Sent]] = defaultdict(list)
        self._by_number: defaultdict[tuple[str, str, str], list[Sent]] = defaultdict(list)
        self._lock = threading.RLock()

    def send(self, partner: WorldPartner, sendings: Sequence[Sending], *, usage: str = "P", twice: bool = False) -> list[Sent]:
        """One file with one group of sets of one kind into the partner's outlet. twice: and the same bytes once more."""
        with self._lock:
            self._controls[partner.name] += 1
            control = self._controls[partner.name]
            at = dt.datetime.now(dt.UTC)
            envelope = Envelope(partner, self._world.company_qualifier, self._world.company_id, control, control, at, usage)
            sets = [(one.set_id, f"{place:04}", one.segments) for place, one in enumerate(sendings, start=1)]
            content = write(envelope, FUNCTIONAL_IDS[sendings[0].set_id], sets)
            name = f"{sendings[0].set_id}_{partner.name}_{control:09}"
            sent = self._noted(partner, sendings, sets, content, f"{name}.edi", control, at, usage)
            self._put(partner.outlet, f"{name}.edi", content)
            if twice:
                again = [_again(one) for one in sendings]
                sent += self._noted(partner, again, sets, content, f"{name}_again.edi", control, at, usage)
                self._put(partner.outlet, f"{name}_again.edi", content)
            return sent

    def send_as_is(self, partner: WorldPartner, content: bytes, name: str) -> None:
        """Bytes of the caller's own making; they are in no list, and nothing is expected for them."""
        self._put(partner.outlet, name, content)

    def acknowledge(self, partner: str, answer: Answer) -> bool:
        """Note what a 997 says; False where it answers nothing that this partner sent. A repeat only counts."""
        with self._lock:
            fitting = [
                sent
                for sent in self._by_group.get((partner, answer.group_control), ())
                if FUNCTIONAL_IDS[sent.set_id] == answer.functional_id
                and (not answer.set_control or (sent.set_control, sent.set_id) == (answer.set_control, answer.set_id))
            ]
            status = STATUS_OF.get(answer.code, answer.code)
            for sent in fitting:
                if answer.set_control:
                    sent.acknowledgments += 1
                    sent.acknowledged = status
                    sent.acknowledgment_faults = list(answer.faults)
                elif sent.acknowledged is None and answer.code in ("A", "E", "R"):
                    sent.acknowledgments += 1
                    sent.acknowledged = status
            return bool(fitting)

    def advise(self, partner: str, set_id: str, business_number: str, verdict: str) -> bool:
        """Note what an 824 says; False where it is about nothing that this partner sent."""
        with self._lock:
            fitting = self._by_number.get((partner, set_id, business_number), [])
            for sent in fitting:
                sent.advised = verdict
            return bool(fitting)

    def _noted(
        self,
        partner: WorldPartner,
        sendings: Sequence[Sending],
        sets: Sequence[tuple[str, str, Sequence[Segment]]],
        content: bytes,
        file: str,
        control: int,
        at: dt.datetime,
        usage: str,
    ) -> list[Sent]:
        digest = hashlib.sha256(content).hexdigest()
        noted = [
            Sent(partner.name, one.set_id, one.business_number, file, f"{control:09}", str(control), st02, usage, digest, at,
                 one.meant, one.lines, one.total, one.answers)
            for one, (_, st02, _) in zip(sendings, sets, strict=True)
        ]  # fmt: skip
        self.sent += noted
        self._by_group[partner.name, str(control)] += noted
        for one in noted:
            self._by_number[partner.name, one.set_id, one.business_number].append(one)
        return noted


def _again(one: Sending) -> Sending:
    return Sending(one.set_id, one.segments, one.business_number, "same_file_again", one.lines, one.total, one.answers)
