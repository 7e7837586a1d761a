"""`mlconn upgrade --rehearse`: a backup upgraded in a database of its own, and what this release makes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, say, tell
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.flows.backtesting.received_report import ReceivedReport
    from mlconn_pipelines.flows.backtesting.report import BacktestReport


def register(app: typer.Typer) -> None:
    app.command("upgrade")(upgrade)


def upgrade(
    rehearse: Annotated[
        Path, typer.Option("--rehearse", metavar="BACKUP", help="A file that `mlconn db backup` of the release in use wrote.")
    ],
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="How far back documents are compared.")] = 31,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Rehearse an upgrade: restore a backup into a database of its own, upgrade that one, and say what would change.

    The ledger in use is not touched, and nothing is sent or posted. 0: every document comes out as it was, and the audit trail
    is whole. 1: something differs.
    """
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.cli.backtest import received_report, sent_report
    from mlconn_pipelines.config.loading import load_configuration
    from mlconn_pipelines.database.backup import restore
    from mlconn_pipelines.database.databases import scratch_database
    from mlconn_pipelines.ledger.audit import verify
    from mlconn_pipelines.ledger.engine import ledger_engine
    from mlconn_pipelines.ledger.schema import present_version
    from mlconn_pipelines.ledger.schema import upgrade as upgrade_schema
    from mlconn_pipelines.wiring.stores import database_url_of

    if not rehearse.is_file():
        raise ConfigurationError(
            f"there is no file {rehearse}", "Name the file that `mlconn db backup FILE` of the release in use wrote."
        )
    settings = settings_for(config)
    configuration = load_configuration(settings.config)
    for sentence in configuration.told():
        say(sentence)
    first = dt.date.today() - dt.timedelta(days=days)
    with scratch_database(database_url_of(settings)) as url:
        restore({"mlconn": url}, rehearse)
        engine = ledger_engine(url)
        with engine.connect() as connection:
            version = present_version(connection)
        before = verify(engine)
        engine.dispose()
        newest = upgrade_schema(url)
        after = verify(engine)
        engine.dispose()
        there = replace(settings, database_url=url)
        compared = [
            (
                name,
                sent_report(there, configuration, configuration, name, first),
                received_report(there, configuration, name, first),
            )
            for name in configuration.integrations
        ]
    whole = after.ok and before.last_sha256 == after.last_sha256
    rows = [row for name, sent, received in compared for row in _rows(name, sent, received)]
    if as_json:
        print_json({"from": version, "to": newest, "audit_whole": whole, "compared": rows})
    else:
        tell(
            f"Schema {version} is upgraded to {newest}; the audit trail {'is whole' if whole else 'is BROKEN: ' + after.words}."
        )
        print_table(tuple(rows[0]) if rows else (), (row.values() for row in rows), empty="no integration to compare")
        tell("`mlconn backtest INTEGRATION` with the new release says of each what would change, and why.")
    raise typer.Exit(FINE if whole and not any(row["would_change"] or row["would_be_refused"] for row in rows) else FOUND)


def _rows(name: str, sent: BacktestReport, received: ReceivedReport) -> Iterator[dict[str, Any]]:
    yield {
        "integration": name,
        "direction": "sent",
        "documents": sent.documents,
        "would_change": sent.changed,
        "would_be_refused": sent.refused,
        "mostly": next((f"{group.place}: {group.cause}" for group in sent.by_size), ""),
    }
    yield {
        "integration": name,
        "direction": "received",
        "documents": received.documents,
        "would_change": sum(group.documents for group in received.in_order),
        "would_be_refused": sum(group.documents for group in received.in_order if group.today == "refused"),
        "mostly": next((group.meaning for group in received.in_order), ""),
    }
