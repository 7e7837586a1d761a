"""Login, cookies, nodes, time-outs and sign-in errors, over sockets."""

import concurrent.futures
import re

import httpx
import pytest

from mlconn_simulators.sap_business_one.landscape import Landscape

LOGIN = {"CompanyDB": "SBODEMOUS", "UserName": "manager", "Password": "pässword"}
DEAD = {
    "error": {"code": "301", "details": [{"code": "", "message": ""}], "message": "Invalid session or session already timeout."}
}


def test_login_gives_both_cookies_in_their_exact_shapes(company):
    answer = company.http.post("Login", json=LOGIN)
    body = answer.json()
    assert set(body) == {"@odata.context", "SessionId", "Version", "SessionTimeout"}
    assert body["SessionTimeout"] == 30 and isinstance(body["Version"], str)
    session, node = answer.headers.get_list("set-cookie")
    assert session == f"B1SESSION={body['SessionId']};HttpOnly;"
    assert re.fullmatch(r"ROUTEID=\.node\d; path=/b1s", node)


def test_a_single_node_sends_no_route(company_with):
    with company_with(nodes=1) as company:
        assert len(company.http.post("Login", json=LOGIN).headers.get_list("set-cookie")) == 1
        assert company.http.get("Orders").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "code"), [({"Password": "no"}, "-304"), ({"UserName": "no"}, "-304"), ({"CompanyDB": "NONE"}, "-306")]
)
def test_wrong_logins_differ_in_the_code_only(company, wrong, code):
    answer = company.http.post("Login", json=LOGIN | wrong)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == code and answer.json()["error"]["message"] == "Fail to NONE-SSO login from SLD."
    assert company.sandbox.state()["failed_logins"] == 1


@pytest.mark.parametrize("cookie", ["", "B1SESSION=garbage; ROUTEID=.node1", "route only"])
def test_without_a_live_session_every_request_is_401_301(company, cookie):
    if cookie == "route only":
        cookie = company.http.headers["Cookie"].split("; ")[0]  # the session is there, its node is not named
    answer = company.http.get("Orders", headers={"Cookie": cookie})
    assert (answer.status_code, answer.json()) == (401, DEAD)


def test_a_session_of_another_node_is_unknown_here(company):
    session, node = company.http.headers["Cookie"].split("; ")
    other = "ROUTEID=.node1" if node != "ROUTEID=.node1" else "ROUTEID=.node2"
    assert company.http.get("Orders", headers={"Cookie": f"{session}; {other}"}).json() == DEAD


@pytest.mark.parametrize("path", ["orders", "Orders(1)/cancel", "Nothing"])
def test_paths_in_the_wrong_case_look_like_a_dead_session(company, path):
    method = "POST" if "cancel" in path else "GET"
    answer = company.http.request(method, path)
    assert (answer.status_code, answer.json()) == (401, DEAD)
    assert company.http.post("login", json=LOGIN).status_code == 401


def test_idle_sessions_end_and_used_ones_live(company):
    company.sandbox.sessions.idle(29)
    assert company.http.get("Orders").status_code == 200
    company.sandbox.sessions.idle(29)
    assert company.http.get("Orders").status_code == 200
    company.sandbox.sessions.idle(31)
    assert company.http.get("Orders").json() == DEAD
    company.sign_in()
    assert company.http.get("Orders").status_code == 200
    assert company.sandbox.state()["logins"] == 2


def test_logout_ends_the_session(company):
    answer = company.http.post("Logout")
    assert (answer.status_code, answer.content) == (204, b"")
    assert company.http.get("Orders").status_code == 401


def test_too_many_logins_at_once_get_299(company_with):
    with company_with(login_s=1.0) as company, concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: httpx.post(f"{company.url}Login", json=LOGIN), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [500] * 2
    refused = next(answer for answer in answers if answer.status_code == 500).json()["error"]
    assert (refused["code"], refused["message"]) == ("299", "SAML Login Failed")


def test_a_bearer_of_the_landscape_is_taken_instead_of_a_session(company_with):
    with company_with(landscape=Landscape("us", "secret", {"SBODEMOUS": "17", "OTHER": "18"})) as company:
        del company.http.headers["Cookie"]
        root = company.url.removesuffix("/b1s/v2/")
        form = {"grant_type": "client_credentials", "scope": "openid"}
        assert httpx.post(f"{root}/auth/realms/sapb1/token", data=form, auth=("us", "x")).status_code == 401
        token = httpx.post(f"{root}/auth/realms/sapb1/token", data=form, auth=("us", "secret")).json()["access_token"]
        shown = {"Authorization": f"Bearer {token}"}
        info = httpx.get(f"{root}/sld/sld0100.svc/CurrentUserInfo?IncludeB1UserBinding=true", headers=shown).json()
        assert info["d"]["CurrentUserInfo"]["B1UserBindings"]["results"][0] == {
            "CompanySchemaName": "SBODEMOUS",
            "CompanyID": "17",
        }
        assert company.http.get("Orders", headers=shown | {"X-B1-COMPANYID": "17"}).status_code == 200
        assert company.http.get("Orders", headers=shown | {"X-B1-COMPANYID": "18"}).json() == DEAD
        assert company.http.get("Orders", headers={"Authorization": "Bearer x", "X-B1-COMPANYID": "17"}).json() == DEAD


def test_a_session_that_expires_while_paging_ends_for_good(company):
    company.sandbox.faults.arm("expired_session", "/Invoices?", skip=1)
    assert company.http.get("Invoices?$select=DocEntry").status_code == 200
    assert company.http.get("Invoices?$select=DocEntry&$skip=20").json() == DEAD
    assert company.http.get("Invoices?$select=DocEntry&$skip=20").json() == DEAD
    company.sign_in()
    assert company.http.get("Invoices?$select=DocEntry&$skip=20").status_code == 200


def test_a_broken_node_answers_407_until_a_fresh_session_lands_elsewhere(company):
    company.sandbox.faults.arm("broken_node", count=None)
    for _ in range(2):
        answer = company.http.get("Orders")
        assert answer.status_code == 500 and answer.json()["error"]["code"] == "407"
    company.sign_in()
    assert company.http.get("Orders").status_code == 200


def test_slow_login_and_a_single_299(company):
    company.sandbox.faults.arm("slow_login", seconds=3)
    with pytest.raises(httpx.ReadTimeout):
        company.http.post("Login", json=LOGIN, timeout=0.2)
    company.sandbox.faults.arm("login_299")
    assert company.http.post("Login", json=LOGIN).json()["error"]["code"] == "299"
    assert company.http.post("Login", json=LOGIN).status_code == 200


def test_the_balancers_health_page_needs_no_session(company):
    root = company.url.removesuffix("b1s/v2/")
    assert set(httpx.get(f"{root}ping/load-balancer").json()) == {"message", "sender", "timestamp"}
