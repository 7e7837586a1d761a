"""Days that were looked at and held nothing, reported as materialized by the nightly job: what is missing was not looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.day_tables import OfDay
from mlconn_pipelines.defs.partitions import DAY, days_of
from mlconn_pipelines.flows.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class QuietDays:
    """folders: what each partner's folder shows of a day. fed_by: the assets upstream of each."""

    integration: EdiIntegration
    folders: Mapping[dg.AssetKey, OfDay]
    fed_by: Mapping[dg.AssetKey, AbstractSet[dg.AssetKey]]

    def report(
        self,
        context: dg.AssetCheckExecutionContext,
        pipeline: Pipeline,
        shown: Mapping[dg.AssetKey, OfDay],
        looked_at: Collection[dt.date],
    ) -> None:
        """The given assets, upstream ones first, for the days that were looked at and that Dagster has not; then the folders for
        which no asset upstream misses the day.

        Each shows what the ledger holds of the day: nothing, as a rule, but for what `mlconn run` brought.
        """
        partitions = days_of(self.integration)
        keys = {key for key in (day.strftime(DAY) for day in looked_at) if partitions.has_partition_key(key)}
        for asset, of_day in shown.items():
            _report(context, pipeline, asset, of_day, keys)
        feeding = {
            asset: context.instance.get_materialized_partitions(asset)
            for asset in {each for upstream in self.fed_by.values() for each in upstream}
        }
        for folder, of_day in self.folders.items():
            if upstream := [feeding[asset] for asset in self.fed_by[folder]]:
                _report(context, pipeline, folder, of_day, keys.intersection(*upstream))


def _report(
    context: dg.AssetCheckExecutionContext, pipeline: Pipeline, asset: dg.AssetKey, of_day: OfDay, keys: AbstractSet[str]
) -> None:
    for key in sorted(keys - context.instance.get_materialized_partitions(asset)) if keys else ():
        made = dg.AssetMaterialization(asset_key=asset, partition=key, metadata=of_day(pipeline, key))
        context.op_execution_context.log_event(made)


def days_before(today: dt.date, first: dt.date) -> list[dt.date]:
    """From the first day to yesterday: today may still bring something.

    >>> [day.day for day in days_before(dt.date(2026, 3, 4), dt.date(2026, 3, 2))]
    [2, 3]
    """
    return [first + dt.timedelta(days=number) for number in range((today - first).days)]
