"""What ST and SE say of their set, compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlconn_pipelines.x12.envelope import Segment, TransactionSet
from mlconn_pipelines.x12.findings import Finding
from mlconn_pipelines.x12.functional_ids import FUNCTIONAL_IDS
from mlconn_pipelines.x12.separators import WHITESPACE


def set_findings(made: TransactionSet, trailer: Segment | None, earlier: Sequence[TransactionSet]) -> Iterator[Finding]:
    """The reader's findings on one set. trailer: its SE as elements, None where the set ends without one."""
    number = made.control_number
    count, has_empty = _count(made)
    if not (len(made.set_id) == 3 and made.set_id.isascii() and made.set_id.isalnum()):
        text = f"ST01 is {made.set_id!r}; a transaction set such as 850 was expected."
        yield made.finding("set_id_missing", text, 1, "ST", 1, value=made.set_id)
    elif made.functional_id and FUNCTIONAL_IDS.get(made.set_id, made.functional_id) != made.functional_id:
        wanted = FUNCTIONAL_IDS[made.set_id]
        text = (
            f"This {made.set_id} stands in a group of kind {made.functional_id} (GS01); it belongs into one of kind {wanted}."
        )
        yield made.finding("set_in_wrong_group", text, 1, "ST", 1, value=made.set_id)
    if not 4 <= len(number) <= 9:
        text = f"ST02 is {number!r}; a control number of 4 to 9 characters was expected."
        yield made.finding("set_number_invalid", text, 1, "ST", 2, value=number)
    if number and any(other.control_number == number for other in earlier):
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


def _count(made: TransactionSet) -> tuple[int, bool]:
    """Segments from ST to SE, and whether there are empty ones between."""
    parts = made.content.split(made.separators.segment.encode("latin-1"))
    if not parts[-1].strip(WHITESPACE):
        parts.pop()
    blank = sum(1 for part in parts if not part or (part[0] < 33 and not part.strip(WHITESPACE)))
    return len(parts) - blank, blank > 0


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10
