"""Characters by name, for those that nobody sees on a page."""

from __future__ import annotations

import unicodedata

_CONTROLS = {
    0x00: "null",
    0x09: "tab",
    0x0A: "line feed",
    0x0B: "vertical tab",
    0x0C: "form feed",
    0x0D: "carriage return",
    0x1A: "end of file (Ctrl-Z)",
    0x1B: "escape",
    0x1C: "file separator",
    0x1D: "group separator",
    0x1E: "record separator",
    0x1F: "unit separator",
    0x7F: "delete",
    0x85: "next line",
}
_BLANK_BUT_PRINTABLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def is_invisible(character: str) -> bool:
    """Whether a page shows nothing for it, or something else: controls, blanks that are no space, marks without a letter.

    >>> is_invisible("\\u200b"), is_invisible("\\xa0"), is_invisible("é"), is_invisible(" ")
    (True, True, False, False)
    """
    is_mark = unicodedata.category(character).startswith("M")
    return not character.isprintable() or is_mark or character in _BLANK_BUT_PRINTABLE


def named(character: str) -> str:
    """The character as people can tell it: in quotes, or by name and number where it cannot be seen.

    >>> named("é"), named("\\u200b"), named("\\t")
    ("'é'", 'ZERO WIDTH SPACE (U+200B)', 'tab (U+0009)')
    """
    if not is_invisible(character):
        return repr(character)
    number = ord(character)
    name = _CONTROLS.get(number) or unicodedata.name(character, "control character" if number < 160 else "nameless character")
    return f"{name} (U+{number:04X})"
