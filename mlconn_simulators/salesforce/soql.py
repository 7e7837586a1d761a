"""SOQL: the tree of a query, and the parser that makes it from text.

What is understood: fields and parents' fields, child subqueries, COUNT(), WHERE with AND, OR, NOT, comparisons, LIKE and IN, ORDER BY,
LIMIT, OFFSET, ALL ROWS. Everything else is MALFORMED_QUERY, so that nothing is read otherwise than meant.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from mlconn_simulators.salesforce.errors import ApiError, malformed

Literal = str | Decimal | bool | dt.datetime | dt.date | None
Path = tuple[str, ...]
Part = TypeVar("Part")

STATEMENT_MAX, STRING_MAX, OFFSET_MAX = 100_000, 4_000, 2_000


@dataclass(frozen=True)
class Comparison:
    """operator: =, !=, <, <=, >, >=, LIKE, IN or NOT IN; with the last two `value` is a tuple.

    A LIKE keeps `\\\\`, `\\%` and `\\_` escaped, so that its wildcards can be told from the signs themselves.
    """

    path: Path
    operator: str
    value: Literal | tuple[Literal, ...]


@dataclass(frozen=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    part: Condition


Condition = Comparison | All | AnyOf | Not


@dataclass(frozen=True)
class Order:
    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """fields: paths, and queries of child relationships; none for COUNT(). entity: an object, in a subquery a relationship."""

    fields: tuple[Path | Query, ...]
    entity: str
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False


def parse(text: str) -> Query:
    """Errors: ApiError MALFORMED_QUERY, or NUMBER_OUTSIDE_VALID_RANGE for a large OFFSET.

    >>> parse("SELECT Id, Account.Name FROM Order WHERE TotalAmount > 5").where
    Comparison(path=('TotalAmount',), operator='>', value=Decimal('5'))
    """
    if len(text) > STATEMENT_MAX:
        raise malformed(f"SOQL statements cannot be longer than {STATEMENT_MAX} characters.")
    try:
        return _Parser(text).statement()
    except RecursionError:
        raise malformed("The condition is nested too deeply.") from None


_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)(?![\dT])"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)(?![\w-])"
    r"|(?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),]))",
    re.DOTALL | re.ASCII,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_CLAUSES = frozenset({"FROM", "WHERE", "ORDER", "LIMIT", "OFFSET", "ALL", "AND", "OR", "NOT", "SELECT"})


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._kind, self._token = "", ""
        self._advance()

    def statement(self) -> Query:
        query = self._query()
        if self._kind:
            raise self._unexpected()
        return query

    def _query(self, inner: bool = False) -> Query:
        self._keyword("SELECT")
        fields = self._selected(inner)
        self._keyword("FROM")
        entity = self._name()
        if "." in entity:
            raise malformed(f"unexpected token: {entity}")
        where = self._condition() if self._took("WHERE") else None
        order = self._listed(self._order) if self._took("ORDER", "BY") else ()
        limit = self._whole_number() if self._took("LIMIT") else None
        offset = self._whole_number() if self._took("OFFSET") else 0
        if offset > OFFSET_MAX:
            raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {OFFSET_MAX}")
        return Query(fields, entity, where, order, limit, offset, self._took("ALL", "ROWS"))

    def _selected(self, inner: bool) -> tuple[Path | Query, ...]:
        if not inner and self._is("COUNT"):
            self._advance()
            self._sign("(")
            self._sign(")")
            return ()

        def one() -> Path | Query:
            if self._token == "(" and not inner:
                self._advance()
                child = self._query(inner=True)
                self._sign(")")
                return child
            return self._path()

        return self._listed(one)

    def _condition(self) -> Condition:
        """AND and OR are never mixed without parentheses: Salesforce refuses that too."""
        parts = [self._term()]
        for word, joined in (("AND", All), ("OR", AnyOf)):
            if self._is(word):
                while self._took(word):
                    parts.append(self._term())
                return joined(tuple(parts))
        return parts[0]

    def _term(self) -> Condition:
        if self._took("NOT"):
            return Not(self._term())
        if self._token == "(":
            self._advance()
            condition = self._condition()
            self._sign(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._path()
        if self._took("LIKE"):
            if self._kind != "string":
                raise self._unexpected()
            return Comparison(path, "LIKE", self._literal(like=True))
        negated = self._took("NOT")
        if self._took("IN"):
            self._sign("(")
            values = self._listed(self._literal)
            self._sign(")")
            return Comparison(path, "NOT IN" if negated else "IN", values)
        operator = "!=" if self._token == "<>" else self._token
        if negated or self._kind != "sign" or operator in "(),":
            raise self._unexpected()
        self._advance()
        return Comparison(path, operator, self._literal())

    def _literal(self, like: bool = False) -> Literal:
        kind, token = self._kind, self._token
        value: Literal
        try:
            match kind, token.upper():
                case "string", _:
                    value = _string(token, like)
                case "moment", _:
                    value = dt.datetime.fromisoformat(token).astimezone(dt.UTC)
                case "date", _:
                    value = dt.date.fromisoformat(token)
                case "number", _:
                    value = Decimal(token)
                case "name", "TRUE" | "FALSE" | "NULL" as word:
                    value = {"TRUE": True, "FALSE": False, "NULL": None}[word]
                case _:
                    raise self._unexpected()
        except (ValueError, OverflowError):
            raise malformed(f"{token} is not a valid date or time") from None
        self._advance()
        return value

    def _order(self) -> Order:
        path = self._path()
        descending = self._took("DESC")
        if not descending:
            self._took("ASC")
        nulls_last = self._took("NULLS", "LAST")
        if not nulls_last:
            self._took("NULLS", "FIRST")
        return Order(path, descending, nulls_last)

    def _path(self) -> Path:
        return tuple(self._name().split("."))

    def _name(self) -> str:
        if self._kind != "name" or self._token.upper() in _CLAUSES - {"ORDER"}:  # Order is an object as well
            raise self._unexpected()
        name = self._token
        self._advance()
        return name

    def _whole_number(self) -> int:
        if self._kind != "number" or not self._token.isdigit():
            raise self._unexpected()
        number = int(self._token)
        self._advance()
        return number

    def _listed(self, one: Callable[[], Part]) -> tuple[Part, ...]:
        found = [one()]
        while self._token == "," and self._kind == "sign":
            self._advance()
            found.append(one())
        return tuple(found)

    def _is(self, word: str) -> bool:
        return self._kind == "name" and self._token.upper() == word

    def _took(self, *words: str) -> bool:
        """Whether these words come next; then they are behind us. The second must follow the first, but for NULLS."""
        before = self._at, self._kind, self._token
        for word in words:
            if not self._is(word):
                self._at, self._kind, self._token = before
                return False
            self._advance()
        return True

    def _keyword(self, word: str) -> None:
        if not self._took(word):
            raise self._unexpected()

    def _sign(self, sign: str) -> None:
        if self._kind != "sign" or self._token != sign:
            raise self._unexpected()
        self._advance()

    def _advance(self) -> None:
        if (found := _TOKEN.match(self._text, self._at)) is not None:
            self._at = found.end()
            self._kind = str(found.lastgroup)
            self._token = str(found[self._kind])
        elif rest := self._text[self._at :].strip():
            raise malformed(f"line 1:{self._at} no viable alternative at character '{rest[0]}'")
        else:
            self._at, self._kind, self._token = len(self._text), "", ""

    def _unexpected(self) -> ApiError:
        return malformed(f"unexpected token: '{self._token}'" if self._kind else "unexpected token: <EOF>")


def _string(token: str, like: bool) -> str:
    """Errors: MALFORMED_QUERY for an escape that there is none of, and for a long string."""

    def sign(found: re.Match[str]) -> str:
        escaped = found[1]
        if like and escaped in "\\%_":
            return found[0]
        if escaped not in _ESCAPES:
            raise malformed(f"Invalid string literal {token}. Illegal character sequence '{found[0]}' in string literal.")
        return _ESCAPES[escaped]

    if len(token) - 2 > STRING_MAX:
        raise malformed(f"A string of more than {STRING_MAX} characters")
    return re.sub(r"\\(.)", sign, token[1:-1], flags=re.DOTALL)
