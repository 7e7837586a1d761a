"""Remittance advices."""

from __future__ import annotations

from collections.abc import Iterator

from mlconn_pipelines.documents.line import DateReference, Reference
from mlconn_pipelines.documents.remittance import Adjustment, BankAccount, PaidItem, RemittanceAdvice, RemittanceGroup
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.line_segments import (
    NTE_LENGTH,
    NoteSegments,
    date_of,
    reference_of,
)
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

_OTHER_LOOPS = frozenset(("NM1", "IT1", "SLN", "FA1"))  # within ENT, RMR and ADX; what they hold is passed over
_OTHER_PARTS = frozenset(("TXP", "DED", "LX", "N9", "RYL"))  # after the last ENT: taxes, wages, royalties


def parse(values: ElementReader) -> RemittanceAdvice:
    """The payment and what it settles. Names under ENT, invoice lines, taxes, wages and royalties are passed over."""
    return _Reading(values).advice()


def render(document: RemittanceAdvice, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE."""
    money = (document.handling, number_text(document.amount), document.direction, document.method, document.payment_format)
    payer, payee = map(_account_elements, (document.payer_account, document.payee_account))
    return [
        ("BPR", *money, *payer, document.originator, "", *payee, date_text(document.date)),
        *field_segments(document, writing, "NTE"),
        *([("TRN", document.trace_kind, document.number, document.trace_originator)] if document.number else []),
        *field_segments(document, writing, "CUR*PR REF DTM N1"),
        *(segment for group in document.groups for segment in _group_segments(group, writing)),
    ]


def _account_elements(account: BankAccount) -> tuple[str, str, str, str]:
    return account.bank_qualifier, account.bank, account.account_kind, account.account


def _group_segments(group: RemittanceGroup, writing: Writing) -> Iterator[OutSegment]:
    yield ("ENT", group.number, group.role, group.id_qualifier, group.id)
    for adjustment in group.adjustments:
        yield from _adjustment_segments(adjustment, writing)
    for item in group.items:
        paid, invoiced, discount = map(number_text, (item.paid, item.invoiced, item.discount))
        money = (paid, invoiced, discount, item.adjustment_reason, number_text(item.adjustment))
        yield ("RMR", item.reference_qualifier, item.reference, item.action, *money)
        yield from field_segments(item, writing, "NTE REF DTM")
        for adjustment in item.adjustments:
            yield from _adjustment_segments(adjustment, writing)


def _adjustment_segments(adjustment: Adjustment, writing: Writing) -> Iterator[OutSegment]:
    number = (adjustment.reference_qualifier, adjustment.reference)
    yield ("ADX", number_text(adjustment.amount), adjustment.reason, *number)
    yield from field_segments(adjustment, writing, "NTE")


class _Reading:
    def __init__(self, values: ElementReader) -> None:
        self._values = values
        self._note_length = values.piece_length("NTE02", NTE_LENGTH)
        self._heading = HeadingLoop(values, apart=("TRN",), nte=True)
        self._groups: list[RemittanceGroup] = []
        self._ent: Segment = ()
        self._items: list[PaidItem] = []
        self._group_adjustments: list[Adjustment] = []
        self._rmr: Segment = ()
        self._references: list[Reference] = []
        self._dates: list[DateReference] = []
        self._item_adjustments: list[Adjustment] = []
        self._adx: Segment = ()
        self._notes = NoteSegments(self._note_length)
        self._item_notes: tuple[str, ...] = ()
        self._is_aside = False

    def advice(self) -> RemittanceAdvice:
        values, heading = self._values, self._heading
        bpr: Segment = ()
        for segment in values.segments:
            id_ = segment[0]
            if id_ in _OTHER_PARTS or id_ == "SE":
                break
            if id_ == "ENT":
                self._close_group()
                self._ent, self._is_aside = segment, False
            elif self._ent:
                self._take(id_, segment)
            elif id_ == "BPR":
                bpr = bpr or segment
            else:
                heading.add(segment)
        self._close_group()
        if not bpr:
            values.missing_segment("BPR")
            bpr = ("BPR",)
        trn: Segment = next(iter(heading.kept_apart), ())
        return RemittanceAdvice(
            number=text(trn, 2),
            amount=values.wanted_number(bpr, 2),
            groups=tuple(self._groups),
            date=values.date(bpr, 16),
            handling=text(bpr, 1),
            direction=text(bpr, 3),
            method=text(bpr, 4),
            payment_format=text(bpr, 5),
            payer_account=_account_of(bpr, 6),
            payee_account=_account_of(bpr, 12),
            originator=text(bpr, 10),
            trace_kind=text(trn, 1) or "1",
            trace_originator=text(trn, 3),
            **heading.fields(RemittanceAdvice),
        )

    def _take(self, id_: str, segment: Segment) -> None:
        if id_ == "RMR":
            self._close_item()
            self._rmr, self._is_aside = segment, False
        elif id_ == "ADX":
            self._close_adjustment()
            self._adx, self._is_aside = segment, False
        elif id_ in _OTHER_LOOPS:
            self._close_adjustment()
            self._is_aside = True
        elif self._is_aside:
            return
        elif id_ == "NTE":
            self._notes.add(segment)
        elif self._rmr and not self._adx:
            if id_ == "REF":
                self._references.append(reference_of(segment))
            elif id_ == "DTM" and (date := date_of(segment, self._values)) is not None:
                self._dates.append(date)

    def _close_adjustment(self) -> None:
        """An ADX belongs to the RMR before it, or where there is none yet to the ENT. The notes so far are whose turn it is."""
        notes = self._notes.notes()
        self._notes = NoteSegments(self._note_length)
        if not self._adx:
            self._item_notes += notes
            return
        adx, self._adx = self._adx, ()
        number = (text(adx, 3), text(adx, 4))
        adjustment = Adjustment(self._values.wanted_number(adx, 1), text(adx, 2), *number, notes)
        (self._item_adjustments if self._rmr else self._group_adjustments).append(adjustment)

    def _close_item(self) -> None:
        self._close_adjustment()
        rmr, notes = self._rmr, self._item_notes
        self._rmr, self._item_notes = (), ()
        if not rmr:
            return
        values = self._values
        item = PaidItem(
            reference_qualifier=text(rmr, 1),
            reference=text(rmr, 2),
            paid=values.number(rmr, 4),
            invoiced=values.number(rmr, 5),
            discount=values.number(rmr, 6),
            action=text(rmr, 3),
            adjustment_reason=text(rmr, 7),
            adjustment=values.number(rmr, 8),
            notes=notes,
            references=tuple(self._references),
            dates=tuple(self._dates),
            adjustments=tuple(self._item_adjustments),
        )
        self._items.append(item)
        self._references, self._dates, self._item_adjustments = [], [], []

    def _close_group(self) -> None:
        self._close_item()
        ent = self._ent
        if not ent:
            return
        sides = (text(ent, 1), text(ent, 2), text(ent, 3), text(ent, 4))
        self._groups.append(RemittanceGroup(*sides, tuple(self._items), tuple(self._group_adjustments)))
        self._ent, self._items, self._group_adjustments = (), [], []


def _account_of(bpr: Segment, first: int) -> BankAccount:
    return BankAccount(*(text(bpr, first + i) for i in range(4)))
