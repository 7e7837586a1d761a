"""`mlconn documents trace` and `rerender`: where every element came from, and whether the same bytes come out again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FOUND, print_bytes, print_json, print_table, say, tell
from mlconn_pipelines.errors import ConfigurationError, DocumentRejected

if TYPE_CHECKING:
    from mlconn_pipelines.flows.ports.entries import DocumentRow
    from mlconn_pipelines.flows.tracing.chain import Source, Trace, Traced
    from mlconn_pipelines.wiring.sync.opening import AnyPipeline

SEGMENT_SHOWN = 48
"""Characters of a segment's text beside its elements."""

Document = Annotated[str, typer.Argument(metavar="DOC", help="Document id, as `documents list` shows it.")]


def register(group: typer.Typer) -> None:
    """group: of `mlconn documents`."""
    group.command("trace")(trace)
    group.command("rerender")(rerender)


def trace(
    document: Document,
    everything: Annotated[bool, typer.Option("--all", help="Fields and elements that go nowhere, too.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show where each X12 element, or field of the other system, came from and where each field of the record went."""
    from mlconn_pipelines.cli.acting import configuration_for, documents_named, pipeline_of_any_kind, stores_for
    from mlconn_pipelines.flows.tracing.stored import trace_document
    from mlconn_pipelines.ledger.history import PostgresHistory
    from mlconn_pipelines.wiring.translation import translation_of

    configuration = configuration_for(config)
    with stores_for(config) as stores:
        (row,) = documents_named(stores.queue, [document])
        if row.integration in configuration.syncs:
            with pipeline_of_any_kind(row.integration, config) as pipeline:
                _show_sync(pipeline, row, everything, as_json)
            return
        told = trace_document(translation_of(configuration, row.integration), PostgresHistory(stores.engine), row)
    if as_json:
        print_json(_values(told, everything))
        return
    _show(told, everything)
    if told.same_as_stored is False:
        say(
            f"This is how {document} would be rendered now; it was sent otherwise. `mlconn documents rerender {document}` compares."
        )


def _show_sync(pipeline: AnyPipeline, row: DocumentRow, everything: bool, as_json: bool) -> None:
    """Field by field between two systems."""
    from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
    from mlconn_pipelines.flows.sync.tracing import trace_record

    assert isinstance(pipeline, SyncPipeline)
    told = trace_record(pipeline.route(row.flow), row)
    if as_json:
        print_json(_values(told, everything))
        return
    traced = ((one.name, one.value, _origins(one)) for one in told.traced)
    print_table(("field", "value", "came from"), traced, "Fields that are written")
    tell()
    sources = ((one.name, one.value, ", ".join(one.used_in) or "-") for one in told.sources if everything or one.used_in)
    print_table(("field", "value", "went into"), sources, "Fields of the record")


def _values(told: Trace, everything: bool) -> dict[str, Any]:
    values = asdict(told)
    if not everything:
        values["sources"] = [asdict(source) for source in told.sources if source.used_in or source.document]
    return values


def _show(told: Trace, everything: bool) -> None:
    sources = [source for source in told.sources if everything or source.used_in or source.document]
    if told.direction == "outbound":
        print_table(("X12", "element", "value", "document", "came from"), _elements(told), "X12 elements")
        tell()
        columns = ("field", "value", "document", "elements (segment)")
        print_table(columns, map(_source, sources), "Fields of the record", empty="it has no record of the ERP")
        return
    print_table(("X12", "element", "value", "document", "field of the record"), _received(told, sources), "X12 elements")
    tell()
    columns = ("field", "value", "document", "came from (segment)")
    print_table(columns, map(_traced, told.traced), "Fields of the record", empty="none is made of this document")


def _elements(told: Trace) -> Iterator[Sequence[str]]:
    """A line an element; the segment's text stands beside its first."""
    for label, one in zip(_labels(told, told.traced), told.traced, strict=True):
        yield (label, one.name, one.value, ", ".join(one.document), _origins(one))


def _received(told: Trace, sources: Sequence[Source]) -> Iterator[Sequence[str]]:
    for label, one in zip(_labels(told, sources), sources, strict=True):
        yield (label, one.name, one.value, ", ".join(one.document), ", ".join(one.used_in) or "-")


def _labels(told: Trace, elements: Sequence[Traced] | Sequence[Source]) -> Iterator[str]:
    """Number and text of a segment for the first of its elements, nothing for the others; padding and long texts cut short."""
    shown = 0
    for one in elements:
        text = " ".join(told.segments[one.segment - 1].split()) if one.segment != shown else ""
        shown = one.segment
        short = text if len(text) <= SEGMENT_SHOWN else text[: SEGMENT_SHOWN - 1] + "…"
        yield f"{one.segment} {short}" if text else ""


def _source(one: Source) -> Sequence[str]:
    return one.name, one.value, ", ".join(one.document), ", ".join(one.used_in) or "-"


def _traced(one: Traced) -> Sequence[str]:
    return one.name, one.value, ", ".join(one.document), _origins(one)


def _origins(one: Traced) -> str:
    return "; ".join(map(str, one.origins))


def rerender(
    document: Document,
    content: Annotated[bool, typer.Option("--content", help="The bytes as they come out now, and nothing else.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Render a sent document again as it was sent, and compare: 0 the same bytes, 1 others."""
    from mlconn_pipelines.cli.acting import configuration_for, documents_named, stores_for
    from mlconn_pipelines.flows.backtesting.deliveries import delivered_differences
    from mlconn_pipelines.flows.backtesting.rerendering import rerender as render_again
    from mlconn_pipelines.ledger.history import PostgresHistory
    from mlconn_pipelines.wiring.translation import translation_of

    configuration = configuration_for(config)
    with stores_for(config) as stores:
        (row,) = documents_named(stores.queue, [document])
        history = PostgresHistory(stores.engine)
        (sent, *_) = history.sent([row.id]) or (None,)
        if sent is None:
            raise ConfigurationError(
                f"document {document} has not been sent (it is {row.state})", "There is nothing to compare."
            )
        translation = translation_of(configuration, row.integration)
        now = render_again(translation, sent, history.reference_book(row.integration, row.reference_version))
    if now.refusal is not None or now.content is None:
        said = now.refusal.message if now.refusal else "it makes no document any more"
        raise DocumentRejected(
            f"{document} would be refused now: {said}", "It was sent by an earlier configuration or program."
        )
    if content:
        print_bytes(now.content)
        raise typer.Exit(0 if now.content == sent.content else FOUND)
    found = delivered_differences(sent.content, now.content)
    same = sent.content == now.content
    if as_json:
        print_json(
            {"document": row.id, "identical": same, "bytes": len(sent.content), "differences": [asdict(one) for one in found]}
        )
    elif same:
        tell(f"{row.id}: the same {len(sent.content)} bytes as were sent {sent.at:%Y-%m-%d %H:%M:%S %Z}.")
    else:
        rows = ((one.segment, one.place, one.kind, one.before, one.after) for one in found)
        print_table(("segment", "element", "what", "sent", "now"), rows, row.id)
    raise typer.Exit(0 if same else FOUND)
