"""One interchange: walks from one enveloping segment to the next and checks that they close what they opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, Segment, TransactionSet, decoded
from mlconn_pipelines.x12.findings import Finding, finding
from mlconn_pipelines.x12.group_checks import group_header_faults, is_mixed
from mlconn_pipelines.x12.header_checks import header_findings
from mlconn_pipelines.x12.interchange_acknowledgment import ta1_findings
from mlconn_pipelines.x12.separators import WHITESPACE, Header, Separators
from mlconn_pipelines.x12.set_trailer import set_findings
from mlconn_pipelines.x12.source import Source

_FIRST = re.compile(rb"[ \t\r\n\x00\x1a]*(ISA|IEA|GS|GE|ST|SE|TA1)(?=[^A-Za-z0-9])")


def empty_header(separators: Separators, start: int) -> Header:
    """The header of text that has none."""
    return Header(("",) * 16, separators, start, False)


@dataclass(slots=True)
class _OpenGroup:
    elements: Segment
    offset: int
    sets: list[TransactionSet] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class InterchangeReader:
    """Reads one interchange; `end` is where it stopped. limit: where the next interchange surely begins."""

    def __init__(self, source: Source, start: int, limit: int, header: Header, envelope: re.Pattern[bytes]) -> None:
        self._source, self._data = source, source.data
        self._start, self._limit, self._header, self._envelope = start, limit, header, envelope
        self._terminator = header.separators.segment.encode("latin-1")
        self._has_header = header.elements[12] != "" or header.end > start
        self._findings: list[Finding] = []
        self._groups: list[FunctionalGroup] = []
        self._group: _OpenGroup | None = None
        self._set_start: int | None = None
        self._set_elements: Segment = ()
        self._answers: list[Segment] = []
        self._cursor = header.end
        self.end = limit

    def read(self) -> Interchange:
        """The interchange with everything in it."""
        trailer: Segment | None = None
        trailer_at = self._limit
        for start, name in self._marks():
            if name == "ISA":
                self.end = start
                break
            elements, stop = self._elements(start)
            if self._set_start is None:
                self._check_gap(start)
            if name == "IEA":
                self._close_group(None, start)
                trailer, trailer_at, self.end = elements, start, stop
                break
            self._take(name, elements, start, stop)
        self._close_group(None, self.end)
        if trailer is None and self._cursor < self.end:
            self._check_gap(self.end)
        self._check_envelope(trailer, trailer_at)
        return self._interchange(trailer)

    def _marks(self) -> Iterator[tuple[int, str]]:
        """Offset and id of every enveloping segment; the first one may stand right behind the header."""
        position = self._header.end
        first = _FIRST.match(self._data, position, self._limit)
        if first and self._data[first.end() : first.end() + 1] == self._header.separators.element.encode("latin-1"):
            yield first.start(1), first[1].decode("ascii")
            position = first.end()
        for match in self._envelope.finditer(self._data, position, self._limit):
            yield match.start(1), match[1].decode("ascii")

    def _take(self, name: str, elements: Segment, start: int, stop: int) -> None:
        if name == "TA1":
            if self._set_start is None:
                self._answers.append(elements)
                for fault in ta1_findings(elements):
                    self._note(fault.code, fault.message, start, "TA1", fault.element, fault.value)
                self._cursor = stop
            return
        if name == "ST":
            self._close_set(None, start)
            self._set_start, self._set_elements = start, elements
        elif name == "SE":
            if self._set_start is None:
                self._note("segments_outside", "An SE segment closes a set that was never opened by an ST.", start, "SE")
            else:
                self._close_set(elements, stop)
            self._cursor = stop
        elif name == "GS":
            self._close_group(None, start)
            self._group = _OpenGroup(elements, start)
            self._cursor = stop
        elif name == "GE":
            if self._group is None and self._set_start is None:
                self._note("segments_outside", "A GE segment closes a group that was never opened by a GS.", start, "GE")
            self._close_group(elements, start)
            self._cursor = stop

    def _elements(self, start: int) -> tuple[Segment, int]:
        stop = self._data.find(self._terminator, start, self._limit)
        text = self._data[start : stop if stop >= 0 else self._limit]
        if stop < 0 and len(text) > 2000:
            text = text[:2000]
        parts = decoded(text.strip(WHITESPACE)).split(self._header.separators.element)
        return tuple(parts), stop + 1 if stop >= 0 else self._limit

    def _check_gap(self, until: int) -> None:
        gap = self._data[self._cursor : until].strip(WHITESPACE + self._terminator)
        if gap and not (self._group is None and self._is_control(gap)):
            at = self._data.index(gap, self._cursor)
            shown = gap[:200].decode("latin-1")
            self._note("segments_outside", "Segments stand outside of any transaction set and were not read.", at, value=shown)
        self._cursor = max(self._cursor, until)

    def _is_control(self, gap: bytes) -> bool:
        """Whether these are only segments that X12 knows between ISA and GS: grade of service, deferred delivery, TA3."""
        texts = (text.strip(WHITESPACE) for text in gap.split(self._terminator))
        separator = self._header.separators.element.encode("latin-1")
        return all(text.split(separator)[0] in (b"ISB", b"ISE", b"TA3") for text in texts if text)

    def _close_set(self, trailer: Segment | None, end: int) -> None:
        if self._set_start is None:
            return
        if self._group is None:
            self._group = _OpenGroup((), self._set_start)
            self._group.findings.append(
                self._finding("group_header_missing", "A transaction set stands outside of any group (no GS).", self._set_start)
            )
        opened = (*self._set_elements, "", "", "", "")
        made = TransactionSet(
            self._source,
            self._set_start,
            end,
            self._header.separators,
            set_id=opened[1].strip(),
            control_number=opened[2].strip(),
            implementation=opened[3].strip(),
            version=_at(self._group.elements, 8),
            functional_id=_at(self._group.elements, 1),
        )
        made.findings = tuple(set_findings(made, trailer, self._group.sets))
        self._group.sets.append(made)
        self._set_start, self._cursor = None, end

    def _close_group(self, trailer: Segment | None, end: int) -> None:
        self._close_set(None, end)
        if (group := self._group) is None:
            return
        self._group = None
        number = _at(group.elements, 6)
        note = group.findings.append
        stated = _number(_at(trailer, 1)) if trailer else None
        if group.elements:
            if not number.isascii() or not number.isdigit() or len(number) > 9:
                note(
                    self._finding(
                        "group_number_invalid", f"GS06 is {number!r}; a number of 1-9 digits was expected.", group.offset
                    )
                )
            elif any(number.lstrip("0") == other.control_number.lstrip("0") for other in self._groups):
                text = f"Group control number {number} occurs twice in this interchange."
                note(self._finding("group_number_duplicate", text, group.offset))
            for element, text, value in group_header_faults(group.elements):
                note(self._finding("group_header_invalid", text, group.offset, "GS", element, value))
            version, isa12 = _at(group.elements, 8), self._header.elements[11].strip()
            if is_mixed(isa12, version):
                text = f"ISA12 is {isa12!r} but GS08 {version!r}; the sets were read by GS08."
                note(self._finding("group_version_mixed", text, group.offset, "GS", 8, version))
            if trailer is None:
                text = f"Group {number} has no GE; the end of the group is missing."
                note(self._finding("group_trailer_missing", text, group.offset))
        if trailer is not None:
            if group.elements and _at(trailer, 2).lstrip("0") != number.lstrip("0"):
                text = f"GE02 is {_at(trailer, 2)!r}, but the group began with number {number!r} (GS06)."
                note(self._finding("group_number_mismatch", text, end, "GE", 2))
            if stated != len(group.sets):
                text = f"GE01 states {_at(trailer, 1)!r} transaction sets, {len(group.sets)} were found."
                note(self._finding("group_count", text, end, "GE", 1))
        made = FunctionalGroup(
            functional_id=_at(group.elements, 1),
            sender_id=_at(group.elements, 2),
            receiver_id=_at(group.elements, 3),
            control_number=number,
            version=_at(group.elements, 8),
            stated_sets=stated,
            sets=tuple(group.sets),
            findings=tuple(group.findings),
            offset=group.offset,
        )
        self._groups.append(made)

    def _check_envelope(self, trailer: Segment | None, trailer_at: int) -> None:
        if not self._has_header:
            self._note("interchange_header_missing", "There is no ISA; the separators were guessed from the text.", self._start)
            if trailer is None:
                return
        else:
            self._findings[:0] = header_findings(self._source, self._start, self._header)
        number = self._header.elements[12].strip()
        if trailer is None:
            text = f"Interchange {number} has no IEA; the end of the file may be missing."
            self._note("interchange_trailer_missing", text, max(self._start, self.end - 1))
            return
        if self._has_header and _at(trailer, 2).lstrip("0") != number.lstrip("0"):
            text = f"IEA02 is {_at(trailer, 2)!r}, but the interchange began with number {number!r} (ISA13)."
            self._note("interchange_number_mismatch", text, trailer_at, "IEA", 2)
        groups = sum(1 for group in self._groups if not any(f.code == "group_header_missing" for f in group.findings))
        if _number(_at(trailer, 1)) != groups:
            text = f"IEA01 states {_at(trailer, 1)!r} groups, {groups} were found."
            self._note("interchange_group_count", text, trailer_at, "IEA", 1)
        if self.end == self._limit and self._data[self.end - 1 : self.end] != self._terminator:
            self._note("terminator_missing", "The last segment has no terminator.", trailer_at, "IEA")

    def _interchange(self, trailer: Segment | None) -> Interchange:
        stripped = [element.strip() for element in self._header.elements]
        number = stripped[12]
        return Interchange(
            sender_qualifier=stripped[4],
            sender_id=stripped[5],
            receiver_qualifier=stripped[6],
            receiver_id=stripped[7],
            date=stripped[8],
            time=stripped[9],
            version=stripped[11],
            control_number=number,
            usage=stripped[14],
            acknowledgment_requested=stripped[13] == "1",
            separators=self._header.separators,
            groups=tuple(self._groups),
            complete=trailer is not None and number != "" and _at(trailer, 2).lstrip("0") == number.lstrip("0"),
            source=self._source,
            offset=self._start,
            end=self.end,
            findings=tuple(self._findings),
            interchange_acknowledgments=tuple(self._answers),
        )

    def _finding(
        self, code: str, text: str, at: int, segment: str = "", element: int | None = None, value: str = ""
    ) -> Finding:
        at = max(0, min(at, len(self._data) - 1))
        line = self._source.line_of(at)
        return finding(code, text, offset=at, line=line, segment_id=segment, element=element, value=value)

    def _note(self, code: str, text: str, at: int, segment: str = "", element: int | None = None, value: str = "") -> None:
        self._findings.append(self._finding(code, text, at, segment, element, value))


def _at(elements: Segment | None, position: int) -> str:
    return elements[position].strip() if elements is not None and position < len(elements) else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
