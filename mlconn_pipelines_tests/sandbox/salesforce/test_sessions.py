"""Signing in to the simulated org, its versions, its quota, and the shapes of its errors."""

from __future__ import annotations

import base64
import datetime as dt
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from mlconn_pipelines_tests.sandbox.salesforce.conftest import GRANT, SignedIn
from mlconn_simulators.certificates import Authority
from mlconn_simulators.salesforce.sandbox import CLIENT_ID, CLIENT_SECRET
from mlconn_simulators.server import serve

TOKEN = "/services/oauth2/token"


def test_a_session_is_granted_by_form_by_basic_and_without_a_length(org: SignedIn) -> None:
    def chunks() -> Iterator[bytes]:
        yield "&".join(f"{name}={value}" for name, value in GRANT.items()).encode()

    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for answer in (
        org.http.post(TOKEN, data=GRANT),
        org.http.post(TOKEN, data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}),
        org.http.post(TOKEN, content=chunks(), headers=form),
    ):
        granted = answer.json()
        assert set(granted) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
        assert granted["instance_url"] == str(org.http.base_url).rstrip("/") and granted["issued_at"].isdigit()
        assert granted["id"].startswith(f"{granted['instance_url']}/id/00D")


def test_the_token_endpoint_refuses_with_an_object(org: SignedIn) -> None:
    def refused(host: str = "", **changes: str) -> str:
        answer = org.http.post(TOKEN, data=GRANT | changes, headers={"Authorization": ""} | ({"Host": host} if host else {}))
        assert answer.status_code == 400 and set(answer.json()) == {"error", "error_description"}
        return str(answer.json()["error_description"])

    assert refused(client_secret="wrong") == "invalid client credentials"
    assert refused(client_id="other") == "client identifier invalid"
    assert refused(grant_type="password") == "grant type not supported"
    assert refused(host="login.salesforce.com") == "request not supported on this domain"
    assert refused(grant_type="refresh_token", refresh_token="r") == "expired access/refresh token"
    org.org.tokens.refresh_token = "r"
    assert org.http.post(TOKEN, data=GRANT | {"grant_type": "refresh_token", "refresh_token": "r"}).status_code == 200
    org.org.tokens.run_as = False
    assert refused() == "no client credentials user enabled"


def test_a_session_ends_by_age_by_revocation_and_by_the_fault(org: SignedIn) -> None:
    org.org.clock.move(dt.timedelta(hours=3))
    assert org.refused("GET", "/limits") == (401, "INVALID_SESSION_ID")
    org.sign_in()
    assert org.ask("GET", "/limits").status_code == 200
    org.http.post("/services/oauth2/revoke", data={"token": org.http.headers["Authorization"].split()[1]})
    assert org.refused("GET", "/limits") == (401, "INVALID_SESSION_ID")
    org.sign_in()
    org.org.faults.arm("expired_token", "/limits")
    assert org.refused("GET", "/limits") == (401, "INVALID_SESSION_ID")
    org.sign_in()
    org.org.tokens.rest_allowed = False
    assert "not valid for use with the REST API" in org.ask("GET", "/limits").text


def test_versions_are_listed_to_anybody_and_others_are_gone_or_unknown(signed_in: Callable[..., SignedIn]) -> None:
    org = signed_in(newest_version=66)
    listed = org.http.get("/services/data", headers={"Authorization": ""}).json()
    assert listed[-1] == {"label": "v66.0", "url": "/services/data/v66.0", "version": "66.0"} and listed[0]["version"] == "31.0"
    statuses = {
        version: org.http.get(f"/services/data/v{version}/limits").status_code
        for version in ("30.0", "31.0", "66.0", "67.0", "x")
    }
    assert statuses == {"30.0": 410, "31.0": 200, "66.0": 200, "67.0": 404, "x": 404}
    assert org.http.get("/services/data/v30.0/limits").json()[0]["errorCode"] == "UNSUPPORTED_API_VERSION"


def test_every_answer_tells_the_quota_and_a_used_one_comes_back_after_a_day(signed_in: Callable[..., SignedIn]) -> None:
    org = signed_in(quota=3)
    assert org.ask("GET", "/limits").json() == {"DailyApiRequests": {"Max": 3, "Remaining": 2}}
    assert org.ask("GET", "/nothing").headers["Sforce-Limit-Info"] == "api-usage=2/3"
    assert org.ask("GET", "/query/?q=SELECT+Id+FROM+Account").status_code == 200
    answer = org.ask("GET", "/limits/")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=3/3"
    org.org.clock.move(dt.timedelta(days=1))
    org.sign_in()
    assert org.ask("GET", "/limits").status_code == 200


def test_the_edge_answers_in_html_and_long_addresses_are_refused(org: SignedIn) -> None:
    org.org.faults.arm("edge_420", "/limits")
    answer = org.ask("GET", "/limits")
    assert answer.status_code == 420 and answer.text.startswith("<html>")
    assert org.ask("GET", "/query", params={"q": "SELECT Id FROM Account" + " " * 17_000}).status_code == 414
    assert org.http.get("/services/oauth2/userinfo").json()["organization_id"] == org.org.tokens.org_id
    assert org.http.get(f"/services/data/v51.0/sobjects/User/{org.org.tokens.user_id}").json()["Username"]


def test_a_page_that_leads_to_itself_is_one_of_the_lies(org: SignedIn) -> None:
    org.org.faults.arm("200_looping", "/query")
    page = org.ask("GET", "/query?q=SELECT+Id+FROM+Account").json()
    assert page["done"] is False and page["nextRecordsUrl"] == "/services/data/v63.0/query?q=SELECT+Id+FROM+Account"


def test_the_same_org_answers_on_https_and_names_itself_so(org: SignedIn, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    pair = authority.pair("localhost")
    with serve(org.org.app(), certificate=(pair.certificate, pair.key)) as endpoint:
        trust = ssl.create_default_context(cafile=str(authority.certificate))
        with httpx.Client(base_url=endpoint.url, verify=trust) as http:
            granted = http.post(TOKEN, data=GRANT).json()
            assert granted["instance_url"] == endpoint.url and endpoint.url.startswith("https://127.0.0.1:")
            session = {"Authorization": f"Bearer {granted['access_token']}"}
            assert http.get("/services/data/v63.0/limits", headers=session).status_code == 200
        org.org.faults.arm("cut_before", "/limits")
        with httpx.Client(base_url=endpoint.url, verify=trust) as http, pytest.raises(httpx.RemoteProtocolError):
            http.get("/services/data/v63.0/limits")
