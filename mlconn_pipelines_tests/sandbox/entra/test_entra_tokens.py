"""The token endpoint over sockets: what it grants, what it refuses and in which words."""

import contextlib
import datetime as dt

import httpx
import pytest

from mlconn_simulators.entra.sandbox import BUSINESS_CENTRAL, CLIENT_ID, CLIENT_SECRET, TENANT_ID, EntraSandbox
from mlconn_simulators.server import serve

FORM = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "scope": f"{BUSINESS_CENTRAL}/.default",
}


@contextlib.contextmanager
def tenant_of(**options):
    entra = EntraSandbox(**options)
    with serve(entra.app()) as endpoint, httpx.Client(base_url=endpoint.url, timeout=10) as http:
        yield entra, http


def ask(http: httpx.Client, tenant: str = TENANT_ID, **changed) -> httpx.Response:
    form = {name: value for name, value in (FORM | changed).items() if value is not None}
    return http.post(f"/{tenant}/oauth2/v2.0/token", data=form)


def test_a_token_is_for_one_resource_and_both_names_of_the_tenant_do():
    with tenant_of(resources=(BUSINESS_CENTRAL, "https://meridian.operations.dynamics.com")) as (entra, http):
        body = ask(http).json()
        assert set(body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3599)
        header = f"Bearer {body['access_token']}"
        assert entra.accepts(header, BUSINESS_CENTRAL)
        assert not entra.accepts(header, "https://meridian.operations.dynamics.com")
        assert not entra.accepts("Bearer invented", BUSINESS_CENTRAL) and not entra.accepts(None, BUSINESS_CENTRAL)
        assert ask(http, "meridian.example").status_code == 200
        assert http.get("/_sandbox/state").json()["logins"] == {BUSINESS_CENTRAL: 2}


def test_tokens_run_out_by_time_and_by_hand():
    with tenant_of(lifetime_s=60) as (entra, http):
        header = f"Bearer {ask(http).json()['access_token']}"
        entra.clock.move(dt.timedelta(seconds=59))
        assert entra.accepts(header, BUSINESS_CENTRAL)
        entra.clock.move(dt.timedelta(seconds=2))
        assert not entra.accepts(header, BUSINESS_CENTRAL)
        header = f"Bearer {ask(http).json()['access_token']}"
        entra.expire_tokens()
        assert not entra.accepts(header, BUSINESS_CENTRAL)


@pytest.mark.parametrize(
    ("changed", "status", "error", "number"),
    [
        ({"tenant": "nobody.example"}, 400, "invalid_request", 90002),
        ({"client_id": "11111111-0000-0000-0000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": BUSINESS_CENTRAL}, 400, "invalid_scope", 1002012),
        ({"scope": "https://other.example/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_refusals_name_their_reason(changed, status, error, number):
    with tenant_of() as (entra, http):
        answer = ask(http, **changed)
        body = answer.json()
        assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
        assert body["error_description"].startswith(f"AADSTS{number}: ") and "Trace ID" in body["error_description"]
        assert entra.state()["failed_logins"] == {f"AADSTS{number}": 1} and entra.state()["logins"] == {}


def test_an_expired_secret_and_the_faults_of_the_menu():
    with tenant_of() as (entra, http):
        http.post("/_sandbox/faults", json={"name": "secret_expired"})
        assert ask(http).json()["error_codes"] == [7000222]
        assert ask(http).status_code == 200
        http.post("/_sandbox/faults", json={"name": "429", "retry_after": 3})
        busy = ask(http)
        assert (busy.status_code, busy.headers["retry-after"]) == (429, "3")
        entra.faults.arm("502_html")
        assert ask(http).headers["content-type"].startswith("text/html")
        entra.faults.arm("short_lived")
        short = ask(http).json()
        assert short["expires_in"] == 3599 and not entra.accepts(f"Bearer {short['access_token']}", BUSINESS_CENTRAL)
        entra.expire_secret()
        assert ask(http).status_code == 401
