"""Whatever is asked of the simulated org, it answers in Salesforce's form and never breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlconn_pipelines_tests.sandbox.salesforce.conftest import SignedIn

NAMES = st.sampled_from(
    ["Name", "ERP_Code__c", "id", "attributes", "records", "type", "Account", "Parent", "OwnerId", "ids", "fields", "allOrNone", "Amount",
     "compositeRequest", "method", "url", "referenceId", "body", "StageName", "CloseDate", "ERP_As_Of__c", "Quantity", "UnitPrice"]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=4), NAMES,
    st.sampled_from(["GET", "/services/data/v63.0/limits", "2026-12-01", "001gR0000000001", "@{a.id}"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=6
)
ROWS = st.dictionaries(NAMES, VALUES, max_size=3).map(
    lambda more: {"attributes": {"type": "Account"}, "Name": "n", "method": "PATCH", "url": "x", "referenceId": "a"} | more
)
BODIES = st.one_of(
    VALUES,
    st.dictionaries(NAMES, VALUES, max_size=4).map(
        lambda more: {"Name": "n", "StageName": "Closed Won", "CloseDate": "2026-12-01"} | more
    ),
    st.fixed_dictionaries({"records": st.lists(ROWS, max_size=3), "allOrNone": VALUES}),
    st.fixed_dictionaries({"compositeRequest": st.lists(ROWS, max_size=3), "allOrNone": VALUES}),
)
REQUESTS = st.builds(
    lambda form, entity, key: form.format(entity, key).split(" ", 1),
    st.sampled_from(
        ["POST sobjects/{0}", "PATCH sobjects/{0}/{1}", "GET sobjects/{0}/{1}", "PATCH sobjects/{0}/ERP_Code__c/{1}", "POST composite",
         "POST composite/sobjects", "PATCH composite/sobjects", "DELETE composite/sobjects", "POST composite/sobjects/{0}",
         "GET composite/sobjects/{0}", "PATCH composite/sobjects/Account/ERP_Code__c", "GET query/{1}", "GET query", "PUT {0}"]
    ),
    st.sampled_from(["Account", "Account", "Opportunity", "OpportunityLineItem", "Order", "User"]),
    st.sampled_from(["C1", "001gR0000000001", "describe", "updated", "deleted", "%C3%A9/a", "²-²", "01g-1", "..", "%00"]),
)  # fmt: skip
QUERIES = st.dictionaries(
    st.sampled_from(["q", "ids", "fields", "start", "end", "allOrNone"]),
    st.sampled_from(
        [
            "",
            "SELECT Id FROM Account LIMIT 1",
            "Name,Nope",
            "001gR0000000001",
            "2026-11-20T12:00:00Z",
            "9999-12-31T23:59:59Z",
            "x",
        ]
    ),
    max_size=3,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(REQUESTS, QUERIES, BODIES)
def test_no_request_breaks_the_org(org: SignedIn, request_line: list[str], query: dict[str, str], body: Any) -> None:
    method, path = request_line
    answer = org.ask(method, f"/{path}", params=query, content=json.dumps(body))
    assert answer.status_code < 500, answer.text
    assert "Sforce-Limit-Info" in answer.headers
    if answer.status_code >= 400:
        assert all(error["errorCode"] and error["message"] for error in answer.json())


@pytest.mark.parametrize(
    "body", [{"ids": 1}, {"ids": "001gR0000000001"}, {"ids": ["001gR0000000001"], "fields": {"Name": 1}}, {"ids": True}]
)
def test_ids_and_fields_of_a_retrieve_are_lists(org: SignedIn, body: Any) -> None:
    answer = org.ask("POST", "/composite/sobjects/Account", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_a_step_may_hold_a_decimal(org: SignedIn) -> None:
    step = {
        "method": "POST",
        "url": "/services/data/v63.0/sobjects/Account",
        "referenceId": "a",
        "body": {"Name": "A", "AnnualRevenue": 12.5},
    }
    answer = org.ask("POST", "/composite", json={"compositeRequest": [step]})
    assert [each["httpStatusCode"] for each in answer.json()["compositeResponse"]] == [201]
