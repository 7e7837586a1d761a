"""Which signed messages are taken: each once, of one machine, in our time."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.agents.admission import WINDOW_S, Admission, Presence, Refusal, Standing, admitted
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines_tests.agents.speaking import FINGERPRINT, NOW, Speaker

KNOWN = Presence(fingerprint=FINGERPRINT)


def heard(presence: Presence, content: bytes, now: int = NOW) -> Admission:
    return admitted(presence, opened(content), now)


def test_a_start_says_hello_first_and_every_message_is_taken_once() -> None:
    speaker = Speaker()
    assert heard(KNOWN, speaker.says("poll")).refusal is Refusal.HELLO_FIRST
    known = heard(KNOWN, speaker.hello())
    assert known.refusal is None and known.presence.boot is not None
    poll = speaker.says("poll")
    polled = heard(known.presence, poll)
    assert polled.refusal is None
    assert heard(polled.presence, poll).refusal is Refusal.REPLAYED


@pytest.mark.parametrize("off", [-3600, -WINDOW_S - 1, WINDOW_S + 1, 3600])
def test_a_clock_that_is_off_is_told_so(off: int) -> None:
    assert heard(KNOWN, Speaker(now=NOW + off).hello()).refusal is Refusal.CLOCK


def test_a_message_that_has_ended_or_holds_too_long_is_not_taken() -> None:
    for other in ({"exp": NOW - 1}, {"exp": NOW + WINDOW_S + 1}):
        assert heard(KNOWN, Speaker().says("hello", **other)).refusal is Refusal.CLOCK


@pytest.mark.parametrize("standing", [Standing.REVOKED, Standing.SUSPENDED])
def test_a_revoked_or_suspended_agent_is_told_nothing_else(standing: Standing) -> None:
    admission = heard(replace(KNOWN, standing=standing), Speaker().hello())
    assert admission.refusal == standing.value


def test_a_start_on_another_machine_suspends_the_agent() -> None:
    admission = heard(KNOWN, Speaker(fingerprint="cd" * 32).hello())
    assert (admission.refusal, admission.presence.standing) == (Refusal.CLONED, Standing.SUSPENDED)


@given(st.randoms(use_true_random=False))
def test_an_honest_agent_is_never_suspended_and_nothing_is_taken_twice(chance: random.Random) -> None:
    """It starts anew at any moment; what it sent may come late, twice, or in another order."""
    speaker, presence, on_the_way, taken = Speaker(), KNOWN, [], []
    for step in range(40):
        now = NOW + 3 * step
        speaker.now = now
        if step == 0 or chance.random() < 0.2:
            speaker.boot_id, speaker.seq = f"boot-{step}", 0
            on_the_way.append(speaker.hello())
        else:
            on_the_way.append(speaker.says("poll"))
        while on_the_way and chance.random() < 0.8:
            content = chance.choice(on_the_way)
            if chance.random() < 0.7:
                on_the_way.remove(content)
            admission = admitted(presence, opened(content), now)
            presence = admission.presence
            if admission.refusal is None:
                taken.append(content)
    assert presence.standing is Standing.ACTIVE
    assert len(taken) == len(set(taken))


@given(st.integers(0, 20), st.booleans())
def test_two_that_run_at_once_are_both_suspended(alone: int, second_first: bool) -> None:
    """Two machines that look alike, with one key: whichever speaks after the other has started gives it away."""
    first = Speaker()
    second = Speaker(boot_id="boot-2", signer=first.signer)
    presence, now = KNOWN, NOW
    started = (second, first) if second_first else (first, second)
    for speaker, kind in [(one, "hello") for one in started] + [(started[1], "poll")] * alone + [(started[0], "poll")]:
        assert presence.standing is Standing.ACTIVE
        now += 1
        speaker.now = now
        content = speaker.hello() if kind == "hello" else speaker.says(kind)
        presence = heard(presence, content, now).presence
    assert presence.standing is Standing.SUSPENDED
    assert heard(presence, second.says("poll"), now).refusal is Refusal.SUSPENDED


def test_a_start_that_is_long_forgotten_does_not_come_back() -> None:
    speaker, presence = Speaker(), KNOWN
    oldest = speaker.hello()
    presence = heard(presence, oldest).presence
    for number in range(20):
        speaker.boot_id, speaker.seq, speaker.now = f"later-{number}", 0, NOW + 1 + number
        presence = heard(presence, speaker.hello(), NOW + 1 + number).presence
    assert heard(presence, oldest, NOW + 30) == Admission(presence, Refusal.REPLAYED)
