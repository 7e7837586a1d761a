"""What of the reference data a mapping looked up: recorded once, so that only that is tried with other values."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import cached_property
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.tracing.other_values import others
from mlconn_pipelines.flows.tracing.places import Entries, leaves

LIKE_IT_MAX = 40
"""Entries looked at for others that are like one."""


class _Recorder(Mapping[Any, Any]):
    """A table of the book that remembers which of its entries were found."""

    def __init__(self, table: Mapping[Any, Any]) -> None:
        self._table, self.used = table, Entries()

    def __getitem__(self, key: Any) -> Any:
        value = self.used[key] = self._table[key]
        return value

    def __iter__(self) -> Iterator[Any]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


class ReferenceUsed:
    """The book with what was looked up in it. tables: by field of the book, the entries that `recording` handed out."""

    def __init__(self, book: ReferenceBook) -> None:
        self._book = book
        self._recorders = {
            field.name: _Recorder(table) for field in fields(book) if isinstance(table := getattr(book, field.name), Mapping)
        }
        self.recording = _with_tables(book, self._recorders)

    @cached_property
    def tables(self) -> dict[str, Entries]:
        """Asked for once the mapping has run."""
        return {name: recorder.used for name, recorder in self._recorders.items() if recorder.used}

    def with_tables(self, tables: Mapping[str, Entries]) -> ReferenceBook:
        """The book with these entries in place of its own, and with entries for made-up keys: else every one would be unknown."""
        if tables is self.tables:
            return self._with_twins
        return _with_tables(
            self._book, {name: ChainMap(entries, getattr(self._with_twins, name)) for name, entries in tables.items()}
        )

    @cached_property
    def _with_twins(self) -> ReferenceBook:
        twins = {
            name: {
                other: _another(getattr(self._book, name), key)
                for key in entries
                for other in _made_up_keys(key)
                if other not in getattr(self._book, name)
            }
            for name, entries in self.tables.items()
        }
        return _with_tables(self._book, {name: ChainMap(made_up, getattr(self._book, name)) for name, made_up in twins.items()})

    def like(self, value: Any) -> list[Any]:
        """Other keys of the tables in which this value was looked up, entries most like its own first; two a table at most."""
        found: list[Any] = []
        for name, key in self._used_by_text.get(str(value), ()):
            table = getattr(self._book, name)
            if isinstance(key, tuple):
                found += _like_in_pair(table, key, value)
            else:
                found += [type(value)(other) for other in _like(table, key)]
        return list(dict.fromkeys(found))

    @cached_property
    def _used_by_text(self) -> dict[str, list[tuple[str, Any]]]:
        by_text: dict[str, list[tuple[str, Any]]] = {}
        for name, entries in self.tables.items():
            for key in entries:
                for part in key if isinstance(key, tuple) else (key,):
                    by_text.setdefault(str(part), []).append((name, key))
        return by_text


def _with_tables(book: ReferenceBook, tables: Mapping[str, Any]) -> ReferenceBook:
    return replace(book, **tables)


def _like(table: Mapping[Any, Any], key: Any) -> list[Any]:
    own = {path: leaf for path, leaf in leaves(table[key]) if isinstance(leaf, (bool, str))}

    def likeness(other: Any) -> int:
        return sum(own.get(path) == leaf for path, leaf in leaves(table[other]))

    near = [other for other, _ in zip(table, range(LIKE_IT_MAX), strict=False) if other != key]
    return sorted(near, key=likeness, reverse=True)[:2]


def _like_in_pair(table: Mapping[Any, Any], key: tuple[Any, ...], value: Any) -> list[Any]:
    """Of a key such as (partner, number): another number of that partner, or another partner of that number."""
    found = []
    for place, part in enumerate(key):
        if part == value:
            same = (other for other in table if (*other[:place], *other[place + 1 :]) == (*key[:place], *key[place + 1 :]))
            found += [other[place] for other, _ in zip(same, range(3), strict=False) if other[place] != value][:2]
    return found


def _made_up_keys(key: Any) -> Iterator[Any]:
    if isinstance(key, tuple):
        for place, part in enumerate(key):
            yield from ((*key[:place], other, *key[place + 1 :]) for other in others(part))
    else:
        yield from others(key)


def _another(table: Mapping[Any, Any], key: Any) -> Any:
    """The value of another entry, as much like this one's as can be; its own where there is no other."""
    own = table[key]
    if isinstance(own, tuple):
        return next((value for value in table.values() if value != own and len(value) == len(own)), own)
    near = _like(table, key)
    return table[near[0]] if near else own
