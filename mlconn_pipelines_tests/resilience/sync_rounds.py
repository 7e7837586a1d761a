"""Won deals to orders and their numbers back, while servers lie or fail by chance; and both sides compared afterwards.

What `liar`, `random_faults` and `accounting` do for an integration with trading partners, for one between two systems' records.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, NAME, SyncScene
from mlconn_pipelines_tests.resilience.accounting import Account
from mlconn_pipelines_tests.resilience.liar import ALL_LIES, EMPTY, LOOKS_MAX, TIME_OUT_S, Cell, Told, armed, compare, rounds_of
from mlconn_pipelines_tests.resilience.random_faults import EVERY_ERP_S_FAULTS
from mlconn_pipelines_tests.systems.sap_business_one.described import SapBusinessOne
from mlconn_pipelines_tests.systems.system import RequestKind
from mlconn_simulators.faults import FaultMenu

S = State
OF_THE_ORG = (
    RequestKind("sign-in", "POST", "/oauth2/token", menu="salesforce"),
    RequestKind("description of deals", "GET", "/Opportunity/describe", menu="salesforce"),
    RequestKind("description of accounts", "GET", "/Account/describe", menu="salesforce"),
    RequestKind("description of products", "GET", "/OpportunityLineItem/describe", menu="salesforce"),
    RequestKind("description of invoices", "GET", "/Invoice/describe", menu="salesforce"),
    RequestKind("listing of deals", "GET", "/queryAll?q=SELECT Id,IsDeleted,SystemModstamp FROM Opp", menu="salesforce"),
    RequestKind("look for edits of deals", "GET", "LastModifiedById !=", menu="salesforce"),
    RequestKind("further pages", "GET", "/query/", menu="salesforce"),
    RequestKind("whole deals", "GET", "/queryAll?q=SELECT Id,IsDeleted,SystemModstamp,Name", menu="salesforce"),
    RequestKind("products of deals", "GET", "/query?q=SELECT Id,IsDeleted,SystemModstamp,OpportunityId", menu="salesforce"),
    RequestKind("write-back", "PATCH", "/composite/sobjects", "document", menu="salesforce"),
)
_SHARED = ("sign-in", "create", "look for a twin", "look for a twin among drafts", "look for our record", "look among drafts")
OF_SAP = (
    *(kind for kind in SapBusinessOne.requests if kind.name in _SHARED),
    RequestKind("listing of orders", "GET", "/Orders?$select=DocEntry,UpdateDate,UpdateTime&"),
    RequestKind("whole orders", "GET", "/Orders?$filter="),
    RequestKind("whose orders were delivered", "GET", "/Orders?$select=DocEntry,U_MLConnRef&$filter=DocEntry"),
    RequestKind("listing of deliveries", "GET", "/DeliveryNotes?$select=DocEntry,UpdateDate,UpdateTime&"),
    RequestKind("listing of invoices", "GET", "/Invoices?$select=DocEntry,UpdateDate,UpdateTime&"),
    RequestKind("listing of returns", "GET", "/Returns?$select=DocEntry,UpdateDate,UpdateTime&"),
    RequestKind("listing of credit notes", "GET", "/CreditNotes?$select=DocEntry,UpdateDate,UpdateTime&"),
    RequestKind(
        "orders that a delivery goes back to", "GET", "/DeliveryNotes?$select=DocEntry,UpdateDate,UpdateTime,DocumentLines"
    ),
    RequestKind("what was made of orders", "GET", "/$crossjoin("),
    RequestKind("whole deliveries", "GET", "/DeliveryNotes?$filter=DocEntry"),
    RequestKind("listing of down payments", "GET", "/DownPayments?$select=DocEntry,UpdateDate,UpdateTime&"),
)
REQUESTS = (*OF_THE_ORG, *OF_SAP)

ORG_FAULTS = ("expired_token", "edge_406", "edge_420", "query_timeout", "short_page", "dead_locator", "row_locked")
DEALS_AT_ONCE = 2
STEP = dt.timedelta(hours=2)
"""By which both clocks go on from round to round, so that a look holds no more than a round's deals and orders."""

