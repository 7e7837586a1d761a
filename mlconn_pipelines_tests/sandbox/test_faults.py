"""The fault menu over sockets, before a small app that counts what it stored."""

import time

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.paths import path_template
from mlconn_simulators.rate_limit import RateLimit
from mlconn_simulators.server import serve


class Shelf:
    def __init__(self, **menu_options) -> None:
        self.stored: list[str] = []
        self.menu = FaultMenu(names=("own",), **menu_options)
        self.own = 0

    def app(self) -> Starlette:
        async def put(request: Request) -> JSONResponse:
            self.stored.append((await request.body()).decode())
            self.own += self.menu.take("own", request.url.path) is not None
            return JSONResponse({"stored": len(self.stored), "filler": "x" * 1000}, 201)

        routes = [Route("/things/{n}", put, methods=["POST", "GET"])]
        return Starlette(
            routes=routes, middleware=[self.menu.middleware(lambda query: {"stored": self.stored, "query": dict(query)})]
        )


@pytest.fixture
def shelf():
    shelf = Shelf()
    with serve(shelf.app()) as endpoint, httpx.Client(base_url=endpoint.url, timeout=5) as http:
        shelf.http = http
        yield shelf


@pytest.mark.parametrize(
    ("name", "status", "is_stored"),
    [
        ("500", 500, 0), ("500_empty", 500, 0), ("502_html", 502, 0), ("503", 503, 0), ("401", 401, 0),
        ("500_after", 500, 1), ("502_after", 502, 1),
    ],
)  # fmt: skip
def test_an_answer_is_replaced_before_or_after_the_work(shelf, name, status, is_stored):
    shelf.menu.arm(name, "/things")
    answer = shelf.http.post("/things/1", content="a")
    assert answer.status_code == status and len(shelf.stored) == is_stored
    assert shelf.http.post("/things/1", content="b").status_code == 201
    if name == "500_empty":
        assert answer.content == b""
    if name.startswith("502"):
        assert "<h1>Proxy Error</h1>" in answer.text


@pytest.mark.parametrize(("name", "is_stored"), [("cut_before", 0), ("cut_after", 1), ("cut_body", 1)])
def test_a_cut_closes_the_connection_without_an_answer(shelf, name, is_stored):
    shelf.http.post("/things/1", content="warm")
    shelf.menu.arm(name)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        shelf.http.post("/things/1", content="a" * 100_000)
    assert len(shelf.stored) == 1 + is_stored
    assert shelf.http.get("/things/1").status_code == 201


def test_slow_answers_come_late_and_stored_or_not_on_time(shelf):
    shelf.menu.arm("slow", seconds=0.3)
    start = time.monotonic()
    assert shelf.http.get("/things/1").status_code == 201 and time.monotonic() - start > 0.29
    shelf.menu.arm("slow_after", seconds=2.0)
    with pytest.raises(httpx.ReadTimeout):
        shelf.http.post("/things/1", content="late", timeout=0.2)
    assert shelf.stored[-1] == "late"


def test_a_slow_request_is_carried_out_after_its_client_has_gone_and_not_beyond_the_servers_limit(shelf):
    shelf.menu.arm("slow", seconds=0.4)
    with pytest.raises(httpx.ReadTimeout):
        shelf.http.post("/things/1", content="late" * 50_000, timeout=0.1)
    assert shelf.stored == []
    within(2, lambda: shelf.stored == ["late" * 50_000])
    shelf.menu.commits_within_s = 0.2
    shelf.menu.arm("slow", seconds=0.4)
    assert shelf.http.post("/things/1", content="too late").status_code == 504
    shelf.menu.arm("slow", seconds=0.4)
    with pytest.raises(httpx.ReadTimeout):
        shelf.http.post("/things/1", content="too late", timeout=0.1)
    time.sleep(0.5)
    assert len(shelf.stored) == 1


