"""Subscriptions to an ERP's notifications, as flows keep them alive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Subscription:
    """url: where notifications go. expires_at: aware. secret: what they bear. version: for changing this very state of it."""

    id: str
    entity: str
    url: str
    expires_at: dt.datetime
    secret: str = field(repr=False)
    version: str = ""


class Subscriptions(Protocol):
    """Of one company. Making and renewing one makes the ERP call the address at once, to see that it answers."""

    @property
    def entities(self) -> Collection[str]:
        """What can be subscribed to; everything else is polled."""
        ...

    def all(self) -> Sequence[Subscription]:
        """Those that live, whoever made them."""
        ...

    def create(self, entity: str, url: str, secret: str) -> Subscription: ...

    def renew(self, subscription: Subscription, secret: str) -> Subscription:
        """For as long again from now, and with that secret."""
        ...

    def delete(self, subscription: Subscription) -> None: ...


@dataclass(frozen=True, slots=True)
class Subscriber:
    """How an integration subscribes. url: the gateway's, for this integration. secret: from the vault, asked for when needed."""

    subscriptions: Subscriptions
    url: str
    secret: Callable[[], str] = field(repr=False)
