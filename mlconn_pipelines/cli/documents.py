"""`mlconn documents`: lists, and the history of one document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconn_pipelines.cli import tracing
from mlconn_pipelines.cli.explain import cures_in_words, cures_of
from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import print_bytes, print_json, print_table, say, tell
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.printable import printable_values

COLUMNS = (
    "id",
    "flow",
    "set",
    "number",
    "date",
    "partner",
    "state",
    "amount",
    "currency",
    "changed",
    "code",
    "cured by",
    "reason",
)


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Documents in the ledger.")
    group.command("list")(list_)
    group.command("show")(show)
    tracing.register(group)
    app.add_typer(group, name="documents")


def list_(
    integration: Annotated[str, typer.Option("--integration", "-i", metavar="NAME", help="Of one integration.")] = "",
    flow: Annotated[str, typer.Option("--flow", metavar="F", help="x12_810, x12_850, x12_856, vendors or inbound.")] = "",
    state: Annotated[
        str,
        typer.Option(
            "--state", metavar="STATE", help="Such as on_hold or outcome_unknown; `exception` for all that a person should see."
        ),
    ] = "",
    partner: Annotated[str, typer.Option("--partner", metavar="NAME", help="Short name of the trading partner.")] = "",
    number: Annotated[
        str, typer.Option("--number", metavar="TEXT", help="Business number, key in the ERP, or control numbers.")
    ] = "",
    date: Annotated[datetime | None, typer.Option("--date", metavar="D", formats=["%Y-%m-%d"], help="Dated that day.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", metavar="D", formats=["%Y-%m-%d"], help="Dated that day or later.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", metavar="D", formats=["%Y-%m-%d"], help="Dated that day or earlier.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="How many at most.")] = 200,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Documents, newest first, by state, partner, number or date."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.ledger.document_history import find_documents

    first, last = date or since, date or until
    with stores_for(config) as stores:
        rows = find_documents(
            stores.engine,
            integration=integration,
            flow=flow,
            state=_known(state),
            partner=partner,
            number=number,
            date_from=first.date() if first else None,
            date_to=last.date() if last else None,
            limit=limit,
        )
    codes = [row["exception_code"] or row["reason_code"] for row in rows]
    if as_json:
        print_json(_with_states_before([row | {"cures": cures_of(code)} for row, code in zip(rows, codes, strict=True)]))
        return
    print_table(
        COLUMNS,
        (
            (
                row["id"],
                row["flow"],
                row["set_id"],
                row["business_number"],
                row["document_date"],
                row["partner"],
                row["state"] + (" (preview)" if row["preview"] else ""),
                row["amount"],
                row["currency"],
                row["changed_at"],
                code,
                cures_in_words(code),
                row["reason"] or row["exception"],
            )
            for row, code in zip(rows, codes, strict=True)
        ),
        empty="no such documents",
    )
    if len(rows) == limit:
        say(f"These are the newest {limit}; --limit shows more.")


def show(
    document: Annotated[str, typer.Argument(metavar="DOC", help="Document id, as `documents list` shows it.")],
    content: Annotated[
        bool, typer.Option("--content", help="The bytes of its last attempt instead, as they were sent.")
    ] = False,
    journal: Annotated[
        bool, typer.Option("--journal", help="With the journal entry that it made, for which the ERP is asked.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show a document's history."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.cli.document_report import paragraphs
    from mlconn_pipelines.ledger.document_history import content_of, story

    with stores_for(config) as stores:
        told = story(stores.engine, document)
        sent = content_of(stores.engine, document) if content or journal else None
    if told is None:
        raise ConfigurationError(f"there is no document {document!r}", "`mlconn documents list --number NUMBER` shows the ids.")
    if journal:
        told = {**told, "journal": _journal_of(told, sent, config)}
    if content:
        if sent is None:
            raise ConfigurationError(f"document {document} has not been sent, so no file exists yet")
        print_bytes(sent)
    elif as_json:
        print_json(_with_states_before(told))
    else:
        tell("\n\n".join(paragraphs(printable_values(told))))


def _journal_of(story: Mapping[str, Any], content: bytes | None, config: Path | None) -> Mapping[str, Any] | None:
    """The journal entry of the record that the document is of, or that it became; None where there is none.

    content: of its last attempt.
    """
    from mlconn_pipelines.cli.acting import pipeline_for
    from mlconn_pipelines.flows.journals import journal_entries, journal_entry_of_created

    row = story["document"]
    with pipeline_for(row["integration"], config) as pipeline:
        entry = None
        if row["direction"] == "inbound":
            for claim in story["claims"]:
                if claim["state"] == "done" and claim["correlation_reference"]:
                    reference = claim["correlation_reference"]
                    payload = json.loads(content, parse_float=Decimal) if content else None
                    entry = journal_entry_of_created(pipeline.system, claim["entity"], reference, payload)
        elif (declared := pipeline.mapping.outbound.sets.get(row["flow"])) is not None:
            key = row["source_key"]
            entry = journal_entries(pipeline.system, declared.entity, [key]).get(key)
    return asdict(entry) if entry else None


def _with_states_before(value: Any) -> Any:
    """For one release every `state` has its former word beside it, as `state_before`."""
    from mlconn_pipelines.documents.lifecycle import former_state_word

    if isinstance(value, list):
        return [_with_states_before(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    before = {"state_before": former_state_word(value["state"])} if "state" in value else {}
    return {name: _with_states_before(one) if name in _OF_A_STORY else one for name, one in value.items()} | before


_OF_A_STORY = ("document", "revisions", "claims", "acknowledgments", "linked")


def _known(state: str) -> str:
    from mlconn_pipelines.documents.lifecycle import State, state_word

    known = [*(one.value for one in State), "exception"]
    if state and state_word(state) not in known:
        raise ConfigurationError(f"{state!r} is no state of a document", f"States are {', '.join(known)}.")
    return state_word(state)
