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
