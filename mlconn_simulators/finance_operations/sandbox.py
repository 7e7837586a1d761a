"""A simulated F&O environment that tests and the demo hold in their hands."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import random
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlconn_simulators.entra.sandbox import EntraSandbox
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.finance_operations import journal
from mlconn_simulators.finance_operations.batch import Operation, answer_batch, read_batch, wants_json
from mlconn_simulators.finance_operations.bodies import read_object
from mlconn_simulators.finance_operations.business_events import BusinessEvents
from mlconn_simulators.finance_operations.errors import DataError, WriteRefused, conflict, fault_body
from mlconn_simulators.finance_operations.masters import MAIN, OTHER, make_masters
from mlconn_simulators.finance_operations.purchasing import Purchasing
from mlconn_simulators.finance_operations.schema import ENUMS, Values
from mlconn_simulators.finance_operations.service import Answer, Asked, Service
from mlconn_simulators.finance_operations.store import Record, Store
from mlconn_simulators.finance_operations.trade import Trade
from mlconn_simulators.finance_operations.vendor_invoices import VendorInvoices
from mlconn_simulators.utc_clock import UtcClock
from mlconn_simulators.world.model import World

RESOURCE = "https://meridian.operations.dynamics.com"
"""The environment's address as customers would know it; a token for the address that it listens at does as well."""
FAULT_NAMES = (
    "expired_token", "stale_etag", "row_added", "row_changed", "update_conflict", "deadlock", "write_refused", "batch_inner",
    "event_lost", "event_twice", "event_late", "event_reordered",
)  # fmt: skip
"""Faults of this system beside the menu's own.

expired_token: every token runs out as the struck request comes. stale_etag: somebody else changed the record just before.
row_added, row_changed: after a page was read, an order comes or moves. update_conflict, deadlock: two writers met. write_refused: a
rule of the customer's own; on VendorInvoiceLines it leaves a half-created invoice. batch_inner (option status). event_...: see
BusinessEvents.
"""


