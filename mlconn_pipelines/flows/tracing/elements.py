"""Segments as values that can be compared and traced: elements by position, product ids by their qualifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from mlconn_pipelines.flows.tracing.places import Key, Path
from mlconn_pipelines.x12.guide import PAIRS_FROM

Row = list[Any]
"""The id, the elements, and where the segment has product ids a mapping of qualifier to [qualifier, id] in their place."""


def row_of(segment: Sequence[str]) -> Row:
    """One id more or less in front does then not move those behind it.

    >>> row_of(["LIN", "1", "UP", "614141000036", "VP", "A1"])
    ['LIN', '1', {Key(of='UP'): ['UP', '614141000036'], Key(of='VP'): ['VP', 'A1']}]
    """
    start = PAIRS_FROM.get(segment[0])
    if start is None or len(segment) <= start:
        return list(segment)
    qualifiers, ids = segment[start::2], segment[start + 1 :: 2]
    if len(ids) != len(qualifiers) or len(set(qualifiers)) != len(qualifiers):
        return list(segment)
    pairs = {Key(qualifier): [qualifier, id_] for qualifier, id_ in zip(qualifiers, ids, strict=True)}
    return [*segment[:start], pairs]


def segment_of(row: Row) -> list[str]:
    """The segment's elements one after another again."""
    if isinstance(row[-1], dict):
        return [*row[:-1], *(part for pair in row[-1].values() for part in pair)]
    return row


def element_at(row: Row, path: Path) -> int:
    """Which element a path within a row leads to; 0 is the segment's id."""
    first = cast("int", path[0])
    if len(path) == 1:
        return first
    return first + 2 * list(row[-1]).index(path[1]) + cast("int", path[2])


def element_name(row: Row, path: Path) -> str:
    """`IT104`."""
    return f"{row[0]}{element_at(row, path):02d}"
