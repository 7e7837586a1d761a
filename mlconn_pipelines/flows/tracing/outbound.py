"""The way of a document of ours: the ERP's record, the canonical document, the elements of the interchange."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.entries import ControlNumbers
from mlconn_pipelines.flows.tracing.chain import (
    Origin,
    Source,
    Trace,
    Traced,
    chosen_of,
    gathered,
    inverted,
    origins_of,
    shown,
)
from mlconn_pipelines.flows.tracing.elements import element_at, element_name, row_of, segment_of
from mlconn_pipelines.flows.tracing.influences import How, Outcome, influences
from mlconn_pipelines.flows.tracing.naming import COUNTS, origin
from mlconn_pipelines.flows.tracing.places import Path, leaves, path_text, plain
from mlconn_pipelines.flows.tracing.reference_used import ReferenceUsed
from mlconn_pipelines.ports.mapping import Mapped
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.rendering import render_interchange

_ELEMENT_END, _SEGMENT_END = 3, 105
"""Where an ISA segment shows which separators were chosen for the interchange."""


def trace_rendering(
    document: Document, guide: PartnerGuide, numbers: ControlNumbers, at: dt.datetime, mapped: MappedRecord | None = None
) -> Trace:
    """Every element of the interchange that is rendered, with the document's fields, guide rules and numbers it came from.

    mapped: how the document came out of the record, see `trace_mapping`; without it the way begins at the document.
    """
    inputs = {"document": document, "guide": guide, "numbers": numbers, "at": at}
    base = _rendered(inputs)
    found = influences(inputs, _rendered, partial(_of_guide, guide), sources=("document",))
    chosen = chosen_of(found, inputs, base.result)
    traced = []
    for path, value in leaves(base.result):
        number, place = cast("int", path[0]), path[1:]
        row = base.result[number]
        if element_at(row, place) == 0:
            continue
        name = element_name(row, place)
        told = _origins(name, chosen[path], inputs, mapped)
        fields = gathered({inner: how for inner, how in chosen[path].items() if inner[0] == "document"}, inputs)
        traced.append(Traced(name, value, tuple(path_text(field[1:]) for field in fields), told, number + 1))
    segments = tuple("*".join(segment_of(row)) for row in base.result)
    return Trace("outbound", base.result[2][1], tuple(traced), _sources(base.result, chosen, inputs, mapped), segments)


class MappedRecord:
    """What a mapping made of a record, leaf by leaf of the document."""

    def __init__(self, inputs: Any, document: Document, chosen: Mapping[Path, dict[Path, How]]) -> None:
        self.inputs, self.document, self._chosen = inputs, document, chosen

    def inputs_of(self, field: Path) -> Mapping[Path, How]:
        return self._chosen.get(field, {})


DocumentOf = Callable[[Record, Partner, ReferenceBook], Mapped]
"""What makes a document of a record."""


def trace_mapping(document_of: DocumentOf, record: Record, partner: Partner, book: ReferenceBook) -> MappedRecord:
    """Every field of the document with the record's fields, partner's settings and reference data that it came from.

    ValueError: the record makes no document.
    """
    used = ReferenceUsed(book)
    first = document_of(record, partner, used.recording)
    if first.document is None:
        raise ValueError(first.findings[0].message if first.findings else "the record makes no document")
    inputs = {"record": record, "partner": partner, "reference": used.tables}

    def mapped(given: Mapping[str, Any]) -> Outcome | None:
        known = used.with_tables(given["reference"])
        done = document_of(given["record"], given["partner"], known)
        if done.document is None:
            return None
        return Outcome(plain(done.document), sum(one.severity == "reject" for one in done.findings))

    found = influences(
        inputs, mapped, lambda path, value: [*used.like(value), *of_partner(partner, value)], sources=("record",)
    )
    return MappedRecord(inputs, first.document, chosen_of(found, inputs, first.document))


def of_partner(partner: Partner, value: Any) -> list[Any]:
    """Other keys and values of the partner file's tables that hold this one."""
    found: list[Any] = []
    for table in (partner.units, partner.unit_factors, partner.ship_to, partner.items):
        for side in (list(table), list(table.values())):
            if value in side:
                found += [other for other in side if other != value][:2]
    return found


def _rendered(inputs: Mapping[str, Any]) -> Outcome:
    guide: PartnerGuide = inputs["guide"]
    numbers: ControlNumbers = inputs["numbers"]
    interchange = render_interchange(
        inputs["document"],
        guide,
        interchange_number=numbers.interchange,
        group_number=numbers.group,
        set_number=numbers.transaction_set,
        at=inputs["at"],
    )
    text = interchange.content.decode("utf-8", "replace")
    texts = text.split(text[_SEGMENT_END])
    rows = [row_of(segment.strip("\n").split(text[_ELEMENT_END])) for segment in texts if segment.strip("\n")]
    return Outcome(rows, sum(one.severity == "reject" for one in interchange.findings))


def _of_guide(guide: PartnerGuide, path: Path, value: Any) -> Sequence[Any]:
    """Other product id qualifiers for one that the guide names; every other one would only leave its pair out."""
    qualifiers = {*guide.product_id_qualifiers, *(q for rules in guide.sets.values() for q in rules.product_id_qualifiers)}
    return sorted(qualifiers - {value})[:2] if path[0] == "document" and value in qualifiers else ()


def _origins(name: str, chosen: Mapping[Path, How], inputs: Any, mapped: MappedRecord | None) -> tuple[Origin, ...]:
    if name in COUNTS:
        return (Origin("count", COUNTS[name]),)
    told: dict[Origin, None] = dict.fromkeys(
        origins_of({path: how for path, how in chosen.items() if path[0] != "document"}, inputs, origin)
    )
    through = {path[1:]: how for path, how in chosen.items() if path[0] == "document"}
    if mapped is None:
        told |= dict.fromkeys(origins_of({("document", *path): how for path, how in through.items()}, inputs, origin))
    else:
        behind: dict[Path, How] = {}
        for field, how in through.items():
            found = mapped.inputs_of(field)
            behind |= {path: "sum" if how == "sum" else way for path, way in found.items()}
        told |= dict.fromkeys(origins_of(behind, mapped.inputs, origin))
    return tuple(told) or (Origin("constant", "of the mapping" if through and mapped else ""),)


def _sources(
    rows: Any, chosen: Mapping[Path, Mapping[Path, How]], inputs: Any, mapped: MappedRecord | None
) -> tuple[Source, ...]:
    """The way forth: every leaf of the record with the document's fields and the elements that came from it."""
    if mapped is None:
        return ()
    elements = inverted({path: [p[1:] for p in found if p[0] == "document"] for path, found in chosen.items()})
    fields = inverted({field: mapped.inputs_of(field) for field, _ in leaves(mapped.document)})
    sources = []
    for path, value in leaves(mapped.inputs["record"]):
        through = fields.get(("record", *path), [])
        used = dict.fromkeys(element for field in through for element in elements.get(field, ()))
        names = tuple(_numbered(rows, element) for element in used)
        sources.append(Source(path_text(path), shown(value), names, tuple(map(path_text, through))))
    return tuple(sources)


def _numbered(rows: Any, path: Path) -> str:
    """An element with the number of its segment, since there may be several of one name."""
    number = cast("int", path[0])
    return f"{element_name(rows[number], path[1:])} ({number + 1})"