class FinanceOperationsSandbox:
    """One environment with two legal entities; tokens come from a simulated Entra tenant.

    page_size: rows of a page, 10,000 in life. refusal_status: of refused writes, 400 on current platforms, 500 on older ones and
    always inside batches. line_write_s: how long a line takes to be written; a second line of the same header that comes meanwhile
    meets an update conflict. event_retry_s: between the tries of an event.
    """

    def __init__(
        self,
        world: World,
        entra: EntraSandbox,
        *,
        resource: str = RESOURCE,
        default_company: str = MAIN,
        start: dt.datetime | None = None,
        page_size: int = 10_000,
        refusal_status: int = 400,
        line_write_s: float = 0.005,
        event_retry_s: float = 1.0,
        rate_limit: float | None = None,
        retry_after: bool = True,
    ) -> None:
        self.world, self.entra, self.resource, self.default_company = world, entra, resource, default_company
        self.companies = (MAIN, OTHER)
        self.page_size, self.refusal_status, self.line_write_s = page_size, refusal_status, line_write_s
        self.unpublished: set[str] = set()
        """Entity sets that this version, or the customer, does not make public: they are not found."""
        self.link_root = ""
        """Scheme and host of links and contexts: a server behind a proxy may know only a name of its own."""
        entra.allow(resource)
        begins = start or dt.datetime.combine(world.today, dt.datetime.now(dt.UTC).time(), dt.UTC)
        self.clock = UtcClock(begins)
        self.faults = FaultMenu(names=FAULT_NAMES, rate_limit=rate_limit, retry_after=retry_after, error_body=fault_body)
        self.store = Store()
        self.events = BusinessEvents(self.clock, self.faults, retry_s=event_retry_s, seed=world.seed)
        self.purchasing = Purchasing(self.store, self.clock, self.events)
        self.invoices = VendorInvoices(self.store, self.clock, self.events)
        dice = random.Random(f"finance-operations-{world.seed}")
        self.clock.running = False
        make_masters(self.store, world, dice)
        self.trade = Trade(self.purchasing, self.invoices, self.clock, world, dice)
        self.trade.a_month()
        self.clock.running = True
        self.clock.set(begins)
        self.journal = journal.Journal(self.store, self.invoices, self.clock)
        self.unauthorized = 0
        self.lock = threading.RLock()
        """Held while a request or a helper below touches the records."""
        self._service = Service(self)
        self._addresses: set[str] = set()
        self._writing: set[tuple[str, str]] = set()

    def app(self) -> Starlette:
        """The ASGI app. Beside `/_sandbox/state` and `/_sandbox/faults`: activity, confirm, endpoints, resend, post_invoice, policy."""
        acts: dict[str, Callable[..., Any]] = {
            "activity": self.activity,
            "confirm": self.confirm,
            "endpoints": self.add_endpoint,
            "resend": lambda: {"resent": self.events.resend()},
            "post_invoice": self.post_invoice,
            "policy": self.set_duplicate_policy,
        }
        methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        return Starlette(
            routes=[Route("/data", self._answer, methods=methods), Route("/data/{path:path}", self._answer, methods=methods)],
            middleware=[self.faults.middleware(self._asked_state, acts)],
        )

    def close(self) -> None:
        """Stop sending events."""
        self.events.close()

    # What tests and the demo do directly.

    def state(self, source: bool = True, bodies: bool = False) -> dict[str, Any]:
        """What the environment holds, what came over the API and what came twice; see `/_sandbox/state`.

        source False (`?source=0`) leaves out the lists of all orders. bodies True (`?bodies=1`) adds what clients sent, field by field.
        """
        with self.lock:
            invoices = self.journal.vendor_invoices()
            told: dict[str, Any] = {
                "records": {name: len(entities) for name, entities in self.store.sets.items()},
                "created": self.journal.created_entries(bodies),
                "updated": list(self.journal.updated),
                "vendor_invoices": invoices,
                "headers_without_lines": [entry["HeaderReference"] for entry in invoices if not entry["lines"]],
                "business_duplicates": self.journal.business_duplicates(),
                "logins": self.entra.logins(self.resource, *self._addresses),
                "unauthorized": self.unauthorized,
                "endpoints": [endpoint.url for endpoint in self.events.endpoints],
                "events": journal.plain(list(self.events.sent)),
                "event_errors": journal.plain(list(self.events.error_log)),
                "clock": self.clock.now().isoformat(timespec="milliseconds"),
                "failures": list(self.events.work.failures),
            }
            if source:
                told["source"] = journal.source(self.store)
            return told | self.faults.counts()

    def activity(self, count: int = 1, sound: bool = False) -> list[dict[str, str]]:
        """New purchase orders, now, most of them confirmed at once; see `Trade.activity`."""
        with self.lock:
            return self.trade.activity(count, sound=sound)

    def record(self, set_name: str, *key: Any) -> Values:
        """A copy of a record's values. Errors: DataError 404 if there is none."""
        with self.lock:
            return copy.deepcopy(self.store.sets[set_name].get(*key).values)

    def confirm(self, company: str, number: str) -> dict[str, str]:
        """Confirm a purchase order as a clerk does; gives its journal's number. Errors: ValueError where it cannot be."""
        with self.lock:
            try:
                record = self.purchasing.confirm(company.lower(), number)
            except DataError as error:
                raise ValueError(error.text) from None
            return {"ConfirmationNumber": record.values["ConfirmationNumber"]}

    def post_invoice(self, company: str, reference: str) -> dict[str, str]:
        """Post a pending invoice as a clerk does. Errors: ValueError where it cannot be."""
        with self.lock:
            try:
                self.invoices.post(company.lower(), reference)
            except DataError as error:
                raise ValueError(error.text) from None
            return {"posted": reference}

    def add_endpoint(self, url: str, companies: Sequence[str] = ()) -> dict[str, str]:
        """Send business events there from now on. Errors: ValueError where the test message is not accepted."""
        return {"url": self.events.add_endpoint(url, tuple(companies)).url}

    def set_duplicate_policy(self, company: str, policy: str, pending: bool = False) -> dict[str, str]:
        """What happens to a second invoice of one number. pending: whether pending ones count. Errors: ValueError."""
        if policy not in ENUMS["CheckInvoiceNumberUsed"]:
            raise ValueError(f"{policy!r} is none of {', '.join(ENUMS['CheckInvoiceNumberUsed'])}")
        with self.lock:
            record = self.store.sets["VendorParameters"].get(company.lower())
            self.store.write(record, {"IsCheckInvoiceNumberUsed": policy})
            self.invoices.pending_counts = pending
        return {"policy": policy}

    def disturb(self, shown: Sequence[Record], path: str) -> None:
        """After a page was read: what the faults row_added and row_changed do before the next one."""
        if self.faults.take("row_added", path):
            self.trade.purchase_order(0)
        if self.faults.take("row_changed", path):
            self.store.write(shown[0], {})

    def status_of(self, error: DataError) -> int:
        """Refused writes are 500 on older platforms."""
        return self.refusal_status if isinstance(error, WriteRefused) else error.status

    # HTTP.

    def _asked_state(self, query: Mapping[str, str]) -> dict[str, Any]:
        return self.state(source=query.get("source", "1") != "0", bodies=query.get("bodies") == "1")

    async def _answer(self, request: Request) -> Response:
        headers = {"OData-Version": "4.0", "ms-dyn-aid": str(uuid.uuid4())}
        query = request.url.query
        if self.faults.take("expired_token", f"{request.url.path}?{unquote(query)}", request.method):
            self.entra.expire_tokens()
        host = request.headers["host"]
        self._addresses.add(f"http://{host}")
        if not self.entra.accepts(request.headers.get("authorization"), self.resource, f"http://{host}"):
            self.unauthorized += 1
            headers["WWW-Authenticate"] = 'Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
            return Response(fault_body(401, ""), 401, headers, media_type="application/json")
        path = unquote(request.scope["raw_path"].split(b"?")[0].decode("latin-1")).removeprefix("/data").lstrip("/")
        names = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, f"{self.link_root or f'http://{host}'}/data", path, query, names, await request.body())
        try:
            answer = await self._handle(asked)
        except DataError as error:
            answer = Answer(self.status_of(error), error.body())
        headers = {"Content-Type": "application/json; odata.metadata=minimal; odata.streaming=true"} | headers | answer.headers
        return Response(answer.text, answer.status, headers)

    async def _handle(self, asked: Asked) -> Answer:
        if asked.method == "POST" and asked.path == "$batch":
            return await self._answer_batch(asked)
        if _writes_line(asked) and self.line_write_s:
            return await self._write_line(asked)
        with self.lock:
            return self._service.answer(asked)

    async def _answer_batch(self, asked: Asked) -> Answer:
        """Lines of headers that were there before take as long as one by one, and meet the same conflicts with others' lines.

        A header that comes in the same batch is nobody else's yet, so that its lines can meet none.
        """
        parts = read_batch(asked)
        operations = [each for part in parts for each in (part if isinstance(part, list) else [part])]
        headers = {id(each): self._header_of(each.asked) for each in operations if _writes_line(each.asked)}
        with self.lock:
            there = {header for header in headers.values() if self.store.sets["VendorInvoiceHeaders"].find(*header)}
        headers = {operation: header for operation, header in headers.items() if header in there}
        by_others = set(headers.values()) & self._writing
        ours = set(headers.values()) - by_others

        def refused(operation: Operation) -> DataError | None:
            return _collision() if headers.get(id(operation)) in by_others else None

        self._writing |= ours
        try:
            await asyncio.sleep(self.line_write_s * len(headers))
            with self.lock:
                return answer_batch(self, self._service, parts, refused, as_json=wants_json(asked))
        finally:
            self._writing -= ours

    async def _write_line(self, asked: Asked) -> Answer:
        """A line takes its time, and meets an update conflict where another of the same header is being written."""
        header = self._header_of(asked)
        if header in self._writing:
            raise _collision()
        self._writing.add(header)
        try:
            await asyncio.sleep(self.line_write_s)
            with self.lock:
                return self._service.answer(asked)
        finally:
            self._writing.discard(header)

    def _header_of(self, line: Asked) -> tuple[str, str]:
        """Company and reference that a line's body names. Errors: 400 for no JSON object."""
        body = read_object(line.body)
        return str(body.get("dataAreaId") or self.default_company).lower(), str(body.get("HeaderReference"))


def _writes_line(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path == "VendorInvoiceLines"


def _collision() -> WriteRefused:
    return conflict("Vendor invoice header", "VendorInvoiceLineEntity")
