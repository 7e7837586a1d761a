"""`mlconn explain`: what a reason code means, how serious it is, and what cures it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cache
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Json
from mlconn_pipelines.cli.output import print_json, print_table, tell
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.reasons import Cure, Reason, cures_in_order
from mlconn_pipelines.x12.findings import KINDS

NEAR_ONES_MAX = 12
SEVERITIES = {
    "reject": "holds the document or file",
    "accept_with_error": "error, not blocking",
    "ignore": "warning",
}
_IN_X12 = frozenset({Cure.PARTNER, Cure.CONFIGURATION, Cure.RECORD, Cure.REFERENCE_DATA})
"""In a received file the partner's, or that of `x12.severities`; in one of ours the record's, or whatever went into it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """kind: `reason` of a document or file, or `x12` for a finding of the X12 engine. severity: unless a partner file says otherwise.

    acknowledgment: what a 997 or TA1 says of it, empty for reasons. cures: values of `Cure`.
    """

    code: str
    kind: str
    meaning: str
    severity: str
    cures: tuple[Cure, ...]
    acknowledgment: str = ""


def explanations() -> Iterator[Explanation]:
    """Every code that there is, reasons first."""
    for reason in Reason:
        yield Explanation(reason.value, "reason", reason.meaning, reason.severity, tuple(cures_in_order(reason.cures)))
    for code, kind in KINDS.items():
        yield Explanation(code, "x12", kind.meaning, kind.severity, tuple(cures_in_order(_IN_X12)), kind.acknowledgment)


def explanation_of(code: str) -> Explanation | None:
    """The one code's, None where neither the reasons nor the X12 engine know it."""
    return _by_code().get(code)


@cache
def _by_code() -> dict[str, Explanation]:
    return {one.code: one for one in explanations()}


def cures_of(code: str) -> tuple[Cure, ...]:
    """What cures a reason of that code; nothing for one that this release does not know."""
    found = explanation_of(code)
    return found.cures if found else ()


def cures_in_words(code: str) -> str:
    """As lists show it."""
    return ", ".join(cure.words for cure in cures_of(code))


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="A code such as item_unknown; all of them when left out.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="All of them as the page docs/findings.md.")] = False,
    as_json: Json = False,
) -> None:
    """What a reason code means and what cures it."""
    if markdown:
        tell(page(), end="")
    elif not code:
        _print_all(as_json)
    elif (found := explanation_of(code.strip().lower())) is None:
        raise ConfigurationError(f"there is no code {code!r}", _near(code))
    elif as_json:
        print_json(asdict(found))
    else:
        tell("\n".join(_paragraph(found)))


def page() -> str:
    """docs/findings.md."""
    return "\n".join(_page()) + "\n"


def _print_all(as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in explanations()])
        return
    rows = ((one.code, one.severity, [cure.words for cure in one.cures], one.meaning) for one in explanations())
    print_table(("code", "severity", "cured by", "meaning"), rows)


def _paragraph(found: Explanation) -> Iterator[str]:
    in_997 = f"; in an acknowledgment: {found.acknowledgment}" if found.acknowledgment else ""
    yield f"{found.code}: {found.meaning}"
    yield f"Severity: {found.severity} ({SEVERITIES[found.severity]}), unless the partner's `severities` say otherwise{in_997}."
    if found.kind == "x12":
        yield "In a received file it is for the partner to correct; in one of ours the record, or what was made of it, is at fault."
    yield "What cures it:"
    yield from (f"  {cure.words}: {cure.advice}" for cure in found.cures)


def _near(code: str) -> str:
    """Codes of a like spelling, then those that speak of it."""
    known = [one.code for one in explanations()]
    word = code.strip().lower()
    like = get_close_matches(word, known, n=5, cutoff=0.6)
    about = [one.code for one in explanations() if word and (word in one.code or word in one.meaning.lower())]
    near = list(dict.fromkeys([*like, *about]))[:NEAR_ONES_MAX]
    return f"Near ones: {', '.join(near)}." if near else "`mlconn explain` lists all of them."


def _page() -> Iterator[str]:
    yield "# Reason codes and findings"
    yield ""
    yield "Made by `mlconn explain --markdown`; a test holds it to the program. `mlconn explain CODE` prints one of them."
    yield ""
    yield "## What cures a reason"
    yield ""
    yield from _rows(("cure", "what to do"), ((cure.words, cure.advice) for cure in Cure))
    yield ""
    yield "## Reasons of documents and files"
    yield ""
    yield "The severity is what holds unless the place that finds it, or `severities` of the partner file, says otherwise: `reject`"
    yield "holds the document or file, `accept_with_error` and `ignore` are noted on it."
    yield ""
    reasons = [one for one in explanations() if one.kind == "reason"]
    cured = ((f"`{one.code}`", one.severity, ", ".join(cure.words for cure in one.cures), one.meaning) for one in reasons)
    yield from _rows(("code", "severity", "cured by", "meaning"), cured)
    yield ""
    yield "## Findings of the X12 engine"
    yield ""
    yield "In a received file they are for the partner to correct, or made lawful by `x12.severities` of the partner file; in one of ours"
    yield "the record, the reference data or the partner file is at fault, and a correction of any of these brings the document back."
    yield ""
    found = (one for one in explanations() if one.kind == "x12")
    yield from _rows(
        ("code", "severity", "997 or TA1 code", "meaning"),
        ((f"`{one.code}`", one.severity, one.acknowledgment, one.meaning) for one in found),
    )


def _rows(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
