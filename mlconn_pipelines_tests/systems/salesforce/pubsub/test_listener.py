"""What a listener makes of a bus that behaves as the real one does on its bad days."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from mlconn_pipelines.flows.streams import note_poll
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger
from mlconn_pipelines_tests.systems.salesforce.pubsub.listening import QUICK, listening, until
from mlconn_pipelines_tests.systems.salesforce.pubsub.scene import bus_scene


def test_events_wait_as_notifications_of_their_flows(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene, listening(scene) as here:
        scene.org.win(2)
        scene.edit(scene.account(), Name="Another name")
        until(lambda: here.waiting() == {"accounts": 1, "opportunities": 2})
        assert here.places("opportunities") == ["Opportunity"]
        assert here.stream().heard is not None
        assert here.alerts() == []


def test_what_was_recorded_is_not_told_again_after_a_restart(tmp_path: Path) -> None:
    ledger = FakeLedger()
    with bus_scene(tmp_path) as scene:
        with listening(scene, ledger) as here:
            scene.edit(scene.account(), Name="One")
            until(lambda: here.waiting() == {"accounts": 1})
            until(lambda: here.stream().position == scene.org.events.events[-1].replay_id)
        scene.edit(scene.account(), Name="Two")
        with listening(scene, ledger) as here:
            until(lambda: here.waiting() == {"accounts": 2})


def test_a_duplicate_is_known_by_its_event_id(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene, listening(scene) as here:
        scene.edit(scene.account(), Name="One")
        scene.org.events.repeat()
        scene.edit(scene.account(), Name="Two")
        until(lambda: here.stream() and here.stream().position == scene.org.events.events[-1].replay_id)
        assert len(scene.org.events.events) == 3
        assert here.waiting() == {"accounts": 2}


def test_own_changes_are_dropped_and_still_heard(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene, listening(scene) as here:
        scene.write("com/salesforce/api/rest/63.0;client=mlconn", scene.account(), Phone="1")
        until(lambda: here.stream() and here.stream().heard)
        assert here.waiting() == {}
        scene.write("com/salesforce/api/rest/63.0;client=mlconn2", scene.account(), Phone="2")
        until(lambda: here.waiting() == {"accounts": 1})


def test_an_empty_response_moves_the_position(tmp_path: Path) -> None:
    """Or the position of a quiet object would be forgotten there after three days."""
    with bus_scene(tmp_path, keepalive_s=0.05) as scene, listening(scene) as here:
        until(lambda: here.stream() and here.stream().position)
        first = here.stream().position
        until(lambda: here.stream().position != first)
        assert here.waiting() == {}


def test_a_position_that_ran_out_is_a_gap_and_everything_kept_is_read(tmp_path: Path) -> None:
    ledger = FakeLedger()
    with bus_scene(tmp_path) as scene:
        with listening(scene, ledger) as here:
            scene.edit(scene.account(), Name="One")
            until(lambda: here.waiting() == {"accounts": 1})
        scene.edit(scene.account(), Name="Lost")
        scene.org.clock.move(dt.timedelta(hours=96))
        scene.edit(scene.account(), Name="Kept")
        with listening(scene, ledger) as here:
            until(lambda: here.waiting() == {"accounts": 3})
            assert any(place.startswith("Account (events lost since 2026-11-20 12:0") for place in here.places())
            asked = [about for name, about in scene.server.calls if name == "Subscribe" and "Account" in about]
            assert len(asked) == 3, "not with the same position again and again"


def test_a_reset_of_the_stream_is_a_gap(tmp_path: Path) -> None:
    with bus_scene(tmp_path, keepalive_s=0.2) as scene, listening(scene) as here:
        scene.edit(scene.account(), Name="One")
        until(lambda: here.waiting() == {"accounts": 1})
        scene.org.events.reset()
        until(lambda: here.waiting() == {"accounts": 2})
        until(lambda: any("may be lost" in text for text in here.alerts()))
        scene.edit(scene.account(), Name="Two")
        until(lambda: here.waiting() == {"accounts": 3})
        until(lambda: here.alerts() == [])


def test_a_session_that_ends_in_mid_stream_is_renewed_and_nothing_is_lost(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene, listening(scene) as here:
        scene.edit(scene.account(), Name="One")
        until(lambda: here.waiting() == {"accounts": 1})
        scene.org.revoke()
        scene.edit(scene.account(), Name="Two")
        until(lambda: here.waiting() == {"accounts": 2})
        assert here.renewed


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded", "deliveries of 24 hours are used up"),
        (grpc.StatusCode.UNAVAILABLE, "service.unavailable", "does not answer"),
        (grpc.StatusCode.PERMISSION_DENIED, "", "View All Records"),
    ],
)
def test_a_refusal_is_told_once_and_the_stream_begun_again(
    tmp_path: Path, status: grpc.StatusCode, code: str, told: str
) -> None:
    with bus_scene(tmp_path) as scene:
        for _ in range(4):
            scene.server.fail_next(status, code)
        with listening(scene) as here:
            until(lambda: here.alerts())
            assert all(told in text for text in here.alerts()), here.alerts()
            scene.edit(scene.account(), Name="One")
            scene.org.win()
            until(lambda: here.waiting() == {"accounts": 1, "opportunities": 1})
            until(lambda: here.alerts() == [])


def test_an_object_without_change_data_capture_leaves_the_others_alone(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        scene.org.events.selected.remove("Account")
        with listening(scene) as here:
            scene.org.win()
            until(lambda: here.waiting() == {"opportunities": 1})
            until(lambda: any(text.startswith("Account: Change Data Capture is not on") for text in here.alerts()))
            assert here.stream().since is None, "nothing is expected of it"
            scene.org.events.selected.append("Account")
            until(lambda: here.stream().since)


def test_gaps_overflows_wildcards_and_spoilt_events_are_places_to_look_at(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene:
        scene.org.events.gap("Account", "GAP_UPDATE", (scene.account(),))
        scene.org.events.gap("Account", "GAP_OVERFLOW")
        scene.edit(scene.account(), Name="One")
        scene.org.events.spoil()
        with listening(scene) as here:
            until(lambda: here.waiting() == {"accounts": 3})
            assert here.places() == ["Account (details lost)", "Account (unreadable event)"]


def test_a_mute_stream_is_subscribed_again_and_its_alert_closed_by_the_next_event(tmp_path: Path) -> None:
    ledger = FakeLedger()
    engine = engine_on(ledger, name="acme_sf")
    with bus_scene(tmp_path) as scene, listening(scene, ledger) as here:
        until(lambda: here.stream() and here.stream().since)
        scene.org.events.muted.add("Account")
        scene.edit(scene.account(), Name="Nobody tells")
        began = len([name for name, about in scene.server.calls if name == "Subscribe" and "Account" in about])
        changed = ledger.queue.now() + dt.timedelta(seconds=1)
        assert not note_poll(engine, "Account", [changed.isoformat()]), "it may still be on its way"
        ledger.shelves._last += dt.timedelta(minutes=11)
        until(lambda: any("no change event has told of it" in text for text in here.alerts()))
        until(lambda: here.stream().mute is None)
        until(lambda: len([name for name, about in scene.server.calls if name == "Subscribe" and "Account" in about]) > began)
        assert not note_poll(engine, "Account", []), "its ten minutes begin anew"
        scene.org.events.muted.clear()
        scene.edit(scene.account(), Name="Told again")
        until(lambda: here.alerts() == [])


def test_an_integration_that_joins_is_told_all_that_is_kept(tmp_path: Path) -> None:
    """One stream an org, for as many integrations as it concerns; the others know by the event ids what they have had."""
    ledger = FakeLedger()
    with bus_scene(tmp_path) as scene:
        with listening(scene, ledger) as here:
            scene.edit(scene.account(), Name="One")
            until(lambda: here.waiting() == {"accounts": 1})
        with listening(scene, ledger, integrations=("acme_sf", "beta_sf")) as here:
            scene.edit(scene.account(), Name="Two")
            until(lambda: here.waiting("beta_sf") == {"accounts": 2})
            assert here.waiting("acme_sf") == {"accounts": 2}
            until(lambda: scene.server.open == 2)  # Account and Opportunity; the first listener's are closed meanwhile


def test_a_stream_without_any_response_is_begun_anew(tmp_path: Path) -> None:
    with bus_scene(tmp_path) as scene, listening(scene, waits=replace(QUICK, silence_s=0.3)) as here:

        def subscribed() -> int:
            return len([about for name, about in scene.server.calls if name == "Subscribe" and "Account" in about])

        until(lambda: subscribed() >= 3)
        scene.edit(scene.account(), Name="One")
        until(lambda: here.waiting() == {"accounts": 1})
