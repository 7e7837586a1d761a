"""The ERPs as buyers: their purchase orders go out, and suppliers answer with other dates, which are written to the orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.systems.business_central.described import BusinessCentral
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations
from mlconn_pipelines_tests.systems.sap_business_one.described import SapBusinessOne
from mlconn_pipelines_tests.systems.system import Changes, Created, Kinds, RequestKind, System, Written
from mlconn_simulators.partner.outbox import Sent

if TYPE_CHECKING:
    from mlconn_pipelines_tests.scenario import Scene


class Answered(System):
    """Comes before the described ERP among the bases. Nothing is created, so nothing is looked for."""

    flow, set_id, partner, inbound_set = "x12_850", "850", "ferrolux", "855"
    kinds: ClassVar[Kinds] = {"x12_850": "supplier"}
    cleo_requests = ()
    done_state, variant = State.PROCESSED, "_answered"
    orders: ClassVar[str]
    """Their entity set."""

    def to_be_sent(self, scene: Scene, count: int) -> list[Callable[[], Sent]]:
        orders = [self.write(scene) for _ in range(count)]
        scene.settle()
        return [
            partial(clerks.answer_order, scene, self.partner, order.number, self.inbound_set, change="date") for order in orders
        ]

    def created(self) -> list[Created]:
        return []

    def left_overs(self) -> list[Any]:
        return []

    def dates(self, scene: Scene, number: str) -> set[str]:
        """When the lines of an order are to come, as the ERP has it."""
        raise NotImplementedError

    def contradicted(self, scene: Scene) -> list[str]:
        words = []
        for row in self.inbound_documents(scene, self.done_state):
            (kept,) = scene.rows("SELECT links FROM document WHERE id = %s", row.id)
            confirmed = {line["date"] for line in kept["links"]["lines"]}
            if confirmed != (held := self.dates(scene, row.business_number)):
                words.append(f"order {row.business_number} was confirmed for {confirmed}, and the ERP holds {held}")
        return words


class SapAnswered(Answered, SapBusinessOne):
    orders, read_path = "PurchaseOrders", "/PurchaseOrders"
    requests: ClassVar[Sequence[RequestKind]] = (
        RequestKind("listing of orders", "GET", "/PurchaseOrders?$select=DocEntry,UpdateDate,UpdateTime&"),
        RequestKind("whole orders", "GET", "/PurchaseOrders?$filter=DocEntry"),
        RequestKind("an order read again", "GET", "/PurchaseOrders(", "document"),
        RequestKind("change of an order", "PATCH", "/PurchaseOrders(", "document"),
    )

    def write(self, scene: Scene, partner: str = "") -> Written:
        return clerks.purchase_order(scene, partner or self.partner)

    def dates(self, scene: Scene, number: str) -> set[str]:
        source = scene.erp.state()["source"][self.orders]
        (order,) = (record for record in source if str(record["DocNum"]) == number)
        return {line["ShipDate"][:10] for line in scene.erp.record(self.orders, order["DocEntry"])["DocumentLines"]}

    def to_be_known(self) -> Mapping[str, set[str]]:
        return {self.flow: super().to_be_known()[self.flow]}


class BusinessCentralAnswered(Answered, BusinessCentral):
    orders, read_path = "purchaseOrders", "purchaseOrders"
    requests: ClassVar[Sequence[RequestKind]] = (
        RequestKind("listing of orders", "GET", "/purchaseOrders?aid=FIN&$select"),
        RequestKind("whole orders", "GET", "/purchaseOrders?$filter=id"),
        RequestKind("an order read again", "GET", ")?$expand=purchaseOrderLines", "document"),
        RequestKind("lines of an order", "GET", ")/purchaseOrderLines", "document"),
        RequestKind("change of an order", "PATCH", "/purchaseOrders(", "document"),
    )

    def connection(self) -> Changes:
        return {**super().connection(), "orders_sent": self.orders}

    def write(self, scene: Scene, partner: str = "") -> Written:
        made = self.buy(scene, partner or self.partner)
        return Written(made, self.company.record(self.orders, made)["number"])

    def dates(self, scene: Scene, number: str) -> set[str]:
        with self.company.lock:
            order = self.company.company.sets[self.orders].find("number", number)
        assert order is not None
        return {line["expectedReceiptDate"] for line in self.company.lines(self.orders, order.id)}

    def to_be_known(self) -> Mapping[str, set[str]]:
        with self.company.lock:
            return {self.flow: {record.id for record in self.company.company.sets[self.orders] if not record.over_api}}


class FinanceOperationsAnswered(Answered, FinanceOperations):
    orders = "PurchaseOrderHeadersV2"
    requests: ClassVar[Sequence[RequestKind]] = (
        RequestKind("an order read again", "GET", "/PurchaseOrderHeadersV2?", "document"),
        RequestKind("change of a line", "PATCH", "/PurchaseOrderLinesV2(", "document"),
    )

    def connection(self) -> Changes:
        return {**super().connection(), "confirmed_dates": True}

    def dates(self, scene: Scene, number: str) -> set[str]:
        return {str(line["ConfirmedDeliveryDate"])[:10] for line in self.lines(number)}
