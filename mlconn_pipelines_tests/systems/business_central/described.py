"""Business Central in the shared tests: posted sales invoices go out, orders come in as sales orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.systems.system import Change, Changes, Created, Kinds, RequestKind, System, Written, holding
from mlconn_simulators.business_central.masters import unit_codes
from mlconn_simulators.business_central.sandbox import COMPANY, ENVIRONMENT, BusinessCentralSandbox
from mlconn_simulators.entra.sandbox import BUSINESS_CENTRAL, CLIENT_ID, CLIENT_SECRET, TENANT_ID
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.program import RunningSandbox

if TYPE_CHECKING:
    from mlconn_pipelines_tests.scenario import Scene


class BusinessCentral(System):
    kind = "business_central"
    flow, set_id, partner = "x12_810", "810", "northwind"
    inbound_set, target, post_paths, read_path = "850", "salesOrders", ("salesOrders",), "salesInvoices"
    kinds: ClassVar[Kinds] = {"x12_810": "customer", "x12_850": "customer"}
    own_faults = ("expired_token", "row_added", "row_changed", "stale_etag")
    expired_fault = "expired_token"
    requests: ClassVar[Sequence[RequestKind]] = (
        RequestKind("sign-in", "POST", "/token", menu="entra"),
        RequestKind("companies", "GET", "/companies$"),
        RequestKind("listing", "GET", "/salesInvoices?$select=id,number,status,lastModifiedDateTime"),
        RequestKind("whole records", "GET", "/salesInvoices?$filter=id"),
        RequestKind("ledger entries", "GET", "/generalLedgerEntries?"),
        RequestKind("purchase invoices of a number", "GET", "/purchaseInvoices?"),
        RequestKind("create", "POST", "/salesOrders", "document"),
        RequestKind("look for our record", "GET", "/salesOrders?$filter=customerNumber", "look"),
        RequestKind("look among invoices", "GET", "/salesInvoices?$filter=customerNumber", "look"),
        RequestKind("items", "GET", "/items", "reference"),
        RequestKind("customers", "GET", "/customers", "reference"),
        RequestKind("item variants", "GET", "/itemVariants", "reference"),
        RequestKind("currencies", "GET", "/currencies", "reference"),
        RequestKind("vendors", "GET", "/vendors", "reference"),
        RequestKind("units of measure", "GET", "/unitsOfMeasure", "reference"),
        RequestKind("accounts", "GET", ")/accounts", "reference"),
        RequestKind("dimension values", "GET", "/dimensionValues", "reference"),
    )
    small_pages: ClassVar[Changes] = {}

    def __init__(self, running: RunningSandbox) -> None:
        super().__init__(running)
        self.company.window_requests = None  # tests ask more in five minutes than a customer's pipelines

    @property
    def company(self) -> BusinessCentralSandbox:
        return self.running.business_central

    @property
    def faults(self) -> FaultMenu:
        return self.company.faults

    def connection(self) -> Changes:
        described = self.running.describe()
        return {
            "kind": self.kind,
            "company_db": None,
            "url": described[self.kind]["url"],
            "authority": described["entra"]["url"],
            "tenant": TENANT_ID,
            "environment": ENVIRONMENT,
            "company": COMPANY,
            "order_target": self.target,
            "requests_per_second": 1000.0,
        }

    def partner_changes(self, name: str) -> Changes:
        """Business Central keeps neither the partners' own item numbers nor ship-to codes: the partner file has both."""
        world = self.running.world
        partner = next(each for each in world.partners if each.name == name)
        return {
            "units": dict.fromkeys(world.unit_codes) | unit_codes(world),
            "ship_to": {address.location_number: partner.customer_code for address in partner.addresses},
            "items": {number: item.code for item in world.items if item.active and (number := item.partner_numbers.get(name))},
        }

    def credential(self, sound: bool = True) -> Mapping[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET if sound else "not-the-secret"}

    def rotate(self, secret: str) -> Mapping[str, str]:
        self.running.entra.client_secret = secret
        return {"client_id": CLIENT_ID, "client_secret": secret}

    def sign_ins(self) -> tuple[int, int]:
        return self.running.entra.logins(BUSINESS_CENTRAL), sum(self.running.entra.state()["failed_logins"].values())

    def time_passes(self, step: dt.timedelta) -> None:
        self.company.clock.move(step)

    def master_data(self) -> Any:
        company = self.company.company
        return holding(company.sets, self.running.world.today), company.item_units

    def move_clock(self, step: dt.timedelta) -> None:
        self.company.clock.move(step)

    def rename_item(self, code: str, name: str) -> None:
        with self.company.lock:
            item = self.company.company.sets["items"].find("number", code)
            assert item is not None
            self.company.company.write(item, {"displayName": name})

    def shorten_pages(self) -> None:
        self.company.page_size = 2

    def write(self, scene: Scene, partner: str = "") -> Written:
        made = self.sell(scene, partner or self.partner)
        self.company.act("salesInvoices", made, "post")
        return Written(made, self.company.record("salesInvoices", made)["number"])

    def sell(self, scene: Scene, partner: str, set_name: str = "salesInvoices", **fields: Any) -> str:
        """A draft invoice or order over two items; its id."""
        given = {"customerNumber": scene.partner_named(partner).customer_code} | fields
        return self._document(
            scene, set_name, "unitPrice", partner, externalDocumentNumber=f"PO-{partner[:4].upper()}", **given
        )

    def buy(self, scene: Scene, partner: str, **fields: Any) -> str:
        """A released purchase order; its id."""
        given = {"vendorNumber": scene.partner_named(partner).supplier_code} | fields
        made = self._document(scene, "purchaseOrders", "directUnitCost", partner, **given)
        self.company.act("purchaseOrders", made, "release")
        return made

    def _document(self, scene: Scene, set_name: str, price: str, partner: str, **fields: Any) -> str:
        lines = [
            {"lineType": "Item", "lineObjectNumber": item.code, "quantity": 10 + place, price: Decimal("12.5") + place}
            for place, item in enumerate(clerks.sound_items(scene, partner))
        ]
        return self.company.add_document(set_name, **{f"{set_name[:-1]}Lines": lines}, **fields)

    def changes(self) -> Sequence[Change]:
        def saved(fields: Changes) -> Change:
            def save(scene: Scene, one: Written) -> None:
                with self.company.lock:
                    self.company.company.write(self.company.company.get("salesInvoices", one.entry), dict(fields))

            return save

        return (
            lambda scene, one: self._act(one, "pay"),
            lambda scene, one: self._act(one, "makeCorrectiveCreditMemo"),
            saved({}),
            saved({"externalDocumentNumber": "PO-OTHER", "customerPurchaseOrderReference": "PO-OTHER"}),
        )

    def _act(self, one: Written, action: str) -> None:
        self.company.act("salesInvoices", one.entry, action)

    def created(self) -> list[Created]:
        entries = self.company.state(source=False, bodies=True)["created"]
        return [_created(entry) for entry in entries if entry["set"] == self.target and not entry["removed"]]

    def left_overs(self) -> list[Any]:
        return list(self.company.state(source=False)["business_duplicates"])

    def to_be_known(self) -> Mapping[str, set[str]]:
        sets = {"x12_810": "salesInvoices", "x12_850": "salesOrders"}
        with self.company.lock:
            records = {flow: list(self.company.company.sets[name]) for flow, name in sets.items()}
        return {
            "x12_810": {record.id for record in records["x12_810"] if record.posted and not record.over_api},
            "x12_850": {
                record.id for record in records["x12_850"] if record.values["status"] == "Open" and not record.over_api
            },
        }


def _created(entry: Mapping[str, Any]) -> Created:
    """Our reference is the description of the first line that is a comment."""
    comments = [line["description"] for line in entry["body"]["salesOrderLines"] if "lineType" not in line]
    return Created(entry["externalDocumentNumber"], comments[0])
