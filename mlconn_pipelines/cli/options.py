"""Options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="DIR", help="Configuration folder; MLCONN_CONFIG or ./config if left out."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output instead of a table.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit.")]
