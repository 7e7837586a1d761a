"""Service Layer JSON into the record types of this package: unknown properties are ignored, null is the field's default.

Source: Service Layer OData v4 metadata. Enums arrive as names (`tYES`), decimals as JSON numbers, dates as
`2023-10-02T00:00:00Z` (v2) or `2025-08-20` (v1); both are calendar dates whose midnight and Z mean nothing.
"""

from __future__ import annotations

import datetime as dt
import functools
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from mlconn_pipelines.errors import DocumentRejected

T = TypeVar("T")


def read(kind: type[T], record: Mapping[str, Any]) -> T:
    """The record as `kind`. DocumentRejected (`record_unreadable`) when a value is not what the field holds."""
    make: Any = kind
    values = {}
    for name, convert in _layout(kind):  # type: ignore[arg-type]
        value = record.get(name)
        if value is None:
            continue
        try:
            values[name] = convert(value)
        except (ValueError, TypeError, InvalidOperation, AttributeError) as fault:
            raise DocumentRejected(
                f"SAP Business One sent {kind.__name__}.{name} = {value!r}, which cannot be read as its type",
                hint="Look at the record in SAP; if it is right there, report this field.",
                code="record_unreadable",
            ) from fault
    return make(**values)  # type: ignore[no-any-return]


def day_from_text(value: str) -> dt.date:
    """The calendar date of either form, never moved to another zone.

    >>> day_from_text("2023-10-02T00:00:00Z") == day_from_text("2023-10-02")
    True
    """
    return dt.date.fromisoformat(value[:10])


def time_from_text(value: str) -> dt.time:
    """`17:13:12`, `17:13` or v1's `17:13:00Z`, as the company's own clock stood."""
    return dt.time.fromisoformat(value.rstrip("Z")[:8])


def decimal_from_json(value: Any) -> Decimal:
    """A JSON number, however it was parsed; a float by its shortest text, so that 35.49 stays 35.49."""
    if isinstance(value, bool):
        raise TypeError("a truth value is no number")
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a finite number")
    return number


def yes_from_text(value: str) -> bool:
    """`tYES` or `tNO`."""
    if value not in ("tYES", "tNO"):
        raise ValueError("neither tYES nor tNO")
    return value == "tYES"


@functools.cache
def _layout(kind: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, _converter(hints[field.name])) for field in fields(kind))


_CONVERTERS: Mapping[Any, Callable[[Any], Any]] = {
    str: str,
    int: int,
    Decimal: decimal_from_json,
    bool: yes_from_text,
    dt.date: day_from_text,
    dt.time: time_from_text,
}


def _converter(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) is types.UnionType:
        (hint,) = (arg for arg in get_args(hint) if arg is not type(None))
    if get_origin(hint) is tuple:
        row = get_args(hint)[0]
        return lambda rows: tuple(read(row, value) for value in rows)
    if is_dataclass(hint):
        return lambda value: read(hint, value)  # type: ignore[arg-type]
    return _CONVERTERS[hint]
