"""Ship notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from mlconn_pipelines.documents.carrier import Carrier
from mlconn_pipelines.documents.line import Reference
from mlconn_pipelines.documents.ship_notice import Package, ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.x12.element_reader import ElementReader, date_text, number_text, text, time_text
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.field_segments import field_segments
from mlconn_pipelines.x12.heading_loop import HeadingLoop
from mlconn_pipelines.x12.hierarchy import Level, LevelNumbers, levels_of
from mlconn_pipelines.x12.line_loop import LineLoop
from mlconn_pipelines.x12.line_segments import carrier_segments, product_ids_of
from mlconn_pipelines.x12.segment_writing import OutSegment, Writing


def parse(values: ElementReader) -> ShipNotice:
    """The shipment, whatever the order of its levels: each item belongs to the nearest order and package above it.

    Items without an order above them form an order with the number that their PRF or product ids (`PO`) give, or none.
    """
    return _Reading(values).notice()


def render(document: ShipNotice, writing: Writing) -> list[OutSegment]:
    """The segments between ST and SE, as shipment, orders, packages, items. CTT01 counts the HL segments."""
    bsn = ("BSN", document.purpose, document.number, date_text(document.date), time_text(document.time), document.structure)
    levels = LevelNumbers()
    shipment = levels.start("S", None)
    segments: list[OutSegment] = [bsn, shipment, *_shipment_segments(document, writing)]
    for order in document.orders:
        opened = levels.start("O", shipment)
        segments += [opened, *_order_segments(order, writing)]
        for line in order.lines:
            segments += [levels.start("I", opened), *_line_segments(line, writing)]
        for tare, packages in groupby(order.packages, key=lambda package: package.tare):
            under = opened
            if tare:
                under = levels.start("T", opened)
                segments += [under, ("MAN", "GM", tare)]
            for package in packages:
                packed = levels.start(package.level, under)
                segments += [packed, *_package_segments(package, writing)]
                for line in package.lines:
                    segments += [levels.start("I", packed), *_line_segments(line, writing)]
    return [*segments, ("CTT", str(levels.count))]


def _shipment_segments(document: ShipNotice, writing: Writing) -> Iterator[OutSegment]:
    if document.package_count is not None or document.weight is not None:
        form = document.packaging if document.package_count is not None else ""
        weight = ("G", number_text(document.weight), document.weight_unit) if document.weight is not None else ()
        yield ("TD1", form, number_text(document.package_count), "", "", "", *weight)
    if document.carrier or document.transport_mode or document.routing:
        carrier = Carrier(document.carrier, document.transport_mode, document.routing)
        yield from carrier_segments((carrier,), writing)
    if document.bill_of_lading:
        yield ("REF", "BM", document.bill_of_lading)
    if document.tracking_number:
        yield ("REF", "CN", document.tracking_number)
    yield from field_segments(document, writing, "REF PER DTM N1")


def _order_segments(order: ShippedOrder, writing: Writing) -> Iterator[OutSegment]:
    if order.order_number or order.order_date:
        yield ("PRF", order.order_number, order.release, "", date_text(order.order_date))
    yield from field_segments(order, writing, "REF DTM N1")


def _package_segments(package: Package, writing: Writing) -> Iterator[OutSegment]:
    yield from field_segments(package, writing, "REF")
    if package.sscc:
        yield ("MAN", "GM", package.sscc)
    if package.carrier_number:
        yield ("MAN", "CP", package.carrier_number)


def _line_segments(line: ShippedLine, writing: Writing) -> Iterator[OutSegment]:
    yield ("LIN", line.number, *writing.product_pairs(line.product_ids))
    ordered = () if line.ordered_quantity is None else ("", number_text(line.ordered_quantity), line.unit)
    yield ("SN1", "", number_text(line.quantity), line.unit, *ordered)
    yield from field_segments(line, writing, "PO4 PID REF DTM")


@dataclass(slots=True, eq=False)
class _Package:
    sscc: str
    level: str
    carrier_number: str
    tare: str
    references: tuple[Reference, ...]
    lines: list[ShippedLine] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Order:
    number: str = ""
    release: str = ""
    date: dt.date | None = None
    in_heading: Mapping[str, Any] = field(default_factory=dict)
    lines: list[ShippedLine] = field(default_factory=list)
    packages: dict[int, _Package] = field(default_factory=dict)


class _Reading:
    def __init__(self, values: ElementReader) -> None:
        self._values = values
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
        heading = self._heading_of(shipment)
        td1 = next((segment for segment in shipment if segment[0] == "TD1"), ("TD1",))
        count = values.integer(td1, 2)
        carriers = heading.carriers
        carrier = next((one for one in carriers if one.qualifier == "2" and one.code), carriers[0] if carriers else Carrier())
        references = heading.references
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
            carrier=carrier.code if carrier.qualifier == "2" else "",
            tracking_number=named.get("CN", ""),
            bill_of_lading=named.get("BM", ""),
            package_count=count,
            weight=values.number(td1, 7),
            weight_unit=text(td1, 8),
            **heading.fields(ShipNotice),
            transport_mode=carrier.mode,
            routing=carrier.routing,
            packaging="CTN" if count is None else text(td1, 1),
        )

    def _heading_of(self, segments: Sequence[Segment]) -> HeadingLoop:
        reading = HeadingLoop(self._values)
        for segment in segments:
            reading.add(segment)
        return reading

    def _open_order(self, level: Level) -> None:
        heading = self._heading_of(level.segments)
        order = _Order(in_heading=heading.fields(ShippedOrder))
        prf = next((segment for segment in level.segments if segment[0] == "PRF" and text(segment, 1)), None) or next(
            (segment for segment in level.segments if segment[0] == "PRF"), ("PRF",)
        )
        order.number, order.release, order.date = text(prf, 1), text(prf, 2), self._values.date(prf, 4)
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
            if package.index not in order.packages:
                order.packages[package.index] = self._package(package)
            order.packages[package.index].lines.append(line)

    def _package(self, level: Level) -> _Package:
        tares = (above for above in level.ancestors() if above.code == "T") if level.code == "P" else iter(())
        tare = next((_mark(above, "GM") for above in tares), "")
        references = tuple(self._heading_of(level.segments).references)
        return _Package(_mark(level, "GM"), level.code, _mark(level, "CP"), tare, references)

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
                    order.packages[level.index] = self._package(level)

    def _line(self, level: Level) -> tuple[ShippedLine, str]:
        """The line, and the order number that it names itself."""
        values = self._values
        lin: Segment = ("LIN",)
        sn1: Segment | None = None
        own = LineLoop(values)
        named = ""
        for segment in level.segments:
            id_ = segment[0]
            if id_ == "LIN" and len(lin) == 1:
                lin = segment
            elif id_ == "SN1":
                sn1 = sn1 or segment
            elif id_ == "PRF":
                named = named or text(segment, 1)
            elif id_ != "SLN":  # sub-lines come before PID and REF here and have neither
                own.add(segment)
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
            ordered_quantity=values.number(sn1, 5),
            **own.fields(ShippedLine),
        )
        return line, named


def _mark(level: Level, kind: str) -> str:
    """The first MAN of a kind; the application identifier before an SSCC is no part of it."""
    marks = (text(segment, 2) for segment in level.segments if segment[0] == "MAN" and text(segment, 1) == kind)
    number = next(marks, "")
    return number[2:] if kind == "GM" and len(number) == 20 and number.startswith("00") else number


def _finished(order: _Order) -> ShippedOrder:
    return ShippedOrder(
        order_number=order.number,
        lines=tuple(order.lines),
        packages=tuple(
            Package(p.sscc, tuple(p.lines), p.level, p.carrier_number, p.tare, p.references)
            for _, p in sorted(order.packages.items())
        ),
        order_date=order.date,
        release=order.release,
        **order.in_heading,
    )
