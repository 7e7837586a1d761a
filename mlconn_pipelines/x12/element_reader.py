"""Texts of elements to values and back. What cannot be read becomes a finding with its place, never an exception."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal

from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.guide import PartnerGuide

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,30}", re.ASCII)
_TIME = re.compile(r"\d{4}(?:\d\d(?:\d{1,2})?)?", re.ASCII)
_DIGITS_MAX = 40
NO_DATE = dt.date(1, 1, 1)


class ElementReader:
    """Reads the elements of one set. findings: what could not be read so far; one of them means that there is no document.

    guide: of the partner that wrote it, whose long texts were cut by it.
    """

    def __init__(self, transaction_set: TransactionSet, guide: PartnerGuide | None = None) -> None:
        self._set = transaction_set
        self.set_id = transaction_set.set_id
        self._lengths = {} if guide is None else guide.rules(self.set_id).lengths_max
        self.component = transaction_set.separators.component
        self._has_short_dates = has_short_dates(transaction_set.version)
        self.findings: list[X12Finding] = []

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments of the set, ST and SE included."""
        return self._set.segments

    def piece_length(self, element: str, standard: int) -> int:
        """How long the pieces of a text are that the partner wrote into this element (`PID05`)."""
        return min(self._lengths.get(element, standard), standard)

    def date(self, segment: Segment, element: int) -> dt.date | None:
        """CCYYMMDD, in releases before 004010 YYMMDD; None where the element is empty."""
        value = text(segment, element)
        if not value:
            return None
        if len(value) == 6 and self._has_short_dates:
            value = with_century(value)
        try:
            if len(value) == 8 and value.isascii() and value.isdigit():
                return dt.date(int(value[:4]), int(value[4:6]), int(value[6:]))
        except ValueError:
            pass
        self._unreadable(segment, element, value, "a date CCYYMMDD")
        return None

    def wanted_date(self, segment: Segment, element: int) -> dt.date:
        """The same, but missing is a finding."""
        found = self.date(segment, element)
        if found is None:
            if not text(segment, element):
                self.missing(segment, element, "a date")
            return NO_DATE
        return found

    def time(self, segment: Segment, element: int) -> dt.time | None:
        """HHMM, HHMMSS or with hundredths; None where the element is empty."""
        value = text(segment, element)
        if not value:
            return None
        try:
            if _TIME.fullmatch(value):
                second = int(value[4:6] or 0)
                fraction = value[6:]
                return dt.time(int(value[:2]), int(value[2:4]), second, int(fraction.ljust(6, "0")) if fraction else 0)
        except ValueError:
            pass
        self._unreadable(segment, element, value, "a time HHMM or HHMMSS")
        return None

    def number(self, segment: Segment, element: int) -> Decimal | None:
        """A number with an explicit point (type R); None where the element is empty."""
        value = text(segment, element)
        if not value:
            return None
        if len(value) <= _DIGITS_MAX and _NUMBER.fullmatch(value):
            return Decimal(value)
        self._unreadable(segment, element, value, "a number such as 12.5")
        return None

    def wanted_number(self, segment: Segment, element: int) -> Decimal:
        """The same, but missing is a finding."""
        found = self.number(segment, element)
        if found is None:
            if not text(segment, element):
                self.missing(segment, element, "a number")
            return Decimal()
        return found

    def money(self, segment: Segment, element: int) -> Decimal | None:
        """Two implied decimals (type N2): `14400` is 144.00. A point in it is a finding, lest amounts change a hundredfold."""
        return self.implied(segment, element, 2, "an amount in cents without a point, such as 14400 for 144.00")

    def implied(self, segment: Segment, element: int, decimals: int, wanted: str = "") -> Decimal | None:
        """That many implied decimals (type N4: `123400` is 12.34); None where the element is empty. wanted: in words."""
        value = text(segment, element)
        if not value:
            return None
        if _INTEGER.fullmatch(value):
            return Decimal(value).scaleb(-decimals)
        self._unreadable(
            segment, element, value, wanted or f"digits without a point, of which the last {decimals} are decimals"
        )
        return None

    def integer(self, segment: Segment, element: int) -> int | None:
        """Digits only; None where the element is empty."""
        value = text(segment, element)
        if not value:
            return None
        if _INTEGER.fullmatch(value):
            return int(value)
        self._unreadable(segment, element, value, "a whole number")
        return None

    def missing(self, segment: Segment, element: int, wanted: str) -> None:
        """Notes that an element is empty which the document cannot do without."""
        place = f"{segment[0]}{element:02d}"
        note = f"{place} is empty; {wanted} was expected."
        self.findings.append(self._set.finding("value_missing", note, self._number_of(segment), segment[0], element))

    def missing_segment(self, segment_id: str) -> None:
        """Notes that a segment is not there which the document cannot do without."""
        note = f"{segment_id} is missing; without it the set is no document."
        self.findings.append(self._set.finding("segment_missing", note, len(self.segments), segment_id))

    def _unreadable(self, segment: Segment, element: int, value: str, wanted: str) -> None:
        note = f"{segment[0]}{element:02d} is {value[:40]!r}; {wanted} was expected."
        number = self._number_of(segment)
        self.findings.append(self._set.finding("value_unreadable", note, number, segment[0], element, value=value))

    def _number_of(self, segment: Segment) -> int:
        return next((n for n, other in enumerate(self.segments, start=1) if other is segment), 1)


