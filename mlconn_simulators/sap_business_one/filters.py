"""Turns a filter's tree into a function over records, and finds the few records that can match by the indexes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from mlconn_simulators.odata.filter_parser import Call, Comparison, Junction, Lambda, Listed, Literal, Node, Not
from mlconn_simulators.sap_business_one.errors import invalid
from mlconn_simulators.sap_business_one.schema import EntityType, Values
from mlconn_simulators.sap_business_one.store import EntitySet, Key

Test = Callable[[Values], bool]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"(?:\d{4}-\d\d-\d\dT)?(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z?")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def compile_filter(node: Node, kind: EntityType, ignore_case: bool = False) -> Test:
    """A function that tells whether a record's values match.

    An empty property matches nothing but `eq null`, `ne` included, as in SQL. Dates compare by day, times by hour and minute:
    the rest of either is passed over, as the Service Layer does.
    Errors: 400 for an unknown property or a literal that does not fit it.
    """
    match node:
        case Junction("and", parts):
            tests = [compile_filter(part, kind, ignore_case) for part in parts]
            return lambda values: all(test(values) for test in tests)
        case Junction(_, parts):
            tests = [compile_filter(part, kind, ignore_case) for part in parts]
            return lambda values: any(test(values) for test in tests)
        case Not(inner):
            test = compile_filter(inner, kind, ignore_case)
            return lambda values: not test(values)
        case Call():
            return _text_test(node, kind, ignore_case)
        case Listed() | Lambda():
            raise invalid("Invalid query expression: `in`, `any` and `all` are not known here")
    return _comparison(node, kind, ignore_case)


def _text_test(call: Call, kind: EntityType, ignore_case: bool) -> Test:
    if kind.kind(call.name) != "string":
        raise invalid(f"Invalid query expression: {call.function} wants a text property, '{call.name}' is none")
    name, text = call.name, call.text.casefold() if ignore_case else call.text
    check: Callable[[str, str], bool] = {"contains": str.__contains__, "startswith": str.startswith, "endswith": str.endswith}[
        call.function
    ]

    def test(values: Values) -> bool:
        value = values.get(name)
        return value is not None and check(value.casefold() if ignore_case else value, text)

    return test


def _comparison(node: Comparison, kind: EntityType, ignore_case: bool) -> Test:
    name, default = node.name, kind.defaults.get(node.name)
    property_kind = kind.kind(name)
    if property_kind in ("collection", "complex"):
        raise invalid(f"Property '{name}' of '{kind.name}' is invalid in $filter")
    if node.literal.kind == "null":
        if node.operator not in ("eq", "ne"):
            raise invalid(f"Invalid query expression: null cannot be compared by {node.operator}")
        wanted = node.operator == "eq"
        return lambda values: (values.get(name, default) is None) is wanted
    compare = _COMPARE[node.operator]
    if node.literal.kind == "property":
        kind.kind(other := str(node.literal.value))
        return lambda values: name in values and other in values and compare(values[name], values[other])
    literal = literal_of(node, property_kind)
    shape = _SHAPES.get(property_kind)
    if shape is None and ignore_case and isinstance(literal, str):
        literal, shape = literal.casefold(), str.casefold

    def test(values: Values) -> bool:
        value = values.get(name, default)
        if value is None:
            return False
        return compare(shape(value) if shape else value, literal)

    return test


_SHAPES: dict[str, Callable[[Any], Any]] = {"date": lambda text: text[:10], "time": lambda text: text[:5]}


def literal_of(node: Comparison, property_kind: str) -> Any:
    """The literal as the property's values compare. Errors: 400 when it does not fit, such as a quoted number for a number."""
    literal: Literal = node.literal
    value = literal.value
    match property_kind:
        case "int" | "number" if literal.kind == "number" and isinstance(value, Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        case "date" if literal.kind in ("string", "bare") and (day := _DAY.match(str(value))):
            return day.group()
        case "time" if literal.kind in ("string", "bare") and (clock := _CLOCK.fullmatch(str(value))):
            return clock.group(1)
        case "string" | "yes_no" | "enum" if literal.kind == "string":
            return value
    raise invalid(f"Invalid query expression: {value!r} ({literal.kind}) does not fit property '{node.name}'")


def candidates(node: Node, entities: EntitySet) -> set[Key] | list[Key] | None:
    """Keys of all records that can match, by the indexes; None when only a look at every record tells."""
    match node:
        case Comparison():
            return _by_index(node, entities)
        case Junction("and", parts):
            known = [keys for part in parts if (keys := candidates(part, entities)) is not None]
            return min(known, key=len) if known else None
        case Junction(_, parts):
            all_keys: list[Iterable[Key]] = []
            for part in parts:
                keys = candidates(part, entities)
                if keys is None:
                    return None
                all_keys.append(keys)
            return set().union(*all_keys)
    return None


def _by_index(node: Comparison, entities: EntitySet) -> set[Key] | list[Key] | None:
    if node.literal.kind == "null" or node.operator == "ne":
        return None
    property_kind = entities.type.kinds.get(node.name, "")
    literal = literal_of(node, property_kind)
    if entities.key_names == (node.name,):
        key: Key = (literal,)
        match node.operator:
            case "eq":
                return [key] if entities.find(key) else []
            case "gt" | "ge":
                return entities.in_key_range(key, node.operator == "ge", None, False)
            case _:
                return entities.in_key_range(None, False, key, node.operator == "le")
    if property_kind == "date":
        return entities.on_days(node.name, node.operator, literal)
    return entities.with_value(node.name, literal) if node.operator == "eq" else None
