from __future__ import annotations

import threading

import pytest

from mlconn_pipelines.errors import ConnectionStopped, CredentialRefused, Retryable, TryLater, VaultError
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import cleo_tenant
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked, scripted_server
from mlconn_simulators.cleo.tenant import PASSWORD, USER

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def names(exchange, folder: str = "inbox") -> list[str]:  # type: ignore[no-untyped-def]
    return [file.name for page in exchange.list_folder(folder) for file in page]


def test_one_sign_in_serves_every_run() -> None:
    with cleo_tenant() as tenant:
        for _ in range(3):
            assert names(tenant.exchange()) == []
        assert tenant.sandbox.tokens.logins == 1


def test_many_threads_sign_in_once() -> None:
    with cleo_tenant() as tenant:
        exchange = tenant.exchange()
        threads = [threading.Thread(target=names, args=(exchange,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tenant.sandbox.tokens.logins == 1


def test_a_token_refused_midway_is_refreshed_and_no_file_is_missed() -> None:
    with cleo_tenant() as tenant:
        for number in range(5):
            tenant.sandbox.put("inbox", f"850_{number}.edi", b"ISA")
        tenant.sandbox.faults.arm("expired", path="startIndex=2")
        tenant.sandbox.faults.arm("expired", path="/children", skip=1)
        assert names(tenant.exchange()) == [f"850_{number}.edi" for number in range(5)]
        assert (tenant.sandbox.tokens.logins, tenant.sandbox.tokens.refreshes) == (1, 1)


def test_when_the_refresh_is_refused_the_password_is_asked() -> None:
    with cleo_tenant() as tenant:
        exchange = tenant.exchange()
        names(exchange)
        tenant.sandbox.tokens.refresh_refused = True
        tenant.sandbox.tokens.expire_all()
        assert names(exchange) == []
        assert tenant.sandbox.tokens.logins == 2


def test_a_refresh_that_breaks_down_falls_back_to_the_password() -> None:
    with cleo_tenant() as tenant:
        exchange = tenant.exchange()
        names(exchange)
        tenant.sandbox.tokens.expire_all()
        tenant.sandbox.faults.arm("502_html", path="/authentication")
        assert names(exchange) == []
        assert tenant.sandbox.tokens.logins == 2


def test_a_token_is_renewed_a_minute_early() -> None:
    with cleo_tenant() as tenant:
        names(tenant.exchange())
        tenant.sessions.passed_s = 3541
        names(tenant.exchange())
        assert tenant.sandbox.tokens.refreshes == 1
        tenant.sessions.passed_s += 3530
        names(tenant.exchange())
        assert tenant.sandbox.tokens.refreshes == 1


def test_a_server_that_states_no_lifetime_is_used_until_it_refuses() -> None:
    with cleo_tenant() as tenant:
        tenant.sandbox.tokens.states_expiry = False
        names(tenant.exchange())
        tenant.sessions.passed_s = 100_000
        names(tenant.exchange())
        assert (tenant.sandbox.tokens.logins, tenant.sandbox.tokens.refreshes) == (1, 0)


def test_a_server_without_refresh_tokens_is_asked_by_password_again() -> None:
    with cleo_tenant() as tenant:
        tenant.sandbox.tokens.gives_refresh_token = False
        exchange = tenant.exchange()
        names(exchange)
        tenant.sandbox.tokens.expire_all()
        names(exchange)
        assert (tenant.sandbox.tokens.logins, tenant.sandbox.tokens.refreshes) == (2, 0)


def test_a_wrong_password_is_tried_twice_and_then_the_connection_stops() -> None:
    with cleo_tenant(entry={"username": USER, "password": "Wrong-Secret-9"}) as tenant:
        for _ in range(2):
            with pytest.raises(CredentialRefused, match="mlconn credentials set cleo") as raised:
                names(tenant.exchange())
            assert "Wrong-Secret-9" not in repr(raised.value)
        for _ in range(3):
            with pytest.raises(ConnectionStopped):
                names(tenant.exchange())
        assert tenant.sandbox.tokens.refused == 2
        assert len(tenant.sessions.refusals) == 2


def test_eight_threads_with_a_wrong_password_try_twice_at_most() -> None:
    with cleo_tenant(entry={"username": USER, "password": "Wrong-Secret-9"}) as tenant:
        exchange = tenant.exchange()
        problems: list[type[Exception]] = []

        def run() -> None:
            try:
                names(exchange)
            except (CredentialRefused, ConnectionStopped) as refused:
                problems.append(type(refused))

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tenant.sandbox.tokens.refused == 2
        assert sorted(kind.__name__ for kind in problems) == ["ConnectionStopped"] * 6 + ["CredentialRefused"] * 2


def test_a_one_time_code_is_sent_where_the_entry_has_its_secret() -> None:
    entry = {"username": USER, "password": PASSWORD, "totp_secret": SECRET}
    with cleo_tenant(totp_secret=SECRET, totp_header="X-Code", entry=entry) as tenant:
        assert names(tenant.exchange(totp_header="X-Code")) == []


def test_an_account_with_two_factors_names_what_is_missing() -> None:
    with cleo_tenant(totp_secret=SECRET) as tenant, pytest.raises(CredentialRefused, match="totp_secret"):
        names(tenant.exchange())


def test_an_entry_without_password_says_so() -> None:
    with cleo_tenant(entry={"username": USER}) as tenant, pytest.raises(VaultError, match="has no password"):
        names(tenant.exchange())


def test_a_busy_sign_in_is_tried_again_and_is_no_refusal() -> None:
    with cleo_tenant() as tenant:
        tenant.sandbox.faults.arm("429", path="/authentication", count=1, retry_after=None)
        tenant.sandbox.faults.arm("503", path="/authentication", count=1)
        assert names(tenant.exchange()) == []
        assert tenant.sessions.refusals == []


def test_a_sign_in_that_stays_broken_is_retryable() -> None:
    with cleo_tenant() as tenant:
        tenant.sandbox.faults.arm("500", path="/authentication", count=None)
        with pytest.raises(Retryable):
            names(tenant.exchange())
        assert tenant.sessions.refusals == []


def test_a_wrong_url_is_named_and_counts_as_no_refusal() -> None:
    with cleo_tenant() as tenant:
        tenant.url = tenant.url.removesuffix("/api") + "/wrong"
        with pytest.raises(TryLater, match="`url` must lead to the API"):
            names(tenant.exchange())
        assert tenant.sessions.refusals == []


def test_a_server_that_refuses_its_own_fresh_token_is_not_asked_for_ever() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/authentication"):
            return Answer(body={"access_token": f"t{len(asked.body)}abc", "token_type": "Bearer"})
        return Answer(401, {"message": "no rights"})

    with cleo_tenant() as tenant, scripted_server(answer) as server:
        tenant.url = server.url + "/api"
        with pytest.raises(TryLater, match="right after a sign-in"):
            names(tenant.exchange())
        assert len(server.asked) == 4
