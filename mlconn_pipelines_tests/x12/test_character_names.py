"""Characters that nobody sees are named, where a partner's text is at fault and where ours is changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import ORDER, guide_of, interchange_of, only_set, rendered
from mlconn_pipelines_tests.x12.test_rendering import INVOICE


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (b"Store 12", "Store\xa012".encode(), "NO-BREAK SPACE (U+00A0)"),
        (b"Widget", "Wid\u200bget".encode(), "ZERO WIDTH SPACE (U+200B)"),
        (b"Widget", "\ufeffWidget".encode(), "ZERO WIDTH NO-BREAK SPACE (U+FEFF)"),
        (b"Widget", b"Wid\x1bget", "escape (U+001B)"),
        (b"Widget", b"Wid\tget", "tab (U+0009)"),
        (b"*10*EA", "*10\u200b*EA".encode(), "ZERO WIDTH SPACE (U+200B)"),
        (b"Widget", "Wid\u00e9get".encode(), "'é'"),
    ],
)
def test_a_character_at_fault_is_named(old: bytes, new: bytes, name: str) -> None:
    (found,) = validate(only_set(interchange_of(*ORDER).replace(old, new)))
    assert name in found.message


def test_what_was_replaced_is_one_note_a_document() -> None:
    texts = ["Café", "Größe 5\u200b", "Ünïcödé ™", "Zoë"]
    lines = tuple(replace(INVOICE.lines[0], number=str(n), description=text) for n, text in enumerate(texts, start=1))
    made = rendered(replace(INVOICE, lines=lines))
    assert made.can_be_sent
    (note,) = [found for found in made.findings if found.code == "character_replaced"]
    for part in ("'é' by 'e' ('Café')", "'ß' by 'ss'", "ZERO WIDTH SPACE (U+200B)", "'™' by '(TM)'"):
        assert part in note.message
    assert note.severity == "ignore"


def test_many_kinds_of_characters_are_counted() -> None:
    made = rendered(replace(INVOICE, lines=(replace(INVOICE.lines[0], description="абвгдежзийклмн"),)))
    (note,) = [found for found in made.findings if found.code == "character_replaced"]
    assert "and 4 more characters" in note.message


def test_a_character_that_is_refused_is_named_too() -> None:
    guide = guide_of(unsupported_characters="refuse")
    made = rendered(replace(INVOICE, lines=(replace(INVOICE.lines[0], description="Wid\u200bget"),)), guide)
    assert "ZERO WIDTH SPACE (U+200B) is not in this partner's character set" in made.findings[0].message
