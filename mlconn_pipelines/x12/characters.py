"""Texts made fit for a partner: its character set, and no separator within data, since X12 has no way to escape one."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mlconn_pipelines.x12.character_names import named
from mlconn_pipelines.x12.findings import X12Finding, finding, shortened
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.identifiers import identifier_places

_BASIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !\"&'()*+,-./:;?="
_EXTENDED = _BASIC + "abcdefghijklmnopqrstuvwxyz%~@[]_{}\\|<>#$"
_FROM_005010 = "^`"
_PLAIN: Mapping[str, str] = {
    "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "€": "EUR", "£": "GBP", "¥": "JPY", "®": "(R)", "©": "(C)",
    "™": "(TM)", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "‘": "'", "’": "'", "‚": ",", "“": '"', "”": '"',
    "„": '"', "«": '"', "»": '"', "…": "...", "×": "x", "°": " deg", "±": "+/-", "·": "-", "•": "-", "Ø ": "O", "⌀": "dia",
}  # fmt: skip
_BLANKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\xa0]+")


_SHOWN_MAX = 10


@dataclass(slots=True)
class _Replaced:
    """Where a character was replaced first, in which text, and all its places by name."""

    segment_id: str
    element: int | None
    text: str
    places: list[str]


class Cleaner:
    """Cleans the texts of one rendering. findings: what was refused, by character and place, and one note of all that was replaced.

    told: further findings of the rendering. separators_met: the partner's separators that occurred in texts, in the order in which
    they were met. Identifiers are refused where they would have to be changed, whatever the partner wants of texts.
    """

    def __init__(self, guide: PartnerGuide) -> None:
        self._guide = guide
        self._odd = _odd_characters(guide)
        self._identifiers = identifier_places(guide.version)
        self.separators_met: list[str] = []
        self.told: list[X12Finding] = []
        self._refused: list[X12Finding] = []
        self._replaced: dict[tuple[str, str], _Replaced] = {}
        self._seen: set[tuple[str, str, int | None]] = set()

    @property
    def findings(self) -> list[X12Finding]:
        return [*self.told, *self._refused, *([self._note()] if self._replaced else [])]

    def _note(self) -> X12Finding:
        """One for the document: a text in another alphabet would bury what else is said of it."""
        shown = [
            f"{named(character)}{', one of their separators,' if character in _separators(self._guide) else ''} by {replacement!r} "
            f"({', '.join(dict.fromkeys(one.places)) or repr(shortened(one.text)[:40])})"
            for (character, replacement), one in list(self._replaced.items())[:_SHOWN_MAX]
        ]
        more = f"; and {len(self._replaced) - _SHOWN_MAX} more characters" if len(self._replaced) > _SHOWN_MAX else ""
        first = next(iter(self._replaced.values()))
        return finding(
            "character_replaced",
            f"Characters that this partner cannot read were replaced: {'; '.join(shown)}{more}.",
            segment_id=first.segment_id,
            element=first.element,
            value=first.text,
        )

    def is_clean(self, text: str) -> bool:
        """Whether `clean` would leave it as it is."""
        return self._odd.search(text) is None

    def clean(self, text: str, segment_id: str = "", element: int | None = None) -> str:
        """The text without line ends and with every character that the partner cannot read replaced, or left to be refused."""
        if not self._odd.search(text):
            return text
        if (segment_id, element) not in self._identifiers:
            text = _BLANKS.sub(" ", text)
        return self._odd.sub(lambda match: self._replacement(match[0], text, segment_id, element), text)

    def _replacement(self, character: str, text: str, segment_id: str, element: int | None) -> str:
        guide = self._guide
        is_identifier = (segment_id, element) in self._identifiers
        refuses = is_identifier or guide.unsupported_characters == "refuse"
        replacement = character if refuses else self._substitute(character)
        if character in _separators(guide) and character not in self.separators_met:
            self.separators_met.append(character)
        if (character, segment_id, element) not in self._seen:
            self._seen.add((character, segment_id, element))
            if refuses:
                self._refuse(character, text, segment_id, element if is_identifier else None, element)
            else:
                place = f"{segment_id}{element:02d}" if element else segment_id
                known = self._replaced.setdefault((character, replacement), _Replaced(segment_id, element, text, []))
                known.places += [place] if place else []
        return replacement

    def _refuse(self, character: str, text: str, segment_id: str, identifier: int | None, element: int | None) -> None:
        """identifier: the element, where it is one that identifies something."""
        is_separator = character in _separators(self._guide)
        reason = "is one of this partner's separators" if is_separator else "is not in this partner's character set"
        done = "and its guide refuses it"
        if identifier is not None:
            done = f"and {segment_id}{identifier:02d} identifies something, so that it is never changed"
        text_of = f"{named(character)} {reason} {done}."
        self._refused.append(finding("character_refused", text_of, segment_id=segment_id, element=element, value=text))

    def _substitute(self, character: str) -> str:
        guide = self._guide
        allowed = _allowed(guide)
        if character.upper() != character and character.upper() in allowed:
            return character.upper()  # the basic set has no small letters
        if guide.unsupported_characters == "transliterate":
            parts = unicodedata.normalize("NFKD", character)
            plain = _PLAIN.get(character) or "".join(c for c in parts if not unicodedata.combining(c))
            if "\u2044" in plain:  # one half after a digit must not become twenty-one halves
                plain = " " + plain.replace("\u2044", "/")
            if guide.characters == "basic":
                plain = plain.upper()
            if plain and plain != character and all(c in allowed for c in plain):
                return plain
        return guide.substitute if guide.substitute in allowed else " "


def _separators(guide: PartnerGuide) -> str:
    chosen = guide.delimiters
    repetition = chosen.repetition if guide.version >= "00402" else ""
    return chosen.element + chosen.component + chosen.segment + repetition


@functools.lru_cache(maxsize=128)
def _allowed_of(characters: Literal["basic", "extended", "any"], is_from_005010: bool, separators: str) -> frozenset[str]:
    later = _FROM_005010 if is_from_005010 or characters == "any" else ""
    allowed = _BASIC if characters == "basic" else _EXTENDED + later
    return frozenset(allowed) - frozenset(separators)


def _allowed(guide: PartnerGuide) -> frozenset[str]:
    return _allowed_of(guide.characters, guide.version >= "005010", _separators(guide))


@functools.lru_cache(maxsize=128)
def _odd_pattern(allowed: frozenset[str], separators: str, takes_any: bool) -> re.Pattern[str]:
    if takes_any:
        return re.compile(f"[\x00-\x1f\x7f{re.escape(separators)}]")
    return re.compile("[^" + re.escape("".join(sorted(allowed))) + "]")


def _odd_characters(guide: PartnerGuide) -> re.Pattern[str]:
    return _odd_pattern(_allowed(guide), _separators(guide), guide.characters == "any")
