"""Callers who hold connections and say nothing, or never finish: closed in time, bounded in number, and in nobody's way."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mlconn_pipelines.gateway.callers import PER_ADDRESS, WAITING_MAX, Callers
from mlconn_pipelines.gateway.connections import HEADER_BYTES_MAX, Times
from mlconn_pipelines.gateway.counts import Counts
from mlconn_pipelines.gateway.held_polls import HeldPolls
from mlconn_pipelines.gateway.program import Listening
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_simulators.certificates import Authority

SHORT = Times(headers=0.4, body=0.6, answer=0.5, idle=0.6)
NOBODY = Listening(trusted_proxies=())
"""No proxy is trusted, so that callers on loopback are counted as those from outside are."""

HALF = b"POST /echo HTTP/1.1\r\nHost: x\r\n"


def application() -> Starlette:
    async def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def echo(request: Request) -> Response:
        return PlainTextResponse(await request.body())

    async def slow(request: Request) -> Response:
        await asyncio.sleep(float(request.query_params["seconds"]))
        return PlainTextResponse("at last")

    made = Starlette(
        routes=[Route("/health", health), Route("/echo", echo, methods=["POST"]), Route("/slow", slow)],
    )
    made.state.counts, made.state.held = Counts(), HeldPolls()
    return made


@contextlib.contextmanager
def lines(url: str, count: int, first: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections that have said no more than `first`."""
    where = urlsplit(url)
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            line = stack.enter_context(socket.create_connection((str(where.hostname), where.port or 0), timeout=10))
            opened.append(line)
            if first:
                with contextlib.suppress(OSError):
                    line.sendall(first)
        yield opened


def closed(line: socket.socket, within_s: float = 5.0) -> bytes:
    """What came before the other side closed it; fails where it does not."""
    line.settimeout(within_s)
    heard = b""
    with contextlib.suppress(ConnectionError):
        while part := line.recv(4096):
            heard += part
    return heard


def answers(url: str) -> float:
    """Seconds to the answer of a call that is in order."""
    began = time.monotonic()
    assert httpx.get(f"{url}/health", timeout=5).text == "ok"
    return time.monotonic() - began


# -- time ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("first", [b"", b"POST /ec", HALF, HALF + b"A: b\r\n"], ids=["nothing", "path", "host", "header"])
def test_headers_that_do_not_come_in_time_close_the_connection(first: bytes) -> None:
    made = application()
    with listening(made, times=SHORT) as url, lines(url, 1, first) as (line,):
        heard = closed(line)
        assert heard.startswith(b"HTTP/1.1 408") if first else heard == b""
        assert made.state.counts.connections == {"late_headers": 1}


def test_a_header_that_drips_has_no_more_time_than_one_that_stops() -> None:
    with listening(application(), times=SHORT) as url, lines(url, 1, HALF) as (line,):
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 3:
                line.sendall(b"A: b\r\n")
                time.sleep(0.05)
        assert time.monotonic() - began < 2
        closed(line)


