"""`mlconn sandbox up`: the simulated systems, for trying things out."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Simulated ERPs, Cleo and trading partners, on this machine only.")
    group.command("up")(up)
    group.callback()(_group)
    app.add_typer(group, name="sandbox")


def _group() -> None:
    """Keeps `up` a command of its own: typer would make a group of one command that command."""


def up(
    systems: Annotated[
        str,
        typer.Option(
            "--systems",
            metavar="NAMES",
            help="With commas between: sap_business_one, business_central, finance_operations, salesforce.",
        ),
    ] = "sap_business_one",
    port_base: Annotated[
        int | None,
        typer.Option(
            "--port-base", min=1, max=65_000, metavar="N", help="First of the ports, three for each ERP; free ones if left out."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same data.")] = 1,
    documents: Annotated[
        int, typer.Option("--documents", min=0, metavar="N", help="How many documents each ERP has at the start.")
    ] = 500,
    rate_limit: Annotated[
        float | None,
        typer.Option("--rate-limit", min=0.1, metavar="R", help="Requests a second and path; no limit if left out."),
    ] = None,
    activity: Annotated[
        float | None,
        typer.Option("--activity", min=0.1, metavar="N", help="New documents a minute in each ERP; none if left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON instead.")] = False,
) -> None:
    """Start the simulated systems, print their endpoints, and serve until Ctrl-C."""
    from mlconn_simulators.program import main

    arguments = [f"--systems={systems}", f"--seed={seed}", f"--documents={documents}"]
    arguments += [f"--port-base={port_base}"] if port_base is not None else []
    arguments += [f"--rate-limit={rate_limit}"] if rate_limit is not None else []
    arguments += [f"--activity={activity}"] if activity is not None else []
    arguments += ["--json"] if as_json else []
    raise typer.Exit(main(arguments))
