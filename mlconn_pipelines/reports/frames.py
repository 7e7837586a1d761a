"""Documents, acknowledgments and the partners' scorecard as data frames. Pure: rows in, frames out.

Every frame has the columns of its schema, in that order and of those types, whatever the rows are. Amounts stay `Decimal`, so that
no cent is lost on the way into a file; moments are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mlconn_pipelines.documents.lifecycle import DELIVERED, State
from mlconn_pipelines.printable import printable

if TYPE_CHECKING:
    import pandas as pd

Schema = Mapping[str, str]
"""Column to type: `text`, `date`, `moment` (UTC), `count`, `hours`, `amount` (exact)."""

DOCUMENTS: Schema = {
    "document": "text",
    "integration": "text",
    "flow": "text",
    "direction": "text",
    "set": "text",
    "number": "text",
    "date": "date",
    "day": "date",
    "partner": "text",
    "partner_code": "text",
    "state": "text",
    "lines": "count",
    "amount": "amount",
    "currency": "text",
    "code": "text",
    "reason": "text",
    "file": "text",
    "destination": "text",
    "interchange_number": "count",
    "sent_at": "moment",
    "acknowledgment": "text",
    "acknowledged_at": "moment",
    "acknowledgment_hours": "hours",
    "first_seen_at": "moment",
    "changed_at": "moment",
}

ACKNOWLEDGMENTS: Schema = {
    "document": "text",
    "integration": "text",
    "day": "date",
    "partner": "text",
    "set": "text",
    "number": "text",
    "sender": "text",
    "receiver": "text",
    "usage": "text",
    "interchange_number": "count",
    "functional_id": "text",
    "group_number": "text",
    "set_number": "text",
    "state": "text",
    "sent_at": "moment",
    "due_at": "moment",
    "decided_at": "moment",
    "hours": "hours",
    "answered_by": "text",
}

SCORECARD: Schema = {
    "integration": "text",
    "partner": "text",
    "day": "date",
    "direction": "text",
    "set": "text",
    "documents": "count",
    "delivered": "count",
    "on_hold": "count",
    "outcome_unknown": "count",
    "rejected": "count",
    "duplicates": "count",
    "acknowledged": "count",
    "acknowledged_in_time": "count",
    "overdue": "count",
    "acknowledgment_hours_median": "hours",
    "acknowledgment_hours_max": "hours",
}

REJECTED = frozenset({State.REJECTED_BY_PARTNER, State.SYNTAX_REJECTED})
ACKNOWLEDGED = frozenset({"accepted", "accepted_with_errors", "rejected"})
_DTYPES: Mapping[str, Any] = {
    "text": "string",
    "date": "datetime64[ns]",
    "moment": "datetime64[ns, UTC]",
    "count": "Int64",
    "hours": "Float64",
    "amount": "object",
}
_HOUR = 3_600


def documents(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row a document, of rows with the names of `DOCUMENTS`. acknowledgment_hours: from sending to the 997's arrival."""
    return _frame(({**row, "acknowledgment_hours": _hours(row["sent_at"], row["acknowledged_at"])} for row in rows), DOCUMENTS)


def acknowledgments(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row an acknowledgment that a partner owes or has sent. hours: from sending to the 997's arrival."""
    import datetime as dt

    def with_times(row: Mapping[str, Any]) -> dict[str, Any]:
        sent, within = row["sent_at"], row["within_h"]
        due = sent + dt.timedelta(hours=within) if sent is not None and within is not None else None
        return {**row, "due_at": due, "hours": _hours(sent, row["decided_at"])}

    return _frame(map(with_times, rows), ACKNOWLEDGMENTS)


def scorecard(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Partner by day, direction and set: volumes, what is on hold or was rejected, and how long 997s took. Of rows of documents.

    acknowledged: by any 997. acknowledged_in_time: within the hours that the partner's file gives; all where it gives none.
    overdue: not answered although those hours are over.
    """
    import pandas as pd

    rows = list(rows)
    frame = documents(rows)
    within = pd.Series([row["within_h"] for row in rows], index=frame.index, dtype="Float64")
    answered = frame["acknowledgment"].isin(ACKNOWLEDGED)
    in_time = (frame["acknowledgment_hours"] <= within).fillna(True).astype(bool)
    state = frame["state"]
    counted = frame[["integration", "partner", "day", "direction", "set"]].assign(
        documents=1,
        delivered=state.isin([str(each) for each in DELIVERED]),
        on_hold=state == str(State.ON_HOLD),
        outcome_unknown=state == str(State.OUTCOME_UNKNOWN),
        rejected=state.isin([str(each) for each in REJECTED]),
        duplicates=state == str(State.DUPLICATE),
        acknowledged=answered,
        acknowledged_in_time=answered & in_time,
        overdue=frame["acknowledgment"] == "overdue",
        hours=frame["acknowledgment_hours"],
    )
    groups = counted.groupby(["integration", "partner", "day", "direction", "set"], sort=True, dropna=False)
    sums = [name for name, kind in SCORECARD.items() if kind == "count"]
    made = groups[sums].sum()
    made["acknowledgment_hours_median"] = groups["hours"].median().round(2)
    made["acknowledgment_hours_max"] = groups["hours"].max().round(2)
    return _typed(made.reset_index(), SCORECARD)


def _hours(start: Any, end: Any) -> float | None:
    return None if start is None or end is None else round((end - start).total_seconds() / _HOUR, 2)


def _frame(rows: Iterable[Mapping[str, Any]], schema: Schema) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in schema}
    for row in rows:
        for name, kind in schema.items():
            value = row[name]
            columns[name].append(printable(value) if kind == "text" and value is not None else value)
    return _typed(pd.DataFrame({name: pd.Series(values, dtype="object") for name, values in columns.items()}), schema)


def _typed(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    import pandas as pd

    made = {}
    for name, kind in schema.items():
        column = frame[name]
        if kind == "moment":
            made[name] = pd.to_datetime(column, utc=True).astype(_DTYPES[kind])
        elif kind == "date":
            made[name] = pd.to_datetime(column).astype(_DTYPES[kind])
        else:
            made[name] = column.astype(_DTYPES[kind])
    return pd.DataFrame(made)
