"""The calls of the Pub/Sub API: who calls, how long an answer may take, and what a refusal means."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any

import grpc

from mlconn_pipelines.systems.salesforce.pubsub.events import Schema
from mlconn_pipelines.systems.salesforce.pubsub.pubsub_api_pb2 import FetchRequest, SchemaRequest, TopicRequest
from mlconn_pipelines.systems.salesforce.pubsub.pubsub_api_pb2_grpc import PubSubStub

CALL_WITHIN_S = 20.0
ENDPOINT, PORT = "api.pubsub.salesforce.com", 443
_KEEPALIVE = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What every call bears. org_id: 18 characters."""

    access_token: str
    instance_url: str
    org_id: str


class Refusal(Enum):
    """What a refused call calls for."""

    REPLAY_ID = "the stored position is not known there any more"
    SESSION = "the session has ended"
    ALLOWANCE = "the org's event deliveries of 24 hours are used up"
    NOT_ENABLED = "Change Data Capture is not on for the object, or the user may not read it"
    TRANSIENT = "the service does not answer"


class Refused(Exception):
    """kind: what to do about it. code: as the trailers name it, "" where they were lost on the way."""

    def __init__(self, kind: Refusal, code: str, text: str) -> None:
        self.kind, self.code = kind, code
        super().__init__(text)


_BY_CODE = (
    ("replayid", Refusal.REPLAY_ID),
    ("service.auth", Refusal.SESSION),
    ("limit.exceeded", Refusal.ALLOWANCE),
    ("topic.notfound", Refusal.NOT_ENABLED),
)
_BY_STATUS = {
    grpc.StatusCode.UNAUTHENTICATED: Refusal.SESSION,
    grpc.StatusCode.NOT_FOUND: Refusal.NOT_ENABLED,
    grpc.StatusCode.PERMISSION_DENIED: Refusal.NOT_ENABLED,
}


def refused(error: grpc.RpcError) -> Refused:
    """By the code in the trailers, by the words where a proxy has dropped those, by the status last."""
    status: grpc.StatusCode = error.code()
    text = str(error.details() or status.name)
    code = str(next((value for name, value in error.trailing_metadata() or () if name == "error-code"), ""))
    told = code or text.replace(" ", "").lower()
    kind = next((kind for part, kind in _BY_CODE if part in told), None) or _BY_STATUS.get(status, Refusal.TRANSIENT)
    return Refused(kind, code.rpartition("eventbus.grpc.")[2], text)


class PubSubClient:
    """One connection to the bus. Use it in a `with` block; safe to use from several threads.

    target: HOST:PORT. signed_in: asked before every call, so that a renewed session is used. roots: PEM of the authority, None for
    the usual ones. proxy: URL of an HTTP proxy, "" for none.
    """

    def __init__(self, target: str, signed_in: Callable[[], SignedIn], roots: bytes | None = None, proxy: str = "") -> None:
        self._signed_in = signed_in
        through = (("grpc.http_proxy", proxy),) if proxy else (("grpc.enable_http_proxy", 0),)
        self._channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), options=(*_KEEPALIVE, *through))
        self._stub: Any = PubSubStub(self._channel)  # type: ignore[no-untyped-call]
        self._schemas: dict[str, Schema] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> PubSubClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._channel.close()

    def check_topic(self, topic: str) -> None:
        """Errors: Refused, also for a topic that the user may not subscribe to."""
        info = self._call(self._stub.GetTopic, TopicRequest(topic_name=topic))
        if not info.can_subscribe:
            raise Refused(Refusal.NOT_ENABLED, "", f"the user may not subscribe to {topic}")

    def schema(self, schema_id: str) -> Schema:
        """Asked for once. Errors: Refused."""
        known = self._schemas.get(schema_id)
        if known is None:
            known = Schema(self._call(self._stub.GetSchema, SchemaRequest(schema_id=schema_id)).schema_json)
            with self._lock:
                self._schemas[schema_id] = known
        return known

    def subscribe(self, requests: Iterator[FetchRequest]) -> Any:
        """The call: iterate over its responses, `cancel` ends it. It has no deadline; it lasts as long as it can."""
        return self._stub.Subscribe(requests, metadata=self._metadata())

    def _call(self, method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=CALL_WITHIN_S, metadata=self._metadata())
        except grpc.RpcError as error:
            raise refused(error) from None

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        by = self._signed_in()
        return ("accesstoken", by.access_token), ("instanceurl", by.instance_url), ("tenantid", by.org_id)
