"""A canonical document to the bytes of one interchange, which are read again before they count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.kinds import Document, set_of
from mlconn_pipelines.documents.transaction_sets import functional_id_of
from mlconn_pipelines.x12.characters import Cleaner
from mlconn_pipelines.x12.element_reader import date_text, has_short_dates
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.findings import X12Finding, finding, is_refused, with_severities
from mlconn_pipelines.x12.grammar.loading import nearest_release, release
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.guide_rewriting import rewritten
from mlconn_pipelines.x12.interchange_acknowledgment import render_interchange_acknowledgment
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing
from mlconn_pipelines.x12.sets import module_of
from mlconn_pipelines.x12.validation import validate

NUMBER_MAX = 999_999_999
_TEXTS_ONLY = {str}


@dataclass(frozen=True, slots=True)
class RenderedInterchange:
    """content: the bytes of one interchange with one group and one set. `can_be_sent`: no finding rejects.

    envelope: sender and receiver as `ZZ:ID`, usage, functional_id, group (GS06), set_id, set (ST02), interchange (ISA13).
    second_opinion: what the other reader said, None where it was not asked.
    """

    content: bytes
    findings: tuple[X12Finding, ...]
    set_id: str
    functional_id: str
    envelope: Mapping[str, str] = field(default_factory=dict)
    second_opinion: tuple[str, ...] | None = None

    @property
    def can_be_sent(self) -> bool:
        return not is_refused(self.findings)


def render_interchange(
    document: Document,
    guide: PartnerGuide,
    *,
    interchange_number: int,
    group_number: int,
    set_number: int,
    at: dt.datetime,
    second_opinion: bool = False,
    set_id: str = "",
) -> RenderedInterchange:
    """One document as one interchange from us to the partner; byte-identical for the same input, and without a clock.

    Numbers are ISA13, GS06 and ST02, 1 to 999,999,999. at: ISA09/10 and GS04/05, in the zone that the partner expects.
    set_id: where a document can be written as several sets: a functional acknowledgment as 997 or 999, the first by default.
    A TA1 stands in an interchange without groups, and uses only the first number.
    It does not raise: findings with severity `reject` mean that the bytes must not be sent.
    """
    set_id = set_id or set_of(document)
    functional_id = functional_id_of(set_id)
    guide = guide.on(set_id, getattr(document, "date", None) or at.date())
    control = f"{set_number:04d}"
    if isinstance(document, InterchangeAcknowledgment):
        cleaner = Cleaner(guide)
        answer = _cleaned(render_interchange_acknowledgment(document), cleaner, guide)
        enveloped = [_isa(guide, interchange_number, at), answer, ("IEA", "0", f"{interchange_number:09d}")]
    else:
        guide, segments, cleaner = _fitting(document, guide, set_id)
        body = [("ST", set_id, control), *segments]
        body.append(("SE", str(len(body) + 1), control))
        enveloped = _enveloped(body, guide, functional_id, interchange_number, group_number, at)
    findings = _envelope_findings(guide, (interchange_number, group_number, set_number))
    content = _written(enveloped, guide)
    findings += with_severities(cleaner.findings, guide)
    if not is_refused(findings):
        findings += reread_findings(content, guide)
    opinion = None
    if second_opinion:
        from mlconn_pipelines.x12.second_opinion import ask

        said = ask(content)
        opinion = None if said is None else tuple(said)
    envelope = {
        "sender": f"{guide.our_qualifier}:{guide.our_id}",
        "receiver": f"{guide.their_qualifier}:{guide.their_id}",
        "usage": guide.usage,
        "functional_id": functional_id,
        "interchange": f"{interchange_number:09d}",
        "group": str(group_number) if functional_id else "",
        "set_id": set_id,
        "set": control if functional_id else "",
    }
    return RenderedInterchange(content, tuple(findings), set_id, functional_id, envelope, opinion)


def reread_findings(content: bytes, guide: PartnerGuide) -> list[X12Finding]:
    """What our own reader and validation say to bytes of ours: every interchange, group and set of them."""
    reading = read(content)
    findings = list(reading.findings)
    for interchange in reading.interchanges:
        findings += interchange.findings
        for group in interchange.groups:
            findings += group.findings
            for transaction_set in group.sets:
                findings += validate(transaction_set, group.version, guide)
    return findings


def _fitting(document: Document, guide: PartnerGuide, set_id: str) -> tuple[PartnerGuide, list[Segment], Cleaner]:
    """The segments between ST and SE, with the guide in the first separators that no text of the document holds.

    Where every choice meets one of its separators, the partner's usual ones are taken and the texts are changed or refused.
    """
    usual = _written_by(document, guide, set_id)
    met = usual[2].separators_met
    for delimiters in guide.other_delimiters if met else ():
        chosen = replace(guide, delimiters=delimiters)
        made = _written_by(document, chosen, set_id)
        if not made[2].separators_met and not _envelope_findings(chosen, ()):
            text = f"Texts hold {_shown(met)}; this interchange has other separators instead."
            made[2].told.append(finding("other_separators", text, value="".join(met)))
            return made
    return usual


def _written_by(document: Document, guide: PartnerGuide, set_id: str) -> tuple[PartnerGuide, list[Segment], Cleaner]:
    cleaner = Cleaner(guide)
    made: list[OutSegment] = module_of(set_id).render(document, Writing(guide, set_id, cleaner.clean))
    written = rewritten(made, guide, set_id)
    if has_short_dates(guide.version):
        written = [_with_short_dates(segment, guide.version) for segment in written]
    return guide, [_cleaned(segment, cleaner, guide) for segment in written], cleaner


def _with_short_dates(segment: OutSegment, version: str) -> OutSegment:
    """Dates as releases before 004010 have them, YYMMDD, where there is a grammar that says which elements are dates."""
    name = nearest_release(version)
    definition = release(name).segments.get(str(segment[0])) if name else None
    if definition is None:
        return segment
    kinds = [release(name).elements.get(use.id) for use in definition.elements]
    dates = {place for place, kind in enumerate(kinds, start=1) if kind is not None and (kind.kind, kind.longest) == ("DT", 6)}
    return tuple(
        value[2:] if place in dates and isinstance(value, str) and len(value) == 8 else value
        for place, value in enumerate(segment)
    )


def _shown(characters: Sequence[str]) -> str:
    return " ".join(c if c.isprintable() and c != " " else repr(c) for c in characters)


def _enveloped(
    body: Sequence[Segment],
    guide: PartnerGuide,
    functional_id: str,
    interchange_number: int,
    group_number: int,
    at: dt.datetime,
) -> list[Segment]:
    date, group = date_text(at.date()), str(group_number)
    if has_short_dates(guide.version):
        date = date[2:]
    gs = ("GS", functional_id, guide.our_group_id, guide.their_group_id, date, _time(at), group, "X", guide.version)
    number = f"{interchange_number:09d}"
    return [_isa(guide, interchange_number, at), gs, *body, ("GE", "1", group), ("IEA", "1", number)]


def _time(at: dt.datetime) -> str:
    return f"{at.hour:02d}{at.minute:02d}"


def _isa(guide: PartnerGuide, interchange_number: int, at: dt.datetime) -> Segment:
    return (
        "ISA",
        "00",
        " " * 10,
        "00",
        " " * 10,
        guide.our_qualifier,
        guide.our_id.ljust(15),
        guide.their_qualifier,
        guide.their_id.ljust(15),
        date_text(at.date())[2:],
        _time(at),
        guide.delimiters.repetition if guide.version >= "00402" else "U",
        guide.version[:5],
        f"{interchange_number:09d}",
        "0",
        guide.usage,
        guide.delimiters.component,
    )


def _cleaned(segment: OutSegment, cleaner: Cleaner, guide: PartnerGuide) -> Segment:
    if set(map(type, segment)) == _TEXTS_ONLY and cleaner.is_clean("".join(cast("Segment", segment))):  # as nearly all are
        cleaned = list(map(str.rstrip, cast("Segment", segment)))
    else:
        id_ = str(segment[0])
        cleaned = [id_]
        for position, element in enumerate(segment[1:], start=1):
            parts = [
                cleaner.clean(part, id_, position).rstrip() for part in ((element,) if isinstance(element, str) else element)
            ]
            while parts and not parts[-1]:
                parts.pop()
            cleaned.append(guide.delimiters.component.join(parts))
    while len(cleaned) > 1 and not cleaned[-1]:
        cleaned.pop()
    return tuple(cleaned)


def _written(segments: Sequence[Segment], guide: PartnerGuide) -> bytes:
    separators = guide.delimiters
    end = separators.segment + ("\n" if separators.line_break and separators.segment != "\n" else "")
    text = "".join([separators.element.join(segment) + end for segment in segments])
    return text.encode("utf-8", "replace")


def _envelope_findings(guide: PartnerGuide, numbers: Sequence[int]) -> list[X12Finding]:
    findings = []
    chosen = guide.delimiters
    used = [chosen.element, chosen.component, chosen.segment]
    if guide.version >= "00402":
        used.append(chosen.repetition)
    if len(set(used)) < len(used) or any(len(c) != 1 or c.isalnum() or c == " " or not c.isascii() for c in used):
        text = f"The separators {used} of {guide.partner} must be different, and neither letters, digits nor blanks."
        findings.append(finding("separator_conflict", text))
    for name, value, longest in (
        ("our interchange id", guide.our_id, 15),
        ("the partner's interchange id", guide.their_id, 15),
        ("our group id", guide.our_group_id, 15),
        ("the partner's group id", guide.their_group_id, 15),
    ):
        if not 0 < len(value) <= longest or any(c in used or not " " <= c <= "~" for c in value):
            text = f"{name.capitalize()} is {value!r}; 1 to {longest} characters without separators were expected."
            findings.append(finding("envelope_invalid", text, value=value))
    for name, number in zip(("Interchange", "Group", "Set"), numbers, strict=False):
        if not 1 <= number <= NUMBER_MAX:
            text = f"{name} control number {number} is outside of 1 to {NUMBER_MAX}."
            findings.append(finding("envelope_invalid", text, value=str(number)))
    return findings
