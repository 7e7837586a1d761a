"""Which days the nightly comparison reads again first, and that none waits for good."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.flows.catching_up import in_turn
from mlconn_pipelines.flows.comparing import Difference

NIGHT = dt.date(2026, 11, 28)
UNFINISHED = st.dictionaries(st.dates(dt.date(2026, 10, 1), NIGHT), st.integers(0, 2), min_size=1, max_size=40)


def differences(unfinished: dict[dt.date, int]) -> list[Difference]:
    return [Difference(day, 1, 0, Decimal(1), Decimal(), count) for day, count in sorted(unfinished.items())]


@given(UNFINISHED)
def test_days_with_unfinished_documents_come_first(unfinished: dict[dt.date, int]) -> None:
    turn = in_turn(differences(unfinished), NIGHT)
    assert sorted(turn) == sorted(unfinished)
    waiting = sum(count > 0 for count in unfinished.values())
    assert all(unfinished[day] for day in turn[:waiting])


@given(st.sets(st.dates(dt.date(2026, 10, 1), NIGHT), min_size=1, max_size=40), st.integers(1, 10))
def test_days_that_go_on_differing_keep_no_other_waiting_for_good(days: set[dt.date], at_once: int) -> None:
    read: set[dt.date] = set()
    for night in range(len(days)):
        read.update(in_turn(differences(dict.fromkeys(days, 0)), NIGHT + dt.timedelta(days=night))[:at_once])
    assert read == days
