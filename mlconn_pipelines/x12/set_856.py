"""Ship notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mlconn_pipelines.documents.line import DateReference, Reference
from mlconn_pipelines.documents.ship_notice import Package, ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.hierarchy import Level, levels_of
from mlconn_pipelines.x12.line_segments import (
    PID_LENGTH,
    date_of,
    date_segments,
    description_segments,
    product_ids_of,
    reference_of,
    reference_segments,
)
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.party_segments import PartyReading, party_segments
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing, piece_length
from mlconn_pipelines.x12.values import Values, date_text, number_text, text, time_text


def parse(values: Values, guide: PartnerGuide | None = None) -> ShipNotice:
    """The shipment, whatever the order of its levels: each item belongs to the nearest order and package above it.

    Items without an order above them form an order with the number that their PRF or product ids (`PO`) give, or none.
    """
    return _Reading(values, guide).notice()


def render(document: ShipNotice, guide: PartnerGuide, clean: Callable[[str], str] = str) -> list[OutSegment]:
    """The segments between ST and SE, as shipment, orders, packages, items. CTT01 counts the HL segments."""
    writing = Writing(guide, "856", clean)
    bsn = ("BSN", document.purpose, document.number, date_text(document.date), time_text(document.time), document.structure)
    tree = _Tree()
    shipment = tree.opens("S", None)
    segments: list[OutSegment] = [bsn, shipment, *_shipment_segments(document, writing)]
    for order in document.orders:
        opened = tree.opens("O", shipment)
        segments += [opened, *_order_segments(order, writing)]
        for line in order.lines:
            segments += [tree.opens("I", opened), *_line_segments(line, writing)]
        for package in order.packages:
            packed = tree.opens(package.level, opened)
            segments.append(packed)
            if package.sscc:
                segments.append(("MAN", "GM", package.sscc))
            for line in package.lines:
                segments += [tree.opens("I", packed), *_line_segments(line, writing)]
    return [*segments, ("CTT", str(tree.count))]


class _Tree:
    """Numbers the levels from 1."""

    def __init__(self) -> None:
        self.count = 0

    def opens(self, code: str, parent: OutSegment | None) -> OutSegment:
        self.count += 1
        return ("HL", str(self.count), "" if parent is None else parent[1], code)


def _shipment_segments(document: ShipNotice, writing: Writing) -> Iterator[OutSegment]:
    if document.package_count is not None or document.weight is not None:
        form = "CTN" if document.package_count is not None else ""
        weight = ("G", number_text(document.weight), document.weight_unit) if document.weight is not None else ()
        yield ("TD1", form, number_text(document.package_count), "", "", "", *weight)
    if document.carrier:
        yield ("TD5", "", "2", document.carrier)
    if document.bill_of_lading:
        yield ("REF", "BM", document.bill_of_lading)
    if document.tracking_number:
        yield ("REF", "CN", document.tracking_number)
    yield from reference_segments(document.references, writing)
    yield from date_segments(document.dates)
    yield from party_segments(document.parties, writing)


def _order_segments(order: ShippedOrder, writing: Writing) -> Iterator[OutSegment]:
    if order.order_number or order.order_date:
        yield ("PRF", order.order_number, "", "", date_text(order.order_date))
    yield from reference_segments(order.references, writing)


def _line_segments(line: ShippedLine, writing: Writing) -> Iterator[OutSegment]:
    yield ("LIN", line.number, *writing.product_pairs(line.product_ids))
    ordered = () if line.ordered_quantity is None else ("", number_text(line.ordered_quantity), line.unit)
    yield ("SN1", "", number_text(line.quantity), line.unit, *ordered)
    yield from description_segments(line.description, writing)


@dataclass(slots=True, eq=False)
class _Package:
    sscc: str
    level: str
    lines: list[ShippedLine] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Order:
    number: str = ""
    date: dt.date | None = None
    references: list[Reference] = field(default_factory=list)
    lines: list[ShippedLine] = field(default_factory=list)
    packages: dict[int, _Package] = field(default_factory=dict)


class _Reading:
    def __init__(self, values: Values, guide: PartnerGuide | None) -> None:
        self._values = values
        self._description_length = piece_length(guide, "856", "PID05", PID_LENGTH)
        self._orders: list[_Order] = []
        self._order_of_level: dict[int, _Order] = {}
        self._order_of_number: dict[str, _Order] = {}

    def notice(self) -> ShipNotice:
        values = self._values
        levels = levels_of(values.segments)
        bsn = next((segment for segment in values.segments if segment[0] == "BSN"), None)
        if bsn is None:
            values.missing_segment("BSN")
        bsn = bsn or ("BSN",)
        time = values.time(bsn, 4)
        if time is None and not text(bsn, 4):
            values.missing(bsn, 4, "a time HHMM")
        first = levels[0].index if levels else len(values.segments)
        heading = [segment for segment in values.segments[:first] if segment[0] == "DTM"]
        shipment = heading + [segment for level in levels if level.code == "S" for segment in level.segments]
        for level in levels:
            if level.code == "O":
                self._open_order(level)
        for level in levels:
            if level.code == "I" or (level.code not in ("O", "T", "P") and any(s[0] == "SN1" for s in level.segments)):
                self._take_item(level)
        self._take_empty_packages(levels)
        return self._made(bsn, time or dt.time(), shipment)

    def _made(self, bsn: Segment, time: dt.time, shipment: Sequence[Segment]) -> ShipNotice:
        values = self._values
        parties = PartyReading()
        references: list[Reference] = []
        dates: list[DateReference] = []
        td1: Segment = ("TD1",)
        carrier = ""
        for segment in shipment:
            id_ = segment[0]
            if id_ == "N1":
                parties.opens(segment)
            elif parties.takes(segment):
                continue
            elif id_ == "TD1" and len(td1) == 1:
                td1 = segment
            elif id_ == "TD5" and text(segment, 2) == "2":
                carrier = carrier or text(segment, 3)
            elif id_ == "REF":
                references.append(reference_of(segment))
            elif id_ == "DTM" and (date := date_of(segment, values)) is not None:
                dates.append(date)
        named: dict[str, str] = {}
        for qualifier in ("BM", "CN"):
            found = next((r for r in references if r.qualifier == qualifier and not r.description), None)
            if found is not None:
                references.remove(found)
                named[qualifier] = found.id
        return ShipNotice(
            number=text(bsn, 2),
            date=values.wanted_date(bsn, 3),
            time=time,
            orders=tuple(map(_finished, self._orders)),
            purpose=text(bsn, 1),
            structure=text(bsn, 5),
            carrier=carrier,
            tracking_number=named.get("CN", ""),
            bill_of_lading=named.get("BM", ""),
            package_count=values.integer(td1, 2),
            weight=values.number(td1, 7),
            weight_unit=text(td1, 8),
            parties=parties.parties(),
            references=tuple(references),
            dates=tuple(dates),
        )

    def _open_order(self, level: Level) -> None:
        order = _Order()
        in_party = False
        for segment in level.segments:
            if segment[0] == "PRF" and not order.number:
                order.number, order.date = text(segment, 1), self._values.date(segment, 4)
            elif segment[0] == "N1":
                in_party = True
            elif segment[0] == "REF" and not in_party:
                order.references.append(reference_of(segment))
        self._orders.append(order)
        self._order_of_level[level.index] = order

    def _take_item(self, level: Level) -> None:
        line, named = self._line(level)
        order = next((self._order_of_level[a.index] for a in level.ancestors() if a.code == "O"), None)
        if order is None:
            order = self._order_named(named)
        package = next((a for a in level.ancestors() if a.code in ("T", "P")), None)
        if package is None:
            order.lines.append(line)
        else:
            order.packages.setdefault(package.index, _package(package)).lines.append(line)

    def _order_named(self, number: str) -> _Order:
        if number not in self._order_of_number:
            self._order_of_number[number] = _Order(number)
            self._orders.append(self._order_of_number[number])
        return self._order_of_number[number]

    def _take_empty_packages(self, levels: Sequence[Level]) -> None:
        """Packages that hold nothing are kept, where an order is above them."""
        parents = {level.parent.index for level in levels if level.parent is not None}
        for level in levels:
            if level.code in ("T", "P") and level.index not in parents:
                order = next((self._order_of_level[a.index] for a in level.ancestors() if a.code == "O"), None)
                if order is not None:
                    order.packages[level.index] = _package(level)

    def _line(self, level: Level) -> tuple[ShippedLine, str]:
        """The line, and the order number that it names itself."""
        values = self._values
        lin: Segment = ("LIN",)
        sn1: Segment | None = None
        pieces: list[str] = []
        named = ""
        for segment in level.segments:
            id_ = segment[0]
            if id_ == "LIN" and len(lin) == 1:
                lin = segment
            elif id_ == "SN1":
                sn1 = sn1 or segment
            elif id_ == "PID" and len(segment) > 5:
                pieces.append(segment[5].rstrip())
            elif id_ == "PRF":
                named = named or text(segment, 1)
        if sn1 is None:
            values.missing_segment("SN1")
        sn1 = sn1 or ("SN1",)
        ids = product_ids_of(lin, 2)
        named = named or next((product.id for product in ids if product.qualifier == "PO"), "")
        line = ShippedLine(
            number=text(lin, 1),
            quantity=values.wanted_number(sn1, 2),
            unit=text(sn1, 3),
            product_ids=ids,
            description=joined(pieces, self._description_length),
            ordered_quantity=values.number(sn1, 5),
        )
        return line, named


def _package(level: Level) -> _Package:
    marks = [segment for segment in level.segments if segment[0] == "MAN"]
    mark = next((m for m in marks if text(m, 1) == "GM"), None)
    number = text(mark, 2) if mark else ""
    return _Package(number[2:] if len(number) == 20 and number.startswith("00") else number, level.code)


def _finished(order: _Order) -> ShippedOrder:
    return ShippedOrder(
        order_number=order.number,
        lines=tuple(order.lines),
        packages=tuple(Package(p.sscc, tuple(p.lines), p.level) for _, p in sorted(order.packages.items())),
        order_date=order.date,
        references=tuple(order.references),
    )
