"""What `mlconn check` says of an org, the quota, and refusals of the org as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from mlconn_pipelines.errors import ConnectorError, CredentialRefused, Retryable, TryLater
from mlconn_pipelines.systems.salesforce.api.faults import QuotaReached
from mlconn_pipelines.systems.salesforce.api.objects import Mapped, MappedObject
from mlconn_pipelines_tests.systems.salesforce.simulated_org import SimulatedOrg, changed, simulated_org
from mlconn_pipelines_tests.transport.scripted_server import Answer, scripted_server


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    with simulated_org() as made:
        yield made


def told(org: SimulatedOrg, **settings: Any) -> list[tuple[bool, str]]:
    return [(report.ok, report.detail) for report in org.client(**settings).connector.check()]


def refused(org: SimulatedOrg, **settings: Any) -> str:
    return "\n".join(detail for ok, detail in told(org, **settings) if not ok)


def test_a_sound_org_is_reported_part_by_part(org: SimulatedOrg) -> None:
    reports = told(org)
    assert all(ok for ok, _ in reports)
    text = "\n".join(detail for _, detail in reports)
    assert "org 00D" in text and "v63.0 is offered (v31.0 to v68.0)" in text
    assert "OpportunityLineItem: 17 fields are read" in text and "we stop at 80%" in text and "requests of the org" in text


def test_without_a_session_nothing_else_is_looked_at(org: SimulatedOrg) -> None:
    reports = told(org, secret="Planted-Wrong")
    assert len(reports) == 1 and not reports[0][0] and "Planted-Wrong" not in reports[0][1]


@pytest.mark.parametrize(
    ("version", "words"), [("v30.0", "is not offered; the org has v31.0"), ("v99.0", "is not offered"), ("v40.0", "Summer '28")]
)
def test_a_version_that_has_ended_or_is_to_end_is_told(org: SimulatedOrg, version: str, words: str) -> None:
    assert words in "\n".join(detail for _, detail in told(org, api_version=version))


def test_a_version_that_has_ended_is_a_fault_of_the_configuration(org: SimulatedOrg) -> None:
    with pytest.raises(TryLater, match="`api_version`"):
        changed(org.client(api_version="v30.0"), "Account")


def test_mapped_fields_that_are_missing_or_closed_stop_by_name() -> None:
    mapped: Mapped = {
        "Account": MappedObject(("ERP_Balance__c",), ("ERP_Balance__c", "ERP_Credit_Limit__c", "Nowhere__c"), "ERP_Ref__c"),
        "Order": MappedObject(),
    }
    with simulated_org(profile="restricted_user") as org:
        text = refused(org, mapped=mapped)
    assert "Account has no field ERP_Balance__c that the integration user may read" in text
    assert "Account.ERP_Credit_Limit__c may not be written" in text and "Account.Nowhere__c is not there" in text
    assert "Account.ERP_Ref__c must be marked both `External ID` and `Unique`" in text
    assert "Order is not available to the integration user" in text


def test_a_path_to_a_parents_field_is_looked_up_there() -> None:
    mapped: Mapped = {
        "Opportunity": MappedObject(("Account.ERP_Balance__c", "Account.Name", "Owner.Nowhere__c", "Nobody.Name"))
    }
    with simulated_org() as org:
        assert "no field Owner.Nowhere__c, Nobody.Name that" in refused(org, mapped=mapped)
    with simulated_org(profile="restricted_user") as org:
        assert "Account.ERP_Balance__c" in refused(org, mapped=mapped)


def test_an_optional_field_that_is_mapped_must_be_there(org: SimulatedOrg) -> None:
    assert "Account has no field CurrencyIsoCode" in refused(org, mapped={"Account": MappedObject(("CurrencyIsoCode",))})


def test_fields_of_several_currencies_and_invoices_are_read_where_the_org_has_them() -> None:
    for profile, has_currency, has_invoice in (
        ("sales_cloud", False, False),
        ("multi_currency", True, False),
        ("billing", False, True),
    ):
        with simulated_org(profile=profile) as org:
            client = org.client()
            assert ("CurrencyIsoCode" in client.descriptions.selected("Opportunity")) is has_currency
            assert client.descriptions.available("Invoice") is has_invoice


def test_an_object_is_described_once(org: SimulatedOrg) -> None:
    client = org.client()
    for _ in range(3):
        client.descriptions.selected("Account")
    assert [count for path, count in org.sandbox.faults.requests.items() if "describe" in path] == [1]


def test_at_our_share_of_the_quota_nothing_is_asked_until_the_pause_is_over(org: SimulatedOrg) -> None:
    client = org.client(quota_share=0.5, quota_pause_s=900, requests_per_second=None)
    changed(client, "Account")
    org.sandbox.used = 60_000
    changed(client, "Account")  # whose answer says so
    asked = org.sandbox.used
    for one in (client, org.client(quota_share=0.5)):
        with pytest.raises(QuotaReached, match=r"the next one is made at \d{4}-\d\d-\d\d \d\d:\d\d UTC") as stopped:
            changed(one, "Account")
        with pytest.raises(QuotaReached):
            one.writer.reserve()
    assert "60002 of 100000 requests of the org" in str(stopped.value) or stopped.value.retry_after_s
    assert org.sandbox.used == asked
    org.limiter.pass_time(901)
    for _ in range(2):  # one request looks whether there is room again, and its answer closes no alert
        with pytest.raises(QuotaReached):
            changed(client, "Account")
    assert org.sandbox.used == asked + 1
    org.limiter.pass_time(901)
    org.sandbox.used = 10
    assert changed(client, "Account")


def test_a_used_up_quota_is_no_missing_permission(org: SimulatedOrg) -> None:
    client = org.client()
    org.sandbox.faults.arm("quota_reached", "/query")
    with pytest.raises(QuotaReached, match="go"):
        changed(client, "Account")
    with pytest.raises(QuotaReached):
        changed(client, "Account")
    assert not org.sessions.refusals


ERRORS: list[tuple[int, str, str, type[Exception]]] = [
    (403, "INSUFFICIENT_ACCESS", "insufficient access rights", CredentialRefused),
    (403, "API_DISABLED_FOR_ORG", "API is disabled for this user", CredentialRefused),
    (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", Retryable),
    (400, "INVALID_FIELD", "No such column 'X' on entity 'Account'", ConnectorError),
    (400, "MALFORMED_QUERY", "unexpected token", ConnectorError),
    (503, "SERVER_UNAVAILABLE", "busy", Retryable),
    (414, "URI_TOO_LONG", "URI Too Long", ConnectorError),
]


@pytest.mark.parametrize(("status", "code", "message", "kind"), ERRORS)
def test_errors_of_the_org_are_told_apart_by_code(
    org: SimulatedOrg, status: int, code: str, message: str, kind: type[Exception]
) -> None:
    with scripted_server(lambda asked: Answer(status, [{"errorCode": code, "message": message}])) as instance:
        org.sessions.values = {
            "access_token": "00D!abc",
            "instance_url": instance.url,
            "organization_id": "00D",
            "user_id": "005",
        }
        org.sessions.generation = 1
        org.sessions.stored_at = dt.datetime.now().timestamp()
        with pytest.raises(kind) as raised:
            org.client().api.object("limits")
        assert type(raised.value) is kind and message in str(raised.value)


@pytest.mark.parametrize("fault", ["edge_406", "edge_420", "503_html", "403_html", "404_html", "500_empty"])
def test_what_the_edge_says_passes(org: SimulatedOrg, fault: str) -> None:
    org.sandbox.faults.arm(fault, "/query", count=2)
    assert changed(org.client(), "Account")
