"""`mlconn x12 guide`: what a partner wants of a set beside the standard, and how two partners differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, tell
from mlconn_pipelines.cli.x12_files import guide_named, write_page
from mlconn_pipelines.documents.transaction_sets import set_name
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.x12.guide import PartnerGuide
    from mlconn_pipelines.x12.guide_table import GuideElement, GuideSegment

_COLUMNS = ("place", "name", "standard", "the partner's guide", "codes")
_CODES_IN_TERMINAL = 8

PartnerArgument = "A trading partner of the configuration, or a partner file (partners/acme.yaml)."


def register(group: typer.Typer) -> None:
    guide = typer.Typer(no_args_is_help=True, help="Partner guides: shown beside the standard, and compared.")
    guide.command("show")(show)
    guide.command("diff")(diff)
    group.add_typer(guide, name="guide")


def show(
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help=PartnerArgument)],
    set_id: Annotated[str, typer.Argument(metavar="SET", help="A transaction set, such as 810.")],
    everything: Annotated[
        bool, typer.Option("--all", help="All segments and elements of the standard, not only those in question.")
    ] = False,
    on: Annotated[
        dt.datetime | None, typer.Option("--on", metavar="DATE", formats=["%Y-%m-%d"], help="Rules as they hold on that day.")
    ] = None,
    config: Config = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page of HTML instead.")] = None,
    as_json: Json = False,
) -> None:
    """Print a partner's guide of one set: segments in order, loops indented, elements, and codes with what they mean."""
    from mlconn_pipelines.x12.grammar.loading import available, release_of
    from mlconn_pipelines.x12.guide_table import guide_table

    guide = guide_named(partner, config)
    release_name = release_of(guide.version)
    rules = guide.on(set_id, on.date() if on else None).rules(set_id)
    segments = guide_table(rules, set_id, release_name, everything=everything)
    if segments is None:
        known = available().get(release_name)
        hint = f"There is one for {', '.join(sorted(known))}." if known else f"Known releases: {', '.join(available())}."
        raise ConfigurationError(f"there is no grammar for {set_id} in {guide.version}", hint)
    title = f"{guide.partner}: {set_id} {set_name(set_id)}, {guide.version}"
    if as_json:
        print_json({**_about(guide, set_id), "segments": list(map(_segment_json, segments))})
    elif html is not None:
        write_page(html, _page(title, guide, set_id, segments))
        tell(str(html))
    else:
        print_table(_COLUMNS, [row for segment in segments for row in _rows(segment)], title=title, several_lines=True)
        for note in _notes(guide, set_id):
            tell(note)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=PartnerArgument)],
    after: Annotated[str, typer.Argument(metavar="B", help="Another, or the same partner's other file.")],
    set_id: Annotated[str, typer.Argument(metavar="[SET]", help="Only this transaction set.")] = "",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What differs between two partners' guides, or between two files. Exit code 1 when something does."""
    from mlconn_pipelines.x12.guide_comparing import guide_differences

    one, other = guide_named(before, config), guide_named(after, config)
    found = guide_differences(one, other, set_id)
    if as_json:
        print_json([{"set": d.set_id, "about": d.about, "before": d.before, "after": d.after} for d in found])
    else:
        rows = ((d.set_id or "all", d.about, d.before or "–", d.after or "–") for d in found)
        columns = ("set", "about", before, after)
        print_table(columns, rows, empty="no differences")
    raise typer.Exit(FOUND if found else FINE)


def _about(guide: PartnerGuide, set_id: str) -> dict[str, object]:
    return {
        "partner": guide.partner,
        "set": set_id,
        "version": guide.version,
        "product_id_qualifiers": list(guide.qualifiers(set_id)),
        "acknowledgment_within_h": guide.acknowledgment_hours(set_id),
        "severities": dict(guide.severities),
        "dated": [{"valid_from": dated.valid_from, "valid_until": dated.valid_until} for dated in guide.rules(set_id).dated],
    }


def _notes(guide: PartnerGuide, set_id: str) -> list[str]:
    hours = guide.acknowledgment_hours(set_id)
    notes = [
        f"product ids: {', '.join(guide.qualifiers(set_id))}",
        "no 997 is expected" if hours is None else f"a 997 is expected within {hours:g} h",
    ]
    for dated in guide.rules(set_id).dated:
        days = f"from {dated.valid_from or 'the beginning'} until {dated.valid_until or 'further notice'}"
        notes.append(f"other rules hold {days}: --on DATE shows them")
    notes += [f"finding {code}: {severity}" for code, severity in guide.severities.items()]
    return notes


def _rows(segment: GuideSegment) -> list[tuple[str, ...]]:
    indent = "  " * segment.depth
    rows: list[tuple[str, ...]] = [(indent + segment.id, segment.name, _standard(segment), "\n".join(segment.rules), "")]
    rows += [
        (f"{indent}  {e.place}", e.name, _element_standard(e), "\n".join(e.rules), _codes(e, _CODES_IN_TERMINAL))
        for e in segment.elements
    ]
    return rows


def _standard(segment: GuideSegment) -> str:
    times = "" if segment.repeats_max == 1 else f", {segment.repeats_max or 'any'} times"
    return f"{segment.usage}{times}" + (", loop" if segment.is_loop else "")


def _element_standard(element: GuideElement) -> str:
    if element.length_min is None:
        return f"{element.usage} {element.type}"
    lengths = (
        f"{element.length_min}" if element.length_min == element.length_max else f"{element.length_min}-{element.length_max}"
    )
    return f"{element.usage} {element.type} {lengths}"


def _codes(element: GuideElement, most: int) -> str:
    lines = [f"{code.code} {code.meaning}".rstrip() for code in element.codes[:most]]
    if element.codes_count > len(lines):
        lines.append(f"… {element.codes_count} in all")
    return "\n".join(lines)


def _page(title: str, guide: PartnerGuide, set_id: str, segments: Sequence[GuideSegment]) -> str:
    from mlconn_pipelines.cli.html_page import page, paragraph, table

    rows: list[tuple[tuple[str, ...], str, int]] = []
    for segment in segments:
        cells = (segment.id, segment.name, _standard(segment), "\n".join(segment.rules), "")
        rows.append((cells, "segment", segment.depth))
        rows += [
            ((e.place, e.name, _element_standard(e), "\n".join(e.rules), _codes(e, len(e.codes))), "", segment.depth + 1)
            for e in segment.elements
        ]
    return page(title, [*map(paragraph, _notes(guide, set_id)), table(_COLUMNS, rows)])


def _segment_json(segment: GuideSegment) -> dict[str, object]:
    return {
        "depth": segment.depth,
        "segment": segment.id,
        "name": segment.name,
        "usage": segment.usage,
        "repeats_max": segment.repeats_max,
        "loop": segment.is_loop,
        "rules": list(segment.rules),
        "elements": [
            {
                "place": e.place,
                "element": e.element,
                "name": e.name,
                "type": e.type,
                "length_min": e.length_min,
                "length_max": e.length_max,
                "usage": e.usage,
                "rules": list(e.rules),
                "codes": [{"code": code.code, "meaning": code.meaning} for code in e.codes],
                "codes_count": e.codes_count,
            }
            for e in segment.elements
        ],
    }
