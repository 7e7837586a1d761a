"""Where a sales order carries our reference `INTEGRATION:ENTITY:DOCUMENT-ID`.

API v2.0 has no field that is ours alone: a comment line (a line with a description only, at most 100 characters) serves, or the
ship-to contact (at most 100). Both keep case. Where they are copied to the invoice, they name another entity than that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.systems.business_central.records.reading import option

COMMENT_LINE = "comment_line"
COMMENT = "Comment"

_REFERENCE = re.compile(r"[a-z][a-z0-9_]*:[A-Za-z]+:\S+")


def is_reference(text: str) -> bool:
    """Whether a text has the form of our reference.

    >>> is_reference("acme:salesOrders:D0000001"), is_reference("Ring twice: back door")
    (True, False)
    """
    return _REFERENCE.fullmatch(text.strip()) is not None


def reference_in(record: Mapping[str, Any], field: str) -> str:
    """Our reference in a record; empty where it has none. field: `comment_line`, or the name of a header field."""
    if field != COMMENT_LINE:
        text = str(record.get(field) or "").strip()
        return text if is_reference(text) else ""
    return next((text for text in _comments(record) if is_reference(text)), "")


def _comments(record: Mapping[str, Any]) -> list[str]:
    lists = [rows for name, rows in record.items() if name.endswith("Lines") and isinstance(rows, list)]
    return [
        str(row.get("description") or "").strip() for rows in lists for row in rows if option(row.get("lineType")) == COMMENT
    ]
