"""Order status reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.order_status import ItemStatus, OrderStatus, ReportedLine, ReportedOrder, StatusQuantity
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text, time_text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.hierarchy import Level, LevelNumbers, levels_of
from mlconn_pipelines.x12.line_loop import LineLoop
from mlconn_pipelines.x12.line_segments import carrier_of, item_fields, item_segment, unit_of
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing

_OF_A_STATUS = frozenset(("PID", "QTY"))
_OF_A_LINES_STATUS = frozenset(
    ("PID", "QTY", "DTM", "N1", "N2", "N3", "N4", "TD1", "TD3", "TD4", "TD5", "REF", "SAC", "LM", "LQ")
)


def parse(values: ElementReader) -> OrderStatus:
    """The report, whatever its levels are: each PO1 belongs to the nearest order (a level with a PRF, or `O`) above it.

    Lines without one form an order without a number. Sub-lines, packaging and pieces of a line (SLN, PKG, LX) are passed over.
    """
    levels = levels_of(values.segments)
    heading = _Heading(values, apart=("BSR",))
    for segment in values.segments[: levels[0].index if levels else None]:
        heading.add(segment)
    orders: dict[int, _Order] = {}
    for level in levels:
        if level.code == "O" or any(segment[0] == "PRF" for segment in level.segments):
            orders[level.index] = _Order()
        own = next((place for place in (level.index, *(above.index for above in level.ancestors())) if place in orders), -1)
        if own >= 0 or any(segment[0] == "PO1" for segment in level.segments):
            _read_level(level, orders.setdefault(own, _Order()), own == level.index, values)
    bsr = next(iter(heading.kept_apart), None)
    if bsr is None:
        values.missing_segment("BSR")
        bsr = ("BSR",)
    return OrderStatus(
        number=text(bsr, 3),
        date=values.wanted_date(bsr, 4),
        orders=tuple(_finished(order, values) for order in orders.values()),
        kind=text(bsr, 1),
        scope=text(bsr, 2),
        time=values.time(bsr, 7),
        inquiry=text(bsr, 8),
        **heading.fields(OrderStatus),
    )


def render(document: OrderStatus, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE, as orders and, below each, one level a line. CTT01 counts the HL segments."""
    about = (document.kind, document.scope, document.number, date_text(document.date))
    segments: list[OutSegment] = [("BSR", *about, "", "", time_text(document.time), document.inquiry)]
    segments += field_segments(document, writing, "TD5 DTM REF N1")
    levels = LevelNumbers()
    for order in document.orders:
        opened = levels.start("O", None)
        segments += [opened, *_order_segments(order, writing)]
        for line in order.lines:
            segments += [levels.start("I", opened), *_line_segments(line, writing)]
    return [*segments, ("CTT", str(levels.count))]


def _order_segments(order: ReportedOrder, writing: Writing) -> Iterator[OutSegment]:
    if order.order_number or order.release or order.order_date:
        yield ("PRF", order.order_number, order.release, "", date_text(order.order_date))
    yield from _status_segments(order.statuses, writing)
    yield from field_segments(order, writing, "PER DTM REF N1")


def _line_segments(line: ReportedLine, writing: Writing) -> Iterator[OutSegment]:
    yield from field_segments(line, writing, "DTM REF")
    yield item_segment("PO1", line, writing)
    yield from field_segments(line, writing, "PID")
    yield from _status_segments(line.statuses, writing)


def _status_segments(statuses: Sequence[ItemStatus], writing: Writing) -> Iterator[OutSegment]:
    for status in statuses:
        yield ("ISR", status.code, date_text(status.date), status.reason)
        yield from field_segments(status, writing, "PID")
        for stated in status.quantities:
            yield ("QTY", stated.kind, number_text(stated.quantity), stated.unit)
        yield from field_segments(status, writing, "DTM TD5 REF")


@dataclass(slots=True, eq=False)
class _Order:
    prf: Segment = ()
    statuses: tuple[ItemStatus, ...] = ()
    in_heading: Mapping[str, Any] = field(default_factory=dict)
    lines: list[ReportedLine] = field(default_factory=list)


