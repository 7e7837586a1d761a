"""Names of documents and claims: a letter and a number in base 32, short enough to type, sorted like the number.

>>> from_number("D", 1), from_number("D", 40_000)
('D0000001', 'D0001720')
>>> to_number("d000172o")
40000
"""

from __future__ import annotations

from mlconn_pipelines.errors import LedgerError

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)} | {"O": 0, "I": 1, "L": 1}
_WIDTH = 7


def from_number(letter: str, number: int) -> str:
    """At least seven digits (34 thousand million names); Crockford's alphabet leaves out I, L, O and U."""
    digits = ""
    while number:
        number, digit = divmod(number, 32)
        digits = _DIGITS[digit] + digits
    return letter + digits.rjust(_WIDTH, "0")


def to_number(name: str) -> int:
    """The number in a name; what is easily mistyped (O for 0, I or L for 1, small letters) is forgiven. LedgerError otherwise."""
    number = 0
    for digit in name[1:].upper():
        if digit not in _VALUES:
            raise LedgerError(
                f"{name!r} is no name of the ledger", hint="Names look like D0000001; `documents list` shows them."
            )
        number = number * 32 + _VALUES[digit]
    return number


def typed_document_id(text: str) -> str:
    """A document's name as a person typed it, put right; text that is no name is returned as it is and will not be found."""
    text = text.strip()
    try:
        return from_number("D", to_number(text)) if text[:1] in "Dd" else text
    except LedgerError:
        return text


def claim_name(number: int, fencing: int) -> str:
    """A claim as one reader of evidence saw it: settled later by that name, a claim that went on meanwhile is noticed."""
    return f"{from_number('C', number)}.{fencing}"


def claim_of_name(name: str) -> tuple[int, int | None]:
    """(number, fencing number or None where the name states none)."""
    number, _, fencing = name.partition(".")
    return to_number(number), int(fencing) if fencing.isdigit() else None
