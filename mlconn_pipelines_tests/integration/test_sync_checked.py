"""`mlconn check` of an integration between SAP and Salesforce."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mlconn_pipelines_tests.command_line import mlconn_here
from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, NAME, SyncScene, sync_scene

pytestmark = pytest.mark.database


Said = tuple[int, dict[str, list[str]]]
Checked = Callable[..., Said]


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Checked:
    """`mlconn check` of a scene: its exit code, and what is said of each system; of what failed as `FAILED ...`."""

    def check(scene: SyncScene, *options: str) -> Said:
        ran = mlconn_here(monkeypatch, capsys, scene.environment, "check", "--json", *options)
        said: dict[str, list[str]] = {}
        for row in json.loads(ran.stdout):
            assert row["integration"] == NAME
            said.setdefault(row["system"], []).append(row["detail"] if row["ok"] else f"FAILED {row['detail']}")
        return ran.returncode, said

    return check


def test_both_systems_are_looked_at_and_a_hidden_field_is_named(tmp_path: Path, ledger_database: str, checked: Checked) -> None:
    with sync_scene(tmp_path, ledger_database, flows={**FLOWS, "contact_employees": {"to": "contacts"}}) as scene:
        code, said = checked(scene)
        assert code == 0, said
        assert any(line.startswith("Contact: ") for line in said["Salesforce"])
        assert "erp and salesforce, flows contact_employees, opportunities" in said["configuration"][0]
        assert any("is reached directly" in line for line in said["Salesforce"])
        assert any("signed in to org 00D" in line for line in said["Salesforce"])
        assert any(line.startswith("Opportunity: ") for line in said["Salesforce"])
        assert "SAP Business One" in said
        assert not any("of business partners" in line for line in said["SAP Business One"])
        assert (
            "read what is made of orders: DeliveryNotes, DownPayments, Invoices, Returns, CreditNotes"
            in said["SAP Business One"]
        )
        scene.org.access.hidden |= {("Opportunity", "ERP_Order_Number__c"), ("Contact", "ERP_Code__c")}
        code, said = checked(scene)
        assert code == 2
        assert any("FAILED" in line and "ERP_Code__c" in line for line in said["Salesforce"])
        assert any("FAILED" in line and "ERP_Order_Number__c" in line for line in said["Salesforce"])


@pytest.mark.parametrize(("field", "exit_code"), [("U_SF_Account", 0), ("U_Nowhere", 2)])
def test_fields_of_business_partners_are_looked_for(
    tmp_path: Path, ledger_database: str, checked: Checked, field: str, exit_code: int
) -> None:
    flows = {**FLOWS, **ACCOUNT_FLOWS, "accounts": {**ACCOUNT_FLOWS["accounts"], "account_id_field": field}}
    with sync_scene(tmp_path, ledger_database, flows=flows) as scene:
        code, said = checked(scene)
        assert code == exit_code, said
        (line,) = [line for line in said["SAP Business One"] if "business partners" in line]
        assert field in line and line.startswith("FAILED") is bool(exit_code)
        assert any(line.startswith("Account: ") for line in said["Salesforce"])
