"""What can be wrong with an ISA that could be read all the same."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace

from mlconn_pipelines.x12.element_checks import is_date
from mlconn_pipelines.x12.findings import X12Finding, finding
from mlconn_pipelines.x12.separators import WHITESPACE, Header, Separators
from mlconn_pipelines.x12.source import Source

_LOOKED_AT = 5_000  # bytes: no segment is as long
_QUALIFIER = re.compile(r"0[1-4]|0[7-9]|[12]\d|3[0-8]|AM|NR|SA|SN|ZZ", re.ASCII)

# element, its TA1 note code, what it must look like, what to tell the clerk
_CHECKS = (
    (1, "010", re.compile(r"0[0-8]"), "00 (no authorization) or another code of two digits"),
    (3, "012", re.compile(r"0[01]"), "00 (no password) or 01"),
    (5, "005", _QUALIFIER, "a qualifier such as 01 or ZZ"),
    (6, "006", re.compile(r"[ -~]{1,15}"), "the sender's id, 1 to 15 characters"),
    (7, "007", _QUALIFIER, "a qualifier such as 01 or ZZ"),
    (8, "008", re.compile(r"[ -~]{1,15}"), "the receiver's id, 1 to 15 characters"),
    (9, "014", re.compile(r"\d{6}", re.ASCII), "a date YYMMDD"),
    (10, "015", re.compile(r"([01]\d|2[0-3])[0-5]\d", re.ASCII), "a time HHMM"),
    (12, "017", re.compile(r"000\d\d|00[2-8]\d\d", re.ASCII), "a version of five digits such as 00401"),
    (13, "018", re.compile(r"\d{1,9}", re.ASCII), "a number of nine digits"),
    (14, "019", re.compile(r"[0-3]"), "0 or 1"),
    (15, "020", re.compile(r"[PTI]"), "P (production) or T (test)"),
)


def header_findings(source: Source, start: int, header: Header) -> Iterator[X12Finding]:
    """Widths, separators and values of ISA01-ISA16, each at its own byte."""
    line = source.line_of(start)

    def note(code: str, text: str, element: int | None = None, value: str = "") -> X12Finding:
        offset = start if element is None else _place(header, start, element, len(source.data))
        return finding(code, text, offset=offset, line=line, segment_id="ISA", element=element, value=value)

    if not header.has_exact_widths:
        yield note(
            "interchange_header_widths",
            "The ISA does not have its fixed width of 106 characters; its padding was probably trimmed on the way.",
        )
    separators = header.separators
    for element, note_code, text, value in _separator_faults(separators):
        made = note("interchange_header_invalid", text, element, value)
        yield replace(made, acknowledgment=f"TA105={note_code}")
    if (character := _character_of_several_bytes(source, header)) is not None:
        text = (
            f"The segment terminator behind the ISA is {character!r}, a character of {len(character.encode())} bytes in UTF-8: a "
            "program on the way has written the file in another code page. One byte was expected. Ask the sender to send it as "
            "it was made, or with ~ as the terminator."
        )
        yield note("interchange_terminator", text, 16, character)
        return
    terminator = separators.segment.encode("latin-1")
    following = source.data[header.end : header.end + _LOOKED_AT]
    if terminator not in following and following.strip(WHITESPACE):
        text = (
            f"The segment terminator {separators.segment!r}, which stands behind the ISA, does not occur again: where the "
            "segments end cannot be made out. Ask the sender to send the file again as it was made."
        )
        yield note("interchange_terminator", text, 16, separators.segment)
    for element, note_code, wanted, description in _CHECKS:
        value = header.elements[element - 1].strip()
        if wanted.fullmatch(value) is None or (element == 9 and not is_date(value)):
            code = "interchange_number_invalid" if element == 13 else "interchange_header_invalid"
            made = note(code, f"ISA{element:02d} is {value!r}; {description} was expected.", element, value)
            yield replace(made, acknowledgment=f"TA105={note_code}")
    yield from _standard_id(header, note("interchange_standard_id", "", 11, header.elements[10]))


def _separator_faults(separators: Separators) -> Iterator[tuple[int, str, str, str]]:
    """Element, TA1 note code, what to say, value. ISA16 that is left out is a matter of widths."""
    chosen = [c for c in (separators.element, separators.component, separators.repetition, separators.segment) if c]
    if len(set(chosen)) < len(chosen):
        twice = next(c for c in chosen if chosen.count(c) > 1)
        element, code = (16, "027") if twice == separators.component else (11, "002")
        yield element, code, f"Two separators of the ISA are the same character ({' '.join(map(repr, chosen))}).", twice
    elif separators.component.isalnum() or separators.component.isspace():
        text = f"ISA16 is {separators.component!r}; a component separator that occurs in no text, such as >, was expected."
        yield 16, "027", text, separators.component


def _character_of_several_bytes(source: Source, header: Header) -> str | None:
    """The terminator as a character of UTF-8, where its byte is only the first one of such."""
    found = source.data[max(0, header.end - 1) : header.end + 3]
    for size in (2, 3, 4) if found[:1] >= b"\xc2" and found[:1] == header.separators.segment.encode("latin-1") else ():
        with contextlib.suppress(UnicodeDecodeError):
            return found[:size].decode("utf-8")
    return None


def _standard_id(header: Header, made: X12Finding) -> Iterator[X12Finding]:
    """ISA11: `U` up to version 00401, from 00402 on the repetition separator.

    Many senders never change it with the version: their U, or their separator, is noted. Anything else is an error.
    """
    value, is_from_00402 = header.elements[10].strip(), header.elements[11].strip() >= "00402"
    if value != "U" and (value == "" or value.isalnum()):
        made = replace(made, severity="accept_with_error")
    if is_from_00402 and not header.separators.repetition:
        text = f"ISA11 is {value!r}; from version 00402 on a repetition separator such as ^ was expected."
        yield replace(made, message=text)
    elif not is_from_00402 and value != "U":
        yield replace(made, message=f"ISA11 is {value!r}; U was expected up to version 00401.")


def _place(header: Header, start: int, element: int, size: int) -> int:
    before = sum(len(text) + 1 for text in header.elements[: element - 1])
    return min(start + len("ISA*") + before, size - 1)
