"""Over what was sent to a partner: which fields of the ERP's records had a value, and which elements they were written to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mlconn_pipelines.flows.tracing.chain import Trace

_ROW = re.compile(r"\[\d+\]")
_NO_VALUES = frozenset(("", "None", "0", "0.0", "[]", "{}", "false", "False", "tNO"))


@dataclass(slots=True)
class CoveredField:
    """name: of the record's field, all rows of a table together (`DocumentLines[*].ItemCode`). written_to: elements, none where its
    value reaches none. documents: in how many it had a value."""

    set_id: str
    name: str
    example: str
    documents: int = 0
    written_to: set[str] = field(default_factory=set)


def sent_coverage(traces: Iterable[Trace]) -> list[CoveredField]:
    """Fields that are written nowhere first, those of most documents at the top. Zeros and empty values count for nothing."""
    found: dict[tuple[str, str], CoveredField] = {}
    for trace in traces:
        here = set()
        for source in trace.sources:
            if source.value.strip("'\"") in _NO_VALUES:
                continue
            key = (trace.set_id, _ROW.sub("[*]", source.name))
            row = found.setdefault(key, CoveredField(*key, source.value))
            row.written_to |= {name.partition(" ")[0] for name in source.used_in}  # without the number of its segment
            if key not in here:
                here.add(key)
                row.documents += 1
    return sorted(found.values(), key=lambda row: (row.set_id, bool(row.written_to), -row.documents, row.name))
