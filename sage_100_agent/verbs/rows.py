"""Records in bulk: two calls for 250 of them, since each call costs the time of reading one value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sage_100_agent.boi.objects import BoiObject, literal, number_of
from sage_100_agent.boi.tables import Table
from sage_100_agent.verbs.job import Row

JOINT = "_,_"
COMPARISONS_MAX = 250
"""In one filter: a longer one Sage does not take."""

Key = tuple[str, ...]


def joined(parts: Sequence[str]) -> str:
    """One expression of many columns. It ends with the joint, so that an empty value at the end of a list is not lost."""
    return "+".join(f'{part}+"{JOINT}"' for part in parts)


def columns_of(opened: BoiObject, table: Table) -> tuple[list[str], list[str]]:
    """Texts and numbers of the table that this site has."""
    there = opened.columns()
    return (
        [name for name in table.texts if not there or f"{name}$" in there],
        [name for name in table.numbers if not there or name in there],
    )


def keys_of(opened: BoiObject, table: Table) -> list[Key]:
    keys, _ = opened.result_sets(joined([f"{name}$" for name in table.key]), '"."', "")
    return sorted(tuple(part.strip() for part in key.split(JOINT)[:-1]) for key in keys)


def batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    size = COMPARISONS_MAX // len(keys[0]) if keys else 1
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def filter_of(names: Sequence[str], keys: Sequence[Key]) -> str:
    """
    >>> filter_of(("APDivisionNo", "VendorNo"), [("00", "ACME")])
    '(APDivisionNo$="00" AND VendorNo$="ACME")'
    """
    return " OR ".join(
        "(" + " AND ".join(f'{name}$="{literal(part)}"' for name, part in zip(names, key, strict=True)) + ")" for key in keys
    )


def fetch(opened: BoiObject, table: Table, keys: Sequence[Key]) -> dict[Key, Row]:
    """Records by their keys, as many as one filter takes. What comes garbled, since a text holds what divides texts, is read one by one."""
    texts, numbers = columns_of(opened, table)
    found: dict[Key, Row] = {}
    for key, row in rows(opened, table, texts, numbers, filter_of(table.key, keys)):
        if row is not None:
            found[key] = row
    for key in keys:
        if key not in found and opened.find(**dict(zip(table.key, key, strict=True))):
            found[key] = read(opened, texts, numbers)
    return found


def rows(
    opened: BoiObject, table: Table, texts: Sequence[str], numbers: Sequence[str], filter: str
) -> Iterator[tuple[Key, Row | None]]:
    """Each record that fits; None where its values came garbled. Nothing at all where the two lists do not fit each other."""
    expressions = [*(f"{name}$" for name in texts), *(f"STR({name})" for name in numbers)]
    keys, values = opened.result_sets(joined([f"{name}$" for name in table.key]), joined(expressions), filter)
    if len(keys) != len(values):
        return
    for told, value in zip(keys, values, strict=True):
        key = tuple(part.strip() for part in told.split(JOINT)[:-1])
        parts = value.split(JOINT)[:-1]
        if len(parts) != len(expressions):
            yield key, None
            continue
        row: Row = {name: part.strip() for name, part in zip(texts, parts, strict=False)}
        row |= {name: plain(part) for name, part in zip(numbers, parts[len(texts) :], strict=True)}
        yield key, row


def read(opened: BoiObject, texts: Sequence[str], numbers: Sequence[str]) -> Row:
    """The record that the object stands on, value by value."""
    return {name: opened.text(name) for name in texts} | {name: plain(opened.number(name)) for name in numbers}


def plain(value: object) -> str:
    """
    >>> plain("1234.500000-"), plain("0.00"), plain(100.0)
    ('-1234.5', '0', '100')
    """
    told = f"{number_of(value):f}"
    told = told.rstrip("0").rstrip(".") if "." in told else told
    return "0" if told in ("-0", "") else told
