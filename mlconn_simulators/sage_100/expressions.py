"""The part of ProvideX's language that columns and filters of nGetResultSets are written in."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from mlconn_simulators.sage_100.layouts import Cell, EngineError, Row

Evaluator = Callable[[Row], Cell]
KEYS_MAX = 250
"""How many comparisons a filter may hold before its text grows too long."""

_TOKEN = re.compile(r'\s*(?:"((?:[^"]|"")*)"|(\d+(?:\.\d*)?|\.\d+)|([A-Za-z_][A-Za-z0-9_.]*\$?)|(<=|>=|<>|[=<>+(),*/-]))')
_COMPARE = {"=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def compile_text(text: str) -> Callable[[Row], str]:
    """A column expression: its value must be text, so that numbers need STR().

    >>> compile_text('DateUpdated$+"_"+STR(UnitCost)')({"DateUpdated$": "20260131", "UnitCost": 2.5})
    '20260131_2.5'
    """
    evaluate = _Parser(text).whole()

    def as_text(row: Row) -> str:
        value = evaluate(row)
        if not isinstance(value, str):
            raise EngineError(26)
        return value

    return as_text


def compile_filter(text: str) -> Callable[[Row], bool]:
    """A filter; the empty one lets everything pass.

    >>> compile_filter('ItemType$="1" AND (QuantityOrdered>=2 OR LineKey$<>"000001")')(
    ...     {"ItemType$": "1", "QuantityOrdered": 1.0, "LineKey$": "000001"})
    False
    """
    if not text.strip():
        return lambda row: True
    if len(re.findall(r"<>|<=|>=|[=<>]", re.sub(r'"[^"]*"', "", text))) > KEYS_MAX:
        raise EngineError(46)
    evaluate = _Parser(text).whole()
    return lambda row: bool(evaluate(row))


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        text = text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise EngineError(20)
            kind = ("text", "number", "name", "sign")[(found.lastindex or 1) - 1]
            self._tokens.append((kind, found.group(found.lastindex or 1)))
            place = found.end()
        self._at = 0

    def whole(self) -> Evaluator:
        evaluate = self._either()
        if self._at != len(self._tokens):
            raise EngineError(20)
        return evaluate

    def _next_is(self, *wanted: str) -> str | None:
        """Step over the next token if it is one of these signs or words."""
        if self._at < len(self._tokens):
            kind, value = self._tokens[self._at]
            if kind in ("sign", "name") and value.upper() in wanted:
                self._at += 1
                return value.upper()
        return None

    def _either(self) -> Evaluator:
        parts = [self._both()]
        while self._next_is("OR"):
            parts.append(self._both())
        if len(parts) > 1 and (keys := _one_of(parts)) is not None:
            return keys
        return parts[0] if len(parts) == 1 else lambda row: float(any(part(row) for part in parts))

    def _both(self) -> Evaluator:
        parts = [self._comparison()]
        while self._next_is("AND"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda row: float(all(part(row) for part in parts))

    def _comparison(self) -> Evaluator:
        if self._next_is("NOT"):
            inner = self._comparison()
            return lambda row: float(not inner(row))
        left = self._sum()
        sign = self._next_is(*_COMPARE)
        if sign is None:
            return left
        begun = self._at
        right, compare = self._sum(), _COMPARE[sign]
        kind, literal = self._tokens[begun]
        if sign == "=" and isinstance(left, _Column) and left.name.endswith("$") and kind == "text" and self._at == begun + 1:
            return _Equal(left, literal.replace('""', '"'))

        def compared(row: Row) -> Cell:
            a, b = left(row), right(row)
            if isinstance(a, str) != isinstance(b, str):
                raise EngineError(26)
            return float(compare(a, b))

        return compared

    def _sum(self) -> Evaluator:
        value = self._single()
        while sign := self._next_is("+", "-"):
            value = _added(value, self._single(), sign)
        return value

    def _single(self) -> Evaluator:
        if self._at >= len(self._tokens):
            raise EngineError(20)
        kind, value = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            literal = value.replace('""', '"')
            return lambda row: literal
        if kind == "number":
            number = float(value)
            return lambda row: number
        if kind == "name":
            return self._call(value.upper()) if self._next_is("(") else _Column(value)
        if value == "(":
            inner = self._either()
            self._close()
            return inner
        raise EngineError(20)

    def _call(self, name: str) -> Evaluator:
        given = [self._either()]
        while self._next_is(","):
            given.append(self._either())
        self._close()
        if name == "STR" and len(given) == 1:
            return lambda row: _plain_number(given[0](row))
        if name == "UCS" and len(given) == 1:
            return lambda row: str(given[0](row)).upper()
        if name == "LEN" and len(given) == 1:
            return lambda row: float(len(str(given[0](row))))
        if name == "MID" and len(given) in (2, 3):
            return lambda row: _part(*(each(row) for each in given))
        raise EngineError(20)

    def _close(self) -> None:
        if self._next_is(")") is None:
            raise EngineError(20)


@dataclass(frozen=True)
class _Column:
    """A name that is no column is a variable that nobody has set: empty, or nought."""

    name: str

    def __call__(self, row: Row) -> Cell:
        if self.name in row:
            return row[self.name]
        folded = self.name.upper()
        unset: Cell = "" if self.name.endswith("$") else 0.0
        return next((cell for column, cell in row.items() if column.upper() == folded), unset)


@dataclass(frozen=True)
class _Equal:
    column: _Column
    literal: str

    def __call__(self, row: Row) -> Cell:
        return float(self.column(row) == self.literal)


def _one_of(parts: list[Evaluator]) -> Evaluator | None:
    """A list of keys as one look-up: a thousand rows against 250 keys each would take seconds."""
    first = parts[0]
    if not isinstance(first, _Equal) or not all(isinstance(part, _Equal) and part.column == first.column for part in parts):
        return None
    column, literals = first.column, {part.literal for part in parts if isinstance(part, _Equal)}
    return lambda row: float(column(row) in literals)


def _added(left: Evaluator, right: Evaluator, sign: str) -> Evaluator:
    def added(row: Row) -> Cell:
        a, b = left(row), right(row)
        if isinstance(a, str) and isinstance(b, str) and sign == "+":
            return a + b
        if isinstance(a, str) or isinstance(b, str):
            raise EngineError(26)
        return a + b if sign == "+" else a - b

    return added


def _plain_number(value: Cell) -> str:
    if isinstance(value, str):
        raise EngineError(26)
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _part(text: Cell, start: Cell, length: Cell = 1e6) -> Cell:
    if not isinstance(text, str) or isinstance(start, str) or isinstance(length, str):
        raise EngineError(26)
    begin = int(start) - 1
    return text[begin : begin + int(length)]
