"""An order that we sent, as its receiver read it: the lines that 855, 856 and 810 are held against, whatever the ERP."""

from __future__ import annotations

from dataclasses import dataclass

from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.partner import Partner
from mlconn_pipelines.mappings.checklist import Checklist
from mlconn_pipelines.mappings.item_resolution import resolve
from mlconn_pipelines.mappings.order_comparison import LineMatcher, OrderedLine


@dataclass(frozen=True, slots=True)
class OurOrder:
    """number: what people call it. partner_code: the other side's code in the ERP. currency: ISO 4217, empty where unknown."""

    number: str
    partner_code: str
    currency: str
    cancelled: bool
    lines: tuple[OrderedLine, ...]
    matcher: LineMatcher
    partner: Partner
    book: ReferenceBook

    def match(self, number: str, ids: tuple[ProductId, ...], set_id: str) -> OrderedLine | None:
        """The order line that a supplier's line means, None where there is none."""
        codes = resolve(ids, self.partner, (self.partner_code,), self.book, set_id, we_sell=False).candidates
        return self.matcher.match(number, ids, codes)


def check_standing(order: OurOrder, notes: Checklist) -> None:
    """A cancelled order should be answered by nobody."""
    if order.cancelled:
        notes.reject(
            "order_cancelled",
            f"Purchase order {order.number} is cancelled in the ERP. Tell the supplier, then dismiss this.",
        )
