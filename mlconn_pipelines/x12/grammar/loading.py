"""Grammar files to definitions: read once a release and set, and checked while they are read."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlconn_pipelines.x12.grammar.definitions import (
    CodeList,
    Element,
    ElementUse,
    Node,
    Relation,
    SegmentDefinition,
    SetDefinition,
)

# The package is never installed as an archive, and importlib.resources costs more than all the files together.
_FOLDER = Path(__file__).parent
_USE = re.compile(r"([A-Z]?\d+)(!?)(?:x(\d+))?$")
_KIND = re.compile(r"AN|ID|N\d|R|DT|TM")
_RELATION = re.compile(r"([PRECL])((?:\d\d){2,})(\??)$")


class GrammarError(ValueError):
    """A grammar file of ours is wrong: a fault of the program, not of a document."""


class Release:
    """The dictionary of one release (`004010`): elements, composites, segments, code lists. Get one from `release`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.elements = {element.id: element for element in map(_element, _lines(name, "elements"))}
        self.composites = _segments(_lines(name, "composites"))
        self.segments = _segments(_lines(name, "segments"))
        self._code_lines = {line.partition(" ")[0]: line for line in _lines(name, "codes")}
        self._code_lists: dict[str, CodeList | None] = {}
        self._check()

    def codes(self, element: str) -> CodeList | None:
        """The code list of an element, None where it has none of its own. Split when first asked for."""
        if element not in self._code_lists:
            line = self._code_lines.get(element)
            self._code_lists[element] = _code_list(line) if line else None
        return self._code_lists[element]

    def has_codes(self, element: str) -> bool:
        """Whether an element has a code list of its own; quicker than `codes`, which splits it."""
        return element in self._code_lines

    def coded_elements(self) -> tuple[str, ...]:
        """The elements that have a code list."""
        return tuple(self._code_lines)

    def _check(self) -> None:
        for definition in (*self.segments.values(), *self.composites.values()):
            for use in definition.elements:
                if use.id not in self.elements and use.id not in self.composites:
                    raise GrammarError(f"{self.name} {definition.id}: element {use.id} is not defined")
            for relation in definition.relations:
                if max(relation.positions) > len(definition.elements):
                    raise GrammarError(f"{self.name} {definition.id}: a relation names an element that it does not have")
        for element in self._code_lines:
            if element not in self.elements:
                raise GrammarError(f"{self.name}: a code list for element {element}, which is not defined")


@functools.cache
def release(name: str) -> Release:
    """The dictionary of a release, read once. GrammarError: the files are wrong; FileNotFoundError: no such release."""
    return Release(name)


@functools.cache
def available() -> Mapping[str, frozenset[str]]:
    """Release to the transaction sets that it has a grammar for."""
    return {
        folder.name: frozenset(file.stem for file in folder.glob("[0-9][0-9][0-9].txt"))
        for folder in sorted(_FOLDER.glob("[0-9]*"))
    }


@functools.cache
def set_definition(release_name: str, set_id: str) -> SetDefinition | None:
    """The grammar of a set, None where there is none."""
    if set_id not in available().get(release_name, frozenset()):
        return None
    known = release(release_name).segments
    nodes: list[Node] = []
    members: dict[int, list[int]] = {-1: []}
    open_loops: list[int] = []
    for line in _lines(release_name, set_id):
        text = line.lstrip()
        depth = (len(line) - len(text)) // 2
        segment, usage, *times = text.split()
        if segment not in known or usage not in ("M", "O") or depth > len(open_loops) or not times:
            raise GrammarError(f"{release_name} {set_id}: cannot read {line!r}")
        del open_loops[depth:]
        parent = open_loops[-1] if open_loops else -1
        index = len(nodes)
        is_loop = times[0] == "loop"
        use_max = None if times[-1] == "*" else int(times[-1])
        nodes.append(Node(index, segment, usage == "M", use_max, parent, is_loop))
        members[parent].append(index)
        if is_loop:
            open_loops.append(index)
            members[index] = []
    if not nodes or nodes[0].segment != "ST" or nodes[-1].segment != "SE":
        raise GrammarError(f"{release_name} {set_id}: a set runs from ST to SE")
    finished = tuple(
        Node(n.index, n.segment, n.mandatory, n.use_max, n.parent, n.is_loop, tuple(members.get(n.index, ()))) for n in nodes
    )
    return SetDefinition(release_name, set_id, finished, tuple(members[-1]), frozenset(n.segment for n in nodes))


def release_of(version: str) -> str:
    """GS08 to the release whose grammar it uses: `004010VICS` is `004010`.

    >>> release_of("005010X231A1")
    '005010'
    """
    return version[:6]


def nearest_release(version: str, set_id: str = "") -> str:
    """The release whose grammar speaks for sets of this version (GS08), empty where none of ours does.

    Its own where there is one, else the nearest of the same first three figures, of two the older. set_id: that has a grammar of
    this set.

    >>> nearest_release("004010VICS"), nearest_release("004020"), nearest_release("00501"), nearest_release("003040")
    ('004010', '004010', '005010', '')
    >>> nearest_release("004030"), nearest_release("004030", "860"), nearest_release("003070", "850")
    ('004030', '004010', '003060')
    """
    own = release_of(version)
    if not _VERSION.fullmatch(own) or (own.startswith("003") and own < _OLDEST):
        return ""
    known = [name for name, sets in available().items() if name[:3] == own[:3] and (not set_id or set_id in sets)]
    return min(known, key=lambda name: (abs(int(name) - int(own.ljust(6, "0"))), name), default="")


_OLDEST = "003050"
"""Releases before write other segments, and later ones than 005 too: no grammar of ours can speak for them."""
_VERSION = re.compile(r"\d{5,6}")


def _lines(release_name: str, file: str) -> Iterator[str]:
    text = (_FOLDER / release_name / f"{file}.txt").read_text("ascii")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


def _element(line: str) -> Element:
    id_, kind, lengths, name = line.split(" ", 3)
    shortest, longest = map(int, lengths.split("-"))
    if not _KIND.fullmatch(kind) or not 0 < shortest <= longest:
        raise GrammarError(f"cannot read the element {line!r}")
    return Element(id_, kind, shortest, longest, name)


def _segments(lines: Iterator[str]) -> dict[str, SegmentDefinition]:
    return {definition.id: definition for definition in map(_segment, lines)}


def _segment(line: str) -> SegmentDefinition:
    uses, _, relations = line.partition(" ; ")
    id_, *elements = uses.split()
    return SegmentDefinition(id_, tuple(map(_use, elements)), tuple(map(_relation, relations.split())))


def _use(text: str) -> ElementUse:
    if (match := _USE.match(text)) is None:
        raise GrammarError(f"cannot read the element use {text!r}")
    return ElementUse(match[1], bool(match[2]), int(match[3] or 1))


def _relation(text: str) -> Relation:
    if (match := _RELATION.match(text)) is None:
        raise GrammarError(f"cannot read the relation {text!r}")
    digits = match[2]
    positions = tuple(int(digits[i : i + 2]) for i in range(0, len(digits), 2))
    return Relation(match[1], positions, not match[3])


def _code_list(line: str) -> CodeList:
    _, openness, *codes = line.split(" ")
    if openness not in ("open", "closed") or not codes:
        raise GrammarError(f"cannot read the code list {line[:40]!r}")
    return CodeList(frozenset(codes), openness == "closed")
