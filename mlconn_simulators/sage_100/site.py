"""One Sage 100 installation: its companies, users, licence and clock, and how its version behaves where the facts leave it open."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections import Counter
from dataclasses import dataclass, field

from mlconn_simulators.sage_100.clock import ServerClock
from mlconn_simulators.sage_100.faults import BoiFaults
from mlconn_simulators.sage_100.journal import Journal
from mlconn_simulators.sage_100.layouts import Refused
from mlconn_simulators.sage_100.store import Company

SEPARATOR = b"\x8a"
GRACE = dt.timedelta(days=45)
"""After a subscription ran out, everything goes on for so long; then one can only read."""
TRIES_MAX = 5


@dataclass
class User:
    """tasks: what the role allows, None for everything. companies: codes, None for all. key: what records name the user by."""

    name: str
    password: str
    key: str
    tasks: set[str] | None = None
    companies: set[str] | None = None
    expired: bool = False
    failed: int = 0


@dataclass
class Site:
    """home: the path that Init wants. names: how members, classes and tasks are called here where it differs, by the official name.

    absent: official names that this version does not have. sloppy: a property get on a method's name runs the method.
    clears_errors: a later success empties sLastErrorMsg. too_long: free text wider than its column is cut
    with a warning (`warn`), without a word (`cut`) or refused (`refuse`); widths: otherwise for single columns. Codes are always refused.
    line_key_at_write: lines have no key before they are written. line_edit_stamps_header: writing an order whose lines alone changed
    stamps its header. receipt_fills_quantities: the order's lines come into a receipt with all that is open, else with 0.
    printer: whether registers can be printed. duplicate_invoices: what a vendor's number that was posted before does, refuse or warn.
    call_cost_s: what each call takes, property reads included.
    """

    clock: ServerClock
    home: str = r"C:\Sage\MAS90\Home"
    code_page: str = "cp1252"
    seats: int = 5
    names: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    sloppy: bool = False
    clears_errors: bool = True
    too_long: str = "warn"
    widths: dict[str, str] = field(default_factory=dict)
    line_key_at_write: bool = False
    line_edit_stamps_header: bool = True
    receipt_fills_quantities: bool = False
    duplicate_invoices: str = "refuse"
    printer: bool = True
    call_cost_s: float = 0.0
    subscription_ends: str = ""
    """YYYYMMDD, empty: not at all."""

    def __post_init__(self) -> None:
        self.companies: dict[str, Company] = {}
        self.users: dict[str, User] = {}
        self.seated: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.alarms: list[str] = []
        """What was asked of Execute, Evaluate and Run, which carry out any code: nobody may ever call them."""
        self.half_posted: list[str] = []
        """Batches whose update was cut off: Sage restarts them, and rolls nothing back."""
        self.journal = Journal(self.clock)
        self.faults = BoiFaults()
        self.lock = threading.RLock()
        """Held while a call or a person touches the records."""
        self._keys = itertools.count(1)

    @property
    def sep(self) -> str:
        """The byte between entries of a list, as the server's code page shows it."""
        return SEPARATOR.decode(self.code_page, "replace")

    def ansi(self, text: str) -> str:
        """Text as single bytes can hold it: the rest is lost."""
        return text.encode(self.code_page, "replace").decode(self.code_page, "replace")

    def add_user(self, name: str, password: str, tasks: set[str] | None = None, companies: set[str] | None = None) -> User:
        user = User(name.upper(), password, f"{next(self._keys):010}", tasks, companies)
        self.users[user.name] = user
        return user

    def official(self, name: str) -> str:
        """The name that this package knows a member, class or task by."""
        return next((ours for ours, theirs in self.names.items() if theirs.lower() == name.lower()), name)

    def is_absent(self, name: str) -> bool:
        """Whether this version lacks it, or calls it otherwise."""
        folded = name.lower()
        return folded in {each.lower() for each in self.absent} | {
            ours.lower() for ours, theirs in self.names.items() if theirs.lower() != folded
        }

    def check_writable(self) -> None:
        """Errors: Refused once the subscription's time of grace is over."""
        if not self.subscription_ends:
            return
        ended = dt.datetime.strptime(self.subscription_ends, "%Y%m%d")
        if self.clock.local() > ended + GRACE:
            raise Refused("Your Sage 100 subscription has expired. The system is in read-only mode.")
