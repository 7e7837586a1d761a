"""Accounts by the customer code that they have, with the currency of their amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.rows import Target
from mlconn_pipelines.systems.salesforce.api.describe import FieldMissing
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.records_by_code import NAMED_MAX
from mlconn_pipelines_tests.systems.salesforce.simulated_org import SimulatedOrg, simulated_org


def found(org: SimulatedOrg, codes: set[str], writes: tuple[str, ...] = ("ERP_Balance__c",)) -> Mapping[str, Sequence[Target]]:
    mapped = {"Account": MappedObject(reads=("AccountNumber",), writes=writes)}
    targets = org.client(mapped=mapped).connector.targets
    assert targets is not None
    return targets.found("Account", "AccountNumber", codes)


def queries(org: SimulatedOrg) -> int:
    requests: Mapping[str, Any] = org.sandbox.faults.requests
    return sum(count for name, count in requests.items() if "/query" in name)


def test_accounts_are_found_by_their_very_code_and_deleted_ones_are_not() -> None:
    with simulated_org() as org:
        for code in ("X1", " X2 ", "x3", "O'Neil", "X4", "X4"):
            org.add_accounts(1, AccountNumber=code)
        [gone] = org.add_accounts(1, AccountNumber="X5")
        org.sandbox.store.delete(org.sandbox.store.get("Account", gone))
        there = found(org, {"X1", "X2", "X3", "O'Neil", "X4", "X5", "X6"})
        assert {code: len(targets) for code, targets in there.items()} == {"X1": 1, "O'Neil": 1, "X4": 2}
        assert there["X1"][0].name.startswith("Account ") and there["X1"][0].currency == "USD"


def test_of_many_codes_all_accounts_are_read_instead() -> None:
    with simulated_org() as org:
        for number in range(5):
            org.add_accounts(1, AccountNumber=f"X{number}")
        there = found(org, {f"X{number}" for number in range(NAMED_MAX + 1)})
        assert set(there) == {f"X{number}" for number in range(5)} and queries(org) == 2, "one page, and the org's currency"


def test_where_no_amount_is_money_the_account_has_no_currency() -> None:
    with simulated_org(profile="multi_currency") as org:
        org.add_accounts(1, AccountNumber="X1", CurrencyIsoCode="EUR")
        assert found(org, {"X1"})["X1"][0].currency == "EUR"
        assert found(org, {"X1"}, ("ERP_Status__c",))["X1"][0].currency == ""


def test_an_account_that_is_told_twice_is_one_and_an_org_that_is_none_is_asked_again() -> None:
    with simulated_org() as org:
        org.add_accounts(1, AccountNumber="X1")
        org.sandbox.faults.arm("200_duplicate", path="FROM Account", count=1)
        assert len(found(org, {"X1"})["X1"]) == 1
        org.sandbox.faults.arm("200_empty_list", path="FROM Organization", count=1)
        with pytest.raises(Retryable, match="there is none"):
            found(org, {"X1"})
        assert found(org, {"X1"})["X1"][0].currency == "USD"


def test_a_code_field_that_the_user_does_not_see_is_named() -> None:
    with simulated_org() as org:
        targets = org.client(mapped={"Account": MappedObject(reads=("Hidden__c",))}).connector.targets
        assert targets is not None
        with pytest.raises(FieldMissing, match="Hidden__c"):
            targets.found("Account", "Hidden__c", {"X1"})
