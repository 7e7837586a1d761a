"""Texts made fit for a partner: its character set, and no separator within data, since X12 has no way to escape one."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from mlconn_pipelines.x12.findings import X12Finding, finding
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


class Cleaner:
    """Cleans the texts of one rendering. findings: what was replaced or refused, once for each character and place.

    separators_met: the partner's separators that occurred in texts, in the order in which they were met. Identifiers are refused
    where they would have to be changed, whatever the partner wants of texts.
    """

    def __init__(self, guide: PartnerGuide) -> None:
        self._guide = guide
        self._odd = _odd_characters(guide)
        self._identifiers = identifier_places(guide.version)
        self.findings: list[X12Finding] = []
        self.separators_met: list[str] = []
        self._seen: set[tuple[str, str, int | None]] = set()

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
            reason = (
                "is one of this partner's separators"
                if character in _separators(guide)
                else "is not in this partner's character set"
            )
            done = f"and was replaced by {replacement!r}"
            if is_identifier:
                done = f"and {segment_id}{element:02d} identifies something, so that it is never changed"
            elif refuses:
                done = "and its guide refuses it"
            self.findings.append(
                finding(
                    "character_refused" if refuses else "character_replaced",
                    f"{character!r} {reason} {done}.",
                    segment_id=segment_id,
                    element=element,
                    value=text,
                )
            )
        return replacement

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
