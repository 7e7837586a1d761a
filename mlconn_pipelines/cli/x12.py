"""`mlconn x12 check`: X12 files against the standard and, where a partner is named, their guide. Needs no database."""

from __future__ import annotations

import mmap
import stat
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.x12.guide import PartnerGuide

VERDICTS = {"A": "accepted", "E": "accepted with errors", "R": "rejected", "X": "not checked, its grammar is not known"}
SETS_SHOWN_MAX = 500
"""Of a file with more sets than this, only those are shown that are not simply accepted."""
SECOND_OPINION_MAX = 4_000_000
"""Bytes; the second reader takes a second for each, and all of the file into memory."""
SEVERITIES = {"reject": "rejected", "accept_with_error": "accepted with error", "ignore": "noted"}


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="X12 files.")
    group.command("check")(check)
    group.callback()(_group)
    app.add_typer(group, name="x12")


def _group() -> None:
    """Keeps `check` a command of its own: typer would make a group of one command that command."""


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="X12 files; - is standard input.")],
    partner: Annotated[
        str | None, typer.Option("--partner", metavar="P", help="Also by this trading partner's guide, from the configuration.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Check whole files: envelope, counts, grammar, codes, and what a 997 would say of each set. Exit code 1 when something is wrong."""
    from mlconn_pipelines.x12.check import check_file
    from mlconn_pipelines.x12.second_opinion import ask

    guide = _guide(partner, config) if partner else None
    found = False
    described: list[dict[str, Any]] = []
    for file in files:
        content = _content(file)
        report = check_file(content, guide)
        found = found or not report.is_clean
        opinion = ask(content[:]) if len(content) <= SECOND_OPINION_MAX else None
        described.append({**report.as_json(str(file)), "second_opinion": opinion})
        if not as_json:
            _show(described[-1])
    if as_json:
        print_json(described)
    raise typer.Exit(FOUND if found else FINE)


def _guide(partner: str, config: Path | None) -> PartnerGuide:
    from mlconn_pipelines.cli.acting import configuration_for
    from mlconn_pipelines.config.guides import guide_of

    configuration = configuration_for(config)
    if partner not in configuration.partners:
        raise ConfigurationError(f"there is no trading partner {partner!r}", f"There are: {', '.join(configuration.partners)}.")
    return guide_of(configuration.partners[partner])


def _content(file: Path) -> bytes | mmap.mmap:
    """A file is mapped, so that a large one is not held in memory; what is no file is read."""
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        with file.open("rb") as opened:
            about = file.stat()
            if not stat.S_ISREG(about.st_mode) or about.st_size == 0:
                return opened.read()
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as wrong:
        raise ConfigurationError(f"{file} cannot be read ({wrong.strerror})", "Name a file that is there.") from None


def _show(report: dict[str, Any]) -> None:
    sets = report["transaction_sets"]
    print(f"{report['file']}: {report['interchanges']} interchanges, {report['groups']} groups, {len(sets)} transaction sets")
    shown = sets
    if len(sets) > SETS_SHOWN_MAX:
        for status, count in Counter(s["status"] for s in sets).items():
            print(f"{VERDICTS.get(status, status)}: {count} transaction sets")
        shown = [s for s in sets if s["status"] != "A"][:SETS_SHOWN_MAX]
    if shown:
        print_table(
            ("set", "version", "control number", "segments", "a 997 would say"),
            (
                (s["type"], s["version"], s["control_number"], s["segments"], VERDICTS.get(s["status"], s["status"]))
                for s in shown
            ),
        )
    for finding in report["findings"]:
        # The segment's own number within its set is what the 997 says; the line is what an editor shows.
        segment = f", segment {finding['segment']}" if finding["segment"] is not None else ""
        place = (
            f" {finding['segment_id']}{finding['element']:02d}" if finding["element"] else f" {finding['segment_id']}".rstrip()
        )
        severity = SEVERITIES.get(finding["severity"], finding["severity"])
        code = f" ({finding['acknowledgment']})" if finding["acknowledgment"] else ""
        print(f"line {finding['line']}, byte {finding['offset']}{segment}{place}: {severity}: {finding['message']}{code}")
    for complaint in report["second_opinion"] or ():
        print(f"a second reader says: {complaint}")
    if not report["findings"] and sets:
        print("nothing is wrong with it")
