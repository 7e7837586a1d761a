"""Asset checks of a flow: what stands out and needs a person, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from mlconn_pipelines.defs.metadata import AMOUNTS, BROKEN_BY, REASONS, RULE, UNREAD_KEYS, WATERMARK, WATERMARK_MOVED_AT
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.freshness import freshness
from mlconn_pipelines.flows.sync.collecting import late_rows
from mlconn_pipelines.flows.sync.comparing import last_agreement
from mlconn_pipelines.flows.sync.route import Collects, SyncRoute
from mlconn_pipelines.printable import printable, printable_values
from mlconn_pipelines.wiring.sync.opening import AnyPipeline

SET_ASIDE, OVERDUE, UNKNOWN, AGREE, FRESH = (
    "nothing_set_aside",
    "no_overdue_acknowledgments",
    "no_unknown_outcomes",
    "rows_agree",
    "watermark_fresh",
)
RULES = {
    SET_ASIDE: "No document is on hold.",
    OVERDUE: "Every 997 came in time.",
    UNKNOWN: "Every delivery and every post has a known outcome.",
    AGREE: "Every record shows what was last written to it, by count and by amounts; looked at once a day.",
    FRESH: "What changed in the ERP was read within the time that `schedules.fresh_within_s` gives.",
}
SEVERITY = {
    SET_ASIDE: dg.AssetCheckSeverity.WARN,
    OVERDUE: dg.AssetCheckSeverity.WARN,
    UNKNOWN: dg.AssetCheckSeverity.ERROR,
    AGREE: dg.AssetCheckSeverity.WARN,
    FRESH: dg.AssetCheckSeverity.WARN,
}
"""What may be lost, delivered twice or counted wrong is an error; what waits is a warning."""
LAST_IN_ITS_RUN = {"dagster/priority": "-10"}
"""Tags of the evaluating step: it hangs on the flow's first assets only, since a folder that got nothing would skip it, and
runs when no other step is left."""
REASONS_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found. count: how many break its rule. words: which, and what a person does about it, or that all is well."""

    asset: dg.AssetKey
    check: str
    passed: bool
    count: int
    words: str
    metadata: dict[str, dg.MetadataValue] = field(default_factory=dict)

    @property
    def description(self) -> str:
        return printable(self.words if self.passed else f"{self.words.rstrip('.')}. Rule: {RULES[self.check]}")

    def result(self) -> dg.AssetCheckResult:
        """For a run that evaluates the check."""
        return dg.AssetCheckResult(asset_key=self.asset, check_name=self.check, passed=self.passed, **self._shown())

    def evaluation(self) -> dg.AssetCheckEvaluation:
        """For a sensor that evaluates it without a run."""
        return dg.AssetCheckEvaluation(asset_key=self.asset, check_name=self.check, passed=self.passed, **self._shown())

    def _shown(self) -> dict[str, Any]:
        ruled = ruled_by(RULES[self.check], self.count)
        return {"severity": SEVERITY[self.check], "description": self.description, "metadata": {**ruled, **self.metadata}}


def ruled_by(rule: str, broken_by: int) -> dict[str, dg.MetadataValue]:
    """What every check shows: its rule, and how many break it."""
    return {RULE: dg.MetadataValue.text(rule), BROKEN_BY: dg.MetadataValue.int(broken_by)}


