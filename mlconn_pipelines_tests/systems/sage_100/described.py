"""Sage 100 in the shared tests: purchase orders go out, vendors' invoices come in, by way of the agent beside the simulated server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from unittest.mock import patch

from mlconn_pipelines.settings import Settings
from mlconn_pipelines.systems.sage_100.records.our_reference import comment_of
from mlconn_pipelines.wiring.stores import stores_over
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.systems.sage_100.lying_tunnel import OF_THE_AGENT, ON_THE_WAY, LyingTunnel, of_verb, tunnel_menu
from mlconn_pipelines_tests.systems.sage_100.sage_site import AGENT, SageSite, gateway_for
from mlconn_pipelines_tests.systems.system import Change, Changes, Created, Held, Kinds, RequestKind, System, Written
from mlconn_simulators.demo.configuration import DUE_DAYS, INTEGRATION
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.partner.outbox import Sent
from mlconn_simulators.program import RunningSandbox
from mlconn_simulators.sage_100.layouts import Row
from mlconn_simulators.sage_100.purchase_orders import NUMBER
from mlconn_simulators.sage_100.sandbox import MAIN, PASSWORD, Sage100Sandbox
from mlconn_simulators.sage_100.seed import unit_codes
from mlconn_simulators.server import serve

if TYPE_CHECKING:
    from mlconn_pipelines_tests.scenario import Scene

SENT_TYPES = frozenset("SD")


FOR_EVER_S = 3_600.0
HOST_FAULTS = ("raise", "raise_after", "die", "die_after")
HOST_FAULT_RATE = 0.0005
"""Of each; a job is some hundred calls."""


class Sage100(System):
    """It answers no requests: what strikes Sage is armed at `sandbox.site.faults`, by calls, and what strikes the tunnel to its agent
    at `faults`, by envelope and verb.

    Its partners' answers are sent by the tests: scenes have a `late_max_s` of an hour, so that none comes by itself.
    site, tunnel: while the scene lasts.
    """

    kind = "sage_100"
    flow, set_id, partner = "x12_850", "850", "ferrolux"
    inbound_set, target = "810", "ap_invoices"
    entry: ClassVar[str] = "AP_Invoice_bus"
    """The object by which the records of `target` are made."""
    post_paths, read_path = ("/agent/result/ap_invoice.enter",), "/agent/result/po.changed"
    kinds: ClassVar[Kinds] = {"x12_850": "supplier"}
    own_faults = ()
    expired_fault = ""
    requests: ClassVar[Sequence[RequestKind]] = (
        RequestKind("hello", "POST", "/agent/hello", lies=ON_THE_WAY),
        RequestKind("poll without a job", "POST", "/agent/poll$", lies=ON_THE_WAY),
        *of_verb("po.changed", "everything"),
        *of_verb("ap_invoice.enter", "document", pages=False),
        *of_verb("doc.find", "look", pages=False),
        *(
            kind
            for verb in ("vendor.changed", "item.list", "gl_account.list", "ref.list")
            for kind in of_verb(verb, "reference")
        ),
    )
    lies_that_end_a_run = (*OF_THE_AGENT, "late_commit")
    has_time_out, late_s = False, 5.0
    small_pages: ClassVar[Changes] = {}
    ahead, long_ago = dt.timedelta(days=2), dt.timedelta(hours=3)
    site: SageSite
    tunnel: LyingTunnel

    def __init__(self, running: RunningSandbox) -> None:
        super().__init__(running)
        self._menu = tunnel_menu()
        self._dialling = ExitStack()
        self.sandbox.company.numbers[NUMBER] = 471_100  # not to be met in other records by chance

    @property
    def sandbox(self) -> Sage100Sandbox:
        return self.running.sage_100

    @property
    def faults(self) -> FaultMenu:
        return self._menu

    def happened(self) -> int:
        struck = self.sandbox.site.faults.given.total() + self._menu.given.total()
        return len(self.sandbox.site.journal.written) + struck

    @contextmanager
    def in_reach(self, folder: Path, settings: Settings, engine: Any) -> Iterator[None]:
        with (
            patch("sage_100_agent.service.WAIT_S", 1),
            patch("mlconn_pipelines.flows.agent_desk.LOOK_EVERY_S", 0.02),
            patch("mlconn_pipelines.gateway.tunnel.LOOK_EVERY_S", 0.05),
            stores_over(engine, settings) as stores,
            gateway_for(folder, stores, self.sandbox, self.running.sage_server, INTEGRATION) as self.site,
        ):
            self.tunnel = LyingTunnel(self.site.url, self.site.folder / "agent" / "keys.json", self._menu)
            self._menu.commits_within_s = FOR_EVER_S
            with serve(self.tunnel) as place, self._dialling:
                self.site.url = place.url
                self.come_back()
                yield

    @contextmanager
    def hasty(self) -> Iterator[None]:
        """Runs wait for an agent for three seconds, and an agent tries again at once."""
        with (
            patch("mlconn_pipelines.flows.agent_desk.WAIT_S", 3.0),
            patch("sage_100_agent.service.PAUSE_MAX_S", 0.2),
            patch("sage_100_agent.service.PAGE_WAIT_S", 10.0),
            patch("mlconn_pipelines.ledger.agent_jobs.GIVEN_AGAIN_S", 1),
        ):
            yield

    def lose_an_answer(self) -> None:
        """Its result comes when the run has given up."""
        self.faults.arm("slow", path=self.post_paths[0], method="POST", seconds=self.late_s)

    def hold_back(self, seconds: float) -> Held:
        return self.sandbox.site.faults.arm("hang", f"{self.entry}.nWrite")

    def fail_at_random(self, seed: int) -> None:
        """Sage's host raises, dies and hangs, and the agent misstates what it has to tell."""
        self.tunnel.misstate(0.02, seed)
        for place, name in enumerate(HOST_FAULTS):
            self.sandbox.site.faults.arm(name, count=None, rate=HOST_FAULT_RATE, seed=10 * seed + place)

    def begin_anew(self) -> None:
        self.go_away()
        self.come_back()

    @contextmanager
    def answer_held_back(self) -> Iterator[None]:
        fault = self.sandbox.site.faults.arm("hang_after", f"{self.entry}.nWrite")
        yield
        fault.let_go.set()

    def come_back(self, *strike: str, **more: Any) -> None:
        """The agent starts. strike: see `simulated_worker`. more: for its supervisor."""
        self._agent = self._dialling.enter_context(self.site.dialling(*strike, **more))

    def come_back_if_it_ended(self) -> None:
        """As Windows starts a service anew that ended with 1, after Sage's host failed again and again."""
        if self._agent.code is not None:
            self.go_away()
            self.come_back()

    def go_away(self) -> None:
        """The agent is stopped, and nothing of it dials."""
        self._dialling.close()

    def connection(self) -> Changes:
        others = dict.fromkeys(("url", "company_db", "order_target", "credential", "absence_proves_after_s"))
        zone = str(self.sandbox.clock.zone)
        return {**others, "kind": self.kind, "agent": AGENT, "company": MAIN, "time_zone": zone}

    def partner_changes(self, name: str) -> Changes:
        world = self.running.world
        code = next(partner.supplier_code for partner in world.partners if partner.name == name)
        units = dict.fromkeys(world.unit_codes) | unit_codes(world)
        return {"supplier_codes": [f"00-{code}"] if code else None, "customer_codes": None, "units": units, "ship_to": None}

    def credential(self, sound: bool = True) -> Mapping[str, str]:
        """Kept beside the Sage server, and in no vault."""
        return {"password": PASSWORD if sound else "not-the-password"}

    def rotate(self, secret: str) -> Mapping[str, str]:
        self.sandbox.user.password = secret
        return {"password": secret}

    def sign_ins(self) -> tuple[int, int]:
        calls = self.sandbox.site.calls["SY_Session.nSetUser"]
        return calls - self.sandbox.user.failed, self.sandbox.user.failed

    def master_data(self) -> Any:
        tables = ("AP_Vendor", "CI_Item", "IM_ItemVendor", "IM_Warehouse", "GL_Account", "AP_TermsCode", "SY_SalesTaxSchedule")
        with self.sandbox.site.lock:
            return {name: sorted(map(repr, self.sandbox.company[name].rows.values())) for name in tables}

    def move_clock(self, step: dt.timedelta) -> None:
        self.sandbox.clock.move(step)

    def write_ahead(self, scene: Scene, partner: str = "") -> Written:
        """Saved again while the clock is ahead: when it was made Sage never forgets."""
        written = self.write(scene, partner)
        self.move_clock(self.ahead)
        self.sandbox.people.print_order(written.entry)
        self.move_clock(-self.ahead)
        return written

    def time_passes(self, step: dt.timedelta) -> None:
        """Stamps are read from an hour before the last. A service that ended with 1 is started anew by Windows."""
        if self._agent.code == 1:
            self.begin_anew()

    def rename_item(self, code: str, name: str) -> None:
        with self.sandbox.site.lock:
            self.sandbox.company["CI_Item"].rows[(code,)]["ItemCodeDesc$"] = name

    def write(self, scene: Scene, partner: str = "") -> Written:
        number = self.order(scene, partner or self.partner)
        return Written(number, number)

    def order(self, scene: Scene, partner: str = "", *lines: Row, **header: Any) -> str:
        """The number of a buyer's order over two sound items, or what `lines` say."""
        vendor = scene.partner_named(partner or self.partner).supplier_code
        sound = [
            {"ItemCode$": item.code, "QuantityOrdered": 10.0 + place}
            for place, item in enumerate(clerks.sound_items(scene, partner or self.partner))
        ]
        head: Row = {"WarehouseCode$": "000"} | {f"{name}$": value for name, value in header.items()}
        return self.sandbox.people.enter_order(vendor, list(lines) or sound, head)

    def changes(self) -> Sequence[Change]:
        people = self.sandbox.people
        return (
            lambda scene, one: people.receive(one.entry),
            lambda scene, one: people.print_order(one.entry),
            lambda scene, one: people.close_order(one.entry),
            lambda scene, one: people.edit_line(one.entry, "000001", QuantityOrdered=12.0),
        )

    def to_be_sent(self, scene: Scene, count: int) -> list[Callable[[], Sent]]:
        """Each invoice is for an order of its own, which the vendor has got before."""
        orders = [self.write(scene) for _ in range(count)]
        scene.settle()
        return [partial(clerks.answer_order, scene, self.partner, order.number, self.inbound_set) for order in orders]

    def entered(self, table: str) -> list[dict[str, Any]]:
        """Documents that came by way of the agent, with their lines."""
        return [entry for entry in self.sandbox.state()["created"] if entry["table"] == table]

    def created(self) -> list[Created]:
        return [Created(entry["key"][-1], entry["reference"]) for entry in self.entered("AP_InvoiceHeader")]

    def all_created(self) -> list[Created]:
        entered = [*self.entered("AP_InvoiceHeader"), *self.entered("PO_ReceiptHeader")]
        return [Created(entry["key"][-1], entry["reference"]) for entry in entered]

    @property
    def posted_sets(self) -> Sequence[str]:
        return ("810", "856")

    def left_overs(self) -> list[Any]:
        state = self.sandbox.state()
        return [*state["business_duplicates"], *state["locks"], *state["alarms"]]

    def to_be_known(self) -> Mapping[str, set[str]]:
        go_live = self.running.world.today - dt.timedelta(days=DUE_DAYS)
        with self.sandbox.site.lock:
            rows = list(self.sandbox.company["PO_PurchaseOrderHeader"].rows.values())
        return {
            self.flow: {
                str(row["PurchaseOrderNo$"])
                for row in rows
                if row["OrderType$"] in SENT_TYPES
                and row["OnHold$"] != "Y"
                and dt.datetime.strptime(str(row["PurchaseOrderDate$"]), "%Y%m%d").date() >= go_live
            }
        }

    def reference(self, document_id: str) -> str:
        return comment_of(super().reference(document_id))
