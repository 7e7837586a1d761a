"""`mlconn init DIR`: a first configuration with explanations, and sample partners."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli.output import FINE, tell


def register(app: typer.Typer) -> None:
    app.command("init")(init)


def init(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A new or empty folder.")] = None,
    erp: Annotated[
        str,
        typer.Option(
            "--erp", metavar="KIND", help="Our side: sap_business_one, business_central, finance_operations or sage_100."
        ),
    ] = "sap_business_one",
    beside: Annotated[
        str, typer.Option("--with", metavar="SYSTEM", help="Bring our records into step with this system: salesforce.")
    ] = "",
    samples: Annotated[
        list[str] | None,
        typer.Option("--sample", metavar="NAME", help="Also this sample partner; may be given several times. See --samples."),
    ] = None,
    list_samples: Annotated[bool, typer.Option("--samples", help="List the sample partners and end.")] = False,
) -> None:
    """Write a commented configuration: one integration in preview mode, its trading partners, and samples that were named.

    With --with, an integration between the records of two systems, which has no trading partners.

    A folder that has an integration already gets the sample partners alone.
    """
    import datetime as dt

    from mlconn_pipelines.config.samples import sample_partners
    from mlconn_pipelines.config.starting import write_starter

    if list_samples:
        for name, what in sample_partners().items():
            tell(f"{name}: {what}")
        raise typer.Exit(FINE)
    if folder is None:
        raise typer.BadParameter("Name a new or empty folder: mlconn init DIR", param_hint="DIR")
    written = write_starter(folder, dt.date.today(), erp, samples=samples or (), beside=beside)
    for path in written:
        tell(str(path))
    if all(path.parent != folder for path in written):
        tell(
            f"Edit these files, add {', '.join(samples or ())} to `partners` of the integration, "
            f"and run: mlconn check --files-only --config {folder}"
        )
        return
    tell(
        f"Edit these files and run: mlconn check --files-only --config {folder}\n"
        f"Then start the database (mlconn db start --config {folder}), store the passwords "
        f"(mlconn credentials set NAME --config {folder}), and let every system be asked: mlconn check --config {folder}"
    )
