"""The org's event bus on a port: the Pub/Sub API over gRPC, by TLS only."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import grpc

from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.event_bus import NotOnTheBus, ReplayIdUnknown
from mlconn_simulators.salesforce.sandbox import SalesforceSandbox
from mlconn_simulators.salesforce.wire import CUSTOM, EARLIEST, PACKAGE, message

OUTSTANDING_MAX = 100
ERRORS = "sfdc.platform.eventbus.grpc."
_LOOK_EVERY_S = 0.2
"""How often a stream that waits looks at its token, and whether something has been committed late."""

TopicInfo, SchemaInfo, FetchResponse = message("TopicInfo"), message("SchemaInfo"), message("FetchResponse")


class BusServer:
    """The calls of one org's bus.

    keepalive_s: an empty response within so much silence. idle_s: a stream that owes nothing and is asked for nothing ends.
    allowance: events delivered in 24 hours, to all together. batch: events of a response at most. calls: every call with its topic.
    """

    def __init__(self, org: SalesforceSandbox, keepalive_s: float = 270.0, idle_s: float = 70.0) -> None:
        self.org, self.bus = org, org.events
        self.keepalive_s, self.idle_s = keepalive_s, idle_s
        self.allowance, self.delivered = 25_000, 0
        self.batch = 20
        self.calls: list[tuple[str, str]] = []
        self.open = 0
        """Streams under way."""
        self._dice = random.Random("responses")
        self._failures: deque[tuple[grpc.StatusCode, str]] = deque()
        self._dropped = 0

    def fail_next(self, status: grpc.StatusCode, code: str) -> None:
        """The next Subscribe is answered with this error. code: after `sfdc.platform.eventbus.grpc.`."""
        self._failures.append((status, code))

    def drop_streams(self) -> None:
        """End all streams, as a deployment on the other side does."""
        with self.bus.changed:
            self._dropped += 1
            self.bus.changed.notify_all()

    # Calls.

    def get_topic(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._enter("GetTopic", request.topic_name, context)
        entity = self._entity(request.topic_name, context)
        schema_id = self.bus.schema_of(entity)[0] if entity else ""
        info = {"topic_name": request.topic_name, "tenant_guid": self.org.tokens.org_id, "schema_id": schema_id}
        return TopicInfo(**info, can_publish=False, can_subscribe=True, rpc_id=_rpc_id())

    def get_schema(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._enter("GetSchema", request.schema_id, context)
        text = self.bus.schema(request.schema_id)
        if text is None:
            _refuse(context, grpc.StatusCode.NOT_FOUND, "schema.notfound", f"Schema not found: {request.schema_id}")
        return SchemaInfo(schema_json=text, schema_id=request.schema_id, rpc_id=_rpc_id())

    def publish(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._enter("Publish", request.topic_name, context)
        _refuse(context, grpc.StatusCode.PERMISSION_DENIED, "publish.denied", "Change events cannot be published.")

    def subscribe(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        first = next(requests, None)
        if first is None:
            return
        token = self._enter("Subscribe", first.topic_name, context)
        if self._failures:
            _refuse(context, *self._failures.popleft(), "as it was told")
        entity = self._entity(first.topic_name, context)
        asked = _Asked(first)
        if not asked.take(first):
            _refuse(context, *_INVALID_COUNT)
        place = self._start(first, context)
        threading.Thread(target=self._listen, args=(requests, asked), daemon=True).start()
        self.open += 1
        try:
            yield from self._deliver(entity, place, asked, token, context)
        finally:
            self.open -= 1

    # A stream.

    def _listen(self, requests: Iterator[Any], asked: _Asked) -> None:
        """Take further requests until the client has left."""
        with suppress(Exception):  # whatever ends the call ends its requests too
            for request in requests:
                with self.bus.changed:
                    asked.take(request)
                    self.bus.changed.notify_all()

    def _deliver(self, entity: str, place: int, asked: _Asked, token: str, context: grpc.ServicerContext) -> Iterator[Any]:
        epoch, dropped = self.bus.epoch, self._dropped
        said = idle = time.monotonic()
        while context.is_active():
            self._check(token, context)
            if asked.wrong:
                _refuse(context, *asked.wrong)
            if (epoch, dropped) != (self.bus.epoch, self._dropped):
                _refuse(context, grpc.StatusCode.UNAVAILABLE, "service.unavailable", "The service is unavailable.")
            most = min(asked.pending, self._dice.randint(1, self.batch))
            events, place = self.bus.read(entity, place, most) if most else ([], place)
            now = time.monotonic()
            if asked.pending:
                idle = now
            elif now - idle > self.idle_s:
                return
            if events:
                self.delivered += len(events)
                if self.delivered > self.allowance:
                    words = "You have exceeded the event delivery limit for your organization."
                    _refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", words)
                asked.pending -= len(events)
                said = now
                yield self._response(events, asked.pending)
            elif asked.pending and now - said >= self.keepalive_s:
                said = now
                yield FetchResponse(
                    latest_replay_id=self.bus.fresh_id(place), rpc_id=_rpc_id(), pending_num_requested=asked.pending
                )
            else:
                with self.bus.changed:
                    if self.bus.end() <= place or not asked.pending:
                        self.bus.changed.wait(min(_LOOK_EVERY_S, self.keepalive_s / 2))

    def _response(self, events: list[Any], pending: int) -> Any:
        response = FetchResponse(latest_replay_id=self.bus.latest_id(), rpc_id=_rpc_id(), pending_num_requested=pending)
        for event in events:
            told = response.events.add(replay_id=event.replay_id)
            told.event.id, told.event.schema_id, told.event.payload = event.id, event.schema_id, event.payload
        return response

    def _start(self, request: Any, context: grpc.ServicerContext) -> int:
        if request.replay_preset == EARLIEST:
            return self.bus.begin()
        if request.replay_preset != CUSTOM:
            return self.bus.end()
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        if not request.replay_id:
            _refuse(context, invalid, "subscription.fetch.replayid.validation.failed", "A replay ID is required for CUSTOM.")
        try:
            return self.bus.after(request.replay_id)
        except ReplayIdUnknown:
            words = "The Replay ID validation failed. Ensure that the Replay ID is valid."
            _refuse(context, invalid, "subscription.fetch.replayid.corrupted", words)

    # What every call has.

    def _enter(self, name: str, about: str, context: grpc.ServicerContext) -> str:
        """Note the call and check its metadata; gives the token."""
        self.calls.append((name, about))
        given = dict(context.invocation_metadata())
        token = str(given.get("accesstoken", ""))
        self._check(token, context)
        if given.get("tenantid") != self.org.tokens.org_id or not str(given.get("instanceurl", "")).startswith("http"):
            _refuse(
                context, grpc.StatusCode.UNAUTHENTICATED, "service.auth.headers.invalid", "instanceurl or tenantid is wrong."
            )
        return token

    def _check(self, token: str, context: grpc.ServicerContext) -> None:
        try:
            self.org.tokens.check(f"Bearer {token}")
        except ApiError:
            _refuse(context, grpc.StatusCode.UNAUTHENTICATED, "service.auth.error", "An authentication exception occurred.")

    def _entity(self, topic: str, context: grpc.ServicerContext) -> str:
        try:
            return self.bus.entity_of(topic)
        except NotOnTheBus:
            words = f"The topic {topic} is not found or you do not have access to it."
            _refuse(context, grpc.StatusCode.NOT_FOUND, "subscription.topic.notfound", words)


class _Asked:
    """What a client has asked for and not been given. wrong: the error that a later request earned."""

    def __init__(self, first: Any) -> None:
        self._topic = first.topic_name
        self.pending = 0
        self.wrong: tuple[grpc.StatusCode, str, str] | None = None

    def take(self, request: Any) -> bool:
        """Only the count of a later request matters; more than 100 are never outstanding."""
        if request.topic_name not in ("", self._topic):
            words = "The topic of a stream cannot be changed."
            self.wrong = grpc.StatusCode.INVALID_ARGUMENT, "subscription.fetch.topic.changed", words
        elif request.num_requested <= 0:
            self.wrong = _INVALID_COUNT
        else:
            self.pending = min(OUTSTANDING_MAX, self.pending + request.num_requested)
        return self.wrong is None


_INVALID_COUNT = (
    grpc.StatusCode.INVALID_ARGUMENT,
    "subscription.fetch.requested.events.invalid",
    "The number of requested events must be greater than 0.",
)


def _refuse(context: grpc.ServicerContext, status: grpc.StatusCode, code: str, words: str) -> NoReturn:
    rpc_id = _rpc_id()
    context.set_trailing_metadata((("error-code", ERRORS + code), ("rpc-id", rpc_id)))
    context.abort(status, f"{words} rpcId: {rpc_id}")
    raise AssertionError  # abort has raised


def _rpc_id() -> str:
    return str(uuid.uuid4())


@contextmanager
def serve_bus(bus: BusServer, certificate: tuple[Path, Path], port: int = 0, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve until the block ends; gives the port. certificate: its file and its key's. Errors: OSError when the port is taken."""
    server = grpc.server(
        ThreadPoolExecutor(64, "bus"),
        options=[("grpc.so_reuseport", 0), ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000)],
    )
    methods = {
        "GetTopic": grpc.unary_unary_rpc_method_handler(bus.get_topic, *_forms("TopicRequest")),
        "GetSchema": grpc.unary_unary_rpc_method_handler(bus.get_schema, *_forms("SchemaRequest")),
        "Publish": grpc.unary_unary_rpc_method_handler(bus.publish, *_forms("PublishRequest")),
        "Subscribe": grpc.stream_stream_rpc_method_handler(bus.subscribe, *_forms("FetchRequest")),
    }
    """What is not here, ManagedSubscribe and PublishStream, is answered UNIMPLEMENTED."""
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(f"{PACKAGE}.PubSub", methods),))
    pair = (certificate[1].read_bytes(), certificate[0].read_bytes())
    try:
        taken = int(server.add_secure_port(f"{host}:{port}", grpc.ssl_server_credentials([pair])))
    except RuntimeError as wrong:
        raise OSError(str(wrong)) from None
    server.start()
    try:
        yield taken
    finally:
        bus.drop_streams()
        server.stop(0.2).wait(5)


def _forms(request: str) -> tuple[Any, Any]:
    return message(request).FromString, lambda response: response.SerializeToString()
