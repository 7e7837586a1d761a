from __future__ import annotations

import base64
import threading
from typing import Any

import pytest

from mlconn_pipelines.errors import (
    ConfigurationError,
    ConnectionStopped,
    ConnectorError,
    CredentialRefused,
    DocumentRejected,
    Retryable,
    TryLater,
)
from mlconn_pipelines.ports.records import Connector
from mlconn_pipelines.systems.sap_business_one.api.oauth import refuse_open
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import NOON, sap_company
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked, scripted_server
from mlconn_simulators.sap_business_one.landscape import Landscape

PLANTED = "Planted-Wrong-Password"


def keys(connector: Connector, entity: str = "Invoices") -> list[str]:
    return [stamp.key for page in connector.source.changed(entity, None, NOON.date()) for stamp in page]


def test_one_login_serves_every_run_and_none_logs_out() -> None:
    with sap_company() as company:
        for _ in range(3):
            connector = company.connector()
            assert keys(connector)
            connector.close()
        assert company.sandbox.sessions.logins == 1 and len(company.sandbox.sessions) == 1


def test_a_session_that_ends_mid_page_is_renewed_and_no_key_is_missed() -> None:
    with sap_company() as company:
        expected = company.keys("Invoices")
        company.sandbox.faults.arm("expired_session", path="DocEntry lt")
        company.sandbox.faults.arm("401", path="DocEntry lt", skip=2)
        assert sorted(keys(company.connector(history_days=400)), key=int) == expected
        assert company.sandbox.sessions.logins == 3


def test_both_cookies_are_replaced_together() -> None:
    with sap_company(nodes=4) as company:
        connector = company.connector()
        for _ in range(5):
            assert keys(connector)
            company.sandbox.sessions.end_all()
        assert company.sandbox.sessions.logins == 5


def test_a_server_of_a_single_node_sets_no_routeid() -> None:
    with sap_company(nodes=1) as company:
        assert keys(company.connector())
        assert set(company.sessions.values or {}) == {"B1SESSION", "timeout_min"}


def test_a_session_is_renewed_before_it_dies_of_idleness() -> None:
    with sap_company() as company:
        keys(company.connector())
        company.sessions.passed_s = 27 * 60
        keys(company.connector())
        assert company.sandbox.sessions.logins == 1
        company.sessions.passed_s += 28 * 60 + 1
        keys(company.connector())
        assert company.sandbox.sessions.logins == 2


def test_the_servers_own_timeout_counts() -> None:
    with sap_company(session_timeout_min=1500) as company:
        keys(company.connector())
        company.sessions.passed_s = 1400 * 60
        keys(company.connector())
        assert company.sandbox.sessions.logins == 1


def test_a_write_refused_for_its_session_is_sent_again_once() -> None:
    with sap_company() as company:
        connector = company.connector()
        connector.target.reserve()
        company.sandbox.faults.arm("expired_session", path="PurchaseOrders")
        stored = connector.target.create("PurchaseOrders", company.payload("acme:PurchaseOrders:D1"))
        assert stored.key and len(company.sandbox.state(source=False)["created"]) == 1
        assert company.sandbox.sessions.logins == 2


@pytest.mark.parametrize(("db", "reason"), [("SBODEMOUS", "wrong user name or password"), ("NONE", "unknown company database")])
def test_a_refused_login_is_tried_twice_and_then_the_connection_stops(db: str, reason: str) -> None:
    with sap_company(password=PLANTED) as company:
        for _ in range(2):
            with pytest.raises(CredentialRefused, match=reason) as raised:
                keys(company.connector(company_db=db))
            assert PLANTED not in repr(raised.value)
        for _ in range(3):
            with pytest.raises(ConnectionStopped):
                company.connector(company_db=db).target.reserve()
        assert company.sandbox.sessions.failed_logins == 2


