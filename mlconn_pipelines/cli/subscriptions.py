"""`mlconn subscriptions`: what the ERP tells the gateway of, and making sure that it does."""

from __future__ import annotations

from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, say, tell

Named = Annotated[str, typer.Argument(metavar="INTEGRATION", help="Name of the integration.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Subscriptions to the notifications of Business Central.")
    group.command("list")(list_)
    group.command("repair")(repair)
    app.add_typer(group, name="subscriptions")


def list_(integration: Named, config: Config = None, as_json: Json = False) -> None:
    """Those that call our gateway, and those that are missing; exit code 1 when one is."""
    from mlconn_pipelines.cli.acting import pipeline_for
    from mlconn_pipelines.flows.subscribing import our_subscriptions, wanted_entities

    with pipeline_for(integration, config) as pipeline:
        wanted = wanted_entities(pipeline.subscribing, pipeline.routes())
        there = our_subscriptions(pipeline.subscribing)
    rows: list[dict[str, object]] = [
        {"entity": one.entity, "flow": wanted.get(one.entity, ""), "state": "active", "expires": one.expires_at, "id": one.id}
        for one in there
    ]
    missing = [entity for entity in wanted if entity not in {one.entity for one in there}]
    rows += [{"entity": entity, "flow": wanted[entity], "state": "missing", "expires": None, "id": ""} for entity in missing]
    if as_json:
        print_json(rows)
    else:
        columns = ("entity", "flow", "state", "expires", "id")
        print_table(columns, (row.values() for row in rows), empty="no flow reads what can be subscribed to")
    raise typer.Exit(FOUND if missing else FINE)


def repair(integration: Named, config: Config = None, as_json: Json = False) -> None:
    """Make what is missing, renew what ends soon, remove what no flow needs; as the schedule does every hour."""

    from mlconn_pipelines.cli.acting import pipeline_for
    from mlconn_pipelines.flows.subscribing import repair_subscriptions

    with pipeline_for(integration, config) as pipeline:
        if pipeline.engine.preview:
            say(f"{integration} is in preview, which leaves nothing behind in the ERP; subscriptions come with mode: live.")
        done = repair_subscriptions(pipeline.engine, pipeline.subscribing, pipeline.routes())
    if as_json:
        named = ("made", "renewed", "removed", "kept", "waiting", "problems")
        print_json({name: getattr(done, name) for name in named})
    else:
        tell(done.words())
        for problem in done.problems:
            say(problem)
    raise typer.Exit(FOUND if done.problems else FINE)
