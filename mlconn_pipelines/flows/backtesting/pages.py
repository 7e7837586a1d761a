"""A backtest's report for people: Markdown for Dagster, one HTML file for the mail, plain rows for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from mlconn_pipelines.flows.backtesting.report import BacktestReport, Group
from mlconn_pipelines.printable import for_html, for_markdown

FLOWS = ("flow", "currency", "documents", "identical", "different", "refused", "total before", "total after", "difference")
CAUSES = ("what", "where", "cause", "flow", "documents", "partners", "for example")
GROUPS_SHOWN = 200

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em;color:#222}table{border-collapse:collapse;margin:1em 0}"
    "th,td{border:1px solid #ccc;padding:.3em .6em;text-align:left;vertical-align:top}th{background:#f3f3f3}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}code{background:#f6f6f6}"
)


def verdict(report: BacktestReport) -> str:
    """The whole in one sentence."""
    until = f" to {report.last}" if report.last else ""
    days = f"delivered and dated from {report.first}{until}"
    if not report.documents:
        return f"{report.integration} has no documents {days}."
    if not report.differs:
        return f"All {report.documents} documents of {report.integration} {days} come out byte for byte as they were."
    return (
        f"Of {report.documents} documents of {report.integration} {days}, {report.changed} would change, "
        f"{report.refused} would be refused, and {report.identical} come out byte for byte as they were."
    )


def flow_rows(report: BacktestReport) -> Iterator[Sequence[str]]:
    """Rows for FLOWS."""
    for one in report.sums.values():
        counts = (one.documents, one.identical, one.differing, one.refused)
        money = tuple(map(_money, (one.before, one.after, one.difference))) if one.currency else ("", "", "")
        yield (one.flow, one.currency, *map(str, counts), *money)


def cause_rows(report: BacktestReport) -> Iterator[Sequence[str]]:
    """Rows for CAUSES, refusals first, then what most documents have."""
    for group in report.by_size[:GROUPS_SHOWN]:
        partners = ", ".join(sorted(group.partners))
        yield (group.kind, group.place, group.cause, group.flow, str(group.documents), partners, _example(group))


def markdown(report: BacktestReport) -> str:
    """Two tables under one sentence."""
    parts = [verdict(report)]
    if report.documents:
        parts.append(_markdown_table(FLOWS, flow_rows(report)))
    if report.groups:
        parts.append(_markdown_table(CAUSES, cause_rows(report)) + _left_out(report))
    return "\n\n".join(parts)


def html(report: BacktestReport) -> str:
    """A file of its own, without scripts and without anything from elsewhere."""
    title = f"Backtest of {report.integration}"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{for_html(title)}</title><style>{_STYLE}</style></head>',
        f"<body><h1>{for_html(title)}</h1><p>{for_html(verdict(report))}</p>",
        f"<p>Configuration <code>{for_html(report.configuration[:12])}</code>, {report.seconds:.1f} seconds. Nothing was sent.</p>",
        _html_table("Flows", FLOWS, flow_rows(report)) if report.documents else "",
        _html_table("What would differ, and why", CAUSES, cause_rows(report)) if report.groups else "",
        f"<p>{for_html(_left_out(report).strip())}</p>" if _left_out(report) else "",
    ]
    if report.differing:
        named = ", ".join(report.differing)
        more = report.documents - report.identical - len(report.differing)
        parts.append(f"<h2>Documents</h2><p>{for_html(named)}{f' and {more} more' if more else ''}</p>")
    return "\n".join(filter(None, parts)) + "</body></html>\n"


def _example(group: Group) -> str:
    first = group.examples[0]
    if group.kind in ("refused", "finding"):
        return f"{first.number} ({first.document}): {first.after}"
    return f"{first.number} ({first.document}): {first.before or '(nothing)'} → {first.after or '(nothing)'}"


def _left_out(report: BacktestReport) -> str:
    more = len(report.groups) - GROUPS_SHOWN
    return f"\n\n{more} rarer kinds of differences are left out." if more > 0 else ""


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _markdown_table(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(for_markdown, line)) + " |" for line in lines)


def _html_table(title: str, columns: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    head = "".join(f"<th>{for_html(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f'<td class="n">{for_html(cell)}</td>' if _is_number(cell) else f"<td>{for_html(cell)}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )  # fmt: skip
    return f"<h2>{for_html(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _is_number(cell: str) -> bool:
    return bool(cell) and cell.replace(",", "").replace(".", "").removeprefix("-").isdigit()
