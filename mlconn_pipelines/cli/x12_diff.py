"""`mlconn x12 diff`: two X12 files, segment by segment and element by element."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table
from mlconn_pipelines.cli.x12_files import content_of


def register(group: typer.Typer) -> None:
    group.command("diff")(diff)


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="An X12 file; - is standard input.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The file to compare with it.")],
    ignore_envelope: Annotated[
        bool,
        typer.Option("--ignore-envelope", help="Pass over dates, times and control numbers of ISA, GS, ST and their ends."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare two files by segment and element, whatever their line breaks and separators. Exit code 1 when they differ."""
    from mlconn_pipelines.x12.comparing import differences
    from mlconn_pipelines.x12.grammar.naming import name_of

    found = differences(content_of(before), content_of(after), ignore_envelope=ignore_envelope)
    if as_json:
        print_json(
            [
                {
                    "kind": one.kind,
                    "segment_before": one.segment_before,
                    "segment_after": one.segment_after,
                    "segment_id": one.segment_id,
                    "element": one.element,
                    "before": one.before,
                    "after": one.after,
                }
                for one in found
            ]
        )
    else:
        print_table(
            ("segment in A", "in B", "place", "name", "A", "B"),
            (
                (one.segment_before, one.segment_after, one.place, name_of(one.segment_id), one.before, one.after)
                for one in found
            ),
            empty="no differences",
        )
    raise typer.Exit(FOUND if found else FINE)