@pytest.mark.parametrize("path", ["/echo", "/health", "/nowhere"])
def test_a_body_that_drips_has_an_end_whoever_reads_it(path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()
    with listening(application(), times=SHORT) as url, lines(url, 1, head) as (line,):
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 4:
                line.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - began < 3
        closed(line)


def test_an_idle_connection_is_closed_also_when_it_sends_empty_lines() -> None:
    with (
        listening(application(), times=SHORT) as url,
        lines(url, 2, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n") as (still, drips),
    ):
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 4:
                drips.sendall(b"\r\n")
                time.sleep(0.05)
        assert time.monotonic() - began < 3
        assert closed(still).startswith(b"HTTP/1.1 200")


def test_what_is_in_order_is_answered_again_and_again_on_one_connection() -> None:
    made = application()
    with listening(made, times=SHORT) as url, httpx.Client(base_url=url) as http:
        for number in range(12):
            assert http.post("/echo", content=f"{number}" * 5_000).text == f"{number}" * 5_000
            time.sleep(0.1)  # together longer than any of the times
        assert not made.state.counts.connections


def test_an_answer_that_does_not_come_ends_too() -> None:
    with listening(application(), times=SHORT) as url, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/slow?seconds=2", timeout=10)


def test_headers_without_end_are_refused() -> None:
    with listening(application()) as url, lines(url, 1, HALF) as (line,):
        with contextlib.suppress(OSError):
            for number in range(HEADER_BYTES_MAX // 1_000 + 2):
                line.sendall(f"A{number}: {'x' * 1_000}\r\n".encode())
        assert closed(line).startswith(b"HTTP/1.1 431")


def test_tls_that_is_never_agreed_upon_ends_too(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    pair = authority.pair("gateway")
    tls = Listening(certificate=pair.certificate, key=pair.key, trusted_proxies=())
    trusting = ssl.create_default_context(cafile=str(authority.certificate))
    with listening(application(), tls=tls, times=replace(SHORT, headers=2.0)) as url, lines(url, PER_ADDRESS) as silent:
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url}/health", verify=trusting)  # they count before TLS has begun
        for line in silent:
            assert closed(line) == b""
        assert httpx.get(f"{url}/health", verify=trusting).text == "ok"


# -- number ----------------------------------------------------------------------------------------------------------------
def test_an_address_holds_so_many_connections_and_others_are_not_concerned() -> None:
    made = application()
    with listening(made, tls=NOBODY) as url:
        with lines(url, PER_ADDRESS, HALF):
            with lines(url, 1, HALF) as (one_more,):
                assert closed(one_more) == b""
            elsewhere = httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"))
            assert elsewhere.get(f"{url}/health").text == "ok"
        deadline = time.monotonic() + 5
        while True:
            with contextlib.suppress(httpx.TransportError):
                answers(url)
                break
            assert time.monotonic() < deadline, "those that left are not counted any more"
        assert made.state.counts.connections["too_many"] >= 1


def test_more_half_open_connections_than_there_is_room_for_keep_nobody_out() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    made = application()
    with listening(made) as url, lines(url, WAITING_MAX + 150, HALF):  # loopback is trusted: as many as it likes
        assert max(answers(url) for _ in range(20)) < 2.0
        assert made.state.counts.connections["displaced"] >= 150


def test_calls_that_a_proxy_forwards_are_counted_by_the_address_it_names() -> None:
    made = application()
    with listening(made, times=Times()) as url, ThreadPoolExecutor(PER_ADDRESS) as callers:
        limits = httpx.Limits(max_connections=200)
        with httpx.Client(base_url=url, timeout=20, limits=limits) as http:
            greedy = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7, 127.0.0.1"}
            under_way = [callers.submit(http.get, "/slow?seconds=5", headers=greedy) for _ in range(PER_ADDRESS)]
            deadline = time.monotonic() + 10
            while http.get("/health", headers={"X-Forwarded-For": "203.0.113.7"}).status_code != 429:
                assert time.monotonic() < deadline
                time.sleep(0.02)  # the callers need the processor to get there
            refused = http.post("/echo", content=b"x", headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.7"})
            assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
            assert http.get("/health", headers={"X-Forwarded-For": "203.0.113.8"}).status_code == 200
            assert http.get("/health").status_code == 200
            assert {call.result().status_code for call in under_way} == {200}
            assert http.get("/health", headers=greedy).status_code == 200


def test_a_client_that_leaves_in_the_middle_is_counted_no_longer() -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\nContent-Length: 9\r\n\r\n"
    with listening(application()) as url:
        with lines(url, PER_ADDRESS, head):
            time.sleep(0.3)
        deadline = time.monotonic() + 5
        while httpx.get(f"{url}/health", headers={"X-Forwarded-For": "203.0.113.7"}).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_it_ends_when_told_although_connections_are_open() -> None:
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(listening(application()))
        stack.enter_context(lines(url, 5))
        assert answers(url) < 5
    assert time.monotonic() - began < 15


# -- who counts, without a socket --------------------------------------------------------------------------------------------
def forwarded(header: str, peer: str = "127.0.0.1", *trusted: str) -> str:
    callers = Callers(tuple(map(ip_network, trusted))) if trusted else Callers()
    seat = callers.admit(peer)
    assert seat is not None
    return callers.forwarded_for(seat, [(b"host", b"x"), (b"x-forwarded-for", header.encode())])


@pytest.mark.parametrize(
    ("header", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("made up, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 127.0.0.1, ::1", "203.0.113.7"),
        ("unknown", "unknown"),
        ("127.0.0.1", ""),
        ("", ""),
    ],
)
def test_whom_a_trusted_proxy_speaks_for(header: str, counted: str) -> None:
    assert forwarded(header) == counted


def test_nobody_else_is_believed() -> None:
    assert forwarded("203.0.113.7", "198.51.100.1") == ""
    assert forwarded("203.0.113.7, 10.0.0.9", "10.0.0.5", "10.0.0.0/24") == "203.0.113.7"
    assert forwarded("203.0.113.7", "127.0.0.1", "10.0.0.0/24") == ""


def test_loopback_by_ipv6_is_loopback() -> None:
    callers = Callers(per_address=1)
    assert all(callers.admit(peer) for peer in ("127.0.0.1", "::ffff:127.0.0.1", "::1", "127.0.0.1") for _ in range(3))
    assert callers.admit("192.0.2.1") and not callers.admit("::ffff:192.0.2.1")
