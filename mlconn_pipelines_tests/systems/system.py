"""What the shared tests ask of an ERP: how a clerk writes there, what an inbound document becomes, what the sandbox saw of it."""

from __future__ import annotations

import datetime as dt
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.partner.outbox import Sent
from mlconn_simulators.program import RunningSandbox

if TYPE_CHECKING:
    from mlconn_pipelines.settings import Settings
    from mlconn_pipelines_tests.scenario import Scene

Changes = Mapping[str, Any]
"""Settings by key, nested as in the file; a value of None takes the key out."""

Kinds = Mapping[str, Literal["customer", "supplier"]]


@dataclass(frozen=True)
class Written:
    """A document that a clerk wrote. entry: its key there. number: what partners know it by."""

    entry: Any
    number: str


@dataclass(frozen=True)
class Created:
    """A record that we created. number: the partner's own. reference: ours."""

    number: str
    reference: str


@dataclass(frozen=True)
class RequestKind:
    """One thing that is asked of a system, and what only that is asked by.

    path: as faults match it, decoded and with its query; its end where it ends with `$`. menu: whose faults strike it. about: what an
    answer decides on: one `document`, one received `file`, `everything` that a run does, or a `look` for what an unknown outcome left;
    `reference` data. lies: what may be answered, empty: whatever any system may be.
    """

    name: str
    method: str
    path: str
    about: Literal["document", "file", "everything", "look", "reference"] = "everything"
    menu: Literal["erp", "entra", "cleo", "salesforce"] = "erp"
    lies: Sequence[str] = ()

    def __str__(self) -> str:
        return self.name


class Held(Protocol):
    """Something that waits to be let go. left: 0 once it has struck."""

    left: int | None
    let_go: threading.Event


CLEO_REQUESTS = (
    RequestKind("Cleo sign-in", "POST", "/authentication", menu="cleo"),
    RequestKind("Cleo folders", "GET", "/folders?", menu="cleo"),
    RequestKind("Cleo listing", "GET", "/children", menu="cleo"),
    RequestKind("Cleo download", "GET", "/content", "file", menu="cleo"),
    RequestKind("Cleo delete", "DELETE", "/files", "file", menu="cleo"),
    RequestKind("Cleo upload", "POST", "/files", "document", menu="cleo"),
)


_OF_TRADE = re.compile("order|invoice|note|shipment|memo|draft|journal|entries", re.IGNORECASE)
_STAMP = "lastModifiedDateTime"
"""When a set-up was made says nothing, unless its day is still to come."""


def holding(sets: Mapping[str, Iterable[Any]], today: dt.date) -> Any:
    """What entity sets hold, those of documents left out."""

    def told(values: Mapping[str, Any]) -> Any:
        return {**values, _STAMP: str(values[_STAMP])[:10] > today.isoformat()} if _STAMP in values else values

    return {name: [told(record.values) for record in held] for name, held in sets.items() if not _OF_TRADE.search(name)}


Change = Callable[["Scene", Written], None]
"""Something that happens to a document which has been sent."""


