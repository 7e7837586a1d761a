"""The way of a received document: the elements of the set, the canonical document, the record that is created in the ERP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.inbound_850 import order_record
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
from mlconn_pipelines.flows.tracing.influences import How, Outcome, influences
from mlconn_pipelines.flows.tracing.naming import origin
from mlconn_pipelines.flows.tracing.outbound import of_partner
from mlconn_pipelines.flows.tracing.places import Path, leaves, path_text, plain
from mlconn_pipelines.flows.tracing.reference_used import ReferenceUsed
from mlconn_pipelines.ports.mapping import ErpMapping
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.envelope import TransactionSet
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.separators import Separators
from mlconn_pipelines.x12.source import Source as Bytes

_READ = Separators(element="\x1d", component=">", repetition="", segment="\x1c")
"""For segments that are already split: characters that stand in no text."""

Choice = Mapping[Path, Mapping[Path, How]]


def trace_received(
    segments: Sequence[Sequence[str]],
    set_id: str,
    partner: Partner,
    mapping: ErpMapping | None = None,
    book: ReferenceBook | None = None,
    reference: str = "",
) -> Trace:
    """Every element of the set with the document's fields that it decides and, for an order, with those of the ERP's record.

    mapping, book: of the ERP that the order goes to; without them the way ends at the document. reference: ours, as posted.
    ValueError: the set cannot be read into a document.
    """
    ids = [segment[0] for segment in segments]
    elements = {"segments": [list(segment[1:]) for segment in segments]}

    def parsed(given: Mapping[str, Any]) -> Outcome | None:
        document = _document(ids, given["segments"], set_id)
        return None if document is None else Outcome(plain(document))

    document = _document(ids, elements["segments"], set_id)
    if document is None:
        raise ValueError(f"the {set_id} cannot be read into a document; `mlconn documents show` says why")
    found = influences(elements, parsed, column=lambda path: (ids[cast("int", path[1])], path[2]))
    read = chosen_of(found, elements, document)
    traced: tuple[Traced, ...] = ()
    posted: Choice = {}
    inputs: dict[str, Any] = {}
    if isinstance(document, PurchaseOrder) and mapping is not None and book is not None:
        inputs, payload, posted = _created(document, partner, mapping, book, reference)
        traced = tuple(_traced(path, value, posted[path], inputs, read, ids) for path, value in leaves(payload))
    texts = tuple("*".join(segment) for segment in segments)
    return Trace("inbound", set_id, traced, _sources(ids, elements, read, posted), texts)


def _document(ids: Sequence[str], rows: Sequence[Sequence[str]], set_id: str) -> Document | None:
    texts = (_READ.element.join((name, *row)) for name, row in zip(ids, rows, strict=True))
    data = _READ.segment.join((*texts, "")).encode()
    return parse_document(TransactionSet(Bytes(data), 0, len(data), _READ, set_id=set_id, control_number=""))[0]


def _created(
    order: PurchaseOrder, partner: Partner, mapping: ErpMapping, book: ReferenceBook, reference: str
) -> tuple[dict[str, Any], Any, Choice]:
    used = ReferenceUsed(book)
    first = order_record(mapping, order, partner, used.recording, reference)
    inputs = {"document": order, "partner": partner, "reference": used.tables, "correlation_reference": reference}
    if first.payload is None:
        return inputs, {}, {}

    def created(given: Mapping[str, Any]) -> Outcome | None:
        known = used.with_tables(given["reference"])
        done = order_record(mapping, given["document"], given["partner"], known, given["correlation_reference"])
        trouble = sum(one.severity == "reject" for one in done.findings)
        return None if done.payload is None else Outcome(plain(done.payload), trouble)

    found = influences(
        inputs, created, lambda path, value: [*used.like(value), *of_partner(partner, value)], sources=("document",)
    )
    payload = plain(first.payload)
    return inputs, payload, chosen_of(found, inputs, payload)


def _traced(path: Path, value: Any, chosen: Mapping[Path, How], inputs: Any, read: Choice, ids: Sequence[str]) -> Traced:
    told: dict[Origin, None] = {}
    through = {inner: how for inner, how in chosen.items() if inner[0] == "document"}
    for field, how in through.items():
        behind = read.get(field[1:], {})
        told |= {Origin("element", _name(ids, element), "condition" if how == "condition" else way): None
                 for element, way in behind.items()}  # fmt: skip
        if not behind:
            told[Origin("constant", "of the reading")] = None
    others = {inner: how for inner, how in chosen.items() if inner[0] != "document"}
    told |= dict.fromkeys(origins_of(others, inputs, origin))
    fields = tuple(path_text(field[1:]) for field in gathered(through, inputs))
    return Traced(path_text(path), shown(value), fields, tuple(told) or (Origin("constant", "of the mapping"),))


def _sources(ids: Sequence[str], elements: Any, read: Choice, posted: Choice) -> tuple[Source, ...]:
    fields = inverted(read)
    ends = inverted({path: [p[1:] for p in found if p[0] == "document"] for path, found in posted.items()})
    sources = []
    for path, value in leaves(elements):
        through = fields.get(path, [])
        used = dict.fromkeys(path_text(end) for field in through for end in ends.get(field, ()))
        number, element = cast("tuple[int, int]", path[1:])
        name = f"{ids[number]}{element + 1:02d}"
        sources.append(Source(name, value, tuple(used), tuple(map(path_text, through)), number + 1))
    return tuple(sources)


def _name(ids: Sequence[str], path: Path) -> str:
    number, element = cast("tuple[int, int]", path[1:])
    return f"{ids[number]}{element + 1:02d} ({number + 1})"
