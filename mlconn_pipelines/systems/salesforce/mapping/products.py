"""What the ERP sells to a Product2 record: found by its external id or code, changed in what the ERP owns, else created."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlconn_pipelines.documents.product import Product
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.ports.records import Condition, Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

ENTITY, CODE = "Product2", "ProductCode"
NAME_MAX = 255
FIELDS: Mapping[str, tuple[str, ...]] = {"name": ("Name",), "active": ("IsActive",)}
"""Of a product, by what an owner may decide."""


def conditions_of(product: Product, references: Sequence[str], *, external_id: str) -> tuple[Condition, ...]:
    return (Condition(external_id, "eq", product.code), Condition(CODE, "eq", product.code))


def product_outcome(
    product: Product,
    references: Sequence[str],
    known: Iterable[Record],
    book: ReferenceBook,
    reference: str,
    *,
    external_id: str,
    owns: Sequence[str],
) -> Creation | Change:
    """owns: what of a product that is there the ERP decides: `name`, `active`. Nothing is ever deleted: it becomes inactive."""
    rows, notes = list(known), Checklist()
    fields: Mapping[str, Any] = {"Name": product.name[:NAME_MAX], "IsActive": product.active}
    found = [row for row in rows if _is(row, external_id, product.code)] or [
        row for row in rows if _is(row, CODE, product.code) and not row.get(external_id)
    ]
    if len(found) > 1:
        notes.reject(
            Reason.ITEM_AMBIGUOUS,
            f"Salesforce has {len(found)} products of the code {product.code}. Write it as {external_id} of the right one, then "
            "reprocess this.",
            product.code,
        )
        return Creation(ENTITY, None, notes.findings)
    if not found:
        made = {external_id: product.code, CODE: product.code, **fields}
        return Creation(ENTITY, made)
    (row,) = found
    wanted = {external_id: product.code, **{name: fields[name] for one in owns for name in FIELDS[one]}}
    return Change(key_of(row), {name: value for name, value in wanted.items() if row.get(name) != value})


def _is(row: Record, field: str, code: str) -> bool:
    return str(row.get(field) or "").strip().casefold() == code.casefold()
