"""Every set of every release: what follows the grammar is accepted, and one planted fault is named at its place, alone."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from mlconn_pipelines.documents.transaction_sets import functional_id_of
from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.grammar.loading import available
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.generated_sets import COUNTED, GeneratedSegment, SetMaker
from mlconn_pipelines_tests.x12.guides import interchange_of, only_set

KINDS = [(name, set_id) for name in sorted(available()) for set_id in sorted(available()[name])]
SETS_OF_EACH = 10
SETS_OF_EACH_NIGHTLY = 150


@dataclass(frozen=True)
class Planted:
    """segments: their texts. code: the finding expected. segment: its number in the set, ST = 1. also: what may follow from it."""

    segments: list[str]
    code: str
    segment: int
    element: int | None = None
    also: tuple[str, ...] = ()


Plant = Callable[[list[GeneratedSegment], SetMaker, random.Random], Planted | None]


def findings_of(texts: list[str], maker: SetMaker) -> list[X12Finding]:
    data = interchange_of(
        *texts, set_id=maker.set_id, functional_id=functional_id_of(maker.set_id), version=maker.definition.release
    )
    return [found for found in validate(only_set(data)) if found.severity != "ignore"]


def changed(made: list[GeneratedSegment], index: int, element: int, value: str) -> list[str]:
    """The texts with one element of one segment set to a value."""
    texts = [segment.text for segment in made]
    elements = [*made[index].elements, *[""] * (element + 1 - len(made[index].elements))]
    elements[element] = value
    texts[index] = "*".join(elements)
    return texts


def any_element(
    made: list[GeneratedSegment], maker: SetMaker, chance: random.Random, kinds: str, mandatory: bool = False
) -> tuple[int, int] | None:
    """Some element that is there: index of its segment, and its number. kinds: of its type, such as `AN ID`."""
    found = [
        (index, number)
        for index, segment in enumerate(made)
        if segment.node.segment not in ("CTT", "HL")
        for number, use in enumerate(maker.known.segments[segment.node.segment].elements, start=1)
        if number < len(segment.elements) and segment.elements[number] and (use.mandatory or not mandatory)
        if (element := maker.known.elements.get(use.id)) is not None and element.kind in kinds.split() and use.repeats == 1
    ]
    return chance.choice(found) if found else None


def an_unknown_segment(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    texts = [segment.text for segment in made]
    place = chance.randint(0, len(texts))
    texts.insert(place, "ZZ9*1")
    return Planted(texts, "segment_unknown", place + 2)


def a_segment_of_other_sets(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    texts = [segment.text for segment in made]
    place = chance.randint(0, len(texts))
    others = [d for d in maker.known.segments.values() if d.id not in maker.definition.segment_ids and d.id not in ENVELOPE]
    texts.insert(place, "*".join(maker.elements(chance.choice(others))))
    return Planted(texts, "segment_not_in_set", place + 2)


def a_mandatory_segment_left_out(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    alone = Counter(segment.node.index for segment in made)
    nodes = maker.definition.nodes
    found = [
        index
        for index, segment in enumerate(made)
        if segment.node.mandatory and not segment.node.is_loop and alone[segment.node.index] == 1
        if sum(1 for node in nodes if node.segment == segment.node.segment) == 1
    ]
    if not found:
        return None
    index = chance.choice(found)
    return Planted([s.text for i, s in enumerate(made) if i != index], "segment_missing", index + 2)


def a_segment_too_often(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    nodes = maker.definition.nodes
    found = [
        index
        for index, segment in enumerate(made)
        if (segment.node.use_max or 99) <= 10 and not segment.node.is_loop
        if segment.node.segment not in COUNTED.values()
        if sum(1 for node in nodes if node.segment == segment.node.segment) == 1
    ]
    if not found:
        return None
    index = chance.choice(found)
    node = made[index].node
    first = next(i for i in range(index, -1, -1) if i == 0 or made[i - 1].node is not node)
    kept = [s.text for i, s in enumerate(made) if s.node is not node or not first <= i <= first + (node.use_max or 0)]
    most = node.use_max or 0
    return Planted([*kept[:first], *[made[index].text] * (most + 1), *kept[first:]], "segment_repeats", first + most + 2)


def a_loop_too_often(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    nodes = maker.definition.nodes
    found = [
        index
        for index, segment in enumerate(made)
        if segment.node.is_loop and (segment.node.use_max or 99) <= 25
        if not any(nodes[member].mandatory for member in segment.node.members)
        if segment.node.segment not in COUNTED.values()
        if sum(1 for node in nodes if node.segment == segment.node.segment) == 1
        if index == 0 or made[index - 1].node is not segment.node
    ]
    if not found:
        return None
    index = chance.choice(found)
    node = made[index].node
    before = sum(1 for i in range(index) if made[i].node is node)
    if before:
        return None
    texts = [segment.text for segment in made]
    most = node.use_max or 0
    return Planted([*texts[:index], *[made[index].text] * most, *texts[index:]], "loop_repeats", index + most + 2, None, LOOPS)


def a_segment_before_its_turn(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    """Two neighbours at the top change places; the second then comes too late."""
    nodes = maker.definition.nodes
    ids = Counter(node.segment for node in nodes)
    found = [
        index
        for index in range(len(made) - 1)
        if (one := made[index].node).parent == -1 and (other := made[index + 1].node).parent == -1
        if one.index < other.index and not one.is_loop and not other.is_loop and not one.mandatory
        if ids[one.segment] == ids[other.segment] == 1
        if sum(1 for s in made if s.node in (one, other)) == 2
    ]
    if not found:
        return None
    index = chance.choice(found)
    texts = [segment.text for segment in made]
    texts[index], texts[index + 1] = texts[index + 1], texts[index]
    return Planted(texts, "segment_order", index + 3)


def a_mandatory_element_left_empty(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    place = any_element(made, maker, chance, "AN ID N0 N2 N4 N6 R DT TM", mandatory=True)
    if place is None:
        return None
    return Planted(changed(made, *place, chance.choice(("", " "))), "element_missing", place[0] + 2, place[1], FOLLOWING)


def an_element_too_long(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    place = any_element(made, maker, chance, "AN ID N0 N2 N4 N6 R")
    if place is None:
        return None
    element = maker.known.elements[maker.known.segments[made[place[0]].node.segment].elements[place[1] - 1].id]
    value = ("A" if element.kind in ("AN", "ID") else "1") * (element.longest + 1)
    return Planted(changed(made, *place, value), "element_long", place[0] + 2, place[1])


def an_element_too_short(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    place = any_element(made, maker, chance, "AN ID N0")
    if place is None:
        return None
    element = maker.known.elements[maker.known.segments[made[place[0]].node.segment].elements[place[1] - 1].id]
    if element.shortest == 1:
        return None
    value = ("A" if element.kind in ("AN", "ID") else "1") * (element.shortest - 1)
    return Planted(changed(made, *place, value), "element_short", place[0] + 2, place[1])


def a_day_that_never_was(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    place = any_element(made, maker, chance, "DT")
    wrong = chance.choice(("20260229", "20261301", "20260431", "20990229", "2026ABCD", "20260100"))
    if maker.definition.release < "004010":
        wrong = wrong[2:]
    return place and Planted(changed(made, *place, wrong), "element_date", place[0] + 2, place[1])


def an_hour_that_never_was(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    place = any_element(made, maker, chance, "TM")
    wrong = chance.choice(("2400", "0960", "12:0", "123060"))
    return place and Planted(changed(made, *place, wrong), "element_time", place[0] + 2, place[1])


def a_number_that_is_none(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    place = any_element(made, maker, chance, "R N0")
    wrong = chance.choice(("1,5", "1E3", "--1", "ten", "5 EA", "+1", "."))
    return place and Planted(changed(made, *place, wrong), "element_number", place[0] + 2, place[1])


def a_point_where_it_is_implied(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    place = any_element(made, maker, chance, "N2 N4 N6")
    return place and Planted(changed(made, *place, "144.00"), "element_implied_point", place[0] + 2, place[1])


def an_element_too_many(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    index = chance.randrange(len(made))
    defined = len(maker.known.segments[made[index].node.segment].elements)
    return Planted(changed(made, index, defined + 1, "X"), "element_extra", index + 2, defined + 1)


def a_separator_at_the_end(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    index = chance.randrange(len(made))
    texts = [segment.text for segment in made]
    texts[index] += "*"
    if len(made[index].elements) - 1 >= len(maker.known.segments[made[index].node.segment].elements):
        return None
    return Planted(texts, "trailing_separators", index + 2)


def a_relation_broken(made: list[GeneratedSegment], maker: SetMaker, chance: random.Random) -> Planted | None:
    """Of a pair that comes together, one is taken away."""
    found = [
        (index, position, other)
        for index, segment in enumerate(made)
        for relation in maker.known.segments[segment.node.segment].relations
        if relation.kind == "P" and relation.confirmed and len(relation.positions) == 2
        for position, other in (relation.positions, relation.positions[::-1])
        if position < len(segment.elements) and segment.elements[position] and other < len(segment.elements)
        if segment.elements[other] and not maker.known.segments[segment.node.segment].elements[position - 1].mandatory
        if not any(position in r.positions for r in maker.known.segments[segment.node.segment].relations if r is not relation)
    ]
    if not found:
        return None
    index, position, _ = chance.choice(found)
    texts = changed(made, index, position, "")
    texts[index] = texts[index].rstrip("*")
    return Planted(texts, "element_conditional", index + 2, position)


ENVELOPE = frozenset(("ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"))
FOLLOWING = ("element_conditional", "trailing_separators", "element_relation_doubtful")
LOOPS = ("loop_repeats",)
PLANTS: tuple[Plant, ...] = (
    an_unknown_segment,
    a_segment_of_other_sets,
    a_mandatory_segment_left_out,
    a_segment_too_often,
    a_loop_too_often,
    a_segment_before_its_turn,
    a_mandatory_element_left_empty,
    an_element_too_long,
    an_element_too_short,
    a_day_that_never_was,
    an_hour_that_never_was,
    a_number_that_is_none,
    a_point_where_it_is_implied,
    an_element_too_many,
    a_separator_at_the_end,
    a_relation_broken,
)


def maker_of(name: str, set_id: str, seed: int) -> SetMaker:
    chance = random.Random(f"{name} {set_id} {seed}")
    return SetMaker(name, set_id, chance, chance.choice((0.05, 0.2, 0.4)))


def check(name: str, set_id: str, seeds: range) -> Counter[str]:
    """Accepts what is right and finds what is planted; returns how often each fault was planted."""
    planted: Counter[str] = Counter()
    for seed in seeds:
        maker = maker_of(name, set_id, seed)
        made = maker.segments()
        right = findings_of([segment.text for segment in made], maker)
        assert right == [], (seed, right[0].message, [s.text for s in made][max(0, (right[0].segment or 0) - 6) :][:6])
        for number, plant in enumerate(PLANTS):
            fault = plant(made, maker, random.Random(f"{seed} {number}"))
            if fault is None:
                continue
            planted[plant.__name__] += 1
            told = findings_of(fault.segments, maker)
            about = f"{plant.__name__} {seed}: {[f.message for f in told]} in {fault.segments[fault.segment - 2 :][:1]}"
            # What is missing is missed at the next segment that needs it: a loop before may take those in between.
            at = {f.segment for f in told} if fault.code == "segment_missing" else {fault.segment}
            wanted = [f for f in told if f.code == fault.code and f.segment in at]
            assert wanted, about
            assert fault.element in (None, wanted[0].element), about
            assert {f.code for f in told} <= {fault.code, *fault.also}, about
            assert len(told) <= 3 or fault.code == "loop_repeats", about
    return planted


@pytest.mark.parametrize(("name", "set_id"), KINDS)
def test_what_follows_the_grammar_is_accepted_and_one_fault_is_named_alone(name: str, set_id: str) -> None:
    planted = check(name, set_id, range(SETS_OF_EACH))
    assert sum(planted.values()) > 6 * SETS_OF_EACH
    assert len(planted) >= 8


@pytest.mark.nightly
@pytest.mark.parametrize(("name", "set_id"), KINDS)
def test_very_many_of_them(name: str, set_id: str) -> None:
    check(name, set_id, range(1_000, 1_000 + SETS_OF_EACH_NIGHTLY))
