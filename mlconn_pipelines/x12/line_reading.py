"""What belongs to a line: its description, references, dates, charges and what of it is for which store."""

from __future__ import annotations

from mlconn_pipelines.documents.line import AllowanceOrCharge, DateReference, Reference, StoreQuantity, Tax
from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.line_segments import (
    allowance_or_charge_of,
    date_of,
    reference_of,
    store_quantities_of,
    tax_of,
)
from mlconn_pipelines.x12.long_text import joined
from mlconn_pipelines.x12.values import Values

_LOOPS = frozenset(("SLN", "SCH", "N9", "N1", "AMT", "LM", "QTY", "LDT", "LS", "PD", "G39", "PKL", "LFG", "V1", "FA1"))


class LineReading:
    """One line at a time: `opens` at its first segment, `takes` what follows.

    Sub-lines, schedules, notes, parties and other loops of a line hold dates, references and charges of their own: from the
    first of them on nothing is taken. segment: the one that opened the line.
    """

    __slots__ = (
        "_description_length",
        "_is_over",
        "_pieces",
        "_values",
        "allowances_and_charges",
        "dates",
        "references",
        "segment",
        "store_quantities",
        "taxes",
    )

    def __init__(self, values: Values, description_length: int) -> None:
        self._values, self._description_length = values, description_length
        self.opens(())

    def opens(self, segment: Segment) -> None:
        """Forgets the line before and begins the next one."""
        self.segment, self._is_over = segment, False
        self._pieces: list[str] = []
        self.references: list[Reference] = []
        self.dates: list[DateReference] = []
        self.allowances_and_charges: list[AllowanceOrCharge] = []
        self.taxes: list[Tax] = []
        self.store_quantities: list[StoreQuantity] = []

    @property
    def is_over(self) -> bool:
        """Whether a loop of the line has begun."""
        return self._is_over

    @property
    def description(self) -> str:
        """Every PID put together."""
        return joined(self._pieces, self._description_length)

    def takes(self, segment: Segment) -> None:
        """The next segment of the line; one that says nothing to the document is passed over."""
        id_ = segment[0]
        if self._is_over:
            return
        if id_ in _LOOPS:
            self._is_over = True
            return
        match id_:
            case "PID":
                if len(segment) > 5:
                    self._pieces.append(segment[5].rstrip())
            case "REF":
                self.references.append(reference_of(segment))
            case "DTM":
                if (date := date_of(segment, self._values)) is not None:
                    self.dates.append(date)
            case "SAC":
                self.allowances_and_charges.append(allowance_or_charge_of(segment, self._values))
            case "TXI":
                self.taxes.append(tax_of(segment, self._values))
            case "SDQ":
                self.store_quantities += store_quantities_of(segment, self._values)
