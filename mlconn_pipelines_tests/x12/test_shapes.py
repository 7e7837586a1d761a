"""What was learned from clean segments matches clean segments only, and changes nothing about what is found."""

from __future__ import annotations

import random

import pytest

from mlconn_pipelines.x12.grammar.loading import release
from mlconn_pipelines.x12.patterns import SegmentPattern
from mlconn_pipelines.x12.segment_checks import SegmentChecker
from mlconn_pipelines.x12.separators import Separators
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import ORDER, interchange_of, only_set
from mlconn_pipelines_tests.x12.test_patterns import CHOICES, value_of

IDS = ("PO1", "N1", "DTM", "REF", "SAC", "ITD", "PID", "TXI", "HL", "LIN", "SN1", "AK4", "MAN", "BEG", "PER", "TD5")


def text_of(chance: random.Random, segment_id: str, separators: Separators, filled: float) -> str:
    known = release("004010")
    values = [
        value_of(chance, use, known, separators) if use.mandatory or chance.random() < filled else ""
        for use in known.segments[segment_id].elements
    ]
    while values and not values[-1]:
        values.pop()
    return separators.element.join((segment_id, *values))


@pytest.mark.parametrize("separators", CHOICES)
def test_a_known_segment_has_no_faults(separators: Separators) -> None:
    known, chance = release("004010"), random.Random(11)
    checker = SegmentChecker(known, separators)
    seen = 0
    for segment_id in IDS:
        definition = known.segments[segment_id]
        pattern = SegmentPattern(definition, known, separators)
        texts = [text_of(chance, segment_id, separators, chance.choice((0.1, 0.2, 0.4))) for _ in range(600)]
        for text in texts:
            pattern.is_clean(text)
        for text in (*texts, *(damaged(chance, text) for text in texts), *(text + separators.element for text in texts[:50])):
            if pattern.is_known(text):
                seen += 1
                assert list(checker.faults(text.split(separators.element), definition)) == [], text
    assert seen > 300


def damaged(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(("*", "|", " ", "9", "Z", "é", "\x01", "")) + text[at + chance.randint(0, 1) :]


def test_segments_like_many_before_them_are_known() -> None:
    pattern = SegmentPattern(release("004010").segments["PO1"], release("004010"), CHOICES[0])
    assert not pattern.is_known("PO1*1*10*EA*4.5**VP*A-1")
    for number in range(1, 101):
        assert pattern.is_clean(f"PO1*{number}*{number}*{('EA', 'CA')[number % 2]}*4.5**VP*A-{number}")
    assert pattern.is_known("PO1*500*7*CA*12.75**VP*OTHER")
    assert not pattern.is_known("PO1*500*7*QQ*12.75**VP*OTHER")
    assert not pattern.is_known("PO1*500*7*CA*12.75**VP*")
    assert not pattern.is_known("PO1*500*7*CA*12.75**VP*OTHER*UP*012345678905")


@pytest.mark.parametrize(
    "wrong",
    [
        ("PO1*1*10*EA*4.5**VP*A-100", "PO1*1*ten*EA*4.5**VP*A-100"),
        ("PO1*1*10*EA*4.5**VP*A-100", "PO1X*1*10*EA*4.5**VP*A-100"),
        ("N1*ST*", "N1ST*"),
        ("N1*ST*Store 12*92*0012", "N1"),
        ("DTM*002*20260315", "DTM*002*20260229"),
        ("REF*DP*038", "REF*DP*038*"),
        ("CTT*2", "CTT*3"),
    ],
)
def test_a_set_has_the_same_findings_however_many_were_seen_before(wrong: tuple[str, str]) -> None:
    separators = Separators("*", "<", "", "~")  # of this test alone, so that nothing was seen before
    good = interchange_of(*ORDER).replace(b"*P*>", b"*P*<")
    bad = good.replace(wrong[0].encode(), wrong[1].encode(), 1)
    assert bad != good and only_set(good).separators == separators
    first = validate(only_set(bad))
    assert first
    for _ in range(60):
        assert validate(only_set(good)) == ()
        assert validate(only_set(bad)) == first
