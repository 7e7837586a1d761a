"""A system's JSON into its record types: unknown properties are ignored, null is the field's default, types are the field's own."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.reasons import Reason

T = TypeVar("T")
Convert = Callable[[Any], Any]


def day_from_text(value: str) -> dt.date:
    """The calendar date of `2023-10-02T00:00:00Z` or `2023-10-02`, never moved to another zone.

    >>> day_from_text("2023-10-02T00:00:00Z") == day_from_text("2023-10-02")
    True
    """
    return dt.date.fromisoformat(value[:10])


def decimal_from_json(value: Any) -> Decimal:
    """A JSON number, however it was parsed; a float by its shortest text, so that 35.49 stays 35.49."""
    if isinstance(value, bool):
        raise TypeError("a truth value is no number")
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a finite number")
    return number


def whole_from_json(value: Any) -> int:
    """A whole JSON number, 3.0 included. ValueError for a fraction, which would be cut off in silence.

    >>> whole_from_json(Decimal("3.0")), whole_from_json("7")
    (3, 7)
    """
    number = decimal_from_json(value)
    if number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)


class Reader:
    """Reads the records of one system. converters: by type of the field, where the system writes it in its own way."""

    def __init__(self, system: str, hint: str, converters: Mapping[Any, Convert]) -> None:
        self._system, self._hint = system, hint
        self._converters: Mapping[Any, Convert] = {
            str: str,
            int: whole_from_json,
            Decimal: decimal_from_json,
            dt.date: day_from_text,
            **converters,
        }
        self._layouts: dict[type, tuple[tuple[str, Convert], ...]] = {}

    def read(self, kind: type[T], record: Mapping[str, Any]) -> T:
        """The record as `kind`, a dataclass. DocumentRejected (`record_unreadable`) when a value is not what the field holds."""
        make: Any = kind
        values = {}
        for name, convert in self._layout(kind):
            value = record.get(name)
            if value is None:
                continue
            try:
                values[name] = convert(value)
            except (ValueError, TypeError, InvalidOperation, AttributeError) as fault:
                raise DocumentRejected(
                    f"{self._system} sent {kind.__name__}.{name} = {value!r}, which cannot be read as its type",
                    hint=self._hint,
                    code=Reason.RECORD_UNREADABLE,
                ) from fault
        return make(**values)  # type: ignore[no-any-return]

    def _layout(self, kind: type) -> tuple[tuple[str, Convert], ...]:
        if (layout := self._layouts.get(kind)) is None:
            hints = get_type_hints(kind)
            layout = tuple((field.name, self._converter(hints[field.name])) for field in fields(kind))
            self._layouts[kind] = layout
        return layout

    def _converter(self, hint: Any) -> Convert:
        if get_origin(hint) is types.UnionType:
            (hint,) = (arg for arg in get_args(hint) if arg is not type(None))
        if get_origin(hint) is tuple:
            row = get_args(hint)[0]
            return lambda rows: tuple(self.read(row, value) for value in rows)
        if is_dataclass(hint):
            return lambda value: self.read(hint, value)  # type: ignore[arg-type]
        return self._converters[hint]
