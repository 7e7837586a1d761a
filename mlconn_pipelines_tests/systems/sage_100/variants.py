"""Sage 100 with what else of a vendor's documents becomes something there: a ship notice a receipt, an 855 other dates of the order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from mlconn_pipelines_tests.systems.answered import Answered
from mlconn_pipelines_tests.systems.sage_100.described import Sage100
from mlconn_pipelines_tests.systems.sage_100.lying_tunnel import of_verb
from mlconn_pipelines_tests.systems.system import Created, RequestKind


class Sage100Received(Sage100):
    variant = "_received"
    inbound_set, target, entry = "856", "receipts", "PO_Receipt_bus"
    cleo_requests = ()
    post_paths = ("/agent/result/receipt.enter",)
    requests: ClassVar[Sequence[RequestKind]] = (
        *of_verb("receipt.enter", "document", pages=False),
        *of_verb("doc.find", "look", pages=False),
    )

    def created(self) -> list[Created]:
        return [Created(entry["key"][-1], entry["reference"]) for entry in self.entered("PO_ReceiptHeader")]


class Sage100Answered(Answered, Sage100):
    requests: ClassVar[Sequence[RequestKind]] = of_verb("po.update_dates", "document", pages=False)
    post_paths, entry = ("/agent/result/po.update_dates",), "PO_PurchaseOrder_bus"

    def dates(self, scene: object, number: str) -> set[str]:
        lines = self.sandbox.order(number)["lines"]
        return {dt.datetime.strptime(line["RequiredDate$"], "%Y%m%d").date().isoformat() for line in lines}
