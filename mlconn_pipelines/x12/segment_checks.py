"""One segment against its definition, precisely: called only where the fast pattern did not match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlconn_pipelines.x12.element_checks import element_fault
from mlconn_pipelines.x12.grammar.definitions import ElementUse, Relation, SegmentDefinition
from mlconn_pipelines.x12.grammar.loading import Release
from mlconn_pipelines.x12.separators import Separators

_COMPOSITE_ID = re.compile(r"[CS]\d{3}")


class SegmentFault(NamedTuple):
    """A fault within a segment. reference: the element number (`373`) that AK4 names; element, component from 1."""

    code: str
    message: str
    element: int
    component: int | None = None
    value: str = ""
    reference: str = ""


class SegmentChecker:
    """Says what is wrong with segments of one release, written with these separators."""

    def __init__(self, release: Release, separators: Separators) -> None:
        self._release, self._separators = release, separators

    def faults(self, elements: Sequence[str], definition: SegmentDefinition) -> Iterator[SegmentFault]:
        """elements: the segment id first. In the order of the elements, relations last."""
        values = elements[1:]
        for position, use in enumerate(definition.elements, start=1):
            value = values[position - 1] if position <= len(values) else ""
            if value == "" or (use.mandatory and not value.strip(" ")):  # blanks say nothing
                if use.mandatory:
                    name = self._name(use.id)
                    text = f"{definition.id}{position:02d} ({name}) is missing; it is mandatory."
                    yield SegmentFault("element_missing", text, position, reference=self._reference(use.id))
            else:
                yield from self._use_faults(value, use, f"{definition.id}{position:02d}", position)
        yield from self._extra_faults(values, definition)
        present = [value.strip(" ") != "" for value in values]
        for relation in definition.relations:
            if relation.is_broken(present):
                yield _relation_fault(relation, definition, present)

    def _use_faults(self, value: str, use: ElementUse, place: str, position: int) -> Iterator[SegmentFault]:
        repetition = self._separators.repetition
        occurrences = value.split(repetition) if repetition and self._may_repeat(use) else [value]
        if len(occurrences) > use.repeats:
            times = f"at most {use.repeats} times are allowed" if use.repeats > 1 else "it may stand only once"
            text = f"{place} stands {len(occurrences)} times, separated by {repetition!r}; {times}."
            yield SegmentFault("element_repetitions", text, position, value=value, reference=self._reference(use.id))
        for occurrence in occurrences:
            if use.id in self._release.composites:
                yield from self._composite_faults(occurrence, self._release.composites[use.id], place, position)
            else:
                yield from self._value_faults(occurrence, use.id, place, position, None)

    def _may_repeat(self, use: ElementUse) -> bool:
        """Text may hold the repetition separator by mistake, a postal code a hyphen; in codes of a list, numbers and dates it can only
        mean a repetition."""
        element = self._release.elements.get(use.id)
        is_text = element is None or element.kind == "AN" or (element.kind == "ID" and not self._release.has_codes(element.id))
        return use.repeats > 1 or not is_text

    def _value_faults(
        self, value: str, element_id: str, place: str, position: int, component: int | None
    ) -> Iterator[SegmentFault]:
        element = self._release.elements[element_id]
        codes = self._release.codes(element_id) if element.kind == "ID" or element_id == "103" else None
        fault = element_fault(value, element, codes)
        if fault is not None:
            text = f"{place} ({element.name}) is {_quoted(value)}: {fault.text}."
            yield SegmentFault(fault.code, text, position, component, value, element_id)

    def _composite_faults(self, value: str, definition: SegmentDefinition, place: str, position: int) -> Iterator[SegmentFault]:
        separator = self._separators.component
        parts = value.split(separator) if separator else [value]
        if len(parts) > len(definition.elements):
            text = f"{place} has {len(parts)} components; {len(definition.elements)} are defined."
            yield SegmentFault("component_extra", text, position, len(definition.elements) + 1, value)
        for number, use in enumerate(definition.elements, start=1):
            part = parts[number - 1] if number <= len(parts) else ""
            if part:
                if definition.id == "C998" or (use.id == "725" and _COMPOSITE_ID.fullmatch(part)):
                    continue  # context names are free, and published examples name a composite where a number is due
                yield from self._value_faults(part, use.id, f"{place}-{number}", position, number)
            elif use.mandatory:
                text = f"{place}-{number} ({self._name(use.id)}) is missing; it is mandatory."
                yield SegmentFault("element_missing", text, position, number, reference=use.id)
        present = [part != "" for part in parts]
        for relation in definition.relations:
            if relation.is_broken(present):
                fault = _relation_fault(relation, definition, present)
                yield fault._replace(element=position, component=fault.element, message=f"{place}: {fault.message}")

    def _extra_faults(self, values: Sequence[str], definition: SegmentDefinition) -> Iterator[SegmentFault]:
        defined = len(definition.elements)
        for position in range(defined + 1, len(values) + 1):
            if values[position - 1] != "":
                text = f"{definition.id} has an element {position} ({_quoted(values[position - 1])}); {defined} are defined."
                yield SegmentFault("element_extra", text, position, value=values[position - 1])
                return
        if values and values[-1] == "":
            text = f"{definition.id} ends with an element separator; trailing empty elements are to be left out."
            yield SegmentFault("trailing_separators", text, min(len(values), defined))

    def _name(self, element_id: str) -> str:
        if element_id in self._release.composites:
            element_id = self._release.composites[element_id].elements[0].id
        return self._release.elements[element_id].name

    def _reference(self, element_id: str) -> str:
        return "" if element_id in self._release.composites else element_id


def _relation_fault(relation: Relation, definition: SegmentDefinition, present: list[bool]) -> SegmentFault:
    names = [f"{definition.id}{position:02d}" for position in relation.positions]
    absent = [p for p in relation.positions if p > len(present) or not present[p - 1]]
    element = definition.elements[(absent or relation.positions)[0] - 1]
    match relation.kind:
        case "P":
            without = _listed([f"{definition.id}{position:02d}" for position in absent])
            text = f"{_listed(names)} come together or not at all; {without} {'is' if len(absent) == 1 else 'are'} empty."
        case "R":
            text = f"at least one of {_listed(names)} is needed; all are empty."
        case "E":
            text = f"only one of {_listed(names)} may be used."
            code = "element_exclusion" if relation.confirmed else "element_relation_doubtful"
            last = relation.positions[-1]
            return SegmentFault(code, text[0].upper() + text[1:], last, reference=definition.elements[last - 1].id)
        case "C":
            text = f"with {names[0]}, {_listed(names[1:])} must be there too."
        case _:
            text = f"with {names[0]}, at least one of {_listed(names[1:])} is needed."
    code = "element_conditional" if relation.confirmed else "element_relation_doubtful"
    return SegmentFault(code, text[0].upper() + text[1:], (absent or list(relation.positions))[0], reference=element.id)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _quoted(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:37] + "...")
