"""An interchange acknowledgment (TA1): what a receiver says to the envelope of one interchange."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InterchangeAcknowledgment:
    """control_number: ISA13 of the interchange answered, nine digits. date, time: its ISA09 and ISA10, YYMMDD and HHMM.

    status: TA104 (`A` accepted, `E` accepted with errors, `R` refused). note: TA105, three digits, `000` for none.
    """

    control_number: str
    date: str
    time: str
    status: str
    note: str = "000"