def test_threads_log_in_once_also_when_logins_stumble_over_each_other() -> None:
    with sap_company() as company:
        company.sandbox.faults.arm("login_299", count=2)
        connector = company.connector()
        threads = [threading.Thread(target=keys, args=(connector,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert company.sandbox.sessions.logins == 1 and company.requests("POST /b1s/v2/Login") == 3


def test_a_broken_node_is_left_for_another() -> None:
    with sap_company(nodes=4) as company:
        company.sandbox.faults.arm("broken_node", count=None)
        assert keys(company.connector())
        assert company.sandbox.sessions.logins == 2


def test_when_every_node_is_broken_logins_are_bounded() -> None:
    with sap_company(nodes=2) as company:
        company.sandbox.faults.arm("broken_node", count=None, node=".node1")
        company.sandbox.faults.arm("broken_node", count=None, node=".node2")
        with pytest.raises(Retryable, match=r"407: Table definition"):
            keys(company.connector())
        assert company.sandbox.sessions.logins == 3


def test_a_plain_500_once_costs_no_login_and_twice_a_fresh_one() -> None:
    with sap_company() as company:
        connector = company.connector()
        company.sandbox.faults.arm("500", path="Invoices", count=1)
        assert keys(connector) and company.sandbox.sessions.logins == 1
        company.sandbox.faults.arm("500_empty", path="Invoices", count=2)
        assert keys(connector) and company.sandbox.sessions.logins == 2


@pytest.mark.parametrize("fault", ["502_html", "503", "cut_before", "cut_body", "429"])
def test_a_read_survives(fault: str) -> None:
    with sap_company() as company:
        connector = company.connector()
        expected = keys(connector)
        options: dict[str, Any] = {"retry_after": None} if fault == "429" else {}
        company.sandbox.faults.arm(fault, path="Invoices", count=2, **options)
        assert keys(connector) == expected


def test_a_wrong_case_url_is_named_and_is_no_refused_password() -> None:
    with sap_company() as company:
        company.url = company.url.replace("/b1s/v2", "/b1s/V2")
        with pytest.raises(Retryable, match=r"`url` must lead to the Service Layer|case-sensitive"):
            keys(company.connector())
        assert company.sessions.refusals == []


def scripted_sap(answer: Any) -> Any:
    def answered(asked: Asked) -> Any:
        if asked.path.endswith("/Login"):
            cookies = [f"B1SESSION=session-{len(asked.body)};HttpOnly;", "ROUTEID=.node3; path=/b1s"]
            return Answer(body={"SessionId": "session", "SessionTimeout": 30}, headers={"Set-Cookie": cookies})
        return answer(asked)

    return answered


@pytest.mark.parametrize("code", ["301", 301])
def test_code_301_alone_tells_a_dead_session(code: Any) -> None:
    with (
        sap_company() as company,
        scripted_server(
            scripted_sap(lambda _: Answer(400, {"error": {"code": code, "message": {"value": "Invalid session"}}}))
        ) as server,
    ):
        company.url = server.url + "/b1s/v2/"
        with pytest.raises(TryLater, match="right after a login"):
            keys(company.connector())
        assert [asked.path.partition("?")[0] for asked in server.asked] == ["/b1s/v2/Login", "/b1s/v2/Invoices"] * 2
        assert server.asked[1].headers["cookie"] == f"B1SESSION=session-{len(server.asked[0].body)}; ROUTEID=.node3"


@pytest.mark.parametrize(
    ("message", "posts"),
    [
        ("Invalid session or session already timeout.", 2),
        ("Timeout waiting for lock", 1),
        ("Bad BP", 1),
        ("Item 'A1001' (Training session) is inactive [DocumentLines.ItemCode][line: 1]", 1),
        ("Project 'Invalid session or session already timeout.' does not exist", 1),
    ],
)
def test_a_5002_that_is_not_saps_whole_sentence_is_never_posted_again(message: str, posts: int) -> None:
    answer = Answer(400, {"error": {"code": "-5002", "message": message}})
    with sap_company() as company, scripted_server(scripted_sap(lambda _: answer)) as server:
        company.url = server.url + "/b1s/v2/"
        with pytest.raises((DocumentRejected, TryLater)) as raised:
            company.connector().target.create("Orders", {"CardCode": "C1"})
        assert server.paths().count("POST /b1s/v2/Orders") == posts
        assert isinstance(raised.value, DocumentRejected) == (posts == 1)


@pytest.mark.parametrize("message", ["Timeout waiting for lock", "Price list 'Session 2026' is locked"])
def test_a_read_that_meets_another_5002_costs_no_login(message: str) -> None:
    answer = Answer(400, {"error": {"code": "-5002", "message": message}})
    with sap_company() as company, scripted_server(scripted_sap(lambda _: answer)) as server:
        company.url = server.url + "/b1s/v2/"
        with pytest.raises(ConnectorError, match=message.split()[0]):
            keys(company.connector())
        assert server.paths().count("POST /b1s/v2/Login") == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-1, "Fail to Get the Bound Database Instance from SLD"),
        (-131, "Failed to connect to the System Landscape Directory"),
        (-104, "Connection to the license server failed"),
        (-111, "No license is available for this user type"),
        (-102, "The database server is not available"),
    ],
)
def test_a_login_that_fails_for_the_servers_own_reasons_is_later_and_no_wrong_password(code: int, message: str) -> None:
    with sap_company() as company:
        company.sandbox.faults.arm("login_refused", count=3, code=code, message=message)
        for _ in range(3):
            with pytest.raises(TryLater, match=message):
                keys(company.connector())
        assert company.sessions.refusals == [] and keys(company.connector())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-304, "Fail to NONE-SSO login from SLD."),
        (-306, "Fail to NONE-SSO login from SLD."),
        (-1, "Fail to NONE-SSO login from SLD."),
        (-107, "Connection failed: unknown user name or wrong password"),
        (-8, "Your user is locked"),
        (-8, "Wrong company"),
    ],
)
def test_a_login_that_may_be_refused_for_its_password_counts_as_that(code: int, message: str) -> None:
    with sap_company() as company:
        company.sandbox.faults.arm("login_refused", count=None, code=code, message=message)
        with pytest.raises(CredentialRefused):
            keys(company.connector())
        assert len(company.sessions.refusals) == 1


