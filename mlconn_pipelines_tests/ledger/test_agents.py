"""Agents in the ledger: one code, one agent; every message once; keys that end."""

from __future__ import annotations

import threading
import time

import pytest

from mlconn_pipelines.agents import enrollment
from mlconn_pipelines.agents.admission import SILENT_AFTER_S, Refusal, Standing
from mlconn_pipelines.agents.canonical import Malformed
from mlconn_pipelines.agents.enrollment import CODE_LIVES_S
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines.agents.jobs import hello
from mlconn_pipelines.agents.keys import OVERLAP_S, PublicKey, Signer, certified, new_private
from mlconn_pipelines.agents.releases import offer
from mlconn_pipelines.errors import LedgerError
from mlconn_pipelines.flows.ports.agents import AgentRow, Agents
from mlconn_pipelines_tests.agents.speaking import NOW, Speaker
from mlconn_pipelines_tests.ledger.workbench import Bench, on_both

pytestmark = on_both


@pytest.fixture
def agents(bench: Bench) -> Agents:
    store: Agents = bench.agents
    return store


def enrolled(agents: Agents, name: str = "warehouse") -> Speaker:
    speaker = Speaker(agent_id=name)
    row = enroll(agents, speaker, invited(agents, name))
    assert row is not None
    return speaker


def invited(agents: Agents, name: str = "warehouse") -> str:
    code = enrollment.new_code()
    agents.invite(enrollment.secret_of(code), name, "acme", ["ABC", "XYZ"], NOW)
    return code


def enroll(agents: Agents, speaker: Speaker, code: str, now: int = NOW) -> AgentRow | None:
    return agents.enroll(enrollment.enrollment(opened(speaker.enrolls(code))), now)


def said(agents: Agents, content: bytes, now: int = NOW) -> Refusal | str | None:
    """stranger, or why it was refused, or None."""
    heard = agents.heard(opened(content), now)
    return "stranger" if heard is None else heard[1]


def test_a_code_enrolls_one_agent_once(agents: Agents) -> None:
    code = invited(agents)
    first = enroll(agents, Speaker(), code)
    assert first is not None
    assert (first.id, first.integration, first.companies, first.standing) == ("warehouse", "acme", ["ABC", "XYZ"], "active")
    assert enroll(agents, Speaker(), code) is None


def test_a_code_that_ended_was_replaced_or_is_not_known_enrolls_nobody(agents: Agents) -> None:
    code = invited(agents)
    assert enroll(agents, Speaker(), code, NOW + CODE_LIVES_S) is None
    assert enroll(agents, Speaker(), enrollment.new_code()) is None
    invited(agents)
    assert enroll(agents, Speaker(), code) is None
    wrong = opened(Speaker().enrolls(invited(agents), key=b"x" * 32))
    assert agents.enroll(enrollment.enrollment(wrong), NOW) is None