ROUNDS_MAX = 40
QUIET_ROUNDS = 2


def scene_options(rounds: int) -> dict[str, Any]:
    """Of a scene for lies and faults: clients that hang up soon, small pages, clocks put back by as much as rounds put them on."""
    return {
        "behind": (rounds + 1) * STEP,
        "act_time_out_s": TIME_OUT_S,
        "erp": {"timeout_s": TIME_OUT_S, "page_size": 2},
        "salesforce": {"timeout_s": TIME_OUT_S},
    }


def prepare(scene: SyncScene) -> None:
    scene.org.page_size = 2
    scene.org.win(1)
    scene.run()


def deliver_one(scene: SyncScene) -> None:
    """The oldest of our orders that still is open, whole."""
    for one in scene.made():
        if not one["draft"] and scene.erp.record("Orders", one["DocEntry"])["DocumentStatus"] == "bost_Open":
            scene.erp.copy("Orders", one["DocEntry"], "DeliveryNotes")
            return


def tell(scene: SyncScene, cells: Sequence[Cell]) -> Told:
    """One round: deals are won, become orders and learn their numbers; each cell's request is lied to once.

    An order of the round before is delivered, which its deal is told as well.
    """
    told, before = Told(cells), account(scene)
    _move(scene, STEP)
    deliver_one(scene)
    won = [row["Id"] for row in scene.org.win(DEALS_AT_ONCE)]
    _forget(scene)
    faults = [(cell, armed(menus(scene)[cell.kind.menu], cell)) for cell in cells]
    if any(cell.kind.about == "look" for cell in cells):  # there is something to look for
        scene.erp.faults.arm("cut_after", path="/Orders", method="POST")
    troubles = run_each(scene)
    if len(cells) == 1:
        told.waiting = troubles + _not_done(scene, cells[0], won)
    settle(scene)
    told.struck = [cell for cell, fault in faults if not fault.left]
    for menu in menus(scene).values():
        menu.disarm()
    compare(told, before, account(scene))
    return told


def matrix(scene: SyncScene, seed: int, rounds: int = len(ALL_LIES)) -> list[Told]:
    """Rounds of the matrix, all of it by default, in a scene with `scene_options`. The same seed makes the same rounds."""
    prepare(scene)
    return [tell(scene, cells) for cells in islice(rounds_of(REQUESTS, seed), rounds)]


def arm(scene: SyncScene, seed: int, lies: Sequence[str] = ()) -> None:
    """One request in twenty, on both sides; a 401 only where it is no sign-in, since two of those stop a connection."""
    options: dict[str, Any] = {"seed": seed, "seconds": 0.2, "retry_after": 0}
    of_sap = (*EVERY_ERP_S_FAULTS, *SapBusinessOne.own_faults, *lies)
    scene.erp.faults.arm("random", rate=0.05, names=list(of_sap), **options)
    scene.erp.faults.arm("random", path="/Orders", rate=0.01, names=["401"], seed=seed)
    scene.org.faults.arm("random", rate=0.05, names=[*EVERY_ERP_S_FAULTS, *ORG_FAULTS, *lies], **options)
    scene.org.faults.arm("random", path="/services/data", rate=0.01, names=["401"], seed=seed)


def settle(scene: SyncScene) -> None:
    """Runs until nothing moves any more. Errors: AssertionError when it never ends."""
    before: object = None
    same = 0
    for _ in range(ROUNDS_MAX):
        scene.hours_pass()
        _move(scene, dt.timedelta(minutes=2))
        time.sleep(ABSENCE_S)
        failed = run_each(scene)
        now = states(scene)
        same = same + 1 if now == before and not failed else 0
        moving = {"pending_validation", "ready"} & {state for _, state, _ in now}
        if same > (LOOKS_MAX if any(state == "outcome_unknown" for _, state, _ in now) else QUIET_ROUNDS) and not moving:
            return
        before = now
    raise AssertionError(f"still not settled: {before}")


