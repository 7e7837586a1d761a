"""Small inputs that were once got wrong: whole interchanges of the partner northwind, and segments of answers to our orders."""

from __future__ import annotations

import re
from pathlib import Path

CASES = Path(__file__).parent
_ISA13 = re.compile(rb"(?<=\*U\*00401\*)\d{9}|(?<=\*\^\*00501\*)\d{9}")


def case(name: str, control: int | None = None) -> bytes:
    """A file of this folder, `inbound/850_plain.edi`. control: another ISA13 and GS06, so that cases can be sent side by side."""
    content = (CASES / name).read_bytes()
    return content if control is None else under_control_number(content, control)


def segments_of(name: str, order_number: str, **elements: str) -> list[list[str]]:
    """The segments between ST and SE of an answer to one of our orders, `810_ok`. elements: written otherwise, as in `BIG02`."""
    made = []
    for line in (CASES / "inbound" / f"{name}.seg").read_text(encoding="ascii").split("\n"):
        segment = line.strip("~").split("*")
        if (place := _ORDER_NUMBER_AT.get(segment[0])) is not None:
            segment[place] = order_number
        for element, value in elements.items():
            if element.startswith(segment[0]) and element[len(segment[0]) :].isdigit():
                place = int(element[len(segment[0]) :])
                segment += [""] * (place + 1 - len(segment))
                segment[place] = value
        made.append(segment)
    return made


_ORDER_NUMBER_AT = {"BIG": 4, "BAK": 3, "PRF": 1}


def under_control_number(content: bytes, control: int) -> bytes:
    """The interchange under another ISA13, its groups under the same number where they had that of the interchange."""
    found = _ISA13.search(content)
    assert found is not None, content[:106]
    old, new = found[0], b"%09d" % control
    bare = old.lstrip(b"0")
    content = content.replace(b"*" + old, b"*" + new)
    content = re.sub(rb"(~GS(?:\*[^*~]*){5}\*)" + bare + rb"\*", rb"\g<1>%d*" % control, content)
    return re.sub(rb"(~GE\*\d+\*)" + bare + rb"~", rb"\g<1>%d~" % control, content)


def changed(content: bytes, old: str, new: str) -> bytes:
    """One place of a case written otherwise."""
    assert content.count(old.encode()) == 1, (old, content)
    return content.replace(old.encode(), new.encode())
