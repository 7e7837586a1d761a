"""A partner's guide of one set beside the standard: every segment in its order, with its elements and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlconn_pipelines.documents.transaction_sets import set_name
from mlconn_pipelines.x12.grammar.definitions import Node, SetDefinition
from mlconn_pipelines.x12.grammar.loading import Release, release, set_definition
from mlconn_pipelines.x12.grammar.naming import meanings, name_of
from mlconn_pipelines.x12.guide import SetRules
from mlconn_pipelines.x12.guide_rules import ReadyRule, ready_rules
from mlconn_pipelines.x12.guide_targets import qualifier_positions
from mlconn_pipelines.x12.rule_words import rule_words

_LINES = frozenset(("IT1", "PO1", "POC", "LIN", "HL", "ENT", "RMR", "OTI", "RCD"))
_MAIN_LOOPS = _LINES | {"N1"}
_CODES_SHOWN_MAX = 40


@dataclass(frozen=True, slots=True)
class GuideCode:
    code: str
    meaning: str


@dataclass(frozen=True, slots=True)
class GuideElement:
    """usage: M mandatory, C bound by a rule of the standard, O optional. rules: the partner's, in words.

    codes: those that the partner takes, else those in daily use of a standard list; codes_count: how many there are in all.
    """

    place: str
    element: str
    name: str
    type: str
    length_min: int | None
    length_max: int | None
    usage: str
    rules: tuple[str, ...]
    codes: tuple[GuideCode, ...] = ()
    codes_count: int = 0


@dataclass(frozen=True, slots=True)
class GuideSegment:
    """depth: of loops around it, its own counted for what stands in it. repeats_max: of the standard, None = no limit."""

    depth: int
    id: str
    name: str
    usage: str
    repeats_max: int | None
    is_loop: bool
    rules: tuple[str, ...]
    elements: tuple[GuideElement, ...]


def guide_table(
    rules: SetRules, set_id: str, release_name: str, *, everything: bool = False
) -> tuple[GuideSegment, ...] | None:
    """The segments of a set in their order, None where the release has no grammar for it.

    everything: all segments and elements of the standard; else those that it demands, those that the rules speak of, and the
    loops of parties, lines and levels.
    """
    definition = set_definition(release_name, set_id)
    if definition is None:
        return None
    ready, _ = ready_rules(rules, set_id)
    return tuple(_Table(definition, release(release_name), ready, everything).segments())


class _Table:
    def __init__(self, definition: SetDefinition, known: Release, ready: Sequence[ReadyRule], everything: bool) -> None:
        self._definition, self._known, self._everything = definition, known, everything
        self._rules: dict[str, list[ReadyRule]] = {}
        self._qualifiers: dict[str, list[str]] = {}
        for rule in ready:
            self._rules.setdefault(rule.target.segment, []).append(rule)
            deciding = [case.target for cases in rule.cases.values() for case in cases]
            for target in (rule.target, *deciding, *rule.absent, *((rule.each,) if rule.each else ())):
                self._rules.setdefault(target.segment, [])  # what decides is shown too, though nothing is asked of it
                if target.qualifier:
                    self._qualifiers.setdefault(target.segment, []).append(target.qualifier)

    def segments(self) -> Iterable[GuideSegment]:
        shown, seen = {-1}, set[str]()
        for node in self._definition.nodes:
            if node.parent in shown and self._is_shown(node, seen):
                shown.add(node.index)
                seen.add(node.segment)
                yield self._segment(node)

    def _is_shown(self, node: Node, seen: set[str]) -> bool:
        """seen: a segment that was shown before comes again in lines and levels, and not in every party."""
        around = self._definition.nodes[node.parent].segment if node.parent >= 0 else ""
        main = node.is_loop and around in ("", "HL") and node.segment in _MAIN_LOOPS
        named = node.segment in self._rules and (around in ("", *_LINES) or node.segment not in seen)
        return self._everything or node.mandatory or main or named

    def _segment(self, node: Node) -> GuideSegment:
        rules = self._rules.get(node.segment, [])
        depth, parent = 0, node.parent
        while parent >= 0:
            depth, parent = depth + 1, self._definition.nodes[parent].parent
        own = [rule for rule in rules if rule.target.element is None and rule.kind != "qualifiers"]
        return GuideSegment(
            depth,
            node.segment,
            name_of(node.segment),
            "M" if node.mandatory else "O",
            node.use_max,
            node.is_loop,
            tuple(map(_with_qualifier, own)),
            tuple(self._elements(node.segment, rules)),
        )

    def _elements(self, segment: str, rules: Sequence[ReadyRule]) -> Iterable[GuideElement]:
        definition = self._known.segments[segment]
        bound = {position for relation in definition.relations for position in relation.positions}
        qualifiers = [rule for rule in rules if rule.kind == "qualifiers"]
        for position, use in enumerate(definition.elements, start=1):
            own = [rule for rule in rules if rule.target.element == position]
            named: list[str] = []  # qualifiers that rules speak of
            if position in qualifier_positions(segment, len(definition.elements) + 1):
                own += qualifiers
                named = self._qualifiers.get(segment, [])
            usage = "M" if use.mandatory else "C" if position in bound else "O"
            if not (self._everything or use.mandatory or own):
                continue
            element = self._known.elements.get(use.id)
            codes, count = self._codes(use.id, own, named)
            yield GuideElement(
                f"{segment}{position:02d}",
                use.id,
                element.name if element else name_of(use.id),
                element.kind if element else "composite",
                element.shortest if element else None,
                element.longest if element else None,
                usage,
                tuple(map(_with_qualifier, own)),
                codes,
                count,
            )

    def _codes(self, element: str, rules: Sequence[ReadyRule], named: Sequence[str]) -> tuple[tuple[GuideCode, ...], int]:
        if element == "143":  # ST01 names the set; the other sets are no choice
            return (GuideCode(self._definition.set_id, set_name(self._definition.set_id)),), 1
        known = self._known.codes(element)
        meant = meanings(element)
        wanted = [code for rule in rules if rule.kind in ("codes", "fixed", "qualifiers") for code in rule.values]
        if wanted and (known is not None or meant):
            chosen = list(dict.fromkeys(wanted))
            return tuple(GuideCode(code, meant[code].meaning if code in meant else "") for code in chosen), len(chosen)
        if known is None:
            return (), 0
        daily = (
            list(dict.fromkeys(named))
            or [code for code in sorted(known.codes) if code in meant and meant[code].daily]
            or sorted(known.codes)
        )
        return tuple(GuideCode(c, meant[c].meaning if c in meant else "") for c in daily[:_CODES_SHOWN_MAX]), len(known.codes)


def _with_qualifier(rule: ReadyRule) -> str:
    """A rule about a segment of one qualifier names it."""
    return f"{rule.target}: {rule_words(rule)}" if rule.target.qualifier else rule_words(rule)
