"""The settings of a SAP Business One connection that decide what documents become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class SapSettings:
    """Same names and meanings as in the connection's configuration."""

    order_target: Literal["PurchaseOrders", "Orders"] = "PurchaseOrders"
    reference_field: str = "U_MLConnRef"
    confirmed_date_fields: tuple[str, ...] = ("ShipDate",)
    receipt_drafts: bool = False
    invoice_drafts: bool = False
    credit_drafts: bool = False
    apply_differences: bool = False
    branch: int | None = None
    tax_code_field: Literal["VatGroup", "TaxCode"] = "VatGroup"

    def branch_fields(self, of_base: int | None = None) -> Mapping[str, Any]:
        """The field that says which branch a new document is of; of_base: the branch of the document that it is copied from.

        A company with several branches refuses a document without it; one without branches knows none.
        """
        branch = of_base if of_base and of_base > 0 else self.branch
        return {} if branch is None else {"BPL_IDAssignedToInvoice": branch}
