"""Functional acknowledgments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlconn_pipelines.documents.functional_acknowledgment import (
    ElementNote,
    FunctionalAcknowledgment,
    SegmentNote,
    SetAcknowledgment,
)
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.segment_writing import OutElement, OutSegment, Writing
from mlconn_pipelines.x12.values import Values, text


def parse(values: Values, guide: PartnerGuide | None = None) -> FunctionalAcknowledgment:
    """What AK1 to AK9 say."""
    return _Reading(values).acknowledgment()


def render(document: FunctionalAcknowledgment, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE. AK103, AK203 and the repetition of AK401 exist from 005010 on."""
    writing = Writing(guide, "997", clean)
    version = document.group_version if writing.is_from_005010 else ""
    codes = document.codes[:5]
    counts = (str(document.sets_stated), str(document.sets_received), str(document.sets_accepted))
    return [
        ("AK1", document.functional_id, document.group_control_number, version),
        *(segment for answered in document.sets for segment in _set_segments(answered, writing)),
        ("AK9", document.status, *counts, *codes),
    ]


def _set_segments(answered: SetAcknowledgment, writing: Writing) -> Iterator[OutSegment]:
    implementation = answered.implementation if writing.is_from_005010 else ""
    yield ("AK2", answered.set_id, answered.control_number, implementation)
    for note in answered.segments:
        yield ("AK3", note.segment, str(note.position), note.loop, note.code)
        for element in note.elements:
            yield ("AK4", _position(element, writing), element.reference, element.code, writing.clean(element.value))
    yield ("AK5", answered.status, *answered.codes[:5])


def _position(note: ElementNote, writing: Writing) -> OutElement:
    repetition = note.repetition if writing.is_from_005010 else None
    if note.component is None and repetition is None:
        return str(note.element)
    component = "" if note.component is None else str(note.component)
    return (str(note.element), component) if repetition is None else (str(note.element), component, str(repetition))


class _Reading:
    def __init__(self, values: Values) -> None:
        self._values = values
        self._sets: list[SetAcknowledgment] = []
        self._open: Segment | None = None
        self._notes: list[tuple[Segment, list[ElementNote]]] = []

    def acknowledgment(self) -> FunctionalAcknowledgment:
        values = self._values
        ak1: Segment | None = None
        ak9: Segment | None = None
        for segment in values.segments:
            match segment[0]:
                case "AK1":
                    ak1 = ak1 or segment
                case "AK2":
                    self._close(("AK5",))
                    self._open = segment
                case "AK3" if self._open is not None:
                    self._notes.append((segment, []))
                case "AK4" if self._notes:
                    self._notes[-1][1].append(self._element_note(segment))
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
            self._values.missing_segment("AK5")
        answered = SetAcknowledgment(
            set_id=text(opened, 1),
            control_number=text(opened, 2),
            status=text(ak5, 1),
            codes=tuple(code for code in map(str.strip, ak5[2:]) if code),
            segments=tuple(
                SegmentNote(text(ak3, 1), self._values.integer(ak3, 2) or 0, text(ak3, 3), text(ak3, 4), tuple(elements))
                for ak3, elements in self._notes
            ),
            implementation=text(opened, 3),
        )
        self._sets.append(answered)
        self._notes = []

    def _element_note(self, ak4: Segment) -> ElementNote:
        component = self._values.component
        position = (*(text(ak4, 1).split(component) if component else [text(ak4, 1)]), "", "")
        numbers = [int(part) if part.isascii() and part.isdigit() and len(part) < 10 else None for part in position[:3]]
        value = ak4[4].rstrip() if len(ak4) > 4 else ""
        return ElementNote(numbers[0] or 0, text(ak4, 3), numbers[1], numbers[2], text(ak4, 2), value)
