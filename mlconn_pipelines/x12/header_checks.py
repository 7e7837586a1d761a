"""What can be wrong with an ISA that could be read all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from mlconn_pipelines.x12.findings import Finding, finding
from mlconn_pipelines.x12.separators import Header
from mlconn_pipelines.x12.source import Source

# element, its TA1 note code, what it must look like, what to tell the clerk
_CHECKS = (
    (9, "014", re.compile(r"\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"), "a date YYMMDD"),
    (10, "015", re.compile(r"([01]\d|2[0-3])[0-5]\d"), "a time HHMM"),
    (12, "017", re.compile(r"\d{5}"), "a version of five digits such as 00401"),
    (13, "018", re.compile(r"\d{1,9}"), "a number of nine digits"),
    (14, "019", re.compile(r"[01]"), "0 or 1"),
    (15, "020", re.compile(r"[PTI]"), "P (production) or T (test)"),
)


def header_findings(source: Source, start: int, header: Header) -> Iterator[Finding]:
    """Widths and values of ISA01-ISA16."""
    line = source.line_of(start)

    def note(code: str, text: str, element: int | None = None, value: str = "") -> Finding:
        return finding(code, text, offset=start, line=line, segment_id="ISA", element=element, value=value)

    if not header.has_exact_widths:
        yield note(
            "interchange_header_widths",
            "The ISA does not have its fixed width of 106 characters; its padding was probably trimmed on the way.",
        )
    separators = header.separators
    chosen = [c for c in (separators.element, separators.component, separators.repetition, separators.segment) if c]
    if len(set(chosen)) < len(chosen):
        text = f"Two separators of the ISA are the same character ({' '.join(map(repr, chosen))})."
        yield note("interchange_header_invalid", text)
    for element, note_code, wanted, description in _CHECKS:
        value = header.elements[element - 1].strip()
        if wanted.fullmatch(value) is None:
            code = "interchange_number_invalid" if element == 13 else "interchange_header_invalid"
            made = note(code, f"ISA{element:02d} is {value!r}; {description} was expected.", element, value)
            yield _with_note(made, note_code)


def _with_note(made: Finding, note_code: str) -> Finding:
    return replace(made, acknowledgment=f"TA105={note_code}")
