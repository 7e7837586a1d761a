"""One transaction set against its grammar and the partner's guide."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.x12.document_dates import document_date
from mlconn_pipelines.x12.envelope import TransactionSet
from mlconn_pipelines.x12.findings import X12Finding, with_severities
from mlconn_pipelines.x12.grammar.loading import available, nearest_release, release, release_of
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.hierarchy import levels_of
from mlconn_pipelines.x12.segment_checks import SegmentChecker
from mlconn_pipelines.x12.walk import HEAD, Step, Walk, walk_of

FINDINGS_MAX = 500
_HASH_DIGITS = 10
"""Longer sums lose their first digits."""
_NUMBER = re.compile(r"-?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)


def validate(
    transaction_set: TransactionSet, version: str = "", guide: PartnerGuide | None = None, on: dt.date | None = None
) -> tuple[X12Finding, ...]:
    """Every finding on a set, the reader's included, in the order of the file.

    version: GS08, the group's own where empty; it chooses the grammar, together with ST01. A set without grammar gets the
    finding `no_grammar`, and of rules only its partner's. guide: what its partner wants beyond the standard, severities too.
    on: the day whose rules of the guide hold; the document's own date where none is passed. At most `FINDINGS_MAX` a set.
    """
    walk = walk_of(release_of(version or transaction_set.version), transaction_set.set_id, transaction_set.separators)
    findings = list(transaction_set.findings)
    if walk is None:
        findings.append(_no_grammar(transaction_set, version or transaction_set.version))
        known_release = nearest_release(version or transaction_set.version)
    else:
        findings += _Validation(transaction_set, walk).findings()
        known_release = walk.definition.release
    if guide is not None and transaction_set.set_id in guide.sets:
        from mlconn_pipelines.x12.guide_checks import guide_findings  # files are mostly checked without a guide

        if guide.rules(transaction_set.set_id).dated:
            guide = guide.on(transaction_set.set_id, on or _date_of(transaction_set, version))
        findings += guide_findings(transaction_set, guide, known_release)
    if len(findings) > 1:
        findings.sort(key=lambda finding: finding.offset)
    return with_severities(findings, guide)


def has_grammar(set_id: str, version: str) -> bool:
    """Whether sets of this kind and version can be validated."""
    return set_id in available().get(release_of(version), frozenset())


def _date_of(transaction_set: TransactionSet, version: str) -> dt.date | None:
    return document_date(transaction_set.set_id, transaction_set.segments, version or transaction_set.version)


def _no_grammar(transaction_set: TransactionSet, version: str) -> X12Finding:
    what = transaction_set.set_id or "this set"
    where = f"in version {version}" if version else "as no GS names its version"
    text = f"There is no grammar for {what} {where}; only its envelope and its counts were checked."
    return transaction_set.finding("no_grammar", text, 1, "ST", 1, value=transaction_set.set_id)


class _Validation:
    def __init__(self, transaction_set: TransactionSet, walk: Walk) -> None:
        self._set, self._walk = transaction_set, walk
        self._release = release(walk.definition.release)
        self._checker = SegmentChecker(self._release, transaction_set.separators)
        self._found: list[X12Finding] = []
        self._uses = [0] * len(walk.definition.nodes)

    def findings(self) -> list[X12Finding]:
        texts = self._set.texts()
        separator = self._set.separators.element
        steps, uses, place = self._walk.steps, self._uses, 0
        uses[0] = 1
        number = 1
        if texts and not self._walk.pattern("ST").is_clean(texts[0]):
            self._check_segment(1, texts[0], "ST")
        for number, text in enumerate(texts[1:], start=2):
            step = steps[place].get(text[:HEAD])
            if step is not None and (step.pattern.is_known(text) or step.pattern.is_clean(text)):
                is_clean = True
            else:
                segment_id = text.partition(separator)[0]
                step = self._walk.step(place, segment_id)
                if step is None:
                    self._misplaced(place, number, segment_id)
                    if len(self._found) > FINDINGS_MAX:
                        break
                    continue
                is_clean = step.pattern.is_clean(text)
            if step.is_repeat:
                uses[step.target] += 1
                if 0 < step.use_max < uses[step.target]:
                    step = self._beyond(step, place, number)
            else:
                uses[step.target] = 1
            if step.missing:
                self._missing(step, number)
            if not is_clean:
                self._check_segment(number, text, step.id)
            place = step.target
            if len(self._found) > FINDINGS_MAX:
                break
        if len(self._found) > FINDINGS_MAX:
            self._too_many(number)
        else:
            self._check_end(place, len(texts))
            self._check_whole(texts, separator)
        return self._found

    def _note(self, code: str, text: str, number: int, segment_id: str, element: int | None = None, **details: object) -> None:
        self._found.append(self._set.finding(code, text, number, segment_id, element, **details))

    def _check_segment(self, number: int, text: str, segment_id: str) -> None:
        definition = self._release.segments.get(segment_id)
        if definition is None:
            return
        for fault in self._checker.faults(text.split(self._set.separators.element), definition):
            self._note(
                fault.code,
                fault.message,
                number,
                segment_id,
                fault.element,
                component=fault.component,
                value=fault.value,
                reference=fault.reference,
            )

    def _misplaced(self, place: int, number: int, segment_id: str) -> None:
        definition = self._walk.definition
        set_id = definition.set_id
        loop = self._walk.loop_of(place)
        if segment_id not in self._release.segments:
            shown = segment_id[:20]
            self._note("segment_unknown", f"{shown!r} is not defined in X12.", number, segment_id[:3], value=shown, loop=loop)
            return
        if segment_id not in definition.segment_ids:
            self._note(
                "segment_not_in_set",
                f"{segment_id} is not defined in {'an' if set_id.startswith('8') else 'a'} {set_id}.",
                number,
                segment_id,
                loop=loop,
            )
            return
        here = definition.nodes[place].segment
        opened = {place}
        node = definition.nodes[place]
        while node.parent >= 0:
            opened.add(node.parent)
            node = definition.nodes[node.parent]
        earlier = any(
            n.segment == segment_id and (n.parent in opened or n.parent == -1) and n.index <= place for n in definition.nodes
        )
        if earlier:
            text = f"{segment_id} comes too late: it cannot stand after {here}."
            self._note("segment_order", text, number, segment_id, loop=loop)
        else:
            self._note("segment_unexpected", f"{segment_id} cannot stand here, after {here}.", number, segment_id, loop=loop)

    def _beyond(self, step: Step, place: int, number: int) -> Step:
        """One use too many: another place further on may take it, else that is the finding."""
        other = self._walk.step(place, step.id, beyond=True)
        if other is not None and not other.is_repeat and not other.missing:
            self._uses[other.target] = 1
            return other
        node = self._walk.definition.nodes[step.target]
        code, what = ("loop_repeats", "loop ") if node.is_loop else ("segment_repeats", "")
        times = f"{step.use_max} times" if step.use_max > 1 else "once"
        text = f"The {what}{step.id} may stand here {times}; this is number {self._uses[step.target]}."
        self._note(code, text, number, step.id, loop=self._walk.loop_of(step.target))
        return step

    def _missing(self, step: Step, number: int) -> None:
        for index in step.missing:
            node = self._walk.definition.nodes[index]
            text = f"{node.segment} is missing before {step.id}; it is mandatory."
            self._note("segment_missing", text, number, node.segment, loop=self._walk.loop_of(index))

    def _check_end(self, place: int, count: int) -> None:
        if self._walk.definition.nodes[place].segment == "SE" or count == 0:
            return
        step = self._walk.step(place, "SE")
        if step is not None:  # the reader has said already that SE is missing
            self._missing(step, count)

    def _check_whole(self, texts: list[str], separator: str) -> None:
        set_id = self._walk.definition.set_id
        row = TRANSACTION_SETS.get(set_id)
        if row is not None and row.line:
            self._check_count(texts, separator, row.line)
        if row is not None and row.line == "HL":
            self._check_levels()

    def _check_count(self, texts: list[str], separator: str, counted: str) -> None:
        total = "CTT" + separator
        for back, text in enumerate(reversed(texts[-6:])):
            if text.startswith(total):
                stated = text.split(separator)[1].strip()
                start = counted + separator
                found = [other[: len(start)] for other in texts].count(start) + texts.count(counted)
                if not (stated.isascii() and stated.isdigit() and len(stated) < 10 and int(stated) == found):
                    words = f"CTT01 states {stated[:20]!r} lines, {found} {counted} segments were found."
                    self._note("line_count", words, len(texts) - back, "CTT", 1, value=stated)
                self._check_sum(texts, separator, text.split(separator)[2:3], len(texts) - back)

    def _check_sum(self, texts: list[str], separator: str, stated: list[str], number: int) -> None:
        """CTT02. X12 adds the digits up without regard to decimal points; most senders add the values: both are right."""
        row = TRANSACTION_SETS.get(self._walk.definition.set_id)
        if row is None or row.hashed is None or not stated or (total := _plain_number(stated[0])) is None:
            return
        segment_id, element = row.hashed
        segments = (text.split(separator) for text in texts if text.startswith(segment_id + separator))
        values = [segment[element].strip() for segment in segments if len(segment) > element and segment[element].strip()]
        numbers = [found for value in values if (found := _plain_number(value)) is not None]
        if len(numbers) < len(values):
            return  # which is told of the line
        digits = sum((Decimal("".join(filter(str.isdigit, value))) for value in values), Decimal())
        if total not in (sum(numbers, Decimal()), digits % 10**_HASH_DIGITS):
            words = (
                f"CTT02 states {stated[0].strip()[:20]!r} as the sum of {segment_id}{element:02d}, "
                f"{format(sum(numbers, Decimal()), 'f')} was found."
            )
            self._note("hash_total", words, number, "CTT", 2, value=stated[0])

    def _check_levels(self) -> None:
        seen: set[str] = set()
        for level in levels_of(self._set.segments):
            number = level.index + 1
            if level.fault:
                code = "level_parent" if level.is_parent_named else "level_parent_empty"
                self._note(code, f"{level.fault}; the order of the levels decided.", number, "HL", 2, value=level.parent_id)
            if level.id in seen:
                self._note("level_number", f"HL01 {level.id!r} occurs more than once.", number, "HL", 1, value=level.id)
            seen.add(level.id)

    def _too_many(self, number: int) -> None:
        del self._found[FINDINGS_MAX:]
        text = f"More than {FINDINGS_MAX} findings; the set was not read beyond segment {number}."
        self._note("more_findings", text, number, "")


def _plain_number(text: str) -> Decimal | None:
    """A number as X12 writes it, None where it is none."""
    return Decimal(text.strip()) if _NUMBER.fullmatch(text.strip()) else None
