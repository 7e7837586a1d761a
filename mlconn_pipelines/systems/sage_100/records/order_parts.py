"""An order of several warehouses as one order for each, where its vendor takes nothing else.

Each part is a record of its own: the order's columns, the lines that go to one warehouse, and which one that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.systems.sage_100.records.purchase_order import CHARGE, COMMENT, OF_WAREHOUSE

Record = Mapping[str, Any]


def parts_of(record: Record) -> list[Record]:
    """One for each warehouse, also where there is one only: one that comes later must not change what the first part is called.

    A comment stays with the line before it. Charges, and comments before any line, go with the order's own warehouse.
    """
    usual = _text(record, "WarehouseCode")
    rows: dict[str, list[Record]] = {}
    of_all: list[Record] = []
    last = ""
    for line in record.get("lines") or ():
        kind = _text(line, "ItemType")
        if kind == CHARGE or (kind == COMMENT and not last):
            of_all.append(line)
            continue
        if kind != COMMENT:
            last = _text(line, "WarehouseCode") or usual
        rows.setdefault(last, []).append(line)
    first = usual if usual in rows or not rows else min(rows)
    rows[first] = [*of_all, *rows.get(first, [])]
    return [{**record, OF_WAREHOUSE: warehouse, "lines": lines} for warehouse, lines in rows.items()]


def _text(row: Record, name: str) -> str:
    return str(row.get(name) or "").strip()
