"""`mlconn x12 survival`: how much of files of others is written again after it was read, a line a set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, tell
from mlconn_pipelines.cli.x12_files import content_of

_LOST_SHOWN = 50


def register(group: typer.Typer) -> None:
    group.command("survival")(survival_of)


def survival_of(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="X12 files, and folders of *.edi, *.x12 and *.txt files.")
    ],
    minimum: Annotated[float, typer.Option(help="Exit code 1 when a set keeps less than so many percent.")] = 99.5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Read files, write what was read again, and compare element by element: what is in fields, what is kept beside them, what is lost."""
    from mlconn_pipelines.x12.survival import survival

    found = survival((str(file), content_of(file)) for file in _files(paths))
    if as_json:
        print_json(
            {
                set_id: {
                    **asdict(one),
                    "remainder": dict(one.remainder),
                    "share": one.share,
                    "share_in_fields": one.share_in_fields,
                }
                for set_id, one in found.items()
            }
        )
    else:
        rows = [
            (
                set_id,
                one.sets,
                one.elements,
                f"{one.share_in_fields:.1%}",
                f"{one.share:.2%}",
                ", ".join(f"{id_} {count}" for id_, count in one.remainder.most_common(8)),
                len(one.passed_over),
            )
            for set_id, one in found.items()
        ]
        print_table(("set", "sets", "elements", "in fields", "written again", "kept beside fields", "passed over"), rows)
        for lost in [line for one in found.values() for line in one.lost][:_LOST_SHOWN]:
            tell(f"lost: {lost}")
    short = any(one.sets and one.share * 100 < minimum for one in found.values())
    raise typer.Exit(FOUND if short else FINE)


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                file for file in path.rglob("*") if file.suffix.lower() in (".edi", ".x12", ".txt") and file.is_file()
            )
        else:
            yield path
