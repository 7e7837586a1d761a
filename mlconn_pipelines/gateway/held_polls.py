"""Polls of agents that are held until a job waits for them. They are no calls: what bounds those does not count them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

HELD_MAX = 2_000
"""With more, a poll is answered at once, and its agent asks again."""


class HeldPolls:
    """One an agent: a later poll of the same agent ends the one before. Used from one event loop."""

    def __init__(self) -> None:
        self._held: dict[str, asyncio.Event] = {}
        self._stopped = False

    def __len__(self) -> int:
        return len(self._held)

    @property
    def agents(self) -> list[str]:
        return list(self._held)

    async def hold(self, agent_id: str, seconds: float) -> None:
        """Until it is woken, or so long."""
        self.wake([agent_id])
        if self._stopped or len(self._held) >= HELD_MAX:
            return
        woken = self._held[agent_id] = asyncio.Event()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), seconds)
        finally:
            if self._held.get(agent_id) is woken:
                del self._held[agent_id]

    def wake(self, agent_ids: Iterable[str]) -> None:
        for agent_id in agent_ids:
            if (woken := self._held.pop(agent_id, None)) is not None:
                woken.set()

    def stop(self) -> None:
        """Answer all of them, so that the process can end."""
        self._stopped = True
        self.wake(self.agents)
