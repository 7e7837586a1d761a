"""Writes of the simulated org as our client reads them from its bus."""

from __future__ import annotations

import datetime as dt
import queue
from pathlib import Path

import grpc
import httpx
import pytest

from mlconn_pipelines.systems.salesforce.pubsub.client import PubSubClient, Refusal, Refused, SignedIn, refused
from mlconn_pipelines.systems.salesforce.pubsub.events import ChangeEvent, in_transactions
from mlconn_pipelines.systems.salesforce.pubsub.pubsub_api_pb2 import EARLIEST, FetchRequest
from mlconn_pipelines.systems.salesforce.pubsub.subscription import Subscription
from mlconn_pipelines_tests.systems.salesforce.pubsub.scene import ACCOUNTS, OPPORTUNITIES, bus_scene
from mlconn_simulators.salesforce.change_events import Change
from mlconn_simulators.server import serve


def test_a_won_opportunity_is_told(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        (won,) = scene.org.win()
        (event,) = scene.events(1, OPPORTUNITIES)
        assert (event.entity, event.record_ids, event.change_type) == ("Opportunity", (won["Id"],), "CREATE")
        assert event.values is not None
        assert event.values["StageName"] == "Closed Won", (
            "its last state, though the deal was opened and won in one transaction"
        )
        assert event.changed == (), "of a new record everything is told and nothing is said to have changed"
        assert event.commit_number > 2**53


def test_null_is_unchanged_unless_the_bitmap_says_emptied(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        scene.edit(scene.account(), BillingCity="Boston", BillingState="MA", Phone=None)
        (event,) = scene.events(1)
        assert event.change_type == "UPDATE"
        assert {"BillingAddress.City", "BillingAddress.State", "Phone"} <= set(event.changed)
        assert event.nulled == ("Phone",)
        assert event.values is not None
        assert event.values["Phone"] is None, "emptied"
        assert "Name" not in event.values, "unchanged"
        assert event.values["BillingAddress"]["City"] == "Boston"


def test_a_persons_name_is_a_record_of_its_own(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        contact = next(scene.org.store.all("Contact"))
        scene.edit(contact.id, "Contact", LastName="Miller")
        (event,) = scene.events(1, "/data/ContactChangeEvent")
        assert "Name.LastName" in event.changed
        assert event.values is not None
        assert event.values["Name"]["LastName"] == "Miller"


def test_requests_are_transactions_with_their_clients_name(tmp_path: Path) -> None:
    """Equal changes of one request are one event with several ids; what is rolled back is told by none."""
    with bus_scene(tmp_path) as scene, serve(scene.org.app()) as endpoint, httpx.Client(base_url=endpoint.url) as http:
        http.headers["Authorization"] = f"Bearer {scene.sign_in().access_token}"
        http.headers["Sforce-Call-Options"] = "client=mlconn"
        first, second, third = [each.id for each in scene.org.store.all("Account")][:3]
        attributes = {"attributes": {"type": "Account"}}
        rows = [{"id": first, "Phone": "5"}, {"id": second, "Phone": "5"}, {"id": third, "Phone": "6"}]
        path = "/services/data/v63.0/composite/sobjects"
        assert http.patch(path, json={"records": [row | attributes for row in rows]}).status_code == 200
        spoilt = [*rows[:2], {"id": third, "Name": None}]
        refused_rows = http.patch(
            path, json={"allOrNone": True, "records": [row | attributes | {"Fax": "1"} for row in spoilt]}
        )
        assert not any(row["success"] for row in refused_rows.json())
        http.delete(f"/services/data/v63.0/sobjects/Account/{third}")
        told = scene.events(3)
        assert [(set(each.record_ids), each.change_type) for each in told] == [
            ({first, second}, "UPDATE"),
            ({third}, "UPDATE"),
            ({third}, "DELETE"),
        ]
        assert [each.sequence for each in told[:2]] == [1, 2]
        assert told[0].transaction_key == told[1].transaction_key != told[2].transaction_key
        assert {each.origin for each in told} == {"com/salesforce/api/rest/63.0;client=mlconn"}
        assert all(each.made_by("mlconn") and not each.made_by("other") for each in told)


def test_a_merge_is_a_deletion_and_a_change(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        winner, loser = [each.id for each in scene.org.store.all("Account")][:2]
        scene.org.store.touch(scene.org.store.get("Account", winner))
        scene.org.clock.move(dt.timedelta(seconds=5))
        scene.org.merge(winner, loser)
        told = {each.change_type: each.record_ids for each in scene.events(2)}
        assert told == {"DELETE": (loser,), "UPDATE": (winner,)}


def test_a_schema_that_changes_in_mid_stream_is_asked_for_once(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        scene.edit(scene.account(), Phone="1")
        scene.edit(scene.account(), Phone="2")
        scene.org.events.add_field("Account", "Region__c", 2)
        scene.edit(scene.account(), Phone="3")
        told = scene.events(3)
        assert [each.values and each.values["Phone"] for each in told] == ["1", "2", "3"]
        assert all("Phone" in each.changed for each in told)
        assert len([about for name, about in scene.server.calls if name == "GetSchema"]) == 2


def test_wildcards_and_overflows_name_no_records(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        scene.org.events.publish([Change("Account", ("001*",), "UPDATE")])
        scene.org.events.gap("Account", "GAP_OVERFLOW")
        scene.org.events.gap("Account", "GAP_DELETE", (scene.account(),))
        wild, overflow, gap = scene.events(3)
        assert (wild.record_ids, wild.is_gap) == ((), False)
        assert (overflow.record_ids, overflow.is_gap) == ((), True)
        assert (gap.record_ids, gap.is_gap, gap.sequence) == ((scene.account(),), True, 1)


def test_events_of_a_transaction_are_put_in_its_order() -> None:
    def event(key: str, sequence: int) -> ChangeEvent:
        at = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
        return ChangeEvent(f"{key}{sequence}", b"", "Account", (), "UPDATE", "", key, sequence, at, 1)

    told = [event("a", 1), event("b", 3), event("b", 1), event("b", 2), event("c", 2), event("c", 1), event("a", 2)]
    assert [each.id for each in in_transactions(told)] == ["a1", "b1", "b2", "b3", "c1", "c2", "a2"]


def test_any_number_of_events_comes_in_any_number_of_responses(tmp_path: Path) -> None:
    """More than may be outstanding at once, with replay ids that are no eight bytes, and once only."""
    with bus_scene(tmp_path) as scene:
        scene.org.events.id_prefix = b"\x01opaque"
        for number in range(350):
            scene.edit(scene.account(), Phone=str(number))
        told = scene.responses(350)
        events = [event for each in told for event in each.events]
        assert [event.values and event.values["Phone"] for event in events] == [str(number) for number in range(350)]
        assert len({event.id for event in events}) == 350
        assert len(told) > 350 / 20, "in small responses"
        after = scene.events(100, replay_id=events[249].replay_id)
        assert after[0].values and after[0].values["Phone"] == "250", "strictly after it"


def test_a_late_commit_is_told_when_it_is_seen(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        scene.org.store.commit_delay_s = 600
        scene.edit(scene.account(), Phone="late")
        scene.org.store.commit_delay_s = 0
        assert scene.org.events.end() == 0
        scene.org.clock.move(dt.timedelta(seconds=601))
        (event,) = scene.events(1)
        assert event.values and event.values["Phone"] == "late"


def test_a_stream_that_is_asked_for_nothing_ends_in_order(tmp_path: Path) -> None:
    with bus_scene(tmp_path, idle_s=0.05) as scene:
        requests: queue.SimpleQueue[FetchRequest] = queue.SimpleQueue()
        requests.put(FetchRequest(topic_name=ACCOUNTS, replay_preset=EARLIEST, num_requested=1))
        scene.edit(scene.account(), Phone="1")
        told = list(scene.client.subscribe(iter(requests.get, None)))
        assert [len(each.events) for each in told] == [1]
        requests.put(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("topic", "replay_id", "kind"),
    [
        (ACCOUNTS, b"\x00" * 8, Refusal.REPLAY_ID),
        ("/data/LeadChangeEvent", b"", Refusal.NOT_ENABLED),
        ("/data/accountchangeevent", b"", Refusal.NOT_ENABLED),
    ],
)
def test_what_a_subscription_is_refused_for(tmp_path: Path, topic: str, replay_id: bytes, kind: Refusal) -> None:
    with bus_scene(tmp_path) as scene:
        with pytest.raises(Refused) as refusal:
            list(Subscription(scene.client, topic, replay_id))
        assert refusal.value.kind is kind
        assert "rpcId: " in str(refusal.value)


def test_calls_bear_the_session_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        session = scene.sign_in()
        for wrong in (
            SignedIn("other", session.instance_url, session.org_id),
            SignedIn(session.access_token, session.instance_url, "00D000000000000EAA"),
        ):
            with (
                PubSubClient(scene.target, lambda wrong=wrong: wrong, scene.roots) as client,
                pytest.raises(Refused) as refusal,
            ):  # type: ignore[misc]
                client.check_topic(ACCOUNTS)
            assert refusal.value.kind is Refusal.SESSION


def test_a_bus_that_is_not_there_is_told_within_the_deadline(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        pass
    with PubSubClient(scene.target, scene.sign_in, scene.roots) as client, pytest.raises(Refused) as refusal:
        client.check_topic(ACCOUNTS)
    assert refusal.value.kind is Refusal.TRANSIENT


@pytest.mark.parametrize(
    ("status", "code", "text", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "", "The Replay ID validation failed.", Refusal.REPLAY_ID),
        (grpc.StatusCode.UNAUTHENTICATED, "", "", Refusal.SESSION),
        (grpc.StatusCode.UNAVAILABLE, "sfdc.platform.eventbus.grpc.service.auth.refresh.invalid", "", Refusal.SESSION),
        (grpc.StatusCode.UNKNOWN, "", "upstream connect error", Refusal.TRANSIENT),
    ],
)
def test_a_refusal_whose_trailers_a_proxy_dropped_is_known_by_its_words(
    status: grpc.StatusCode, code: str, text: str, kind: Refusal
) -> None:
    class Answer(grpc.RpcError):
        def code(self) -> grpc.StatusCode:
            return status

        def details(self) -> str:
            return text

        def trailing_metadata(self) -> tuple[tuple[str, str], ...] | None:
            return (("error-code", code),) if code else None

    assert refused(Answer()).kind is kind
