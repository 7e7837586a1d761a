"""The day by which a supplier's 855 says that a line comes, wherever X12 lets it stand: ACK, DTM below it, SCH, DTM of line or heading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from mlconn_pipelines.documents.line import DateReference
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer
from mlconn_pipelines.edi.acknowledgment_codes import ASKED_FOR, DELIVERY_DATES, REJECTED
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of

_Stated = tuple[str, str, dt.date]
"""The element that holds its qualifier, the qualifier, the day."""


def day_of_all(dates: Sequence[DateReference]) -> dt.date | None:
    """The day of the heading, for lines that state none; what we had asked for counts only where nothing is promised."""
    return max(_of_delivery([("DTM01", one.qualifier, one.date) for one in dates]), default=None)


def day_of_line(line: AcknowledgedLine, notes: Checklist, place: str) -> dt.date | None:
    """The day by which everything confirmed is there: the latest of several, which is said. Rejected parts have none.

    What stands with the answers counts before what stands with the line, where some repeat what they were asked.
    """
    answers = [answer for answer in line.answers if answer.status not in REJECTED]
    with_answers = [stated for answer in answers for stated in _of_answer(answer)]
    with_answers += (("SCH05", one.qualifier, one.date) for part in line.schedules for one in part.dates)
    with_line = [("DTM01", one.qualifier, one.date) for one in line.dates]
    for element, qualifier, day in (*with_answers, *with_line):
        if not _is_of_delivery(qualifier):
            meaning = meaning_of("374", qualifier) or "a date of an unknown kind"
            notes.note(
                Reason.NO_DELIVERY_DATE,
                f"The supplier states {meaning} {day} ({element} {qualifier}), which is no day of delivery and is not written to the "
                "order.",
                place,
            )
    days = _of_delivery(with_answers) or _of_delivery(with_line)
    if len(days) > 1:
        notes.note(
            Reason.SPLIT_SCHEDULE,
            f"The supplier delivers on {', '.join(map(str, days))}; {days[-1]} is the day that counts.",
            place,
        )
    return days[-1] if days else None


def is_dated(answer: LineAnswer) -> bool:
    """Whether an answer itself names a day of delivery."""
    return any(_is_of_delivery(qualifier) for _, qualifier, _ in _of_answer(answer))


def _of_answer(answer: LineAnswer) -> list[_Stated]:
    own = [("ACK04", answer.date_qualifier, answer.date)] if answer.date else []
    return own + [("DTM01", one.qualifier, one.date) for one in answer.dates]


def _of_delivery(stated: Iterable[_Stated]) -> list[dt.date]:
    found = [(qualifier, day) for _, qualifier, day in stated if _is_of_delivery(qualifier)]
    promised = [day for qualifier, day in found if qualifier not in ASKED_FOR]
    return sorted(set(promised or (day for _, day in found)))


def _is_of_delivery(qualifier: str) -> bool:
    return not qualifier or qualifier in DELIVERY_DATES
