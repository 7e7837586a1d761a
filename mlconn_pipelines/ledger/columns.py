"""Columns as the ledger's tables have them: text never null, moments aware, JSON null only when there is nothing."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from mlconn_pipelines.ledger.outside_values import IdentityText


def text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="", **options)


def identity(name: str, **options: Any) -> sa.Column[str]:
    """Text from outside that rows are told apart by."""
    return sa.Column(name, IdentityText, nullable=False, server_default="", **options)


def moment(name: str, **options: Any) -> sa.Column[Any]:
    """Aware, in UTC on the wire."""
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def json(name: str, **options: Any) -> sa.Column[Any]:
    """None is SQL NULL, not the JSON value null."""
    return sa.Column(name, JSONB(none_as_null=True), **options)


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)
