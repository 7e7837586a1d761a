"""A simulated Business Central environment that tests and the demo hold in their hands."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import random
import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlconn_simulators.business_central import journal, posting
from mlconn_simulators.business_central.batch import answer_batch
from mlconn_simulators.business_central.company import Company, Record
from mlconn_simulators.business_central.documents import change_document, create_document
from mlconn_simulators.business_central.errors import (
    NO_ENVIRONMENT,
    ApiError,
    fault_body,
    no_segment,
    too_many,
    unauthorized,
)
from mlconn_simulators.business_central.masters import make_masters
from mlconn_simulators.business_central.notifications import WAITS_S, Notifier
from mlconn_simulators.business_central.schema import KINDS, Values
from mlconn_simulators.business_central.service import Answer, Asked, Service
from mlconn_simulators.business_central.subscriptions import Subscriptions
from mlconn_simulators.business_central.trade import Trade
from mlconn_simulators.entra.sandbox import BUSINESS_CENTRAL, EntraSandbox
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.utc_clock import UtcClock
from mlconn_simulators.world.model import World

ENVIRONMENT, COMPANY = "Production", "Meridian Trade & Supply"
FAULT_NAMES = (
    "expired_token", "stale_etag", "record_locked", "row_added", "row_changed", "rewritten_on_read", "posting_refused", "batch_inner",
    "notification_lost", "notification_twice", "notification_late", "notification_reordered", "notification_collection",
    "notification_foreign",
)  # fmt: skip
"""Faults of this system beside the menu's own.