def states(scene: SyncScene) -> list[tuple[str, str, int]]:
    with scene.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT flow, state, count(*) FROM document GROUP BY 1, 2 ORDER BY 1, 2").all()
    return [(flow, state, count) for flow, state, count in rows]


def account(scene: SyncScene) -> Account:
    """Of a scene that has settled: every deal that is won, every order in SAP, and the number that each deal was told."""
    made = Account()
    with scene.org.lock:
        won = {row.id: dict(row.values) for row in scene.org.store.all("Opportunity") if row.values["IsWon"]}
    orders = {one["reference"]: one for one in scene.made()}
    by_reference = Counter(one["reference"] for one in scene.made())
    made.doubled += [f"SAP has {times} orders of {reference}" for reference, times in by_reference.items() if times > 1]
    state = scene.erp.state(source=False)
    made.doubled += [f"SAP holds the same twice: {one}" for one in state["business_duplicates"]]
    rows = [row for row in scene.documents("opportunities") if row.state is not S.SUPERSEDED]
    made.lost += [f"deal {key} was never read" for key in sorted(won.keys() - {row.source_key for row in rows})]
    made.doubled += [
        f"{key} is {times} documents" for key, times in Counter(row.source_key for row in rows).items() if times > 1
    ]
    for row in rows:
        made.add(row)
        order = orders.pop(f"{NAME}:Orders:{row.id}", None)
        if order is None and row.state is S.POSTED:
            made.lost.append(f"{row.business_number} ({row.id}) is posted, and SAP has no order of it")
        if order is None:
            continue
        if row.state not in (S.POSTED, S.OUTCOME_UNKNOWN):
            made.unexplained.append(f"{row.business_number} ({row.id}) is {row.state}, and SAP has an order of it")
        deal = won[row.source_key]
        record = scene.erp.record("Drafts" if order["draft"] else "Orders", order["DocEntry"])
        amount = sum(Decimal(str(line["LineTotal"])) for line in record["DocumentLines"])
        if amount != deal["Amount"]:
            made.unexplained.append(f"{row.business_number} is over {deal['Amount']}, and its order over {amount}")
        if (told := deal["ERP_Order_Number__c"]) != (None if order["draft"] else str(record["DocNum"])):
            made.lost.append(f"{row.business_number} was told {told} for {record['DocNum']}")
        state = "Open" if record["DocumentStatus"] == "bost_Open" else "Delivered"
        if not order["draft"] and deal["ERP_Order_Status__c"] != state:
            made.lost.append(f"{row.business_number} was told {deal['ERP_Order_Status__c']}, and its order is {state}")
    made.unexplained += [f"the order of {reference} is of no document" for reference in orders]
    for row in scene.documents("orders"):
        if row.state is not S.SUPERSEDED:
            made.add(row, "back ")
    return made


def menus(scene: SyncScene) -> dict[str, FaultMenu]:
    return {"erp": scene.erp.faults, "salesforce": scene.org.faults}


def run_each(scene: SyncScene) -> list[str]:
    """Each flow that is on once, one that fails leaves the others alone, as jobs do. In words, what ended a flow."""
    words = []
    for flow in load_configuration(scene.settings.config).sync(NAME).flow_names:
        try:
            scene.run(flow)
        except ConnectorError as trouble:
            words.append(f"{flow} ended with {trouble}")
    return words


def _not_done(scene: SyncScene, cell: Cell, won: Sequence[str]) -> list[str]:
    """One lie concerns one document; what the others lack after the run, in words."""
    if cell.lie in EMPTY:
        return []
    spared = int(cell.kind.about != "everything")
    told = [key for key in won if scene.deal(key)["ERP_Order_Number__c"]]
    return [] if len(told) >= len(won) - spared else [f"{len(told)} of {len(won)} deals have their number after the run"]


def _forget(scene: SyncScene) -> None:
    """As a process that starts anew after a weekend: it signs in everywhere."""
    with scene.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE session SET ciphertext = NULL")


def _move(scene: SyncScene, step: dt.timedelta) -> None:
    scene.org.clock.move(step)
    scene.erp.move_clock(step)
