from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.systems.salesforce.api.deletions import Deletions
from mlconn_pipelines_tests.systems.salesforce.simulated_org import SimulatedOrg, simulated_org


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    with simulated_org() as made:
        yield made


def deletions(org: SimulatedOrg) -> Deletions:
    """Of a client whose database's clock shows what the org's does."""
    return Deletions(org.client().api, org.sandbox.clock.now)


def delete(org: SimulatedOrg, key: str) -> None:
    with org.sandbox.lock:
        org.sandbox.store.delete(org.sandbox.store.records["Account"][key])


def purge(org: SimulatedOrg, key: str) -> None:
    with org.sandbox.lock:
        org.sandbox.store.purge(org.sandbox.store.records["Account"][key])


def test_deletions_are_told_from_where_the_answer_before_ended(org: SimulatedOrg) -> None:
    first, second = org.add_accounts(2)
    since = org.sandbox.clock.now()
    org.sandbox.clock.move(dt.timedelta(minutes=10))
    delete(org, first)
    org.sandbox.clock.move(dt.timedelta(minutes=10))
    told = deletions(org).deleted("Account", since)
    assert set(told.at) == {first} and told.complete and since < told.covered < org.sandbox.clock.now()
    delete(org, second)
    assert not deletions(org).deleted("Account", told.covered).at  # not covered yet, and asked for again later
    org.sandbox.clock.move(dt.timedelta(minutes=10))
    assert set(deletions(org).deleted("Account", told.covered).at) == {second}


def test_a_gap_longer_than_the_bin_keeps_is_told(org: SimulatedOrg) -> None:
    since = org.sandbox.clock.now()
    (key,) = org.add_accounts(1)
    org.sandbox.clock.move(dt.timedelta(days=20))
    delete(org, key)
    org.sandbox.clock.move(dt.timedelta(hours=1))
    told = deletions(org).deleted("Account", since)
    assert set(told.at) == {key} and not told.complete


def test_what_is_no_list_of_deletions_is_asked_for_again(org: SimulatedOrg) -> None:
    since = org.sandbox.clock.now()
    (key,) = org.add_accounts(1)
    delete(org, key)
    org.sandbox.clock.move(dt.timedelta(minutes=10))
    org.sandbox.faults.arm("200_empty", "/deleted")
    assert set(deletions(org).deleted("Account", since).at) == {key}
    org.sandbox.faults.arm("200_empty", "/deleted", count=None)
    with pytest.raises(Retryable):
        deletions(org).deleted("Account", since)


def test_the_winner_of_two_merges_is_the_last_one(org: SimulatedOrg) -> None:
    first, second, third, other = org.add_accounts(4)
    org.sandbox.merge(second, first)
    org.sandbox.merge(third, second)
    assert deletions(org).winners("Account", [first, second, other]) == {first: third, second: third}


def test_the_comparison_tells_merged_deleted_and_purged_apart(org: SimulatedOrg) -> None:
    kept, loser, binned, purged = org.add_accounts(4)
    org.sandbox.merge(kept, loser)
    delete(org, binned)
    purge(org, purged)
    gone = deletions(org).gone("Account", [kept, loser, binned, purged], has_winners=True)
    assert gone.merged == {loser: kept} and gone.deleted == {binned} and gone.purged == {purged}


def test_a_listing_that_came_back_empty_proves_nothing(org: SimulatedOrg) -> None:
    known = org.add_accounts(3)
    org.sandbox.faults.arm("200_empty_list", "/query?")
    assert not deletions(org).gone("Account", known).purged
