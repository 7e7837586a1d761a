"""Sets made up at random that follow the grammar, for tests: every segment, loop and element kind turns up in them.

Written from the grammar's data alone; it shares no code with the walk or the checks that read such sets.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from mlconn_pipelines.x12.grammar.definitions import ElementUse, Node, SegmentDefinition
from mlconn_pipelines.x12.grammar.loading import Release, release, set_definition

COUNTED = {
    "810": "IT1",
    "850": "PO1",
    "855": "PO1",
    "856": "HL",
    "860": "POC",
    "865": "POC",
    "846": "LIN",
    "832": "LIN",
    "870": "HL",
}
COMPONENT = ">"


@dataclass(frozen=True, slots=True)
class GeneratedSegment:
    """elements: the id first. node: the place in the grammar that it was written for."""

    elements: tuple[str, ...]
    node: Node

    @property
    def text(self) -> str:
        return "*".join(self.elements)


class SetMaker:
    """Makes sets of one kind. density: how likely an optional segment or element is there."""

    def __init__(self, release_name: str, set_id: str, chance: random.Random, density: float = 0.3) -> None:
        definition = set_definition(release_name, set_id)
        assert definition is not None
        self.definition, self.known = definition, release(release_name)
        self.set_id, self._chance, self._density = set_id, chance, density

    def segments(self) -> list[GeneratedSegment]:
        """What stands between ST and SE."""
        made = self._members(self.definition.top[1:-1], self._density)
        return self._with_sense(made)

    def _members(self, members: tuple[int, ...], density: float) -> list[GeneratedSegment]:
        made: list[GeneratedSegment] = []
        for index in members:
            node = self.definition.nodes[index]
            for _ in range(self._times(node, density)):
                made.append(GeneratedSegment(self.elements(self.known.segments[node.segment]), node))
                if node.is_loop:
                    made += self._members(node.members, density * 0.7)
        return made

    def _times(self, node: Node, density: float) -> int:
        most = min(node.use_max or 3, 3)
        if node.mandatory:
            return 1 if self._chance.random() > density else self._chance.randint(1, most)
        return self._chance.randint(1, most) if self._chance.random() < density else 0

    def elements(self, definition: SegmentDefinition) -> tuple[str, ...]:
        """A segment that breaks no rule of its own."""
        present = self._present(definition)
        values = [self.value(use) if there else "" for use, there in zip(definition.elements, present, strict=True)]
        while values and not values[-1]:
            values.pop()
        return (definition.id, *values)

    def _present(self, definition: SegmentDefinition) -> list[bool]:
        """Which elements are there: chosen at random, then changed until no relation is broken; fewer where that goes round."""
        for halved in range(40):
            if (found := self._settled(definition, self._density / 2**halved)) is not None:
                return found
        raise AssertionError(f"the relations of {definition.id} cannot be kept")

    def _settled(self, definition: SegmentDefinition, density: float) -> list[bool] | None:
        chosen = [use.mandatory or self._chance.random() < density for use in definition.elements]
        for _ in range(20):
            broken = next((relation for relation in definition.relations if relation.is_broken(chosen)), None)
            if broken is None:
                return chosen
            places = [position - 1 for position in broken.positions]
            if broken.kind == "E":
                for place in places[1:]:
                    chosen[place] = definition.elements[place].mandatory
            elif broken.kind in "RL":
                chosen[self._chance.choice(places[1:] if broken.kind == "L" else places)] = True
            else:
                for place in places:
                    chosen[place] = True
        return None

    def value(self, use: ElementUse) -> str:
        """A value of an element or composite."""
        composite = self.known.composites.get(use.id)
        if composite is not None:
            parts = self._present(composite)
            parts[0] = parts[0] or not any(parts)
            texts = [self.value(part) if there else "" for part, there in zip(composite.elements, parts, strict=True)]
            return COMPONENT.join(texts).rstrip(COMPONENT)
        return value_of(self._chance, self.known, use.id)

    def _with_sense(self, made: list[GeneratedSegment]) -> list[GeneratedSegment]:
        """Counts and levels as they are, which the grammar alone does not say."""
        counted = sum(1 for segment in made if segment.node.segment == COUNTED.get(self.set_id))
        levels, finished = 0, []
        for segment in made:
            elements = list(segment.elements)
            if segment.node.segment == "CTT" and self.set_id in COUNTED:
                elements[1] = str(counted)
            elif segment.node.segment == "HL" and self.set_id == "856":
                levels += 1
                elements = ["HL", str(levels), "", "S"] if levels == 1 else ["HL", str(levels), str(levels - 1), "I"]
            finished.append(GeneratedSegment(tuple(elements), segment.node))
        return finished


def value_of(chance: random.Random, known: Release, element_id: str) -> str:
    """A value that fits an element."""
    element = known.elements[element_id]
    length = chance.choice(
        (element.shortest, min(element.longest, 40), chance.randint(element.shortest, min(element.longest, 40)))
    )
    digits = "".join(chance.choices("123456789", k=min(length, 9)))
    match element.kind:
        case "ID" if (codes := known.codes(element_id)) is not None:
            return chance.choice(sorted(codes.codes))
        case "ID":
            return "".join(chance.choices("ABCDEFGHJK", k=length))
        case "DT":
            return chance.choice(("20240229", "20261231", "19990101", "20000229")) if element.longest == 8 else "260301"
        case "TM":
            return chance.choice(("0000", "2359", "120059", "09050799")[: 2 if element.longest < 6 else 4])
        case "R":
            return chance.choice((digits, f"-{digits}", f"{digits[:-1]}.{digits[-1]}" if len(digits) > 1 else digits))
        case kind if kind[0] == "N":
            return digits.ljust(element.shortest, "1")
        case _:
            return "".join(chance.choices("ABCDEFG hijk.,-/'()", k=max(length - 2, 0))).join("Ab" if length > 1 else ("A", ""))
