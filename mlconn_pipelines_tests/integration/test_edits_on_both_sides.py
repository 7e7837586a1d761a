"""People edit both systems at once: each field ends as its owner has it, what nobody owns is left alone, and then all is still."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.flows.sync.pipeline import compare
from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, SyncScene, sync_scene
from mlconn_pipelines_tests.integration.test_receivables import OWED, accounts, differs

pytestmark = pytest.mark.database

EDITS, AT_ONCE = 1_000, 100
OWNED = {"Name": "CardName", "Phone": "Phone1"}
"""Fields of the account that Salesforce decides, and where they stand in SAP."""


@pytest.fixture
def scene(tmp_path: Path, ledger_database: str) -> Iterator[SyncScene]:
    owned = {**ACCOUNT_FLOWS["accounts"], "with_won_deal": False}
    flows = {**FLOWS, **ACCOUNT_FLOWS, "accounts": owned, "receivables": OWED}
    with ExitStack() as stack:
        owners = {"account": {"name": "salesforce", "phone": "salesforce"}}
        yield stack.enter_context(sync_scene(tmp_path, ledger_database, flows=flows, field_ownership=owners))


class People:
    """notes: what SAP's people last wrote where only they do."""

    def __init__(self, scene: SyncScene, dice: random.Random) -> None:
        self.scene, self.dice = scene, dice
        self.codes = sorted(accounts(scene))
        self.notes: dict[str, str] = {}

    def edit(self, number: int) -> None:
        code = self.dice.choice(self.codes)
        acts: list[Callable[[str, int], Any]] = [self.at_salesforce, self.over_ours, self.in_sap, self.in_sap_alone, self.pays]
        self.dice.choices(acts, weights=(4, 1, 3, 2, 1))[0](code, number)

    def at_salesforce(self, code: str, number: int) -> None:
        values = {"Name": f"Customer {number}"} if number % 2 else {"Phone": f"555-{number:04}"}
        self.scene.org.edit("Account", accounts(self.scene)[code]["Id"], values)

    def over_ours(self, code: str, number: int) -> None:
        """Somebody writes into a field that SAP owns."""
        self.scene.org.edit("Account", accounts(self.scene)[code]["Id"], {"ERP_Balance__c": Decimal(number)})

    def in_sap(self, code: str, number: int) -> None:
        """Somebody writes into a field that Salesforce owns."""
        self.scene.erp.change("BusinessPartners", code, **{"CardName" if number % 2 else "Phone1": f"SAP {number}"})

    def in_sap_alone(self, code: str, number: int) -> None:
        self.notes[code] = f"note {number}"
        self.scene.erp.change("BusinessPartners", code, Notes=self.notes[code], CreditLimit=1_000 + number)

    def pays(self, code: str, number: int) -> None:
        self.scene.erp.receive_payment(code, float(number))


def seconds_pass(scene: SyncScene) -> None:
    """Both systems stamp by the second, and a run of a scene does not wait for the next one as ours do."""
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.erp.move_clock(dt.timedelta(seconds=2))


def disagreements(scene: SyncScene) -> list[str]:
    told = accounts(scene)
    cards = {code: scene.erp.record("BusinessPartners", code) for code in told}
    found = [
        f"{code}: {field} is {account[field]!r} and {cards[code][there]!r}"
        for code, account in told.items()
        for field, there in OWNED.items()
        if account.get(field) and account[field] != cards[code][there]
    ]
    return found + [f"{code}: balance" for code in differs(scene)]


def written(scene: SyncScene) -> int:
    """Changes that came over both systems' APIs."""
    sent = [kind for kind, count in dict(scene.org.faults.requests).items() for _ in range(count)]
    return len(scene.erp.state(source=False)["updated"]) + sum(
        kind.startswith(("PATCH", "POST /services/data")) for kind in sent
    )


def test_a_thousand_random_edits_end_in_agreement_and_then_nothing_is_written(scene: SyncScene) -> None:
    scene.run()
    people = People(scene, random.Random(7))
    for number in range(1, EDITS + 1):
        people.edit(number)
        if number % AT_ONCE == 0:
            seconds_pass(scene)
            scene.run()
    for _ in range(4):
        seconds_pass(scene)
        with scene.pipeline() as pipeline:
            for flow in pipeline.comparisons:
                compare(pipeline, flow, "night")
        scene.run()
        if not disagreements(scene):
            break
    assert disagreements(scene) == []
    notes = {code: scene.erp.record("BusinessPartners", code)["Notes"] for code in people.notes}
    assert notes == people.notes, "what SAP owns is as its people left it"
    assert len(people.codes) == len(accounts(scene)) and scene.partners() == [], "none was doubled, none created"
    seconds_pass(scene)
    before = written(scene)
    assert before > len(people.codes)
    scene.run()
    scene.run()
    assert written(scene) == before, "nobody hears an echo"
