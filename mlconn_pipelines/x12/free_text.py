"""What a set says in words of its own: the text of messages, for sets that nothing here turns into a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WORDS_MAX = 1_000
_TEXT_AT: Mapping[str, tuple[int, ...]] = {
    "MSG": (1,),
    "MTX": (2,),
    "NTE": (2,),
    "MIT": (2,),
    "N9": (3,),
    "TED": (2, 7),
    "PID": (5,),
    "NTX": (1,),
    "BMG": (2,),
    "K3": (1,),
}
"""Free text by segment and element: of an 864 MIT and MSG, of an 824 TED and NTE, of an 812 N9 and NTE."""
_SHOWN_OTHERWISE = 2


def words_of(segments: Sequence[Sequence[str]]) -> str:
    """The free texts of a set one after another, at most `WORDS_MAX` characters; its first segments as they are where it has none.

    segments: from ST to SE, as elements.

    >>> words_of([["ST", "864", "1"], ["BMG", "00", "Moving"], ["MIT", "1"], ["MSG", "From May on"], ["MSG", "write to Troy."], ["SE"]])
    'Moving / From May on / write to Troy.'
    >>> words_of([["ST", "812", "1"], ["BCD", "20260301", "CM7", "", "1400", "C"], ["SE", "3", "1"]])
    'BCD*20260301*CM7**1400*C'
    """
    texts = [
        segment[place].strip()
        for segment in segments
        for place in _TEXT_AT.get(segment[0] if segment else "", ())
        if place < len(segment)
    ]
    if not any(texts):
        inner = [segment for segment in segments if segment and segment[0] not in ("ST", "SE")]
        texts = ["*".join(segment) for segment in inner[:_SHOWN_OTHERWISE]]
    words = " / ".join(text for text in texts if text)
    return words if len(words) <= WORDS_MAX else f"{words[: WORDS_MAX - 3]}..."
