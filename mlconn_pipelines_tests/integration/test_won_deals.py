"""Won opportunities to sales orders in SAP, and their numbers back, against both simulated systems and a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from mlconn_pipelines_tests.integration.sync_scene import NAME, SyncScene, sync_scene

pytestmark = pytest.mark.database


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., SyncScene]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(sync_scene(tmp_path, ledger_database, **options))


def test_a_won_deal_becomes_one_order_and_learns_its_number(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1, lines=2)
    scene.run()
    assert scene.states("opportunities") == {"posted": 1}, [row.reason for row in scene.documents("opportunities")]
    (order,) = scene.made()
    (document,) = scene.documents("opportunities")
    deal = scene.deal(won["Id"])
    assert (order["reference"], order["NumAtCard"]) == (f"{NAME}:Orders:{document.id}", deal["PO_Number__c"])
    record = scene.erp.record("Orders", order["DocEntry"])
    assert record["DocDate"][:10] == deal["CloseDate"].isoformat() and record["DocCurrency"] == "$"
    assert sum(Decimal(str(line["LineTotal"])) for line in record["DocumentLines"]) == Decimal(str(deal["Amount"]))
    assert deal["ERP_Order_Number__c"] == str(record["DocNum"]) and deal["ERP_Order_Status__c"] == "Open"
    scene.run()
    scene.run()
    assert len(scene.made()) == 1 and scene.states("opportunities") == {"posted": 1}
    assert scene.states("orders") == {"posted": 1}
