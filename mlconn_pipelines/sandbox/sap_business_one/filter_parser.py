"""Reads `$filter` text into a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.sandbox.sap_business_one.errors import invalid

OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")
FUNCTIONS = ("contains", "startswith", "endswith", "substringof")
_TURNED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass(frozen=True)
class Literal:
    """kind: string (quoted text), bare (an unquoted date or time), number, null or bool."""

    kind: str
    value: str | Decimal | bool | None


@dataclass(frozen=True)
class Comparison:
    name: str
    operator: str
    literal: Literal


@dataclass(frozen=True)
class Call:
    """contains, startswith, endswith."""

    function: str
    name: str
    text: str


@dataclass(frozen=True)
class Not:
    inner: Node


@dataclass(frozen=True)
class Junction:
    """word: and, or."""

    word: str
    parts: tuple[Node, ...]


Node = Comparison | Call | Not | Junction

_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<string>(?:datetime)?'(?:[^']|'')*')"
    r"|(?P<bare>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?|\d\d:\d\d(?::\d\d)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>[(),])"
    r")"
)


def parse_filter(text: str) -> Node:
    """The tree of a filter. Errors: 400 with what could not be read.

    >>> parse_filter("DocEntry gt 5 and not (Cancelled eq 'tYES')").word
    'and'
    """
    parser = _Parser(text)
    node = parser.either()
    parser.end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        place = 0
        stripped = text.rstrip()
        while place < len(stripped):
            match = _TOKEN.match(stripped, place)
            if match is None:
                raise invalid(f"Invalid query expression: cannot read $filter from '{stripped[place : place + 20]}'")
            self._tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            place = match.end()

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._unexpected("the end")

    def either(self) -> Node:
        parts = [self._both()]
        while self._taken("word", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Junction("or", tuple(parts))

    def _both(self) -> Node:
        parts = [self._one()]
        while self._taken("word", "and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Junction("and", tuple(parts))

    def _one(self) -> Node:
        if self._taken("word", "not"):
            return Not(self._one())
        if self._taken("mark", "("):
            inner = self.either()
            self._need("mark", ")")
            return inner
        kind, text = self._next("a property")
        if kind == "word" and text in FUNCTIONS:
            return self._call(text)
        if kind == "word" and text not in ("null", "true", "false"):
            operator = self._operator()
            return Comparison(text, operator, self._literal(*self._next("a value")))
        literal = self._literal(kind, text)
        operator = self._operator()
        kind, name = self._next("a property")
        if kind != "word":
            raise self._unexpected("a property")
        return Comparison(name, _TURNED[operator], literal)

    def _call(self, function: str) -> Call:
        self._need("mark", "(")
        first = self._next("an argument")
        self._need("mark", ",")
        second = self._next("an argument")
        self._need("mark", ")")
        if function == "substringof":  # version 3 names the text first
            function, first, second = "contains", second, first
        if first[0] != "word" or second[0] != "string":
            raise invalid(f"Invalid query expression: {function} wants a property and a quoted text")
        return Call(function, first[1], str(self._literal(*second).value))

    def _literal(self, kind: str, text: str) -> Literal:
        match kind, text:
            case "string", _:
                return Literal("string", text.removeprefix("datetime")[1:-1].replace("''", "'"))
            case "bare", _:
                return Literal("bare", text)
            case "number", _:
                return Literal("number", Decimal(text))
            case "word", "null":
                return Literal("null", None)
            case "word", "true" | "false":
                return Literal("bool", text == "true")
        raise invalid(f"Invalid query expression: '{text}' is no value")

    def _operator(self) -> str:
        kind, text = self._next("an operator")
        if kind != "word" or text not in OPERATORS:
            raise invalid(f"Invalid query expression: '{text}' is no operator")
        return text

    def _next(self, wanted: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._unexpected(wanted)
        self._at += 1
        return self._tokens[self._at - 1]

    def _taken(self, kind: str, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == (kind, text):
            self._at += 1
            return True
        return False

    def _need(self, kind: str, text: str) -> None:
        if not self._taken(kind, text):
            raise self._unexpected(f"'{text}'")

    def _unexpected(self, wanted: str) -> Exception:
        found = f"'{self._tokens[self._at][1]}'" if self._at < len(self._tokens) else "the end"
        return invalid(f"Invalid query expression: {wanted} was expected in $filter, {found} came: {self._text[:200]}")
