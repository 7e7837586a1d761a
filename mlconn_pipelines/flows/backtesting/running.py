"""A backtest: delivered documents one after another, rendered again and compared. It sends nothing and writes nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Sequence

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.backtesting.causes import Causes, Change
from mlconn_pipelines.flows.backtesting.report import BacktestReport
from mlconn_pipelines.flows.backtesting.rerendering import Rerendered, facts_as_sent, rerender
from mlconn_pipelines.flows.ports.history import History, SentDocument
from mlconn_pipelines.flows.translation import Translation
from mlconn_pipelines.reasons import Reason

DOCUMENTS_AT_ONCE = 250
"""Documents held in memory at once, with their records and bytes."""

Progress = Callable[[int, int], None]
"""Documents done, documents in all."""


def backtest(
    translation: Translation,
    history: History,
    first: dt.date,
    last: dt.date | None = None,
    *,
    base: Translation | None = None,
    flows: Collection[str] = (),
    partner: str = "",
    progress: Progress = lambda done, of: None,
) -> BacktestReport:
    """What of the documents delivered and dated in [first, last] would be another one under `translation`'s configuration.

    base: the configuration in force, by which a difference is traced to the setting that makes it; None where that is the same.
    """
    began = time.monotonic()
    if base is not None and base.config_hash == translation.config_hash:
        base = None
    report = BacktestReport(translation.name, first, last, translation.config_hash)
    causes = Causes(translation, base)
    ids = history.sent_ids(translation.name, first, last, flows, partner)
    for start in range(0, len(ids), DOCUMENTS_AT_ONCE):
        for sent in history.sent(ids[start : start + DOCUMENTS_AT_ONCE]):
            book = history.reference_book(translation.name, sent.document.reference_version)
            _compare(translation, sent, book, causes, report)
        progress(min(start + DOCUMENTS_AT_ONCE, len(ids)), len(ids))
    report.seconds = time.monotonic() - began
    return report


def _compare(translation: Translation, sent: SentDocument, book: ReferenceBook, causes: Causes, report: BacktestReport) -> None:
    row = sent.document
    now = rerender(translation, sent, book)
    name = now.partner.name if now.partner else row.partner
    report.add(row, name, _findings(sent, now))
    if now.refusal is not None or now.content is None:
        said = now.refusal.message if now.refusal else ""
        code = now.refusal.code if now.refusal else Reason.REFUSED
        report.count(row, facts_as_sent(row), None, "refused")
        report.add(row, name, [Change("refused", code, "", said, causes.of_refusal(sent, book, now))])
        return
    same = now.content == sent.content and (now.file_name, now.destination) == (sent.file_name, sent.destination)
    if same:
        facts = now.facts or facts_as_sent(row)
        report.count(row, facts, facts, "identical")
    else:
        report.count(row, facts_as_sent(row), now.facts, "differing")
        report.add(row, name, causes.of(sent, book, now))


def _findings(sent: SentDocument, now: Rerendered) -> Sequence[Change]:
    """What the mapping finds now and did not find when it was sent."""
    known = {finding.code for finding in sent.document.findings}
    new = {finding.code: finding.message for finding in now.findings if finding.code not in known}
    return [Change("finding", code, "", message, "new finding") for code, message in new.items()]