expired_token: every token runs out as the struck request comes. stale_etag: somebody else changed the record just before a PATCH
or DELETE. record_locked: another session's transaction holds what is written for longer than the service waits.
row_added, row_changed: after a page was read, a document comes or moves. rewritten_on_read: reading a draft writes it.
posting_refused: a bound action fails for a missing posting group. batch_inner (option status). notification_...: lost for good,
posted twice, late (option seconds), in the other order, as one `collection`, or with somebody else's clientState; their path
matches the notification URL and the resources behind it.
"""
_PATH = re.compile(
    r"v2\.0/(?:(?P<tenant>[^/]+)/)?(?P<environment>[^/]+)/api/(?P<api>v2\.0|microsoft/runtime/beta)(?:/(?P<rest>.*))?"
)
_WINDOW_S = 300.0
_JSON = "application/json; odata.metadata=minimal; odata.streaming=true"


class BusinessCentralSandbox:
    """One environment with one company; tokens come from a simulated Entra tenant.

    notification_delay_s: from a change to its notification (30 in life). notification_waits_s: before each further try.
    window_requests: so many requests in five minutes, then 429 without Retry-After; None for no such limit.
    rate_limit: requests a second for each method and path template. page_size: of a page that asked for no smaller one.
    Five requests at once, the queue behind them and request time-outs are not simulated; arm `429`, `503`, `504` for them.
    """

    def __init__(
        self,
        world: World,
        entra: EntraSandbox,
        *,
        environment: str = ENVIRONMENT,
        company: str = COMPANY,
        start: dt.datetime | None = None,
        page_size: int = 20_000,
        notification_delay_s: float = 30.0,
        notification_waits_s: Sequence[float] = WAITS_S,
        collapse_above: int = 1000,
        window_requests: int | None = 6000,
        rate_limit: float | None = None,
        retry_after: bool = True,
    ) -> None:
        self.world, self.entra, self.environment = world, entra, environment
        self.page_size, self.window_requests = page_size, window_requests
        self.link_root = ""
        """Scheme and host of links and contexts: a server behind a proxy may know only a name of its own."""
        self.neighbours: list[Company] = []
        """Other companies of the environment, which it lists; their records are in sandboxes of their own."""
        self.remembers_pages = False
        """True: a page asked for again is not made again until something changes. For measuring clients; it takes memory."""
        begins = start or dt.datetime.combine(world.today, dt.datetime.now(dt.UTC).time(), dt.UTC)
        self.clock = UtcClock(begins)
        self.company = Company(self.clock, company, world.seed)
        dice = random.Random(f"business-central-{world.seed}")
        self.clock.running = False
        self.clock.set(begins - dt.timedelta(days=400))
        make_masters(self.company, world, dice)
        self.trade = Trade(self.company, world, dice)
        self.trade.a_month()
        self.clock.running = True
        self.clock.set(begins)
        self.faults = FaultMenu(names=FAULT_NAMES, rate_limit=rate_limit, retry_after=retry_after, error_body=fault_body)
        self.journal = journal.Journal(self.company)
        self.subscriptions = Subscriptions(self.company)
        self.notifier = Notifier(
            self.company,
            self.subscriptions,
            self.faults,
            delay_s=notification_delay_s,
            waits_s=notification_waits_s,
            collapse_above=collapse_above,
        )
        self.unauthorized = 0
        self.lock = threading.RLock()
        """Held while a request or a helper below touches the records."""
        self._service = Service(self)
        self._window: deque[float] = deque()

    def app(self) -> Starlette:
        """The ASGI app, with `/_sandbox/state`, `/_sandbox/faults` and `/_sandbox/activity`."""
        return Starlette(
            routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "PATCH", "DELETE", "PUT"])],
            middleware=[self.faults.middleware(self._asked_state, {"activity": self.activity})],
        )

    def close(self) -> None:
        """Stop notifying."""
        self.notifier.close()

    # What tests and the demo do directly.

    def state(self, source: bool = True, bodies: bool = False) -> dict[str, Any]:
        """What the company holds, what came over the API and what came twice; see `/_sandbox/state`.

        source False (`?source=0`) leaves out the list of all documents. bodies True (`?bodies=1`) adds what clients sent, field
        by field, for each record created.
        """
        with self.lock:
            told: dict[str, Any] = {
                "records": {name: len(entities) for name, entities in self.company.sets.items()},
                "created": self.journal.created_entries(bodies),
                "updated": list(self.journal.updated),
                "logins": self.entra.logins(BUSINESS_CENTRAL),
                "unauthorized": self.unauthorized,
                "business_duplicates": self.journal.business_duplicates(),
                "subscriptions": [each.as_values() for each in self.subscriptions.live()],
                "subscriptions_ended": list(self.subscriptions.ended),
                "handshakes": list(self.subscriptions.handshakes),
                "notifications": list(self.notifier.sent),
                "clock": self.clock.now().isoformat(timespec="milliseconds"),
                "failures": list(self.notifier.work.failures),
            }
            if source:
                told["source"] = journal.source(self.company)
            return told | self.faults.counts()

    def activity(self, count: int = 1, sound: bool = False) -> list[dict[str, str]]:
        """New invoices, purchase orders and shipments, now; see `Trade.activity`."""
        with self.lock:
            return self.trade.activity(count, sound=sound)

    def record(self, set_name: str, record_id: str) -> Values:
        """A copy of a record's values. Errors: ApiError 404 if there is none."""
        with self.lock:
            return copy.deepcopy(self.company.get(set_name, record_id).values)

    def lines(self, set_name: str, record_id: str) -> list[Values]:
        """Copies of the values of a document's lines."""
        with self.lock:
            return [copy.deepcopy(line.values) for line in self.company.lines_of(self.company.get(set_name, record_id))]

    def add_document(self, set_name: str, **fields: Any) -> str:
        """Add a draft as a clerk would, checked; gives its id."""
        with self.lock:
            return create_document(self.company, KINDS[set_name], fields).id

    def change(self, set_name: str, record_id: str, **fields: Any) -> None:
        """Change a document as a clerk would."""
        with self.lock:
            change_document(self.company, self.company.get(set_name, record_id), fields)

    def act(self, set_name: str, record_id: str, action: str) -> str:
        """Do a bound action by name, or `pay`, `release`, `ship`; gives the id of what came of it, empty for nothing."""
        own = {"pay": posting.pay, "release": posting.release, "ship": posting.ship}
        with self.lock:
            record = self.company.get(set_name, record_id)
            made = own[action](self.company, record) if action in own else posting.act(self.company, record, action)
            return made.id if isinstance(made, Record) else ""

    def add_variant(self, item_number: str, code: str) -> str:
        """A variant of an item; gives its id."""
        with self.lock:
            item = self.company.sets["items"].find("number", item_number)
            assert item is not None, f"no item {item_number}"
            values = {"itemId": item.id, "itemNumber": item_number, "code": code, "description": f"{item_number} {code}"}
            return self.company.add("itemVariants", values).id

    def buy(self, number: str) -> Values:
        """A vendor's invoice is entered and posted under that number; a copy of it."""
        with self.lock:
            order = next(iter(self.company.sets["purchaseOrders"]))
            return copy.deepcopy(posting.enter_purchase(self.company, order, number).values)

    def remove(self, set_name: str, record_id: str) -> None:
        """Delete a record as a clerk would."""
        with self.lock:
            self.company.remove(self.company.get(set_name, record_id))

    def disturb(self, shown: Sequence[Record], path: str) -> None:
        """After a page was read: what the faults row_added and row_changed do before the next one."""
        if self.faults.take("row_added", path):
            self.trade.invoice(0, tag=f"ROW{len(self.company.sets['salesInvoices'])}")
        if self.faults.take("row_changed", path):
            self.company.touch(shown[0])

    # HTTP.

    def _asked_state(self, query: Mapping[str, str]) -> dict[str, Any]:
        return self.state(source=query.get("source", "1") != "0", bodies=query.get("bodies") == "1")

    async def _answer(self, request: Request) -> Response:
        try:
            # The decoded path may hold slashes in quoted keys; only what lies before the API's name is matched.
            match = _PATH.fullmatch(unquote(request.scope["raw_path"].split(b"?")[0].decode("latin-1")).lstrip("/"))
            if match is None:
                raise no_segment(request.url.path.strip("/").split("/")[0])
            self._admit(request, match)
            if match["environment"].lower() != self.environment.lower():
                return Response(NO_ENVIRONMENT, 404, media_type="application/xml")
            headers = {name.lower(): value for name, value in request.headers.items()}
            own = self.link_root or f"{request.url.scheme}://{request.headers['host']}"
            at = f"{own}/{match.group()[: match.end('api')]}"
            body = await request.body()
            asked = Asked(request.method, at, match["rest"] or "", request.url.query, headers, body)
            answer = await self._handle(asked, match["api"])
        except ApiError as error:
            if error.status == 414:
                return Response(error.message, 414, media_type="text/html")
            return Response(error.body(), error.status, {"OData-Version": "4.0"}, media_type=_JSON)
        return Response(answer.text, answer.status, {"Content-Type": _JSON, "OData-Version": "4.0"} | answer.headers)

    async def _handle(self, asked: Asked, api: str) -> Answer:
        if not asked.path:
            raise no_segment("api")
        if asked.path.startswith("subscriptions") and api == "v2.0":
            # The handshake calls back; nothing may wait for it but the one who asked.
            return await asyncio.to_thread(self._service.answer, asked)
        with self.lock:
            if api != "v2.0":
                if not asked.path.endswith("/webhookSupportedResources"):
                    raise no_segment(asked.path.split("/")[-1])
                return self._service.webhook_resources(asked)
            if asked.path == "$batch" and asked.method == "POST":
                return answer_batch(self, self._service, asked)
            return self._service.answer(asked)

    def _admit(self, request: Request, match: re.Match[str]) -> None:
        """Token, tenant and the five-minute window. Errors: 401, 429."""
        if self.faults.take("expired_token", request.url.path + "?" + unquote(request.url.query), request.method):
            self.entra.expire_tokens()
        tenant_fits = (match["tenant"] or self.entra.tenant_id).lower() in (self.entra.tenant_id, self.entra.tenant_domain)
        if not tenant_fits or not self.entra.accepts(request.headers.get("authorization"), BUSINESS_CENTRAL):
            self.unauthorized += 1
            raise unauthorized()
        if self.window_requests is None:
            return
        now = time.monotonic()
        while self._window and now - self._window[0] > _WINDOW_S:
            self._window.popleft()
        if len(self._window) >= self.window_requests:
            self.faults.rate_limited += 1
            raise too_many()
        self._window.append(now)
