"""Keys that a flow keeps in mind by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlconn_pipelines.flows.ports.remembered import KeyToRemember
from mlconn_pipelines_tests.ledger.workbench import RUN, Bench, on_both

ABSENT = KeyToRemember("7", "stamp-1", "no such record", asked=True, absent=True)


@on_both
def test_two_answers_that_a_record_is_absent_prove_it_only_when_they_lie_apart(bench: Bench) -> None:
    first = bench.queue.remember_keys(RUN, "missing", [ABSENT])[0]
    at_once = bench.queue.remember_keys(RUN, "missing", [ABSENT])[0]
    assert (first.asks, first.gone, at_once.asks, at_once.gone) == (1, False, 2, False)
    _a_minute_passes(bench)
    assert bench.queue.remember_keys(RUN, "missing", [replace(ABSENT, absent=False)])[0].gone is False
    _a_minute_passes(bench)
    assert bench.queue.remember_keys(RUN, "missing", [ABSENT])[0].gone is True


@on_both
def test_a_key_under_another_stamp_starts_anew(bench: Bench) -> None:
    bench.queue.remember_keys(RUN, "missing", [ABSENT])
    _a_minute_passes(bench)
    other = bench.queue.remember_keys(RUN, "missing", [replace(ABSENT, stamp="stamp-2")])[0]
    assert (other.gone, other.seen_s_ago > 60) == (False, True)
    _a_minute_passes(bench)
    assert bench.queue.remember_keys(RUN, "missing", [replace(ABSENT, stamp="stamp-2")])[0].gone is True
    again = bench.queue.remember_keys(RUN, "missing", [replace(ABSENT, stamp="stamp-3")])[0]
    assert (again.gone, again.seen_s_ago < 60) == (False, True)


@on_both
@pytest.mark.parametrize("count", [0, 3])
def test_reasons_and_flows_are_kept_apart_and_keys_are_forgotten_by_name(bench: Bench, count: int) -> None:
    keys = [KeyToRemember(str(number), f"stamp-{number}") for number in range(count)]
    bench.queue.remember_keys(RUN, "missing", keys)
    bench.queue.remember_keys(RUN, "ahead", keys)
    bench.queue.remember_keys(replace(RUN, flow="x12_850"), "missing", keys)
    assert bench.queue.forget_keys(RUN.integration, RUN.flow, "missing", ["0", "none of ours"]) == min(count, 1)
    left = [one.key for one in bench.queue.remembered_keys(RUN.integration, RUN.flow, "missing")]
    assert left == [str(number) for number in range(1, count)]
    assert len(bench.queue.remembered_keys(RUN.integration, RUN.flow, "ahead")) == count
    assert len(bench.queue.remembered_keys(RUN.integration, "x12_850", "missing")) == count


def _a_minute_passes(bench: Bench) -> None:
    bench.age("remembered_key", 61, "first_seen_at", "last_asked_at", "absent_since")
