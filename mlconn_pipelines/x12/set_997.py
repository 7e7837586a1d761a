"""Functional acknowledgments: the 997, and what the 999 has in common with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from mlconn_pipelines.documents.functional_acknowledgment import (
    ContextNote,
    ElementNote,
    FunctionalAcknowledgment,
    SegmentNote,
    SetAcknowledgment,
)
from mlconn_pipelines.x12.element_reader import ElementReader, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.segment_writing import OutElement, OutSegment, Writing

_ELEMENT_MAX = 99
AK, IK = "AK", "IK"
"""How the segments for segments, elements and sets begin: AK3, AK4 and AK5 in a 997, IK3, IK4 and IK5 in a 999."""


def parse(values: ElementReader) -> FunctionalAcknowledgment:
    """What AK1 to AK9 say."""
    return read_acknowledgment(values, AK)


def render(document: FunctionalAcknowledgment, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE. AK103, AK203 and the repetition of AK401 exist from 005010 on."""
    return acknowledgment_segments(document, writing, AK)


def read_acknowledgment(values: ElementReader, prefix: str) -> FunctionalAcknowledgment:
    """The document, whichever of the two sets it came in."""
    return _Reading(values, prefix).acknowledgment()


def acknowledgment_segments(document: FunctionalAcknowledgment, writing: Writing, prefix: str) -> list[OutSegment]:
    """The segments between ST and SE of either set. Contexts (CTX) exist in the 999 only."""
    version = document.group_version if writing.is_from_005010 else ""
    codes = document.codes[:5]
    counts = (str(document.sets_stated), str(document.sets_received), str(document.sets_accepted))
    return [
        ("AK1", document.functional_id, document.group_control_number, version),
        *(segment for answered in document.sets for segment in _set_segments(answered, writing, prefix)),
        ("AK9", document.status, *counts, *codes),
    ]


def _set_segments(answered: SetAcknowledgment, writing: Writing, prefix: str) -> Iterator[OutSegment]:
    implementation = answered.implementation if writing.is_from_005010 else ""
    yield ("AK2", _set_id(answered.set_id), _control_number(answered.control_number, writing), implementation)
    for note in answered.segments:
        yield (f"{prefix}3", _segment_id(note.segment), str(note.position), note.loop, note.code)
        yield from _context_segments(note.contexts, writing, prefix)
        for element in note.elements:
            yield (f"{prefix}4", _position(element, writing), element.reference, element.code, writing.clean(element.value))
            yield from _context_segments(element.contexts, writing, prefix)
    yield (f"{prefix}5", answered.status, *answered.codes[:5])


def _context_segments(contexts: Sequence[ContextNote], writing: Writing, prefix: str) -> Iterator[OutSegment]:
    for note in contexts[:10] if prefix == IK else ():
        named = (writing.clean(note.name), writing.clean(note.reference))
        position = str(note.position) if note.position else ""
        yield ("CTX", named, note.segment, position, note.loop, note.place, note.reference_numbers)


def _set_id(received: str) -> str:
    """ST01 as AK201 can say it: three letters and digits. What was received stands in no place that AK2 has; code 6 says so."""
    return "".join(c for c in received if c.isascii() and c.isalnum())[:3].rjust(3, "0")


def _control_number(received: str, writing: Writing) -> str:
    """ST02 as AK202 can say it: four to nine characters. Code 7 says so, and AK404 what was received."""
    return writing.clean(received)[:9].strip().rjust(4, "0")


def _segment_id(received: str) -> str:
    """A segment's id as AK301 can say it: two or three characters."""
    return "".join(c for c in received if c.isascii() and c.isalnum())[:3].rjust(2, "0")


def _position(note: ElementNote, writing: Writing) -> OutElement:
    repetition = note.repetition if writing.is_from_005010 else None
    if (note.component is None and repetition is None) or not writing.has_composites:
        return str(min(note.element, _ELEMENT_MAX))
    component = "" if note.component is None else str(note.component)
    element = str(min(note.element, _ELEMENT_MAX))
    return (element, component) if repetition is None else (element, component, str(repetition))


