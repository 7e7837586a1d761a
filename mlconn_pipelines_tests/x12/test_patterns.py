"""The fast pattern and the precise check agree: a clean segment has no faults, and whatever has a fault is not clean."""

from __future__ import annotations

import random

import pytest

from mlconn_pipelines.x12.grammar.definitions import ElementUse
from mlconn_pipelines.x12.grammar.loading import Release, available, release
from mlconn_pipelines.x12.patterns import SegmentPattern
from mlconn_pipelines.x12.segment_checks import SegmentChecker
from mlconn_pipelines.x12.separators import Separators

CHOICES = (
    Separators("*", ">", "^", "~"),
    Separators("|", ":", "", "'"),
    Separators("^", "", "", "\n"),
    Separators("]", "-", "\\", "~"),
)


def value_of(chance: random.Random, use: ElementUse, known: Release, separators: Separators) -> str:
    if use.id in known.composites:
        definition = known.composites[use.id]
        count = chance.randint(1, len(definition.elements))
        return separators.component.join(value_of(chance, part, known, separators) for part in definition.elements[:count])
    element = known.elements[use.id]
    length = chance.choice((element.shortest, element.longest, element.longest + 1, element.shortest - 1))
    length = min(max(length, 0), 300)
    match element.kind:
        case "ID":
            codes = known.codes(element.id)
            right = chance.choice(sorted(codes.codes)[:50]) if codes else "A" * max(length, 1)
            return chance.choice((right, right, right, "Q" * length, right + " "))
        case "AN":
            return chance.choice(("A" * length, "b c" * (length // 3), "é" * length, "tab\tbed", "x" * length + " ", "!"))
        case "DT":
            return chance.choice(
                ("20260301", "20260229", "20240229", "19991231", "260301", "20261301", "1234567é", "202603011")
            )
        case "TM":
            return chance.choice(("0905", "2400", "090507", "09050712", "0960", "9", "09 5", "0905071"))
        case "R":
            return chance.choice(
                ("1", "-1.5", ".5", "5.", "1.2.3", "1,000", "9" * length, "1." + "9" * max(length - 1, 0), "+1", "1E3", "")
            )
        case _:
            return chance.choice(("1", "-1", "9" * length, "1.5", "12 ", "", "²", "0"))


def element_of(chance: random.Random, use: ElementUse, known: Release, separators: Separators) -> str:
    """Now and then repeated, as often as allowed and once too often."""
    times = 1 if chance.random() < 0.8 else chance.choice((2, use.repeats, use.repeats + 1))
    if not separators.repetition:
        times = 1
    return separators.repetition.join(value_of(chance, use, known, separators) for _ in range(times))


@pytest.mark.parametrize("separators", CHOICES)
@pytest.mark.parametrize("name", sorted(available()))
def test_fast_and_precise_checks_agree_on_every_segment(name: str, separators: Separators) -> None:
    known, chance = release(name), random.Random(7)
    checker = SegmentChecker(known, separators)
    clean_seen = faulty_seen = 0
    for definition in known.segments.values():
        if definition.id == "ISA":
            continue
        pattern = SegmentPattern(definition, known, separators)
        for _ in range(25):
            values = [
                element_of(chance, use, known, separators) if use.mandatory or chance.random() < 0.4 else ""
                for use in definition.elements
            ]
            if chance.random() < 0.1:
                values.append("EXTRA")
            if chance.random() < 0.8:
                while values and not values[-1]:
                    values.pop()
            text = separators.element.join((definition.id, *values))
            faults = list(checker.faults(text.split(separators.element), definition))
            if pattern.is_clean(text):
                assert faults == [], (text, faults)
                clean_seen += 1
            elif faults:
                faulty_seen += 1
    least = 200 if name in ("004010", "005010") else 150  # the others know the segments of four sets alone
    assert clean_seen > least and faulty_seen > least


@pytest.mark.parametrize(
    "text",
    [
        "PO1*1*10*EA*4.5**VP*A-100*UP*012345678905",
        "PO1*1*10*EA*4.5",
        "N1*ST*Store 12*92*0012",
        "N1*ST**92*0012",
        "DTM*002*20260315",
        "REF*DP*038",
        "BEG*00*SA*4500012345**20260301",
        "SAC*C*D240***1000*******06***Freight",
        "ITD*01*3*2**10**30",
        "TDS*14400",
        "TXI*ST*12.5*8.25",
        "AK4*2*355*7*XX",
        "HL*1**S",
        "CTT*2",
    ],
)
def test_common_segments_take_the_fast_way(text: str) -> None:
    known = release("004010")
    definition = known.segments[text.split("*")[0]]
    assert SegmentPattern(definition, known, CHOICES[0]).is_clean(text)


@pytest.mark.parametrize("one", ["SITUATIONAL TRIGGER", "A", "TRADING PARTNER RULES"])
@pytest.mark.parametrize("separators", [choice for choice in CHOICES if choice.repetition])
def test_an_element_repeated_too_often_is_not_clean(separators: Separators, one: str) -> None:
    known = release("005010")
    definition = known.segments["CTX"]
    for times in range(1, 14):
        text = f"CTX{separators.element}{separators.repetition.join([one] * times)}"
        faults = list(SegmentChecker(known, separators).faults(text.split(separators.element), definition))
        assert bool(faults) == (times > 10)
        assert not (faults and SegmentPattern(definition, known, separators).is_clean(text))
        assert times > 10 or times == 1 or SegmentPattern(definition, known, separators).is_clean(text), (
            "allowed ones go the fast way"
        )
