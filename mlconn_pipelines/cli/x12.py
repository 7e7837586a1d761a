"""`mlconn x12 check`: X12 files against the standard and, where a partner is named, their guide. Needs no database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    pass


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="X12 files.")
    group.command("check")(check)
    group.callback()(_group)
    app.add_typer(group, name="x12")


def _group() -> None:
    """Keeps `check` a command of its own: typer would make a group of one command that command."""
