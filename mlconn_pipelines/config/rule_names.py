"""What rules name, against the grammar of one transaction set: segments, elements, qualifiers, values, lengths, loops."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from mlconn_pipelines.config.yaml_source import Place, Source
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.x12.element_checks import element_fault
from mlconn_pipelines.x12.findings import KINDS
from mlconn_pipelines.x12.grammar.definitions import Element, ElementUse, SetDefinition
from mlconn_pipelines.x12.grammar.loading import Release, available, set_definition
from mlconn_pipelines.x12.guide_scopes import loop_members
from mlconn_pipelines.x12.guide_targets import Target, qualifier_positions, target_of

_LONG = 99  # elements: enough that a line segment shows its first pair


class RuleNames:
    """Mistakes of single names and values; each method yields those that it finds at a place of the file, or nothing."""

    def __init__(self, release: Release, definition: SetDefinition, source: Source) -> None:
        self._release, self._definition, self.source = release, definition, source
        self._a_set = f"{'an' if definition.set_id.startswith('8') else 'a'} {definition.set_id}"

    def name_mistakes(self, name: str, place: Place) -> Iterator[ConfigurationError]:
        """An element or a segment, with or without qualifier."""
        target = target_of(name)
        if target.segment not in self._definition.segment_ids:
            what = f"{name}: {target.segment} is not defined in {self._a_set} of {self._release.name}"
            yield self.source.error(place, what, self._where(target.segment))
            return
        elements = self._release.segments[target.segment].elements
        if target.element and target.element > len(elements):
            what = f"{name}: {target.segment} has {len(elements)} elements"
            yield self.source.error(place, what, f"Write one of {target.segment}01 to {target.segment}{len(elements):02d}.")
        if target.qualifier:
            yield from self._qualifier_mistakes(target.segment, (target.qualifier,), place)

    def element_mistakes(self, name: str, place: Place) -> Iterator[ConfigurationError]:
        """An element, with or without its segment's qualifier."""
        mistakes = list(self.name_mistakes(name, place))
        yield from mistakes
        target = target_of(name)
        if not mistakes and target.element is None:
            example = f"{name}.02" if target.qualifier else f"{name}01"
            yield self.source.error(
                place, f"{name} names a segment where an element is wanted", f"Write an element of it, such as {example}."
            )

    def segment_mistakes(self, name: str, place: Place) -> Iterator[ConfigurationError]:
        """A segment, with or without qualifier."""
        mistakes = list(self.name_mistakes(name, place))
        yield from mistakes
        target = target_of(name)
        if not mistakes and target.element is not None:
            what = f"{name} names an element where a segment is wanted"
            yield self.source.error(place, what, f"Write {target.of_segment}.")

    def value_mistakes(self, name: str, values: Sequence[str], place: Place) -> Iterator[ConfigurationError]:
        """Values that an element can never have."""
        mistakes = list(self.element_mistakes(name, place))
        yield from mistakes
        if not mistakes:
            for value in values:
                yield from self._value_mistakes(name, value, self._use(target_of(name)), place)

    def qualifier_mistakes(self, name: str, values: Sequence[str], place: Place) -> Iterator[ConfigurationError]:
        """A segment without qualifier, and the qualifiers that it may have."""
        mistakes = list(self.segment_mistakes(name, place))
        yield from mistakes
        target = target_of(name)
        if not mistakes and target.qualifier:
            what = f"{name} names a qualifier where the segment alone is wanted"
            yield self.source.error(place, what, f"Write {target.segment}: [{target.qualifier}, ...].")
        elif not mistakes:
            yield from self._qualifier_mistakes(name, values, place)

    def id_qualifier_mistakes(self, qualifiers: Sequence[str], place: Place) -> Iterator[ConfigurationError]:
        """Product id qualifiers (element 235)."""
        for number, qualifier in enumerate(qualifiers):
            yield from self._value_mistakes("a product id qualifier", qualifier, ElementUse("235", False), (*place, number))

    def length_mistakes(self, name: str, length: int, place: Place) -> Iterator[ConfigurationError]:
        """A length outside of what the standard allows for the element."""
        mistakes = list(self.element_mistakes(name, place))
        yield from mistakes
        element = None if mistakes else self._element(self._use(target_of(name)))
        if element is not None and not element.shortest <= length <= element.longest:
            what = (
                f"{name} is to have {length} characters; in {self._release.name} it has {element.shortest} to {element.longest}"
            )
            yield self.source.error(place, what, "Write a number within these, or leave the line out.")

    def never_left_out(self, name: str, place: Place) -> Iterator[ConfigurationError]:
        """A name that X12 demands, so that a rule against it would refuse every set."""
        target = target_of(name)
        nodes = [node for node in self._definition.nodes if node.segment == target.segment]
        if not nodes:
            return
        if target.element is None:
            is_demanded = not target.qualifier and any(node.mandatory and node.parent == -1 for node in nodes)
        else:
            use = self._use(target)
            is_demanded = use is not None and use.mandatory
        if is_demanded:
            what = f"{name} is mandatory in {self._a_set}, so that every one would be refused"
            yield self.source.error(place, what, "Take it out of the rule.")

    def loop_mistakes(self, name: str, place: Place) -> Iterator[ConfigurationError]:
        """A segment that begins a loop."""
        mistakes = list(self.segment_mistakes(name, place))
        yield from mistakes
        segment = target_of(name).segment
        if not mistakes and not loop_members(self._release.name, self._definition.set_id, segment):
            loops = sorted({node.segment for node in self._definition.nodes if node.is_loop})
            what = f"nothing belongs to a {segment} of {self._a_set}: it begins no loop"
            yield self.source.error(place, what, f"Those that do: {', '.join(loops)}.")

    def outside_mistakes(self, name: str, each: str, place: Place) -> Iterator[ConfigurationError]:
        """A demand on a segment that can never belong to one of `each`."""
        segment, loop = target_of(name).segment, target_of(each).segment
        members = loop_members(self._release.name, self._definition.set_id, loop)
        if members and segment != loop and segment not in members and segment in self._definition.segment_ids:
            what = f"{name}: {segment} never belongs to one {loop} of {self._a_set}, so that every one would lack it"
            yield self.source.error(place, what, f"Take out each, or name what belongs to {loop}.")

    def _where(self, segment: str) -> str:
        """A hint for a segment that the set does not have."""
        if segment in self._release.segments:
            sets = sorted(available()[self._release.name])
            having = [id_ for id_ in sets if (of := set_definition(self._release.name, id_)) and segment in of.segment_ids]
            if having:
                return f"A {segment} occurs in {', '.join(having)}; write the rule there, or take it out."
        near = difflib.get_close_matches(segment, self._definition.segment_ids, n=1, cutoff=0.6)
        return f"Did you mean {near[0]}?" if near else "Take it out."

    def _qualifier_mistakes(self, segment: str, values: Sequence[str], place: Place) -> Iterator[ConfigurationError]:
        elements = self._release.segments[segment].elements
        position = next(iter(qualifier_positions(segment, _LONG)))
        if position <= len(elements):
            for value in values:
                yield from self._value_mistakes(f"the qualifier of {segment}", value, elements[position - 1], place)

    def _value_mistakes(self, name: str, value: str, use: ElementUse | None, place: Place) -> Iterator[ConfigurationError]:
        element = self._element(use)
        if element is None:
            return
        fault = element_fault(value, element, self._release.codes(element.id) if element.kind == "ID" else None)
        if fault is not None and KINDS[fault.code].severity != "ignore":
            what = f"{name} ({element.name}) can never be {value!r} in {self._release.name}: {fault.text}"
            yield self.source.error(place, what, "Write a value that the standard allows.")

    def _use(self, target: Target) -> ElementUse | None:
        elements = self._release.segments[target.segment].elements
        return elements[target.element - 1] if target.element and target.element <= len(elements) else None

    def _element(self, use: ElementUse | None) -> Element | None:
        """None for a composite, whose parts are not looked at."""
        return None if use is None else self._release.elements.get(use.id)
