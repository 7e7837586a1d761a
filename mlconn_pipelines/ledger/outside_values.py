"""Where the border of `documents/storable.py` stands: at the driver for all text, at the columns for what they alone know.

Every text that a statement carries goes through `storable_parameters` in the driver's cursor (`engine.py`), whoever wrote the
statement, arrays included; JSON goes through `json_values`. So no character from outside ends a transaction of ours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.json import Jsonb

from mlconn_pipelines.documents.storable import (
    IDENTITY_MAX,
    is_storable,
    storable_amount,
    storable_identity,
    storable_text,
    storable_whole,
)
from mlconn_pipelines.errors import NotStorable

_PLAIN = frozenset((str, int, bool, float, Decimal, dt.date, dt.datetime, bytes, psycopg.Binary, Jsonb, type(None)))
"""What holds no text, was looked at with the other texts of its statement, or is `json_values`' matter: by far most values."""


def storable_parameters(parameters: Any) -> Any:
    """What a statement carries, texts and arrays of texts cleaned; the very same where nothing has to be, as nearly always.

    Every text of every statement comes by here, so that all of a statement's are told by one look at the whole of them.
    """
    if isinstance(parameters, dict):
        return parameters if _are_clean(parameters.values()) else {name: _cleaned(value) for name, value in parameters.items()}
    if isinstance(parameters, (list, tuple)):
        return parameters if _are_clean(parameters) else [_cleaned(value) for value in parameters]
    if isinstance(parameters, Mapping):
        return storable_parameters(dict(parameters))
    return parameters


def _are_clean(values: Collection[Any]) -> bool:
    texts = [value for value in values if type(value) is str]
    if not is_storable("".join(texts)):
        return False
    return len(texts) == len(values) or all(_is_clean(value) for value in values if type(value) not in _PLAIN)


def _is_clean(value: Any) -> bool:
    if isinstance(value, str):
        return is_storable(value)
    return _are_clean(value) if isinstance(value, (list, tuple)) else True


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return storable_text(value)
    return [_cleaned(part) for part in value] if isinstance(value, (list, tuple)) else value


_OF_THE_DATA = (
    psycopg.DataError,
    psycopg.errors.NotNullViolation,
    psycopg.errors.CheckViolation,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
    TypeError,
    ValueError,
    OverflowError,
    RecursionError,
)
"""What is wrong with a value, and not with the database or with two who wrote at once."""


def refused_for_its_value(trouble: BaseException) -> NotStorable | None:
    """What a statement ended with as an error about one document's value, None where it is about something else.

    Neither its words nor its detail are repeated: they quote the value.
    """
    if not isinstance(trouble, _OF_THE_DATA):
        return None
    state = getattr(trouble, "sqlstate", None)
    return NotStorable(
        f"the database refuses a value ({type(trouble).__name__}{f', SQLSTATE {state}' if state else ''})",
        hint="Nothing of the document was changed.",
    )


def tell_refused_values_apart(engine: sa.Engine) -> None:
    """Every statement of the engine that ends for a value's sake ends with NotStorable."""

    @sa.event.listens_for(engine, "handle_error")
    def tell(context: sa.ExceptionContext) -> NotStorable | None:
        stands = context.connection is not None and not context.is_disconnect
        return refused_for_its_value(context.original_exception) if stands else None


class IdentityText(sa.types.TypeDecorator[str]):
    """Text that tells one row from another, and that indexes hold. Some are made of two: a key, and a digest behind it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else storable_identity(value, 2 * IDENTITY_MAX)


class Whole64(sa.types.TypeDecorator[int]):
    """A whole number as others state it."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else storable_whole(value)


class Amount(sa.types.TypeDecorator[Decimal]):
    """Money that can be added up; what cannot is left out."""

    impl = sa.Numeric
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Decimal | None:
        return storable_amount(value)