def within(seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_429_with_and_without_the_time_to_wait(shelf):
    shelf.menu.arm("429", retry_after=7)
    shelf.menu.arm("429", retry_after=None)
    first, second = shelf.http.get("/things/1"), shelf.http.get("/things/1")
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert second.status_code == 429 and "retry-after" not in second.headers
    assert shelf.http.get("/_sandbox/state").json()["rate_limited"] == 2


def test_path_method_count_and_skip_choose_the_requests(shelf):
    shelf.menu.arm("500", "/things/2", count=2, method="POST", skip=1)
    got = [shelf.http.request(m, f"/things/{n}").status_code for m, n in [("POST", 1), ("GET", 2), *[("POST", 2)] * 4]]
    assert got == [201, 201, 201, 500, 500, 201]


def test_the_query_string_is_part_of_the_path(shelf):
    shelf.menu.arm("500", "$skip=20")
    assert shelf.http.get("/things/1").status_code == 201
    assert shelf.http.get("/things/1?%24skip=20").status_code == 500


def test_faults_over_http(shelf):
    assert shelf.http.post("/_sandbox/faults", json={"name": "500", "path": "/things", "count": 2}).status_code == 201
    assert shelf.http.get("/_sandbox/faults").json()[0]["left"] == 2
    assert shelf.http.get("/things/1").status_code == 500
    shelf.http.delete("/_sandbox/faults")
    assert shelf.http.get("/things/1").status_code == 201
    wrong = shelf.http.post("/_sandbox/faults", json={"name": "hailstorm"})
    assert wrong.status_code == 400 and "hailstorm" in wrong.json()["error"]


def test_random_faults_strike_at_their_rate_and_repeat_with_the_seed(shelf):
    def run() -> list[int]:
        shelf.menu.arm("random", rate=0.2, seed=4, names=["500", "503"])
        got = [shelf.http.get("/things/1").status_code for _ in range(200)]
        shelf.menu.disarm()
        return got

    first = run()
    assert 20 <= sum(status != 201 for status in first) <= 60 and {500, 503} <= set(first)
    assert run() == first


def test_a_servers_own_fault_rolled_at_random_strikes_that_request_only(shelf):
    shelf.menu.arm("random", rate=1.0, names=["own"], count=2)
    for _ in range(4):
        shelf.http.get("/things/1")
    assert shelf.own == 2 and shelf.menu.armed() == []


def test_state_counts_by_template_and_takes_the_query(shelf):
    shelf.http.get("/things/1")
    shelf.http.get("/things/22")
    told = shelf.http.get("/_sandbox/state?source=0").json()
    assert told["requests"] == {"GET /things/{}": 2} and told["query"] == {"source": "0"}


def test_the_rate_limit_counts_each_template_and_method_apart():
    shelf = Shelf(rate_limit=5, template=lambda path: path)
    with serve(shelf.app()) as endpoint, httpx.Client(base_url=endpoint.url) as http:
        got = [http.get("/things/a").status_code for _ in range(8)]
        assert got.count(201) in (5, 6) and got[-1] == 429
        assert http.get("/things/a").headers["retry-after"] == "1"
        assert http.get("/things/b").status_code == 201 == http.post("/things/a").status_code
        time.sleep(0.45)
        assert [http.get("/things/a").status_code for _ in range(3)].count(201) in (1, 2, 3)


def test_tokens_come_back_at_the_rate_and_no_more_than_a_second_of_them():
    now = [0.0]
    limit = RateLimit(4, clock=lambda: now[0])
    assert [limit.wait_s("p") for _ in range(5)] == [0, 0, 0, 0, 0.25]
    now[0] = 60
    assert [limit.wait_s("p") > 0 for _ in range(5)] == [False] * 4 + [True]


def test_a_port_that_is_taken_is_an_error_and_a_free_one_is_found():
    with serve(Shelf().app()) as first, pytest.raises(OSError), serve(Shelf().app(), port=first.port):
        pass


def test_templates_leave_keys_out():
    assert path_template("/b1s/v2/BusinessPartners('C''1(x)')") == "/b1s/v2/BusinessPartners({})"
    assert path_template("/api/files/0a1b2c3d4e5f60718293/content") == "/api/files/{}/content"
    assert path_template("/b1s/v2/Invoices/$count") == "/b1s/v2/Invoices/$count"
