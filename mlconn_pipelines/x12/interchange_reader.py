"""One interchange: walks from one enveloping segment to the next and checks that they close what they opened.

It looks at a stretch of the file at a time, so that of a mapped file only that much is in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mlconn_pipelines.x12.envelope import FunctionalGroup, Interchange, Segment, TransactionSet, decoded
from mlconn_pipelines.x12.findings import X12Finding, by_release, finding
from mlconn_pipelines.x12.group_checks import group_header_faults, is_mixed
from mlconn_pipelines.x12.header_checks import header_findings
from mlconn_pipelines.x12.interchange_acknowledgment import ta1_findings
from mlconn_pipelines.x12.separators import WHITESPACE, Header, Separators, find_exact_header
from mlconn_pipelines.x12.set_trailer import count_segments, set_findings
from mlconn_pipelines.x12.source import Source

_CONTROL_MAX = 1_000  # bytes
_FIRST = re.compile(rb"[ \t\r\n\x00\x1a]*(ISA|IEA|GS|GE|ST|SE|TA1)(?=[^A-Za-z0-9])")
STRETCH = 1 << 20  # bytes
FINDINGS_MAX = 10_000
"""Of an interchange itself, those of its groups and sets not counted."""

Part = TransactionSet | FunctionalGroup | Interchange


def empty_header(separators: Separators, start: int) -> Header:
    """The header of text that has none."""
    return Header(("",) * 16, separators, start, False)


@dataclass(slots=True)
class _OpenGroup:
    """numbers: the control numbers of its sets so far. sets: empty where they are not kept. lost: sets without ST."""

    elements: Segment
    offset: int
    set_count: int = 0
    lost: int = 0
    numbers: set[str] = field(default_factory=set)
    sets: list[TransactionSet] = field(default_factory=list)
    findings: list[X12Finding] = field(default_factory=list)


class InterchangeReader:
    """Reads one interchange; `end` is where it stopped. keeps: whether groups hold their sets and the interchange its groups."""

    def __init__(self, source: Source, start: int, header: Header, envelope: re.Pattern[bytes], keeps: bool) -> None:
        self._source, self._data = source, source.data
        self._start, self._header, self._envelope, self._keeps = start, header, envelope, keeps
        self._terminator = header.separators.segment.encode("latin-1")
        self._has_header = header.elements[12] != "" or header.end > start
        self._findings: list[X12Finding] = []
        self._groups: list[FunctionalGroup] = []
        self._group_numbers: set[str] = set()
        self._group_count = 0
        self._group: _OpenGroup | None = None
        self._set_start: int | None = None
        self._set_elements: Segment = ()
        self._answers: list[Segment] = []
        self._ended: list[Part] = []
        self._cursor = header.end
        self._limit = header.end
        self.end = header.end

    def parts(self) -> Iterator[Part]:
        """Every set, group, and last the interchange, in the order in which they end."""
        trailer: Segment | None = None
        trailer_at = self._start
        for start, name in self._marks():
            if name == "ISA":
                self.end = start
                break
            elements, stop = self._elements(start)
            if self._set_start is None:
                if name == "SE" and self._lose_set(elements, start):
                    self._cursor = stop
                    continue
                self._check_gap(start)
            if name == "IEA":
                self._close_group(None, start)
                trailer, trailer_at, self.end = elements, start, stop
                break
            self._take(name, elements, start, stop)
            if self._ended:
                yield from self._ended
                self._ended.clear()
        else:
            self.end = self._limit
        self._close_group(None, self.end)
        if trailer is None and self._cursor < self.end:
            self._check_gap(self.end)
        self._check_envelope(trailer, trailer_at)
        yield from self._ended
        yield self._interchange(trailer)

    def _marks(self) -> Iterator[tuple[int, str]]:
        """Offset and id of every enveloping segment; the first one may stand right behind the header."""
        separator = self._header.separators.element.encode("latin-1")
        for begin, end in self._stretches():
            position = begin
            first = _FIRST.match(self._data, begin, end) if begin == self._header.end else None
            if first is not None and self._data[first.end() : first.end() + 1] == separator:
                yield first.start(1), first[1].decode("ascii")
                position = first.end()
            for match in self._envelope.finditer(self._data, position, end):
                yield match.start(1), match[1].decode("ascii")

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """Stretches of the file, which share the terminator between them, so that no segment and no mark lies in two.

        The last one ends where the next interchange surely begins, or the file.
        """
        begin, looked_until = self._header.end, self._start + 3
        while True:
            cut = self._data.find(self._terminator, begin + STRETCH)
            end = len(self._data) if cut < 0 else cut + 1
            following = find_exact_header(self._data, looked_until, end)
            self._limit = end if following is None else following
            yield begin, self._limit
            if cut < 0 or following is not None:
                return
            begin, looked_until = cut, end
            self._source.passed(begin)

    def _take(self, name: str, elements: Segment, start: int, stop: int) -> None:
        if name == "TA1":
            if self._set_start is None:
                self._answers.append(elements)
                for fault in ta1_findings(elements):
                    self._note(fault.code, fault.message, start, "TA1", fault.element, fault.value)
                if self._group_count or self._group is not None:
                    text = "A TA1 stands behind a group; X12 has it between ISA and the first GS. It was read all the same."
                    self._note("interchange_answer_late", text, start, "TA1")
                self._cursor = stop
            return
        if name == "ST":
            self._close_set(None, start)
            self._set_start, self._set_elements = start, elements
        elif name == "SE":
            if self._set_start is None:
                text = f"There is no ST: the set {_at(elements, 2)!r} that this SE ends lost its beginning and was not read."
                self._note("segments_outside", text, start, "SE")
            else:
                self._close_set(elements, stop)
            self._cursor = stop
        elif name == "GS":
            self._close_group(None, start)
            self._group = _OpenGroup(elements, start)
            self._cursor = stop
        elif name == "GE":
            if self._group is None and self._set_start is None:
                text = f"There is no GS: the group {_at(elements, 2)!r} that this GE ends lost its beginning."
                self._note("segments_outside", text, start, "GE")
            self._close_group(elements, start)
            self._cursor = stop

    def _elements(self, start: int) -> tuple[Segment, int]:
        stop = self._data.find(self._terminator, start, self._limit)
        text = self._data[start : stop if stop >= 0 else min(self._limit, start + 2000)]
        parts = decoded(text.strip(WHITESPACE)).split(self._header.separators.element)
        return tuple(parts), stop + 1 if stop >= 0 else self._limit

    def _check_gap(self, until: int) -> None:
        found = self._source.visible(self._cursor, until, WHITESPACE + self._terminator) if self._cursor < until else None
        if found and (self._group is not None or not self._is_control(*found)):
            shown = self._data[found[0] : min(found[1], found[0] + 200)].decode("latin-1")
            text = "Segments stand outside of any transaction set and were not read."
            self._note("segments_outside", text, found[0], value=shown)
        self._cursor = max(self._cursor, until)

    def _is_control(self, start: int, end: int) -> bool:
        """Whether these are only segments that X12 knows between ISA and GS: grade of service, deferred delivery, TA3."""
        if end - start > _CONTROL_MAX:
            return False
        texts = (text.strip(WHITESPACE) for text in self._data[start:end].split(self._terminator))
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
        group = self._group
        made.segment_count, has_empty = count_segments(made.content, self._terminator)
        made.findings = tuple(set_findings(made, trailer, has_empty, made.control_number in group.numbers))
        group.numbers.add(made.control_number)
        group.set_count += 1
        if self._keeps:
            group.sets.append(made)
        self._ended.append(made)
        self._set_start, self._cursor = None, end

    def _lose_set(self, trailer: Segment, start: int) -> bool:
        """Whether this SE ends a set of the open group whose segments are there and whose ST is not: noted, and read over."""
        group = self._group
        found = self._source.visible(self._cursor, start, WHITESPACE + self._terminator) if self._cursor < start else None
        if group is None or found is None:
            return False
        at = found[0]
        shown = self._data[at : min(at + 200, start)].decode("latin-1")
        text = (
            f"There is no ST: the set {_at(trailer, 2)!r} that this SE ends lost its beginning and was not read; the others of "
            "the group were. Ask the sender to send it again with its ST."
        )
        if group.lost < FINDINGS_MAX:
            group.findings.append(self._finding("set_header_missing", text, at, "SE", value=shown))
        group.lost += 1
        return True

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
            elif number.lstrip("0") in self._group_numbers:
                text = f"Group control number {number} occurs twice in this interchange."
                note(by_release(self._finding("group_number_duplicate", text, group.offset), _at(group.elements, 8)))
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
            if stated != group.set_count:
                text = f"GE01 states {_at(trailer, 1)!r} transaction sets, {group.set_count} were found."
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
            lost_sets=group.lost,
        )
        self._group_numbers.add(number.lstrip("0"))
        self._group_count += 1 if group.elements else 0
        if self._keeps:
            self._groups.append(made)
        self._ended.append(made)

    def _check_envelope(self, trailer: Segment | None, trailer_at: int) -> None:
        if not self._has_header:
            text = "There is no ISA; the separators were guessed from the text."
            self._findings.insert(0, self._finding("interchange_header_missing", text, self._start))
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
        if _number(_at(trailer, 1)) != self._group_count:
            text = f"IEA01 states {_at(trailer, 1)!r} groups, {self._group_count} were found."
            self._note("interchange_group_count", text, trailer_at, "IEA", 1)
        if self._data[self.end - 1 : self.end] != self._terminator:
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
    ) -> X12Finding:
        at = max(0, min(at, len(self._data) - 1))
        line = self._source.line_of(at)
        return finding(code, text, offset=at, line=line, segment_id=segment, element=element, value=value)

    def _note(self, code: str, text: str, at: int, segment: str = "", element: int | None = None, value: str = "") -> None:
        if len(self._findings) < FINDINGS_MAX:
            self._findings.append(self._finding(code, text, at, segment, element, value))


def _at(elements: Segment | None, position: int) -> str:
    return elements[position].strip() if elements is not None and position < len(elements) else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