@dataclass(slots=True)
class _OpenNote:
    segment: Segment
    contexts: list[ContextNote] = field(default_factory=list)
    elements: list[ElementNote] = field(default_factory=list)


class _Reading:
    def __init__(self, values: ElementReader, prefix: str) -> None:
        self._values, self._prefix = values, prefix
        self._sets: list[SetAcknowledgment] = []
        self._open: Segment | None = None
        self._notes: list[_OpenNote] = []

    def acknowledgment(self) -> FunctionalAcknowledgment:
        values = self._values
        ak1: Segment | None = None
        ak9: Segment | None = None
        for segment in values.segments:
            match segment[0].replace(self._prefix, AK, 1):
                case "AK1":
                    ak1 = ak1 or segment
                case "AK2":
                    self._close(("AK5",))
                    self._open = segment
                case "AK3" if self._open is not None:
                    self._notes.append(_OpenNote(segment))
                case "AK4" if self._notes:
                    self._notes[-1].elements.append(self._element_note(segment))
                case "CTX" if self._notes:
                    self._add_context(self._notes[-1], segment)
                case "AK5":
                    self._close(segment)
                case "AK9":
                    self._close(("AK5",))
                    ak9 = ak9 or segment
                case _:
                    pass
        for wanted, found in (("AK1", ak1), ("AK9", ak9)):
            if found is None:
                values.missing_segment(wanted)
            elif not text(found, 1):
                values.missing(found, 1, "what it says" if wanted == "AK9" else "the functional id of the group it answers")
        ak1, ak9 = ak1 or ("AK1",), ak9 or ("AK9",)
        return FunctionalAcknowledgment(
            functional_id=text(ak1, 1),
            group_control_number=text(ak1, 2),
            status=text(ak9, 1),
            sets_stated=values.integer(ak9, 2) or 0,
            sets_received=values.integer(ak9, 3) or 0,
            sets_accepted=values.integer(ak9, 4) or 0,
            sets=tuple(self._sets),
            group_version=text(ak1, 3),
            codes=tuple(code for code in map(str.strip, ak9[5:]) if code),
        )

    def _close(self, ak5: Segment) -> None:
        if (opened := self._open) is None:
            return
        self._open = None
        if not text(ak5, 1):
            self._values.missing_segment(f"{self._prefix}5")
        answered = SetAcknowledgment(
            set_id=text(opened, 1),
            control_number=text(opened, 2),
            status=text(ak5, 1),
            codes=tuple(code for code in map(str.strip, ak5[2:]) if code),
            segments=tuple(self._segment_note(note) for note in self._notes),
            implementation=text(opened, 3),
        )
        self._sets.append(answered)
        self._notes = []

    def _segment_note(self, note: _OpenNote) -> SegmentNote:
        ak3, position = note.segment, self._values.integer(note.segment, 2) or 0
        return SegmentNote(text(ak3, 1), position, text(ak3, 3), text(ak3, 4), tuple(note.elements), tuple(note.contexts))

    def _add_context(self, note: _OpenNote, ctx: Segment) -> None:
        name, reference = (*self._components(ctx, 1), "", "")[:2]
        made = ContextNote(
            name,
            reference,
            text(ctx, 2),
            self._values.integer(ctx, 3) or 0,
            text(ctx, 4),
            self._components(ctx, 5),
            self._components(ctx, 6),
        )
        if note.elements:
            last = note.elements[-1]
            note.elements[-1] = replace(last, contexts=(*last.contexts, made))
        else:
            note.contexts.append(made)

    def _components(self, segment: Segment, element: int) -> tuple[str, ...]:
        value, component = text(segment, element), self._values.component
        return tuple(value.split(component)) if value and component else (value,) if value else ()

    def _element_note(self, ak4: Segment) -> ElementNote:
        position = (*self._components(ak4, 1), "", "", "")
        numbers = [int(part) if part.isascii() and part.isdigit() and len(part) < 10 else None for part in position[:3]]
        value = ak4[4].rstrip() if len(ak4) > 4 else ""
        return ElementNote(numbers[0] or 0, text(ak4, 3), numbers[1], numbers[2], text(ak4, 2), value)