def test_both_cookies_are_read_where_a_proxy_folds_them_into_one_header() -> None:
    with sap_company(nodes=4, folded_cookies=True) as company:
        assert keys(company.connector())
        assert (company.sessions.values or {})["ROUTEID"].startswith(".node")
        assert company.sandbox.sessions.logins == 1


def test_oauth_finds_provider_and_company_by_the_landscape_directory_and_renews_its_token() -> None:
    """As SAP's sample of a service signs in: directory, discovery, token by Basic, the company's id, and then bearer and header."""
    landscape = Landscape("us", "Planted-OAuth-Secret", {"OTHER": "4", "SBODEMOUS": "17"})
    with sap_company(landscape=landscape) as company:
        settings = {"authentication": "oauth", "oauth_landscape_url": company.url.removesuffix("/b1s/v2/")}
        connector = company.connector(**settings)
        assert sorted(keys(connector), key=int) == company.keys("Invoices")
        assert (company.sandbox.sessions.logins, landscape.issued) == (0, 1)
        landscape.forget()
        assert keys(connector), "renewed once where the token is refused"
        assert landscape.issued == 2
        assert (company.sessions.values or {})["company_id"] == "17"
        assert keys(company.connector()) and company.sandbox.sessions.logins == 1, "by password, whatever session there was"
        assert keys(company.connector(**settings)) and landscape.issued == 3


def test_a_client_that_is_bound_to_other_companies_only_is_told_so() -> None:
    landscape = Landscape("us", "Planted-OAuth-Secret", {"OTHER": "4", "SBODEMOUS": "17"})
    with sap_company(landscape=landscape) as company:
        del landscape.bindings["SBODEMOUS"]
        settings = {"authentication": "oauth", "oauth_landscape_url": company.url.removesuffix("/b1s/v2/")}
        with pytest.raises(CredentialRefused, match="bound to no user of company 'SBODEMOUS'; it is to: OTHER"):
            keys(company.connector(**settings))


def test_a_directory_that_gives_no_answer_is_named_and_so_is_a_provider() -> None:
    """Each by its own name, though both may stand at one address; and nothing of the secret is told, however it was written."""
    landscape = Landscape("us", "another secret", {"SBODEMOUS": "17"})
    with sap_company(landscape=landscape) as company:
        root = company.url.removesuffix("/b1s/v2/")
        with pytest.raises(CredentialRefused, match="The identity provider refused the client credentials") as raised:
            keys(company.connector(authentication="oauth", oauth_landscape_url=root))
        assert "Planted-OAuth-Secret" not in str(raised.value)

        def broken(asked: Asked) -> Answer:
            return Answer(503, {"error": asked.headers.get("authorization", "")})

        with scripted_server(broken) as provider:
            settings = {"oauth_landscape_url": root, "oauth_token_url": f"{provider.url}/token"}
            with pytest.raises(ConnectorError, match="identity provider") as failed:
                keys(company.connector(authentication="oauth", **settings))
        encoded = base64.b64encode(b"us:Planted-OAuth-Secret").decode()
        assert encoded not in str(failed.value) and encoded not in repr(failed.value)


def test_an_https_directory_that_leads_to_an_open_address_is_given_no_secret() -> None:
    with pytest.raises(ConfigurationError, match=r"names login\.example\.com by an address without TLS"):
        refuse_open("https://sap.example.com:40000", "http://login.example.com/x")
    refuse_open("https://sap.example.com:40000", "https://login.example.com/x")


def test_oauth_without_a_directory_names_the_company_by_what_is_written() -> None:
    def token(asked: Asked) -> Answer:
        assert b"client_secret=Planted-OAuth-Secret" in asked.body and b"scope=b1" in asked.body
        return Answer(body={"access_token": "opaque-bearer", "expires_in": 3600})

    seen: list[Asked] = []

    def rows(asked: Asked) -> Answer:
        seen.append(asked)
        return Answer(body={"value": []})

    with sap_company() as company, scripted_server(token) as provider, scripted_server(rows) as server:
        company.url = server.url + "/b1s/v2/"
        settings = {"authentication": "oauth", "oauth_token_url": provider.url + "/token", "oauth_scope": "b1"}
        assert keys(company.connector(**settings, oauth_company_header="CompanyDB")) == []
        company.sessions.passed_s = 3590
        assert keys(company.connector(**settings, oauth_company_id="17")) == []
        assert len(provider.asked) == 2
    assert (seen[0].headers["authorization"], seen[0].headers["companydb"]) == ("Bearer opaque-bearer", "SBODEMOUS")
    assert seen[-1].headers["x-b1-companyid"] == "17"


def test_refused_client_credentials_stop_the_connection() -> None:
    refusal = Answer(401, {"error": "invalid_client", "error_description": "Planted-OAuth-Secret is wrong"})
    with sap_company() as company, scripted_server(lambda _: refusal) as provider:
        settings = {"authentication": "oauth", "oauth_token_url": provider.url + "/token"}
        with pytest.raises(CredentialRefused) as raised:
            keys(company.connector(**settings))
        assert "Planted-OAuth-Secret" not in str(raised.value) and len(company.sessions.refusals) == 1
