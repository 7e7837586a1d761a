"""Setting one value of a record in edit, with what the business rules make of it."""

from __future__ import annotations

from typing import Any

from mlconn_simulators.sage_100.layouts import Column, Refused, Row


class Warned(Exception):
    """The value is set, and the user is told something: the call returns -1."""


def assign(owner: Any, column: Column, row: Row, value: Any) -> str:
    """Keep a value with all rules run; gives the warning. Errors: Refused, and the row stays as it was."""
    site = owner.host.site
    stored, warning = column.stored(
        site.ansi(value) if isinstance(value, str) else value, site.widths.get(column.name, site.too_long)
    )
    before = dict(row)
    row[column.name] = stored
    rule = owner.rules.get(column.name.lower())
    try:
        if rule is not None:
            rule(owner, row, stored)
    except Warned as told:
        return str(told)
    except Refused:
        row.clear()
        row.update(before)
        raise
    return warning
