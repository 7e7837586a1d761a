"""What ST and SE say of their set, compared with what is there."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from mlconn_pipelines.documents.transaction_sets import functional_id_of
from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.findings import X12Finding, by_release
from mlconn_pipelines.x12.separators import WHITESPACE


def count_segments(content: bytes, terminator: bytes) -> tuple[int, bool]:
    """Segments in a set, empty ones not counted, and whether there are such between others."""
    if _empty_segment(terminator).search(content) is None:
        last = content[content.rfind(terminator) + 1 :]
        return content.count(terminator) + (1 if last.strip(WHITESPACE) else 0), False
    parts = content.split(terminator)
    if not parts[-1].strip(WHITESPACE):
        parts.pop()
    visible = sum(1 for part in parts if part.strip(WHITESPACE))
    return visible, visible < len(parts)


@functools.lru_cache(maxsize=256)
def _empty_segment(terminator: bytes) -> re.Pattern[bytes]:
    blanks = b"".join(re.escape(bytes([blank])) for blank in WHITESPACE if blank != terminator[0])
    return re.compile(re.escape(terminator) + b"[" + blanks + b"]*" + re.escape(terminator))


def set_findings(made: TransactionSet, trailer: Segment | None, has_empty: bool, is_repeated: bool) -> Iterator[X12Finding]:
    """The reader's findings on one set, whose segments it has counted.

    trailer: its SE as elements, None where the set ends without one. has_empty: empty segments stand in it.
    is_repeated: an earlier set of the group has the same control number.
    """
    number, count = made.control_number, made.segment_count
    if not (len(made.set_id) == 3 and made.set_id.isascii() and made.set_id.isalnum()):
        text = f"ST01 is {made.set_id!r}; a transaction set such as 850 was expected."
        yield made.finding("set_id_missing", text, 1, "ST", 1, value=made.set_id)
    elif made.functional_id and (wanted := functional_id_of(made.set_id) or made.functional_id) != made.functional_id:
        text = f"This {made.set_id} is in a {made.functional_id} functional group (GS01); expected {wanted}."
        yield by_release(made.finding("set_in_wrong_group", text, 1, "ST", 1, value=made.set_id), made.version)
    if not 4 <= len(number) <= 9:
        text = f"ST02 is {number!r}; a control number of 4 to 9 characters was expected."
        yield made.finding("set_number_invalid", text, 1, "ST", 2, value=number)
    if number and is_repeated:
        text = f"Control number {number} occurs twice in this group."
        yield made.finding("set_number_duplicate", text, 1, "ST", 2, value=number)
    if has_empty:
        yield made.finding(
            "empty_segment", "A segment terminator follows another directly; empty segments were skipped.", 1, "ST"
        )
    if trailer is None:
        yield made.finding("set_trailer_missing", f"Set {number} has no SE; its end is missing.", max(count, 1))
        return
    stated, closing = (*trailer, "", "", "")[1:3]
    if closing.strip() != number:
        text = f"SE02 is {closing.strip()!r}, but the set began with control number {number!r} (ST02)."
        yield made.finding("set_number_mismatch", text, count, "SE", 2, value=closing)
    number_stated = stated.strip()
    if not _is_number(number_stated) or int(number_stated) != count:
        text = f"SE01 states {number_stated!r} segments, {count} were found."
        yield made.finding("set_count", text, count, "SE", 1, value=stated)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10
