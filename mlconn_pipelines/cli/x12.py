"""`mlconn x12 check`: X12 files against the standard and, where a partner is named, their guide. Needs no database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli import x12_diff, x12_guide, x12_show, x12_survival
from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import FINE, FOUND, print_json_line
from mlconn_pipelines.cli.x12_files import guide_named, mapped_content_of

SECOND_OPINION_MAX = 4_000_000
"""Bytes; of larger files the second reader is not asked, which would take all of them into memory."""

PartnerOption = Annotated[
    str | None, typer.Option("--partner", metavar="P", help="Also by this trading partner's guide, from the configuration.")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="X12 files and partner guides; needs no database.")
    group.command("check")(check)
    x12_show.register(group)
    x12_diff.register(group)
    x12_guide.register(group)
    x12_survival.register(group)
    app.add_typer(group, name="x12")


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="X12 files; - is standard input.")],
    partner: PartnerOption = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file, each in one line.")] = False,
) -> None:
    """Check whole files: envelope, counts, grammar, codes, and what a 997 would say of each set. Exit code 1 when something is wrong."""
    from mlconn_pipelines.cli.x12_tables import show_report
    from mlconn_pipelines.x12.check import check_file
    from mlconn_pipelines.x12.second_opinion import ask, why_silent

    guide = guide_named(partner, config) if partner else None
    found = False
    for file in files:
        content = mapped_content_of(file)
        report = check_file(content, guide)
        found = found or not report.is_clean
        is_small = len(content) <= SECOND_OPINION_MAX
        opinion = ask(content[:]) if is_small else None
        described = {**report.as_json(str(file)), "second_opinion": opinion}
        if opinion is None:
            silent = why_silent(content[:]) if is_small else f"the file has more than {SECOND_OPINION_MAX:,} bytes"
            described["second_opinion_not_asked"] = silent or "it fell over the file"
        if as_json:
            print_json_line(described)
        else:
            show_report(described)
    raise typer.Exit(FOUND if found else FINE)
