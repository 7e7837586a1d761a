"""Vendors as files that are no X12: a table (csv) or JSON. The same vendors give the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from mlconn_pipelines.documents.vendor import Vendor

STREET_LINES = 3
COLUMNS = (
    *("number", "name", "active", *(f"street_{line}" for line in range(1, STREET_LINES + 1)), "city", "state", "postal_code"),
    *("country", "phone", "email", "terms", "terms_description", "net_days"),
)
"""Each file has all of them, empty ones too, so that a reader never has to ask which there are."""


def vendors_csv(vendors: Sequence[Vendor]) -> str:
    """As RFC 4180 has it, with a line of names."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(COLUMNS)
    table.writerows([_cells(vendor)[name] for name in COLUMNS] for vendor in vendors)
    return written.getvalue()


def vendors_json(vendors: Sequence[Vendor]) -> str:
    """A list of objects; `active` is a truth value and `net_days` a number or null."""
    rows = [{**_cells(vendor), "active": vendor.active, "net_days": vendor.net_days} for vendor in vendors]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


_FORMS = {"csv": vendors_csv, "json": vendors_json}


def vendor_file(vendor: Vendor, form: str) -> bytes:
    """One vendor as a file of its own. form: `csv` or `json`."""
    return _FORMS[form]([vendor]).encode()


def _cells(vendor: Vendor) -> dict[str, str]:
    """Of a street of more lines than there are columns, the last column holds the rest."""
    lines = [*vendor.street, *[""] * STREET_LINES]
    street = [*lines[: STREET_LINES - 1], " ".join(filter(None, lines[STREET_LINES - 1 :]))]
    return {
        "number": vendor.number,
        "name": vendor.name,
        "active": "Y" if vendor.active else "N",
        **{f"street_{number}": line for number, line in enumerate(street, start=1)},
        "city": vendor.city,
        "state": vendor.state,
        "postal_code": vendor.postal_code,
        "country": vendor.country,
        "phone": vendor.phone,
        "email": vendor.email,
        "terms": vendor.terms,
        "terms_description": vendor.terms_description,
        "net_days": "" if vendor.net_days is None else str(vendor.net_days),
    }
