"""SAP Business One in the shared tests: invoices go out, orders come in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.systems.system import Change, Changes, Created, Kinds, RequestKind, System, Written, holding
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.program import SAP_PASSWORD, SAP_USER, RunningSandbox

if TYPE_CHECKING:
    from mlconn_pipelines_tests.scenario import Scene

_SOURCES = {"x12_810": "Invoices", "x12_850": "PurchaseOrders", "x12_856": "DeliveryNotes"}


class SapBusinessOne(System):
    kind = "sap_business_one"
    flow, set_id, partner = "x12_810", "810", "northwind"
    inbound_set, target, post_paths, read_path = "850", "Orders", ("/Orders",), "/Invoices"
    kinds: ClassVar[Kinds] = {"x12_810": "customer", "x12_850": "supplier", "x12_856": "customer"}
    own_faults = ("expired_session", "row_added", "row_changed", "approval_draft", "stale_etag")
    expired_fault = "expired_session"
    requests: ClassVar[Sequence[RequestKind]] = (
        RequestKind("sign-in", "POST", "/Login"),
        RequestKind("listing", "GET", "/Invoices?$select=DocEntry,UpdateDate,UpdateTime&"),
        RequestKind("whole records", "GET", "/Invoices?$filter=DocEntry"),
        RequestKind("listing of deliveries", "GET", "/DeliveryNotes?$select=DocEntry,UpdateDate,UpdateTime&"),
        RequestKind("create", "POST", "/Orders", "document"),
        RequestKind("look for a twin", "GET", "/Orders?$select=DocEntry,DocNum,DocumentStatus", "document"),
        RequestKind("look for a twin among drafts", "GET", "/Drafts?$select=DocEntry,DocNum,DocumentStatus", "document"),
        RequestKind("look for our record", "GET", "/Orders?$select=DocEntry,DocNum,DocTotal", "look"),
        RequestKind("look among drafts", "GET", "/Drafts?$select=DocEntry,DocNum,DocTotal", "look"),
        RequestKind("catalogue numbers", "GET", "/AlternateCatNum", "reference"),
        RequestKind("items", "GET", "/Items?", "reference"),
        RequestKind("business partners", "GET", "/BusinessPartners?", "reference"),
        RequestKind("currencies", "GET", "/Currencies?", "reference"),
        RequestKind("units of measure", "GET", "/UnitOfMeasurements?", "reference"),
        RequestKind("groups of units", "GET", "/UnitOfMeasurementGroups?", "reference"),
        RequestKind("dimensions", "GET", "/Dimensions?", "reference"),
        RequestKind("distribution rules", "GET", "/DistributionRules?", "reference"),
        RequestKind("profit centers", "GET", "/ProfitCenters?", "reference"),
        RequestKind("chart of accounts", "GET", "/ChartOfAccounts?", "reference"),
    )
    small_pages: ClassVar[Changes] = {"page_size": 2}

    def __init__(self, running: RunningSandbox) -> None:
        super().__init__(running)
        running.sap_business_one.login_s = 0.0

    @property
    def faults(self) -> FaultMenu:
        return self.running.sap_business_one.faults

    def connection(self) -> Changes:
        return {}

    def credential(self, sound: bool = True) -> Mapping[str, str]:
        return {"username": SAP_USER, "password": SAP_PASSWORD if sound else "not-the-password"}

    def rotate(self, secret: str) -> Mapping[str, str]:
        self.running.sap_business_one.password = secret
        return {"username": SAP_USER, "password": secret}

    def sign_ins(self) -> tuple[int, int]:
        state = self.running.sap_business_one.state(source=False)
        return state["logins"], state["failed_logins"]

    def time_passes(self, step: dt.timedelta) -> None:
        self.running.sap_business_one.move_clock(step)

    def master_data(self) -> Any:
        company = self.running.sap_business_one.company
        return holding(company.sets, self.running.world.today), company.catalogue_numbers, company.branches

    def move_clock(self, step: dt.timedelta) -> None:
        self.running.sap_business_one.move_clock(step)

    def rename_item(self, code: str, name: str) -> None:
        self.running.sap_business_one.change("Items", code, ItemName=name)

    def write(self, scene: Scene, partner: str = "") -> Written:
        return clerks.invoice(scene, partner or self.partner)

    def changes(self) -> Sequence[Change]:
        sap = self.running.sap_business_one
        return (
            lambda scene, one: sap.pay("Invoices", one.entry),
            lambda scene, one: sap.close("Invoices", one.entry),
            lambda scene, one: sap.change("Invoices", one.entry, Comments="Called twice"),
            lambda scene, one: sap.change("Invoices", one.entry, NumAtCard="PO-OTHER"),
        )

    def created(self) -> list[Created]:
        entries = self.running.sap_business_one.state(source=False)["created"]
        return [Created(entry["NumAtCard"], entry["reference"]) for entry in entries]

    def left_overs(self) -> list[Any]:
        return list(self.running.sap_business_one.state(source=False)["business_duplicates"])

    def to_be_known(self) -> Mapping[str, set[str]]:
        source = self.running.sap_business_one.state()["source"]
        return {
            flow: {str(record["DocEntry"]) for record in source[entity] if not record["over_api"]}
            for flow, entity in _SOURCES.items()
        }


class SapByApiProvider(SapBusinessOne):
    """To a partner who takes documents over Cleo's API Provider, where nothing can be looked for afterwards."""

    variant, partner = "_by_api_provider", "bluepeak"
    kinds: ClassVar[Kinds] = {"x12_810": "customer"}
    requests: ClassVar[Sequence[RequestKind]] = ()
    cleo_requests = (RequestKind("Cleo API Provider", "POST", "/provider/", "document", menu="cleo"),)
