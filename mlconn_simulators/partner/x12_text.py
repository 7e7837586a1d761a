"""The partners' own small X12 reader and writer."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from mlconn_simulators.world.model import WorldPartner

Segment = list[str]
"""The segment id and its elements, so that `segment[2]` is element 02."""

_ISA_LENGTH = 106
_ISA_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)


class Unreadable(Exception):
    """Not an X12 interchange at all; the text says why."""


@dataclass(slots=True)
class TransactionSet:
    """segments: from ST to SE; SE is missing where the text ended or went on without it."""

    segments: list[Segment]

    @property
    def id(self) -> str:
        return element(self.segments[0], 1)

    @property
    def control(self) -> str:
        return element(self.segments[0], 2)


@dataclass(slots=True)
class Group:
    header: Segment
    sets: list[TransactionSet] = field(default_factory=list)
    trailer: Segment | None = None
    stray: list[Segment] = field(default_factory=list)

    @property
    def control(self) -> str:
        return element(self.header, 6)

    @property
    def version(self) -> str:
        return element(self.header, 8)


@dataclass(slots=True)
class Interchange:
    """separators: element, component, repetition, segment, as the ISA states them."""

    header: Segment
    separators: tuple[str, str, str, str]
    line_break: bool
    groups: list[Group] = field(default_factory=list)
    trailer: Segment | None = None
    stray: list[Segment] = field(default_factory=list)

    @property
    def control(self) -> str:
        return element(self.header, 13).strip()

    @property
    def usage(self) -> str:
        return element(self.header, 15)


def element(segment: Segment, number: int) -> str:
    """Element `number` of a segment, empty where the segment ends before it."""
    return segment[number] if number < len(segment) else ""


def read(content: bytes) -> list[Interchange]:
    """All interchanges of a file. Errors: Unreadable where it does not begin with an ISA of 106 characters."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    text = text.lstrip()
    if not text.startswith("ISA") or len(text) < _ISA_LENGTH:
        raise Unreadable(
            f"Expected an ISA segment of {_ISA_LENGTH} characters, received {text[:12]!r} ({len(text)} characters)"
        )
    separators = (text[3], text[104], text[82], text[105])
    widths = tuple(len(part) for part in text[: _ISA_LENGTH - 1].split(separators[0])[1:])
    if widths != _ISA_WIDTHS:
        raise Unreadable(f"The ISA's elements have the widths {widths}, expected {_ISA_WIDTHS}")
    line_break = separators[3] != "\n" and text[_ISA_LENGTH : _ISA_LENGTH + 2].startswith(("\n", "\r\n"))
    interchanges: list[Interchange] = []
    for raw in text.split(separators[3]):
        line = raw.lstrip("\r\n") if line_break else raw
        if line.strip("\r\n"):
            _place(interchanges, line.split(separators[0]), separators, line_break)
    return interchanges


def _place(interchanges: list[Interchange], segment: Segment, separators: tuple[str, str, str, str], line_break: bool) -> None:
    """Put a segment where it belongs; one that belongs nowhere is stray."""
    if segment[0] == "ISA":
        interchanges.append(Interchange(segment, separators, line_break))
        return
    interchange = interchanges[-1]
    group = interchange.groups[-1] if interchange.groups and interchange.groups[-1].trailer is None else None
    match segment[0]:
        case "IEA":
            interchange.trailer = segment
        case "GS":
            interchange.groups.append(Group(segment))
        case _ if group is None:
            interchange.stray.append(segment)
        case "GE":
            group.trailer = segment
        case "ST":
            group.sets.append(TransactionSet([segment]))
        case _ if not group.sets or group.sets[-1].segments[-1][0] == "SE":
            group.stray.append(segment)
        case _:
            group.sets[-1].segments.append(segment)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, and under which numbers. usage: P or T. at: the partner's own clock."""

    partner: WorldPartner
    company_qualifier: str
    company_id: str
    interchange_control: int
    group_control: int
    at: dt.datetime
    usage: str = "P"


def write(envelope: Envelope, functional_id: str, sets: Sequence[tuple[str, str, Sequence[Segment]]]) -> bytes:
    """One interchange with one group. sets: set id, ST02 and the segments between ST and SE. Empty tails are left out."""
    partner, at = envelope.partner, envelope.at
    star, component, repetition, end = partner.separators
    isa12 = partner.version[:5] if partner.version >= "00402" else "00401"
    isa11 = repetition if isa12 >= "00402" else "U"
    lines: list[str] = [
        star.join(
            ("ISA", "00", " " * 10, "00", " " * 10, partner.qualifier, f"{partner.id:<15}", envelope.company_qualifier,
             f"{envelope.company_id:<15}", f"{at:%y%m%d}", f"{at:%H%M}", isa11, isa12, f"{envelope.interchange_control:09}",
             "0", envelope.usage, component)
        )
    ]  # fmt: skip
    cleaning = _cleaning(partner, isa12)
    group = str(envelope.group_control)

    def add(*parts: str) -> None:
        lines.append(star.join(_trimmed([part.translate(cleaning) for part in parts])))

    add("GS", functional_id, partner.group_id, envelope.company_id, f"{at:%Y%m%d}", f"{at:%H%M}", group, "X", partner.version)
    for set_id, control, segments in sets:
        add("ST", set_id, control)
        for segment in segments:
            add(*segment)
        add("SE", str(len(segments) + 2), control)
    add("GE", str(len(sets)), group)
    add("IEA", "1", f"{envelope.interchange_control:09}")
    terminator = end + ("\n" if partner.line_break else "")
    return "".join(line + terminator for line in lines).encode()


def plain(text: str, longest: int) -> str:
    """A name as this partner's system writes it: ASCII, one line, at most `longest` characters."""
    folded = unicodedata.normalize("NFKD", " ".join(text.split())).encode("ascii", "ignore").decode()
    return " ".join(folded.split())[:longest].strip()


def _cleaning(partner: WorldPartner, isa12: str) -> dict[int, str]:
    star, component, repetition, end = partner.separators
    special = {star, component, end, "\n", "\r", "\t"} | ({repetition} if isa12 >= "00402" else set())
    return {ord(character): " " for character in special}


def _trimmed(parts: list[str]) -> list[str]:
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts
