"""One topic's stream: as many events asked for as may be outstanding, each response handed on before more are asked for."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import grpc

from mlconn_pipelines.systems.salesforce.pubsub.client import PubSubClient, refused
from mlconn_pipelines.systems.salesforce.pubsub.events import ChangeEvent, UnreadableEvent, in_transactions
from mlconn_pipelines.systems.salesforce.pubsub.pubsub_api_pb2 import CUSTOM, EARLIEST, FetchRequest, FetchResponse

OUTSTANDING_MAX = 100
"""What is asked for beyond that, the server takes as that."""
TOP_UP_BELOW = 50


@dataclass(frozen=True, slots=True)
class Received:
    """One response. replay_id: of its last event, or of the present where it has none: what is stored once it is worked off.

    unreadable: ids of events whose bytes could not be read.
    """

    events: Sequence[ChangeEvent]
    unreadable: Sequence[str]
    replay_id: bytes


class Subscription:
    """One Subscribe call. replay_id: strictly after which event it begins, b"" for the oldest that is kept."""

    def __init__(self, client: PubSubClient, topic: str, replay_id: bytes) -> None:
        self._client, self._topic = client, topic
        self._requests: queue.SimpleQueue[FetchRequest | None] = queue.SimpleQueue()
        begins = {"replay_preset": CUSTOM, "replay_id": replay_id} if replay_id else {"replay_preset": EARLIEST}
        self._requests.put(FetchRequest(topic_name=topic, num_requested=OUTSTANDING_MAX, **begins))
        self._call = client.subscribe(iter(self._requests.get, None))
        self.heard_at = time.monotonic()
        """When the last response came, or the call began."""

    def __iter__(self) -> Iterator[Received]:
        """Until `close`. Errors: Refused."""
        try:
            for response in self._call:
                self.heard_at = time.monotonic()
                yield self._received(response)
                if (pending := response.pending_num_requested) < TOP_UP_BELOW:
                    self._requests.put(FetchRequest(topic_name=self._topic, num_requested=OUTSTANDING_MAX - pending))
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.CANCELLED or not self._call.cancelled():
                raise refused(error) from None
        finally:
            self.close()

    def close(self) -> None:
        """From any thread."""
        self._requests.put(None)
        self._call.cancel()

    def _received(self, response: FetchResponse) -> Received:
        events: list[ChangeEvent] = []
        unreadable: list[str] = []
        told = list(response.events)
        for each in told:
            try:
                schema = self._client.schema(each.event.schema_id)
                events.append(schema.event(each.event.id, each.replay_id, each.event.payload))
            except UnreadableEvent:
                unreadable.append(each.event.id)
        last = told[-1].replay_id if told else response.latest_replay_id
        return Received(in_transactions(events), unreadable, last)
