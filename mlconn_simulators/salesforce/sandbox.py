"""A simulated Salesforce org that tests and the demo hold in their hands."""

from __future__ import annotations

import datetime as dt
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.salesforce.errors import ApiError, TokenRefused, fault_body, not_found
from mlconn_simulators.salesforce.event_bus import EventBus, origin_of
from mlconn_simulators.salesforce.profiles import Access
from mlconn_simulators.salesforce.reading import json_value
from mlconn_simulators.salesforce.schema import MERGEABLE, OBJECTS, Values, children_of
from mlconn_simulators.salesforce.seed import WON_STAGE, make_invoices, make_masters, make_opportunity, make_setup
from mlconn_simulators.salesforce.service import Answer, Asked, Service
from mlconn_simulators.salesforce.store import Store
from mlconn_simulators.salesforce.tokens import Tokens
from mlconn_simulators.salesforce.trade import TradeRules
from mlconn_simulators.salesforce.writing import Writer
from mlconn_simulators.utc_clock import UtcClock
from mlconn_simulators.world.model import World

CLIENT_ID = "3MVG9_simulated_external_client_app"
CLIENT_SECRET = "Salesforce~Sandbox-1"
OLDEST_VERSION = 31
URI_AND_HEADERS_MAX = 16_384
FAULT_NAMES = (
    "expired_token", "quota_reached", "edge_406", "edge_420", "query_timeout", "short_page", "dead_locator", "row_locked",
    "validation_rule", "upsert_race",
)  # fmt: skip
"""Faults of this system beside the menu's own.

expired_token: every session ends as the struck request comes. quota_reached: the answer of a used-up quota. edge_406, edge_420: a page
in HTML from before the org. short_page: half as many records. dead_locator. row_locked, validation_rule: of the request, or of the rows
of a collection that the option `rows` names (places from 0, the first where it is left out). upsert_race: somebody else
creates the record of a single upsert just before it is stored.
"""
_EDGE_PAGE = "<html><body><h1>We are setting things up...</h1></body></html>"
_KEYS = re.compile(r"((?<!composite)/sobjects/\w+)/(?!describe|updated|deleted)(\w+__c/|)[^?]+$|(/query(?:All)?)/[^/]+$")


