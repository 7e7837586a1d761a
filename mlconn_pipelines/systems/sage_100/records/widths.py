"""How much Sage keeps of what we write. It cuts some of what is longer without a word, so that nothing longer is written."""

from __future__ import annotations

from decimal import Decimal

INVOICE_NO, REFERENCE = 20, 30
"""Of a vendor's invoice number, and of the comment that holds our reference."""
QUANTITY, MONEY = 6, 2
"""Decimals of quantities, and of amounts."""
WHOLE_DIGITS = 9
LINES_MAX = 999
"""Of one document that the agent enters."""
CODE_PAGE = "cp1252"
"""Texts are kept in one byte a character; what is not in it would be lost."""


def is_kept(text: str, width: int) -> bool:
    """Whether Sage keeps all of it.

    >>> is_kept("INV-1", 20), is_kept("INV-\u0141", 20), is_kept("1" * 21, 20)
    (True, False, False)
    """
    try:
        return len(text.encode(CODE_PAGE)) <= width
    except UnicodeEncodeError:
        return False


def in_code_page(text: str) -> str:
    """A text that only tells people something: what Sage would lose without a word is shown as a question mark.

    >>> in_code_page("Łódź"), in_code_page("Söhne")
    ('?ód?', 'Söhne')
    """
    return text.encode(CODE_PAGE, "replace").decode(CODE_PAGE)


def number_text(number: Decimal, places: int) -> str:
    """A number as the agent takes it. ValueError for one that Sage has no room for.

    >>> number_text(Decimal("40.0000000"), 6), number_text(Decimal("-0.005"), 2), number_text(Decimal("1E+3"), 2)
    ('40', '0', '1000')
    """
    kept = round(number, places)
    if abs(kept) >= 10**WHOLE_DIGITS:
        raise ValueError(f"{number:f} has more than {WHOLE_DIGITS} digits before the point")
    return f"{kept.normalize():f}" if kept else "0"
