"""Application advices."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from mlconn_pipelines.documents.application_advice import AdviceError, AdvisedDocument, ApplicationAdvice
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text, time_text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.party_segments import PartyLoop, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

TEXT_LENGTH = 60  # TED02; what is longer goes on in NTE


def parse(values: ElementReader) -> ApplicationAdvice:
    """The verdicts and their reasons."""
    return _Reading(values).advice()


def render(document: ApplicationAdvice, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE."""
    return [
        ("BGN", document.purpose, document.number, date_text(document.date), time_text(document.time)),
        *party_segments(document.parties, writing),
        *(segment for advised in document.documents for segment in _document_segments(advised, writing)),
    ]


def _document_segments(advised: AdvisedDocument, writing: Writing) -> Iterator[OutSegment]:
    numbers = (advised.group_control_number, advised.set_control_number, advised.set_id)
    sides = (advised.group_sender, advised.group_receiver)
    yield ("OTI", advised.verdict, advised.reference_qualifier, advised.reference, *sides, "", "", *numbers)
    if advised.amount is not None:
        yield ("AMT", "TT", number_text(advised.amount))
    for error in advised.errors:
        first, *others = writing.pieces(error.text, "TED02", TEXT_LENGTH) or [""]
        yield ("TED", error.code, first, error.segment, number_text(error.position), "", "", error.bad_value)
        for piece in others:
            yield ("NTE", "", piece)


class _Reading:
    def __init__(self, values: ElementReader) -> None:
        self._values = values
        self._text_length = values.piece_length("TED02", TEXT_LENGTH)
        self._documents: list[AdvisedDocument] = []
        self._oti: Segment | None = None
        self._amount: Decimal | None = None
        self._errors: list[tuple[Segment, list[str]]] = []

    def advice(self) -> ApplicationAdvice:
        values = self._values
        parties = PartyLoop()
        bgn: Segment | None = None
        for segment in values.segments:
            id_ = segment[0]
            if id_ == "OTI":
                self._close()
                self._oti = segment
            elif self._oti is not None:
                self._take(id_, segment)
            elif id_ == "BGN":
                bgn = bgn or segment
            elif id_ == "N1":
                parties.start(segment)
            else:
                parties.add(segment)
        self._close()
        if bgn is None:
            values.missing_segment("BGN")
        bgn = bgn or ("BGN",)
        return ApplicationAdvice(
            number=text(bgn, 2),
            date=values.wanted_date(bgn, 3),
            documents=tuple(self._documents),
            purpose=text(bgn, 1),
            time=values.time(bgn, 4),
            parties=parties.parties(),
        )

    def _take(self, id_: str, segment: Segment) -> None:
        if id_ == "AMT" and self._amount is None:
            self._amount = self._values.number(segment, 2)
        elif id_ == "TED":
            self._errors.append((segment, [segment[2].rstrip() if len(segment) > 2 else ""]))
        elif id_ == "NTE" and self._errors and len(segment) > 2:
            self._errors[-1][1].append(segment[2].rstrip())

    def _close(self) -> None:
        if (oti := self._oti) is None:
            return
        self._oti = None
        values = self._values
        errors = tuple(
            AdviceError(
                code=text(ted, 1),
                text=joined(pieces, self._text_length).strip(),
                segment=text(ted, 3),
                position=values.integer(ted, 4),
                bad_value=text(ted, 7),
            )
            for ted, pieces in self._errors
        )
        advised = AdvisedDocument(
            verdict=text(oti, 1),
            reference_qualifier=text(oti, 2),
            reference=text(oti, 3),
            set_id=text(oti, 10),
            group_control_number=text(oti, 8),
            set_control_number=text(oti, 9),
            group_sender=text(oti, 4),
            group_receiver=text(oti, 5),
            amount=self._amount,
            errors=errors,
        )
        self._documents.append(advised)
        self._amount, self._errors = None, []
