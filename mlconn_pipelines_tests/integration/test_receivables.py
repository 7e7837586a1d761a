"""What customers owe in SAP, on their accounts in Salesforce, against both simulated systems and a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.defs.sensors import reason_to_run
from mlconn_pipelines.flows.notifications import told_of
from mlconn_pipelines.flows.sync.comparing import last_agreement
from mlconn_pipelines.flows.sync.pipeline import look_at, reprocess, run_flow
from mlconn_pipelines.flows.sync.route import Collects, SyncRoute
from mlconn_pipelines.ports.notifications import ChangeNotification
from mlconn_pipelines_tests.integration.sync_scene import FLOWS, NAME, SyncScene, sync_scene

pytestmark = pytest.mark.database

FIELDS = {
    "balance": "ERP_Balance__c",
    "credit_limit": "ERP_Credit_Limit__c",
    "overdue": "ERP_Overdue__c",
    "status": "ERP_Status__c",
    "as_of": "ERP_As_Of__c",
}
OWED = {"to": "account_balances", "currency": "USD", "fields": FIELDS, "without_account": "ignore"}
FLOW = "receivables"
LINES = [{"ItemCode": "A1001", "Quantity": 2, "UnitPrice": 50}]


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., SyncScene]]:
    with ExitStack() as stack:

        def made(profile: str = "sales_cloud", **settings: Any) -> SyncScene:
            flows = {**FLOWS, FLOW: {**OWED, **settings}}
            return stack.enter_context(sync_scene(tmp_path, ledger_database, profile=profile, flows=flows))

        yield made


def accounts(scene: SyncScene) -> dict[str, dict[str, Any]]:
    with scene.org.lock:
        return {one.values["AccountNumber"]: {"Id": one.id, **one.values} for one in scene.org.store.all("Account")}


def differs(scene: SyncScene) -> list[str]:
    """Customers with an account that shows another balance."""

    def amount(values: dict[str, Any], name: str) -> Decimal:
        return Decimal(str(values.get(name) or 0))

    cards = {code: scene.erp.record("BusinessPartners", code) for code in accounts(scene)}
    told = accounts(scene)
    return [code for code in told if amount(told[code], "ERP_Balance__c") != amount(cards[code], "CurrentAccountBalance")]


def test_balances_are_written_together_and_afterwards_only_what_moved(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    code, other = sorted(accounts(scene))[:2]
    scene.erp.add_document("Invoices", CardCode=code, DocDueDate="2020-01-01", DocumentLines=LINES)
    scene.run(FLOW)
    assert scene.states(FLOW) == {"posted": 1} and differs(scene) == []
    account = accounts(scene)[code]
    assert (account["ERP_Balance__c"], account["ERP_Overdue__c"], account["ERP_Credit_Limit__c"]) == (100, 100, 50_000)
    assert account["ERP_Status__c"] == "Active" and account["ERP_As_Of__c"] is not None
    scene.run(FLOW)
    assert scene.states(FLOW) == {"posted": 1}
    before = accounts(scene)[other]
    scene.erp.receive_payment(code, 30)
    scene.run(FLOW)
    assert accounts(scene)[code]["ERP_Balance__c"] == 70 and accounts(scene)[other] == before
    [last] = [row for row in scene.documents(FLOW) if row.line_count == 1]
    assert last.state == "posted" and scene.states(FLOW) == {"posted": 2}


def test_what_sap_tells_of_journal_entries_is_noted(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    scene.run(FLOW)
    with scene.pipeline() as pipeline:
        assert told_of(pipeline.engine, FLOW).told is None
        hint = ChangeNotification(NAME, FLOW, "sap-business-one", "JournalEntries", "1")
        pipeline.engine.intake.record_notifications([hint])
    scene.erp.receive_payment(min(accounts(scene)), 30)
    scene.run(FLOW)
    scene.erp.receive_payment(min(accounts(scene)), 5)
    scene.run(FLOW)
    with scene.pipeline() as pipeline:
        telling = told_of(pipeline.engine, FLOW)
    assert telling.told is not None and telling.polls == 1, "the second payment was found, and nobody had told of it"


def test_a_collection_whose_answer_is_lost_is_written_again(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    scene.org.faults.arm("cut_after", "/composite", 1, method="PATCH")
    scene.run(FLOW)
    assert scene.states(FLOW) == {"ready": 1}
    scene.hours_pass()
    scene.run(FLOW)
    assert scene.states(FLOW) == {"posted": 1} and differs(scene) == []


class Dying:
    """Whatever it stands for, the process ends when one method has done its work."""

    def __init__(self, real: Any, method: str) -> None:
        self._real, self._method = real, method

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)

        def last(*arguments: Any, **named: Any) -> None:
            real(*arguments, **named)
            if arguments[1]:  # the rows, or the collection; rows that no account is of are in none
                raise SystemExit

        return last if name == self._method else real


@pytest.mark.parametrize("noted", [False, True])
def test_what_a_dead_process_wrote_is_written_again(stage: Callable[..., SyncScene], noted: bool) -> None:
    scene = stage()
    with scene.pipeline() as pipeline:
        route = pipeline.route(FLOW)
        act = route.act
        assert isinstance(act, Collects)
        dies = {"states": Dying(act.states, "ended")} if noted else {"collections": Dying(act.collections, "upsert")}
        dead = replace(pipeline, by_flow={FLOW: replace(route, act=replace(act, **dies))})
        with pytest.raises(SystemExit):
            run_flow(dead, dead.run(FLOW, "dead", route.engine.today()))
    assert scene.states(FLOW) == {"ready": 1} and differs(scene) == []
    code = min(accounts(scene))
    scene.erp.receive_payment(code, 5)
    scene.run(FLOW)
    assert differs(scene) == [code], "nobody else writes the row before it is known what became of the other request"
    scene.hours_pass()
    scene.run(FLOW)
    scene.run(FLOW)
    assert scene.states(FLOW) == {"posted": 2} and differs(scene) == []


def test_one_row_that_the_org_refuses_holds_itself_until_it_may_be_written(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    scene.org.faults.arm("validation_rule", "/composite", rows=[0])
    scene.run(FLOW)
    [held] = [row for row in scene.documents(FLOW) if row.state == "on_hold"]
    assert differs(scene) in ([], [held.source_key]) and held.reason.startswith(
        f"Customer {held.source_key}: Salesforce refused"
    )
    with scene.pipeline() as pipeline:
        run = pipeline.run(FLOW, "by hand", held.partition)
        [outcome] = reprocess(pipeline, run, [held], "the rule is gone")
    assert outcome.after == "processed" and differs(scene) == []


def test_balances_in_another_currency_than_the_accounts_are_held(stage: Callable[..., SyncScene]) -> None:
    scene = stage(profile="multi_currency")
    code = min(accounts(scene))
    scene.org.edit("Account", accounts(scene)[code]["Id"], {"CurrencyIsoCode": "EUR"})
    scene.run(FLOW)
    [held] = [row for row in scene.documents(FLOW) if row.state == "on_hold"]
    assert (held.source_key, held.reason_code) == (code, "currency_differs") and accounts(scene)[code].get(
        "ERP_Balance__c"
    ) is None
    scene.org.edit("Account", accounts(scene)[code]["Id"], {"CurrencyIsoCode": "USD"})
    with scene.pipeline() as pipeline:
        reprocess(pipeline, pipeline.run(FLOW, "by hand", held.partition), [held], "it trades in dollars")
    assert scene.states(FLOW) == {"posted": 2, "processed": 1} and differs(scene) == []


def test_what_is_changed_in_the_org_is_found_by_the_nightly_comparison_and_written_back(
    stage: Callable[..., SyncScene],
) -> None:
    scene = stage()
    scene.run(FLOW)
    code = min(accounts(scene))
    with scene.org.lock:  # without a stamp, as a late request may
        scene.org.store.set(scene.org.store.get("Account", accounts(scene)[code]["Id"]), {"ERP_Balance__c": 1})
    scene.run(FLOW)
    assert differs(scene) == [code]
    with scene.engine.begin() as tx:  # the night falls
        tx.exec_driver_sql(
            "UPDATE watermark SET value = '2026-01-01 ' || split_part(value, ' ', 2) WHERE name = 'receivables/whole'"
        )
    scene.run(FLOW)
    assert differs(scene) == [] and scene.states(FLOW) == {"posted": 2}
    with scene.pipeline() as pipeline:
        route = pipeline.route(FLOW)
        assert isinstance(route, SyncRoute) and (found := last_agreement(route)) is not None
    assert (found.differing, found.gone) == (1, 0) and found.written["ERP_Balance__c"] != found.shown["ERP_Balance__c"]


def test_an_account_that_gets_its_code_learns_the_balance_by_itself(stage: Callable[..., SyncScene]) -> None:
    scene = stage(without_account="on_hold")
    code = min(accounts(scene))
    key = accounts(scene)[code]["Id"]
    scene.org.edit("Account", key, {"AccountNumber": None})
    scene.run(FLOW)
    assert code in {row.source_key for row in scene.documents(FLOW) if row.state == "on_hold"}
    scene.org.edit("Account", key, {"AccountNumber": code})
    with scene.pipeline() as pipeline:
        assert reason_to_run(pipeline, FLOW) == "What 1 documents on hold waited for is there."
    scene.run(FLOW)
    assert differs(scene) == [] and code not in {row.source_key for row in scene.documents(FLOW) if row.state == "on_hold"}


def test_a_look_finds_what_moved_and_nothing_when_all_is_written(stage: Callable[..., SyncScene]) -> None:
    scene = stage(without_account="on_hold")
    with scene.pipeline() as pipeline:
        assert look_at(pipeline.route(FLOW)) == 1
    scene.run(FLOW)
    told = {row.source_key: row.reason_code for row in scene.documents(FLOW) if row.state == "on_hold"}
    assert "C90010" in told and set(told.values()) == {"customer_without_account"}
    with scene.pipeline() as pipeline:
        assert look_at(pipeline.route(FLOW)) == 0
        scene.erp.receive_payment(min(accounts(scene)), 7)
        assert look_at(pipeline.route(FLOW)) == 1
    scene.run(FLOW)
    assert differs(scene) == []
