"""Global trade item numbers (barcodes): lengths, check digits, X12 qualifiers. Source: GS1 General Specifications, X12 element 235."""

from __future__ import annotations

from collections.abc import Iterable

QUALIFIER_OF_LENGTH = {12: "UP", 13: "EN", 14: "UK"}
LENGTH_OF_QUALIFIER = {qualifier: length for length, qualifier in QUALIFIER_OF_LENGTH.items()}


def check_digit(body: str) -> int:
    """The modulo 10 check digit of the digits before it, of a GTIN as of an SSCC.

    >>> check_digit("03600029145")
    2
    """
    return -(3 * sum(map(int, body[::-2])) + sum(map(int, body[-2::-2]))) % 10


def has_valid_check_digit(number: str) -> bool:
    """Whether the last digit is the right one."""
    return number.isascii() and number.isdigit() and len(number) > 1 and check_digit(number[:-1]) == int(number[-1])


def gtin_fault(barcode: str) -> str:
    """What keeps a barcode from being a GTIN of 12 to 14 digits, in words; empty when nothing does."""
    if not (barcode.isascii() and barcode.isdigit()):
        return "holds other characters than digits"
    if len(barcode) not in QUALIFIER_OF_LENGTH:
        return f"has {len(barcode)} digits instead of 12, 13 or 14"
    if not has_valid_check_digit(barcode):
        return f"ends in {barcode[-1]} where its check digit is {check_digit(barcode[:-1])}"
    return ""


def qualified(barcode: str, wanted: Iterable[str]) -> tuple[str, str] | None:
    """(qualifier, number) of a valid GTIN under the first wanted qualifier that can hold it, its own length first.

    Leading zeros are added or dropped, which does not change the number: None when no wanted qualifier can hold it.
    """
    held = [qualifier for qualifier in wanted if qualifier in LENGTH_OF_QUALIFIER]
    own = QUALIFIER_OF_LENGTH[len(barcode)]
    for qualifier in sorted(held, key=lambda q: q != own):
        length = LENGTH_OF_QUALIFIER[qualifier]
        if len(number := barcode.lstrip("0").zfill(length)) == length:
            return qualifier, number
    return None


def spellings(number: str) -> tuple[str, ...]:
    """The same number with 8, 12, 13 and 14 digits, as received first."""
    bare = number.lstrip("0")
    return tuple(dict.fromkeys((number, *(bare.zfill(length) for length in (8, 12, 13, 14) if len(bare) <= length))))
