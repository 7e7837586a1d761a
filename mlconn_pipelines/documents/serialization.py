"""Documents to JSON values and back, by their type hints: Decimal as text, dates as ISO 8601, tuples as lists."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Json = Any
T = TypeVar("T")
_AS_THEY_ARE = frozenset((str, int, bool, types.NoneType))


def to_json(value: Any) -> Json:
    """A document as JSON values. Fields at their default are left out, so that a new field changes no stored form."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is Decimal:
        return str(value)
    if is_dataclass(kind):
        return {
            name: v if type(v) is str else to_json(v)
            for name, default in _layout(kind)
            if (v := getattr(value, name)) != default
        }
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], value: Json) -> T:
    """The inverse of `to_json` for a document type; a KeyError names a mandatory field that is missing."""
    return _reader(kind)(value)  # type: ignore[arg-type, no-any-return]


_ABSENT = object()


@functools.cache
def _layout(kind: type) -> tuple[tuple[str, Any], ...]:
    def default_of(field: Any) -> Any:
        if field.default is not MISSING:
            return field.default
        return field.default_factory() if field.default_factory is not MISSING else _ABSENT

    return tuple((field.name, default_of(field)) for field in fields(kind))


@functools.cache
def _reader(kind: Any) -> Callable[[Json], Any]:
    origin, args = get_origin(kind), get_args(kind)
    if kind is Decimal:
        return Decimal
    if kind in (datetime, date, time):
        return kind.fromisoformat  # type: ignore[no-any-return]
    if origin in (Union, types.UnionType):
        inner = [_reader(arg) for arg in args if arg is not type(None)]
        if len(inner) != 1:
            raise TypeError(f"{kind} is no document field: a union of several types cannot be read back")
        return lambda value: None if value is None else inner[0](value)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            item = _reader(args[0])
            return lambda value: tuple(item(v) for v in value)
        each = tuple(_reader(arg) for arg in args)
        return lambda value: tuple(read(v) for read, v in zip(each, value, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        item = _reader(args[1])
        return lambda value: {key: item(v) for key, v in value.items()}
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
        make: Any = kind
        return lambda value: make(**{name: readers[name](v) for name, v in value.items()})
    return lambda value: value
