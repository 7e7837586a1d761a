"""An order of ours as its supplier read it: any ERP's, once its lines are mapped."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.item_resolution import resolve
from mlconn_pipelines.edi.order_comparison import (
    LineMatcher,
    OrderedLine,
)
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason


@dataclass(frozen=True, slots=True)
class SuppliedOrder:
    """system: what people call the ERP. supplier_code: its code for the supplier. currency: ISO 4217, empty where unknown."""

    system: str
    number: str
    supplier_code: str
    currency: str
    cancelled: bool
    lines: tuple[OrderedLine, ...]
    partner: Partner
    book: ReferenceBook
    matcher: LineMatcher = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "matcher", LineMatcher(self.lines))

    def match(self, number: str, ids: tuple[ProductId, ...], set_id: str) -> OrderedLine | None:
        """The order line that a supplier's line means, None where there is none."""
        codes = resolve(ids, self.partner, (self.supplier_code,), self.book, set_id, we_sell=False).candidates
        return self.matcher.match(number, ids, codes)


def check_standing(order: SuppliedOrder, notes: Checklist) -> None:
    """A cancelled order should be answered by nobody."""
    if order.cancelled:
        notes.reject(
            Reason.ORDER_CANCELLED,
            f"Purchase order {order.number} is cancelled in {order.system}. Tell the supplier, then dismiss this.",
        )
