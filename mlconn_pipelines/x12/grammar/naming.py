"""What segments and codes are called, for people. Read only when something is shown, never to check a file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent


class CodeMeaning(NamedTuple):
    """daily: the code is in daily use in trade, so that a short list of an element's codes names it."""

    meaning: str
    daily: bool


def name_of(id_: str) -> str:
    """The name of a segment (`BIG`) or composite (`C040`), empty where there is none. Those of sets: `documents.transaction_sets`.

    >>> name_of("BIG"), name_of("XYZ")
    ('Beginning Segment for Invoice', '')
    """
    return _names().get(id_, "")


def meaning_of(element: str, code: str) -> str:
    """What a code of an element (`128`) means, empty where that is not known.

    >>> meaning_of("128", "IV"), meaning_of("128", "??")
    ('seller invoice', '')
    """
    found = meanings(element).get(code)
    return found.meaning if found else ""


@functools.cache
def meanings(element: str) -> Mapping[str, CodeMeaning]:
    """Every code of an element that has a known meaning; the same codes mean the same in all releases."""
    text = _meanings_text()
    mark = f"\n@{element}\n"
    start = text.find(mark)
    if start < 0:
        return {}
    start += len(mark)
    end = text.find("\n@", start)
    found: dict[str, CodeMeaning] = {}
    for line in text[start : None if end < 0 else end].splitlines():
        code, _, meaning = line.partition(" ")
        found[code.removeprefix("+")] = CodeMeaning(meaning, code.startswith("+"))
    return found


@functools.cache
def _names() -> Mapping[str, str]:
    lines = (_FOLDER / "names.txt").read_text("ascii").splitlines()
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


@functools.cache
def _meanings_text() -> str:
    return (_FOLDER / "meanings.txt").read_text("ascii")
