"""One business object with its answers understood: what each method's 0, 1, 2, -1, empty text or None means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sage_100_agent.boi.interface import BusinessObject, Ref, Value
from sage_100_agent.boi.refusals import Category, Refused, category_of

ZERO_ANSWERS = frozenset({"nFind", "nMoveFirst", "nMoveNext", "nLogon", "nGetResultSets", "nSelectBatch"})
"""Methods whose 0 is an answer: not there, no lines yet, end of the lines, say who you are, no rows, no batches."""
NEW = 2


def code_of(returned: object) -> int:
    """The number that a method returned. Late binding gives an empty text or None where it means 0.

    >>> [code_of(value) for value in (1, 2.0, -1, "1", "", None, "1-")]
    [1, 2, -1, 1, 0, 0, -1]
    """
    return int(number_of(returned))


def number_of(value: object) -> Decimal:
    """A number out of BOI: a double, or text that may have its minus at the end.

    >>> number_of("1,234.50-"), number_of(0.1), number_of(" ")
    (Decimal('-1234.50'), Decimal('0.1'), Decimal('0'))
    """
    text = str(value if value is not None else "").replace(",", "").strip()
    if text.endswith("-"):
        text = "-" + text[:-1].strip()
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        raise Refused(Category.OTHER, f"{value!r} where a number was expected", "read") from None


@dataclass(frozen=True, slots=True)
class Encoding:
    """separator: what stands between the parts of a list (byte 8A). code_page: Windows' code page, in which Sage keeps its texts."""

    separator: str
    code_page: str

    def parts(self, text: object) -> list[str]:
        """A list as BOI gives it, with or without a separator at its end."""
        told = str(text or "")
        return told.removesuffix(self.separator).split(self.separator) if told else []


