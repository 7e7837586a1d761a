"""`mlconn partner`: what is known of a trading partner by what it has sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, say, tell
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.config.loading import Configuration
    from mlconn_pipelines.flows.coverage import Coverage
    from mlconn_pipelines.flows.tracing.sent_coverage import CoveredField
    from mlconn_pipelines.ports.partner import Partner

_ORIGINALS_AT_ONCE = 50


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="What is known of a trading partner by what it has sent.")
    group.command("coverage")(coverage_of)
    app.add_typer(group, name="partner")


def coverage_of(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The trading partner, as its file names it.")],
    files: Annotated[
        list[Path] | None, typer.Option("--file", metavar="FILE", help="X12 files of theirs, instead of what the database has.")
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="What came in the last N days.")] = 90,
    integration: Annotated[
        str, typer.Option("--integration", metavar="I", help="Where several integrations have the partner: which one.")
    ] = "",
    sent: Annotated[
        bool, typer.Option("--sent", help="What was sent to them instead: fields of the ERP's records that were not written.")
    ] = False,
    documents: Annotated[
        int, typer.Option("--documents", metavar="N", min=1, help="With --sent: of each set, the last N.")
    ] = 10,
    everything: Annotated[bool, typer.Option("--all", help="Elements that are read, or fields that are written, too.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show which elements they sent how often, and what becomes of each. Exit code 1 when one of them holds documents."""
    from mlconn_pipelines.cli.acting import configuration_for
    from mlconn_pipelines.cli.x12_files import content_of
    from mlconn_pipelines.flows.coverage import as_rows, coverage

    configuration = configuration_for(config)
    integration, partner = _partner_of(configuration, name, integration)
    if sent:
        if files:
            raise ConfigurationError("--file is not for --sent", "Leave it out: what was sent is in the database.")
        _show_sent(name, _sent(configuration, integration, name, documents, config), everything, as_json)
        return
    contents = map(content_of, files) if files else _originals(integration, configuration, days, config)
    found = coverage(contents, partner)
    rows = [row for row in as_rows(found) if everything or row["what becomes of it"] != "read"]
    if as_json:
        print_json({"partner": name, "integration": integration, "sets": found.sets, "unread": found.unread, "elements": rows})
    else:
        _show(name, found, rows)
    raise typer.Exit(FOUND if any(row["what becomes of it"] == "holds the document" for row in rows) else FINE)


def _show(name: str, found: Coverage, rows: Sequence[Mapping[str, object]]) -> None:
    if not found.sets:
        tell(f"Nothing that {name} sent was found. Give files of theirs with --file, or more days with --days.")
        return
    counts = ", ".join(f"{count} {set_id}" for set_id, count in sorted(found.sets.items()))
    tell(f"{name} sent {counts}.")
    for set_id, count in sorted(found.unread.items()):
        tell(f"{count} {set_id} cannot be read into documents and are left out; `mlconn x12 check` says why.")
    if rows:
        print_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        tell("Every element of theirs is read.")


def _show_sent(name: str, found: Sequence[CoveredField], everything: bool, as_json: bool) -> None:
    rows = [
        {
            "set": row.set_id,
            "field": row.name,
            "documents": row.documents,
            "written to": ", ".join(sorted(row.written_to)) or "nothing",
            "example": row.example,
        }
        for row in found
        if everything or not row.written_to
    ]
    if as_json:
        print_json({"partner": name, "fields": rows})
    elif not found:
        tell(f"Nothing was sent to {name}.")
    elif rows:
        print_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        tell("Every field of the records with a value is written.")


def _sent(configuration: Configuration, integration: str, name: str, count: int, config: Path | None) -> list[CoveredField]:
    """Traced by the configuration in force, the newest documents of each flow."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.documents.lifecycle import State
    from mlconn_pipelines.errors import DocumentRejected
    from mlconn_pipelines.flows.tracing.sent_coverage import sent_coverage
    from mlconn_pipelines.flows.tracing.stored import trace_document
    from mlconn_pipelines.ledger.history import PostgresHistory
    from mlconn_pipelines.wiring.translation import translation_of

    translation = translation_of(configuration, integration)
    traces = []
    with stores_for(config) as stores:
        history = PostgresHistory(stores.engine)
        for flow in translation.mapping.outbound.sets:
            ids = stores.queue.documents(
                integration, flow, tuple(State), partner=name, direction="outbound", due_only=False, with_raw=False
            )
            newest = [row.id for row in ids[-count:]]
            for row in stores.queue.documents(integration, flow, tuple(State), ids=newest, due_only=False) if newest else ():
                try:
                    traces.append(trace_document(translation, history, row))
                except DocumentRejected as reason:
                    say(str(reason))
    return sent_coverage(traces)


def _partner_of(configuration: Configuration, name: str, integration: str) -> tuple[str, Partner]:
    from mlconn_pipelines.wiring.translation import translation_of

    names = [integration] if integration else sorted(configuration.integrations)
    having = {one: partner for one in names if (partner := translation_of(configuration, one).partners.named(name)) is not None}
    if not having:
        where = ", ".join(names) or "any integration"
        raise ConfigurationError(f"there is no trading partner {name!r} in {where}", "Name one that has a file.")
    if len(having) > 1:
        raise ConfigurationError(f"{', '.join(having)} have a partner {name!r}", "Say which one with --integration.")
    return next(iter(having.items()))


def _originals(integration: str, configuration: Configuration, days: int, config: Path | None) -> Iterable[bytes]:
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.ledger.originals import read_only
    from mlconn_pipelines.wiring.past import past_pipeline
    from mlconn_pipelines.wiring.stores import open_stores

    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    with open_stores(settings_for(config), with_vault=False) as stores:
        _, originals, _ = past_pipeline(configuration, integration, read_only(stores.engine))
        ids = originals.original_ids(integration, start, None)
        for first in range(0, len(ids), _ORIGINALS_AT_ONCE):
            yield from (original.content for original in originals.originals(ids[first : first + _ORIGINALS_AT_ONCE]))
