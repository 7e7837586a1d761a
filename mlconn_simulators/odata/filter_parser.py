"""Reads `$filter` text into a tree. Which parts of the language a system knows is its `Dialect`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")
FUNCTIONS = ("contains", "startswith", "endswith", "substringof")
CASES = ("tolower", "toupper")
_TURNED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


class FilterUnreadable(ValueError):
    """The text says what was expected and what came."""


@dataclass(frozen=True)
class Dialect:
    """cases: tolower and toupper around a property. lists: the operator `in`. lambdas: `any` and `all`, read and kept as such.

    guids, enums: such literals, unquoted and with a type before the quote. functions: the text functions known.
    properties: a property may be compared with another one.
    """

    functions: tuple[str, ...] = FUNCTIONS
    cases: bool = False
    lists: bool = False
    lambdas: bool = False
    guids: bool = False
    enums: bool = False
    properties: bool = False


@dataclass(frozen=True)
class Literal:
    """kind: string (quoted text), bare (an unquoted date or time), number, null, bool, guid, enum (`Type'Symbol'`), or property."""

    kind: str
    value: str | Decimal | bool | None


@dataclass(frozen=True)
class Comparison:
    """case: tolower or toupper around the property, else empty."""

    name: str
    operator: str
    literal: Literal
    case: str = ""


@dataclass(frozen=True)
class Call:
    """contains, startswith, endswith. case: as in Comparison."""

    function: str
    name: str
    text: str
    case: str = ""


@dataclass(frozen=True)
class Listed:
    """`name in (1,2)`."""

    name: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True)
class Lambda:
    """`lines/any(l:l/quantity gt 3)`, of which only the path is kept."""

    path: str


@dataclass(frozen=True)
class Not:
    inner: Node


@dataclass(frozen=True)
class Junction:
    """word: and, or."""

    word: str
    parts: tuple[Node, ...]


Node = Comparison | Call | Listed | Lambda | Not | Junction

_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<string>(?:datetime)?'(?:[^']|'')*')"
    r"|(?P<enum>[A-Za-z_][A-Za-z0-9_.]*'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})"
    r"|(?P<bare>\d{4}-\d\d-\d\d(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d)?)?|\d\d:\d\d(?::\d\d)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_/]*)"
    r"|(?P<mark>[(),:])"
    r")"
)


_PLAIN = Dialect()


def parse_filter(text: str, dialect: Dialect = _PLAIN) -> Node:
    """The tree of a filter. Errors: FilterUnreadable.

    Words may hold slashes; only dialects with lambdas give such a word a meaning.

    >>> parse_filter("DocEntry gt 5 and not (Cancelled eq 'tYES')").word
    'and'
    """
    parser = _Parser(text, dialect)
    node = parser.either()
    parser.end()
    return node


class _Parser:
    def __init__(self, text: str, dialect: Dialect) -> None:
        self._text, self._dialect = text, dialect
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        place = 0
        stripped = text.rstrip()
        while place < len(stripped):
            match = _TOKEN.match(stripped, place)
            if match is None:
                raise FilterUnreadable(f"Invalid query expression: cannot read $filter from '{stripped[place : place + 20]}'")
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
        if kind == "word" and text in self._dialect.functions:
            return self._call(text)
        if kind == "word" and self._dialect.lambdas and text.endswith(("/any", "/all")):
            return self._lambda(text)
        if kind == "word" and text not in ("null", "true", "false"):
            name, case = self._cased(text)
            if self._dialect.lists and self._taken("word", "in"):
                return Listed(name, self._list())
            operator = self._operator()
            return Comparison(name, operator, self._literal(*self._next("a value")), case)
        literal = self._literal(kind, text)
        operator = self._operator()
        kind, name = self._next("a property")
        if kind != "word":
            raise self._unexpected("a property")
        return Comparison(name, _TURNED[operator], literal)

    def _call(self, function: str) -> Call:
        self._need("mark", "(")
        first = self._argument()
        self._need("mark", ",")
        second = self._argument()
        self._need("mark", ")")
        if function == "substringof":  # version 3 names the text first
            function, first, second = "contains", second, first
        if first[0] != "word" or second[0] != "string":
            raise FilterUnreadable(f"Invalid query expression: {function} wants a property and a quoted text")
        return Call(function, first[1], str(self._literal(*second[:2]).value), first[2])

    def _argument(self) -> tuple[str, str, str]:
        """Kind, text and the case function around it."""
        kind, text = self._next("an argument")
        return (kind, *self._cased(text)) if kind == "word" else (kind, text, "")

    def _cased(self, word: str) -> tuple[str, str]:
        if word not in CASES or not self._dialect.cases:
            return word, ""
        self._need("mark", "(")
        kind, name = self._next("a property")
        if kind != "word":
            raise self._unexpected("a property")
        self._need("mark", ")")
        return name, word

    def _list(self) -> tuple[Literal, ...]:
        self._need("mark", "(")
        literals = [self._literal(*self._next("a value"))]
        while self._taken("mark", ","):
            literals.append(self._literal(*self._next("a value")))
        self._need("mark", ")")
        return tuple(literals)

    def _lambda(self, path: str) -> Lambda:
        self._need("mark", "(")
        depth = 1
        while depth:
            kind, text = self._next("')'")
            depth += {("mark", "("): 1, ("mark", ")"): -1}.get((kind, text), 0)
        return Lambda(path)

    def _literal(self, kind: str, text: str) -> Literal:
        match kind, text:
            case "string", _:
                return Literal("string", text.removeprefix("datetime")[1:-1].replace("''", "'"))
            case "bare", _:
                return Literal("bare", text)
            case "number", _:
                return Literal("number", Decimal(text))
            case "guid", _ if self._dialect.guids:
                return Literal("guid", text.lower())
            case "enum", _ if self._dialect.enums:
                return Literal("enum", text)
            case "word", "null":
                return Literal("null", None)
            case "word", "true" | "false":
                return Literal("bool", text == "true")
            case "word", _ if self._dialect.properties:
                return Literal("property", text)
        raise FilterUnreadable(f"Invalid query expression: '{text}' is no value")

    def _operator(self) -> str:
        kind, text = self._next("an operator")
        if kind != "word" or text not in OPERATORS:
            raise FilterUnreadable(f"Invalid query expression: '{text}' is no operator")
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
        return FilterUnreadable(f"Invalid query expression: {wanted} was expected in $filter, {found} came: {self._text[:200]}")
