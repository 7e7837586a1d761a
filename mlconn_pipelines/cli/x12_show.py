"""`mlconn x12 show`: an X12 file for people: names of segments, elements and codes, loops indented, findings in their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import FINE, FOUND, tell
from mlconn_pipelines.cli.x12_files import content_of, guide_named, write_page
from mlconn_pipelines.cli.x12_tables import SEVERITIES
from mlconn_pipelines.printable import printable

if TYPE_CHECKING:
    from mlconn_pipelines.x12.describing import DescribedSegment, Description
    from mlconn_pipelines.x12.findings import X12Finding

_STYLES = {"reject": "bold red", "accept_with_error": "yellow", "ignore": "dim"}


def register(group: typer.Typer) -> None:
    group.command("show")(show)


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An X12 file; - is standard input.")],
    partner: Annotated[
        str | None, typer.Option("--partner", metavar="P", help="With findings by this partner's guide too.")
    ] = None,
    config: Config = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page of HTML instead.")] = None,
) -> None:
    """Print a file for people: what each segment, element and code is, and the findings. Exit code 1 when something is wrong."""
    from mlconn_pipelines.x12.describing import describe
    from mlconn_pipelines.x12.findings import status_of

    described = describe(content_of(file), guide_named(partner, config) if partner else None)
    if html is not None:
        write_page(html, _page(str(file), described))
        tell(str(html))
    else:
        _print(described)
    found = [*described.findings, *(f for segment in described.segments for f in segment.findings)]
    raise typer.Exit(FINE if status_of(found) == "A" else FOUND)


def _print(described: Description) -> None:
    from rich.console import Console
    from rich.text import Text

    # Long lines stay whole: a pager, an editor or the terminal folds them better than we do.
    console = Console(soft_wrap=True, highlight=False)
    for words, style in _lines(described):
        console.print(Text(printable(words), style))


def _lines(described: Description) -> Iterator[tuple[str, str]]:
    for finding in described.findings:
        yield _told(finding), _STYLES[finding.severity]
    for segment in described.segments:
        indent = "  " * segment.depth
        yield f"{indent}{segment.id}  {segment.name}", "bold"
        places = max((len(element.place) for element in segment.elements), default=0)
        names = max((len(element.name) for element in segment.elements), default=0)
        for element in segment.elements:
            meaning = f"  ({element.meaning})" if element.meaning else ""
            yield f"{indent}    {element.place:<{places}}  {element.name:<{names}}  {element.value}{meaning}", ""
        if (words := _beside(segment)) is not None:
            yield f"{indent}    ~ {words}", "cyan"
        for finding in segment.findings:
            yield f"{indent}    {_told(finding)}", _STYLES[finding.severity]


def _beside(segment: DescribedSegment) -> str | None:
    """What becomes of what no field of the document holds, by our own rules."""
    if segment.beside is None:
        return None
    from mlconn_pipelines.edi.remainder_rules import becomes

    first = segment.elements[0].value if segment.elements and segment.elements[0].place.startswith(f"{segment.id}01") else ""
    which = ", ".join(f"{segment.id}{element:02d}" for element in segment.beside) or segment.id
    return f"no field of the document holds {which}: {becomes(segment.set_id, segment.id, first)}"


def _told(finding: X12Finding) -> str:
    code = f" ({finding.acknowledgment})" if finding.acknowledgment else ""
    return f"! {SEVERITIES[finding.severity]}: {finding.message}{code}"


def _page(title: str, described: Description) -> str:
    from mlconn_pipelines.cli.html_page import page, paragraph, table

    rows: list[tuple[tuple[str, ...], str, int]] = []
    for segment in described.segments:
        rows.append(((segment.id, segment.name, "", "", str(segment.line)), "segment", segment.depth))
        for element in segment.elements:
            rows.append(((element.place, element.name, element.value, element.meaning, ""), "", segment.depth + 1))
        if (words := _beside(segment)) is not None:
            rows.append((("", words, "", "", str(segment.line)), "", segment.depth + 1))
        for finding in segment.findings:
            rows.append((("", _told(finding), "", "", str(finding.line)), finding.severity, segment.depth + 1))
    return page(
        title,
        [
            *(paragraph(_told(finding), finding.severity) for finding in described.findings),
            table(("place", "name", "value", "meaning", "line"), rows),
        ],
    )