class BoiObject:
    """A business object. warnings: texts of the calls that returned -1: they did what was asked.

    widths: of text columns; longer text is refused here, since Sage cuts some of it without a word.
    """

    def __init__(self, com: BusinessObject, encoding: Encoding, widths: dict[str, int] | None = None, name: str = "") -> None:
        self.com, self.encoding, self.widths, self.name = com, encoding, widths or {}, name
        self.warnings: list[str] = []
        self._lines: BoiObject | None = None

    def call(self, method: str, *args: Value | Ref) -> int:
        """Raises Refused for a 0 that is one; -1 adds to the warnings.

        Errors: HostFailed, after which arguments by reference may be filled all the same."""
        code = code_of(self.com.call(method, *args))
        if code == -1:
            self.warnings.append(self.last_error() or f"{method} returned a warning")
        elif code < 0 or (code == 0 and method not in ZERO_ANSWERS):
            text = self.last_error()
            where = f"{self.name} {method} {args[0] if args and method == 'nSetValue' else ''}".strip()
            raise Refused(category_of(text), text, where)
        return code

    def last_error(self) -> str:
        return str(self.com.get("sLastErrorMsg") or "").strip()

    def next_number(self, method: str, taken: Callable[[str], None]) -> str:
        """The next document number, which is used up by asking. taken: told of it even where the call then fails."""
        number = Ref("")
        try:
            self.call(method, number)
        finally:
            if told := str(number.value or "").strip():
                taken(told)
        if not told:
            raise Refused(Category.OTHER, "no number came back", f"{self.name} {method}")
        return told

    def set_key(self, **key: str) -> bool:
        """Position for writing, which locks the record. True: it is a new one."""
        return self._key("nSetKey", key) == NEW

    def find(self, **key: str) -> bool:
        """Position for reading; locks nothing."""
        return self._key("nFind", key) != 0

    def _key(self, method: str, key: dict[str, str]) -> int:
        if len(key) == 1:
            return self.call(method, next(iter(key.values())))
        for column, value in key.items():
            self.call("nSetKeyValue", f"{column}$", value)
        return self.call(method)

    def set_text(self, column: str, value: str) -> None:
        """Refused where it is too long or has characters that Sage's code page lacks; read back, so that a cut one is noticed."""
        self.check_text(column, value)
        self.call("nSetValue", f"{column}$", value)
        stored, meant = self.text(column), value.strip()
        if stored.upper() != meant.upper() and meant.upper().startswith(stored.upper()):
            raise Refused(Category.WIDTH, f"{value!r} was cut to {stored!r}", f"{self.name} {column}")

    def check_text(self, column: str, value: str) -> None:
        width = self.widths.get(column)
        if width is not None and len(value) > width:
            raise Refused(
                Category.WIDTH, f"{value!r} has {len(value)} characters, {column} takes {width}", f"{self.name} {column}"
            )
        try:
            value.encode(self.encoding.code_page)
        except UnicodeEncodeError as wrong:
            text = f"{wrong.object[wrong.start : wrong.end]!r} is not in code page {self.encoding.code_page}"
            raise Refused(Category.WIDTH, text, f"{self.name} {column}") from None
        if self.encoding.separator in value or any(ord(character) < ord(" ") for character in value):
            raise Refused(Category.WIDTH, f"{value!r} has a character that Sage uses itself", f"{self.name} {column}")

    def set_number(self, column: str, value: Decimal) -> None:
        """Numbers go as doubles: text and decimals lose digits on the way."""
        self.call("nSetValue", column, float(value))

    def text(self, column: str) -> str:
        value = Ref("")
        self.call("nGetValue", f"{column}$", value)
        return str(value.value if value.value is not None else "").strip()

    def number(self, column: str) -> Decimal:
        value = Ref(0.0)
        self.call("nGetValue", column, value)
        return number_of(value.value)

    def lines(self, widths: dict[str, int] | None = None) -> BoiObject:
        """One object for all lines; warnings of lines are the header's too."""
        if self._lines is None:
            self._lines = BoiObject(_object(self.com.get("oLines")), self.encoding, widths, f"{self.name} line")
            self._lines.warnings = self.warnings
        return self._lines

    def result_sets(self, first: str, second: str, filter: str, begin: str = "", end: str = "") -> tuple[list[str], list[str]]:
        """Two column expressions of every record that fits. 0 is no rows, unless nothing came and the object says why."""
        rows_of_first, rows_of_second = Ref(""), Ref("")
        code = self.call("nGetResultSets", first, second, rows_of_first, rows_of_second, filter, begin, end)
        if code == 0 and not rows_of_first.value and (text := self.last_error()):
            raise Refused(category_of(text), text, f"{self.name} nGetResultSets")
        return self.encoding.parts(rows_of_first.value), self.encoding.parts(rows_of_second.value)

    def columns(self) -> frozenset[str]:
        """Columns of its main table, with the $ of texts."""
        sources = self.encoding.parts(self.com.call("sGetDataSources"))
        return frozenset(self.encoding.parts(self.com.call("sGetColumns", sources[0]))) if sources else frozenset()

    def close(self) -> None:
        """Lines first. What was positioned and not written is given up, and its lock with it."""
        for held in filter(None, (self._lines, self)):
            held.com.release()


def _object(value: Value | BusinessObject) -> BusinessObject:
    if value is None or isinstance(value, str | int | float):
        raise Refused(Category.OTHER, f"{value!r} where an object was expected", "oLines")
    return value


def literal(value: str) -> str:
    """What stands between the quotes of a text in ProvideX: a value out of a job must not be able to end it."""
    return value.replace('"', '""')


def quoted(values: Iterable[str], column: str) -> str:
    """A filter over keys.

    >>> quoted(["0000001", "0000002"], "PurchaseOrderNo$")
    'PurchaseOrderNo$="0000001" OR PurchaseOrderNo$="0000002"'
    """
    return " OR ".join(f'{column}="{literal(value)}"' for value in values)