def text(segment: Sequence[str], element: int) -> str:
    """The element without trailing spaces, empty where the segment is shorter."""
    return segment[element].strip() if element < len(segment) else ""


def has_short_dates(version: str) -> bool:
    """Whether dates of this release (GS08) have no century.

    >>> has_short_dates("003060"), has_short_dates("004010"), has_short_dates("")
    (True, False, False)
    """
    return "00" < version[:6] < "004010"


def with_century(value: str) -> str:
    """YYMMDD as CCYYMMDD: 70 to 99 are of the last century.

    >>> with_century("260301"), with_century("991231")
    ('20260301', '19991231')
    """
    return ("19" if value[:2] >= "70" else "20") + value


def date_text(date: dt.date | None) -> str:
    """CCYYMMDD, empty for None."""
    return "" if date is None else date.isoformat().replace("-", "")


def time_text(time: dt.time | None) -> str:
    """HHMM, or HHMMSS, or with hundredths, as short as the time allows; empty for None.

    >>> time_text(dt.time(9, 5)), time_text(dt.time(9, 5, 7))
    ('0905', '090507')
    """
    if time is None:
        return ""
    hundredths = time.microsecond // 10_000
    if hundredths:
        return f"{time.hour:02d}{time.minute:02d}{time.second:02d}{hundredths:02d}"
    return f"{time.hour:02d}{time.minute:02d}" + (f"{time.second:02d}" if time.second else "")


def number_text(number: Decimal | int | None) -> str:
    """Type R: no exponent, no zeros that say nothing; empty for None.

    >>> number_text(Decimal("12.50")), number_text(Decimal("1E+3")), number_text(Decimal("0.00"))
    ('12.5', '1000', '0')
    """
    if number is None:
        return ""
    shown = str(number)
    if isinstance(number, int) or shown.isdigit():
        return shown
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS_MAX:
        return shown  # not X12: the re-read refuses it
    shown = format(number, "f")
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown in ("-0", "") else shown


def money_text(amount: Decimal | None) -> str:
    """Type N2: `144.00` is written `14400`. What has more decimals keeps its point, so that the re-read refuses it.

    >>> money_text(Decimal("144")), money_text(Decimal("-0.05")), money_text(Decimal("1.005"))
    ('14400', '-5', '1.005')
    """
    return implied_text(amount, 2)


def implied_text(number: Decimal | None, decimals: int) -> str:
    """Types N1 to N9: with so many implied decimals; empty for None. What has more decimals keeps its point.

    >>> implied_text(Decimal("12.34"), 4), implied_text(Decimal("0.5"), 6)
    ('123400', '500000')
    """
    if number is None:
        return ""
    if not number.is_finite():
        return str(number)
    shifted = number.scaleb(decimals)
    return number_text(shifted) if shifted == shifted.to_integral_value() else number_text(number)
