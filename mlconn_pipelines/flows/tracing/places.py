"""Slots in nested values (records, documents, partner files, segments): their leaves, and copies with other leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple, cast


class Key(NamedTuple):
    """A key that is data (a unit, an item code), not the name of a field."""

    of: Any


class Entries(dict[Any, Any]):
    """A mapping whose keys are data. Mappings that stand in dataclasses count as such by themselves."""


class Anyone(NamedTuple):
    """In a column: every row of a list, every key of a mapping."""


Part = str | int | Key | Anyone
Path = tuple[Part, ...]
ANY = Anyone()


def leaves(value: Any, path: Path = (), keyed: bool = False) -> Iterator[tuple[Path, Any]]:
    """Every text, number, date and the like with its path, in order; None and empty texts, lists and mappings are none.

    >>> [path_text(path) for path, _ in leaves({"DocNum": 7, "Lines": [{"Price": 2}, {"Price": 3}]})]
    ['DocNum', 'Lines[0].Price', 'Lines[1].Price']
    """
    for part, inner, inner_keyed in _parts(value, keyed):
        yield from leaves(inner, (*path, part), inner_keyed)
    if not _is_nested(value) and value is not None and value != "":
        yield path, value


def _is_nested(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple)) or (is_dataclass(value) and not isinstance(value, type))


def _parts(value: Any, keyed: bool) -> Iterator[tuple[Part, Any, bool]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield (Key(name) if keyed or isinstance(value, Entries) else name), inner, False
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield number, inner, False
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield field.name, getattr(value, field.name), True


def plain(value: Any) -> Any:
    """The same as dicts, lists and leaves, for comparing; keys that are data stay `Key`s, so that paths lead into both."""
    if not _is_nested(value):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return {part: plain(inner) for part, inner in _plain_parts(value)}


def _plain_parts(value: Any) -> Iterator[tuple[Part, Any]]:
    for part, inner, keyed in _parts(value, keyed=isinstance(value, Entries)):
        yield part, Entries(inner) if keyed and isinstance(inner, Mapping) else inner


def altered(value: Any, changes: Mapping[Path, Any]) -> Any:
    """A copy with other leaves at these paths. Everything beside them is the same object as before."""
    if () in changes:
        return changes[()]
    below: dict[Part, dict[Path, Any]] = {}
    for path, leaf in changes.items():
        below.setdefault(path[0], {})[path[1:]] = leaf
    if isinstance(value, Mapping):
        named = {part.of if isinstance(part, Key) else part: inner for part, inner in below.items()}
        return type(value)({**value, **{name: altered(value[name], inner) for name, inner in named.items()}})  # type: ignore[call-arg]
    if isinstance(value, (list, tuple)):
        rows = list(value)
        for number, inner in below.items():
            rows[cast("int", number)] = altered(rows[cast("int", number)], inner)
        return rows if isinstance(value, list) else tuple(rows)
    return replace(value, **{str(name): altered(getattr(value, str(name)), inner) for name, inner in below.items()})


def leaf_at(value: Any, path: Path) -> Any:
    """What stands at a path, in a value or in its plain form; None where nothing does."""
    for part in path:
        try:
            if isinstance(value, Mapping):
                value = value[part if part in value or not isinstance(part, Key) else part.of]
            else:
                value = value[part] if isinstance(value, (list, tuple)) else getattr(value, str(part))  # type: ignore[index]
        except (KeyError, IndexError, AttributeError):
            return None
    return value


def column_of(path: Path) -> Path:
    """The path with every row and every key left open: `DocumentLines[*].UnitPrice`."""
    return tuple(ANY if isinstance(part, (int, Key)) else part for part in path)


def path_text(path: Sequence[Part]) -> str:
    """As people write it.

    >>> path_text(("units", Key("Each"))), path_text(("partner_items", Key(("C1", "A1")))), path_text(("Lines", ANY, "Price"))
    ('units.Each', 'partner_items[C1, A1]', 'Lines[*].Price')
    """
    text = ""
    for part in path:
        if isinstance(part, Anyone):
            text += "[*]"
        elif isinstance(part, int):
            text += f"[{part}]"
        elif isinstance(part, Key):
            shown = ", ".join(map(str, part.of)) if isinstance(part.of, tuple) else str(part.of)
            text += f".{shown}" if shown.isalnum() else f"[{shown}]"
        else:
            text += f".{part}" if text else part
    return text
