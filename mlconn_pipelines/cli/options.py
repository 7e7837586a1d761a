"""Options that several commands share, each said once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconn_pipelines.cli.output import say

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="DIR", help="Configuration folder; MLCONN_CONFIG or ./config if left out."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output instead of a table.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit.")]


def formerly(app: typer.Typer, former: str, now: str, command: Callable[..., Any]) -> None:
    """A command's former name, taken for one release: it says the new one and is left out of the help. now: as it is typed today."""

    @wraps(command)
    def under_former_name(*arguments: Any, **options: Any) -> Any:
        say(f"`mlconn {now}` is its name now; the former one goes with the next release.")
        return command(*arguments, **options)

    app.command(former, hidden=True)(under_former_name)
