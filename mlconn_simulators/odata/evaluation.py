"""Turns a filter's tree into a function over records whose properties are never null."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mlconn_simulators.odata.filter_parser import (
    Call,
    Comparison,
    FilterUnreadable,
    Junction,
    Lambda,
    Listed,
    Literal,
    Node,
    Not,
)

Test = Callable[[Mapping[str, Any]], bool]
EnumLiteral = Callable[[str, str], str]
"""From a property's enum kind and a literal, the symbol. Errors: FilterUnreadable."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CASED: dict[str, Callable[[str], str]] = {"": str, "tolower": str.lower, "toupper": str.upper}


@lru_cache(maxsize=65_536)
def instant(text: str) -> dt.datetime:
    """The moment of a timestamp, a bare date as its midnight in UTC. Errors: ValueError.

    >>> instant("2026-01-05T10:00:00.5Z") > instant("2026-01-05T10:00:00Z")
    True
    """
    moment = dt.datetime.fromisoformat(_seven_digits_cut(text))
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _seven_digits_cut(text: str) -> str:
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def properties_of(node: Node) -> Iterator[str]:
    """The names that a filter looks at."""
    match node:
        case Comparison() | Call() | Listed():
            yield node.name
        case Not(inner):
            yield from properties_of(inner)
        case Junction(_, parts):
            for part in parts:
                yield from properties_of(part)


def compile_test(node: Node, kinds: Mapping[str, str], enum_literal: EnumLiteral, *, wildcards: bool = False) -> Test:
    """A function that tells whether a record matches.

    kinds: property to text, guid, number, int, bool, date, datetime, or `enum NAME`; a text whose kind is `text ignoring case`
    compares so. wildcards: a star in a text stands for anything in `eq` and `ne`. A lambda lets every record through.
    Errors: FilterUnreadable for an unknown property or a literal that does not fit it.
    """
    match node:
        case Junction("or", parts) if (listed := _one_of(parts, wildcards)) is not None:
            return compile_test(listed, kinds, enum_literal)
        case Junction(word, parts):
            tests = [compile_test(part, kinds, enum_literal, wildcards=wildcards) for part in parts]
            gather = all if word == "and" else any
            return lambda values: gather(test(values) for test in tests)
        case Not(inner):
            test = compile_test(inner, kinds, enum_literal, wildcards=wildcards)
            return lambda values: not test(values)
        case Lambda():
            return lambda values: True
        case Call(function, name, text, case):
            if _kind(kinds, name) not in ("text", "text ignoring case"):
                raise FilterUnreadable(f"No function signature for the function with name '{function}' matches '{name}'.")
            check: Callable[[str, str], bool] = {
                "contains": str.__contains__,
                "startswith": str.startswith,
                "endswith": str.endswith,
            }[function]
            change = _CASED[case]
            return lambda values: check(change(values[name]), text)
        case Listed(name, literals):
            wanted = {_value(name, _kind(kinds, name), literal, enum_literal) for literal in literals}
            return lambda values: _comparable(values[name], kinds[name]) in wanted
    return _comparison(node, kinds, enum_literal, wildcards)


def _one_of(parts: Sequence[Node], wildcards: bool) -> Listed | None:
    """`a eq 1 or a eq 2` as `a in (1, 2)`, which a hundred values make no slower. None for any other condition."""
    names, literals = set[str](), []
    for part in parts:
        if not isinstance(part, Comparison) or part.operator != "eq" or part.case:
            return None
        if wildcards and "*" in str(part.literal.value):
            return None
        names.add(part.name)
        literals.append(part.literal)
    return Listed(names.pop(), tuple(literals)) if len(names) == 1 else None


def _comparison(node: Comparison, kinds: Mapping[str, str], enum_literal: EnumLiteral, wildcards: bool) -> Test:
    name, kind = node.name, _kind(kinds, node.name)
    compare, change = _COMPARE[node.operator], _CASED[node.case]
    if kind.startswith("enum") and node.operator not in ("eq", "ne"):
        raise FilterUnreadable(f"A binary operator with incompatible types was detected: '{name}' knows eq and ne only.")
    wanted = _value(name, kind, node.literal, enum_literal)
    if wildcards and kind.startswith("text") and isinstance(wanted, str) and "*" in wanted and node.operator in ("eq", "ne"):
        pattern = re.compile(".*".join(map(re.escape, wanted.split("*"))), re.IGNORECASE | re.DOTALL)
        return lambda values: (pattern.fullmatch(values[name]) is not None) is (node.operator == "eq")
    if node.case:
        return lambda values: compare(change(values[name]), wanted)
    return lambda values: compare(_comparable(values[name], kind), wanted)


def _kind(kinds: Mapping[str, str], name: str) -> str:
    kind = kinds.get(name)
    if kind is None:
        raise FilterUnreadable(f"Could not find a property named '{name}'")
    return kind


def _comparable(value: Any, kind: str) -> Any:
    match kind:
        case "datetime":
            return instant(value)
        case "text ignoring case":
            return value.casefold()
    return value


def _value(name: str, kind: str, literal: Literal, enum_literal: EnumLiteral) -> Any:
    value = literal.value
    match kind:
        case "number" | "int" if literal.kind == "number":
            return Decimal(str(value))
        case "bool" if literal.kind == "bool":
            return value
        case "guid" if literal.kind == "guid":
            return value
        case "date" if literal.kind == "bare" and _DAY.fullmatch(str(value)):
            return value
        case "datetime" if literal.kind == "bare" and _DAY.match(str(value)):
            return instant(str(value))
        case "text" if literal.kind == "string":
            return value
        case "text ignoring case" if literal.kind == "string":
            return str(value).casefold()
        case _ if kind.startswith("enum ") and literal.kind in ("string", "enum"):
            quoted = f"'{value}'" if literal.kind == "string" else str(value)
            return enum_literal(kind.removeprefix("enum "), quoted)
    raise FilterUnreadable(
        f"A binary operator with incompatible types was detected. '{name}' is of kind {kind}, the value {value!r} is {literal.kind}."
    )
