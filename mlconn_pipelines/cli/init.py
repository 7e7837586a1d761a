"""`mlconn init DIR`: a first configuration with explanations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("init")(init)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    erp: Annotated[
        str,
        typer.Option("--erp", metavar="KIND", help="Our side: sap_business_one, business_central or finance_operations."),
    ] = "sap_business_one",
) -> None:
    """Write a commented configuration: one integration in preview mode with its trading partners."""
    import datetime as dt

    from mlconn_pipelines.config.starting import write_starter

    for path in write_starter(folder, dt.date.today(), erp):
        print(path)
    print(
        f"Edit these files and say: mlconn check --files-only --config {folder}\n"
        f"Then start the database (mlconn db start --config {folder}), store the passwords "
        f"(mlconn credentials set NAME --config {folder}), and let every system be asked: mlconn check --config {folder}"
    )