class System(ABC):
    """One simulated ERP in a scene, behind the words that all of them share.

    flow, set_id: the outbound flow that shared tests drive. partner: to whom. inbound_set: what the partner sends in that becomes
    a record of `target`. post_paths: of the requests that create it, in order. read_path: of reading the flow's records.
    kinds: each outbound flow with the kind of partner that it goes to; the others are off.
    """

    kind: ClassVar[str]
    variant: ClassVar[str] = ""
    """Added to the kind in names of tests, where there are several of one ERP."""
    flow: ClassVar[str]
    set_id: ClassVar[str]
    partner: ClassVar[str]
    inbound_set: ClassVar[str]
    target: ClassVar[str]
    post_paths: ClassVar[Sequence[str]]
    read_path: ClassVar[str]
    kinds: ClassVar[Kinds]
    own_faults: ClassVar[Sequence[str]]
    """Faults of this sandbox that a random one may be, beside those that all have."""
    expired_fault: ClassVar[str]
    """The one that ends a session."""
    ahead: ClassVar[dt.timedelta] = dt.timedelta(days=2)
    """How far a record is stamped ahead where a clock is wrong, or a clerk mistook the date."""
    long_ago: ClassVar[dt.timedelta] = dt.timedelta(hours=3)
    """How old a record is that no poll reads any more once the watermark stands at the clock."""
    requests: ClassVar[Sequence[RequestKind]]
    """Every kind of request that the flows of shared tests make of this ERP, and of whoever signs us in there."""
    cleo_requests: ClassVar[Sequence[RequestKind]] = CLEO_REQUESTS
    done_state: ClassVar[State] = State.POSTED
    """In which a received document rests that became what it is to become."""
    small_pages: ClassVar[Changes]
    """Settings of the connection with which a page holds two records."""
    lies_that_end_a_run: ClassVar[Sequence[str]] = ()
    """Those after which nothing is asked again before the next run."""
    has_time_out: ClassVar[bool] = True
    """Whether its connection has a `timeout_s`."""
    late_s: ClassVar[float] = 1.0
    """Until a request is carried out that is to be late: longer than anybody waits for its answer while lies are told."""

    def __init__(self, running: RunningSandbox) -> None:
        self.running = running

    @property
    @abstractmethod
    def faults(self) -> FaultMenu: ...

    @abstractmethod
    def connection(self) -> Changes:
        """The `erp` part of the integration, as it differs from SAP's."""

    @contextmanager
    def in_reach(self, folder: Path, settings: Settings, engine: Any) -> Iterator[None]:
        """What has to stand between the ERP and us while a scene lasts."""
        yield

    @contextmanager
    def answer_held_back(self) -> Iterator[None]:
        """What is created meanwhile is stored, and the ERP does not say so."""
        fault = self.faults.arm("slow_after", path=self.post_paths[0], method="POST", seconds=5)
        yield
        self.faults.disarm(fault)

    @contextmanager
    def hasty(self) -> Iterator[None]:
        """What else waits for this ERP's answers than the client, whose time-out is a setting, gives up soon."""
        yield

    def lose_an_answer(self) -> None:
        """The next record is created, and nobody hears of it in time, so that there is something to look for."""
        self.faults.arm("cut_after", path=self.post_paths[0], method="POST")

    def hold_back(self, seconds: float) -> Held:
        """The next record is created when this is let go, or not at all; whoever asked for it has hung up by then."""
        return self.faults.arm("slow", path=self.post_paths[0], method="POST", seconds=seconds)

    def fail_at_random(self, seed: int) -> None:
        """What may go wrong behind the requests, which the fault menu knows nothing of."""
        return

    def begin_anew(self) -> None:
        """Whatever stands between the ERP and us is started again."""
        return

    def happened(self) -> int:
        """Requests that may have changed something, and faults that struck."""
        asked = dict(self.faults.requests)
        writes = sum(count for kind, count in asked.items() if not kind.startswith("GET ") and not kind.endswith("/Login"))
        return writes + sum(dict(self.faults.given).values())

    def partner_changes(self, name: str) -> Changes:
        """What this partner's file has otherwise than for SAP."""
        return {}

    @abstractmethod
    def credential(self, sound: bool = True) -> Mapping[str, str]:
        """The vault entry; one that is refused where it is not sound."""

    @abstractmethod
    def rotate(self, secret: str) -> Mapping[str, str]:
        """The ERP takes this secret from now on and no other; the vault entry that goes with it."""

    @abstractmethod
    def sign_ins(self) -> tuple[int, int]:
        """How many the ERP took, and how many it refused."""

    @abstractmethod
    def time_passes(self, step: dt.timedelta) -> None:
        """The ERP's clock goes on, where records are stamped by the second."""

    @abstractmethod
    def move_clock(self, step: dt.timedelta) -> None:
        """Put the clock that the ERP stamps by forward, or back with a negative step."""

    @abstractmethod
    def rename_item(self, code: str, name: str) -> None:
        """Somebody gives an item another name."""

    def write_ahead(self, scene: Scene, partner: str = "") -> Written:
        """A document that the ERP stamped `ahead` of the time that it is."""
        self.move_clock(self.ahead)
        written = self.write(scene, partner)
        self.move_clock(-self.ahead)
        return written

    def shorten_pages(self) -> None:
        """Pages of two records, where the server decides and not `small_pages`."""
        return

    @abstractmethod
    def write(self, scene: Scene, partner: str = "") -> Written:
        """A document that `flow` sends, over two sound items, to the usual partner where none is named."""

    @abstractmethod
    def changes(self) -> Sequence[Change]:
        """What becomes of documents after they were sent: paid, closed, saved again, corrected; four of them."""

    @abstractmethod
    def master_data(self) -> Any:
        """All that reference data is read from; equal ones are read alike."""

    def to_be_sent(self, scene: Scene, count: int) -> list[Callable[[], Sent]]:
        """Sound documents of the partner that become records of `target`; each leaves, in a file of its own, when it is called."""
        return [lambda: scene.partner.send_orders(1, partner=self.partner)[0]] * count

    def send(self, scene: Scene, count: int = 1) -> list[Sent]:
        """All of `to_be_sent`, now."""
        return [send() for send in self.to_be_sent(scene, count)]

    @abstractmethod
    def created(self) -> list[Created]:
        """Records of `target` that came over the API and are there, in order."""

    def all_created(self) -> list[Created]:
        """Records of every kind that received documents become, those of `target` among them."""
        return self.created()

    @property
    def posted_sets(self) -> Sequence[str]:
        """Sets of received documents that become records of their own."""
        return (self.inbound_set,)

    @abstractmethod
    def left_overs(self) -> list[Any]:
        """What no act may leave behind: records stored twice, or half."""

    def contradicted(self, scene: Scene) -> list[str]:
        """Received documents that are done, of which the ERP holds otherwise, in words."""
        return []

    @abstractmethod
    def to_be_known(self) -> Mapping[str, set[str]]:
        """By outbound flow, the keys of all records that a pipeline must know of, those created over the API left out."""

    def reference(self, document_id: str) -> str:
        """Ours, of the record that this document became."""
        return f"acme:{self.target}:{document_id}"

    def inbound_states(self, scene: Scene) -> dict[str, int]:
        return scene.states(INBOUND, set_ids=(self.inbound_set,), direction="inbound")

    def inbound_documents(self, scene: Scene, *states: State) -> Any:
        return scene.documents(INBOUND, *states, set_ids=(self.inbound_set,), direction="inbound")