class _StatusLoop(LineLoop):
    """ISR and what belongs to it. members: ids of what may, of a whole order or of a line."""

    def __init__(self, values: ElementReader, members: frozenset[str]) -> None:
        super().__init__(values)
        self._members = members
        self._done: list[ItemStatus] = []

    def start(self, segment: Segment) -> None:
        super().start(segment)
        self.quantities: list[StatusQuantity] = []
        self.carriers: list[Carrier] = []

    def takes(self, segment: Segment) -> bool:
        """Whether it is an ISR or stands below one."""
        id_, values = segment[0], self.values
        if id_ == "ISR":
            self._end()
            self.start(segment)
        elif not self.segment:
            return False
        elif id_ not in self._members:
            self._end()
            return False
        elif id_ == "QTY":
            stated = StatusQuantity(text(segment, 1), values.wanted_number(segment, 2), unit_of(segment, 3, values))
            self.quantities.append(stated)
        elif id_ == "TD5":
            if (carrier := carrier_of(segment)) is not None:
                self.carriers.append(carrier)
        elif id_ in ("PID", "DTM", "REF"):
            self.add(segment)
        return True

    def statuses(self) -> tuple[ItemStatus, ...]:
        """All that were read."""
        self._end()
        return tuple(self._done)

    def _end(self) -> None:
        if isr := self.segment:
            status = ItemStatus(
                code=text(isr, 1),
                date=self.values.date(isr, 2),
                reason=text(isr, 3),
                quantities=tuple(self.quantities),
                carriers=tuple(self.carriers),
                **self.fields(ItemStatus),
            )
            self._done.append(status)
            self.start(())


class _Heading(HeadingLoop):
    """Of the report, or of a level. A DTM that follows a REF is the reference's own."""

    _after_reference = False

    def add(self, segment: Segment) -> None:
        self._after_reference = segment[0] == "REF" or (self._after_reference and segment[0] == "DTM")
        if segment[0] != "DTM" or not self._after_reference:
            super().add(segment)


def _read_level(level: Level, order: _Order, is_order: bool, values: ElementReader) -> None:
    """Adds what a level says: to its order, or where it is a level of items, to each of its lines."""
    places = [place for place, segment in enumerate(level.segments) if segment[0] == "PO1"]
    heading, status = _Heading(values, apart=("PRF",)), _StatusLoop(values, _OF_A_STATUS)
    for segment in level.segments[: places[0] if places else None]:
        if not status.takes(segment):
            heading.add(segment)
    statuses = status.statuses()
    if is_order:
        order.prf, order.statuses = next(iter(heading.kept_apart), ()), statuses
        order.in_heading, statuses = heading.fields(ReportedOrder), ()
    of_lines = {} if is_order else heading.fields(ReportedLine)
    for place, end in pairwise((*places, len(level.segments))):
        order.lines.append(_line_of(level.segments[place:end], statuses, of_lines, values))


def _line_of(
    segments: Sequence[Segment], statuses: tuple[ItemStatus, ...], of_level: Mapping[str, Any], values: ElementReader
) -> ReportedLine:
    """statuses, of_level: what the level of the line says of all its lines."""
    po1, *others = segments
    pieces, status = LineLoop(values), _StatusLoop(values, _OF_A_LINES_STATUS)
    for segment in others:
        if segment[0] == "LX":
            break
        if not status.takes(segment) and segment[0] == "PID":
            pieces.add(segment)
    item = item_fields(po1, values.number(po1, 2), values.number(po1, 4))
    return ReportedLine(**pieces.fields(ReportedLine) | item | dict(of_level), statuses=statuses + status.statuses())


def _finished(order: _Order, values: ElementReader) -> ReportedOrder:
    prf = order.prf
    return ReportedOrder(
        order_number=text(prf, 1),
        lines=tuple(order.lines),
        statuses=order.statuses,
        release=text(prf, 2),
        order_date=values.date(prf, 4),
        **order.in_heading,
    )