def test_of_many_that_use_a_code_at_once_one_gets_in(agents: Agents) -> None:
    code, found = invited(agents), []
    threads = [threading.Thread(target=lambda: found.append(enroll(agents, Speaker(), code))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(row is not None for row in found) == 1


def test_a_message_is_taken_once_and_strangers_are_told_apart_from_nothing(agents: Agents) -> None:
    speaker = enrolled(agents)
    greeting = speaker.hello()
    assert said(agents, greeting) is None
    assert said(agents, greeting) is Refusal.REPLAYED
    assert said(agents, Speaker(agent_id="warehouse").hello()) == "stranger"
    assert said(agents, Speaker(agent_id="nobody").hello()) == "stranger"
    row = agents.agent("warehouse")
    assert row is not None and row.seen_at is not None


def test_one_message_many_times_at_once_is_taken_once(agents: Agents) -> None:
    speaker = enrolled(agents)
    said(agents, speaker.hello())
    poll, found = speaker.says("poll"), []
    threads = [threading.Thread(target=lambda: found.append(said(agents, poll))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["None", *["replayed"] * 5]


def test_a_clone_suspends_the_name_until_it_is_enrolled_again(agents: Agents) -> None:
    speaker = enrolled(agents)
    clone = Speaker(agent_id="warehouse", boot_id="boot-2", signer=speaker.signer, now=NOW + 1)
    assert said(agents, speaker.hello()) is None
    assert said(agents, clone.hello(), NOW + 1) is None
    speaker.now = NOW + 2
    assert said(agents, speaker.says("poll"), NOW + 2) is Refusal.CLONED
    assert said(agents, clone.says("poll"), NOW + 2) is Refusal.SUSPENDED
    again = enrolled(agents)
    assert said(agents, again.hello()) is None
    assert said(agents, clone.says("poll"), NOW + 2) == "stranger"


def test_a_key_holds_for_a_week_after_the_next_and_a_revoked_agent_not_at_all(agents: Agents) -> None:
    speaker = enrolled(agents)
    said(agents, speaker.hello())
    before, following = speaker.signer, Signer(new_private())
    agents.rotate_key("warehouse", following.public, NOW)
    agents.rotate_key("warehouse", following.public, NOW + 1)
    later = NOW + OVERLAP_S - 1
    for signer, now, answer in ((before, later, None), (following, later, None), (before, later + 1, "stranger")):
        speaker.signer, speaker.now = signer, now
        assert said(agents, speaker.says("poll"), now) == answer
    assert agents.revoke("warehouse") and not agents.revoke("nobody")
    speaker.signer = following
    assert said(agents, speaker.says("poll"), now) is Refusal.REVOKED


def test_an_invitation_ends_with_the_agent(agents: Agents) -> None:
    enrolled(agents)
    code = invited(agents)
    agents.revoke("warehouse")
    assert enroll(agents, Speaker(), code) is None


def test_what_an_agent_says_of_itself_is_kept(agents: Agents) -> None:
    speaker = enrolled(agents)
    agents.note_hello("warehouse", hello(opened(speaker.hello(probe={"version": "7.10"})).body), 1)
    assert agents.want_log("warehouse") and not agents.want_log("nobody")
    asked = agents.agent("warehouse")
    assert asked is not None and asked.log_wanted_at is not None
    agents.store_log("warehouse", "started\n")
    (row,) = agents.agents()
    assert (row.proto, row.version, row.about["probe"], row.log) == (1, "0.1.0", {"version": "7.10"}, "started\n")
    assert row.log_wanted_at is None and row.log_at is not None and row.standing is Standing.ACTIVE


def test_keys_of_jobs_are_told_until_they_end(agents: Agents) -> None:
    root = Signer(new_private())
    made = [certified(root, PublicKey(Signer(new_private()).public, NOW + n, NOW + 100 + n)) for n in (1, 0)]
    for certificate in (*made, made[0]):
        agents.publish_job_key(certificate)
    assert agents.job_keys(NOW) == [made[1], made[0]]
    assert agents.job_keys(NOW + 100) == [made[0]]


def test_codes_are_forgotten_a_day_after_their_end(bench: Bench) -> None:
    now = int(time.time())
    for name, ago in (("old", 2 * 86_400), ("new", 0)):
        bench.agents.invite(enrollment.secret_of(enrollment.new_code()), name, "acme", ["ABC"], now - ago)
    assert bench.agents.any_expected() and bench.agents.forget_codes() == 1
    assert bench.agents.forget_codes() == 0 and bench.agents.any_expected()


def test_who_misses_three_polls_is_told_of_until_it_asks_again(bench: Bench) -> None:
    speaker, _ = enrolled(bench.agents), enrolled(bench.agents, "other")
    bench.agents.revoke("other")
    assert bench.watch.mark_silent_agents("acme") == 0
    bench.age("agent", SILENT_AFTER_S + 1, "enrolled_at")
    assert bench.watch.mark_silent_agents("acme") == 1, "it was enrolled, and never spoke"
    assert bench.watch.mark_silent_agents("acme") == bench.watch.mark_silent_agents("elsewhere") == 0
    (alert,) = bench.watch.open_alerts()
    assert alert.cause == "agent_silent:warehouse" and "has not asked for jobs since" in alert.text
    said(bench.agents, speaker.hello())
    assert bench.watch.mark_silent_agents("acme") == 0 and bench.watch.open_alerts() == []
    bench.age("agent", SILENT_AFTER_S + 1, "seen_at")
    assert bench.watch.mark_silent_agents("acme") == 1
    bench.agents.revoke("warehouse")
    assert bench.watch.mark_silent_agents("acme") == 0 and bench.watch.open_alerts() == []


def test_a_clones_alert_ends_when_the_agent_is_enrolled_again(bench: Bench) -> None:
    enrolled(bench.agents)
    bench.watch.raise_alert("acme", "agent_cloned:warehouse", "Two machines spoke.")
    enrolled(bench.agents)
    assert bench.watch.open_alerts() == []


def test_a_release_is_kept_in_parts_and_its_version_stands_for_one_thing(agents: Agents) -> None:
    root, content = Signer(new_private()), bytes(range(256)) * 5_000
    offered = offer(root, "0.2.0", content)
    assert agents.add_release(offered, content) and not agents.add_release(offered, content)
    assert agents.release("0.2.0") == offered and agents.release("0.3.0") is None
    parts = [agents.release_part("0.2.0", number) for number in (1, 2, 3)]
    assert b"".join(part or b"" for part in parts) == content and agents.release_part("0.2.0", 4) is None
    with pytest.raises(Malformed, match="the file that was signed"):
        agents.add_release(offered, content[:-1])
    with pytest.raises(LedgerError, match="other bytes"):
        agents.add_release(offer(root, "0.2.0", b"other"), b"other")
    agents.add_release(offer(root, "0.10.0", b"x"), b"x")
    assert agents.releases() == ["0.10.0", "0.2.0"]


def test_an_agent_is_to_be_another_version_until_it_is_enrolled_anew(agents: Agents) -> None:
    enrolled(agents)
    assert agents.want_update("warehouse", "0.2.0") and not agents.want_update("nobody", "0.2.0")
    assert [row.update_to for row in agents.agents()] == ["0.2.0"]
    enrolled(agents)
    assert [row.update_to for row in agents.agents()] == [""]


def test_old_releases_are_deleted_unless_an_agent_is_to_fetch_them(agents: Agents) -> None:
    root = Signer(new_private())
    enrolled(agents)
    for number in range(6):
        agents.add_release(offer(root, f"0.{number}.0", b"x"), b"x")
        if number == 1:
            agents.want_update("warehouse", "0.1.0")
    assert agents.releases() == ["0.5.0", "0.4.0", "0.3.0", "0.1.0"]
    assert agents.release_part("0.2.0", 1) is None and agents.release_part("0.1.0", 1) == b"x"
