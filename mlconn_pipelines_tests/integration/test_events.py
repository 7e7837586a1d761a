"""Notifications of the simulated systems through the gateway: they start flows at once, and whatever becomes of them changes no count."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mlconn_pipelines.defs.sensors import reason_to_run
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.comparing import compare_with_erp
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.flows.subscribing import Repair, our_subscriptions, repair_subscriptions
from mlconn_pipelines.gateway.program import opened_application
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.gateway.listening import listening
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.business_central_scene import BusinessCentralScene, business_central_scene
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.processes.programs import free_port
from mlconn_pipelines_tests.scenario import wait_until

pytestmark = pytest.mark.database

SOME = ["northwind", "eastgate"]
SECRET, CLEOS_SECRET = "clientstate-0123456789abcdef", "cleo-0123456789abcdef0123456"
INVOICES, ORDERS = "x12_810", "x12_850"


@contextmanager
def told(stage: Stage, serving: bool = True, **options: Any) -> Iterator[tuple[BusinessCentralScene, str]]:
    """A company that tells at once, and the gateway in front of our ledger; its address."""
    with business_central_scene(stage, **{"only": SOME, **options}) as bc:
        bc.company.notifier.delay_s = 0.05
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        senders = {"erp": {"credential": "bc-tells"}, "cleo": {"credential": "cleo-tells"}}
        bc.scene.reconfigure(events={"public_url": url, **senders})
        with open_stores(bc.scene.settings) as stores:
            stores.credentials.set("bc-tells", {"secret": SECRET})
            stores.credentials.set("cleo-tells", {"secret": CLEOS_SECRET})
        if not serving:
            yield bc, url
            return
        with opened_application(bc.scene.settings) as application, listening(application, port):
            yield bc, url


def now(bc: BusinessCentralScene) -> dt.datetime:
    return bc.company.clock.now()


def repaired(bc: BusinessCentralScene) -> Repair:
    with bc.scene.pipeline() as pipeline:
        return repair_subscriptions(pipeline.engine, pipeline.subscribing, pipeline.routes(), now(bc))


def waiting(bc: BusinessCentralScene) -> dict[str, int]:
    with bc.scene.pipeline() as pipeline:
        return {hints.flow: hints.count for hints in pipeline.engine.intake.waiting_hints(pipeline.name)}


def calls_of(pipeline: Pipeline) -> int:
    return pipeline.erp.calls


# -- real notifications -------------------------------------------------------------------------------------------------
def test_an_invoice_that_is_told_of_is_a_reason_to_run_and_leaves(stage: Stage) -> None:
    with told(stage) as (bc, _):
        made = repaired(bc)
        assert (sorted(made.made), made.problems) == (["salesInvoices", "salesOrders"], [])
        assert waiting(bc) == {INVOICES: 1, ORDERS: 1}, "what changed before anybody told of it is read at once"
        bc.scene.run()
        assert waiting(bc) == {}
        invoice = bc.invoice("northwind")
        assert wait_until(lambda: INVOICES in waiting(bc), 10)
        with bc.scene.pipeline() as pipeline:
            before = calls_of(pipeline)
            why = reason_to_run(pipeline, INVOICES)
            assert why is not None and "that something changed: salesInvoices" in why
            assert calls_of(pipeline) == before, "nobody was asked"
        bc.scene.settle()
        assert [row.source_key for row in bc.scene.documents(INVOICES, State.ACCEPTED)] == [invoice]
        assert INVOICES not in waiting(bc)


@pytest.mark.parametrize(
    "fault", ["notification_lost", "notification_twice", "notification_reordered", "notification_collection"]
)
def test_whatever_happens_to_notifications_changes_nothing_but_time(stage: Stage, fault: str) -> None:
    with told(stage) as (bc, _):
        repaired(bc)
        bc.scene.run()
        bc.company.faults.arm(fault, count=2)
        sent = [bc.invoice("northwind") for _ in range(2)]
        if fault != "notification_lost":
            assert wait_until(lambda: INVOICES in waiting(bc), 10)
        bc.scene.settle()
        assert sorted(row.source_key for row in bc.scene.documents(INVOICES, State.ACCEPTED)) == sorted(sent)
        assert len(bc.scene.uploads("810")) == 2


def test_a_foreign_client_state_does_not_end_the_subscription(stage: Stage) -> None:
    with told(stage) as (bc, url):
        repaired(bc)
        bc.scene.run()
        bc.company.faults.arm("notification_foreign", count=10)
        bc.invoice("northwind")
        assert wait_until(lambda: 'outcome="forged"} ' in httpx.get(f"{url}/metrics").text, 10)
        assert waiting(bc) == {}
        assert [told_["status"] for told_ in bc.company.state()["notifications"]] == [202]
        assert bc.company.state()["subscriptions_ended"] == []


def test_cleo_tells_of_a_file_and_the_inbound_flow_takes_it(stage: Stage) -> None:
    with told(stage) as (bc, url):
        bc.scene.run()
        clerks.put(bc.scene, clerks.order_file(bc.scene, [clerks.an_order(bc.scene)], 1), "850_1.edi")
        answer = httpx.post(f"{url}/hooks/acme/cleo", json={"file": "850_1.edi"}, headers={"X-Mlconn-Secret": CLEOS_SECRET})
        assert answer.json() == {"hints": 1, "new": 1}
        with bc.scene.pipeline() as pipeline:
            assert "1 hint says" in (reason_to_run(pipeline, "inbound") or "")
        bc.scene.run("inbound")
        assert waiting(bc) == {}
        assert bc.scene.states("inbound", set_ids=("850",)) == {"posted": 1}


# -- subscriptions ------------------------------------------------------------------------------------------------------
def test_a_subscription_is_renewed_once_a_day_and_made_again_once_it_lapsed(stage: Stage) -> None:
    with told(stage) as (bc, _):
        repaired(bc)
        bc.scene.run()
        assert sorted(repaired(bc).kept) == ["salesInvoices", "salesOrders"]
        bc.company.clock.move(dt.timedelta(hours=25))
        assert sorted(repaired(bc).renewed) == ["salesInvoices", "salesOrders"]
        assert sorted(repaired(bc).kept) == ["salesInvoices", "salesOrders"]
        assert waiting(bc) == {}, "nothing was missed"
        with bc.scene.pipeline() as pipeline:
            assert {one.expires_at - now(bc) > dt.timedelta(hours=71) for one in our_subscriptions(pipeline.subscribing)} == {
                True
            }
        bc.company.clock.move(dt.timedelta(days=4))
        assert sorted(repaired(bc).made) == ["salesInvoices", "salesOrders"]
        assert waiting(bc) == {INVOICES: 1, ORDERS: 1}, "the flows catch up at once"


def test_a_subscription_that_may_still_come_is_not_made_twice(stage: Stage) -> None:
    with told(stage, absence_proves_after_s=3600.0, erp={"timeout_s": 1.0}) as (bc, _):
        late = bc.company.faults.arm("slow", "subscriptions", method="POST", seconds=600)
        first = repaired(bc)
        assert len(first.problems) == 1 and len(first.made) == 1
        again = repaired(bc)
        assert (len(again.waiting), again.made, again.problems) == (1, [], [])
        late.let_go.set()
        assert wait_until(lambda: len(bc.company.state()["subscriptions"]) == 2, 10)
        assert sorted(repaired(bc).kept) == ["salesInvoices", "salesOrders"], "what is found settles it at once"
        assert len(bc.company.state()["subscriptions"]) == 2


def test_a_subscription_that_never_came_is_made_again(stage: Stage) -> None:
    with told(stage, absence_proves_after_s=3600.0) as (bc, _):
        bc.company.faults.arm("504", "subscriptions", method="POST")
        assert len(repaired(bc).problems) == 1
        assert len(repaired(bc).waiting) == 1
        bc.scene.rows("UPDATE open_attempt SET absence_proves_at = now()")
        assert len(repaired(bc).made) == 1
        assert len(bc.company.state()["subscriptions"]) == 2


def test_a_new_secret_a_flow_less_and_a_stranger(stage: Stage) -> None:
    with told(stage) as (bc, url):
        repaired(bc)
        with open_stores(bc.scene.settings) as stores:
            stores.credentials.set("bc-tells", {"secret": "another-0123456789abcdef"})
        assert sorted(repaired(bc).renewed) == ["salesInvoices", "salesOrders"]
        with bc.scene.pipeline() as pipeline:
            assert {one.secret for one in our_subscriptions(pipeline.subscribing)} == {"another-0123456789abcdef"}
            assert "another" not in repr(our_subscriptions(pipeline.subscribing))
            assert pipeline.subscriber is not None
            pipeline.subscriber.subscriptions.create(
                "salesInvoices", f"{url}/hooks/acme/business-central?someone=else", "s" * 20
            )
        bc.scene.reconfigure(flows={ORDERS: None})
        done = repaired(bc)
        assert (done.removed, done.kept) == (["salesOrders"], ["salesInvoices"])
        assert len(bc.company.state()["subscriptions"]) == 2, "somebody else's is left alone"


def test_without_a_gateway_to_reach_the_others_go_on_and_the_trouble_is_told(stage: Stage) -> None:
    with told(stage, serving=False) as (bc, _):
        done = repaired(bc)
        assert done.made == [] and len(done.problems) == 2
        assert "Validation of the notificationUrl failed" in done.problems[0]
        assert SECRET not in str(done)


def test_a_preview_subscribes_to_nothing(stage: Stage) -> None:
    with told(stage, mode="preview") as (bc, _):
        assert repaired(bc) == Repair()
        assert bc.company.state()["subscriptions"] == []


# -- very many ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("events", "invoices"), [(300, 30), pytest.param(30_000, 600, marks=pytest.mark.nightly)], ids=["300", "30000"]
)
def test_lost_doubled_and_disordered_events_leave_the_ledger_as_the_erp_is(stage: Stage, events: int, invoices: int) -> None:
    """A third of the notifications never comes, a third comes twice, and none in its order; runs start only when a hint waits."""
    dice = random.Random(events)
    with told(stage) as (bc, url), httpx.Client(base_url=url) as sender:
        bc.scene.run()
        company = bc.company.company.id
        mangled: list[dict[str, Any]] = []
        written: list[str] = []
        while len(written) < invoices:
            batch = [bc.invoice(dice.choice(SOME)) for _ in range(10)]
            written += batch
            for number in range(events * 10 // invoices):
                told_ = {
                    "subscriptionId": "webhook",
                    "clientState": SECRET,
                    "resource": f"api/v2.0/companies({company})/salesInvoices({dice.choice(batch)})",
                    "changeType": "updated",
                    "lastModifiedDateTime": f"{len(written)}-{number}",
                }
                mangled += [told_] * ((number % 3 == 1) * 1 + (number % 3 == 2) * 2)
            dice.shuffle(mangled)
            now_, mangled = mangled[: len(mangled) // 2], mangled[len(mangled) // 2 :]
            _tell(sender, now_)
            if INVOICES in waiting(bc):
                bc.scene.run(INVOICES)
        _tell(sender, mangled)
        assert waiting(bc)[INVOICES] > 0
        bc.scene.run(INVOICES)
        assert waiting(bc) == {}
        with bc.scene.pipeline() as pipeline:
            day = dt.date.fromisoformat(str(bc.record("salesInvoices", written[0])["invoiceDate"])[:10])
            assert compare_with_erp(pipeline.route(INVOICES), day - dt.timedelta(days=3), day + dt.timedelta(days=3)) == []
        rows = bc.scene.documents(INVOICES)
        assert sorted(row.source_key for row in rows) == sorted(written)
        assert len(bc.scene.uploads("810")) == invoices


def _tell(sender: httpx.Client, entries: list[dict[str, Any]]) -> None:
    """As notifications of up to twenty entries."""
    for first in range(0, len(entries), 20):
        body = json.dumps({"value": entries[first : first + 20]})
        assert sender.post("/hooks/acme/business-central", content=body).status_code == 202
