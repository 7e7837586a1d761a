"""How `mlconn x12 check` tells people about a file: one line for the file, a table for what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.cli.output import print_table, tell

VERDICTS = {"A": "accepted", "E": "accepted with errors", "R": "rejected", "X": "not checked, no grammar"}
SEVERITIES = {"reject": "rejected", "accept_with_error": "accepted, errors noted", "ignore": "warning"}


def show_report(report: Mapping[str, Any]) -> None:
    """The line, then the findings, the second reader's among them."""
    tell(line_of(report))
    rows = [
        (
            finding["line"],
            finding["offset"],
            finding["segment"],
            place_of(finding),
            SEVERITIES.get(finding["severity"], finding["severity"]),
            finding["message"],
            finding["acknowledgment"],
        )
        for finding in report["findings"]
    ]
    rows += [(None, None, None, "", "a second reader", complaint, "") for complaint in report["second_opinion"] or ()]
    if silent := report.get("second_opinion_not_asked"):
        tell(f"  The second reader (pyx12) says nothing: {silent}.")
    if rows:
        print_table(("line", "byte", "segment", "position", "verdict", "finding", "997 code"), rows)


def line_of(report: Mapping[str, Any]) -> str:
    """`orders.edi: rejected; 1 interchange, 1 group, 2 transaction sets: 850 1 accepted, 1 rejected`."""
    sets = report["transaction_sets"]
    severities = {finding["severity"] for finding in report["findings"]}
    statuses = {one["status"] for one in sets}  # of very many findings not all are in the report
    if "reject" in severities or "R" in statuses:
        verdict = VERDICTS["R"]
    elif sets and all(one["status"] == "X" for one in sets):
        verdict = VERDICTS["X"]
    elif "accept_with_error" in severities or "E" in statuses:
        verdict = VERDICTS["E"]
    else:
        verdict = VERDICTS["A"]
    counts = f"{_count(report['interchanges'], 'interchange')}, {_count(report['groups'], 'group')}, "
    counts += _count(len(sets), "transaction set")
    if len(sets) == 1:
        (one,) = sets
        return (
            f"{report['file']}: {verdict}; {counts}: {_title(one)}, number {one['control_number']}, {one['segments']} segments"
        )
    kinds = Counter((_title(one), VERDICTS.get(one["status"], one["status"])) for one in sets)
    each = ", ".join(f"{count} {title} {said}" for (title, said), count in kinds.items())
    return f"{report['file']}: {verdict}; {counts}" + (f": {each}" if each else "")


def place_of(finding: Mapping[str, Any]) -> str:
    """`PO102` or `PO1`, empty above the segments."""
    element = f"{finding['element']:02d}" if finding["element"] else ""
    component = f"-{finding['component']}" if finding["component"] else ""
    return f"{finding['segment_id']}{element}{component}"


def _title(one: Mapping[str, Any]) -> str:
    return f"{one['type']} {one['version']}".strip()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