@dataclass(frozen=True, slots=True)
class FlowChecks:
    """A flow's checks and where they stand in the asset graph. records: None for a flow that reads no ERP records.

    acknowledged: partners answer its documents. of_rows: its records are rows that are kept in step. sets: assets of single sets
    within the flow, with checks of their own for their part of its documents.
    """

    flow: str
    documents: dg.AssetKey
    records: dg.AssetKey | None = None
    acknowledged: bool = True
    of_rows: bool = False
    sets: Mapping[dg.AssetKey, str] = field(default_factory=dict)

    def specs(self) -> list[dg.AssetCheckSpec]:
        names = [(SET_ASIDE, self.documents), (UNKNOWN, self.documents)]
        if self.records is not None:  # our answers to what arrives are not acknowledged, and the inbox has no watermark
            names += [(OVERDUE, self.documents)] if self.acknowledged else []
            names += [(AGREE, self.documents)] if self.of_rows else []
            names += [(FRESH, self.records)]
        names += [(SET_ASIDE, asset) for asset in self.sets]
        names += [(UNKNOWN, asset) for asset, set_id in self.sets.items() if TRANSACTION_SETS[set_id].is_posted]
        return [dg.AssetCheckSpec(name, asset=asset, description=RULES[name]) for name, asset in names]

    def of_documents(self) -> list[dg.AssetCheckKey]:
        """The checks of the documents asset, without those of records, which ask the ERP."""
        return [spec.key for spec in self.specs() if spec.asset_key == self.documents]

    def outcomes(self, pipeline: AnyPipeline, only: Collection[dg.AssetCheckKey] | None = None) -> Iterator[Outcome]:
        """How the flow stands now, over all partitions. only: which of its checks are wanted, all where not given."""
        found = {SET_ASIDE: self._hold, UNKNOWN: self._unknown, OVERDUE: self._overdue, AGREE: self._agree, FRESH: self._fresh}
        for spec in self.specs():
            if only is None or spec.key in only:
                yield found[spec.name](pipeline, spec.asset_key)

    def _hold(self, pipeline: AnyPipeline, asset: dg.AssetKey) -> Outcome:
        reasons = pipeline.engine.reports.reasons(pipeline.name, self.flow, **self._within(asset))
        waiting = sum(reason.count for reason in reasons)
        rows: list[dict[str, Any]] = [
            {"reason": reason.code, "documents": reason.count, "example": reason.example_id, "in words": reason.example}
            for reason in reasons[:REASONS_SHOWN_MAX]
        ]
        named = ", ".join(f"{reason.count} {reason.code}" for reason in reasons[:3])
        words = f"{waiting} document{'' if waiting == 1 else 's'} on hold ({named}): `mlconn documents list --state on_hold`"
        return _counted(asset, SET_ASIDE, waiting, words, rows)

    def _unknown(self, pipeline: AnyPipeline, asset: dg.AssetKey) -> Outcome:
        totals = pipeline.engine.reports.totals(pipeline.name, self.flow, **self._within(asset))
        count = totals.get(State.OUTCOME_UNKNOWN, 0)
        words = f"{count} without an answer: `mlconn recover` looks again; else look there, then `release` or `resend`"
        return _counted(asset, UNKNOWN, count, words)

    def _within(self, asset: dg.AssetKey) -> dict[str, Any]:
        return {"set_id": self.sets[asset], "direction": "inbound"} if asset in self.sets else {}

    def _overdue(self, pipeline: AnyPipeline, asset: dg.AssetKey) -> Outcome:
        count = pipeline.engine.reports.acknowledgment_counts(pipeline.name, self.flow).overdue
        return _counted(asset, OVERDUE, count, f"{count} documents were not acknowledged in time; ask the partner")

    def _agree(self, pipeline: AnyPipeline, asset: dg.AssetKey) -> Outcome:
        route = pipeline.route(self.flow)
        found = last_agreement(route) if isinstance(route, SyncRoute) else None
        if found is None:
            return Outcome(asset, AGREE, True, 0, "Nothing was compared yet: that is done once a day.")
        amounts = [{"field": name, "written": found.written[name], "shown": found.shown[name]} for name in found.written]
        words = (
            f"{found.differing} of {found.rows} records showed something else than was written to them, and {found.gone} were not found "
            "by their code any more; both were written again, or are on hold. Nobody else may write these fields"
        )
        return _counted(asset, AGREE, found.differing + found.gone, words, amounts, AMOUNTS)

    def _fresh(self, pipeline: AnyPipeline, asset: dg.AssetKey) -> Outcome:
        """By a question of its own: the newest records of the ERP are known, and the watermark lies behind the clock."""
        if pipeline.engine.preview:
            return Outcome(asset, FRESH, True, 0, "Preview reads and moves no watermark.")
        route, within = pipeline.route(self.flow), dt.timedelta(seconds=pipeline.settings.schedules.fresh_within_s)
        try:
            if isinstance(route, SyncRoute) and isinstance(route.act, Collects):
                late = late_rows(route, route.act, within)
                return Outcome(asset, FRESH, not late, int(bool(late)), late or RULES[FRESH])
            found = freshness(route, within)
        except ConnectorError as trouble:
            return Outcome(asset, FRESH, False, 0, f"The ERP could not be read: {trouble}")
        metadata: dict[str, dg.MetadataValue] = {}
        if found.moved_at is not None:
            metadata[WATERMARK_MOVED_AT] = dg.MetadataValue.timestamp(found.moved_at)
            metadata[WATERMARK] = dg.MetadataValue.text(printable(found.watermark or ""))
        if found.lies_ahead:
            words = (
                f"the watermark {found.watermark} lies ahead of the clock, which shows {found.clock} there: nothing newer is read "
                "before the next run, which puts it back"
            )
            return Outcome(asset, FRESH, False, 1, words, metadata)
        if not found.unread:
            words = RULES[FRESH] if found.moved_lately else "Nothing changed in the ERP that was not read."
            return Outcome(asset, FRESH, True, 0, words, metadata)
        metadata[UNREAD_KEYS] = dg.MetadataValue.json(printable_values([stamp.key for stamp in found.unread]))
        since = f"{found.moved_at:%Y-%m-%d %H:%M} UTC" if found.moved_at else "the beginning"
        words = (
            f"{len(found.unread)} or more of the newest changes in the ERP wait to be read, the oldest of {found.unread[0].stamp}; "
            f"the watermark stands at {found.watermark or 'nothing'} since {since}: see the sensor and the last runs. The nightly "
            "comparison reads what a poll missed"
        )
        return Outcome(asset, FRESH, False, len(found.unread), words, metadata)


def _counted(
    asset: dg.AssetKey, name: str, count: int, words: str, rows: Iterable[dict[str, Any]] = (), table: str = REASONS
) -> Outcome:
    records = [dg.TableRecord(printable_values(row)) for row in rows]
    metadata: dict[str, dg.MetadataValue] = {table: dg.MetadataValue.table(records)} if records else {}
    return Outcome(asset, name, not count, count, words if count else RULES[name], metadata)
