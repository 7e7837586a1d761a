from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from mlconn_pipelines.errors import OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.throttle import Throttle
from mlconn_pipelines_tests.transport.in_memory import MemoryLimiter
from mlconn_pipelines_tests.transport.scripted_server import CUT, Answer, Asked, scripted_server


def in_turn(*answers: Any) -> Callable[[Asked], Any]:
    waiting = list(answers)
    return lambda _: waiting.pop(0)


def get(http: Http, path: str = "x") -> Any:
    return http.send("GET", path, write=False, template="/x")


def post(http: Http, path: str = "x") -> Any:
    return http.send("POST", path, write=True, template="/x", content=b"{}")


def test_a_read_whose_connection_broke_is_sent_again_at_once() -> None:
    with scripted_server(in_turn(CUT, Answer(body={"a": 1}))) as server:
        http = Http("X", server.url, timeout_s=5)
        assert get(http).json() == {"a": 1}
        assert http.calls == len(server.asked) == 2


def test_a_read_that_breaks_twice_is_retryable() -> None:
    with scripted_server(lambda _: CUT) as server, pytest.raises(Retryable, match="GET /x got no answer"):
        get(Http("X", server.url, timeout_s=5))


def test_a_write_cut_off_after_it_was_stored_is_unknown_and_sent_once() -> None:
    with scripted_server(lambda _: CUT) as server:
        with pytest.raises(OutcomeUnknown, match="POST /x got no answer"):
            post(Http("X", server.url, timeout_s=5))
        assert server.paths() == ["POST /x"]


@pytest.mark.parametrize(("send", "kind"), [(get, Retryable), (post, OutcomeUnknown)])
def test_silence_leaves_a_write_open_and_a_read_retryable(send: Callable[[Http], Any], kind: type[Exception]) -> None:
    released = threading.Event()

    def silent(_: Asked) -> Any:
        released.wait(5)
        return CUT

    with scripted_server(silent) as server:
        with pytest.raises(kind, match=r"ReadTimeout after 0\.2 s") as raised:
            send(Http("X", server.url, timeout_s=0.2))
        assert type(raised.value) is kind
        released.set()


def test_a_write_that_never_left_is_retryable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Retryable, match=f"no connection to http://127.0.0.1:{port}"):
        post(Http("X", f"http://127.0.0.1:{port}", timeout_s=5))


def test_connections_are_reused() -> None:
    with scripted_server(lambda _: Answer()) as server:
        http = Http("X", server.url, timeout_s=5)
        for _ in range(5):
            post(http)
        assert server.connections == 1


def test_a_kept_connection_that_the_server_closed_meanwhile_loses_no_write() -> None:
    with scripted_server(lambda _: Answer(), idle_s=0.1) as server:
        http = Http("X", server.url, timeout_s=5)
        post(http)
        time.sleep(0.3)
        assert post(http).status_code == 200
        assert (len(server.asked), server.connections) == (2, 2)


def test_cookies_of_the_server_do_not_come_back_by_themselves() -> None:
    with scripted_server(lambda _: Answer(headers={"Set-Cookie": "B1SESSION=abc; path=/"})) as server:
        http = Http("X", server.url, timeout_s=5)
        get(http)
        get(http)
        assert "cookie" not in server.asked[1].headers


def test_a_redirect_is_not_followed() -> None:
    with scripted_server(lambda _: Answer(302, headers={"Location": "http://elsewhere.invalid/"})) as server:
        http = Http("X", server.url, timeout_s=5)
        with pytest.raises(TryLater, match="answered 302"):
            http.checked(get(http), write=False)


@pytest.mark.parametrize(
    ("path", "full"),
    [
        ("Orders?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("/b1s/v2/$crossjoin(A,B)?$skip=20", "/b1s/v2/$crossjoin(A,B)?$skip=20"),
        ("http://h:50000/b1s/v2/Orders", "/b1s/v2/Orders"),
        ("Orders?$filter=Url eq 'http://other/'", "/b1s/v2/Orders?$filter=Url%20eq%20'http://other/'"),
    ],
)
def test_links_lead_below_the_base_or_the_host(path: str, full: str) -> None:
    assert Http("X", "http://h:50000/b1s/v2", timeout_s=1).url(path).raw_path.decode() == full


@pytest.mark.parametrize(
    "link", ["http://other:50000/b1s/v2/Orders", "https://h:50000/x", "http://h:50001/x", "//other/x", "http://h@other:50000/"]
)
def test_a_link_to_another_host_is_refused(link: str) -> None:
    with pytest.raises(TryLater, match="link to another host"):
        Http("X", "http://h:50000/b1s/v2", timeout_s=1).url(link)


@pytest.mark.parametrize(
    ("asked", "link", "followed"),
    [
        ("Orders?$top=1", "Orders?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("Orders?$top=1", "?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("companies(1)/items?$top=1", "items?$skiptoken=a%2Fb", "/b1s/v2/companies(1)/items?$skiptoken=a%2Fb"),
        ("Orders", "/b1s/v2/$crossjoin(A,B)?$skip=20", "/b1s/v2/$crossjoin(A,B)?$skip=20"),
        ("Orders", "http://h:50000/b1s/v2/Orders?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("Orders?$filter=a", "http://inner:80/sl/Orders?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("Orders?$filter=a", "https://h:50000/b1s/v2/Orders?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("Orders?$filter=a", "//inner/Orders?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("/b1s/v2/Orders?$filter=a", "http://h@inner:50000/x?$skip=20", "/b1s/v2/Orders?$skip=20"),
        ("Orders?$filter=a", "http://inner/elsewhere", "/b1s/v2/Orders?$filter=a"),
    ],
)
def test_a_link_is_joined_to_the_requests_own_address_and_of_another_host_only_its_query_counts(
    asked: str, link: str, followed: str
) -> None:
    assert Http("X", "http://h:50000/b1s/v2", timeout_s=1).joined(asked, link) == followed


def test_a_429_moves_everyones_next_turn() -> None:
    limiter = MemoryLimiter()
    answers = in_turn(Answer(429, headers={"Retry-After": "7"}), Answer(429))
    with scripted_server(answers) as server:
        http = Http("X", server.url, timeout_s=5, throttle=Throttle(limiter, "x", "h"))
        assert [get(http).status_code, get(http).status_code] == [429, 429]
    assert limiter.backed_off == {"h/x": [7.0, 1.0]}


def test_a_secret_that_the_server_repeats_is_in_no_error() -> None:
    with scripted_server(lambda _: Answer(500, b"<h1>Bearer topsecret1 failed</h1>")) as server:
        http = Http("X", server.url, timeout_s=5)
        http.keep_secret("topsecret1")
        with pytest.raises(OutcomeUnknown) as raised:
            http.checked(post(http), write=True)
        assert "topsecret1" not in repr(raised.value) and "***" in str(raised.value)


def test_a_header_that_cannot_be_sent_is_not_repeated() -> None:
    with scripted_server(lambda _: Answer()) as server:
        http = Http("X", server.url, timeout_s=5)
        with pytest.raises(TryLater) as raised:
            http.send("POST", "x", write=True, template="/x", headers={"X-Key": "hush\nhush"})
        assert "hush" not in repr(raised.value) and raised.value.__suppress_context__
        assert server.asked == []