class SalesforceSandbox:
    """One org behind one external client app.

    profile: see `Access`. newest_version: the highest that the org offers. quota: API requests in 24 hours. page_size: records of a page
    at most, 0 for the product's own 2,000. update_status: of an upsert that found its record, 200 or 204. covered_lag_s: how far
    latestDateCovered stays behind. opportunities: won ones at the start.
    """

    def __init__(
        self,
        world: World,
        *,
        profile: str = "sales_cloud",
        start: dt.datetime | None = None,
        newest_version: int = 68,
        quota: int = 100_000,
        page_size: int = 0,
        update_status: int = 200,
        covered_lag_s: float = 60.0,
        opportunities: int = 10,
        rate_limit: float | None = None,
    ) -> None:
        self.world, self.newest_version, self.quota = world, newest_version, quota
        self.page_size, self.update_status, self.covered_lag_s = page_size, update_status, covered_lag_s
        begins = start or dt.datetime.combine(world.today, dt.datetime.now(dt.UTC).time(), dt.UTC)
        self.clock = UtcClock(begins)
        self.clock.running = False
        empty = {"totalSize": 0, "done": True, "records": []}
        self.faults = FaultMenu(
            names=FAULT_NAMES, template=_template, rate_limit=rate_limit, error_body=fault_body, empty_list=empty
        )
        self.store = Store(self.clock)
        self.access = Access(profile)
        self.writer = Writer(self.store, self.access, TradeRules(self.store))
        self.dice = random.Random(f"salesforce-{world.seed}")
        org_id, user_id = make_setup(self.store)
        makes = Writer(
            self.store, Access("multi_currency" if profile == "multi_currency" else "billing"), TradeRules(self.store)
        )
        self._makes = makes
        make_masters(makes, self.store, world)
        for _ in range(opportunities):
            make_opportunity(makes, self.store, self.dice)
        if profile == "billing":
            make_invoices(self.store, self.dice)
        self.clock.running = True
        self.clock.set(begins)
        self.tokens = Tokens(self.clock, CLIENT_ID, CLIENT_SECRET, org_id, user_id)
        self.used = 0
        """API requests of these 24 hours; tests may set it."""
        self.quota_ends = self.clock.now() + dt.timedelta(days=1)
        self.writes: list[Values] = []
        """Every request that wrote: method, path, client (of Sforce-Call-Options) and the ids it wrote."""
        self.lock = threading.RLock()
        """Held while a request or a helper below touches the records."""
        self.events = EventBus(self.store, self.access, world.seed)
        self._service = Service(self)

    @property
    def remaining(self) -> int:
        return max(0, self.quota - self.used)

    def app(self) -> Starlette:
        """The ASGI app. Beside `/_sandbox/state` and `/_sandbox/faults`: win, merge, edit, revoke."""
        acts: dict[str, Callable[..., Any]] = {"win": self.win, "merge": self.merge, "edit": self.edit, "revoke": self.revoke}
        return Starlette(
            routes=[
                Route("/services/oauth2/token", self._token, methods=["POST"]),
                Route("/services/oauth2/revoke", self._revoke, methods=["POST"]),
                Route("/services/oauth2/userinfo", self._data, methods=["GET"]),
                Route("/id/{org}/{user}", self._data, methods=["GET"]),
                Route("/services/data{path:path}", self._data, methods=["GET", "POST", "PATCH", "DELETE", "PUT"]),
            ],
            middleware=[self.faults.middleware(self.state, acts)],
        )

    # What tests and the demo do directly.

    def state(self, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What the org holds and what came over the API; `?object=Account` adds that object's living records whole."""
        with self.lock:
            told: dict[str, Any] = {
                "records": {
                    name: sum(each.deleted_at is None for each in held.values()) for name, held in self.store.records.items()
                },
                "writes": list(self.writes),
                "logins": self.tokens.logins,
                "failed_logins": dict(self.tokens.refused),
                "api_usage": [self.used, self.quota],
                "clock": self.clock.now().isoformat(timespec="milliseconds"),
            }
            if (wanted := (query or {}).get("object")) in OBJECTS:
                living = [each for each in self.store.records[str(wanted)].values() if each.deleted_at is None]
                told["values"] = [{name: json_value(value) for name, value in each.values.items()} for each in living]
        return told | self.faults.counts()

    def win(self, count: int = 1, lines: int = 2, stage: str = WON_STAGE) -> list[dict[str, str]]:
        """New opportunities with so many lines, won at once unless another stage is named."""
        return [self._won(lines, stage) for _ in range(count)]

    @contextmanager
    def _by_a_person(self) -> Iterator[None]:
        """What is written in the block is one transaction of somebody who works in the org."""
        with self.lock:
            integration, self.store.user_id = self.store.user_id, self.store.person_id
            try:
                with self.events.transaction():
                    yield
            finally:
                self.store.user_id = integration

    def _won(self, lines: int, stage: str) -> dict[str, str]:
        with self._by_a_person():
            return {"Id": make_opportunity(self._makes, self.store, self.dice, stage, lines).id}

    def add(self, entity: str, values: Values) -> str:
        """A new record as a person enters it; its id. Errors: ValueError where a rule refuses."""
        with self._by_a_person():
            try:
                return str(self._makes.create(OBJECTS[entity], values, allow_duplicate=True).id)
            except ApiError as error:
                raise ValueError(error.message) from None

    def delete(self, entity: str, record_id: str) -> None:
        """Into the bin, as a person does it."""
        with self._by_a_person():
            self.store.delete(self.store.get(entity, record_id))

    def edit(self, entity: str, record_id: str, values: Values) -> dict[str, str]:
        """Change a record as a person does in the user interface. Errors: ValueError where a rule refuses."""
        with self._by_a_person():
            try:
                self._makes.update(OBJECTS[entity], self.store.get(entity, record_id), values)
            except ApiError as error:
                raise ValueError(error.message) from None
            return {"Id": record_id}

    def merge(self, winner: str, loser: str) -> dict[str, str]:
        """Merge two accounts or contacts: the loser goes to the bin and names its winner; what hung on it moves without a stamp."""
        entity = next(name for name in MERGEABLE if OBJECTS[name].prefix == winner[:3])
        with self._by_a_person():
            try:
                keeps, goes = self.store.get(entity, winner), self.store.get(entity, loser)
            except ApiError as error:
                raise ValueError(error.message) from None
            for child, reference in children_of(entity).values():
                for record in self.store.having(child, reference.name, goes.id):
                    self.store.set(record, {reference.name: keeps.id})
            self.store.delete(goes)
            goes.values["MasterRecordId"] = keeps.id
            self.store.touch(keeps)
            return {"MasterRecordId": keeps.id}

    def convert(self, lead: str, account: str = "", contact: str = "") -> dict[str, str]:
        """Convert a lead: into a new account and contact, unless one of those that are there is named; what they say stays then."""
        with self._by_a_person():
            values = self.store.get("Lead", lead).values
            account = account or str(self._makes.create(OBJECTS["Account"], {"Name": values["Company"]}, True).id)
            person = {name: values[name] for name in ("FirstName", "LastName", "Email")}
            contact = contact or str(self._makes.create(OBJECTS["Contact"], {**person, "AccountId": account}, True).id)
            made: Values = {"IsConverted": True, "ConvertedAccountId": account, "ConvertedContactId": contact}
            self.store.write(self.store.get("Lead", lead), {**made, "Status": "Converted"})
            return {"ConvertedAccountId": account, "ConvertedContactId": contact}

    def revoke(self) -> dict[str, str]:
        """End every session."""
        self.tokens.revoke()
        return {"revoked": "all"}

    def wrote(self, asked: Asked, ids: list[str]) -> None:
        """Note a request, if it wrote any record."""
        if not ids:
            return
        client = _call_options(asked.headers).get("client", "")
        self.writes.append({"method": asked.method, "path": asked.path, "client": client, "ids": ids})

    # HTTP.

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        with self.lock:
            try:
                granted = self.tokens.grant(_root(request), form, request.headers.get("authorization"))
            except TokenRefused as refusal:
                return Response(refusal.body(), refusal.status, media_type="application/json;charset=UTF-8")
        return JSONResponse(granted, headers={"Cache-Control": "no-cache, no-store"})

    async def _revoke(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        self.tokens.revoke(form.get("token", [""])[0])
        return Response(status_code=200)

    async def _data(self, request: Request) -> Response:
        body = await request.body()
        path = unquote(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        origin = origin_of(request.url.path, _call_options(request.headers))
        with self.lock, self.events.transaction(origin):
            for status in (406, 420):
                if self.faults.take(f"edge_{status}", path, request.method):
                    return Response(_EDGE_PAGE, status, media_type="text/html")
            if self.faults.take("expired_token", path, request.method):
                self.tokens.revoke()
            try:
                answer = self._handle(request, body, path)
            except ApiError as error:
                answer = Answer(error.status, error)
        headers = {"Sforce-Limit-Info": f"api-usage={self.used}/{self.quota}"} | answer.headers
        if answer.body is None:
            return Response(status_code=answer.status, headers=headers)
        if isinstance(answer.body, ApiError):
            return Response(answer.body.body(), answer.status, headers, media_type="application/json;charset=UTF-8")
        return JSONResponse(answer.body, answer.status, headers, media_type="application/json;charset=UTF-8")

    def _handle(self, request: Request, body: bytes, path: str) -> Answer:
        raw = request.scope["raw_path"].split(b"?")[0].decode("latin-1")
        root, _, _ = raw.removeprefix("/services/data").strip("/").partition("/")
        if not root and raw.startswith("/services/data"):
            versions = [f"{number}.0" for number in range(OLDEST_VERSION, self.newest_version + 1)]
            return Answer(body=[{"label": f"v{each}", "url": f"/services/data/v{each}", "version": each} for each in versions])
        self.tokens.check(request.headers.get("authorization"))
        if not raw.startswith("/services/data"):
            user = {"organization_id": self.tokens.org_id, "user_id": self.tokens.user_id, "sub": f"{_root(request)}{raw}"}
            return Answer(body=user | {"username": "integration@meridian.example", "active": True})
        self._check_version(root)
        if self.clock.now() >= self.quota_ends:
            self.used, self.quota_ends = 0, self.clock.now() + dt.timedelta(days=1)
        if self.used >= self.quota or self.faults.take("quota_reached", path, request.method):
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1
        if (
            len(raw) + len(request.url.query) + sum(len(name) + len(value) for name, value in request.headers.raw)
            > URI_AND_HEADERS_MAX
        ):
            raise ApiError(414, "URI_TOO_LONG", "URI Too Long")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return self._service.answer(Asked.of(request.method, f"{raw}?{request.url.query}".removesuffix("?"), headers, body))

    def _check_version(self, root: str) -> None:
        number = re.fullmatch(r"v(\d+)\.0", root)
        if number is None or int(number[1]) > self.newest_version:
            raise not_found()
        if int(number[1]) < OLDEST_VERSION:
            raise ApiError(410, "UNSUPPORTED_API_VERSION", f"The requested API version {number[1]}.0 is no longer supported.")


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}"


def _call_options(headers: Mapping[str, str]) -> dict[str, str]:
    return dict(part.strip().partition("=")[::2] for part in headers.get("sforce-call-options", "").split(","))


def _template(path: str) -> str:
    """What kind of request it is: ids, external ids and locators left out."""
    return _KEYS.sub(lambda found: f"{found[1]}/{found[2]}{{}}" if found[1] else f"{found[3]}/{{}}", path.rstrip("/"))
