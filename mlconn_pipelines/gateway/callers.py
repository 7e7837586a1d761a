"""How many connections an address may hold, and which of those that wait are closed when there are too many. No I/O."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Sequence[Network] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
PER_ADDRESS = 50
POLLS_PER_ADDRESS = 500
"""Of agents behind one address, whose polls are held and cost next to nothing."""
WAITING_MAX = 500
_NAME_MAX = 64


@dataclass(eq=False, slots=True)
class Seat:
    """One connection. end: closes it at once, whatever it is doing."""

    address: str
    trusted: bool
    end: Callable[[], object] = lambda: None
    left: bool = False


@dataclass(slots=True)
class Callers:
    """Connections by peer address, and calls by the address that a trusted proxy forwards. Used from one event loop.

    per_address: connections that one address may hold, or calls under way that proxies forward for it. waiting_max: connections that
    may be open and have not said what they want; with one more, the oldest of them is closed, so that no number of half-open ones
    keeps anybody out. count: is told what was refused, in one word.
    """

    trusted: Sequence[Network] = LOOPBACK
    per_address: int = PER_ADDRESS
    waiting_max: int = WAITING_MAX
    count: Callable[[str], object] = lambda outcome: None
    _connections: Counter[str] = field(default_factory=Counter)
    _calls: Counter[str] = field(default_factory=Counter)
    _waiting: dict[Seat, None] = field(default_factory=dict)

    def admit(self, peer: str) -> Seat | None:
        """A seat for a new connection, None where its address holds too many."""
        address = _read(peer)
        seat = Seat(str(address or peer), address is None or self._is_trusted(address))  # without an address: a socket file
        if not seat.trusted and self._connections[seat.address] >= self.per_address:
            self.count("too_many")
            return None
        self._connections[seat.address] += 1
        self.wait(seat)
        return seat

    def wait(self, seat: Seat) -> None:
        """It waits for a request, or for the rest of one's headers."""
        self._waiting.pop(seat, None)
        self._waiting[seat] = None
        if len(self._waiting) > self.waiting_max:
            self.close_oldest()

    def go_on(self, seat: Seat) -> None:
        """It has said what it wants."""
        self._waiting.pop(seat, None)

    def close_oldest(self) -> None:
        """Close the connection that has waited longest, if one waits."""
        oldest = next(iter(self._waiting), None)
        if oldest is not None:
            del self._waiting[oldest]
            self.count("displaced")
            oldest.end()

    def leave(self, seat: Seat) -> None:
        """The connection is gone; saying it twice changes nothing."""
        self._waiting.pop(seat, None)
        if not seat.left:
            seat.left = True
            _less(self._connections, seat.address)

    def begin_call(self, forwarded: str, most: int | None = None) -> bool:
        """Count a call that a proxy forwards for this address; false where too many of its calls are under way.

        most: how many that is, for calls that are counted apart, under a name of their own.
        """
        if self._calls[forwarded] >= (most or self.per_address):
            self.count("too_many")
            return False
        self._calls[forwarded] += 1
        return True

    def end_call(self, forwarded: str) -> None:
        _less(self._calls, forwarded)

    def forwarded_for(self, seat: Seat, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Whom a trusted proxy speaks for: the last address of X-Forwarded-For that is no trusted proxy's. Empty without one.

        What stands before it was written by the caller, and says nothing.
        """
        if not seat.trusted:
            return ""
        said = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        names = [name for part in said.split(",") if (name := part.strip())]
        for name in reversed(names):
            address = _read(name)
            if address is None or not self._is_trusted(address):
                return str(address or name)[:_NAME_MAX]
        return ""

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self.trusted if network.version == address.version)


def _read(text: str) -> Address | None:
    """The address in it, with or without a port; an IPv4 address that came by IPv6 is that IPv4 address."""
    host = text.strip().partition("%")[0]
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _less(counted: Counter[str], name: str) -> None:
    counted[name] -= 1
    if counted[name] <= 0:
        del counted[name]
