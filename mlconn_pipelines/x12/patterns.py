"""One regular expression a segment: what it matches is surely in order, and what it does not is looked at precisely.

The pattern holds the element types, lengths, mandatory elements and relations. Codes are captured and looked up in sets,
as lists of a thousand codes would make patterns slow; combinations seen to be good are remembered. Segments of the same
shape as many before them are matched by a simpler pattern of their own, which is three times as fast (`shapes`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mlconn_pipelines.x12.grammar.definitions import CodeList, Element, ElementUse, Relation, SegmentDefinition
from mlconn_pipelines.x12.grammar.loading import Release
from mlconn_pipelines.x12.separators import Separators
from mlconn_pipelines.x12.shapes import ElementPattern, Shapes

_DATE = (
    r"(?:(?:19|20)\d\d(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)|02(?:0[1-9]|1\d|2[0-8])))"
)
_TIME = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d{1,2})?)?"
_REMEMBERED_MAX = 4096


class SegmentPattern:
    """`is_clean(text)`: True is proof that the slow way would find nothing; False means look.

    after: how many segments it leaves to the slow way before it compiles, since a pattern costs more than a few dozen of them.
    """

    __slots__ = ("_code_lists", "_composer", "_definition", "_good", "_match", "_shapes", "_until_compiled", "is_known")

    def __init__(self, definition: SegmentDefinition, release: Release, separators: Separators, after: int = 0) -> None:
        self._definition, self._composer = definition, _Composer(release, separators)
        self._until_compiled = after
        self._match: Callable[[str], re.Match[str] | None] | None = None
        self._code_lists: tuple[CodeList, ...] = ()
        self._good: set[tuple[str | None, ...]] = set()
        self._shapes = Shapes(definition.id, list(map(self._composer.alone, definition.elements)), separators.element)
        self.is_known: Callable[[str], object] = _never
        """Whether a text is like clean ones seen before: quicker than `is_clean`, and false for most when little was seen."""

    def is_clean(self, text: str) -> bool:
        """text: the segment without terminator and surrounding blanks."""
        if self._match is None:
            if self._until_compiled > 0:
                self._until_compiled -= 1
                return False
            source, self._code_lists = self._composer.segment(self._definition)
            self._match = re.compile(source, re.ASCII).fullmatch
        match = self._match(text)
        if match is None:
            return False
        used = match.groups()
        if used not in self._good:
            for code, listed in zip(used, self._code_lists, strict=True):
                if code and code not in listed.codes:
                    return False
            if len(self._good) < _REMEMBERED_MAX:
                self._good.add(used)
        if not self._shapes.are_settled:
            self.is_known = self._shapes.learn(text) or self.is_known
        return True


def _never(text: str) -> None:
    """No text is known yet."""


class _Composer:
    def __init__(self, release: Release, separators: Separators) -> None:
        self._release = release
        self._element = re.escape(separators.element)
        self._component = re.escape(separators.component)
        self._repetition = re.escape(separators.repetition)
        self._free = _printable_except(separators.element)
        self._free_in_repetition = _printable_except(separators.element + separators.repetition)
        self._code_lists: list[CodeList] = []

    def segment(self, definition: SegmentDefinition) -> tuple[str, tuple[CodeList, ...]]:
        """The pattern's source, and the code list of each of its groups."""
        self._code_lists = []
        sep = self._element
        pairs = {r.positions[0]: r for r in definition.relations if r.kind == "P" and _is_adjacent(r)}
        units: list[tuple[str, bool]] = []
        position, count = 1, len(definition.elements)
        while position <= count:
            use = definition.elements[position - 1]
            if position in pairs and not use.mandatory and not definition.elements[position].mandatory:
                second = definition.elements[position]
                units.append((f"{sep}(?:{self._value(use)}{sep}{self._value(second)}|{sep})", False))
                position += 2
            else:
                pairs.pop(position, None)
                value = self._value(use)
                units.append((f"{sep}{value}" if use.mandatory else f"{sep}(?:{value})?", use.mandatory))
                position += 1
        body, closing = "", ""
        last_mandatory = max((i for i, (_, mandatory) in enumerate(units) if mandatory), default=-1)
        for i, (unit, _) in enumerate(units):
            if i > last_mandatory:
                body, closing = body + "(?:" + unit, closing + ")?"
            else:
                body += unit
        lookaheads = "".join(self._relation(r) for r in definition.relations if pairs.get(r.positions[0]) is not r)
        return f"{lookaheads}{re.escape(definition.id)}{body}{closing}(?<!{sep})", tuple(self._code_lists)

    def alone(self, use: ElementUse) -> ElementPattern | None:
        """The pattern of an element that is there, for `Shapes`; None for one that is composite or may be repeated."""
        if use.repeats > 1 or use.id in self._release.composites:
            return None
        element = self._release.elements[use.id]
        if element.kind == "ID" and self._release.has_codes(element.id):
            return ElementPattern("", is_code=True)
        return ElementPattern(self._simple(element), is_code=False)

    def _value(self, use: ElementUse) -> str:
        if use.repeats == 1 or not self._repetition:
            return self._once(use)
        listed, free = len(self._code_lists), self._free
        self._free = self._free_in_repetition
        one = self._once(use)
        self._free = free
        if len(self._code_lists) > listed:  # a group captures only the last of several codes
            del self._code_lists[listed:]
            return "(?!)"
        return f"(?:{one})(?:{self._repetition}{one}){{0,{use.repeats - 1}}}"

    def _once(self, use: ElementUse) -> str:
        if use.id in self._release.composites:
            return self._composite(self._release.composites[use.id])
        return self._simple(self._release.elements[use.id])

    def _composite(self, definition: SegmentDefinition) -> str:
        """Only a lone first component goes the fast way: composites are rare, and their rules are checked slowly."""
        first = self._release.elements.get(definition.elements[0].id)
        rest = definition.elements[1:]
        if first is None or any(use.mandatory for use in rest):
            return "(?!)"
        one = self._simple(first)
        return f"(?![^{_in_class_of(self._element)}]*{self._component}){one}" if self._component else one

    def _simple(self, element: Element) -> str:
        low, high = element.shortest, element.longest
        match element.kind:
            case "AN":
                return f"{self._free}{{{low},{high}}}(?<! )"
            case "ID":
                codes = self._release.codes(element.id)
                one = f"[A-Za-z0-9]{{{low},{high}}}"
                if codes is None:
                    return one
                self._code_lists.append(codes)
                return f"({one})"
            case kind if kind[0] == "N":
                return f"-?[0-9]{{{low},{high}}}"
            case "R":
                return f"-?(?:[0-9]{{{low},{high}}}(?![.0-9])|(?=[0-9.]{{{low + 1},{high + 1}}}(?![0-9.]))[0-9]*\\.[0-9]+)"
            case "DT":
                return _DATE if (low, high) == (8, 8) else "(?!)"
            case _:
                return rf"(?=\d{{{low},{high}}}(?!\d)){_TIME}"

    def _relation(self, relation: Relation) -> str:
        here = [
            rf"(?:[^{_in_class_of(self._element)}]*{self._element}){{{p}}}[^{_in_class_of(self._element)}]"
            for p in relation.positions
        ]
        first, others = here[0], here[1:]
        match relation.kind:
            case "P":
                each = "".join(f"(?={one})" for one in here)
                none = "".join(f"(?!{one})" for one in here)
                return f"(?:{none}|{each})"
            case "R":
                return "(?=" + "|".join(here) + ")"
            case "E":
                return "(?:" + "|".join("".join(f"(?!{o})" for o in here if o is not one) for one in here) + ")"
            case "C":
                return f"(?:(?!{first})|" + "".join(f"(?={one})" for one in others) + ")"
            case _:
                return f"(?:(?!{first})|(?=" + "|".join(others) + "))"


def _is_adjacent(relation: Relation) -> bool:
    return len(relation.positions) == 2 and relation.positions[1] == relation.positions[0] + 1


def _printable_except(separators: str) -> str:
    """The class of the characters from blank to tilde without these; written so that it compiles into a bitmap."""
    ranges, low = "", ord(" ")
    for separator in sorted(map(ord, separators)):
        if low <= separator <= ord("~"):
            ranges += f"\\x{low:02x}-\\x{separator - 1:02x}" if separator > low else ""
            low = separator + 1
    return f"[{ranges}\\x{low:02x}-\\x7e]" if low <= ord("~") else f"[{ranges}]"


def _in_class(character: str) -> str:
    return "\\" + character if character in "\\]^-[&~|" else character


def _in_class_of(escaped: str) -> str:
    return escaped if escaped.startswith("\\") else _in_class(escaped)
