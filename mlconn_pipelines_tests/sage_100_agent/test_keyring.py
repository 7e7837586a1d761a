"""The agent's key is followed by the next: whatever breaks off between two steps, the agent can still speak."""

from __future__ import annotations

import json
import zlib
from typing import Any

import httpx
import pytest

from mlconn_pipelines.agents import admission, envelope, keys
from mlconn_pipelines.agents.keys import OVERLAP_S
from sage_100_agent.tunnel.client import NotKnown, Tunnel
from sage_100_agent.tunnel.keyring import AGAIN_AFTER_S, ROTATE_AFTER_S, Keyring, Keys
from sage_100_agent.tunnel.statements import Signer

FIRST = bytes([4] * 32)
BEGAN = 1_772_000_000


class Crash(BaseException):
    """The agent ends here."""


class Platform:
    """What the ledger does with agents' keys. loses: kinds whose answer is lost, once; takes: none of those kinds reaches it."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.keys = [keys.PublicKey(Signer(FIRST).public, BEGAN)]
        self.presence = admission.Presence()
        self.loses: set[str] = set()
        self.misses: set[str] = set()
        self.told = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        opened = envelope.opened(zlib.decompress(request.content, 31))
        if opened.kind in self.misses:
            raise httpx.ConnectError("cut off")
        if not envelope.signed_by_one_of(opened, self.keys, self.now):
            return httpx.Response(401, json={"error": "not known here"})
        taken = admission.admitted(self.presence, opened, self.now)
        self.presence = taken.presence
        if taken.refusal is not None:
            return httpx.Response(409, json={"error": str(taken.refusal), "time": self.now})
        if opened.kind == "rotate_key":
            self.told += 1
            self.keys = keys.rotated(self.keys, keys.next_key(opened.agent_id, opened.body), self.now)
        if opened.kind in self.loses:
            self.loses.remove(opened.kind)
            raise httpx.ReadError("cut off")
        return httpx.Response(200, json={"time": self.now})


class Disk:
    """dies_at: the write, counted from 1, at which the agent ends; before or after it."""

    def __init__(self) -> None:
        self.content = Keys(FIRST, BEGAN)
        self.writes, self.dies_at = 0, (0, "")

    def read(self) -> Keys:
        return self.content

    def write(self, kept: Keys) -> None:
        self.writes += 1
        number, when = self.dies_at
        if (self.writes, when) == (number, "before"):
            raise Crash
        self.content = kept
        if (self.writes, when) == (number, "after"):
            raise Crash


class Agent:
    """One start of it. Its clock is an hour behind."""

    def __init__(self, platform: Platform, disk: Disk) -> None:
        http = httpx.Client(transport=httpx.MockTransport(platform.answer), base_url="http://gateway")
        self.tunnel = Tunnel(http, "A1", Signer(disk.read().present), lambda: float(platform.now - 3_600))
        self.keyring = Keyring(disk, self.tunnel)
        self.said = False

    def speaks(self, kind: str = "poll") -> None:
        """As the service does. Errors: NotKnown where no key of ours is known."""
        while True:
            try:
                if not self.said:
                    self.tunnel.ask("hello", {"fingerprint": "ab" * 32})
                    self.said = True
                self.tunnel.ask(kind, {})
                self.keyring.works()
                return
            except NotKnown as no:
                if not self.keyring.try_another(no):
                    raise

    def works_on(self, platform: Platform, days: int) -> None:
        for _ in range(days * 24):
            platform.now += 3_600
            self.speaks()
            self.keyring.rotate()
            self.speaks()


def ids(platform: Platform) -> list[str]:
    return [key.id for key in platform.keys if key.holds(platform.now)]


def test_each_thirty_days_another_key_follows_and_the_one_before_ends_a_week_later() -> None:
    platform, disk = Platform(), Disk()
    agent = Agent(platform, disk)
    agent.works_on(platform, 29)
    assert disk.content == Keys(FIRST, BEGAN)
    agent.works_on(platform, 2)
    second = disk.content
    assert second.present != FIRST and second.before == FIRST and not second.following
    assert ids(platform) == [Signer(FIRST).key_id, Signer(second.present).key_id]
    assert platform.now - ROTATE_AFTER_S - 2 * AGAIN_AFTER_S <= second.made_at <= platform.now
    agent.works_on(platform, 8)
    assert ids(platform) == [Signer(second.present).key_id] and platform.told == 1
    agent.works_on(platform, 28)
    assert platform.told == 2 and disk.content.before == second.present


@pytest.mark.parametrize("days_later", [0, 1, 8, 45])
@pytest.mark.parametrize("end", ["1 before", "1 after", "request", "answer", "2 before", "2 after"])
def test_wherever_it_breaks_off_the_agent_can_still_speak(end: str, days_later: int) -> None:
    platform, disk = Platform(), Disk()
    agent = Agent(platform, disk)
    agent.speaks()
    platform.now += ROTATE_AFTER_S
    number, _, when = end.partition(" ")
    if when:
        disk.dies_at = (int(number), when)
    platform.misses, platform.loses = (
        {"rotate_key"} if end == "request" else set(),
        {"rotate_key"} if end == "answer" else set(),
    )
    try:
        agent.keyring.rotate()
        agent.speaks()
    except Crash:
        pass
    platform.misses, disk.dies_at = set(), (0, "")
    platform.now += 1 + days_later * 86_400
    again = Agent(platform, disk)
    again.speaks()
    again.works_on(platform, 2)
    assert disk.content.present != FIRST and not disk.content.following
    assert ids(platform)[-1] == Signer(disk.content.present).key_id


def test_an_agent_that_was_off_for_longer_than_the_overlap_goes_on_with_the_key_that_it_told() -> None:
    """The acknowledgment was lost, and then the machine was off."""
    platform, disk = Platform(), Disk()
    agent = Agent(platform, disk)
    agent.speaks()
    platform.now += ROTATE_AFTER_S
    platform.loses = {"rotate_key"}
    agent.keyring.rotate()
    following = disk.content.following
    assert following and disk.content.present == FIRST
    platform.now += OVERLAP_S + 1
    Agent(platform, disk).speaks()
    assert disk.content.present == following


def test_a_gateway_that_lies_about_the_next_key_locks_nobody_out() -> None:
    platform, disk = Platform(), Disk()
    agent = Agent(platform, disk)
    agent.speaks()
    platform.now += ROTATE_AFTER_S
    honest = platform.keys
    agent.keyring.rotate()
    platform.keys = honest  # it said that it took the key, and told nobody
    agent.speaks()
    assert disk.content.present == FIRST
    agent.works_on(platform, 1)
    assert disk.content.present != FIRST and ids(platform)[-1] == Signer(disk.content.present).key_id


def test_a_platform_whose_database_was_put_back_takes_the_key_of_then() -> None:
    platform, disk = Platform(), Disk()
    agent = Agent(platform, disk)
    agent.speaks()
    then = platform.keys
    agent.works_on(platform, 40)
    platform.keys = then
    agent.speaks()
    assert disk.content.present == FIRST
    agent.works_on(platform, 1)
    assert disk.content.present not in (FIRST, b"") and ids(platform)[-1] == Signer(disk.content.present).key_id


def test_an_agent_that_nobody_knows_says_so_and_keeps_its_keys() -> None:
    platform, disk = Platform(), Disk()
    agent = Agent(platform, disk)
    agent.works_on(platform, 31)
    kept: Any = disk.content
    platform.keys = [keys.PublicKey(Signer(bytes([9] * 32)).public, 0)]
    for _ in range(2):
        with pytest.raises(NotKnown):
            agent.speaks()
    assert disk.content == kept
    platform.keys = [keys.PublicKey(Signer(kept.present).public, 0)]
    agent.speaks()


def test_keys_show_nothing_of_themselves() -> None:
    said = f"{Keys(FIRST, 1)!r} {json.dumps(str(Keys(FIRST, 1)))}"
    assert FIRST.hex() not in said and repr(FIRST) not in said
