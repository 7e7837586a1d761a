from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from mlconn_pipelines.errors import ConnectionStopped, CredentialRefused, Retryable
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines_tests.systems.salesforce.simulated_org import SimulatedOrg, changed, simulated_org
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked, scripted_server

PLANTED = "Planted-Wrong-Secret"


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    with simulated_org() as made:
        yield made


@pytest.mark.parametrize("way", ["form", "basic"])
def test_one_session_serves_every_run(org: SimulatedOrg, way: str) -> None:
    for _ in range(3):
        assert changed(org.client(client_authentication=way), "Account")
    assert org.sandbox.tokens.logins == 1


def test_a_session_is_renewed_before_it_ends_and_once_when_it_is_refused(org: SimulatedOrg) -> None:
    changed(org.client(), "Account")
    org.sessions.passed_s = 901
    client = org.client()
    changed(client, "Account")
    assert org.sandbox.tokens.logins == 2
    org.sandbox.tokens.revoke()
    changed(client, "Account")
    assert org.sandbox.tokens.logins == 3


def test_a_session_refused_as_soon_as_it_is_granted_asks_a_person(org: SimulatedOrg) -> None:
    org.sandbox.faults.arm("401", "/query", count=None)
    with pytest.raises(CredentialRefused, match="granted just now"):
        changed(org.client(), "Account")
    assert org.sandbox.tokens.logins == 2


def test_threads_that_lose_their_session_sign_in_once(org: SimulatedOrg) -> None:
    client = org.client()
    client.api.granted()
    org.sandbox.tokens.revoke()
    threads = [threading.Thread(target=changed, args=(client, "Account")) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert org.sandbox.tokens.logins == 2


def test_a_renewal_by_age_that_fails_leaves_the_session_in_use(org: SimulatedOrg) -> None:
    client = org.client()
    changed(client, "Account")
    org.sessions.passed_s = 901
    org.sandbox.faults.arm("503", "/services/oauth2/token", count=None)
    assert changed(org.client(), "Account")
    assert sum(count for path, count in org.sandbox.faults.requests.items() if "token" in path) == 2


def test_a_wrong_secret_is_tried_twice_and_shown_nowhere(org: SimulatedOrg) -> None:
    for _ in range(2):
        with pytest.raises(CredentialRefused) as refused:
            changed(org.client(secret=PLANTED), "Account")
        assert PLANTED not in str(refused.value) and "invalid_client" in str(refused.value)
    with pytest.raises(ConnectionStopped):
        changed(org.client(secret=PLANTED), "Account")
    assert org.sandbox.tokens.refused.total() == 2


def test_an_app_without_an_integration_user_says_what_to_set(org: SimulatedOrg) -> None:
    org.sandbox.tokens.run_as = False
    with pytest.raises(CredentialRefused, match="name the integration user that it runs as"):
        changed(org.client(), "Account")


def test_an_app_without_the_scope_for_the_api_says_so(org: SimulatedOrg) -> None:
    org.sandbox.tokens.rest_allowed = False
    with pytest.raises(CredentialRefused, match="scope `api`"):
        changed(org.client(), "Account")


def test_the_general_sign_in_hosts_are_refused_in_the_configuration() -> None:
    with pytest.raises(ValidationError, match="own domain"):
        SalesforceConnection.model_validate({"kind": "salesforce", "url": "https://login.salesforce.com", "credential": "sf"})


def test_requests_go_to_the_instance_of_the_session_and_a_changed_one_stops(org: SimulatedOrg) -> None:
    named = org.url

    def answer(asked: Asked) -> Any:
        identity = f"{named}/id/00DgR0000000001UAA/005gR0000000001UAA"
        return Answer(body={"access_token": "abc-def", "instance_url": named, "id": identity})

    with scripted_server(answer) as my_domain, scripted_server(lambda asked: Answer(404, [])) as other:
        client = org.client(url=my_domain.url)
        assert client.api.granted().instance_url == org.url
        named = other.url
        org.sessions.passed_s = 901
        for _ in range(2):
            with pytest.raises(CredentialRefused, match="the one before was for"):
                org.client(url=my_domain.url).api.granted()
        with pytest.raises(ConnectionStopped):
            org.client(url=my_domain.url).api.granted()


@pytest.mark.parametrize("body", [b"<html>Please sign in</html>", {}, {"access_token": "abcdef"}, {"error": {"code": "x"}}, []])
@pytest.mark.parametrize("status", [200, 400])
def test_what_is_no_session_is_asked_for_again_and_counts_as_no_refusal(org: SimulatedOrg, status: int, body: Any) -> None:
    with scripted_server(lambda asked: Answer(status, body)) as my_domain:
        with pytest.raises(Retryable):
            org.client(url=my_domain.url).api.granted()
        assert not org.sessions.refusals
