"""Finance & Operations in the shared tests: confirmed purchase orders go out, vendors' invoices come in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.systems.system import Change, Changes, Created, Kinds, RequestKind, System, Written, holding
from mlconn_simulators.demo.configuration import DUE_DAYS
from mlconn_simulators.entra.sandbox import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.finance_operations.masters import MAIN, unit_codes
from mlconn_simulators.finance_operations.sandbox import FinanceOperationsSandbox
from mlconn_simulators.partner.outbox import Sent

if TYPE_CHECKING:
    from mlconn_pipelines_tests.scenario import Scene


class FinanceOperations(System):
    """Its partners' answers are sent by the tests: scenes have a `late_max_s` of an hour, so that none comes by itself."""

    kind = "finance_operations"
    legal_entity = MAIN
    flow, set_id, partner = "x12_850", "850", "ferrolux"
    inbound_set, target = "810", "VendorInvoiceHeaders"
    post_paths, read_path = ("$batch",), "PurchaseOrderConfirmationHeaders"
    kinds: ClassVar[Kinds] = {"x12_850": "supplier"}
    own_faults = ("expired_token", "row_added", "row_changed", "stale_etag", "update_conflict")
    expired_fault = "expired_token"
    requests: ClassVar[Sequence[RequestKind]] = (
        RequestKind("sign-in", "POST", "/token", menu="entra"),
        RequestKind("listing", "GET", "ConfirmationDate ge"),
        RequestKind("whole records", "GET", "/PurchaseOrderConfirmationHeaders?$filter=dataAreaId eq 'usmf' and (Purch"),
        RequestKind("lines of records", "GET", "/PurchaseOrderConfirmationLines?"),
        RequestKind("standing of orders", "GET", "/PurchaseOrderHeadersV2?"),
        RequestKind("create", "POST", "$batch", "document"),
        RequestKind("look for our record", "GET", "/VendorInvoiceHeaders?$filter=dataAreaId eq 'usmf' and Head", "look"),
        RequestKind("look for its lines", "GET", "/VendorInvoiceLines?$filter=dataAreaId eq 'usmf' and Head", "look"),
        RequestKind("look for a twin", "GET", "/VendorInvoiceHeaders?$filter=dataAreaId eq 'usmf' and (InvoiceA", "document"),
        RequestKind("orders invoiced", "GET", "/PurchaseOrderLinesV2?", "document"),
        RequestKind("vendors", "GET", "/VendorsV2", "reference"),
        RequestKind("products", "GET", "/ReleasedProductsV2", "reference"),
        RequestKind("main accounts", "GET", "/MainAccounts?", "reference"),
        RequestKind("rules for main accounts", "GET", "/MainAccountLegalEntities?", "reference"),
        RequestKind("format of dimensions", "GET", "/DimensionIntegrationFormats?", "reference"),
        RequestKind("delimiter of dimensions", "GET", "/DimensionParameters?", "reference"),
        RequestKind("dimension values", "GET", "/FinancialDimensionValues?", "reference"),
        RequestKind("vendors' item numbers", "GET", "/VendorProductDescriptionsV2", "reference"),
    )
    small_pages: ClassVar[Changes] = {}
    ahead, long_ago = dt.timedelta(days=150), dt.timedelta(days=3)

    @property
    def sandbox(self) -> FinanceOperationsSandbox:
        return self.running.finance_operations

    @property
    def faults(self) -> FaultMenu:
        return self.sandbox.faults

    def connection(self) -> Changes:
        described = self.running.describe()
        return {
            "kind": self.kind,
            "company_db": None,
            "order_target": None,
            "url": described[self.kind]["url"],
            "authority": described["entra"]["url"],
            "tenant": TENANT_ID,
            "company": self.legal_entity,
            "requests_per_second": 1000.0,
        }

    def partner_changes(self, name: str) -> Changes:
        return {"units": dict.fromkeys(self.running.world.unit_codes) | unit_codes(self.running.world)}

    def credential(self, sound: bool = True) -> Mapping[str, str]:
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET if sound else "not-the-secret"}

    def rotate(self, secret: str) -> Mapping[str, str]:
        self.running.entra.client_secret = secret
        return {"client_id": CLIENT_ID, "client_secret": secret}

    def sign_ins(self) -> tuple[int, int]:
        return self.sandbox.state(source=False)["logins"], sum(self.running.entra.state()["failed_logins"].values())

    def master_data(self) -> Any:
        return holding(self.sandbox.store.sets, self.running.world.today)

    def move_clock(self, step: dt.timedelta) -> None:
        self.sandbox.clock.move(step)

    def rename_item(self, code: str, name: str) -> None:
        with self.sandbox.lock:
            store = self.sandbox.store
            store.write(store.sets["ReleasedProductsV2"].get(self.legal_entity, code), {"ProductSearchName": name})

    def shorten_pages(self) -> None:
        self.sandbox.page_size = 2

    def write(self, scene: Scene, partner: str = "") -> Written:
        number = self.order(scene, partner or self.partner)
        return Written(number, number)

    def order(self, scene: Scene, partner: str, quantities: Sequence[int] = (10, 11), **fields: Any) -> str:
        """The number of an order over two sound items that was confirmed."""
        sandbox = self.sandbox
        account = scene.partner_named(partner).supplier_code
        with sandbox.lock:
            order = sandbox.purchasing.create(self.legal_entity, {"OrderVendorAccountNumber": account, **fields})
            number = str(order.values["PurchaseOrderNumber"])
            for place, (item, quantity) in enumerate(zip(clerks.sound_items(scene, partner), quantities, strict=True)):
                line = {"PurchaseOrderNumber": number, "LineNumber": 10 * (place + 1), "ItemNumber": item.code}
                sandbox.purchasing.add_line(self.legal_entity, line | {"OrderedPurchaseQuantity": Decimal(quantity)})
        sandbox.confirm(self.legal_entity, number)
        return number

    def change_order(self, number: str, quantity: int) -> None:
        """Another quantity on the first line, and confirmed again."""
        purchasing = self.sandbox.purchasing
        with self.sandbox.lock:
            purchasing.change_line(
                purchasing.lines(self.legal_entity, number)[0], {"OrderedPurchaseQuantity": Decimal(quantity)}
            )
        self.sandbox.confirm(self.legal_entity, number)

    def lines(self, number: str) -> list[dict[str, Any]]:
        """The lines of an order as they are now."""
        with self.sandbox.lock:
            return [dict(line.values) for line in self.sandbox.purchasing.lines(self.legal_entity, number)]

    def changes(self) -> Sequence[Change]:
        def moved(*states: str) -> Change:
            def move(scene: Scene, one: Written) -> None:
                with self.sandbox.lock:
                    for state in states:
                        self.sandbox.purchasing.move(self.legal_entity, one.entry, state)

            return move

        return (
            moved("Received", "Invoiced"),
            moved("Received"),
            lambda scene, one: self._confirm_again(one),
            lambda scene, one: self.change_order(one.entry, 12),
        )

    def _confirm_again(self, one: Written) -> None:
        self.sandbox.confirm(self.legal_entity, one.entry)

    def to_be_sent(self, scene: Scene, count: int) -> list[Callable[[], Sent]]:
        """Each invoice is for an order of its own, which the vendor has got before."""
        orders = [self.write(scene) for _ in range(count)]
        scene.settle()
        return [partial(clerks.answer_order, scene, self.partner, order.number, self.inbound_set) for order in orders]

    def time_passes(self, step: dt.timedelta) -> None:
        """Confirmations bear a day."""

    def created(self) -> list[Created]:
        invoices = self.sandbox.state(source=False)["vendor_invoices"]
        return [Created(invoice["InvoiceNumber"], invoice["HeaderReference"]) for invoice in invoices]

    def left_overs(self) -> list[Any]:
        state = self.sandbox.state(source=False)
        short = [each for each in state["vendor_invoices"] if not each["lines"]]
        return [*state["business_duplicates"], *short]

    def to_be_known(self) -> Mapping[str, set[str]]:
        """What was confirmed before go-live is not even looked at."""
        go_live = self.running.world.today - dt.timedelta(days=DUE_DAYS)
        first: dict[str, dt.date] = {}
        for each in self.sandbox.state()["source"]["PurchaseOrderConfirmationHeaders"]:
            if each["dataAreaId"] == self.legal_entity:
                key, day = (
                    f"{self.legal_entity}|{each['PurchaseOrderNumber']}",
                    dt.date.fromisoformat(each["ConfirmationDate"][:10]),
                )
                first[key] = min(day, first.get(key, day))
        return {self.flow: {key for key, day in first.items() if day >= go_live}}


class FinanceOperationsByRequests(FinanceOperations):
    """Where a vendor invoice is made request by request, header first."""

    variant = "_by_requests"
    post_paths = ("VendorInvoiceHeaders", "VendorInvoiceLines")
    requests: ClassVar[Sequence[RequestKind]] = (
        *(kind for kind in FinanceOperations.requests if kind.path != "$batch"),
        RequestKind("create a header", "POST", "/VendorInvoiceHeaders", "document"),
        RequestKind("create a line", "POST", "/VendorInvoiceLines", "document"),
    )

    def connection(self) -> Changes:
        return {**super().connection(), "invoice_in_one_batch": False}
